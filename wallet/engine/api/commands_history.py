"""Commands about the history as it is looked at: a part of it at a time, filtered, and its sum; and their answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from wallet.engine.api.answers import HistoryRow
from wallet.engine.api.commands import Command

HistorySide = Literal["all", "received", "sent", "waiting"]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which payments are meant. waiting: those that no block has yet; replaced and abandoned ones are not among them.

    since: the first moment, until: the first one that is no longer meant; text: what `Search` would find them by, and
    the labels of their addresses and coins and the people they pay.
    """

    side: HistorySide = "all"
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class HistorySlice:
    """Some rows of a list of `count`, newest first. Rows of one `revision` belong together."""

    revision: int
    count: int
    rows: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True)
class HistorySum:
    """What came in and what went out, fees included, without those of the `count` that never came to be (`void`)."""

    count: int
    received: int
    sent: int
    void: int


@dataclass(frozen=True, slots=True)
class BalancePoint:
    """The balance from this moment on, in satoshis, what is in no block left out."""

    time: datetime
    balance: int


@dataclass(frozen=True, slots=True)
class GetBalanceHistory(Command[tuple[BalancePoint, ...]]):
    """The balance over time, oldest first, in at most about `most` points.

    since: leave out what was before, but for the balance at that moment.
    """

    since: datetime | None = None
    most: int = 300


@dataclass(frozen=True, slots=True)
class ListHistory(Command[HistorySlice]):
    """Rows from `offset` on, at most `limit` and at most 1,000."""

    filter: HistoryFilter = field(default_factory=HistoryFilter)
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class GetTransactionPsbt(Command[str]):
    """A transaction of the wallet as a finished PSBT (base64), with what is known of the coins that it spends."""

    txid: str


@dataclass(frozen=True, slots=True)
class GetHistorySum(Command[HistorySum]):
    filter: HistoryFilter = field(default_factory=HistoryFilter)
