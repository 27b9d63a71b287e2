"""The form of a payment: whom, how much, from which coins, at which fee. What is wrong is said beside its field."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.bitcoin.amount import AmountError, Sats
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.payment import Terms, Wish
from wallet.ui.models.table import with_amounts
from wallet.ui.text import sentence, translate
from wallet.ui.widgets.amount import AmountEdit, AmountLabel
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.chosen import ChosenCoins
from wallet.ui.widgets.fees import FeeChoice
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.payees import PayeeList
from wallet.ui.widgets.paymentoptions import PaymentOptions
from wallet.ui.widgets.segmented import Segmented


def account_name(number: int) -> str:
    """As people count, from one."""
    return translate("Account {n}").format(n=number + 1)


class SendForm(QWidget):
    """`review` when the payment is to be looked at. Nothing that is typed is lost but by `clear`."""

    review = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._preferences = context.preferences
        self._refusal = self._said = ""
        self._balances: dict[int, Sats] = {}
        self.payees = PayeeList(context)
        self.coins = ChosenCoins(context.preferences)
        self.account = Segmented(self.tr("Pay from"), [("0", account_name(0))], "0")
        self.account_row = box(column(caption(self.tr("Pay from")), row(self.account, None), spacing=Space.HAIR))
        self.together = AmountLabel(context.preferences, Type.CAPTION)
        self.together_row = box(row(caption(self.tr("Together:")), self.together, spacing=Space.HAIR))
        self.available = AmountLabel(context.preferences, Type.CAPTION, "muted")
        self.fees = FeeChoice()
        self.rate, self.rate_field = self.fees.rate, self.fees.rate_field
        self.options = PaymentOptions()
        self.accept = AmountEdit(context.preferences)
        self.accept_field = Field(self.tr("Type the &fee to accept it"), self.accept)
        self.message = Message()
        self.contacts_button = Button(self.tr("C&ontacts…"), "quiet", "peers")
        self.review_button = BusyButton(self.tr("Re&view"), icon="forward")
        for part in (self.account_row, self.together_row, self.accept_field):
            part.hide()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        available = row(caption(self.tr("Spendable:")), self.available, spacing=Space.HAIR)
        sums = row(available, self.together_row, None, spacing=Space.WIDE)
        self.setLayout(
            column(
                row(title(self.tr("Send")), None, self.contacts_button),
                self.coins,
                card(self.account_row, column(self.payees, sums, spacing=Space.SMALL), spacing=Space.LARGE),
                card(self.fees, self.options, self.accept_field, spacing=Space.LARGE),
                self.message,
                row(None, self.review_button),
                None,
                spacing=Space.LARGE,
            )
        )

    def _connect(self) -> None:
        self._preferences.changed.connect(self._say_again)
        self.payees.changed.connect(self._show_sums)
        self.payees.entered.connect(self.review)
        self.coins.changed.connect(self._show_sums)
        self.account.chosen.connect(lambda _number: self._show_sums())
        self.review_button.clicked.connect(self.review)
        for each in (self.rate, self.options.note):
            each.returnPressed.connect(self.review)

    # --- the first recipient, who mostly is the only one ---

    @property
    def recipient(self) -> QLineEdit:
        return self.payees.first.recipient

    @property
    def recipient_field(self) -> Field:
        return self.payees.first.recipient_field

    @property
    def amount(self) -> AmountEdit:
        return self.payees.first.amount

    @property
    def amount_field(self) -> Field:
        return self.payees.first.amount_field

    @property
    def max(self) -> Button:
        return self.payees.first.max

    @property
    def label(self) -> QLineEdit:
        return self.payees.first.label

    # --- what there is ---

    def show_spendable(self, accounts: dict[int, Sats]) -> None:
        """What can be spent from each account, by number."""
        self._balances = accounts
        for number in self._balances:
            self.account.offer(str(number), account_name(number))
        if self._balances and self._account not in self._balances:
            self.account.choose(str(next(iter(self._balances))))
        if 0 not in self._balances and self._balances:
            self.account.withdraw("0")
        self._show_sums()

    @property
    def account_words(self) -> str:
        """The account that pays; nothing where there is only one, or coins were chosen."""
        return account_name(self._account) if self._several_accounts else ""

    @property
    def _account(self) -> int:
        return int(self.account.value)

    @property
    def _several_accounts(self) -> bool:
        return len(self._balances) > 1 and not self.coins.outpoints

    def _show_sums(self) -> None:
        """What there is to pay with: of the chosen coins where some are, of one account where there are several."""
        self.account_row.setVisible(self._several_accounts)
        if self.coins.outpoints:
            self.available.show_amount(self.coins.total)
        elif self._several_accounts:
            self.available.show_amount(self._balances.get(self._account, 0))
        else:
            self.available.show_amount(sum(self._balances.values()) if self._balances else None)
        self.together_row.setVisible(len(self.payees.edits) > 1)
        self.together.show_amount(self.payees.together())

    # --- what it means ---

    def read(self) -> Wish | None:
        """The payment that is meant, or None: then each field that is wrong says so."""
        self.message.clear()
        payees, rate, note = self.payees.read(), self.fees.read(), self.options.read_note()
        if payees is None or self.options.note_field.error:
            return None
        if self.rate_field.error:
            self.rate.setFocus()
            return None
        terms = Terms(
            fee_rate=rate,
            preset=self.fees.preset,
            coins=self.coins.outpoints,
            account=self._account if self._several_accounts else None,
            subtract_fee=self.options.subtract_fee.isChecked(),
            spend_unconfirmed=self.options.spend_unconfirmed.isChecked(),
            note=note,
        )
        return Wish(payees, terms)

    def accepted_fee(self) -> Sats | None:
        """The unusual fee that the user typed to accept it."""
        try:
            return self.accept.value() if self.accept_field.isVisibleTo(self) else None
        except AmountError:
            return None

    def show_error(self, error: api.WrenError) -> None:
        """Put the engine's word beside the field that it is about."""
        self.review_button.stop()
        self._refusal = error.message
        text = self._said = with_amounts(error.message, self._preferences)
        match error.code:
            case "bad_address" | "wrong_network" | "bad_uri":
                self.recipient_field.show_error(text)
                self.recipient.setFocus()
            case "dust":
                known = [sats for edit in self.payees.edits if (sats := edit.sats()) is not None]
                self.payees.blame_amount(text, min(known, default=None))
            case "bad_amount" | "insufficient_funds":
                self.payees.blame_amount(text)
            case "fee_too_high":
                self.message.say(text, "error")
                self.accept_field.show()
                self.accept.setFocus()
            case _:
                self.message.say(text, "error")

    def _say_again(self) -> None:
        """A refusal that stands there names amounts, which follow the unit and hide as all do."""
        before, self._said = sentence(self._said), with_amounts(self._refusal, self._preferences)
        for field in (edit.amount_field for edit in self.payees.edits):
            if field.error and field.error == before:
                field.show_error(self._said)
        if self.message.text and self.message.text == before:
            self.message.say(self._said, "error")

    def clear(self) -> None:
        """Begin anew."""
        self.payees.clear()
        self.fees.clear()
        self.options.clear()
        self.coins.drop()
        self.accept.set_value(None)
        self.accept_field.hide()
        self.message.clear()
