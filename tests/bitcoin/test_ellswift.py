"""ElligatorSwift by the vectors of BIP324, and what must be refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.curve import CurveError
from wallet.bitcoin.ellswift import decode, encode, shared_secret
from wallet.bitcoin.hashes import tagged_hash
from wallet.keys.secp import public_key

VECTORS = load("bip324.json")
PACKETS = VECTORS["packets"]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ONE = bytearray((1).to_bytes(32, "big"))


@pytest.mark.parametrize("row", VECTORS["decode"], ids=lambda row: row["case"])
def test_an_encoding_stands_for_the_key_of_the_vectors(row: dict[str, str]) -> None:
    assert decode(bytes.fromhex(row["encoded"]))[1:].hex() == row["x"]


@pytest.mark.parametrize("row", PACKETS, ids=lambda row: row["in_idx"])
def test_both_keys_of_a_session_decode_and_give_the_shared_secret(row: dict[str, Any]) -> None:
    private, ours, theirs = (
        bytes.fromhex(row[name]) for name in ("in_priv_ours", "in_ellswift_ours", "in_ellswift_theirs")
    )
    initiating = row["in_initiating"] == "1"

    assert decode(ours)[1:].hex() == row["mid_x_ours"]
    assert decode(theirs)[1:].hex() == row["mid_x_theirs"]
    found = shared_secret(bytearray(private), ours, theirs, initiating=initiating)
    assert found.hex() == row["mid_shared_secret"]
    # What is hashed is the x coordinate that the vectors give, too.
    first, second = (ours, theirs) if initiating else (theirs, ours)
    assert found == tagged_hash("bip324_ellswift_xonly_ecdh", first + second + bytes.fromhex(row["mid_x_shared"]))


@given(st.integers(1, ORDER - 1), st.integers(1, ORDER - 1), st.binary(min_size=32, max_size=32))
def test_both_ends_arrive_at_one_secret(a: int, b: int, entropy: bytes) -> None:
    first, second = bytearray(a.to_bytes(32, "big")), bytearray(b.to_bytes(32, "big"))
    first_key, second_key = encode(first, entropy), encode(second, entropy)

    assert decode(first_key)[1:] == public_key(first)[1:]
    there = shared_secret(first, first_key, second_key, initiating=True)
    assert there == shared_secret(second, second_key, first_key, initiating=False)
    if first_key != second_key:
        assert there != shared_secret(first, first_key, second_key, initiating=False)


def test_other_entropy_gives_another_encoding_of_the_same_key() -> None:
    one, other = encode(ONE, bytes(32)), encode(ONE, b"\x01" * 32)

    assert one != other
    assert decode(one)[1:] == decode(other)[1:] == public_key(ONE)[1:]


@pytest.mark.parametrize("number", [0, ORDER, 2**256 - 1])
def test_a_private_key_out_of_bounds_is_refused(number: int) -> None:
    secret = bytearray(number.to_bytes(32, "big"))

    with pytest.raises(CurveError, match="out of bounds"):
        encode(secret, bytes(32))
    with pytest.raises(CurveError, match="out of bounds"):
        shared_secret(secret, bytes(64), bytes(64), initiating=True)


@pytest.mark.parametrize("size", [31, 33])
def test_a_wrong_length_never_reaches_the_library(size: int) -> None:
    with pytest.raises(CurveError, match="private key"):
        encode(bytearray(size), bytes(32))
    with pytest.raises(CurveError, match="entropy"):
        encode(ONE, bytes(size))
    with pytest.raises(CurveError, match="private key"):
        shared_secret(bytearray(size), bytes(64), bytes(64), initiating=True)
    for ours, theirs in ((64, 2 * size), (2 * size, 64)):
        with pytest.raises(CurveError, match="encoded key"):
            shared_secret(ONE, bytes(ours), bytes(theirs), initiating=True)
    with pytest.raises(CurveError, match="encoded key"):
        decode(bytes(2 * size))
