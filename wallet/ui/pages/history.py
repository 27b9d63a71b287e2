"""All payments, newest first."""

from PySide6.QtCore import QModelIndex, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.history import Column, HistoryModel
from wallet.ui.pages.page import Page
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.label import note, title

ROW_HEIGHT = 44
NARROW = 640
FIRST_ROWS = 200
_WIDTHS = {Column.TIME: 150, Column.STATUS: 210, Column.AMOUNT: 190}
_NARROW_WIDTHS = {Column.TIME: 104, Column.STATUS: 210, Column.AMOUNT: 140}


class HistoryTable(QTableView):
    """Enter or a double click opens a payment; Tab leaves the table."""

    opened = Signal(str)

    def __init__(self, model: HistoryModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setAccessibleName(self.tr("Payments"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setIconSize(QSize(18, 18))
        self.setMinimumHeight(260)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(Column.LABEL, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(90)
        self.activated.connect(self._open)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the status keeps its icon, beside the label, and loses its words."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self.setColumnHidden(Column.STATUS, narrow)
        for section, width in (_NARROW_WIDTHS if narrow else _WIDTHS).items():
            self.horizontalHeader().resizeSection(section, width)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self._model.row_at(index).txid)


class HistoryPage(Page):
    """The newest payments, and all of them when asked for."""

    KINDS = frozenset(("history", "labels"))
    opened = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context, 1200)
        self.model = HistoryModel(context.preferences, self)
        self.table = HistoryTable(self.model)
        self.table.opened.connect(self.opened)
        self.empty = note(self.tr("No payments yet. What you receive and send will stand here, with its proof."))
        self.more = Button(self.tr("Show &all payments"), "quiet")
        self._limit: int | None = FIRST_ROWS
        self.more.clicked.connect(self._show_all)
        self._frame = frame("card", column(self.table, margin=Space.SMALL))
        self.body.addWidget(title(self.tr("History")))
        self.body.addWidget(self.empty)
        self.body.addWidget(self._frame, 1)
        self.body.addLayout(row(self.more, None))
        self._frame.hide()
        self.more.hide()

    @override
    async def load(self) -> None:
        rows = await self.context.bridge.run(api.GetHistory(self._limit))
        self.model.set_rows(rows)
        self.empty.setVisible(not rows)
        self._frame.setVisible(bool(rows))
        self.more.setVisible(len(rows) == self._limit)

    def _show_all(self) -> None:
        self._limit = None
        self.refresh()
