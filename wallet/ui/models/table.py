"""Tables of rows as the engine gave them: what a column shows and how it is spoken is told by functions of a row."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from wallet.bitcoin.amount import Sats
from wallet.override import override
from wallet.ui.design import icons
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Type, code_font, figure_font
from wallet.ui.preferences import Preferences
from wallet.ui.text import NO_BREAK, format_amount, spoken_amount, translate
from wallet.ui.widgets.amount import HIDDEN

Index = QModelIndex | QPersistentModelIndex
T = TypeVar("T")

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
ICON_SIZE = 18
_SATOSHIS: Final = re.compile(r"\b(\d+) satoshis\b(?! per)")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column. text: what is shown, already safe; spoken: for screen readers, where that differs from it.

    icon: name and colour role; tone: the colour role of a cell, "" for the usual one; width: in logical pixels, 0 for
    the one column that takes what is left; narrow: its width where the table is narrow, 0 to leave it out there.
    """

    name: str
    text: Callable[[T], str]
    width: int = 0
    narrow: int = 0
    spoken: Callable[[T], str] | None = None
    icon: Callable[[T], tuple[str, str]] | None = None
    tone: Callable[[T], str] | None = None
    right: bool = False
    figures: bool = False
    code: bool = False


def shown_amount(sats: Sats | None, preferences: Preferences, signed: bool = False) -> str:
    """An amount as a cell shows it."""
    if sats is None:
        return ""
    unit = preferences.unit
    return f"{HIDDEN}{NO_BREAK}{unit}" if preferences.hidden else format_amount(sats, unit, signed)


def with_amounts(text: str, preferences: Preferences) -> str:
    """A sentence of the engine's with its amounts as all others are shown: in the user's unit, or hidden."""
    return _SATOSHIS.sub(lambda found: shown_amount(int(found[1]), preferences), text)


def said_amount(sats: Sats | None, preferences: Preferences) -> str:
    """An amount as a screen reader says it."""
    if sats is None:
        return ""
    return translate("amount hidden") if preferences.hidden else spoken_amount(sats, preferences.unit)


class TableModel(QAbstractTableModel, Generic[T]):
    """key: what tells rows apart; rows whose keys stay in place keep their selection."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        key: Callable[[T], str],
        preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key = key
        self._rows: tuple[T, ...] = ()
        self.keys: tuple[str, ...] = ()
        self._figures = figure_font(Type.BODY)
        self._code = code_font(Type.CAPTION)
        preferences.changed.connect(self._repaint)

    def set_rows(self, rows: Sequence[T]) -> None:
        """Show other rows."""
        new = tuple(rows)
        keys = tuple(map(self._key, new))
        if keys == self.keys:
            self._rows = new
            self._repaint()
            return
        self.beginResetModel()
        self._rows, self.keys = new, keys
        self.endResetModel()

    @property
    def rows(self) -> tuple[T, ...]:
        return self._rows

    def row_at(self, index: Index) -> T:
        return self._rows[index.row()]

    def is_here(self, index: Index) -> bool:
        """Whether there is such a row, and it can be read now."""
        return index.isValid()

    def rows_at(self, places: Sequence[int]) -> list[T]:
        """The rows of these numbers, as far as they are here."""
        return [self._rows[place] for place in places]

    def place_of(self, key: str) -> int | None:
        """The number of the row with this key."""
        return self.keys.index(key) if key in self.keys else None

    def key_of(self, row: T) -> str:
        return self._key(row)

    def places(self) -> dict[str, int]:
        """The number of each row by its key."""
        return {key: number for number, key in enumerate(self.keys)}

    def _repaint(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self.columns) - 1))

    @override
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if self.columns[section].right else LEFT
        return self.columns[section].name if role == Qt.ItemDataRole.DisplayRole else None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.row_at(index), self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return (column.spoken or column.text)(row)
            case Qt.ItemDataRole.DecorationRole if column.icon is not None:
                name, role_name = column.icon(row)
                return icons.icon(name, colour(role_name), ICON_SIZE) if name else None
            case Qt.ItemDataRole.TextAlignmentRole if column.right:
                return RIGHT
            case Qt.ItemDataRole.FontRole:
                return self._font(column)
            case Qt.ItemDataRole.ForegroundRole if column.tone is not None:
                tone = column.tone(row)
                return colour(tone) if tone else None
            case _:
                return None

    def _font(self, column: Column[T]) -> QFont | None:
        if column.code:
            return self._code
        return self._figures if column.figures else None
