"""Whether an input may spend its coin: the standard kinds of scripts, nothing else.

The practice node keeps the reference node's word for what it refuses (`Rejected.reason`). A script of another kind than
these is refused as not standard, so that nobody practises what a real node would not relay: P2PKH, P2WPKH and P2WPKH
inside P2SH, P2WSH and P2SH over `m-of-n` multisig, P2WSH that anybody may spend (OP_TRUE), and taproot's key path.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from wallet.bitcoin.codec import ParseError, Reader
from wallet.bitcoin.curve import verify_ecdsa, verify_schnorr
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.script import ScriptType, classify, p2pkh, witness_program
from wallet.bitcoin.sighash import SighashError, legacy_sighash, segwit_v0_sighash, taproot_sighash
from wallet.bitcoin.transaction import Transaction, TxOut

OP_CHECKMULTISIG: Final = 0xAE
ANYONE: Final = bytes([0x51])
"""OP_TRUE: as a witness script anybody can spend it, with the script alone as witness."""
_SCRIPT: Final = "mempool-script-verify-flag-failed"
SignatureCheck: TypeAlias = Callable[[bytes, bytes], bool]
"""Whether a key made a signature: (key, signature with its hash type)."""


class Rejected(Exception):
    """A transaction or block that is not taken; `reason` is the reference node's word for it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason)
        self.reason = reason


def _refuse(detail: str) -> Rejected:
    return Rejected(_SCRIPT, detail)


def pushes(script: bytes) -> list[bytes] | None:
    """The data that a script pushes, if it does nothing else (and no small numbers but zero)."""
    reader = Reader(script)
    found: list[bytes] = []
    try:
        while reader.remaining:
            opcode = reader.u8()
            if opcode > 0x4E:
                return None
            width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(opcode)
            size = opcode if width is None else int.from_bytes(reader.take(width), "little")
            found.append(reader.take(size))
    except ParseError:
        return None
    return found


def multisig(script: bytes) -> tuple[int, list[bytes]] | None:
    """(m, keys) of an `m <key>… n OP_CHECKMULTISIG` script with compressed keys, if it is one."""
    if len(script) < 37 or script[-1] != OP_CHECKMULTISIG:
        return None
    needed, count = script[0] - 0x50, script[-2] - 0x50
    keys = pushes(script[1:-2])
    if keys is None or not 1 <= needed <= count <= 16 or len(keys) != count:
        return None
    return (needed, keys) if all(len(key) == 33 for key in keys) else None


