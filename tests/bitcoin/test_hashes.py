"""Hash functions, and hashes that know their byte order."""

import copy
import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin import hashes
from wallet.bitcoin.codec import ParseError, Reader
from wallet.bitcoin.hashes import ZERO, BlockHash, Hash256, Txid
from wallet.bitcoin.ripemd160 import ripemd160

DISPLAY = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"


def test_a_hash_shows_in_display_order_and_travels_in_wire_order() -> None:
    block_hash = BlockHash.from_hex(DISPLAY)
    assert str(block_hash) == DISPLAY
    assert f"{block_hash}" == DISPLAY
    assert repr(block_hash) == f"BlockHash({DISPLAY})"
    assert bytes(block_hash) == bytes.fromhex(DISPLAY)[::-1]
    assert block_hash.serialize()[:3] == bytes.fromhex("6fe28c")
    assert BlockHash.from_hex(DISPLAY.upper()) == block_hash


@pytest.mark.parametrize(
    "text", ["", DISPLAY[:-1], DISPLAY + "0", DISPLAY[:-2] + "zz", " " + DISPLAY[1:], DISPLAY[:-2] + "  ", "٣" * 64]
)
def test_what_is_not_64_hex_digits_is_no_hash(text: str) -> None:
    with pytest.raises(ParseError):
        Hash256.from_hex(text)


def test_a_hash_has_32_bytes() -> None:
    for size in (0, 31, 33):
        with pytest.raises(ParseError):
            Txid(bytes(size))
    assert bytes(32) == ZERO
    reader = Reader(bytes(range(40)))
    assert Txid.read(reader) == bytes(range(32))
    assert reader.position == 32


def test_a_hash_keeps_its_type_when_copied_and_pickled() -> None:
    txid = Txid(bytes(range(32)))
    for twin in (copy.deepcopy(txid), pickle.loads(pickle.dumps(txid))):  # noqa: S301 -- our own bytes
        assert twin == txid
        assert type(twin) is Txid


def test_hash_functions_agree_with_published_values() -> None:
    # FIPS 180 examples; hash160 of the key in BIP173; tagged hash of BIP340's test vectors by its definition.
    assert hashes.sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hashes.sha256d(b"hello").hex() == "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50"
    key = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    assert hashes.hash160(key).hex() == "751e76e8199196d454941c45d1b3a323f1433bd6"
    tag = hashlib.sha256(b"TapTweak").digest()
    assert hashes.tagged_hash("TapTweak", b"x") == hashlib.sha256(tag + tag + b"x").digest()
    # RFC 4231, test case 2.
    assert (
        hashes.hmac_sha512(b"Jefe", b"what do ya want for nothing?")
        .hex()
        .startswith("164b7a7bfcf819e2e395fbe73b56e0a3")
    )


# Dobbertin, Bosselaers, Preneel: RIPEMD-160's own test values.
@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
        (b"a", "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"),
        (b"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (b"message digest", "5d0689ef49d2fae572b881b123a85ffa21595f36"),
        (b"abcdefghijklmnopqrstuvwxyz", "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"),
        (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "12a053384a9c0c88e405a06c27dcf49ada62eb2b"),
        (b"1234567890" * 8, "9b752e45573d4b39f4dbd3323cab82bf63326bfb"),
    ],
)
def test_our_own_ripemd160_gives_its_published_values(text: bytes, digest: str) -> None:
    assert ripemd160(text).hex() == digest


def test_hash160_does_without_openssls_ripemd160(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hashes.hash160(b"key")

    def refuse(name: str, data: bytes = b"") -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", refuse)
    assert hashes.hash160(b"key") == expected


@given(st.binary(min_size=32, max_size=32))
def test_display_order_comes_back(raw: bytes) -> None:
    assert Hash256.from_hex(str(Hash256(raw))) == raw
