"""Signatures and tweaks by published vectors; and that secrets are changed and read in place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.curve import CurveError, taproot_output_key, verify_ecdsa, verify_schnorr
from wallet.bitcoin.hashes import sha256
from wallet.keys import secp

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECRETS = st.integers(1, ORDER - 1).map(lambda number: bytearray(number.to_bytes(32, "big")))


def secret(number: int) -> bytearray:
    return bytearray(number.to_bytes(32, "big"))


def test_ecdsa_of_rfc6979_with_low_s_and_low_r() -> None:
    same = 0
    for key, message, expected in load("ecdsa.json")["vectors"]:
        signature = secp.sign_ecdsa(bytearray.fromhex(key), bytes.fromhex(message))
        assert len(signature) <= 70
        assert signature[4] < 0x80
        assert verify_ecdsa(secp.public_key(bytearray.fromhex(key)), signature, bytes.fromhex(message))
        if bytes.fromhex(expected)[4] < 0x80 and bytes.fromhex(expected)[3] <= 32:
            same += signature.hex() == expected[:-2]
        else:  # r was high there, and is ground low here
            assert signature.hex() != expected[:-2]
    assert same > 20


def test_low_r_is_found_at_the_same_try_as_by_the_reference_implementation() -> None:
    # Pinned from coincurve's own interface with the counter as extra entropy; the sixth try is the first with a low R.
    # That the node grinds the same way is seen in tests/realnode/test_signing.py.
    assert secp.sign_ecdsa(secret(1), sha256(b"low R 19")).hex() == (
        "3044022004aa6fe3482a754653c62c6da40600e29cba98197a4bd2c36301b40039494fbb"
        "02203a85fb767dd4eb4196f230691adbaf5fd3f769830687e43de1a6316a927714b9"
    )


def test_schnorr_of_bip340() -> None:
    signed = 0
    for vector in load("bip340.json")["vectors"]:
        if vector["secret"]:
            key, message, aux = (bytes.fromhex(vector[name]) for name in ("secret", "message", "aux"))
            assert secp.sign_schnorr(bytearray(key), message, aux).hex() == vector["signature"].lower()
            assert secp.public_key(bytearray(key))[1:].hex() == vector["public"].lower()
            signed += 1
    assert signed >= 4


def test_taproot_key_path_of_bip341() -> None:
    for case in load("bip341.json")["keyPathSpending"]:
        for each in case["inputSpending"]:
            given_, witness = each["given"], bytes.fromhex(each["expected"]["witness"][0])
            root = bytes.fromhex(given_["merkleRoot"] or "")
            digest = bytes.fromhex(each["intermediary"]["sigHash"])
            key = bytearray.fromhex(given_["internalPrivkey"])
            assert secp.sign_taproot(key, digest, bytes(32), root) == witness[:64]
            assert key.hex() == given_["internalPrivkey"]


@given(key=SECRETS, message=st.binary(min_size=32, max_size=32), aux=st.binary(min_size=32, max_size=32))
def test_every_signature_verifies_for_its_key_alone(key: bytearray, message: bytes, aux: bytes) -> None:
    public = secp.public_key(key)
    internal = public[1:]
    output = taproot_output_key(internal)[0]
    assert verify_ecdsa(public, secp.sign_ecdsa(key, message), message)
    assert verify_schnorr(internal, secp.sign_schnorr(key, message, aux), message)
    tweaked = secp.sign_taproot(key, message, aux)
    assert verify_schnorr(output, tweaked, message)
    assert not verify_schnorr(internal, tweaked, message)


@pytest.mark.parametrize(
    "bad", [secret(0), secret(ORDER), bytearray(b"\xff" * 32), bytearray(), bytearray(31)], ids=range(5)
)
def test_secrets_out_of_bounds_are_refused_everywhere(bad: bytearray) -> None:
    for use in (
        lambda: secp.check_secret(bad),
        lambda: secp.public_key(bad),
        lambda: secp.sign_ecdsa(bad, bytes(32)),
        lambda: secp.sign_schnorr(bad, bytes(32), bytes(32)),
        lambda: secp.sign_taproot(bad, bytes(32), bytes(32)),
        lambda: secp.tweak_add(bad, secret(1)),
    ):
        with pytest.raises(CurveError):
            use()


def test_only_hashes_are_signed() -> None:
    for message in (b"", bytes(31), bytes(33)):
        with pytest.raises(CurveError):
            secp.sign_ecdsa(secret(1), message)
        with pytest.raises(CurveError):
            secp.sign_schnorr(secret(1), message, bytes(32))
    with pytest.raises(CurveError):
        secp.sign_schnorr(secret(1), bytes(32), b"")


def test_a_tweak_is_added_in_place() -> None:
    key = secret(5)
    secp.tweak_add(key, secret(2))
    assert key == secret(7)
    secp.tweak_add(key, secret(ORDER - 6))
    assert key == secret(1)
    for bad in (secret(ORDER - 1), secret(ORDER), bytearray(31)):
        with pytest.raises(CurveError):
            secp.tweak_add(secret(1), bad)


def test_both_forms_of_a_public_key() -> None:
    short, long = secp.public_key(secret(1)), secp.public_key(secret(1), compressed=False)
    assert (len(short), len(long)) == (33, 65)
    assert short[1:] == long[1:33]


def test_wiping_overwrites_in_place() -> None:
    key = secret(int.from_bytes(sha256(b"secret"), "big"))
    view = memoryview(key)
    secp.wipe(key)
    assert bytes(view) == bytes(32)