class InputVerifier:
    """Verifies the inputs of one transaction. spent: the outputs that they spend, in order."""

    def __init__(self, transaction: Transaction, spent: Sequence[TxOut]) -> None:
        self._transaction = transaction
        self._spent = spent

    def verify(self) -> None:
        """Raise Rejected unless every input may spend its coin."""
        for index in range(len(self._spent)):
            self._verify_input(index)

    def _verify_input(self, index: int) -> None:
        script, tx_input = self._spent[index].script_pubkey, self._transaction.inputs[index]
        kind = classify(script)
        if kind is not ScriptType.P2PKH and kind is not ScriptType.P2SH and tx_input.script_sig:
            raise _refuse("Witness requires empty scriptSig")
        match kind:
            case ScriptType.P2PKH:
                self._verify_p2pkh(index, script)
            case ScriptType.P2SH:
                self._verify_p2sh(index, script)
            case ScriptType.P2WPKH | ScriptType.P2WSH:
                self._verify_segwit(index, script)
            case ScriptType.P2TR:
                self._verify_taproot(index, script)
            case _:
                raise Rejected("bad-txns-nonstandard-inputs")

    def _verify_p2pkh(self, index: int, script: bytes) -> None:
        tx_input = self._transaction.inputs[index]
        found = pushes(tx_input.script_sig)
        if tx_input.witness:
            raise _refuse("Witness provided for non-witness script")
        if found is None or len(found) != 2 or hash160(found[1]) != script[3:23]:
            raise _refuse("Script failed an OP_EQUALVERIFY operation")
        signature, key = found
        if not self._legacy(index, script, key, signature):
            raise _refuse("Signature must be zero for failed CHECK(MULTI)SIG operation")

    def _verify_p2sh(self, index: int, script: bytes) -> None:
        found = pushes(self._transaction.inputs[index].script_sig)
        if not found or hash160(found[-1]) != script[2:22]:
            raise _refuse("Script evaluated without error but finished with a false/empty top stack element")
        redeem = found[-1]
        if witness_program(redeem) is not None:
            if len(found) != 1:
                raise _refuse("Witness requires only-redeemscript scriptSig")
            self._verify_segwit(index, redeem)
            return
        policy = multisig(redeem)
        if policy is None:
            raise Rejected("bad-txns-nonstandard-inputs")
        signatures = found[1:-1]
        if found[0] or not self._enough(policy, signatures, lambda key, sig: self._legacy(index, redeem, key, sig)):
            raise _refuse("Signature must be zero for failed CHECK(MULTI)SIG operation")

    def _verify_segwit(self, index: int, program: bytes) -> None:
        witness = self._transaction.inputs[index].witness
        if classify(program) is ScriptType.P2WPKH:
            if len(witness) != 2 or hash160(witness[1]) != program[2:] or len(witness[1]) != 33:
                raise _refuse("Witness program hash mismatch")
            if not self._segwit(index, p2pkh(program[2:]), witness[1], witness[0]):
                raise _refuse("Signature must be zero for failed CHECK(MULTI)SIG operation")
            return
        if not witness or sha256(witness[-1]) != program[2:]:
            raise _refuse("Witness program hash mismatch")
        self._verify_witness_script(index, witness)

    def _verify_witness_script(self, index: int, witness: Sequence[bytes]) -> None:
        script = witness[-1]
        if script == ANYONE and len(witness) == 1:
            return
        policy = multisig(script)
        if policy is None:
            raise Rejected("bad-witness-nonstandard")
        signatures = witness[1:-1]
        if witness[0] or not self._enough(policy, signatures, lambda key, sig: self._segwit(index, script, key, sig)):
            raise _refuse("Signature must be zero for failed CHECK(MULTI)SIG operation")

    def _verify_taproot(self, index: int, script: bytes) -> None:
        witness = self._transaction.inputs[index].witness
        if len(witness) != 1:
            raise Rejected("bad-witness-nonstandard")
        signature = witness[0]
        hash_type = signature[64] if len(signature) == 65 else 0
        if len(signature) not in {64, 65} or (len(signature) == 65 and not hash_type):
            raise _refuse("Invalid Schnorr signature size")
        try:
            digest = taproot_sighash(self._transaction, index, self._spent, hash_type)
        except SighashError:
            raise _refuse("Invalid Schnorr signature hash type") from None
        if not verify_schnorr(script[2:], signature[:64], digest):
            raise _refuse("Invalid Schnorr signature")

    # --- signatures

    @staticmethod
    def _enough(policy: tuple[int, list[bytes]], signatures: Sequence[bytes], is_good: SignatureCheck) -> bool:
        """Whether there are exactly as many signatures as needed, in the order of the keys (OP_CHECKMULTISIG)."""
        needed, keys = policy
        if len(signatures) != needed:
            return False
        left = iter(keys)
        return all(any(is_good(key, signature) for key in left) for signature in signatures)

    def _legacy(self, index: int, script: bytes, key: bytes, signature: bytes) -> bool:
        if not signature:
            return False
        digest = legacy_sighash(self._transaction, index, script, signature[-1])
        return verify_ecdsa(key, signature[:-1], digest)

    def _segwit(self, index: int, script: bytes, key: bytes, signature: bytes) -> bool:
        if not signature:
            return False
        amount = self._spent[index].amount
        digest = segwit_v0_sighash(self._transaction, index, script, amount, signature[-1])
        return verify_ecdsa(key, signature[:-1], digest)
