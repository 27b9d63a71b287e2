"""The balance, what is on its way, and the last few payments."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from wallet.bitcoin.amount import Sats
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.history import status_icon, status_words, title_of
from wallet.ui.pages.page import Page
from wallet.ui.text import format_day, format_time
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button, icon_button
from wallet.ui.widgets.chart import BalanceChart, Point
from wallet.ui.widgets.found import SearchCard
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, caption, note, section

LATEST = 5
CHART_ROWS = 500


def balance_points(rows: Sequence[api.HistoryRow], now: datetime) -> list[Point]:
    """The balance after each proven payment, oldest first, and up to now. rows: newest first, with none left out."""
    points: list[Point] = []
    balance: Sats = 0
    for entry in reversed(rows):
        if entry.time is None or entry.status not in ("confirmed", "immature"):
            continue
        balance += entry.amount
        points.append((entry.time, balance))
    if points:
        points.append((now, balance))
    return points


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
        self.pending = AmountLabel(context.preferences, Type.STRONG, "warning", signed=True)
        self.immature = AmountLabel(context.preferences, Type.STRONG)
        self.as_of = caption()
        self.chart = BalanceChart(context.preferences)
        self.send_button = Button(self.tr("Send"), "plain", "send")
        self.receive_button = Button(self.tr("Receive"), "primary", "receive")
        self.send_button.clicked.connect(self.send)
        self.receive_button.clicked.connect(self.receive)
        self._pending_row = box(row(Icon("clock", "warning"), self.pending, note(self.tr("on the way")), None))
        self._immature_row = box(
            row(Icon("clock", "muted"), self.immature, note(self.tr("mined, not yet spendable")), None)
        )
        self._latest = QVBoxLayout()
        self._latest.setSpacing(Space.MEDIUM)
        self._lines = [self._line() for _ in range(LATEST)]
        self._all = Button(self.tr("All payments"), "quiet")
        self._all.clicked.connect(self.all_history)
        self._empty = note(self.tr("Nothing yet. Your first address is ready under Receive; no need to wait."))
        self._status: api.SyncStatus | None = None
        self.body.addWidget(self.search)
        self.body.addWidget(self._balance_card())
        self.body.addWidget(card(row(section(self.tr("Latest payments")), None, self._all), self._empty, self._latest))
        self.body.addStretch(1)

    def _balance_card(self) -> QFrame:
        figures = column(
            caption(self.tr("Balance")),
            self.balance,
            self.as_of,
            self._pending_row,
            self._immature_row,
            spacing=Space.HAIR,
        )
        buttons = row(self.receive_button, self.send_button, None)
        self._pending_row.hide()
        self._immature_row.hide()
        self.chart.hide()
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
        rows = await self.context.bridge.run(api.GetHistory(CHART_ROWS))
        self._show_balance(balance)
        await self.search.load()
        await self._show_latest(rows[:LATEST])
        points = balance_points(rows, datetime.now().astimezone()) if len(rows) < CHART_ROWS else []
        self.chart.set_points(points)
        self.chart.setVisible(len(points) > 2)

    @override
    def show_sync(self, status: api.SyncStatus) -> None:
        """Say from when the balance is, while the wallet is not at the tip."""
        self._status = status
        if status.synced:
            self.as_of.show_or_hide("")
        elif status.scan_height is None or status.tip_time is None:
            self.as_of.show_or_hide(self.tr("Looking for payments; the balance may still change."))
        else:
            self.as_of.show_or_hide(
                self.tr("As of block {height}; newer blocks (known up to {day}) are still being looked at.").format(
                    height=status.scan_height, day=format_day(status.tip_time)
                )
            )

    def _show_balance(self, balance: api.Balance) -> None:
        self.balance.show_amount(balance.total)
        self.pending.show_amount(balance.pending)
        self._pending_row.setVisible(balance.pending != 0)
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
