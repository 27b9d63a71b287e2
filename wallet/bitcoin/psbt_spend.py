"""How inputs of a single key are spent: which kind they are, what they sign, and how they are finished.

The kinds are P2PKH, P2SH_P2WPKH, P2WPKH and P2TR by its key path; everything else is left to others.
"""

from dataclasses import replace

from wallet.bitcoin import script
from wallet.bitcoin.curve import CurveError, taproot_output_key, verify_ecdsa, verify_schnorr
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.psbt_parts import PsbtInput
from wallet.bitcoin.script import ScriptType, classify
from wallet.bitcoin.sighash import (
    SIGHASH_DEFAULT,
    SharedParts,
    SighashError,
    legacy_sighash,
    segwit_v0_sighash,
    taproot_sighash,
)
from wallet.bitcoin.transaction import TxOut

_PLAIN_KINDS = frozenset({ScriptType.P2PKH, ScriptType.P2WPKH, ScriptType.P2TR})


def spend_type(output: TxOut, redeem_script: bytes | None) -> ScriptType | None:
    """The kind of a single-key output, or None where it is something else or the redeem script does not fit."""
    kind = classify(output.script_pubkey)
    if kind is not ScriptType.P2SH:
        return kind if kind in _PLAIN_KINDS else None
    if redeem_script is None or script.p2sh(hash160(redeem_script)) != output.script_pubkey:
        return None
    return ScriptType.P2SH_P2WPKH if classify(redeem_script) is ScriptType.P2WPKH else None


def key_matches(kind: ScriptType, script_pubkey: bytes, public_key: bytes, merkle_root: bytes = b"") -> bool:
    """Whether this key alone spends the script. public_key: 33 bytes (65 too for P2PKH); P2TR: the internal key."""
    if kind is ScriptType.P2TR:
        try:
            return script.p2tr(taproot_output_key(public_key[-32:], merkle_root)[0]) == script_pubkey
        except CurveError:
            return False
    key_hash = hash160(public_key)
    if kind is ScriptType.P2PKH:
        return script.p2pkh(key_hash) == script_pubkey
    program = script.p2wpkh(key_hash)
    return len(public_key) == 33 and script_pubkey in {program, script.p2sh(hash160(program))}


def ecdsa_digest(
    shared: SharedParts, index: int, kind: ScriptType, output: TxOut, public_key: bytes, hash_type: int
) -> bytes:
    """What a P2PKH, P2SH_P2WPKH or P2WPKH input signs, 32 bytes."""
    if kind is ScriptType.P2PKH:
        return legacy_sighash(shared.transaction, index, output.script_pubkey, hash_type)
    script_code = script.p2pkh(hash160(public_key))
    return segwit_v0_sighash(shared.transaction, index, script_code, output.amount, hash_type, shared)


def finish_input(shared: SharedParts, index: int, known: PsbtInput, output: TxOut) -> PsbtInput | None:
    """The input made final, or None where there is no signature for it that is right.

    Keeps the UTXOs and what is unknown, drops the rest (BIP174, "Input Finalizer"). `shared.spent` may be empty when
    not all of them are known: taproot inputs cannot be finished then.
    """
    kind = spend_type(output, known.redeem_script)
    if kind is None:
        return None
    bare = PsbtInput(known.non_witness_utxo, known.witness_utxo, unknown=known.unknown, order=known.order)
    if kind is ScriptType.P2TR:
        signature = known.tap_key_sig
        if signature is None or not _taproot_signature_is_right(shared, index, known, output, signature):
            return None
        return replace(bare, final_witness=(signature,))
    for public_key, signature in known.partial_sigs.items():
        if _ecdsa_signature_is_right(shared, index, (kind, known, output), public_key, signature):
            return _finish_ecdsa(bare, kind, known.redeem_script, (signature, public_key))
    return None


def _finish_ecdsa(
    bare: PsbtInput, kind: ScriptType, redeem_script: bytes | None, stack: tuple[bytes, bytes]
) -> PsbtInput:
    if kind is ScriptType.P2PKH:
        return replace(bare, final_script_sig=b"".join(map(script.push, stack)))
    if kind is ScriptType.P2SH_P2WPKH:
        return replace(bare, final_script_sig=script.push(redeem_script or b""), final_witness=stack)
    return replace(bare, final_witness=stack)


def _ecdsa_signature_is_right(
    shared: SharedParts, index: int, spend: tuple[ScriptType, PsbtInput, TxOut], public_key: bytes, signature: bytes
) -> bool:
    kind, known, output = spend
    if not signature or known.sighash_type not in {None, signature[-1]}:
        return False
    if not key_matches(kind, output.script_pubkey, public_key):
        return False
    digest = ecdsa_digest(shared, index, kind, output, public_key, signature[-1])
    return verify_ecdsa(public_key, signature[:-1], digest)


def _taproot_signature_is_right(
    shared: SharedParts, index: int, known: PsbtInput, output: TxOut, signature: bytes
) -> bool:
    hash_type = signature[64] if len(signature) == 65 else SIGHASH_DEFAULT
    if (len(signature) == 65 and hash_type == SIGHASH_DEFAULT) or known.sighash_type not in {None, hash_type}:
        return False
    try:
        digest = taproot_sighash(shared.transaction, index, shared.spent, hash_type, shared)
    except SighashError:
        return False
    return verify_schnorr(output.script_pubkey[2:], signature[:64], digest)
