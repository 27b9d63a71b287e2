"""The private side of secp256k1: public keys of secrets, tweaks, ECDSA and Schnorr signatures. All by libsecp256k1.

Secrets are bytearrays of 32 bytes, read and changed in place: no copy of them is left in Python's memory here.
"""

from typing import Any

from coincurve._libsecp256k1 import ffi, lib
from coincurve.context import GLOBAL_CONTEXT

from wallet.bitcoin.curve import CurveError
from wallet.bitcoin.hashes import tagged_hash

_CONTEXT = GLOBAL_CONTEXT.ctx
_COMPRESSED = lib.SECP256K1_EC_COMPRESSED
_UNCOMPRESSED = lib.SECP256K1_EC_UNCOMPRESSED
_MAX_DER = 72


def wipe(buffer: bytearray) -> None:
    """Overwrite a secret with zeros."""
    buffer[:] = bytes(len(buffer))


def check_secret(secret: bytearray) -> None:
    """Raise `CurveError` unless these are 32 bytes of a number from 1 to the group order less 1."""
    if len(secret) != 32 or not lib.secp256k1_ec_seckey_verify(_CONTEXT, ffi.from_buffer(secret)):
        raise CurveError("a private key out of bounds")


def public_key(secret: bytearray, compressed: bool = True) -> bytes:
    """The public key of a secret, 33 bytes (65 when not compressed); raises `CurveError`."""
    point = ffi.new("secp256k1_pubkey *")
    if len(secret) != 32 or not lib.secp256k1_ec_pubkey_create(_CONTEXT, point, ffi.from_buffer(secret)):
        raise CurveError("a private key out of bounds")
    size = 33 if compressed else 65
    output = ffi.new("unsigned char[]", size)
    lib.secp256k1_ec_pubkey_serialize(
        _CONTEXT, output, ffi.new("size_t *", size), point, _COMPRESSED if compressed else _UNCOMPRESSED
    )
    return bytes(ffi.buffer(output))


def tweak_add(secret: bytearray, tweak: bytearray) -> None:
    """Add a tweak of 32 bytes to a secret, in place; raises `CurveError` when either or the sum is out of bounds."""
    check_secret(secret)
    if len(tweak) != 32:
        raise CurveError("a tweak has 32 bytes")
    if not lib.secp256k1_ec_seckey_tweak_add(_CONTEXT, ffi.from_buffer(secret), ffi.from_buffer(tweak)):
        raise CurveError("a tweak that leads to no private key")


def sign_ecdsa(secret: bytearray, message: bytes) -> bytes:
    """A DER signature over a 32-byte hash: nonce by RFC 6979, low S and low R. Raises `CurveError`.

    Low R as the reference implementation grinds it: the first try has no extra entropy, the n-th further one has n in
    32 bytes, little-endian; so a signature has at most 70 bytes.
    """
    check_secret(secret)
    if len(message) != 32:
        raise CurveError("32 bytes are signed, never more or less")
    signature = ffi.new("secp256k1_ecdsa_signature *")
    compact = ffi.new("unsigned char[64]")
    counter = 0
    while True:
        extra = counter.to_bytes(32, "little") if counter else ffi.NULL
        if not lib.secp256k1_ecdsa_sign(
            _CONTEXT, signature, message, ffi.from_buffer(secret), lib.secp256k1_nonce_function_rfc6979, extra
        ):
            raise CurveError("no signature came about")
        lib.secp256k1_ecdsa_signature_serialize_compact(_CONTEXT, compact, signature)
        if compact[0] < 0x80:
            return _der(signature)
        counter += 1


def sign_recoverable(secret: bytearray, message: bytes) -> tuple[bytes, int]:
    """An ECDSA signature over a 32-byte hash as r and s, 64 bytes, and which key it belongs to, 0 to 3 (BIP137).

    Nonce by RFC 6979, low S; R is not ground for, as nobody else does so here. Raises `CurveError`.
    """
    check_secret(secret)
    if len(message) != 32:
        raise CurveError("32 bytes are signed, never more or less")
    signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    if not lib.secp256k1_ecdsa_sign_recoverable(
        _CONTEXT, signature, message, ffi.from_buffer(secret), lib.secp256k1_nonce_function_rfc6979, ffi.NULL
    ):
        raise CurveError("no signature came about")
    compact, recovery_id = ffi.new("unsigned char[64]"), ffi.new("int *")
    lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(_CONTEXT, compact, recovery_id, signature)
    return bytes(ffi.buffer(compact)), int(recovery_id[0])


def _der(signature: Any) -> bytes:
    output = ffi.new("unsigned char[]", _MAX_DER)
    size = ffi.new("size_t *", _MAX_DER)
    if not lib.secp256k1_ecdsa_signature_serialize_der(_CONTEXT, output, size, signature):
        raise CurveError("no signature came about")
    return bytes(ffi.buffer(output, size[0]))


def sign_schnorr(secret: bytearray, message: bytes, auxiliary: bytes) -> bytes:
    """A 64-byte signature over a hash by the key as it is (BIP340). auxiliary: 32 random bytes. Raises `CurveError`."""
    return _sign_schnorr(secret, message, auxiliary, None)


def sign_taproot(secret: bytearray, message: bytes, auxiliary: bytes, merkle_root: bytes = b"") -> bytes:
    """The same by the output key whose internal key the secret is (BIP341, "Spending using the key path")."""
    return _sign_schnorr(secret, message, auxiliary, merkle_root)


def _sign_schnorr(secret: bytearray, message: bytes, auxiliary: bytes, merkle_root: bytes | None) -> bytes:
    if len(message) != 32 or len(auxiliary) != 32:
        raise CurveError("a Schnorr signature takes a hash and randomness of 32 bytes each")
    check_secret(secret)
    keypair = ffi.new("secp256k1_keypair *")
    signature = ffi.new("unsigned char[64]")
    try:
        done = lib.secp256k1_keypair_create(_CONTEXT, keypair, ffi.from_buffer(secret))
        if merkle_root is not None:
            tweak = tagged_hash("TapTweak", public_key(secret)[1:] + merkle_root)
            done = done and lib.secp256k1_keypair_xonly_tweak_add(_CONTEXT, keypair, tweak)
        if not (done and lib.secp256k1_schnorrsig_sign32(_CONTEXT, signature, message, keypair, auxiliary)):
            raise CurveError("no signature came about")
        return bytes(ffi.buffer(signature))
    finally:
        ffi.buffer(keypair)[:] = bytes(ffi.sizeof("secp256k1_keypair"))
