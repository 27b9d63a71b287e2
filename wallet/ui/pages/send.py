"""Paying: a form, then a review with the password, then how far the payment got."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.amount import AmountError, Sats
from wallet.bitcoin.uri import PaymentUri, UriError, parse_uri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.pages.page import Page
from wallet.ui.pages.review import ReviewStep
from wallet.ui.pages.sent import SentStep
from wallet.ui.text import safe_text
from wallet.ui.widgets.amount import AmountEdit, AmountLabel
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.chosen import ChosenCoins
from wallet.ui.widgets.fees import FeeChoice
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, title
from wallet.ui.widgets.message import Message

SCHEME = "bitcoin:"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says. amount None: all there is."""

    address: str
    amount: Sats | None
    fee_rate: float | None
    label: str
    preset: api.Preset = "normal"
    coins: tuple[str, ...] = ()

    def command(self, accept_fee: Sats | None = None) -> api.PreparePayment:
        return api.PreparePayment(
            ((self.address, self.amount),),
            fee_rate=self.fee_rate,
            label=self.label,
            accept_fee=accept_fee,
            preset=self.preset,
            coins=self.coins,
        )


class SendForm(QWidget):
    """Recipient, amount, label and fee rate. What is wrong is said beside its field."""

    review = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._length = 0
        self._confirmed: Sats | None = None
        self.recipient = QLineEdit()
        self.recipient.setFont(code_font(Type.BODY))
        self.recipient.setPlaceholderText(self.tr("Address or bitcoin: link"))
        self.recipient_field = Field(self.tr("&Recipient"), self.recipient)
        self.amount = AmountEdit(context.preferences)
        self.max = Button(self.tr("&Max"), "plain")
        self.max.setCheckable(True)
        self.max.setAccessibleName(self.tr("Send all there is"))
        self.amount_field = Field(self.tr("&Amount"), self.amount, beside=self.max)
        self.available = AmountLabel(context.preferences, Type.CAPTION, "muted")
        self.coins = ChosenCoins(context.preferences)
        self.label = QLineEdit()
        self.label.setMaxLength(255)
        self.label_field = Field(
            self.tr("&Label"), self.label, self.tr("A note for yourself; it stays in this wallet.")
        )
        self.fees = FeeChoice()
        self.rate, self.rate_field = self.fees.rate, self.fees.rate_field
        self.accept = AmountEdit(context.preferences)
        self.accept_field = Field(self.tr("Type the &fee to accept it"), self.accept)
        self.accept_field.hide()
        self.message = Message()
        self.review_button = BusyButton(self.tr("Re&view"), icon="forward")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        available = row(caption(self.tr("Spendable:")), self.available, None, spacing=Space.HAIR)
        self.setLayout(
            column(
                title(self.tr("Send")),
                self.coins,
                card(
                    self.recipient_field,
                    column(self.amount_field, available, spacing=Space.HAIR),
                    self.label_field,
                    self.fees,
                    self.accept_field,
                    spacing=Space.LARGE,
                ),
                self.message,
                row(None, self.review_button),
                None,
                spacing=Space.LARGE,
            )
        )

    def _connect(self) -> None:
        self.recipient.textChanged.connect(self._recipient_changed)
        self.recipient.editingFinished.connect(self._take_link)
        self.amount.edited.connect(self.amount_field.clear_error)
        self.max.toggled.connect(self._max_toggled)
        self.coins.changed.connect(self._show_available)
        self.review_button.clicked.connect(self.review)
        for box in (self.recipient, self.amount.box, self.label, self.rate):
            box.returnPressed.connect(self.review)

    # --- what is typed ---

    def _recipient_changed(self, text: str) -> None:
        """A link is taken apart when it is there as a whole: pasted at once, or when the typing is over."""
        self.recipient_field.clear_error()
        pasted = abs(len(text) - self._length) > 1
        self._length = len(text)
        if pasted:
            self._take_link()

    def _take_link(self) -> None:
        text = self.recipient.text()
        if text.strip()[: len(SCHEME)].lower() == SCHEME:
            try:
                self.fill(parse_uri(text, self._context.params))
            except (UriError, AddressError) as error:
                self.recipient_field.show_error(str(error))

    def fill(self, uri: PaymentUri) -> None:
        """Take over what a payment link asks for; its words are a stranger's and shown literally."""
        self._clear_errors()
        self.recipient.setText(uri.address.text)
        if uri.amount is not None:
            self.max.setChecked(False)
            self.amount.set_value(uri.amount)
        if uri.label or uri.message:
            self.label.setText(safe_text(uri.label or uri.message or ""))

    def _max_toggled(self, everything: bool) -> None:
        self.amount.setEnabled(not everything)
        self.amount_field.clear_error()
        self.amount_field.set_hint(self.tr("All there is, less the fee.") if everything else "")
        if everything:
            self.amount.set_value(None)

    # --- what it means ---

    def read(self) -> Wish | None:
        """The payment that is meant, or None: then each field that is wrong says so."""
        self._clear_errors()
        self._take_link()
        address, amount, rate = self._read_address(), self._read_amount(), self.fees.read()
        for wrong in (self.recipient_field, self.amount_field, self.rate_field):
            if wrong.error:
                wrong.control.setFocus()
                return None
        return Wish(address, amount, rate, self.label.text().strip(), self.fees.preset, self.coins.outpoints)

    def _read_address(self) -> str:
        text = self.recipient.text().strip()
        if self.recipient_field.error:
            return ""
        if not text:
            self.recipient_field.show_error(self.tr("Paste the address or link that you were given."))
            return ""
        try:
            return parse_address(text, self._context.params).text
        except AddressError as error:
            self.recipient_field.show_error(str(error))
            return ""

    def _read_amount(self) -> Sats | None:
        if self.max.isChecked():
            return None
        try:
            return self.amount.value()
        except AmountError as error:
            self.amount_field.show_error(str(error))
            return None

    def show_balance(self, balance: api.Balance) -> None:
        self._confirmed = balance.confirmed
        self._show_available()

    def _show_available(self) -> None:
        """What there is to pay with: of the chosen coins where some are."""
        self.available.show_amount(self.coins.total if self.coins.outpoints else self._confirmed)

    def accepted_fee(self) -> Sats | None:
        """The unusual fee that the user typed to accept it."""
        try:
            return self.accept.value() if self.accept_field.isVisibleTo(self) else None
        except AmountError:
            return None

    def show_error(self, error: api.WrenError) -> None:
        """Put the engine's word beside the field that it is about."""
        self.review_button.stop()
        text = error.message
        match error.code:
            case "bad_address" | "wrong_network" | "bad_uri":
                self.recipient_field.show_error(text)
                self.recipient.setFocus()
            case "bad_amount" | "dust" | "insufficient_funds":
                self.amount_field.show_error(text)
                self.amount.setFocus()
            case "fee_too_high":
                self.message.say(text, "error")
                self.accept_field.show()
                self.accept.setFocus()
            case _:
                self.message.say(text, "error")

    def clear(self) -> None:
        self.max.setChecked(False)
        for box in (self.recipient, self.amount.box, self.label, self.accept.box):
            box.clear()
        self.fees.clear()
        self.coins.drop()
        self._clear_errors()
        self.accept_field.hide()

    def _clear_errors(self) -> None:
        for field in (self.recipient_field, self.amount_field, self.rate_field, self.accept_field):
            field.clear_error()
        self.message.clear()


