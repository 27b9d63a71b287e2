"""Sweep: all coins of one private key, typed in or scanned, are sent to the open wallet."""

import asyncio
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from wallet.bitcoin.amount import AmountError
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.pages.restore import BirthdayChoice
from wallet.ui.pages.review import ARM_MS
from wallet.ui.pages.reviewparts import Figures
from wallet.ui.pages.sent import SentStep
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_rate
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountEdit, AmountLabel
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.fees import FeeChoice
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.label import caption, note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox

SEARCH_SECONDS: Final = 24 * 3_600.0
"""The whole chain takes its time on a slow line; the search is ended by hand."""


class KeyBox(PasswordBox):
    """A key that can be looked at, and never leaves: nothing can be selected while it is shown, so nothing copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaxLength(200)
        self.selectionChanged.connect(self._let_go)

    def _let_go(self) -> None:
        if self.echoMode() is QLineEdit.EchoMode.Normal and self.hasSelectedText():
            self.deselect()


class KeyStep(QWidget):
    """The key, hidden as a password is, and from when on to look for its coins."""

    search = Signal()
    stop = Signal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.key = KeyBox()
        hint = self.tr("It begins with 5, K or L on the main network. It is kept nowhere, and wiped once it was used.")
        self.key_field = Field(self.tr("&Private key (WIF)"), self.key, hint)
        self.since = BirthdayChoice()
        self.label = QLineEdit()
        self.label.setMaxLength(255)
        self.label_field = Field(self.tr("&Label"), self.label)
        self.fees = FeeChoice()
        self.accept = AmountEdit(preferences)
        self.accept_field = Field(self.tr("Type the &fee to accept it"), self.accept)
        self.accept_field.hide()
        self.message = Message()
        self.button = BusyButton(self.tr("Look for its &coins"), icon="forward")
        self.stop_button = Button(self.tr("S&top looking"))
        explained = self.tr(
            "A key from paper or from an old wallet: Wren finds every coin it can spend, and moves them to this "
            "wallet. Whoever knows the key can do the same, so do not leave money on it."
        )
        fields = card(
            self.key_field, self.since, line(), self.label_field, self.fees, self.accept_field, spacing=Space.LARGE
        )
        buttons = row(None, self.stop_button, self.button, spacing=Space.SMALL)
        self.setLayout(column(note(explained), fields, self.message, buttons, None, spacing=Space.LARGE))
        self.stop_button.hide()
        self.key.textChanged.connect(lambda _text: self.key_field.clear_error())
        self.key.returnPressed.connect(self.search)
        self.button.clicked.connect(self.search)
        self.stop_button.clicked.connect(self.stop)

    def read(self) -> api.PrepareSweep | None:
        """What is to be looked for, or None: then the field that is wrong says so."""
        self.message.clear()
        rate = self.fees.read()
        if not self.key.text().strip():
            self.key_field.show_error(self.tr("Type or paste the private key."))
            self.key.setFocus()
            return None
        if self.fees.rate_field.error:
            self.fees.rate.setFocus()
            return None
        return api.PrepareSweep(
            self.key.text().strip(),
            rate,
            self.since.value(),
            self.label.text().strip(),
            SEARCH_SECONDS,
            self.fees.preset,
            self._accepted_fee(),
        )

    def _accepted_fee(self) -> int | None:
        """The unusual fee that the user typed to accept it."""
        try:
            return self.accept.value() if self.accept_field.isVisibleTo(self) else None
        except AmountError:
            return None

    def set_busy(self, busy: bool) -> None:
        """While it is looked for nothing can be changed, but the search can be ended."""
        for part in (self.key, self.since, self.label, self.fees):
            part.setEnabled(not busy)
        self.stop_button.setVisible(busy)
        if busy:
            self.button.start(self.tr("Looking through the chain…"))
        else:
            self.button.stop()

    def show_error(self, error: api.WrenError) -> None:
        self.set_busy(False)
        match error.code:
            case "bad_phrase":
                self.key_field.show_error(error.message)
                self.key.setFocus()
            case "fee_too_high":
                self.message.say(error.message, "error")
                self.accept_field.show()
                self.accept.setFocus()
            case "insufficient_funds":
                text = self.tr("No coin of this key is worth more than the fee of moving it: {reason}")
                self.message.say(text.format(reason=error.message), "warning")
            case _:
                self.message.say(error.message, "error")


class SweepStep(QWidget):
    """What was found, and the payment that moves it. Send arms after a moment."""

    back = Signal()
    send = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.shown: api.SweepReview | None = None
        self.figures = QVBoxLayout()
        self.address = AddressLabel()
        self.message = Message()
        self.send_button = BusyButton(self.tr("&Move it here"), icon="receive")
        self.back_button = Button(self.tr("&Change something"), "quiet", "back")
        self._arming = QTimer(self)
        self._arming.setSingleShot(True)
        self._arming.setInterval(ARM_MS)
        self._arming.timeout.connect(lambda: self.send_button.set_allowed(self.shown is not None))
        to = column(caption(self.tr("To an address of your own")), self.address, spacing=Space.HAIR)
        self.setLayout(
            column(
                card(self.figures, line(), to, spacing=Space.LARGE),
                self.message,
                row(self.back_button, None, self.send_button),
                None,
                spacing=Space.LARGE,
            )
        )
        self.back_button.clicked.connect(self.back)
        self.send_button.clicked.connect(self._sent)

    def show_review(self, review: api.SweepReview) -> None:
        self.shown = review
        self.message.clear()
        figures = Figures()
        found = self.tr("Found: {n} coins").format(n=review.coins)
        figures.add(found, self._amount(review.amount + review.fee))
        rate = f"{format_rate(review.fee_rate)} · {review.vsize} vB"
        figures.add(self.tr("Fee"), self._amount(review.fee), rate)
        figures.add(self.tr("You receive"), self._amount(review.amount))
        while (item := self.figures.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        self.figures.addWidget(figures)
        self.address.show_address(review.address)
        self.send_button.set_allowed(False)
        self._arming.start()

    def _amount(self, sats: int) -> AmountLabel:
        label = AmountLabel(self._context.preferences, Type.STRONG)
        label.show_amount(sats)
        return label

    def _sent(self) -> None:
        if self.send_button.isEnabled() and not self.send_button.is_busy:
            self.message.clear()
            self.back_button.setEnabled(False)
            self.send_button.start(self.tr("Signing and sending…"))
            self.send.emit()

    def stop(self) -> None:
        """Nothing is at work any more."""
        self.send_button.stop()
        self.back_button.setEnabled(True)

    def show_error(self, error: api.WrenError) -> None:
        self.stop()
        self.message.say(error.message, "error")


class SweepDialog(ToolDialog):
    """Key, review and result, one after the other. The key stays in its box until it was used or the window closes."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent.tr("Sweep a private key"), parent)
        self.key = KeyStep(context.preferences)
        self.review = SweepStep(context)
        self.sent = SentStep(context)
        self.sent.again.hide()
        self._search: asyncio.Task[None] | None = None
        self.steps = QStackedWidget()
        for step in (self.key, self.review, self.sent):
            self.steps.addWidget(step)
        self.body.addWidget(title(self.tr("Sweep a private key")))
        self.body.addWidget(self.steps)
        self.key.search.connect(self._look)
        self.key.stop.connect(self._stop)
        self.review.back.connect(lambda: self._go(self.key))
        self.review.send.connect(self._send)
        self.sent.show_payment.connect(self.open_transaction)
        self.key.key.setFocus()
        self.begin(self._fees(), lambda error: self.key.message.say(error.message, "error"))

    async def _fees(self) -> None:
        self.key.fees.show_report(await self.context.bridge.run(api.GetFees()))

    def _go(self, step: QWidget) -> None:
        self.steps.setCurrentWidget(step)
        self.area.verticalScrollBar().setValue(0)

    def _look(self) -> None:
        if self.key.button.is_busy or (command := self.key.read()) is None:
            return
        self.key.set_busy(True)
        self._search = self.begin(self._find(command), self.key.show_error)

    async def _find(self, command: api.PrepareSweep) -> None:
        review = await self.context.bridge.run(command)
        self.key.set_busy(False)
        self.review.show_review(review)
        self._go(self.review)

    def _stop(self) -> None:
        if self._search is not None:
            self._search.cancel()
        self.key.set_busy(False)

    def _send(self) -> None:
        if self.review.shown is not None:
            command = api.SendSweep(self.review.shown.id, self.key.key.text().strip())
            self.begin(self._carry_out(command), self.review.show_error)

    async def _carry_out(self, command: api.SendSweep) -> None:
        result = await self.context.bridge.run(command)
        self.review.stop()
        self._forget()
        self.sent.show_result(result)
        self._go(self.sent)

    def _forget(self) -> None:
        self.key.key.clear()
        self.review.shown = None

    @override
    def done(self, result: int) -> None:
        self._forget()
        super().done(result)
