"""The balance, what is on its way, and the last few payments."""

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.balance import as_of_words
from wallet.ui.models.history import status_icon, status_words, title_of
from wallet.ui.pages.balancechart import ChartBox
from wallet.ui.pages.page import Page
from wallet.ui.text import format_time
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button, icon_button
from wallet.ui.widgets.found import SearchCard
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, caption, note, section

LATEST = 5


class PaymentLine(QFrame):
    """One payment in a line, to be opened by a click or with the button at its end. It is made once and shows many."""

    opened = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.txid = ""
        self._amount = AmountLabel(context.preferences, Type.STRONG, signed=True)
        self._icon = Icon("clock", "muted")
        self._name = Label(wrap=True)
        self._when = caption()
        self.show_button = icon_button("forward", self.tr("Show this payment"))
        self.show_button.clicked.connect(lambda: self.opened.emit(self.txid))
        text = box(column(self._name, self._when, spacing=2))
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setLayout(column(line(), row(self._icon, text, self._amount, self.show_button)))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere on the line opens it; one that is dragged off it does not."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self.txid)

    def show_payment(self, entry: api.HistoryRow) -> None:
        self.txid = entry.txid
        self._icon.draw(*status_icon(entry))
        self._name.setText(title_of(entry))
        when = format_time(entry.time) if entry.time else self.tr("waiting")
        self._when.setText(f"{when} · {status_words(entry)}")
        self._amount.set_tone("accent" if entry.amount > 0 else "")
        self._amount.show_amount(entry.amount)


class OverviewPage(Page):
    """The first page after opening."""

    KINDS = frozenset(("history", "balance", "labels", "accounts"))
    receive = Signal()
    send = Signal()
    all_history = Signal()
    opened = Signal(str)
    restore = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.search = SearchCard(context)
        self.search.restore.connect(self.restore)
        self.balance = AmountLabel(context.preferences, Type.DISPLAY)
        self.balance.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.arriving = AmountLabel(context.preferences, Type.STRONG, "warning", signed=True)
        self.leaving = AmountLabel(context.preferences, Type.STRONG, "warning", signed=True)
        self.immature = AmountLabel(context.preferences, Type.STRONG)
        self.as_of = caption()
        self.chart = ChartBox(context)
        self.chart.turned.connect(self.refresh)
        self.chart.chart.said.connect(self.problem.say)
        self.send_button = Button(self.tr("Send"), "plain", "send")
        self.receive_button = Button(self.tr("Receive"), "primary", "receive")
        self.send_button.clicked.connect(self.send)
        self.receive_button.clicked.connect(self.receive)
        self._arriving_row = box(row(Icon("clock", "warning"), self.arriving, note(self.tr("arriving")), None))
        self._leaving_row = box(row(Icon("clock", "warning"), self.leaving, note(self.tr("leaving")), None))
        self._immature_row = box(
            row(Icon("clock", "muted"), self.immature, note(self.tr("mined, not yet spendable")), None)
        )
        self._latest = QVBoxLayout()
        self._latest.setSpacing(Space.MEDIUM)
        self._lines = [self._line() for _ in range(LATEST)]
        self._all = Button(self.tr("All payments"), "quiet")
        self._all.clicked.connect(self.all_history)
        self._empty = note(self.tr("Nothing yet. Your first address is ready under Receive; no need to wait."))
        self.body.addWidget(self.search)
        self.body.addWidget(self._balance_card())
        self.body.addWidget(card(row(section(self.tr("Latest payments")), None, self._all), self._empty, self._latest))
        self.body.addStretch(1)

    def _balance_card(self) -> QFrame:
        figures = column(
            caption(self.tr("Balance")),
            self.balance,
            self.as_of,
            self._arriving_row,
            self._leaving_row,
            self._immature_row,
            spacing=Space.HAIR,
        )
        buttons = row(self.receive_button, self.send_button, None)
        self._arriving_row.hide()
        self._leaving_row.hide()
        self._immature_row.hide()
        return card(figures, self.chart, buttons, spacing=Space.LARGE)

    def _line(self) -> PaymentLine:
        """A line for later, styled now: while the wallet syncs, the loop has no time for that."""
        payment = PaymentLine(self.context)
        payment.opened.connect(self.opened)
        self._latest.addWidget(payment)
        for part in payment.findChildren(QWidget):
            part.ensurePolished()
        payment.hide()
        return payment

    @property
    def payments(self) -> list[PaymentLine]:
        return [payment for payment in self._lines if not payment.isHidden()]

    @override
    async def load(self) -> None:
        balance = await self.context.bridge.run(api.GetBalance())
        waiting = await self.context.bridge.run(api.GetHistorySum(api.HistoryFilter("waiting")))
        rows = await self.context.bridge.run(api.GetHistory(LATEST))
        self._show_balance(balance, waiting)
        await self.search.load()
        await self._show_latest(rows)
        await self.chart.load()

    @override
    def show_sync(self, status: api.SyncStatus) -> None:
        """Say from when the balance is, while the wallet is not at the tip."""
        self.as_of.show_or_hide(as_of_words(status))

    def _show_balance(self, balance: api.Balance, waiting: api.HistorySum) -> None:
        self.balance.show_amount(balance.total)
        self.arriving.show_amount(waiting.received)
        self._arriving_row.setVisible(waiting.received != 0)
        self.leaving.show_amount(-waiting.sent)
        self._leaving_row.setVisible(waiting.sent != 0)
        self.immature.show_amount(balance.immature)
        self._immature_row.setVisible(balance.immature != 0)

    async def _show_latest(self, rows: Sequence[api.HistoryRow]) -> None:
        for payment in self._lines[len(rows) :]:
            payment.hide()
        for payment, entry in zip(self._lines, rows, strict=False):
            payment.show_payment(entry)
            if payment.isHidden():
                payment.show()
                await asyncio.sleep(0)  # the first showing takes milliseconds: one a turn of the loop
        self._empty.setVisible(not rows)
        self._all.setVisible(bool(rows))
