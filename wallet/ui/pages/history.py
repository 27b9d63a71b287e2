"""All payments, newest first."""

from PySide6.QtCore import Signal

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.history import HistoryModel
from wallet.ui.pages.page import Page
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.table import Table

FIRST_ROWS = 200


class HistoryPage(Page):
    """The newest payments, and all of them when asked for."""

    KINDS = frozenset(("history", "labels"))
    opened = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context, 1200)
        self.model = HistoryModel(context.preferences, self)
        self.table = Table(self.model, self.tr("Payments"))
        self.table.opened.connect(lambda row: self.opened.emit(row.txid))
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
