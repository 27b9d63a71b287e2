"""Whether a transaction on its way really spends our coins, or only says so.

Anyone can make up a transaction that names our coins; entered unseen, it would tie them up. The wallet's own scripts
all belong to one key, so that the signatures of inputs that spend them can be checked without anyone's help.
"""

from collections.abc import Callable, Sequence
from enum import Enum

from wallet.bitcoin.curve import verify_ecdsa, verify_schnorr
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.script import ScriptType, classify, p2pkh, p2wpkh, push
from wallet.bitcoin.sighash import (
    SIGHASH_DEFAULT,
    SharedParts,
    SighashError,
    legacy_sighash,
    segwit_v0_sighash,
    taproot_sighash,
)
from wallet.bitcoin.transaction import Transaction, TxOut


class Verdict(Enum):
    """UNKNOWN: a taproot signature commits to coins of others, which are not known here."""

    GENUINE = "genuine"
    FORGED = "forged"
    UNKNOWN = "unknown"


def judge(transaction: Transaction, spent: Sequence[TxOut | None], own: Sequence[bool]) -> Verdict:
    """Whether all inputs that are `own` are signed rightly. spent: what each input spends, None where not known."""
    shared = SharedParts(transaction, [output for output in spent if output is not None])
    verdict = Verdict.GENUINE
    for index, (output, is_own) in enumerate(zip(spent, own, strict=True)):
        if not is_own or output is None:
            continue
        if classify(output.script_pubkey) is ScriptType.P2TR and None in spent:
            verdict = Verdict.UNKNOWN
        elif not _is_signed(transaction, index, output, shared):
            return Verdict.FORGED
    return verdict


def _is_signed(transaction: Transaction, index: int, output: TxOut, shared: SharedParts) -> bool:
    check = _CHECKS.get(classify(output.script_pubkey))
    try:
        return check is not None and check(transaction, index, output, shared)
    except SighashError:
        return False


def _p2pkh(transaction: Transaction, index: int, output: TxOut, _shared: SharedParts) -> bool:
    script_sig = transaction.inputs[index].script_sig
    signature, key = script_sig[1:-34], script_sig[-33:]
    if script_sig != push(signature) + push(key) or p2pkh(hash160(key)) != output.script_pubkey:
        return False
    hash_type = signature[-1] if signature else 0
    message = legacy_sighash(transaction, index, output.script_pubkey, hash_type)
    return verify_ecdsa(key, signature[:-1], message)


def _p2wpkh(transaction: Transaction, index: int, output: TxOut, shared: SharedParts) -> bool:
    spending = transaction.inputs[index]
    if len(spending.witness) != 2:
        return False
    signature, key = spending.witness
    key_hash = hash160(key)
    nested = classify(output.script_pubkey) is ScriptType.P2SH
    if nested:
        matches = spending.script_sig == push(p2wpkh(key_hash)) and output.script_pubkey[2:22] == hash160(
            p2wpkh(key_hash)
        )
    else:
        matches = spending.script_sig == b"" and output.script_pubkey == p2wpkh(key_hash)
    if not matches or not signature:
        return False
    message = segwit_v0_sighash(transaction, index, p2pkh(key_hash), output.amount, signature[-1], shared)
    return verify_ecdsa(key, signature[:-1], message)


def _p2tr(transaction: Transaction, index: int, output: TxOut, shared: SharedParts) -> bool:
    witness = transaction.inputs[index].witness
    if len(witness) != 1 or len(witness[0]) not in {64, 65}:
        return False
    signature = witness[0]
    hash_type = signature[64] if len(signature) == 65 else SIGHASH_DEFAULT
    if len(signature) == 65 and hash_type == SIGHASH_DEFAULT:
        return False
    message = taproot_sighash(transaction, index, shared.spent, hash_type, shared)
    return verify_schnorr(output.script_pubkey[2:], signature[:64], message)


_CHECKS: dict[ScriptType, Callable[[Transaction, int, TxOut, SharedParts], bool]] = {
    ScriptType.P2PKH: _p2pkh,
    ScriptType.P2SH: _p2wpkh,
    ScriptType.P2WPKH: _p2wpkh,
    ScriptType.P2TR: _p2tr,
}
