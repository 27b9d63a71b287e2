"""ElligatorSwift: public keys as 64 bytes that look random, and the secret two of them share (BIP324).

All arithmetic is libsecp256k1's; this is the only module that calls its ellswift functions, through coincurve's
private binding. The keys here live for one connection and can spend nothing.
"""

from coincurve._libsecp256k1 import ffi, lib
from coincurve.context import GLOBAL_CONTEXT

from wallet.bitcoin.curve import CurveError

ENCODED_SIZE = 64
SECRET_SIZE = 32

_CONTEXT = GLOBAL_CONTEXT.ctx


def encode(secret: bytearray, entropy: bytes) -> bytes:
    """The 64-byte encoding of a secret's public key; 32 bytes of entropy choose one of the many that it has.

    secret: 32 bytes of a number from 1 to the group order less 1, else CurveError.
    """
    _check_size(secret, SECRET_SIZE, "a private key")
    _check_size(entropy, SECRET_SIZE, "entropy")
    output = ffi.new("unsigned char[64]")
    if not lib.secp256k1_ellswift_create(_CONTEXT, output, ffi.from_buffer(secret), entropy):
        raise CurveError("a private key out of bounds")
    return bytes(ffi.buffer(output))


def decode(encoded: bytes) -> bytes:
    """The public key (33 bytes, compressed) that 64 bytes stand for: any 64 bytes stand for one."""
    _check_size(encoded, ENCODED_SIZE, "an encoded key")
    point = ffi.new("secp256k1_pubkey *")
    lib.secp256k1_ellswift_decode(_CONTEXT, point, encoded)
    output = ffi.new("unsigned char[33]")
    size = ffi.new("size_t *", 33)
    lib.secp256k1_ec_pubkey_serialize(_CONTEXT, output, size, point, lib.SECP256K1_EC_COMPRESSED)
    return bytes(ffi.buffer(output))


def shared_secret(secret: bytearray, ours: bytes, theirs: bytes, *, initiating: bool) -> bytes:
    """The 32 bytes that both ends arrive at (BIP324, "Shared secret computation").

    ours, theirs: the encodings as they were sent, which the secret commits to. CurveError for a secret out of bounds.
    """
    _check_size(secret, SECRET_SIZE, "a private key")
    _check_size(ours, ENCODED_SIZE, "an encoded key")
    _check_size(theirs, ENCODED_SIZE, "an encoded key")
    first, second, party = (ours, theirs, 0) if initiating else (theirs, ours, 1)
    output = ffi.new("unsigned char[32]")
    key, hasher = ffi.from_buffer(secret), lib.secp256k1_ellswift_xdh_hash_function_bip324
    # The exchange itself takes a secret above the group order for its remainder: so it is checked before.
    if not (
        lib.secp256k1_ec_seckey_verify(_CONTEXT, key)
        and lib.secp256k1_ellswift_xdh(_CONTEXT, output, first, second, key, party, hasher, ffi.NULL)
    ):
        raise CurveError("a private key out of bounds")
    return bytes(ffi.buffer(output))


def _check_size(data: bytes | bytearray, size: int, what: str) -> None:
    if len(data) != size:
        raise CurveError(f"{what} has {size} bytes, not {len(data)}")
