"""A table of any length: its rows come a page at a time, when they are looked at, and the oldest pages go again."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, TypeVar

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal

from wallet.override import override
from wallet.ui.models.table import Column, Index, TableModel
from wallet.ui.preferences import Preferences
from wallet.ui.text import translate

T = TypeVar("T")

PAGE: Final = 100
"""Rows of a page: some milliseconds of the window's loop."""
KEPT: Final = 30
"""So many pages stay; a screen shows two at the most."""
ASKED: Final = 4
"""So many missing pages are remembered: those that were scrolled past are not fetched."""


class PagedModel(TableModel[T]):
    """`missing` is sent when rows are looked at that are not there; `next_missing` then tells whose turn it is."""

    missing = Signal()

    def __init__(
        self,
        columns: Sequence[Column[T]],
        key: Callable[[T], str],
        preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:
        self._count = 0
        self._pages: OrderedDict[int, tuple[T, ...]] = OrderedDict()
        self._missing: list[int] = []
        super().__init__(columns, key, preferences, parent)

    # --- filling ---

    @override
    def set_rows(self, rows: Sequence[T]) -> None:
        """Show a list that is here as a whole."""
        pages = {number: rows[number * PAGE : (number + 1) * PAGE] for number in range(-(-len(rows) // PAGE))}
        self.show(len(rows), pages)

    def show(self, rows: int, pages: Mapping[int, Sequence[T]]) -> None:
        """Show another list of so many rows, of which some pages are here."""
        self.beginResetModel()
        self._take(rows, pages)
        self.endResetModel()

    def renew(self, rows: int, pages: Mapping[int, Sequence[T]]) -> None:
        """Show the same list after a change. What it is longer by is taken to be at its top."""
        more = rows - self._count
        if more < 0:
            self.show(rows, pages)
            return
        if more:
            self.beginInsertRows(QModelIndex(), 0, more - 1)
        self._take(rows, pages)
        if more:
            self.endInsertRows()
        self._repaint()

    def _take(self, rows: int, pages: Mapping[int, Sequence[T]]) -> None:
        self._count = rows
        self._missing.clear()
        self._pages = OrderedDict((number, tuple(page)) for number, page in pages.items())

    def put(self, number: int, rows: Sequence[T]) -> None:
        """A page that was missing."""
        if number in self._missing:
            self._missing.remove(number)
        self._pages[number] = tuple(rows)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        first, last = number * PAGE, min(self._count, (number + 1) * PAGE) - 1
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    # --- asking ---

    def next_missing(self) -> int | None:
        """The page that was looked at last and is not there."""
        return self._missing[-1] if self._missing else None

    def give_up(self) -> None:
        """What is missing did not come: it is missed again when it is looked at again."""
        self._missing.clear()

    def recent(self, most: int = 2) -> list[int]:
        """The pages that were looked at last."""
        return sorted(list(self._pages)[-most:])

    @property
    @override
    def rows(self) -> tuple[T, ...]:
        """The first rows, as far as they are here."""
        here = takewhile(self._pages.__contains__, range(self._count))
        return tuple(row for number in here for row in self._pages[number])

    def _page(self, row: int) -> tuple[T, ...] | None:
        number = row // PAGE
        page = self._pages.get(number)
        if page is None:
            self._miss(number)
            return None
        self._pages.move_to_end(number)
        return page if row % PAGE < len(page) else None

    def _miss(self, number: int) -> None:
        if self._missing and self._missing[-1] == number:
            return
        if number in self._missing:
            self._missing.remove(number)
        self._missing.append(number)
        del self._missing[:-ASKED]
        self.missing.emit()

    @override
    def row_at(self, index: Index) -> T:
        """A row that is here. Raises LookupError for one that is still to come."""
        page = self._page(index.row())
        if page is None:
            raise LookupError(index.row())
        return page[index.row() % PAGE]

    @override
    def is_here(self, index: Index) -> bool:
        return index.isValid() and self._page(index.row()) is not None

    @override
    def rows_at(self, places: Sequence[int]) -> list[T]:
        here = (self.index(place, 0) for place in places)
        return [self.row_at(index) for index in here if self.is_here(index)]

    @override
    def place_of(self, key: str) -> int | None:
        """The number of the row with this key, if it is here."""
        for number, page in self._pages.items():
            for at, row in enumerate(page):
                if self._key(row) == key:
                    return number * PAGE + at
        return None

    @override
    def _repaint(self) -> None:
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(self.columns) - 1))

    @override
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.is_here(index):
            return self._blank(index, role) if index.isValid() else None
        return super().data(index, role)

    def _blank(self, index: Index, role: int) -> str | None:
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return translate("still to come")
        is_wide = not self.columns[index.column()].width
        return "…" if is_wide and role == Qt.ItemDataRole.DisplayRole else None
