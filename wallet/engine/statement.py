"""The history as a CSV file that a spreadsheet or a tax office can read, whole or for a period.

Oldest first, times in UTC, amounts in satoshis and in bitcoins, the balance after each row. What is a text begins with
no character that a spreadsheet takes for a formula, and is quoted, so that no separator in it begins a new cell.
"""

import csv
import io
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from wallet.bitcoin.amount import Sats, format_btc
from wallet.engine import api
from wallet.engine.files import write_export
from wallet.engine.network import Network
from wallet.engine.rates import Rate, RateError, Rates
from wallet.engine.session import Session
from wallet.ledger.history import HistoryEntry, Status

COLUMNS: Final = (
    *("time", "txid", "status", "height", "amount_sat", "amount_btc", "fee_sat", "fee_btc"),
    *("balance_sat", "balance_btc", "label", "replaced_by"),
)
_FORMULA = re.compile(r"[\s\x00-\x20]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]")
_OUT: Final = frozenset({Status.REPLACED, Status.ABANDONED})

Handler = Callable[[Any], Awaitable[object]]
Row = list[object]


class Statements:
    """The command that writes the history to a file."""

    def __init__(self, network: Network, rates: Rates, session: Callable[[], Session]) -> None:
        self._network = network
        self._rates = rates
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {api.ExportHistory: self.export}

    async def export(self, command: api.ExportHistory) -> api.Statement:
        if command.since and command.until and command.since > command.until:
            raise api.WrenError("refused", f"{command.since} comes after {command.until}: nothing lies between them")
        session = self._session()
        rate = await self._rate()
        entries = session.ledger.history(self._network.tip_height)[::-1]
        entries.sort(key=lambda entry: entry.time)
        paper = _Paper(command.since, command.until, rate)
        paper.write(entries)
        write_export(command.path, paper.text().encode(), _is_statement, overwrite=command.overwrite)
        return api.Statement(command.path, paper.rows, paper.opening, paper.balance)

    async def _rate(self) -> Rate | None:
        try:
            return await self._rates.current()
        except RateError as error:
            message = f"the statement would lack its fiat column: {error} (`wren rate off` leaves it out)"
            raise api.WrenError("refused", message) from error


class _Paper:
    """A statement as it is written. balance: after the last row that was passed."""

    def __init__(self, since: date | None, until: date | None, rate: Rate | None) -> None:
        self._since = None if since is None else datetime.combine(since, time.min, UTC)
        self._until = None if until is None else datetime.combine(until, time(23, 59, 59), UTC)
        self._rate = rate
        self._file = io.StringIO(newline="")
        self._csv = csv.writer(self._file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        self.rows = 0
        self.opening: Sats = 0
        self.balance: Sats = 0

    def text(self) -> str:
        return self._file.getvalue()

    def write(self, entries: list[HistoryEntry]) -> None:
        """The whole statement of all entries, given oldest first."""
        fiat = () if self._rate is None else _fiat_columns(self._rate)
        self._csv.writerow([*COLUMNS, *fiat])
        entries = [entry for entry in entries if self._until is None or entry.time <= self._until.timestamp()]
        before = [entry for entry in entries if self._since is not None and entry.time < self._since.timestamp()]
        self.balance = self.opening = sum(entry.amount for entry in before if entry.status not in _OUT)
        if self._since is not None:
            self._csv.writerow(self._mark("opening", self._since))
        for entry in entries[len(before) :]:
            self.balance += 0 if entry.status in _OUT else entry.amount
            self._csv.writerow(self._row(entry))
            self.rows += 1
        if self._until is not None:
            self._csv.writerow(self._mark("closing", self._until))

    def _row(self, entry: HistoryEntry) -> Row:
        return [
            _iso(datetime.fromtimestamp(entry.time, UTC)),
            str(entry.txid),
            entry.status.value,
            _or_empty(entry.height),
            entry.amount,
            format_btc(entry.amount),
            _or_empty(entry.fee),
            "" if entry.fee is None else format_btc(entry.fee),
            self.balance,
            format_btc(self.balance),
            safe_cell(entry.label),
            "" if entry.replaced_by is None else str(entry.replaced_by),
            *self._fiat(entry.amount),
        ]

    def _mark(self, word: str, when: datetime) -> Row:
        money = self.balance, format_btc(self.balance)
        return [_iso(when), "", word, "", "", "", "", "", *money, "", "", *self._fiat(None)]

    def _fiat(self, amount: Sats | None) -> Iterator[object]:
        if self._rate is not None:
            yield "" if amount is None else str(self._rate.worth(amount))
            yield str(self._rate.worth(self.balance))
            yield format(self._rate.value, "f")
            yield _iso(self._rate.time)


def _fiat_columns(rate: Rate) -> tuple[str, ...]:
    """All rows are reckoned at one rate, which is not the rate of their day: so its time stands beside each."""
    return (
        f"amount_{rate.currency}_at_rate",
        f"balance_{rate.currency}_at_rate",
        f"rate_{rate.currency}_per_btc",
        "rate_time",
    )


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, on one line, without characters that do not show."""
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _or_empty(value: int | None) -> object:
    return "" if value is None else value


def _is_statement(head: bytes) -> bool:
    return head.startswith(b'"time","txid","status"')
