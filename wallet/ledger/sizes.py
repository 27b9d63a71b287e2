"""How large a transaction will be once it is signed, in weight units (BIP141).

Signatures are counted at the most they can take: ECDSA in DER with a low R, as the signer grinds it, is 70 bytes and
the sighash byte; Schnorr is 64 bytes, without a sighash byte for the default hash type.
"""

from collections.abc import Sequence

from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.script import ScriptType

MAX_WEIGHT = 400_000
"""Peers pass on nothing heavier (the reference node's standard rules)."""
_ECDSA = 70 + 1
_SCHNORR = 64
_PUBLIC_KEY = 33
_REDEEM_SCRIPT = 22
# Outpoint, length of the script (one byte in all four kinds), sequence.
_INPUT = 36 + 1 + 4
_KEY_AND_SIGNATURE = 1 + _ECDSA + 1 + _PUBLIC_KEY

_BASE_BYTES = {
    ScriptType.P2PKH: _INPUT + _KEY_AND_SIGNATURE,
    ScriptType.P2SH_P2WPKH: _INPUT + 1 + _REDEEM_SCRIPT,
    ScriptType.P2WPKH: _INPUT,
    ScriptType.P2TR: _INPUT,
}
# The count of the witness's items comes first; it is there, as zero, for inputs without one, too.
_WITNESS_BYTES = {
    ScriptType.P2PKH: 1,
    ScriptType.P2SH_P2WPKH: 1 + _KEY_AND_SIGNATURE,
    ScriptType.P2WPKH: 1 + _KEY_AND_SIGNATURE,
    ScriptType.P2TR: 1 + 1 + _SCHNORR,
}
_MARKER_AND_FLAG = 2


def input_weight(kind: ScriptType) -> int:
    """The weight of a signed input, as part of a transaction that has witnesses."""
    return 4 * _BASE_BYTES[kind] + _WITNESS_BYTES[kind]


def output_weight(script_pubkey: bytes) -> int:
    """The weight of an output."""
    return 4 * (8 + len(compact_size(len(script_pubkey))) + len(script_pubkey))


def signed_weight(inputs: Sequence[ScriptType], scripts: Sequence[bytes]) -> int:
    """The weight of a whole transaction once signed: its inputs' kinds, its outputs' scripts."""
    frame = 4 * (4 + len(compact_size(len(inputs))) + len(compact_size(len(scripts))) + 4)
    weight = frame + sum(map(input_weight, inputs)) + sum(map(output_weight, scripts))
    if all(kind is ScriptType.P2PKH for kind in inputs):
        return weight - len(inputs)
    return weight + _MARKER_AND_FLAG


def vsize_of(weight: int) -> int:
    """Virtual bytes: a quarter, rounded up."""
    return -(-weight // 4)
