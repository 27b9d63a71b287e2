"""What signatures sign: the legacy hash, BIP143 for segwit version 0, BIP341 for the taproot key path.

Every hash type is computed, because others may use them; Wren itself signs ALL and DEFAULT only.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.codec import u32, u64, var_bytes
from wallet.bitcoin.hashes import sha256, sha256d, tagged_hash
from wallet.bitcoin.script import OP_PUSHDATA1, OP_PUSHDATA4
from wallet.bitcoin.transaction import Transaction, TxIn, TxOut

SIGHASH_DEFAULT: Final = 0x00
SIGHASH_ALL: Final = 0x01
SIGHASH_NONE: Final = 0x02
SIGHASH_SINGLE: Final = 0x03
SIGHASH_ANYONECANPAY: Final = 0x80

_BASE_TYPE = 0x1F
_TAPROOT_TYPES = frozenset({0x00, 0x01, 0x02, 0x03, 0x81, 0x82, 0x83})
_OP_CODESEPARATOR = 0xAB
_ONE = b"\x01" + bytes(31)
"""What the legacy hash is for SINGLE without an output at the input's index."""


class SighashError(ValueError):
    """A signature hash that is not defined: no such input, no such hash type, or SINGLE without its output."""


class SharedParts:
    """The hashes over all inputs and outputs that every input's signature hash shares, each worked out once.

    spent: the outputs that the inputs spend, in order; only the taproot hash needs them.
    """

    def __init__(self, transaction: Transaction, spent: Sequence[TxOut] = ()) -> None:
        self.transaction = transaction
        self.spent = spent

    @cached_property
    def prevouts(self) -> bytes:
        return sha256(b"".join(tx_input.outpoint.serialize() for tx_input in self.transaction.inputs))

    @cached_property
    def sequences(self) -> bytes:
        return sha256(b"".join(u32(tx_input.sequence) for tx_input in self.transaction.inputs))

    @cached_property
    def outputs(self) -> bytes:
        return sha256(b"".join(output.serialize() for output in self.transaction.outputs))

    @cached_property
    def amounts(self) -> bytes:
        return sha256(b"".join(u64(output.amount) for output in self.spent))

    @cached_property
    def script_pubkeys(self) -> bytes:
        return sha256(b"".join(var_bytes(output.script_pubkey) for output in self.spent))


def _input(transaction: Transaction, index: int) -> TxIn:
    if not 0 <= index < len(transaction.inputs):
        raise SighashError(f"there is no input {index}")
    return transaction.inputs[index]


def _without_code_separators(script: bytes) -> bytes:
    """The script without its OP_CODESEPARATORs; what follows a push that runs over the end stays as it is."""
    kept = bytearray()
    position = 0
    while position < len(script):
        opcode = script[position]
        end = position + 1
        if opcode < OP_PUSHDATA1:
            end += opcode
        elif opcode <= OP_PUSHDATA4:
            width = 1 << (opcode - OP_PUSHDATA1)
            end += width + int.from_bytes(script[end : end + width], "little")
        if end > len(script):
            break
        if opcode != _OP_CODESEPARATOR:
            kept += script[position:end]
        position = end
    return bytes(kept + script[position:])


def legacy_sighash(transaction: Transaction, index: int, script_code: bytes, hash_type: int) -> bytes:
    """What an input before segwit signs, 32 bytes. hash_type: 32 bits. Raises `SighashError`.

    As the reference implementation has it: SINGLE without its output gives the number one.
    """
    signed = _input(transaction, index)
    base = hash_type & _BASE_TYPE
    outputs = transaction.outputs
    if base == SIGHASH_SINGLE:
        if index >= len(outputs):
            return _ONE
        outputs = (TxOut((1 << 64) - 1, b""),) * index + (outputs[index],)
    elif base == SIGHASH_NONE:
        outputs = ()
    script = _without_code_separators(script_code)
    if hash_type & SIGHASH_ANYONECANPAY:
        inputs = [TxIn(signed.outpoint, script, signed.sequence)]
    else:
        others_sequence_is_kept = base not in {SIGHASH_NONE, SIGHASH_SINGLE}
        inputs = [
            TxIn(other.outpoint, b"", other.sequence if others_sequence_is_kept else 0) for other in transaction.inputs
        ]
        inputs[index] = TxIn(signed.outpoint, script, signed.sequence)
    stripped = Transaction(transaction.version, tuple(inputs), outputs, transaction.locktime)
    return sha256d(stripped.serialize(include_witness=False) + u32(hash_type & 0xFFFFFFFF))


def segwit_v0_sighash(
    transaction: Transaction,
    index: int,
    script_code: bytes,
    amount: Sats,
    hash_type: int,
    shared: SharedParts | None = None,
) -> bytes:
    """What a segwit version 0 input signs, 32 bytes (BIP143). Raises `SighashError`.

    script_code: without its length; for P2WPKH the P2PKH script of the same hash. amount: what the input spends.
    """
    signed = _input(transaction, index)
    shared = shared or SharedParts(transaction)
    base = hash_type & _BASE_TYPE
    is_lone = bool(hash_type & SIGHASH_ANYONECANPAY)
    takes_all = base not in {SIGHASH_NONE, SIGHASH_SINGLE}
    outputs = bytes(32)
    if takes_all:
        outputs = sha256(shared.outputs)
    elif base == SIGHASH_SINGLE and index < len(transaction.outputs):
        outputs = sha256d(transaction.outputs[index].serialize())
    return sha256d(
        b"".join(
            (
                u32(transaction.version),
                bytes(32) if is_lone else sha256(shared.prevouts),
                sha256(shared.sequences) if takes_all and not is_lone else bytes(32),
                signed.outpoint.serialize(),
                var_bytes(script_code),
                u64(amount),
                u32(signed.sequence),
                outputs,
                u32(transaction.locktime),
                u32(hash_type & 0xFFFFFFFF),
            )
        )
    )


def taproot_sighash(
    transaction: Transaction,
    index: int,
    spent: Sequence[TxOut],
    hash_type: int = SIGHASH_DEFAULT,
    shared: SharedParts | None = None,
) -> bytes:
    """What a taproot input signs on the key path, 32 bytes (BIP341, "Common signature message"). Raises `SighashError`.

    spent: the outputs that all inputs spend, in order. An annex is never signed: it has no meaning yet, and may never.
    """
    signed = _input(transaction, index)
    if len(spent) != len(transaction.inputs):
        raise SighashError(f"{len(transaction.inputs)} inputs spend {len(spent)} outputs")
    if hash_type not in _TAPROOT_TYPES:
        raise SighashError(f"there is no taproot hash type {hash_type}")
    shared = shared or SharedParts(transaction, spent)
    base = hash_type & 0x03
    parts = [b"\x00", bytes((hash_type,)), u32(transaction.version), u32(transaction.locktime)]
    if not hash_type & SIGHASH_ANYONECANPAY:
        parts += [shared.prevouts, shared.amounts, shared.script_pubkeys, shared.sequences]
    if base not in {SIGHASH_NONE, SIGHASH_SINGLE}:
        parts.append(shared.outputs)
    parts.append(b"\x00")  # the key path, no annex
    if hash_type & SIGHASH_ANYONECANPAY:
        parts += [signed.outpoint.serialize(), spent[index].serialize(), u32(signed.sequence)]
    else:
        parts.append(u32(index))
    if base == SIGHASH_SINGLE:
        if index >= len(transaction.outputs):
            raise SighashError(f"there is no output {index} that input {index} could sign alone")
        parts.append(sha256(transaction.outputs[index].serialize()))
    return tagged_hash("TapSighash", b"".join(parts))
