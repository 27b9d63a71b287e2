"""The history as a table: newest first, spoken in full, amounts in the unit that the user chose."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from wallet.engine import api
from wallet.override import override
from wallet.ui.models import table
from wallet.ui.models.paged import PagedModel
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_time, safe_text, translate


class Column(IntEnum):
    """The columns by number."""

    TIME = 0
    LABEL = 1
    STATUS = 2
    AMOUNT = 3


def status_words(row: api.HistoryRow) -> str:
    """What stands of a transaction, in words that promise no more than is proven."""
    match row.status:
        case "confirmed":
            return translate("Confirmed, proven") if row.proven else translate("Confirmed, not proven")
        case "immature":
            return translate("Mined, not yet spendable")
        case "pending":
            return _waiting_words(row)
        case "local":
            return translate("Not sent yet")
        case "replaced":
            return translate("Replaced by another")
        case "abandoned":
            return translate("Abandoned")


def _waiting_words(row: api.HistoryRow) -> str:
    """Of a payment on its way: by how many peers it was announced."""
    if row.amount < 0:
        if not row.seen_by:
            return translate("Sent, waiting")
        one, more = translate("Sent, seen by 1 peer"), translate("Sent, seen by {n} peers")
    else:
        one, more = translate("Unverified, seen by 1 peer"), translate("Unverified, seen by {n} peers")
    return one if row.seen_by == 1 else more.format(n=row.seen_by)


def status_icon(row: api.HistoryRow) -> tuple[str, str]:
    """Icon and colour of a status; the words stand beside it."""
    match row.status:
        case "confirmed":
            return ("shield", "accent") if row.proven else ("check", "muted")
        case "replaced" | "abandoned":
            return "error", "muted"
        case "local":
            return "warning", "warning"
        case "pending" | "immature":
            return "clock", "warning"


def title_of(row: api.HistoryRow) -> str:
    """The label, or that of the address that was paid, or what kind of payment it is."""
    if words := row.label or row.about:
        return safe_text(words)
    if row.amount >= 0:
        return translate("Received")
    return translate("To be sent") if row.status == "local" else translate("Sent")


def _time(row: api.HistoryRow) -> str:
    return format_time(row.time) if row.time else translate("waiting")


def _is_out(row: api.HistoryRow) -> bool:
    return row.status in ("replaced", "abandoned")


class HistoryModel(PagedModel[api.HistoryRow]):
    """Rows as the engine gave them. `labelled` carries a txid and what was typed as its label."""

    labelled = Signal(str, str)

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        self._preferences = preferences
        super().__init__(self._columns(), lambda row: row.txid, preferences, parent)

    def _columns(self) -> tuple[table.Column[api.HistoryRow], ...]:
        return (
            table.Column(translate("Date"), _time, 150, 104, figures=True, tone=lambda _: "muted"),
            table.Column(
                translate("Label"), title_of, icon=status_icon, tone=lambda row: "muted" if _is_out(row) else ""
            ),
            table.Column(translate("Status"), status_words, 210, tone=lambda _: "muted"),
            table.Column(
                translate("Amount"),
                lambda row: table.shown_amount(row.amount, self._preferences, signed=True),
                190,
                140,
                spoken=self._spoken,
                tone=lambda row: "muted" if _is_out(row) else "accent" if row.amount > 0 else "",
                right=True,
                figures=True,
            ),
        )

    @override
    def flags(self, index: table.Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        can_be_edited = index.column() == Column.LABEL and self.is_here(index)
        return flags | Qt.ItemFlag.ItemIsEditable if can_be_edited else flags

    @override
    def data(self, index: table.Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.EditRole:
            return self.row_at(index).label if self.is_here(index) else ""
        return super().data(index, role)

    @override
    def setData(self, index: table.Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A label that was typed: it is shown once the engine has it."""
        if role != Qt.ItemDataRole.EditRole or not self.is_here(index):
            return False
        row, text = self.row_at(index), " ".join(str(value).split())
        if text != row.label:
            self.labelled.emit(row.txid, text)
        return True

    def _spoken(self, row: api.HistoryRow) -> str:
        said = table.said_amount(abs(row.amount), self._preferences)
        if self._preferences.hidden:
            return said
        return (translate("received {amount}") if row.amount >= 0 else translate("sent {amount}")).format(amount=said)
