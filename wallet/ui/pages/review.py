"""The payment exactly as it will be made, looked at before the password is given."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from wallet.bitcoin.amount import AmountError, Sats
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import RIGHT, TOP, Item, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.text import Unit, format_amount, format_rate, format_share
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountEdit, AmountLabel
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.flow import FlowDiagram, review_streams
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.label import Label, caption, note, section, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox

ARM_MS = 1_200
"""How long a review must have been on the screen before Send can be clicked."""


class Figures(QWidget):
    """Names at the left, amounts at the right, aligned."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(Space.SMALL)
        self._grid.setColumnStretch(0, 1)

    def add(self, name: str, amount: Label, detail: str = "") -> None:
        at = self._grid.rowCount()
        left = column(Label(name), *([caption(detail)] if detail else []), spacing=2)
        self._grid.addLayout(left, at, 0)
        self._grid.addWidget(amount, at, 1, RIGHT | TOP)


class ReviewStep(QWidget):
    """Shows a review. Send arms after a moment, so that a double click on Review pays nothing."""

    back = Signal()
    send = Signal()
    accepted = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.shown: api.PaymentReview | None = None
        self._coins_chosen = False
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
        self._acceptance = card(self.accept_field, row(None, self.accept_button))
        self._arming = QTimer(self)
        self._arming.setSingleShot(True)
        self._arming.setInterval(ARM_MS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.recipients.setSpacing(Space.MEDIUM)
        self.warnings.setSpacing(Space.SMALL)
        self.setLayout(
            column(
                title(self.tr("Review")),
                note(self.tr("Compare the address with the one that you were given, group by group.")),
                self.warnings,
                card(self.recipients, line(), self.figures, spacing=Space.LARGE),
                self._acceptance,
                card(self.password_field),
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

    def show_review(self, review: api.PaymentReview, accepted: Sats | None, *, coins_chosen: bool = False) -> None:
        """accepted: the unusual fee that the user has already typed; coins_chosen: by the user, not by the wallet."""
        self.shown = review
        self._coins_chosen = coins_chosen
        self.message.clear()
        self.password.clear()
        self.password_field.clear_error()
        self.send_button.stop()
        self.send_button.set_allowed(False)
        _refill(self.warnings, [Message(item.text, "warning") for item in review.warnings])
        _refill(self.recipients, [self._recipient(end) for end in review.recipients])
        _refill(self.figures, [self._figures(review)])
        self.flow.show_flow(*review_streams(review))
        blocked = any(item.blocking for item in review.warnings) and accepted != review.fee
        self._acceptance.setVisible(blocked)
        if not blocked:
            self._arming.start()
        self.password.setFocus()

    def _recipient(self, end: api.TransactionEnd) -> QWidget:
        amount = AmountLabel(self._context.preferences, Type.TITLE)
        amount.show_amount(end.amount)
        other = Unit.BTC if self._context.preferences.unit is Unit.SAT else Unit.SAT
        both = caption(format_amount(end.amount or 0, other))
        whose = self.tr("To an address of your own") if end.own else self.tr("To")
        widget = QWidget()
        items: list[Item] = [
            amount,
            both,
            Space.SMALL,
            caption(whose),
            AddressLabel(end.address) if end.address else note(self.tr("no address")),
        ]
        widget.setLayout(column(*items, spacing=Space.HAIR))
        return widget

    def _figures(self, review: api.PaymentReview) -> Figures:
        figures = Figures()
        fee = format_amount(review.fee, Unit.SAT)
        share = self.tr("{share} of the amount").format(share=format_share(review.fee, review.amount))
        figures.add(
            self.tr("Fee"),
            self._amount(review.fee),
            f"{fee} · {format_rate(review.fee_rate)} · {review.vsize} vB · {share}",
        )
        figures.add(self.tr("You pay together"), self._amount(review.amount + review.fee))
        if review.change:
            figures.add(self.tr("Comes back to you as change"), self._amount(review.change))
        coins = sum(end.amount or 0 for end in review.inputs)
        figures.add(self._coins_words(len(review.inputs)), self._amount(coins))
        return figures

    def _coins_words(self, count: int) -> str:
        if self._coins_chosen:
            return (
                self.tr("From 1 coin of yours, as chosen")
                if count == 1
                else self.tr("From {n} coins of yours, as chosen").format(n=count)
            )
        return self.tr("From 1 coin of yours") if count == 1 else self.tr("From {n} coins of yours").format(n=count)

    def _amount(self, sats: Sats) -> AmountLabel:
        label = AmountLabel(self._context.preferences, Type.STRONG)
        label.show_amount(sats)
        return label

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
        self.password_field.clear_error()
        self.send_button.start(self.tr("Signing and sending…"))
        self.back_button.setEnabled(False)
        self.send.emit()

    def show_error(self, error: api.WrenError) -> None:
        self.send_button.stop()
        self.back_button.setEnabled(True)
        if error.code == "bad_password":
            self.password_field.show_error(error.message)
            self.password.selectAll()
            self.password.setFocus()
        else:
            self.message.say(error.message, "error")

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
            old.deleteLater()
    for widget in widgets:
        layout.addWidget(widget)
