"""Transactions: their two forms on the wire, their two hashes, and what consensus asks of them on their own.

What `Transaction.parse` returns passes the checks that need no chain (the reference calls them `CheckTransaction`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from wallet.bitcoin.amount import MAX_MONEY, Sats
from wallet.bitcoin.codec import ParseError, Reader, compact_size, u32, u64, var_bytes
from wallet.bitcoin.hashes import ZERO, Txid, Wtxid, sha256d
from wallet.override import override

MAX_WEIGHT = 4_000_000
"""A block's weight, which no transaction in it can pass (BIP141)."""

NULL_INDEX = 0xFFFFFFFF
MAX_SEQUENCE = 0xFFFFFFFF

_INPUT_SIZE = 41
_OUTPUT_SIZE = 9
_OUTPOINT_TEXT = re.compile(r"([0-9a-fA-F]{64}):(0|[1-9][0-9]{0,9})")


@dataclass(frozen=True, slots=True)
class OutPoint:
    """The output number `index` of the transaction `txid`."""

    txid: Txid
    index: int

    @classmethod
    def read(cls, reader: Reader) -> Self:
        raw = reader.take(36)
        return cls(Txid(raw[:32]), int.from_bytes(raw[32:], "little"))

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From 36 bytes; raises `ParseError`."""
        reader = Reader(raw)
        outpoint = cls.read(reader)
        reader.finish()
        return outpoint

    @classmethod
    def parse_text(cls, text: str) -> Self:
        """From "txid:n", the txid in display order; raises `ParseError`."""
        match = _OUTPOINT_TEXT.fullmatch(text)
        if match is None or int(match[2]) > NULL_INDEX:
            raise ParseError("a coin is written as txid:n, like 4a5e…a33b:0")
        return cls(Txid.from_hex(match[1]), int(match[2]))

    def serialize(self) -> bytes:
        """36 bytes."""
        return self.txid + u32(self.index)

    @property
    def is_null(self) -> bool:
        """Whether this is what a coinbase spends: nothing."""
        return self.index == NULL_INDEX and self.txid == ZERO

    @override
    def __str__(self) -> str:
        return f"{self.txid}:{self.index}"


@dataclass(frozen=True, slots=True)
class TxIn:
    """What a transaction spends. The witness travels apart from the input, at the end of the transaction (BIP144)."""

    outpoint: OutPoint
    script_sig: bytes = b""
    sequence: int = MAX_SEQUENCE
    witness: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """An input without its witness."""
        return cls(*_read_bare_input(reader))

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From an input's bytes without its witness; raises `ParseError`."""
        reader = Reader(raw)
        tx_input = cls.read(reader)
        reader.finish()
        return tx_input

    def serialize(self) -> bytes:
        """The input without its witness."""
        return self.outpoint.serialize() + var_bytes(self.script_sig) + u32(self.sequence)


@dataclass(frozen=True, slots=True)
class TxOut:
    """What a transaction pays, and to which script."""

    amount: Sats
    script_pubkey: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        amount = reader.u64()
        if amount > MAX_MONEY:
            raise ParseError(f"an output pays {amount} satoshis, more than there are")
        return cls(amount, reader.var_bytes())

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From an output's bytes; raises `ParseError`."""
        reader = Reader(raw)
        output = cls.read(reader)
        reader.finish()
        return output

    def serialize(self) -> bytes:
        return u64(self.amount) + var_bytes(self.script_pubkey)


def read_witness(reader: Reader) -> tuple[bytes, ...]:
    """One input's witness: a counted list of byte strings (BIP141)."""
    return tuple(reader.list_of(Reader.var_bytes))


def serialize_witness(items: Sequence[bytes]) -> bytes:
    """One input's witness: a counted list of byte strings (BIP141)."""
    return compact_size(len(items)) + b"".join(map(var_bytes, items))


