"""A table of rows: whole rows are chosen, Return or a double click opens one, Tab leaves it."""

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from wallet.override import override
from wallet.ui.models.table import ICON_SIZE, TableModel

ROW_HEIGHT: Final = 44
USUAL_DIGITS: Final = 80
"""How wide ten digits are at most where fonts are not large: widths are meant for that, and grow with larger ones."""
NARROW: Final = 640
"""Below this width columns take their narrow widths, and those without one are left out."""


class Table(QTableView):
    """`opened` carries the row; the model's columns say how wide each is."""

    opened = Signal(object)

    def __init__(self, model: TableModel[Any], name: str, many: bool = False) -> None:
        super().__init__()
        self._rows = model
        self.setModel(model)
        self.setAccessibleName(name)
        selection = QAbstractItemView.SelectionMode
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(selection.ExtendedSelection if many else selection.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.setMinimumHeight(260)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)  # nothing happens there, and what is chosen is not looked through for it
        header.setMinimumSectionSize(60)
        for section, column in enumerate(model.columns):
            if not column.width:
                header.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        self.activated.connect(self._open)

    def selected(self) -> list[Any]:
        """The chosen rows, from the top, as far as they are here."""
        selection = self.selectionModel().selection()
        ranges = [selection.at(number) for number in range(selection.count())]
        return self._rows.rows_at(sorted({n for some in ranges for n in range(some.top(), some.bottom() + 1)}))

    def choose(self, key: str) -> None:
        """Select the row of this key, if it is shown."""
        place = self._rows.place_of(key)
        if place is not None:
            self.selectRow(place)

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Show other rows. What stays is chosen as before, and the view stays where it is."""
        kept = {self._rows.key_of(row) for row in self.selected()}
        focus = self.currentIndex()
        current = self._rows.key_of(self._rows.row_at(focus)) if focus.isValid() else ""
        at = self.verticalScrollBar().value()
        before = self._rows.keys
        self._rows.set_rows(rows)
        if self._rows.keys == before:
            return
        places = self._rows.places()
        chosen = self._selection(sorted(places[key] for key in kept & places.keys()))
        flags = QItemSelectionModel.SelectionFlag
        if current in places:
            self.selectionModel().setCurrentIndex(self._rows.index(places[current], 0), flags.NoUpdate)
        self.selectionModel().select(chosen, flags.ClearAndSelect)
        self.verticalScrollBar().setValue(at)

    def _selection(self, places: list[int]) -> QItemSelection:
        """Rows as a selection; those that follow one another as one range, or many would take long."""
        selection, last = QItemSelection(), len(self._rows.columns) - 1
        start = 0
        for at, place in enumerate(places):
            if at + 1 == len(places) or places[at + 1] != place + 1:
                selection.select(self._rows.index(places[start], 0), self._rows.index(place, last))
                start = at + 1
        return selection

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        scale = max(1.0, self.fontMetrics().horizontalAdvance("0" * 10) / USUAL_DIGITS)
        narrow = self.width() < NARROW * scale
        for section, column in enumerate(self._rows.columns):
            if column.width:
                width = round((column.narrow if narrow else column.width) * scale)
                self.setColumnHidden(section, not width)
                self.horizontalHeader().resizeSection(section, width)

    def _open(self, index: QModelIndex) -> None:
        if self._rows.is_here(index):
            self.opened.emit(self._rows.row_at(index))
