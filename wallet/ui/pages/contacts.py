"""People that one pays: their names, their newest addresses, notes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.bitcoin.uri import UriError, parse_uri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.contacts import ContactModel, about, name_error
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.text import safe_text
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card, frame
from wallet.ui.widgets.label import Label, caption, note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.table import Table

ROW_HEIGHT = 64
"""Three lines: an address is never cut, also where there is little room."""
_ADDRESS_CODES = frozenset({"bad_address", "wrong_network", "bad_uri"})


class ContactForm(QWidget):
    """One contact, to be changed; or a new one, while nobody is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = section("")
        self.name = QLineEdit()
        self.name.setMaxLength(100)
        self.address = QLineEdit()
        self.address.setFont(code_font(Type.BODY))
        self.address.setMaxLength(300)
        self.note = QLineEdit()
        self.note.setMaxLength(1_000)
        self.name_field = Field(self.tr("&Name"), self.name)
        self.address_field = Field(
            self.tr("&Address"), self.address, self.tr("An address or a payment link of theirs.")
        )
        self.note_field = Field(self.tr("N&ote"), self.note)
        self.about = caption()
        self.advice = Message()
        self.save = Button("", "primary")
        self.another = Button(self.tr("Add somebody &else"), "plain", "plus")
        self.pay = Button(self.tr("&Pay them…"), "plain", "send")
        self.remove = Button(self.tr("&Remove…"), "quiet")
        self.sure = Label(wrap=True)
        self.really = Button(self.tr("Re&move"), "plain", "close")
        self.keep = Button(self.tr("&Keep"), "plain")
        self._asking = box(column(self.sure, row(self.really, self.keep, None, spacing=Space.SMALL)))
        buttons = QWidget()
        buttons.setLayout(Wrapping(self.save, self.pay, self.another, self.remove))
        parts = (self.heading, self.advice, self.name_field, self.address_field, self.note_field, self.about, buttons)
        self.setLayout(column(card(*parts, self._asking)))
        self.remove.clicked.connect(self._ask)
        self.keep.clicked.connect(self._asking.hide)
        self.show_contact(None)

    def show_contact(self, found: api.ContactRow | None) -> None:
        """Fill the form with somebody, or empty it."""
        self.heading.setText(self.tr("Somebody new") if found is None else safe_text(found.name))
        self.name.setText("" if found is None else found.name)
        self.address.setText("" if found is None else found.address)
        self.note.setText("" if found is None else found.note)
        self.about.show_or_hide("" if found is None else about(found))
        self.advice.say("" if found is None else found.advice, "warning")
        self.save.setText(self.tr("A&dd") if found is None else self.tr("Keep the &changes"))
        for button in (self.another, self.pay, self.remove):
            button.setVisible(found is not None)
        for field in (self.name_field, self.address_field, self.note_field):
            field.clear_error()
        self._asking.hide()

    def _ask(self) -> None:
        text = self.tr("{name} and all addresses that they gave are forgotten. Payments and their labels stay.")
        self.sure.setText(text.format(name=safe_text(self.heading.text())))
        self._asking.show()
        self.keep.setFocus()


class ContactsDialog(ToolDialog):
    """`pay` carries the payment link of somebody who is to be paid."""

    pay = Signal(object)

    def __init__(self, context: Context, parent: QWidget, name: str = "") -> None:
        super().__init__(context, parent.tr("Contacts"), parent)
        self._wanted = name
        self.problem = Message()
        self.model = ContactModel(context.preferences, self)
        self.table = Table(self.model, self.tr("Contacts"))
        self.table.setMinimumHeight(220)
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.empty = note(self.tr("Nobody yet. Add the people that you pay, and they are offered by name under Send."))
        self.form = ContactForm()
        self._frame = frame("card", column(self.table, margin=Space.SMALL))
        for part in (self.problem, self.empty, self._frame, self.form):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self._frame.hide()
        self.form.name.setFocus()
        self.table.selectionModel().selectionChanged.connect(self._chosen)
        self.form.save.clicked.connect(self._save)
        self.form.another.clicked.connect(self._new)
        self.form.really.clicked.connect(lambda: self.begin(self._remove(), self._failed))
        self.form.pay.clicked.connect(self._pay)
        context.bridge.wallet_changed.connect(self._wallet_changed)
        self.begin(self._load(), self._failed)

    @property
    def contact(self) -> api.ContactRow | None:
        """Who is chosen."""
        return next(iter(self.table.selected()), None)

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        if "contacts" in kinds:
            self.begin(self._load(), self._failed)

    async def _load(self) -> None:
        rows = await self.context.bridge.run(api.GetContacts())
        self.table.show_rows(rows)
        self._frame.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        if self._wanted:
            wanted, self._wanted = self._wanted, ""
            self.table.choose(wanted)

    def _chosen(self) -> None:
        self.form.show_contact(self.contact)

    def _new(self) -> None:
        self.table.clearSelection()
        self.form.show_contact(None)
        self.form.name.setFocus()

    def _save(self) -> None:
        old = self.contact
        wrong = name_error(self.form.name.text(), "" if old is None else old.name, self.model.rows)
        self.form.name_field.clear_error()
        self.form.address_field.clear_error()
        if wrong:
            self.form.name_field.show_error(wrong)
            self.form.name.setFocus()
        else:
            self.begin(self._keep(old), self._refused)

    async def _keep(self, old: api.ContactRow | None) -> None:
        run = self.context.bridge.run
        name, address, words = (edit.text() for edit in (self.form.name, self.form.address, self.form.note))
        kept = await run(api.SetContact(name if old is None else old.name, address, words))
        if old is not None and kept.name != " ".join(name.split()):
            kept = await run(api.RenameContact(old.name, name))
        self._wanted = kept.name
        await self._load()
        self.form.show_contact(self.contact)

    def _refused(self, error: api.WrenError) -> None:
        field = self.form.address_field if error.code in _ADDRESS_CODES else self.form.name_field
        field.show_error(error.message)
        field.control.setFocus()

    async def _remove(self) -> None:
        if (old := self.contact) is not None:
            await self.context.bridge.run(api.RemoveContact(old.name))
            self._new()
            await self._load()

    def _pay(self) -> None:
        """Begin a payment to who is chosen, at the address that is kept, not at one that is being typed."""
        if (found := self.contact) is not None:
            try:
                link = parse_uri(f"bitcoin:{found.address}", self.context.params)
            except UriError as error:
                self.problem.say(str(error), "error")
                return
            self.close()
            self.pay.emit(link)

    def _failed(self, error: api.WrenError) -> None:
        self.problem.say(error.message, "error")

    @override
    def done(self, result: int) -> None:
        self.context.bridge.wallet_changed.disconnect(self._wallet_changed)
        super().done(result)
