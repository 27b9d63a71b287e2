"""Public operations of the curve, by published vectors and by what must be refused."""

from collections.abc import Iterator

import pytest
from coincurve import PublicKey
from coincurve._libsecp256k1 import lib
from coincurve.context import GLOBAL_CONTEXT
from coincurve.ecdsa import cdata_to_der, der_to_cdata

from tests.bitcoin.vectors import load
from wallet.bitcoin.curve import (
    CurveError,
    parse_public_key,
    parse_xonly_key,
    taproot_output_key,
    tweak_add,
    verify_ecdsa,
    verify_schnorr,
)
from wallet.keys.secp import public_key

# The generator, and twice the generator (SEC 2, section 2.4.1, and its sum with itself).
G = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
G_UNCOMPRESSED = bytes.fromhex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)
TWO_G = bytes.fromhex("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def test_both_forms_of_a_public_key_are_the_same_key() -> None:
    assert parse_public_key(G) == G
    assert parse_public_key(G_UNCOMPRESSED) == G


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        G[:-1],
        G + b"\x00",
        b"\x04" + G[1:],
        b"\x06" + G_UNCOMPRESSED[1:],  # the hybrid form, which no standard output has
        b"\x02" + bytes(32),
        b"\x02" + number(7),  # BIP32, test vector 5: no point has this x
        b"\x02" + b"\xff" * 32,
        G_UNCOMPRESSED[:-1] + b"\xb9",
    ],
    ids=range(9),
)
def test_what_is_no_point_is_refused(raw: bytes) -> None:
    with pytest.raises(CurveError):
        parse_public_key(raw)


def test_an_x_only_key_is_the_x_of_a_point() -> None:
    assert parse_xonly_key(G[1:]) == G[1:]
    for raw in (b"", G, number(7), b"\xff" * 32):
        with pytest.raises(CurveError):
            parse_xonly_key(raw)


def test_a_tweak_adds_multiples_of_the_generator() -> None:
    assert tweak_add(G, number(1)) == TWO_G
    assert tweak_add(G, number(0)) == G


def test_a_tweak_out_of_bounds_or_to_infinity_is_refused() -> None:
    for tweak in (number(ORDER), number(ORDER - 1), b"\xff" * 32, b"", bytes(31), bytes(33)):
        with pytest.raises(CurveError):
            tweak_add(G, tweak)


def test_taproot_output_keys_of_bip341() -> None:
    for vector in load("bip341.json")["scriptPubKey"]:
        internal = bytes.fromhex(vector["given"]["internalPubkey"])
        root = bytes.fromhex(vector["intermediary"]["merkleRoot"] or "")
        assert taproot_output_key(internal, root)[0].hex() == vector["intermediary"]["tweakedPubkey"]


def test_the_parity_of_an_output_key_is_that_of_its_point() -> None:
    internals = [bytes.fromhex(each["given"]["internalPubkey"]) for each in load("bip341.json")["scriptPubKey"]]
    parities = {taproot_output_key(internal)[1] for internal in internals}
    assert parities == {0, 1}


def test_a_merkle_root_of_another_size_is_refused() -> None:
    with pytest.raises(CurveError, match="32 bytes"):
        taproot_output_key(G[1:], b"\x00" * 31)


def test_schnorr_signatures_of_bip340() -> None:
    vectors = load("bip340.json")["vectors"]
    assert {vector["valid"] for vector in vectors} == {True, False}
    for vector in vectors:
        key, signature, message = (bytes.fromhex(vector[name]) for name in ("public", "signature", "message"))
        assert verify_schnorr(key, signature, message) is vector["valid"], vector["comment"]
        assert not verify_schnorr(key, signature[:-1], message)


def test_a_taproot_tweak_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallet.bitcoin.curve.tagged_hash", lambda *_: b"\xff" * 32)
    with pytest.raises(CurveError, match="off the curve"):
        taproot_output_key(G[1:])


def test_a_key_is_the_same_before_and_after_it_was_tweaked() -> None:
    for _ in range(2):
        assert tweak_add(G, number(1)) == TWO_G
        assert parse_public_key(G) == G


def ecdsa_vectors() -> Iterator[tuple[bytes, bytes, bytes]]:
    """Public key, message, DER signature."""
    for secret, message, signature in load("ecdsa.json")["vectors"]:
        yield public_key(bytearray.fromhex(secret)), bytes.fromhex(message), bytes.fromhex(signature)[:-1]


def test_an_ecdsa_signature_is_of_one_key_over_one_hash() -> None:
    for key, message, signature in ecdsa_vectors():
        assert verify_ecdsa(key, signature, message)
        assert not verify_ecdsa(key, signature, bytes(32))
        assert not verify_ecdsa(G, signature, message)


def test_signatures_and_keys_that_are_none_verify_as_false() -> None:
    key, message, signature = next(ecdsa_vectors())
    for other in (b"", signature[:-1], signature + b"\x00", b"\x30" * 80):
        assert not verify_ecdsa(key, other, message)
    assert not verify_ecdsa(b"\x02" + number(7), signature, message)
    assert not verify_ecdsa(key, signature, message[:-1])
    assert not verify_schnorr(number(7), bytes(64), bytes(32))


def test_high_s_is_refused_although_the_mathematics_allow_it() -> None:
    key, message, signature = next(ecdsa_vectors())
    s_at = 6 + signature[3]
    negated = (ORDER - int.from_bytes(signature[s_at:], "big")).to_bytes(33, "big")
    body = signature[2 : s_at - 2] + b"\x02\x21" + negated
    high = b"\x30" + bytes((len(body),)) + body
    assert PublicKey(key).verify(_normalized(high), message, None)
    assert not verify_ecdsa(key, high, message)


def _normalized(signature: bytes) -> bytes:
    """The same signature with low S, by the library alone: shows that only S is wrong with it."""
    parsed = der_to_cdata(signature)
    assert lib.secp256k1_ecdsa_signature_normalize(GLOBAL_CONTEXT.ctx, parsed, parsed)
    return bytes(cdata_to_der(parsed))
