"""SLIP132: extended keys that say their script type."""

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin import base58
from wallet.bitcoin.codec import OtherNetwork, ParseError
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.slip132 import VERSIONS, read_slip132

MAIN, TEST = NETWORKS["main"], NETWORKS["testnet4"]
ROWS = load("slip132.json")["rows"]


@pytest.mark.parametrize(("_path", "kind", "private", "public", "_address"), ROWS)
def test_the_vectors(_path: str, kind: str | None, private: str, public: str, _address: str) -> None:
    for text, letters in ((private, "xprv"), (public, "xpub")):
        found, plain = read_slip132(text, MAIN)
        assert (found.type, found.name, found.is_private) == (kind, text[:4], letters == "xprv")
        assert plain.startswith(letters)
        assert base58.decode_check(plain)[4:] == base58.decode_check(text)[4:]


def test_every_version_writes_its_name_and_knows_its_network() -> None:
    body = base58.decode_check(ROWS[0][3])[4:]
    for version, kind in VERSIONS.items():
        text = base58.encode_check(version + body)
        assert text.startswith(kind.name)
        with pytest.raises(OtherNetwork, match=f"this {kind.name} belongs to"):
            read_slip132(text, TEST if kind.is_main else MAIN)
        if kind.several_keys:
            with pytest.raises(ParseError, match="several signers"):
                read_slip132(text, MAIN if kind.is_main else TEST)


def test_damage_and_strangers_are_refused() -> None:
    text = ROWS[2][3]
    with pytest.raises(ParseError, match="checksum"):
        read_slip132(text[:-1] + "t", MAIN)
    with pytest.raises(ParseError, match="unknown kind"):
        read_slip132(base58.encode_check(b"\x04\xb2\x47\x47" + base58.decode_check(text)[4:]), MAIN)
