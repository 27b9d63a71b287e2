"""What can be said about an address before it is given out: for whom, how much, until when, and of which kind."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from wallet.bitcoin.amount import AmountError, Sats
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.requests import EXPIRIES, expiry_words, numbers_of, type_advice, type_words, types_of
from wallet.ui.widgets.amount import AmountEdit
from wallet.ui.widgets.button import BusyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.fold import Fold
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, section
from wallet.ui.widgets.segmented import Segmented


class RequestForm(QWidget):
    """`edited`: the link is another now; `labelled`: by the user's hand. `make` is possible once something is said."""

    edited = Signal()
    labelled = Signal()
    wanted = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.label = QLineEdit()
        self.label.setMaxLength(255)
        self.amount = AmountEdit(context.preferences)
        self.label_field = Field(
            self.tr("&Label"), self.label, self.tr("For you, and in the request: who pays, what for.")
        )
        self.amount_field = Field(self.tr("&Amount"), self.amount)
        choices = [(str(seconds), expiry_words(seconds)) for seconds in EXPIRIES]
        self.expiry = Segmented(self.tr("Ends after"), choices, "0")
        self.make = BusyButton(self.tr("&Make the request"), "plain", "plus")
        self.make.set_allowed(False)
        self.setLayout(
            column(
                card(
                    section(self.tr("Ask for an amount")),
                    self.label_field,
                    self.amount_field,
                    column(caption(self.tr("Ends after")), self.expiry, spacing=Space.HAIR),
                    row(self.make, None),
                )
            )
        )
        self.label.textEdited.connect(self._label_edited)
        self.amount.edited.connect(self._edited)
        self.expiry.chosen.connect(lambda _value: self._edited())
        self.make.clicked.connect(self._ask)
        self.label.returnPressed.connect(self._ask)
        self.amount.box.returnPressed.connect(self._ask)

    @property
    def text(self) -> str:
        """The label."""
        return self.label.text().strip()

    @property
    def expires(self) -> int | None:
        """Seconds, None without an end."""
        return int(self.expiry.value) or None

    def _label_edited(self) -> None:
        self._edited()
        self.labelled.emit()

    def _edited(self) -> None:
        self.make.set_allowed(bool(self.text or self.expires) or not self.amount.is_empty())
        self.edited.emit()

    def wanted_amount(self) -> Sats | None:
        """The amount, None where there is none; what is wrong with it is said beside it."""
        self.amount_field.clear_error()
        if self.amount.is_empty():
            return None
        try:
            return self.amount.value()
        except AmountError as error:
            self.amount_field.show_error(str(error))
            return None

    def _ask(self) -> None:
        if not self.make.isEnabled():
            return
        self.wanted_amount()
        if self.amount_field.error:
            self.amount.setFocus()
            return
        self.wanted.emit()

    def clear(self) -> None:
        """As it is at first."""
        self.label.clear()
        self.amount.set_value(None)
        self.amount_field.clear_error()
        self.expiry.choose("0")
        self.make.set_allowed(False)


class KindChoice(QWidget):
    """The kind of address and the account, under Advanced; `changed` when another one is chosen.

    Nothing is chosen until the user does: then it is the wallet's own choice.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._accounts: tuple[api.AccountInfo, ...] = ()
        self.type: str | None = None
        self.account: int | None = None
        self.types: Segmented | None = None
        self.numbers: Segmented | None = None
        self.advice = caption()
        self._choices = QVBoxLayout()
        self._choices.setSpacing(Space.MEDIUM)
        self.fold = Fold(self.tr("A&dvanced"), box(column(self._choices, self.advice)))
        self.setLayout(column(self.fold))
        self.hide()

    def show_accounts(self, accounts: Sequence[api.AccountInfo], kind: str) -> None:
        """Offer what this wallet has. kind: of the address that is shown."""
        if tuple(accounts) == self._accounts and self.types is not None and self.types.value == kind:
            return
        self._accounts = tuple(accounts)
        self._build(kind)

    def _build(self, kind: str) -> None:
        while (item := self._choices.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        kinds = types_of(self._accounts)
        self.setVisible(len(self._accounts) > 1 and kind in kinds)
        if kind not in kinds:
            return
        self.types = Segmented(self.tr("Kind of address"), [(each, type_words(each)) for each in kinds], kind)
        self.types.chosen.connect(self._choose_type)
        self._add(self.tr("Kind of address"), self.types)
        numbers = numbers_of(self._accounts, kind)
        self.numbers = None
        if len(numbers) > 1:
            now = self.account if self.account in numbers else numbers[0]
            options = [(str(number), self.tr("Account {n}").format(n=number)) for number in numbers]
            self.numbers = Segmented(self.tr("Account"), options, str(now))
            self.numbers.chosen.connect(self._choose_account)
            self._add(self.tr("Account"), self.numbers)
        self.advice.show_or_hide(type_advice(kind))

    def _add(self, name: str, choice: Segmented) -> None:
        self._choices.addWidget(box(column(caption(name), choice, spacing=Space.HAIR)))

    def _choose_type(self, kind: str) -> None:
        numbers = numbers_of(self._accounts, kind)
        self.type = kind
        self.account = self.account if self.account in numbers else None
        self.changed.emit()

    def _choose_account(self, number: str) -> None:
        if self.types is not None:
            self.type, self.account = self.types.value, int(number)
            self.changed.emit()
