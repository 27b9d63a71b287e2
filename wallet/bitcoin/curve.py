"""The public side of secp256k1: checking keys, tweaking them, verifying signatures. All arithmetic is libsecp256k1's.

Whatever touches a secret lives in `wallet.keys.secp`. Public keys travel as 33 bytes (compressed), x-only keys as 32.
"""

from functools import lru_cache
from typing import Any

from coincurve._libsecp256k1 import ffi, lib
from coincurve.context import GLOBAL_CONTEXT

from wallet.bitcoin.hashes import tagged_hash

_CONTEXT = GLOBAL_CONTEXT.ctx
_COMPRESSED = lib.SECP256K1_EC_COMPRESSED

_MAX_DER = 72
"""Bytes of the longest strict encoding of a signature."""


class CurveError(ValueError):
    """Bytes that are no point of the curve, or a tweak that leads off it."""


@lru_cache(maxsize=64)
def _load(public_key: bytes) -> Any:
    """libsecp256k1's own form of a public key of 33 or 65 bytes, to read only.

    Remembered, because all children of a branch derive from the same key, and decompressing one takes a square root.
    """
    if len(public_key) not in {33, 65} or (len(public_key) == 65 and public_key[0] != 4):
        raise CurveError("a public key has 33 bytes, or 65 that begin with 04")
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ec_pubkey_parse(_CONTEXT, point, public_key, len(public_key)):
        raise CurveError("a public key that is no point of the curve")
    return point


def _store(point: Any, compressed: bool = True) -> bytes:
    """The 33 bytes (or 65) of a public key in libsecp256k1's own form."""
    length = 33 if compressed else 65
    output = ffi.new("unsigned char[]", length)
    size = ffi.new("size_t *", length)
    form = _COMPRESSED if compressed else lib.SECP256K1_EC_UNCOMPRESSED
    lib.secp256k1_ec_pubkey_serialize(_CONTEXT, output, size, point, form)
    return bytes(ffi.buffer(output))


def _load_xonly(key: bytes) -> Any:
    """libsecp256k1's own form of an x-only key."""
    point = ffi.new("secp256k1_xonly_pubkey *")
    if len(key) != 32 or not lib.secp256k1_xonly_pubkey_parse(_CONTEXT, point, key):
        raise CurveError("an x-only public key that is no point of the curve")
    return point


def parse_public_key(raw: bytes) -> bytes:
    """The 33 bytes of a public key given in 33 or 65; raises `CurveError` when it is no point of the curve."""
    return _store(_load(raw))


def parse_xonly_key(raw: bytes) -> bytes:
    """The same 32 bytes, when they are the x coordinate of a point (BIP340); raises `CurveError`."""
    _load_xonly(raw)
    return bytes(raw)


def tweak_add(public_key: bytes, tweak: bytes) -> bytes:
    """The key moved by `tweak` times the generator: 33 and 32 bytes in, 33 out.

    Raises `CurveError` when the tweak is not below the group order or the sum is the point at infinity.
    """
    point = ffi.new("secp256k1_pubkey *", _load(public_key)[0])
    if len(tweak) != 32 or not lib.secp256k1_ec_pubkey_tweak_add(_CONTEXT, point, tweak):
        raise CurveError("a tweak that leads off the curve")
    return _store(point)


def taproot_output_key(internal_key: bytes, merkle_root: bytes = b"") -> tuple[bytes, int]:
    """The x-only output key (32 bytes) and the parity of its y for an x-only internal key (BIP341).

    Without a Merkle root the key commits to having no scripts. Raises `CurveError`.
    """
    if len(merkle_root) not in {0, 32}:
        raise CurveError("a Merkle root has 32 bytes")
    tweak = tagged_hash("TapTweak", internal_key + merkle_root)
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_xonly_pubkey_tweak_add(_CONTEXT, point, _load_xonly(internal_key), tweak):
        raise CurveError("a tweak that leads off the curve")
    output = _store(point)
    return output[1:], output[0] & 1


def verify_ecdsa(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a DER signature (without sighash byte) with low S is this key's over a 32-byte hash (BIP66, BIP146)."""
    if len(message) != 32 or len(signature) > _MAX_DER:
        return False
    parsed = ffi.new("secp256k1_ecdsa_signature *")
    if not lib.secp256k1_ecdsa_signature_parse_der(_CONTEXT, parsed, signature, len(signature)):
        return False
    try:
        point = _load(public_key)
    except CurveError:
        return False
    return bool(lib.secp256k1_ecdsa_verify(_CONTEXT, parsed, message, point))


def recover_ecdsa(signature: bytes, recovery_id: int, message: bytes, compressed: bool = True) -> bytes:
    """The public key (33 bytes, or 65) whose signature this is over a 32-byte hash. Raises `CurveError`.

    signature: r and s, 32 bytes each; recovery_id: 0 to 3, which of the keys that it could be.
    """
    parsed = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    point = ffi.new("secp256k1_pubkey *")
    if len(signature) != 64 or len(message) != 32 or not 0 <= recovery_id <= 3:
        raise CurveError("no signature that a key can be recovered from")
    if not lib.secp256k1_ecdsa_recoverable_signature_parse_compact(_CONTEXT, parsed, signature, recovery_id):
        raise CurveError("no signature that a key can be recovered from")
    if not lib.secp256k1_ecdsa_recover(_CONTEXT, point, parsed, message):
        raise CurveError("a signature that belongs to no key")
    return _store(point, compressed)


def verify_schnorr(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a 64-byte signature is this x-only key's over a message (BIP340)."""
    if len(signature) != 64:
        return False
    try:
        point = _load_xonly(key)
    except CurveError:
        return False
    return bool(lib.secp256k1_schnorrsig_verify(_CONTEXT, signature, message, len(message), point))
