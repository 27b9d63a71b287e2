"""What the ledger keeps of a transaction, of a coin and of a request for payment."""

from dataclasses import dataclass, replace
from typing import Self

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.transaction import OutPoint, Transaction, TxOut
from wallet.ledger.keychain import ScriptRef

COINBASE_MATURITY = 100
"""Blocks on top of a coinbase before it counts: one more than consensus asks, as the reference wallet has it."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a transaction is in the chain. time: the block's, Unix seconds."""

    height: int
    block_hash: BlockHash
    position: int
    time: int


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A transaction that concerns the wallet.

    inputs: the outpoints it spends, 36 bytes each, none for a coinbase; seen: when it was first met, Unix seconds;
    local: made by this wallet; announced: on its way through the network, or was once in a block; genuine: made here,
    or was once in a block, so that its signatures are beyond doubt.
    """

    txid: Txid
    raw: bytes
    inputs: tuple[bytes, ...]
    outputs: tuple[TxOut, ...]
    seen: int
    location: Location | None = None
    coinbase: bool = False
    local: bool = False
    announced: bool = True
    abandoned: bool = False
    genuine: bool = False

    @classmethod
    def of(cls, transaction: Transaction, seen: int) -> Self:
        """The record of a transaction that is on its way."""
        coinbase = transaction.is_coinbase
        return cls(
            txid=transaction.txid,
            raw=transaction.serialize(),
            inputs=() if coinbase else tuple(spent.outpoint.serialize() for spent in transaction.inputs),
            outputs=transaction.outputs,
            seen=seen,
            coinbase=coinbase,
        )

    def at(self, location: Location | None) -> "TransactionRecord":
        """The same, in a block, or no longer in one. Having been in one, it is announced and not abandoned."""
        return replace(self, location=location, announced=True, abandoned=False, genuine=True)

    @property
    def transaction(self) -> Transaction:
        """Parsed anew at each call."""
        return Transaction.parse(self.raw)

    @property
    def height(self) -> int | None:
        return None if self.location is None else self.location.height

    @property
    def time(self) -> int:
        """The block's time, or when it was first seen."""
        return self.seen if self.location is None else self.location.time

    def outpoint(self, index: int) -> bytes:
        """The 36 bytes that name one of its outputs."""
        return self.txid + index.to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Coin:
    """An output of ours that no block spends. height: None while unconfirmed; reserved_by: what is about to spend it.

    trusted: confirmed, or made by ourselves out of coins that are trusted; spendable: a payment may take it unasked.
    """

    outpoint: OutPoint
    amount: Sats
    script_pubkey: bytes
    ref: ScriptRef
    height: int | None
    time: int
    immature: bool
    frozen: bool
    reserved_by: Txid | None
    trusted: bool

    @property
    def spendable(self) -> bool:
        return self.trusted and self.available

    @property
    def available(self) -> bool:
        """Whether it may be spent when the user asks for unconfirmed coins of others, too."""
        return not self.immature and not self.frozen and self.reserved_by is None


@dataclass(frozen=True, slots=True)
class Balance:
    """Satoshis. pending: unconfirmed coins minus the confirmed ones that are about to be spent; may be negative."""

    confirmed: Sats
    pending: Sats
    immature: Sats

    @property
    def total(self) -> Sats:
        return self.confirmed + self.pending + self.immature


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """An address given out for a purpose. created, expires: Unix seconds; amount None: any; archived: out of sight."""

    ref: ScriptRef
    script_pubkey: bytes
    amount: Sats | None
    label: str
    created: int
    expires: int | None = None
    archived: bool = False


def is_immature(record: TransactionRecord, tip_height: int) -> bool:
    """Whether a coinbase in a block is not to be spent yet."""
    location = record.location
    return record.coinbase and location is not None and tip_height - location.height < COINBASE_MATURITY
