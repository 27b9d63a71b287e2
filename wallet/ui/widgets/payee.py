"""One recipient of a payment: who, how much, and what the user calls it. What is wrong is said beside its field."""

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.amount import AmountError, Sats
from wallet.bitcoin.uri import PaymentUri, UriError, parse_uri
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.models.payment import MAX_LABEL, Payee, find_contact
from wallet.ui.models.rate import Rate, format_worth
from wallet.ui.text import Unit, format_amount, safe_text, sentence
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountEdit
from wallet.ui.widgets.button import Button, icon_button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import line
from wallet.ui.widgets.label import Label, caption
from wallet.ui.widgets.scan import ScanButton

SCHEME = "bitcoin:"


def is_link(text: str) -> bool:
    return text.strip()[: len(SCHEME)].lower() == SCHEME


class PayeeEdit(QWidget):
    """`everything`: this one is to get all there is; `remove`: it is not wanted; `edited`: an amount changed."""

    everything = Signal()
    remove = Signal()
    edited = Signal()
    entered = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._length = 0
        self._contacts: tuple[api.ContactRow, ...] = ()
        self._rate: Rate | None = None
        self.recipient = QLineEdit()
        self.recipient.setFont(code_font(Type.BODY))
        self.recipient.setPlaceholderText(self.tr("Address, link, or contact"))
        self.scan_button = ScanButton(context.bridge)
        self.recipient_field = Field(self.tr("&Recipient"), self.recipient, beside=self.scan_button)
        self.whose = caption()
        self.address = AddressLabel("", Type.BODY)
        self.contact = box(column(self.whose, self.address, spacing=Space.HAIR))
        self.amount = AmountEdit(context.preferences)
        self.max = Button(self.tr("&Max"), "plain")
        self.max.setCheckable(True)
        self.max.setAccessibleName(self.tr("Send all there is"))
        self.amount_field = Field(self.tr("&Amount"), self.amount, beside=self.max)
        self.worth = caption()
        self.label = QLineEdit()
        self.label.setMaxLength(MAX_LABEL)
        self.label_field = Field(
            self.tr("&Label"), self.label, self.tr("A note for yourself; it stays in this wallet.")
        )
        self.number = Label("", Type.STRONG, "muted")
        self.remove_button = icon_button("close", self.tr("Remove this recipient"))
        self.head = box(column(line(), row(self.number, None, self.remove_button)))
        self._names = QStringListModel(self)
        self._lay_out()
        self._offer_names()
        self._connect()

    def _lay_out(self) -> None:
        who = column(self.recipient_field, self.contact, spacing=Space.SMALL)
        how_much = column(self.amount_field, self.worth, spacing=Space.HAIR)
        self.setLayout(column(self.head, who, how_much, self.label_field, spacing=Space.LARGE))
        for part in (self.contact, self.head, self.worth):
            part.hide()

    def _offer_names(self) -> None:
        completer = QCompleter(self._names, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        popup = QListView()
        popup.setAccessibleName(self.tr("Contacts"))
        completer.setPopup(popup)
        self.recipient.setCompleter(completer)

    def _connect(self) -> None:
        self.recipient.textChanged.connect(self._recipient_changed)
        self.recipient.editingFinished.connect(self._take_link)
        self.scan_button.read.connect(self.recipient.setText)
        self.scan_button.problem.connect(self.recipient_field.show_error)
        self.amount.edited.connect(self._amount_edited)
        self.amount.box.textChanged.connect(self._amount_edited)
        self.max.toggled.connect(self._max_toggled)
        self.remove_button.clicked.connect(self.remove)
        for each in (self.recipient, self.amount.box, self.label):
            each.returnPressed.connect(self.entered)

    # --- what is around it ---

    def set_number(self, number: int, several: bool) -> None:
        """Which recipient this is, from 1; of one alone nothing is said."""
        text = self.tr("Recipient {n}").format(n=number)
        self.number.setText(text)
        self.remove_button.setAccessibleName(self.tr("Remove recipient {n}").format(n=number))
        self.head.setVisible(several)
        where = f" {number}" if several else ""
        self.recipient.setAccessibleName(self.tr("Recipient") + where)
        self.amount.setAccessibleName(self.tr("Amount") + where)
        self.label.setAccessibleName(self.tr("Label") + where)
        self.max.setAccessibleName(self.tr("Send all there is") + where)

    def set_contacts(self, contacts: tuple[api.ContactRow, ...]) -> None:
        self._contacts = contacts
        self._names.setStringList([contact.name for contact in contacts])
        self._show_contact()

    def set_rate(self, rate: Rate | None) -> None:
        self._rate = rate
        self.amount.offer_rate(rate)
        self._show_worth()

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """What Tab comes to, in order; what is inside of the amount stays together."""
        return self.recipient, self.scan_button, self.amount, self.max, self.label, self.remove_button

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.recipient_field, self.amount_field, self.label_field

    # --- what is typed ---

    def _recipient_changed(self, text: str) -> None:
        """A link is taken apart when it is there as a whole: pasted at once, or when the typing is over."""
        self.recipient_field.clear_error()
        pasted = abs(len(text) - self._length) > 1
        self._length = len(text)
        self._show_contact()
        if pasted:
            self._take_link()

    def _take_link(self) -> None:
        text = self.recipient.text()
        if is_link(text):
            try:
                self.fill(parse_uri(text, self._context.params))
            except (UriError, AddressError) as error:
                self.recipient_field.show_error(str(error))

    def fill(self, uri: PaymentUri) -> None:
        """Take over what a payment link asks for; its words are a stranger's and shown literally."""
        self.clear_errors()
        self.recipient.setText(uri.address.text)
        if uri.amount is not None:
            self.max.setChecked(False)
            self.amount.set_value(uri.amount)
        if uri.label or uri.message:
            self.label.setText(safe_text(uri.label or uri.message or ""))

    def _contact_typed(self) -> api.ContactRow | None:
        """The contact whose name was typed; what is an address is an address, whoever has it for a name."""
        text = self.recipient.text().strip()
        try:
            parse_address(text, self._context.params)
        except AddressError:
            return find_contact(self._contacts, text)
        return None

    def _show_contact(self) -> None:
        """Where a contact's address would be paid, in full, and what to think of before."""
        contact = self._contact_typed()
        self.contact.setVisible(contact is not None)
        self.label.setPlaceholderText("" if contact is None else safe_text(contact.name))
        if contact is not None:
            words = self.tr("{name}'s newest address:").format(name=contact.name)
            self.whose.setText(" ".join(part for part in (sentence(contact.advice), words) if part))
            self.address.show_address(contact.address)

    def _amount_edited(self) -> None:
        self.amount_field.clear_error()
        self._show_worth()
        self.edited.emit()

    def _max_toggled(self, everything: bool) -> None:
        self.amount.setEnabled(not everything)
        self.amount_field.clear_error()
        if everything:
            self.amount.set_value(None)
            self.everything.emit()
        self._show_worth()
        self.edited.emit()

    def _show_worth(self) -> None:
        """What the amount comes to in another unit."""
        self.amount_field.set_hint(self.tr("All there is, less the fee.") if self.max.isChecked() else "")
        sats, words = self.sats(), ""
        if sats is not None and self.amount.in_money:
            words = f"= {format_amount(sats, Unit.SAT)}"
        elif sats is not None and self._rate is not None:
            words = format_worth(sats, self._rate)
        self.worth.show_or_hide(words)

    # --- what it means ---

    def is_empty(self) -> bool:
        """Whether nothing was said of whom to pay and how much."""
        return not self.recipient.text().strip() and self.amount.is_empty() and not self.max.isChecked()

    def sats(self) -> Sats | None:
        """The amount, as far as one is typed."""
        try:
            return None if self.max.isChecked() else self.amount.value()
        except AmountError:
            return None

    def read(self) -> Payee | None:
        """Who is meant, or None: then each field that is wrong says so."""
        self.clear_errors()
        self._take_link()
        address, name = self._read_recipient()
        amount = self._read_amount()
        if any(field.error for field in self.fields):
            return None
        return Payee(address, amount, self.label.text().strip(), name)

    def _read_recipient(self) -> tuple[str, str]:
        """The address, and whose it is where a name was typed."""
        text = self.recipient.text().strip()
        if self.recipient_field.error:
            return "", ""
        if not text:
            self.recipient_field.show_error(self.tr("Paste the address or link that you were given."))
            return "", ""
        try:
            return parse_address(text, self._context.params).text, ""
        except AddressError as error:
            if (contact := self._contact_typed()) is not None:
                return contact.address, contact.name
            self.recipient_field.show_error(str(error))
            return "", ""

    def _read_amount(self) -> Sats | None:
        if self.max.isChecked():
            return None
        try:
            return self.amount.value()
        except AmountError as error:
            self.amount_field.show_error(str(error))
            return None

    def clear(self) -> None:
        self.max.setChecked(False)
        for each in (self.recipient, self.amount.box, self.label):
            each.clear()
        self.clear_errors()
        self._show_worth()

    def clear_errors(self) -> None:
        for field in self.fields:
            field.clear_error()
