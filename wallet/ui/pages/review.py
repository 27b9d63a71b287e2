"""The payment exactly as it will be made, looked at before the password is given."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wallet.bitcoin.amount import AmountError, Sats
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.payment import Means
from wallet.ui.models.rate import Rate
from wallet.ui.models.table import with_amounts
from wallet.ui.pages.reviewparts import PsbtHandout, recipient_view, review_figures
from wallet.ui.widgets.amount import AmountEdit
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.flow import FlowDiagram, review_streams
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.label import Code, caption, note, section, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox, was_wrong

ARM_MS = 1_200
"""How long a review must have been on the screen before Send can be clicked."""

_OVER = frozenset(("refused", "not_found"))
"""What sending says of a review that cannot be paid as it is, whatever is tried."""


class ReviewStep(QWidget):
    """Shows a review. Send arms after a moment, so that a double click on Review pays nothing."""

    back = Signal()
    send = Signal()
    accepted = Signal(int)
    again = Signal()
    open_psbt = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.shown: api.PaymentReview | None = None
        self.means = Means()
        self._rate: Rate | None = None
        self.recipients = QVBoxLayout()
        self.warnings = QVBoxLayout()
        self.figures = QVBoxLayout()
        self.flow = FlowDiagram(context.preferences)
        self.accept = AmountEdit(context.preferences)
        self.accept_field = Field(self.tr("Type the &fee to accept it"), self.accept)
        self.accept_button = Button(self.tr("&Accept this fee"))
        self.password = PasswordBox(self.tr("empty if the wallet has none"))
        self.password_field = Field(self.tr("&Password"), self.password)
        self.message = Message()
        self.send_button = BusyButton(self.tr("&Send"), icon="send")
        self.back_button = Button(self.tr("&Change something"), "quiet", "back")
        self.handout = PsbtHandout(context)
        self.again_button = Button(self.tr("&Review again"))
        self.outdated = Message("", "warning", self.again_button)
        self._acceptance = card(self.accept_field, row(None, self.accept_button))
        self._sealing = card(self.password_field)
        self._handout = card(self.handout)
        self._arming = QTimer(self)
        self._arming.setSingleShot(True)
        self._arming.setInterval(ARM_MS)
        for part in (self._acceptance, self._handout):
            part.hide()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.recipients.setSpacing(Space.WIDE)
        self.warnings.setSpacing(Space.SMALL)
        self.setLayout(
            column(
                title(self.tr("Review")),
                note(self.tr("Compare the address with the one that you were given, group by group.")),
                self.warnings,
                card(self.recipients, line(), self.figures, spacing=Space.LARGE),
                self._acceptance,
                self._sealing,
                self._handout,
                self.outdated,
                self.message,
                row(self.back_button, None, self.send_button),
                card(section(self.tr("Where the money goes")), self.flow),
                None,
                spacing=Space.LARGE,
            )
        )

    def _connect(self) -> None:
        self._arming.timeout.connect(self._arm)
        self.back_button.clicked.connect(self.back)
        self.send_button.clicked.connect(self._sent)
        self.password.returnPressed.connect(self._sent)
        self.accept_button.clicked.connect(self._accept)
        self.again_button.clicked.connect(self.again)
        self.handout.open.connect(self.open_psbt)
        self._context.preferences.changed.connect(self._show_amounts)

    def show_review(
        self, review: api.PaymentReview, accepted: Sats | None, means: Means | None = None, rate: Rate | None = None
    ) -> None:
        """accepted: the unusual fee that the user has already typed; means: what to repeat of the form."""
        self._arming.stop()
        self.shown, self.means, self._rate = review, means or Means(), rate
        self.message.clear()
        self.password.clear()
        self.password_field.clear_error()
        self.send_button.stop()
        self.send_button.set_allowed(False)
        self.outdated.clear()
        self._show_amounts()
        self.flow.show_flow(*review_streams(review))
        blocked = any(item.blocking for item in review.warnings) and accepted != review.fee
        self._acceptance.setVisible(blocked)
        self._sealing.setVisible(not self.means.watch_only)
        self.send_button.setVisible(not self.means.watch_only)
        self._handout.setVisible(self.means.watch_only and not blocked)
        self.handout.show_psbt(review.psbt)
        if not blocked:
            self._arming.start()
        (self.handout.save_button if self.means.watch_only else self.password).setFocus()

    def _show_amounts(self) -> None:
        """Everything that follows the unit that the user chose, and hides with the amounts."""
        review, preferences = self.shown, self._context.preferences
        if review is None:
            return
        ends = [recipient_view(end, self.means, preferences, self._rate) for end in review.recipients]
        if self.means.note:
            words = caption(self.tr("Note in the chain, for everybody to read"))
            ends.append(box(column(words, Code(self.means.note), spacing=Space.HAIR)))
        _refill(self.warnings, [Message(with_amounts(item.text, preferences), "warning") for item in review.warnings])
        _refill(self.recipients, ends)
        _refill(self.figures, [review_figures(review, self.means, preferences, self._rate)])

    def outdate(self, reason: str) -> None:
        """What is shown can no longer be paid: say so, and offer to look at it anew."""
        self._arming.stop()
        self.send_button.set_allowed(False)
        self._handout.hide()
        self.outdated.say(reason, "warning")

    def _arm(self) -> None:
        if self.shown is not None:
            self.send_button.set_allowed(True)

    def _accept(self) -> None:
        """The number typed must be the fee shown."""
        try:
            fee = self.accept.value()
        except AmountError as error:
            self.accept_field.show_error(str(error))
            return
        if self.shown is not None and fee != self.shown.fee:
            self.accept_field.show_error(self.tr("This is not the fee that is shown above."))
            return
        self.accept.set_value(None)
        self.accepted.emit(fee)

    def _sent(self) -> None:
        if not self.send_button.isEnabled() or self.send_button.is_busy:
            return
        self.message.clear()
        self.outdated.clear()
        self.password_field.clear_error()
        self.send_button.start(self.tr("Signing and sending…"))
        self.back_button.setEnabled(False)
        self.send.emit()

    def show_error(self, error: api.WrenError) -> None:
        self.send_button.stop()
        self.back_button.setEnabled(True)
        if was_wrong(error, self.password_field, self.password):
            return
        if error.code in _OVER:
            self.outdate(error.message)
        else:
            self.message.say(with_amounts(error.message, self._context.preferences), "error")

    def forget(self) -> None:
        self._arming.stop()
        self.shown = None
        self.password.clear()
        self.send_button.stop()
        self.send_button.set_allowed(False)
        self.back_button.setEnabled(True)


def _refill(layout: QVBoxLayout, widgets: Sequence[QWidget]) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()
    for widget in widgets:
        layout.addWidget(widget)
