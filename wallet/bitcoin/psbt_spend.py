"""How inputs are spent: which kind they are, what they sign, which signatures are right, and how they are finished.

The kinds are those of one key, P2PKH, P2SH_P2WPKH, P2WPKH and P2TR by its key path, and k-of-n scripts behind P2WSH,
P2SH_P2WSH and P2SH; everything else is left to others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wallet.bitcoin import script
from wallet.bitcoin.curve import CurveError, taproot_output_key, verify_ecdsa, verify_schnorr
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.multisig import MultisigScript, find_multisig
from wallet.bitcoin.psbt_parts import PsbtInput
from wallet.bitcoin.script import ScriptType, classify
from wallet.bitcoin.sighash import (
    SIGHASH_ALL,
    SIGHASH_DEFAULT,
    SharedParts,
    SighashError,
    legacy_sighash,
    segwit_v0_sighash,
    taproot_sighash,
)
from wallet.bitcoin.transaction import TxOut

_PLAIN_KINDS = frozenset({ScriptType.P2PKH, ScriptType.P2WPKH, ScriptType.P2TR})


@dataclass(frozen=True, slots=True)
class Spend:
    """What an input spends, and by which script. multisig: for scripts of several keys, what `inner_script` says."""

    type: ScriptType
    output: TxOut
    inner_script: bytes = b""
    multisig: MultisigScript | None = None


def spend_of(output: TxOut, known: PsbtInput) -> Spend | None:
    """How an output is spent, or None where it is of no kind known here or its scripts do not fit."""
    kind = classify(output.script_pubkey)
    if kind in _PLAIN_KINDS:
        return Spend(kind, output)
    if kind is ScriptType.P2WSH:
        return _spend_multisig(ScriptType.P2WSH, output, output.script_pubkey, known.witness_script)
    redeem = known.redeem_script
    if kind is not ScriptType.P2SH or redeem is None or script.p2sh(hash160(redeem)) != output.script_pubkey:
        return None
    inner = classify(redeem)
    if inner is ScriptType.P2WPKH:
        return Spend(ScriptType.P2SH_P2WPKH, output)
    if inner is ScriptType.P2WSH:
        return _spend_multisig(ScriptType.P2SH_P2WSH, output, redeem, known.witness_script)
    multisig = find_multisig(redeem)
    return None if multisig is None else Spend(ScriptType.P2SH, output, redeem, multisig)


def _spend_multisig(kind: ScriptType, output: TxOut, program: bytes, witness_script: bytes | None) -> Spend | None:
    multisig = find_multisig(witness_script)
    if witness_script is None or multisig is None or script.p2wsh(sha256(witness_script)) != program:
        return None
    return Spend(kind, output, witness_script, multisig)


def key_matches(spend: Spend, public_key: bytes, merkle_root: bytes = b"") -> bool:
    """Whether this key alone, or with others, spends the script.

    public_key: 33 bytes (65 too for P2PKH); P2TR: the internal key.
    """
    if spend.multisig is not None:
        return public_key in spend.multisig.keys
    script_pubkey = spend.output.script_pubkey
    if spend.type is ScriptType.P2TR:
        try:
            return script.p2tr(taproot_output_key(public_key[-32:], merkle_root)[0]) == script_pubkey
        except CurveError:
            return False
    key_hash = hash160(public_key)
    if spend.type is ScriptType.P2PKH:
        return script.p2pkh(key_hash) == script_pubkey
    program = script.p2wpkh(key_hash)
    return len(public_key) == 33 and script_pubkey in {program, script.p2sh(hash160(program))}


def ecdsa_digest(shared: SharedParts, index: int, spend: Spend, public_key: bytes, hash_type: int) -> bytes:
    """What an input of any kind but P2TR signs, 32 bytes."""
    output = spend.output
    if spend.type is ScriptType.P2PKH:
        return legacy_sighash(shared.transaction, index, output.script_pubkey, hash_type)
    if spend.type is ScriptType.P2SH:
        return legacy_sighash(shared.transaction, index, spend.inner_script, hash_type)
    script_code = spend.inner_script if spend.multisig is not None else script.p2pkh(hash160(public_key))
    return segwit_v0_sighash(shared.transaction, index, script_code, output.amount, hash_type, shared)


def right_signatures(shared: SharedParts, index: int, known: PsbtInput, spend: Spend) -> Mapping[bytes, bytes]:
    """The ECDSA signatures of an input that are right, by public key, hash types as the input wants them.

    An input that does not say wants ALL. Taproot inputs have none: see `taproot_signature_is_right`.
    """
    wanted = SIGHASH_ALL if known.sighash_type is None else known.sighash_type
    found = {}
    for public_key, signature in known.partial_sigs.items():
        if signature[-1:] != bytes((wanted & 0xFF,)) or wanted > 0xFF or not key_matches(spend, public_key):
            continue
        digest = ecdsa_digest(shared, index, spend, public_key, signature[-1])
        if verify_ecdsa(public_key, signature[:-1], digest):
            found[public_key] = signature
    return found


def taproot_signature_is_right(shared: SharedParts, index: int, known: PsbtInput, spend: Spend) -> bool:
    """Whether the input's key path signature is there and right."""
    signature = known.tap_key_sig
    if spend.type is not ScriptType.P2TR or signature is None:
        return False
    hash_type = signature[64] if len(signature) == 65 else SIGHASH_DEFAULT
    allowed = {SIGHASH_DEFAULT, SIGHASH_ALL} if known.sighash_type is None else {known.sighash_type}
    if (len(signature) == 65 and hash_type == SIGHASH_DEFAULT) or hash_type not in allowed:
        return False
    try:
        digest = taproot_sighash(shared.transaction, index, shared.spent, hash_type, shared)
    except SighashError:
        return False
    return verify_schnorr(spend.output.script_pubkey[2:], signature[:64], digest)