class SendPage(Page):
    """Form, review and result, one after the other."""

    KINDS = frozenset(("balance", "coins"))
    opened = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.form = SendForm(context)
        self.review = ReviewStep(context)
        self.sent = SentStep(context)
        self.steps = QStackedWidget()
        for step in (self.form, self.review, self.sent):
            self.steps.addWidget(step)
        self.body.addWidget(self.steps)
        self._wish: Wish | None = None
        self.form.review.connect(self._prepare)
        self.review.back.connect(lambda: self._go(self.form))
        self.review.accepted.connect(self._accept)
        self.review.send.connect(self._send)
        self.sent.another.connect(self._again)
        self.sent.show_payment.connect(self.opened)

    @override
    async def load(self) -> None:
        balance = await self.context.bridge.run(api.GetBalance())
        self.form.show_balance(balance)
        self.form.fees.show_report(await self.context.bridge.run(api.GetFees()))

    def fill(self, uri: PaymentUri) -> None:
        """Begin a payment that a link asks for."""
        self._again()
        self.form.fill(uri)

    def use_coins(self, outpoints: tuple[str, ...], total: Sats) -> None:
        """Pay with these coins ("txid:n") and no others, this time. What is typed already stays.

        total: their sum in satoshis.
        """
        self.review.forget()
        self.form.coins.choose(outpoints, total)
        self._go(self.form)
        self.form.recipient.setFocus()

    def _go(self, step: QWidget) -> None:
        self.steps.setCurrentWidget(step)
        self.verticalScrollBar().setValue(0)

    def _again(self) -> None:
        self.form.clear()
        self.review.forget()
        self._go(self.form)
        self.form.recipient.setFocus()

    def _prepare(self) -> None:
        self._wish = self.form.read()
        if self._wish is not None and not self.form.review_button.is_busy:
            self.form.review_button.start(self.tr("Choosing coins…"))
            self._ask(self._wish, self.form.accepted_fee())

    def _accept(self, fee: int) -> None:
        """The user typed an unusual fee to accept it: prepare once more with that word."""
        if self._wish is not None:
            self._ask(self._wish, fee)

    def _ask(self, wish: Wish, accept_fee: Sats | None) -> None:
        self.context.bridge.start(self._show_review(wish.command(accept_fee), accept_fee), self._refused)

    async def _show_review(self, command: api.PreparePayment, accepted: Sats | None) -> None:
        review = await self.context.bridge.run(command)
        self.form.review_button.stop()
        self.review.show_review(review, accepted, coins_chosen=bool(command.coins))
        self._go(self.review)

    def _refused(self, error: api.WrenError) -> None:
        self._go(self.form)
        self.form.show_error(error)

    def _send(self) -> None:
        review = self.review.shown
        if review is not None:
            password = self.review.password.text() or None
            command = api.SendPayment(review.id, password)
            self.context.bridge.start(self._carry_out(command), self.review.show_error)

    async def _carry_out(self, command: api.SendPayment) -> None:
        result = await self.context.bridge.run(command)
        self.review.forget()
        self.form.clear()
        self.sent.show_result(result)
        self._go(self.sent)