@dataclass(frozen=True)
class Transaction:
    """A transaction. `version` and `locktime` are unsigned 32-bit numbers, as in the reference implementation.

    It has no slots, because the hashes are worked out once and kept.
    """

    version: int
    inputs: tuple[TxIn, ...]
    outputs: tuple[TxOut, ...]
    locktime: int = 0

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From a transaction's bytes, with or without witness (BIP144); raises `ParseError`."""
        if len(raw) > MAX_WEIGHT:
            raise ParseError(f"a transaction of {len(raw)} bytes")
        reader = Reader(raw)
        transaction = cls.read(reader)
        reader.finish()
        return transaction

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """The next transaction, with or without witness (BIP144); raises `ParseError`."""
        start = reader.position
        version = reader.u32()
        bare_inputs = reader.list_of(_read_bare_input, minimum_size=_INPUT_SIZE)
        extended = not bare_inputs
        if extended:
            if reader.u8() != 1:
                raise ParseError("a transaction without inputs, or of an unknown form")
            bare_inputs = reader.list_of(_read_bare_input, minimum_size=_INPUT_SIZE)
        outputs = tuple(reader.list_of(TxOut.read, minimum_size=_OUTPUT_SIZE))
        if not bare_inputs or not outputs:
            raise ParseError("a transaction has inputs and outputs")
        inputs = _read_witnesses(bare_inputs, reader) if extended else tuple([TxIn(*bare) for bare in bare_inputs])
        transaction = cls(version, inputs, outputs, reader.u32())
        if 4 * (reader.position - start) > MAX_WEIGHT and transaction.weight > MAX_WEIGHT:
            raise ParseError(f"a transaction of weight {transaction.weight}")
        _check(transaction)
        return transaction

    @classmethod
    def parse_unsigned(cls, raw: bytes) -> Self:
        """From the form without witness, which may lack inputs and outputs: what a PSBT holds (BIP174)."""
        if 4 * len(raw) > MAX_WEIGHT:
            raise ParseError(f"a transaction of {len(raw)} bytes without witness")
        reader = Reader(raw)
        version = reader.u32()
        inputs = tuple(reader.list_of(TxIn.read, minimum_size=_INPUT_SIZE))
        outputs = tuple(reader.list_of(TxOut.read, minimum_size=_OUTPUT_SIZE))
        transaction = cls(version, inputs, outputs, reader.u32())
        reader.finish()
        _check(transaction)
        return transaction

    def serialize(self, include_witness: bool = True) -> bytes:
        """The form with witness where there is one, else the older form; only the older when not `include_witness`."""
        if not include_witness or not self.has_witness:
            return self._stripped
        witnesses = b"".join(serialize_witness(tx_input.witness) for tx_input in self.inputs)
        return b"".join((self._stripped[:4], b"\x00\x01", self._stripped[4:-4], witnesses, self._stripped[-4:]))

    @cached_property
    def _stripped(self) -> bytes:
        return b"".join(
            (
                u32(self.version),
                compact_size(len(self.inputs)),
                *(tx_input.serialize() for tx_input in self.inputs),
                compact_size(len(self.outputs)),
                *(output.serialize() for output in self.outputs),
                u32(self.locktime),
            )
        )

    @cached_property
    def txid(self) -> Txid:
        """Hash of the form without witness."""
        return Txid(sha256d(self._stripped))

    @cached_property
    def wtxid(self) -> Wtxid:
        """Hash of the form with witness; equal to the txid where there is none."""
        return Wtxid(sha256d(self.serialize()) if self.has_witness else self.txid)

    @cached_property
    def has_witness(self) -> bool:
        """Whether any input carries a witness."""
        return any(tx_input.witness for tx_input in self.inputs)

    @cached_property
    def weight(self) -> int:
        """Three times the size without witness and once the size with it (BIP141)."""
        return 3 * len(self._stripped) + len(self.serialize())

    @property
    def vsize(self) -> int:
        """Virtual bytes: a quarter of the weight, rounded up (BIP141)."""
        return (self.weight + 3) // 4

    @property
    def is_coinbase(self) -> bool:
        """Whether this is a block's first transaction, which spends nothing."""
        return len(self.inputs) == 1 and self.inputs[0].outpoint.is_null


def _read_bare_input(reader: Reader) -> tuple[OutPoint, bytes, int]:
    """An input's own fields; its witness comes after the outputs."""
    return OutPoint.read(reader), reader.var_bytes(), reader.u32()


def _read_witnesses(bare_inputs: list[tuple[OutPoint, bytes, int]], reader: Reader) -> tuple[TxIn, ...]:
    """The inputs with the witnesses that follow, of which at least one is not empty."""
    inputs = tuple([TxIn(*bare, read_witness(reader)) for bare in bare_inputs])
    if not any(tx_input.witness for tx_input in inputs):
        raise ParseError("a transaction in the form with witness that has none")
    return inputs


def _check(transaction: Transaction) -> None:
    """Consensus on a transaction alone; raises `ParseError`."""
    if sum(output.amount for output in transaction.outputs) > MAX_MONEY:
        raise ParseError("the outputs pay more satoshis than there are")
    inputs = transaction.inputs
    if len(inputs) > 1:
        outpoints = {tx_input.outpoint for tx_input in inputs}
        if len(outpoints) != len(inputs):
            raise ParseError("two inputs spend the same coin")
        if any(outpoint.is_null for outpoint in outpoints):
            raise ParseError("an input spends nothing beside others that do")
    elif transaction.is_coinbase and not 2 <= len(inputs[0].script_sig) <= 100:
        raise ParseError("a coinbase's script has 2 to 100 bytes")
