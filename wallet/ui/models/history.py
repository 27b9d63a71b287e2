"""The history as a table: newest first, spoken in full, amounts in the unit that the user chose."""

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from wallet.engine import api
from wallet.override import override
from wallet.ui.design import icons
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Type, figure_font
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_amount, format_time, safe_text, spoken_amount, translate
from wallet.ui.widgets.amount import HIDDEN

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Column(IntEnum):
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
        case "pending" if row.amount < 0:
            return (
                translate("Sent, seen by {n} peers").format(n=row.seen_by)
                if row.seen_by
                else translate("Sent, waiting")
            )
        case "pending":
            return translate("Unverified, seen by {n} peers").format(n=row.seen_by)
        case "local":
            return translate("Not sent yet")
        case "replaced":
            return translate("Replaced by another")
        case "abandoned":
            return translate("Abandoned")


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
    """The label, or what kind of payment it is."""
    if row.label:
        return safe_text(row.label)
    return translate("Received") if row.amount >= 0 else translate("Sent")


class HistoryModel(QAbstractTableModel):
    """Rows as the engine gave them."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._rows: tuple[api.HistoryRow, ...] = ()
        self._figures = figure_font(Type.BODY)
        preferences.changed.connect(self._repaint)

    def set_rows(self, rows: Sequence[api.HistoryRow]) -> None:
        """Show other rows; rows that stay in place keep their selection."""
        new = tuple(rows)
        if [row.txid for row in new] == [row.txid for row in self._rows]:
            self._rows = new
            self._repaint()
            return
        self.beginResetModel()
        self._rows = new
        self.endResetModel()

    def row_at(self, index: Index) -> api.HistoryRow:
        return self._rows[index.row()]

    def _repaint(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(Column) - 1))

    @override
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(Column)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section == Column.AMOUNT else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("Date"), self.tr("Label"), self.tr("Status"), self.tr("Amount"))[section]

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(row, column)
            case Qt.ItemDataRole.DecorationRole if column is Column.LABEL:
                name, role_name = status_icon(row)
                return icons.icon(name, colour(role_name), 18)
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.AMOUNT:
                return _RIGHT
            case Qt.ItemDataRole.FontRole if column in (Column.AMOUNT, Column.TIME):
                return self._figures
            case Qt.ItemDataRole.ForegroundRole:
                return self._foreground(row, column)
            case _:
                return None

    def _text(self, row: api.HistoryRow, column: Column) -> str:
        match column:
            case Column.TIME:
                return format_time(row.time) if row.time else self.tr("waiting")
            case Column.LABEL:
                return title_of(row)
            case Column.STATUS:
                return status_words(row)
            case Column.AMOUNT:
                unit = self._preferences.unit
                return f"{HIDDEN} {unit}" if self._preferences.hidden else format_amount(row.amount, unit, signed=True)

    def _spoken(self, row: api.HistoryRow, column: Column) -> str:
        if column is not Column.AMOUNT:
            return self._text(row, column)
        if self._preferences.hidden:
            return self.tr("amount hidden")
        kind = self.tr("received {amount}") if row.amount >= 0 else self.tr("sent {amount}")
        return kind.format(amount=spoken_amount(abs(row.amount), self._preferences.unit))

    def _foreground(self, row: api.HistoryRow, column: Column) -> QColor | None:
        if row.status in ("replaced", "abandoned"):
            return colour("muted")
        if column is Column.AMOUNT and row.amount > 0:
            return colour("accent")
        return colour("muted") if column in (Column.TIME, Column.STATUS) else None
