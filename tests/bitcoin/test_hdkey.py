"""Public BIP32: vectors, paths, origins, and texts that are refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin import base58
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hdkey import (
    HARDENED,
    DerivationError,
    ExtendedPublicKey,
    KeyOrigin,
    decode_extended_key,
    encode_extended_key,
    format_path,
    parse_path,
)
from wallet.bitcoin.network import MAINNET, NETWORKS, TESTNET4

VECTORS = load("bip32.json")
XPUB = VECTORS["valid"][0]["chains"][0]["public"]
XPRV = VECTORS["valid"][0]["chains"][0]["private"]


def key(text: str = XPUB) -> ExtendedPublicKey:
    return ExtendedPublicKey.parse_text(text, MAINNET)


def test_public_keys_of_bip32_come_back_as_they_were() -> None:
    for chain in (chain for vector in VECTORS["valid"] for chain in vector["chains"]):
        parsed = key(chain["public"])
        assert parsed.to_text(MAINNET) == chain["public"]
        assert parsed.depth == len(parse_path(chain["path"]))


def test_unhardened_children_of_bip32_derive_from_the_public_parent() -> None:
    derived = 0
    for vector in VECTORS["valid"]:
        by_path = {parse_path(chain["path"]): chain["public"] for chain in vector["chains"]}
        for path, text in by_path.items():
            if path and path[-1] < HARDENED:
                assert key(by_path[path[:-1]]).derive(path[-1]).to_text(MAINNET) == text
                assert key(by_path[path[:-1]]).child_key(path[-1]) == key(text).public_key
                derived += 1
    assert derived == 6


def test_hardened_children_need_the_private_key() -> None:
    with pytest.raises(DerivationError, match="0h is hardened"):
        key().derive(HARDENED)
    with pytest.raises(DerivationError):
        key().derive(-1)


def test_nothing_is_deeper_than_one_byte_can_say() -> None:
    deepest = key().derive_path([0] * 255)
    assert ExtendedPublicKey.parse_text(deepest.to_text(MAINNET), MAINNET).depth == 255
    with pytest.raises(DerivationError):
        deepest.derive(0)


def test_a_child_whose_tweak_is_out_of_bounds_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody can find such a child (1 in 2^127): the hash is made to give one.
    monkeypatch.setattr("wallet.bitcoin.hdkey.hmac_sha512", lambda *_: b"\xff" * 64)
    with pytest.raises(DerivationError, match="child key 5 does not exist; take the next one"):
        key().derive(5)


@pytest.mark.parametrize(
    "text", [each["key"] for each in VECTORS["invalid"]], ids=[e["why"] for e in VECTORS["invalid"]]
)
def test_invalid_keys_of_bip32_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        key(text)


def test_a_key_of_another_kind_or_network_is_refused_in_words() -> None:
    with pytest.raises(ParseError, match="is private, a public one is needed"):
        key(XPRV)
    with pytest.raises(ParseError, match="belongs to a test network"):
        key(key().to_text(TESTNET4))
    with pytest.raises(ParseError, match="belongs to the main network"):
        ExtendedPublicKey.parse_text(XPUB, TESTNET4)
    zpub = base58.encode_check(bytes.fromhex("04b24746") + base58.decode_check(XPUB)[4:])
    assert zpub.startswith("zpub")
    with pytest.raises(ParseError, match="a descriptor takes the same key as xpub"):
        key(zpub)


def test_every_network_writes_keys_that_it_reads() -> None:
    for params in NETWORKS.values():
        assert ExtendedPublicKey.parse_text(key().to_text(params), params) == key()


def test_a_key_of_the_wrong_size_is_refused() -> None:
    payload = base58.decode_check(XPUB)
    for other in (payload[:-1], payload + b"\x00", b""):
        with pytest.raises(ParseError):
            key(base58.encode_check(other))


def test_fields_come_back_as_they_were() -> None:
    assert encode_extended_key(decode_extended_key(XPRV)) == XPRV


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("m", ()),
        ("", ()),
        ("m/84h/0h/0h", (84 + HARDENED, HARDENED, HARDENED)),
        ("84'/0'", (84 + HARDENED, HARDENED)),
        ("m/0/2147483647h/1", (0, 2 * HARDENED - 1, 1)),
    ],
)
def test_paths_are_read(text: str, steps: tuple[int, ...]) -> None:
    assert parse_path(text) == steps


@pytest.mark.parametrize(
    "text",
    ["m/", "/", "m//0", "0/", "M/0", "m/2147483648", "m/-1", "m/01", "m/0H", "m/0hh", "m/ 1", "m/\u0661", "m/0" * 256],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_path(text)


@given(st.lists(st.integers(0, 2 * HARDENED - 1), max_size=255))
def test_paths_and_origins_come_back_as_they_were(steps: list[int]) -> None:
    assert parse_path(format_path(steps)) == tuple(steps)
    origin = KeyOrigin(b"\xd3\x4d\xb3\x3f", tuple(steps))
    assert KeyOrigin.parse_text(str(origin)) == origin
    assert KeyOrigin.parse(origin.serialize()) == origin


def test_an_origin_in_text_and_bytes() -> None:
    origin = KeyOrigin.parse_text("D34DB33F/84'/0h/5")
    assert str(origin) == "d34db33f/84h/0h/5"
    assert origin.serialize().hex() == "d34db33f" + "54000080" + "00000080" + "05000000"
    assert str(origin.child(1, 7)) == "d34db33f/84h/0h/5/1/7"


@pytest.mark.parametrize("text", ["", "d34db33", "d34db33f0", "d34db33f/", "d34db33f/x", "g34db33f", "d34db33f//1"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        KeyOrigin.parse_text(text)


@pytest.mark.parametrize("size", [0, 3, 5, 4 * 257])
def test_an_origin_has_whole_steps_and_at_most_255(size: int) -> None:
    with pytest.raises(ParseError):
        KeyOrigin.parse(bytes(size))
