"""How large a transaction will be once it is signed, in weight units (BIP141).

Signatures are counted at the most they can take: ECDSA in DER with a low R, as the signer grinds it, is 70 bytes and
the sighash byte, and a byte more where others sign, too; Schnorr is 64 bytes, without a sighash byte for the default
hash type.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wallet.bitcoin.codec import compact_size, var_bytes
from wallet.bitcoin.multisig import MultisigPolicy
from wallet.bitcoin.script import ScriptType, push

MAX_WEIGHT = 400_000
"""Peers pass on nothing heavier (the reference node's standard rules)."""
_ECDSA = 70 + 1
_SCHNORR = 64
_PUBLIC_KEY = 33
_OTHERS_ECDSA = 71 + 1
_REDEEM_SCRIPT = 22
_REDEEM_SCRIPT_P2WSH = 34
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


@dataclass(frozen=True, slots=True)
class MultisigInput:
    """An input that several keys sign. type: P2WSH, P2SH_P2WSH or P2SH."""

    type: ScriptType
    policy: MultisigPolicy


InputKind: TypeAlias = ScriptType | MultisigInput


def input_weight(kind: InputKind) -> int:
    """The weight of a signed input, as part of a transaction that has witnesses."""
    if isinstance(kind, MultisigInput):
        return _multisig_weight(kind)
    return 4 * _BASE_BYTES[kind] + _WITNESS_BYTES[kind]


def _multisig_weight(kind: MultisigInput) -> int:
    script, signatures = bytes(kind.policy.script_size), kind.policy.threshold * (1 + _OTHERS_ECDSA)
    if kind.type is ScriptType.P2SH:
        script_sig = 1 + signatures + len(push(script))
        return 4 * (_INPUT - 1 + len(var_bytes(bytes(script_sig)))) + 1
    base = _INPUT + (1 + _REDEEM_SCRIPT_P2WSH if kind.type is ScriptType.P2SH_P2WSH else 0)
    return 4 * base + 1 + 1 + signatures + len(var_bytes(script))


def _has_witness(kind: InputKind) -> bool:
    return (kind.type if isinstance(kind, MultisigInput) else kind) not in {ScriptType.P2PKH, ScriptType.P2SH}


def output_weight(script_pubkey: bytes) -> int:
    """The weight of an output."""
    return 4 * (8 + len(compact_size(len(script_pubkey))) + len(script_pubkey))


def signed_weight(inputs: Sequence[InputKind], scripts: Sequence[bytes]) -> int:
    """The weight of a whole transaction once signed: its inputs' kinds, its outputs' scripts."""
    frame = 4 * (4 + len(compact_size(len(inputs))) + len(compact_size(len(scripts))) + 4)
    weight = frame + sum(map(input_weight, inputs)) + sum(map(output_weight, scripts))
    if not any(map(_has_witness, inputs)):
        return weight - len(inputs)
    return weight + _MARKER_AND_FLAG


def vsize_of(weight: int) -> int:
    """Virtual bytes: a quarter, rounded up."""
    return -(-weight // 4)
