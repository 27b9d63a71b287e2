"""Whether an input of a standard kind is signed rightly: scripts of one key, taproot by its key path, k of n keys.

No script is run. Each kind has one form in which it is spent, and everything else is not signed rightly.
"""

from collections.abc import Callable
from enum import Enum

from wallet.bitcoin.codec import var_bytes
from wallet.bitcoin.curve import CurveError, taproot_output_key, verify_ecdsa, verify_schnorr
from wallet.bitcoin.hashes import hash160, sha256, tagged_hash
from wallet.bitcoin.multisig import MultisigScript, find_multisig
from wallet.bitcoin.script import ScriptType, classify, p2pkh, p2sh, p2wpkh, p2wsh, push
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

Digest = Callable[[int], bytes]
_KEY_SIZE = 33
_ANNEX = b"\x50"


class SpendVerdict(Enum):
    """UNKNOWN: the script is of a kind, or is spent in a way, that nobody here can judge."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


def check_spend(shared: SharedParts, index: int, output: TxOut, only_all: bool = False) -> SpendVerdict:
    """Whether input `index`, which spends `output`, is signed rightly.

    shared: with the outputs that all inputs spend, which taproot signatures commit to. only_all: signatures that do not
    sign all of the transaction are wrong.
    """
    check = _CHECKS.get(classify(output.script_pubkey))
    if check is None:
        return SpendVerdict.UNKNOWN
    try:
        return check(shared, index, output, only_all)
    except SighashError:
        return SpendVerdict.WRONG


def _verdict(is_right: bool) -> SpendVerdict:
    return SpendVerdict.RIGHT if is_right else SpendVerdict.WRONG


def _signed(key: bytes, signature: bytes, digest: Digest, only_all: bool) -> bool:
    """Whether a DER signature with its hash type behind is right."""
    if not signature or (only_all and signature[-1] != SIGHASH_ALL):
        return False
    return verify_ecdsa(key, signature[:-1], digest(signature[-1]))


def _p2pkh(shared: SharedParts, index: int, output: TxOut, only_all: bool) -> SpendVerdict:
    spending = shared.transaction.inputs[index]
    script_sig = spending.script_sig
    signature, key = _two_pushes(script_sig)
    if spending.witness or p2pkh(hash160(key)) != output.script_pubkey:
        return SpendVerdict.WRONG

    def digest(hash_type: int) -> bytes:
        return legacy_sighash(shared.transaction, index, output.script_pubkey, hash_type)

    return _verdict(_signed(key, signature, digest, only_all))


def _two_pushes(script_sig: bytes) -> tuple[bytes, bytes]:
    """A signature and a key (33 or 65 bytes) that a script pushes; nothing where it does anything else."""
    for size in (_KEY_SIZE, 65):
        signature, key = script_sig[1 : -size - 1], script_sig[-size:]
        if script_sig == push(signature) + push(key):
            return signature, key
    return b"", b""


def _segwit_digest(shared: SharedParts, index: int, output: TxOut, script_code: bytes) -> Digest:
    def digest(hash_type: int) -> bytes:
        return segwit_v0_sighash(shared.transaction, index, script_code, output.amount, hash_type, shared)

    return digest


def _p2wpkh(shared: SharedParts, index: int, output: TxOut, only_all: bool) -> SpendVerdict:
    spending = shared.transaction.inputs[index]
    if spending.script_sig:
        return SpendVerdict.WRONG
    return _key_program(shared, index, output, output.script_pubkey, only_all)


def _key_program(shared: SharedParts, index: int, output: TxOut, program: bytes, only_all: bool) -> SpendVerdict:
    witness = shared.transaction.inputs[index].witness
    if len(witness) != 2 or len(witness[1]) != _KEY_SIZE or p2wpkh(hash160(witness[1])) != program:
        return SpendVerdict.WRONG
    signature, key = witness
    digest = _segwit_digest(shared, index, output, p2pkh(hash160(key)))
    return _verdict(_signed(key, signature, digest, only_all))


def _p2wsh(shared: SharedParts, index: int, output: TxOut, only_all: bool) -> SpendVerdict:
    spending = shared.transaction.inputs[index]
    if spending.script_sig:
        return SpendVerdict.WRONG
    return _script_program(shared, index, output, output.script_pubkey, only_all)


def _script_program(shared: SharedParts, index: int, output: TxOut, program: bytes, only_all: bool) -> SpendVerdict:
    witness = shared.transaction.inputs[index].witness
    if not witness or p2wsh(sha256(witness[-1])) != program:
        return SpendVerdict.WRONG
    multisig = find_multisig(witness[-1])
    if multisig is None:
        return SpendVerdict.UNKNOWN
    digest = _segwit_digest(shared, index, output, witness[-1])
    return _verdict(_multisig(multisig, witness[:-1], digest, only_all))


def _multisig(multisig: MultisigScript, stack: tuple[bytes, ...], digest: Digest, only_all: bool) -> bool:
    """Whether a stack holds the empty item (BIP147) and then enough signatures, in the order of their keys."""
    if len(stack) != 1 + multisig.threshold or stack[0]:
        return False
    keys = iter(multisig.keys)
    # Each signature takes the keys up to its own away from the next ones.
    return all(any(_signed(key, signature, digest, only_all) for key in keys) for signature in stack[1:])


def _p2sh(shared: SharedParts, index: int, output: TxOut, only_all: bool) -> SpendVerdict:
    spending = shared.transaction.inputs[index]
    for size, check in ((22, _key_program), (34, _script_program)):
        program = spending.script_sig[1:]
        if len(program) == size and spending.script_sig == push(program) and classify(program) in _PROGRAMS:
            if p2sh(hash160(program)) != output.script_pubkey:
                return SpendVerdict.WRONG
            return check(shared, index, output, program, only_all)
    pushes = _pushes(spending.script_sig)
    if not pushes or spending.witness or p2sh(hash160(pushes[-1])) != output.script_pubkey:
        return SpendVerdict.WRONG
    multisig = find_multisig(pushes[-1])
    if multisig is None:
        return SpendVerdict.UNKNOWN

    def digest(hash_type: int) -> bytes:
        return legacy_sighash(shared.transaction, index, pushes[-1], hash_type)

    return _verdict(_multisig(multisig, tuple(pushes[:-1]), digest, only_all))


_PROGRAMS = {ScriptType.P2WPKH, ScriptType.P2WSH}


def _pushes(script: bytes) -> list[bytes]:
    """What a script pushes, each in the shortest way; nothing where it does anything else (BIP62, rule 3)."""
    found, position = [], 0
    while position < len(script):
        opcode = script[position]
        width = {0x4C: 1, 0x4D: 2}.get(opcode, 0)
        start = position + 1 + width
        size = int.from_bytes(script[position + 1 : start], "little") if width else opcode
        item = script[start : start + size]
        if len(item) != size or script[position : start + size] != push(item):
            return []
        found.append(item)
        position = start + size
    return found


def _p2tr(shared: SharedParts, index: int, output: TxOut, only_all: bool) -> SpendVerdict:
    spending = shared.transaction.inputs[index]
    if spending.script_sig or not spending.witness:
        return SpendVerdict.WRONG
    if len(spending.witness) != 1:
        return _by_script(spending.witness, output.script_pubkey[2:])
    signature = spending.witness[0]
    if len(signature) not in {64, 65}:
        return SpendVerdict.WRONG
    hash_type = signature[64] if len(signature) == 65 else SIGHASH_DEFAULT
    if (len(signature) == 65 and hash_type == SIGHASH_DEFAULT) or (only_all and hash_type > SIGHASH_ALL):
        return SpendVerdict.WRONG
    message = taproot_sighash(shared.transaction, index, shared.spent, hash_type, shared)
    return _verdict(verify_schnorr(output.script_pubkey[2:], signature[:64], message))


def _by_script(witness: tuple[bytes, ...], output_key: bytes) -> SpendVerdict:
    """UNKNOWN where there is an annex, or a script that the output commits to (BIP341, "Script validation rules")."""
    script, control = witness[-2:]
    if control[:1] == _ANNEX:
        return SpendVerdict.UNKNOWN
    if len(control) < 33 or (len(control) - 33) % 32 or len(control) > 33 + 128 * 32:
        return SpendVerdict.WRONG
    node = tagged_hash("TapLeaf", bytes((control[0] & 0xFE,)) + var_bytes(script))
    for at in range(33, len(control), 32):
        node = tagged_hash("TapBranch", b"".join(sorted((node, control[at : at + 32]))))
    try:
        commits = taproot_output_key(control[1:33], node) == (output_key, control[0] & 1)
    except CurveError:
        commits = False
    return SpendVerdict.UNKNOWN if commits else SpendVerdict.WRONG


_CHECKS: dict[ScriptType, Callable[[SharedParts, int, TxOut, bool], SpendVerdict]] = {
    ScriptType.P2PKH: _p2pkh,
    ScriptType.P2SH: _p2sh,
    ScriptType.P2WPKH: _p2wpkh,
    ScriptType.P2WSH: _p2wsh,
    ScriptType.P2TR: _p2tr,
}
