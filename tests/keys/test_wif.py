"""Single private keys as text."""

import pytest

from wallet.bitcoin import base58
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.network import MAINNET, NETWORKS, TESTNET4
from wallet.keys.wif import WifKey, format_wif, parse_wif

# BIP381: the same key, its public key in 33 bytes and in 65.
SHORT = "L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1"
LONG = "5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss"
PUBLIC = "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"


def test_both_forms_of_a_key() -> None:
    short, long = parse_wif(SHORT, MAINNET), parse_wif(f" {LONG}\n", MAINNET)
    assert short.public_key.hex() == PUBLIC
    assert long.public_key.hex().startswith("04" + PUBLIC[2:])
    assert short.secret == long.secret
    assert (format_wif(short, MAINNET), format_wif(long, MAINNET)) == (SHORT, LONG)


def test_every_network_reads_what_it_writes() -> None:
    for params in NETWORKS.values():
        text = format_wif(WifKey(bytearray(31) + b"\x01", True), params)
        assert parse_wif(text, params).secret == bytes(31) + b"\x01"


def test_wiping() -> None:
    key = parse_wif(SHORT, MAINNET)
    key.wipe()
    assert not any(key.secret)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\x80" + bytes(31), "32 bytes"),
        (b"\x80" + b"\x01" * 32 + b"\x02", "34 bytes"),
        (b"\x80" + b"\x01" * 34, "35 bytes"),
        (b"\x80" + bytes(32), "out of bounds"),
        (b"\x80" + b"\xff" * 32 + b"\x01", "out of bounds"),
        (b"\x81" + b"\x01" * 32, "no private key"),
    ],
)
def test_what_is_no_key_is_refused(payload: bytes, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        parse_wif(base58.encode_check(payload), MAINNET)


def test_another_networks_key_and_a_typing_error_are_refused_without_repeating_the_key() -> None:
    with pytest.raises(ParseError, match="belongs to") as caught:
        parse_wif(SHORT, TESTNET4)
    assert SHORT not in str(caught.value)
    with pytest.raises(ParseError, match="checksum"):
        parse_wif(SHORT[:-1] + "2", MAINNET)
