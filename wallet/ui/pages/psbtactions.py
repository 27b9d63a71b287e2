"""What can be done with a PSBT that has been looked at: sign it, hand it on, send it."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from wallet.bitcoin.amount import AmountError
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models import psbt as words
from wallet.ui.pages.review import ARM_MS
from wallet.ui.widgets.amount import AmountEdit
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox, was_wrong


class PsbtActions(QWidget):
    """`sign` carries the password and the fee that was typed to accept it, None where none was needed.

    Sending arms after a moment, so that a double click on Sign sends nothing. text: what is copied.
    """

    sign = Signal(str, object)
    send = Signal()

    def __init__(self, context: Context, text: Callable[[], str]) -> None:
        super().__init__()
        self._review: api.PsbtReview | None = None
        self.password = PasswordBox(self.tr("empty if the wallet has none"))
        self.password_field = Field(self.tr("Pass&word"), self.password)
        self.accept = AmountEdit(context.preferences)
        self.accept_field = Field(self.tr("Type the &fee to accept it"), self.accept)
        self.sign_button = BusyButton(self.tr("&Sign"), icon="key")
        self.send_button = BusyButton(self.tr("Se&nd it"), icon="send")
        self.save_button = Button(self.tr("Sa&ve…"))
        self.copy_button = CopyButton(context.clipboard, self.tr("Copy &text"), text)
        self.codes_button = Button(self.tr("Show as &codes"), "plain", "scan")
        self.codes_button.setCheckable(True)
        self.advice = note()
        self.message = Message()
        self._arming = QTimer(self)
        self._arming.setSingleShot(True)
        self._arming.setInterval(ARM_MS)
        self._arming.timeout.connect(lambda: self.send_button.set_allowed(True))
        self._signing = card(
            section(self.tr("Sign with this wallet")), self.password_field, row(None, self.sign_button)
        )
        self._fee = card(self.accept_field)
        keeping = row(
            self.save_button, self.copy_button, self.codes_button, None, self.send_button, spacing=Space.SMALL
        )
        parts = (self.advice, self._fee, self._signing, self.message, keeping)
        self.setLayout(column(*parts, spacing=Space.LARGE))
        self.sign_button.clicked.connect(self._signed)
        self.password.returnPressed.connect(self._signed)
        self.send_button.clicked.connect(self._sent)

    def show_review(self, review: api.PsbtReview, watch_only: bool) -> None:
        """Offer what makes sense now. watch_only: the wallet has no keys."""
        self._review = review
        self.message.clear()
        self.stop()
        stopped, ours = words.stops(review), words.can_be_signed(review)
        signing = ours and not stopped and not watch_only
        sending = review.complete and not stopped
        self._signing.setVisible(signing)
        self._fee.setVisible((signing or sending) and words.needs_fee_accepted(review))
        self.send_button.setVisible(sending)
        self.send_button.set_allowed(False)
        if sending:
            self._arming.start()
        self.advice.show_or_hide(self._advice(stopped, ours, watch_only, review.complete))

    def _advice(self, stopped: bool, ours: bool, watch_only: bool, complete: bool) -> str:
        if stopped:
            return self.tr("Wren neither signs nor sends this, for the reason told above.")
        if complete:
            return self.tr("Compare the addresses and the amounts before you send it: nobody can take it back.")
        if not ours:
            return self.tr("There is nothing that this wallet could sign. Hand it to the one whose turn it is.")
        if watch_only:
            return self.tr("This wallet has no keys. Save it, sign it where the keys are, and open the result here.")
        return ""

    def _fee_is_accepted(self) -> bool:
        """The number typed must be the fee shown, where it is one to be accepted."""
        self.accept_field.clear_error()
        if self._review is None or not words.needs_fee_accepted(self._review):
            return True
        try:
            fee = self.accept.value()
        except AmountError as error:
            self.accept_field.show_error(str(error))
        else:
            if fee == self._review.fee:
                return True
            self.accept_field.show_error(self.tr("This is not the fee that is shown above."))
        self.accept.setFocus()
        return False

    def _signed(self) -> None:
        if self.sign_button.is_busy or not self._fee_is_accepted():
            return
        self.password_field.clear_error()
        self.message.clear()
        self.sign_button.start(self.tr("Signing…"))
        needed = self._review is not None and words.needs_fee_accepted(self._review)
        accepted = self._review.fee if self._review is not None and needed else None
        self.sign.emit(self.password.text(), accepted)

    def _sent(self) -> None:
        if self.send_button.is_busy or not self.send_button.isEnabled() or not self._fee_is_accepted():
            return
        self.message.clear()
        self.send_button.start(self.tr("Sending…"))
        self.send.emit()

    def show_error(self, error: api.WrenError) -> None:
        self.stop()
        if not was_wrong(error, self.password_field, self.password):
            self.message.say(error.message, "error")

    def stop(self) -> None:
        """Nothing is at work any more."""
        self._arming.stop()
        for button in (self.sign_button, self.send_button):
            if button.is_busy:
                button.stop()

    def forget(self) -> None:
        """The password is no longer needed."""
        self.password.clear()
        self.accept.set_value(None)
