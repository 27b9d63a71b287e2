"""Search from anywhere: payments, addresses, coins and people, found while one types."""

import asyncio

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import row
from wallet.ui.design.metrics import Space
from wallet.ui.models.filters import query_of
from wallet.ui.models.hits import HitModel
from wallet.ui.pages.historyfilter import TYPING_MS
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.text import translate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.label import note
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.table import Table

MOST = 50
ROW_HEIGHT = 60
"""Three lines: an address is never cut."""


class SearchBox(QLineEdit):
    """`down` is sent for the arrow key that leads to the hits."""

    down = Signal()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.down.emit()
        else:
            super().keyPressEvent(event)


class SearchDialog(ToolDialog):
    """Return opens the first hit, or the one that the arrow keys chose; then the dialog closes."""

    chosen = Signal(object)
    """A hit that was opened."""
    listed = Signal(str)
    """All payments that the text finds are to be listed."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, translate("Search"), parent)
        self.box = SearchBox()
        self.box.setMaxLength(200)
        self.box.setClearButtonEnabled(True)
        self.box.setPlaceholderText(self.tr("Label, name, address, id, amount or date"))
        self.box.setAccessibleName(self.tr("Search"))
        self.model = HitModel(context.preferences, self)
        self.table = Table(self.model, self.tr("Hits"))
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.problem = Message()
        self.words = note()
        self.in_history = Button(self.tr("Show the payments in the &history"), "quiet", "history")
        self._frame = frame("card", row(self.table, margin=Space.SMALL))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TYPING_MS)
        self._asking: asyncio.Task[None] | None = None
        self._answered = ""
        self._open_first = False
        self.body.addWidget(self.box)
        self.body.addWidget(self.problem)
        self.body.addWidget(self.words)
        self.body.addWidget(self._frame, 1)
        self.body.addLayout(row(self.in_history, None))
        self.box.setFocus()
        self._connect()
        self._show("", api.SearchAnswer((), more=False))

    def _connect(self) -> None:
        self.box.textChanged.connect(self._typed)
        self.box.returnPressed.connect(self._return)
        self.box.down.connect(self._to_hits)
        self._timer.timeout.connect(self._ask)
        self.table.opened.connect(self._open)
        self.in_history.clicked.connect(self._list)

    def _typed(self) -> None:
        self._open_first = False
        self._timer.start()

    def _return(self) -> None:
        """Open the first hit, once there is an answer to what stands in the box."""
        if self._answered == self.box.text():
            self._open_if_any()
        else:
            self._open_first = True
            self._ask()

    def _ask(self) -> None:
        self._timer.stop()
        if self._asking is not None:
            self._asking.cancel()
        self._asking = self.begin(self._search(self.box.text()), self._failed)

    async def _search(self, text: str) -> None:
        found = await self.context.bridge.run(api.Search(query_of(text), MOST))
        if text == self.box.text():
            self._show(text, found)
            if self._open_first:
                self._open_if_any()

    def _failed(self, error: api.WrenError) -> None:
        self.problem.say(error.message, "error")

    def _show(self, text: str, found: api.SearchAnswer) -> None:
        self.problem.clear()
        self._answered = text
        self.table.show_rows(found.hits)
        if not text.strip():
            words = self.tr("Type part of what you remember. Return opens the first hit.")
        elif not found.hits:
            words = self.tr("Nothing in this wallet fits.")
        else:
            words = self.tr("These are the first; type more to find fewer.") if found.more else ""
        self.words.show_or_hide(words)
        self._frame.setVisible(bool(found.hits))
        self.in_history.setVisible(bool(found.hits))

    def _open_if_any(self) -> None:
        if self.model.rows:
            self._open(self.model.rows[0])

    def _open(self, hit: api.SearchHit) -> None:
        self.close()
        self.chosen.emit(hit)

    def _list(self) -> None:
        text = self.box.text()
        self.close()
        self.listed.emit(text)

    def _to_hits(self) -> None:
        if self.model.rows:
            self.table.setFocus(Qt.FocusReason.TabFocusReason)
            self.table.selectRow(0)
