"""The wallet's history: one entry for each transaction that pays it or spends from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import Txid
from wallet.ledger.book import Book
from wallet.ledger.guards import DUST_GIFT, is_dust_gift
from wallet.ledger.record import TransactionRecord, is_immature


class Status(StrEnum):
    """Where a transaction stands. LOCAL: made here, not handed out yet; REPLACED: another one took its coins."""

    LOCAL = "local"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REPLACED = "replaced"
    ABANDONED = "abandoned"
    IMMATURE = "immature"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One transaction. time: Unix seconds, of the block or when first seen; amount: net, fee included; fee: if known.

    proven: a Merkle proof is kept; trusted: made out of our own coins; outgoing: spends a coin of ours; dust_gift: next
    to nothing, from strangers, to an address that was used before.
    """

    txid: Txid
    height: int | None
    time: int
    amount: Sats
    fee: Sats | None
    label: str
    status: Status
    proven: bool
    replaced_by: Txid | None
    outgoing: bool
    dust_gift: bool = False


def status_of(book: Book, record: TransactionRecord, tip_height: int) -> Status:
    """Where one transaction stands."""
    if record.location is not None:
        return Status.IMMATURE if is_immature(record, tip_height) else Status.CONFIRMED
    if record.txid in book.fallen:
        return Status.ABANDONED if book.fallen[record.txid] is None else Status.REPLACED
    return Status.PENDING if record.announced else Status.LOCAL


def entry_of(book: Book, record: TransactionRecord, tip_height: int, label: str) -> HistoryEntry:
    """One transaction as history shows it."""
    amount, fee = book.totals(record)
    return HistoryEntry(
        txid=record.txid,
        height=record.height,
        time=record.time,
        amount=amount,
        fee=fee,
        label=label,
        status=status_of(book, record, tip_height),
        proven=record.location is not None,
        replaced_by=None if record.location is not None else book.fallen.get(record.txid),
        outgoing=not book.own.keys().isdisjoint(record.inputs),
        dust_gift=0 < amount < DUST_GIFT and _is_all_dust(book, record),
    )


def _is_all_dust(book: Book, record: TransactionRecord) -> bool:
    """Whether all that it pays us looks strewn by strangers."""
    ours = [record.outputs[index] for index, _ in book.own_outputs(record)]
    return all(is_dust_gift(book, record, output.amount, output.script_pubkey) for output in ours)


def in_order(book: Book) -> Iterator[TransactionRecord]:
    """Ours, newest first: the unconfirmed by when they were seen, then by place in the chain."""
    return (record for record in sorted(book.records.values(), key=_order, reverse=True) if book.concerns_us(record))


def history(
    book: Book, tip_height: int, label_of: Callable[[Txid], str], limit: int | None = None
) -> list[HistoryEntry]:
    """The newest entries, or all, newest first."""
    return [entry_of(book, record, tip_height, label_of(record.txid)) for record in islice(in_order(book), limit)]


def _order(record: TransactionRecord) -> tuple[int, int, int, bytes]:
    location = record.location
    if location is None:
        return 1, record.seen, 0, record.txid
    return 0, location.height, location.position, record.txid
