"""What is new in a history since it was looked at before: the rule behind notifications, without a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from wallet.engine import api
from wallet.ui.text import Unit, format_amount, safe_text, translate

NewsKind = Literal["received", "confirmed", "replaced"]
RECENT: Final = timedelta(days=14)
"""What is in a block older than this was found by a search, and is news to nobody."""
MANY: Final = 3
"""So many are told one by one; more are told as a number."""

Seen = Mapping[str, tuple[api.TransactionStatus, bool]]
"""Of each payment by its id: its status, and whether it was proven."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a payment. amount: net to the wallet, satoshis."""

    kind: NewsKind
    txid: str
    amount: int
    label: str = ""
    proven: bool = False


def seen(rows: Sequence[api.HistoryRow]) -> Seen:
    """What to keep of a history until the next look."""
    return {row.txid: (row.status, row.proven) for row in rows}


def what_is_new(before: Seen, rows: Sequence[api.HistoryRow], now: datetime) -> tuple[News, ...]:
    """What happened between two looks, the oldest first.

    Not told: what the user did with this window, what a search found in old blocks, and tiny coins that strangers
    strew, which want to be noticed.
    """
    found = (_of(before.get(row.txid), row, now) for row in reversed(rows))
    return tuple(news for news in found if news is not None)


def _of(before: tuple[api.TransactionStatus, bool] | None, row: api.HistoryRow, now: datetime) -> News | None:
    if row.warning == "dust_gift" or (row.time is not None and now - row.time > RECENT):
        return None
    proven = row.proven and row.status in ("confirmed", "immature")
    kind: NewsKind | None = None
    if before is None:
        kind = "received" if row.amount > 0 and row.status in ("pending", "confirmed", "immature") else None
    elif row.status == "replaced" and before[0] != "replaced":
        kind = "replaced"
    elif proven and not before[1]:
        kind = "confirmed"
    return None if kind is None else News(kind, row.txid, row.amount, row.label or row.about, proven)


# --- words ------------------------------------------------------------------------------------------------------------


def headline(news: Sequence[News], unit: Unit, hidden: bool) -> str:
    """One line of it. hidden: amounts are not to be shown."""
    if len(news) > 1:
        return translate("News of {n} payments").format(n=len(news))
    return _one(news[0], unit, hidden)


def details(news: Sequence[News], unit: Unit, hidden: bool) -> str:
    """What else there is to say, a line each."""
    if len(news) == 1:
        return safe_text(news[0].label)
    if len(news) > MANY:
        return translate("Look at the history to see them all.")
    return "\n".join(_one(entry, unit, hidden) for entry in news)


def _one(news: News, unit: Unit, hidden: bool) -> str:
    amount = translate("A payment") if hidden else format_amount(abs(news.amount), unit)
    if news.kind == "replaced":
        return translate("{amount}: replaced by another payment").format(amount=amount)
    if news.kind == "confirmed":
        if news.amount < 0:
            return translate("{amount} sent: in a block now, and proven").format(amount=amount)
        return translate("{amount} received: in a block now, and proven").format(amount=amount)
    if news.proven:
        return translate("{amount} received, and proven").format(amount=amount)
    return translate("{amount} on the way to you, unverified until a block has it").format(amount=amount)
