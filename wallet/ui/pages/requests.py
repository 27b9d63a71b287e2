"""The list of requests for payment, newest first, each with its state in words."""

from datetime import UTC, datetime

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QCheckBox, QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.models.requests import next_expiry, request_model
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.table import Table

_LONGEST_WAIT_MS = 24 * 60 * 60 * 1000


class RequestList(QWidget):
    """`opened` carries a request; `archive` one to be put away or taken back; `stale`: time alone changed a state."""

    opened = Signal(object)
    archive = Signal(object)
    stale = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.model = request_model(context.preferences, self)
        self.table = Table(self.model, self.tr("Requests"))
        self.show_away = QCheckBox(self.tr("Show those put a&way"))
        self.empty = note(
            self.tr("None yet. Give a label or an amount above and make a request: what becomes of it will stand here.")
        )
        self._frame = frame("card", column(self.table, margin=Space.SMALL))
        self._frame.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.stale)
        self.setLayout(column(section(self.tr("Requests")), self.show_away, self.empty, self._frame))
        self.table.opened.connect(self.opened)
        self.show_away.toggled.connect(self.stale)
        self._add_actions()

    def _add_actions(self) -> None:
        """By the context menu and by keys: Return opens."""
        show = QAction(self.tr("&Open"), self.table)
        show.triggered.connect(lambda: self._emit_chosen(self.opened))
        away = QAction(self.tr("&Put away, or take back"), self.table)
        away.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        away.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        away.triggered.connect(lambda: self._emit_chosen(self.archive))
        self.table.addActions((show, away))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.setToolTip(self.tr("Return opens a request, Delete puts it away"))

    def _emit_chosen(self, signal: SignalInstance) -> None:
        for chosen in self.table.selected():
            signal.emit(chosen)

    async def load(self) -> None:
        """Ask for the requests anew."""
        away = self.show_away.isChecked()
        rows = await self._context.bridge.run(api.GetRequests(archived=away))
        self.model.set_rows(rows)
        self._frame.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        end = next_expiry(rows)
        self._timer.stop()
        if end is not None:
            wait = round((end - datetime.now(UTC)).total_seconds() * 1000) + 1_000
            self._timer.start(max(1_000, min(wait, _LONGEST_WAIT_MS)))