def finish_input(shared: SharedParts, index: int, known: PsbtInput, output: TxOut) -> PsbtInput | None:
    """The input made final, or None where there are not enough signatures for it that are right.

    Keeps the UTXOs, the locktime that it needs and what is unknown, drops the rest (BIP174, "Input Finalizer").
    `shared.spent` may be empty when not all of them are known: taproot inputs cannot be finished then.
    """
    spend = spend_of(output, known)
    if spend is None:
        return None
    if spend.type is ScriptType.P2TR:
        if known.tap_key_sig is None or not taproot_signature_is_right(shared, index, known, spend):
            return None
        return replace(_bare(known), final_witness=(known.tap_key_sig,))
    signatures = right_signatures(shared, index, known, spend)
    if spend.multisig is not None:
        return _finish_multisig(known, spend, spend.multisig, signatures)
    for public_key, signature in signatures.items():
        return _finish_single(known, spend.type, (signature, public_key))
    return None


def _bare(known: PsbtInput) -> PsbtInput:
    return PsbtInput(
        known.non_witness_utxo,
        known.witness_utxo,
        required_time=known.required_time,
        required_height=known.required_height,
        unknown=known.unknown,
        order=known.order,
    )


def _finish_single(known: PsbtInput, kind: ScriptType, stack: tuple[bytes, bytes]) -> PsbtInput:
    if kind is ScriptType.P2PKH:
        return replace(_bare(known), final_script_sig=b"".join(map(script.push, stack)))
    if kind is ScriptType.P2SH_P2WPKH:
        return replace(_bare(known), final_script_sig=script.push(known.redeem_script or b""), final_witness=stack)
    return replace(_bare(known), final_witness=stack)


def _finish_multisig(
    known: PsbtInput, spend: Spend, multisig: MultisigScript, signatures: Mapping[bytes, bytes]
) -> PsbtInput | None:
    """As many signatures as are needed, in their keys' order, behind the empty item that the opcode eats (BIP147)."""
    ordered = [signatures[key] for key in multisig.keys if key in signatures][: multisig.threshold]
    if len(ordered) < multisig.threshold:
        return None
    stack = (b"", *ordered, spend.inner_script)
    if spend.type is ScriptType.P2SH:
        return replace(_bare(known), final_script_sig=b"".join(map(script.push, stack)))
    if spend.type is ScriptType.P2SH_P2WSH:
        return replace(_bare(known), final_script_sig=script.push(known.redeem_script or b""), final_witness=stack)
    return replace(_bare(known), final_witness=stack)
