"""All payments, newest first: to look through, to label, to open and to export."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLocale, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.feed import HistoryFeed
from wallet.ui.models.filters import Days
from wallet.ui.models.history import Column, HistoryModel
from wallet.ui.models.table import shown_amount
from wallet.ui.pages.historyfilter import HistoryFilters
from wallet.ui.pages.page import Page
from wallet.ui.preferences import Preferences
from wallet.ui.text import translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.inlinelabel import LabelDelegate
from wallet.ui.widgets.label import caption, note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.table import Table


def sum_words(found: api.HistorySum, preferences: Preferences) -> str:
    """How many payments, and what they come to."""
    count = translate("1 payment") if found.count == 1 else translate("{n} payments")
    parts = [count.format(n=QLocale().toString(found.count))]
    if found.received:
        parts.append(translate("received {amount}").format(amount=shown_amount(found.received, preferences)))
    if found.sent:
        parts.append(translate("sent {amount}").format(amount=shown_amount(found.sent, preferences)))
    if found.received and found.sent:
        total = shown_amount(found.received - found.sent, preferences, signed=True)
        parts.append(translate("together {amount}").format(amount=total))
    if found.void:
        parts.append(translate("{n} replaced or abandoned, not counted").format(n=QLocale().toString(found.void)))
    return " · ".join(parts)


class HistoryPage(Page):
    """The rows come from the engine as they are looked at, so that it is there at once however long it is."""

    KINDS = frozenset(("history", "labels", "contacts"))
    opened = Signal(str)
    people = Signal()
    """The list of contacts is to be shown."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, 1200)
        self.model = HistoryModel(context.preferences, self)
        self.feed = HistoryFeed(context.bridge, self.model)
        self.filters = HistoryFilters()
        self.table = Table(self.model, self.tr("Payments"))
        self.editing = LabelDelegate(self.table)
        self.table.setItemDelegateForColumn(Column.LABEL, self.editing)
        self.verify = Button(self.tr("&Verify a proof file…"), "quiet", "shield")
        self.contacts = Button(self.tr("&Contacts…"), "quiet", "peers")
        self.export = BusyButton(self.tr("E&xport all…"), "quiet")
        self.message = Message()
        self.sum = caption()
        self.empty = note()
        self.show_all = Button(self.tr("&Show all payments"), "quiet")
        self._found: api.HistorySum | None = None
        self._held = False
        self._chosen = ""
        self._frame = frame("card", column(self.table, margin=Space.SMALL))
        self._nothing = box(column(self.empty, row(self.show_all, None)))
        self._lay_out()
        self._connect()
        self._add_actions()

    def _lay_out(self) -> None:
        tools = QWidget()
        tools.setLayout(Wrapping(self.contacts, self.verify, self.export))
        tools.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.body.addLayout(row(title(self.tr("History")), None, tools))
        self.body.addWidget(self.message)
        self.body.addWidget(self.filters)
        self.body.addWidget(self._nothing)
        self.body.addWidget(self._frame, 1)
        self.body.addWidget(self.sum)
        self.body.addStretch(0)  # where there is no table, the room is at the foot
        self._nothing.hide()
        self._frame.hide()

    def _connect(self) -> None:
        self.table.opened.connect(lambda row: self.opened.emit(row.txid))
        self.table.selectionModel().selectionChanged.connect(self._remember_chosen)
        self.model.labelled.connect(self._keep_label)
        self.editing.closeEditor.connect(self._edited)
        self.filters.changed.connect(self._filter)
        self.feed.listed.connect(self._listed)
        self.feed.summed.connect(self._summed)
        self.feed.failed.connect(lambda text: self.problem.say(text, "error"))
        self.show_all.clicked.connect(self.filters.clear)
        self.export.clicked.connect(self._ask_export)
        self.verify.clicked.connect(self._ask_proof)
        self.contacts.clicked.connect(self.people)
        self.context.preferences.changed.connect(lambda: self._summed(self._found))

    def _add_actions(self) -> None:
        """What can be done with the chosen payment: by the context menu and by keys."""
        edit = QAction(self.tr("Edit the &label"), self.table)
        edit.setShortcut(QKeySequence(Qt.Key.Key_F2))
        edit.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        edit.triggered.connect(self.edit_label)
        show = QAction(self.tr("&Open"), self.table)
        show.triggered.connect(lambda: self._with_chosen(self.opened.emit))
        copy = QAction(self.tr("&Copy the transaction id"), self.table)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(lambda: self._with_chosen(self.context.clipboard.copy))
        self.table.addActions((show, edit, copy))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.setToolTip(self.tr("Return opens a payment, F2 edits its label"))

    # --- what is shown ---

    @override
    async def load(self) -> None:
        self._held = self.editing.is_open  # an answer now would take away what is being typed
        if not self._held:
            self.feed.renew()

    @override
    def leave(self) -> None:
        super().leave()
        self.feed.leave()

    def _filter(self) -> None:
        wanted = self.filters.value()
        if wanted != self.feed.wanted:
            some_days = wanted.since is not None or wanted.until is not None
            self.export.rename(self.tr("E&xport these days…") if some_days else self.tr("E&xport all…"))
            self._summed(None)
            self.feed.show(wanted)

    def _keep_chosen(self) -> None:
        """After a change the same payment is chosen, or none: no label shall go to another one."""
        index, chosen = self.table.currentIndex(), self._chosen
        if not chosen or (self.model.is_here(index) and self.model.row_at(index).txid == chosen):
            return
        self.table.setCurrentIndex(QModelIndex())
        self.table.clearSelection()
        self.table.choose(chosen)

    def _remember_chosen(self) -> None:
        rows = self.table.selected()
        self._chosen = rows[0].txid if rows else ""

    def _listed(self, count: int) -> None:
        self._keep_chosen()
        is_all = self.feed.wanted == api.HistoryFilter()
        self.empty.setText(
            self.tr("No payments yet. What you receive and send will stand here, with its proof.")
            if is_all
            else self.tr("No payment fits. Choose other days, or look for something else.")
        )
        self.show_all.setVisible(not is_all)
        self._nothing.setVisible(not count)
        self._frame.setVisible(bool(count))
        self.sum.setVisible(bool(count))
        self.filters.setVisible(bool(count) or not is_all)
        self.export.setVisible(bool(count) or not is_all)

    def _summed(self, found: api.HistorySum | None) -> None:
        self._found = found
        self.sum.setText(self.tr("Looking…") if found is None else sum_words(found, self.context.preferences))

    def look_for(self, text: str) -> None:
        """Show what a text finds, or only go to where it is typed."""
        if text:
            self.filters.look_for(text)
        self.filters.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filters.search.selectAll()

    # --- labels ---

    def edit_label(self) -> None:
        """Type a label for the chosen payment where it stands."""
        index = self.table.currentIndex()
        if self.model.is_here(index):
            self.table.edit(self.model.index(index.row(), Column.LABEL))

    def _edited(self) -> None:
        if self._held:
            self.refresh()

    def _keep_label(self, txid: str, text: str) -> None:
        self.context.bridge.start(self._label(txid, text), lambda error: self.problem.say(error.message, "error"))

    async def _label(self, txid: str, text: str) -> None:
        await self.context.bridge.run(api.SetLabel("tx", txid, text))

    def _with_chosen(self, use: Callable[[str], object]) -> None:
        for chosen in self.table.selected():
            use(chosen.txid)

    # --- files ---

    def _ask_proof(self) -> None:
        kinds = self.tr("Proofs (*.json)")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Verify a proof file"), "", kinds)
        if path:
            self.verify_proof(Path(path))

    def verify_proof(self, path: Path) -> None:
        """Judge a proof that somebody sent, of whatever payment."""
        from wallet.ui.pages.proof import ProofFileDialog

        ProofFileDialog(self.context, path, self).show()

    def _ask_export(self) -> None:
        days = self.filters.days(datetime.now().astimezone().date())
        name = "history.csv" if days == Days() else f"history-{days.first or ''}-{days.last or ''}.csv"
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export the payments"), name, self.tr("Tables for spreadsheets (*.csv)")
        )
        if path:
            self.export.start(self.tr("Writing…"))
            self.context.bridge.start(self.save(Path(path), days), self._not_saved)

    async def save(self, path: Path, days: Days) -> None:
        """Write the payments of some days; the file dialog has asked before another file is overwritten."""
        done = await self.context.bridge.run(api.ExportHistory(str(path), days.first, days.last, overwrite=True))
        self.export.stop()
        count = self.tr("1 payment is") if done.rows == 1 else self.tr("{n} payments are")
        text = self.tr("{count} in {path}. Days and times in the file are UTC.")
        self.message.say(text.format(count=count.format(n=QLocale().toString(done.rows)), path=done.file), "good")

    def _not_saved(self, error: api.WrenError) -> None:
        self.export.stop()
        self.message.say(error.message, "error")
