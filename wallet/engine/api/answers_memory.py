"""What the engine answers about requests, labels, people, search, statements and the rate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RequestStateName = Literal["waiting", "seen", "proven", "expired", "overpaid", "underpaid"]
HitKind = Literal["tx", "addr", "output", "contact"]
HitReason = Literal["txid", "address", "label", "amount", "date", "name"]
RateSource = Literal["off", "hand", "file", "command"]


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request for payment. amount: None asks for any; received: all that was seen, proven: what of it is in blocks.

    late: some of it came after the request had ended; transactions: those that paid, the earliest first.
    """

    address: str
    amount: int | None
    label: str
    created: datetime
    expires: datetime | None
    state: RequestStateName
    received: int
    proven: int
    late: bool
    archived: bool
    uri: str
    transactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelConflict:
    """Where a file of labels and the wallet differ. line: in the file, from 1; mine, theirs: in words."""

    line: int
    type: str
    ref: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that could not be taken, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class LabelImport:
    """What an import of labels did, or would do (`changed` False).

    read: records; added: labels that are new or that took the place of another; unchanged: labels that were the same;
    frozen, unfrozen: coins; kept: records that say more than Wren understands, kept for the next export.
    """

    changed: bool
    read: int
    added: int
    unchanged: int
    frozen: int
    unfrozen: int
    kept: int
    conflicts: tuple[LabelConflict, ...]
    bad: tuple[BadLine, ...]


@dataclass(frozen=True, slots=True)
class FileWritten:
    """A file that was written, and how many records or rows are in it."""

    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Somebody to pay. paid: how often the address was paid already; advice: what to think of before paying it again.

    earlier: addresses that they have replaced, newest first.
    """

    name: str
    address: str
    note: str
    paid: int
    advice: str
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Something that was found. reference: a txid, an address, an outpoint, or a contact's name; reason: what matched.

    amount: net to the wallet for transactions, of the coin for outputs.
    """

    kind: HitKind
    reference: str
    reason: HitReason
    label: str = ""
    amount: int | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The first hits, newest transactions first; more: whether there are others."""

    hits: tuple[SearchHit, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A history that was written to a file. opening, closing: the balance before and after, pending included."""

    file: str
    rows: int
    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class RateReport:
    """What a bitcoin is worth, by the user's own word. rate: decimal, None while there is none; error: then why.

    time: of the rate, as far as its source says. detail: the file, or the command's words.
    """

    source: RateSource
    currency: str
    rate: str | None
    time: datetime | None
    detail: tuple[str, ...]
    error: str = ""
