"""Messages: signed with the key of one of the wallet's addresses, and others' signatures verified."""

from collections.abc import Iterable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QPlainTextEdit, QStackedWidget, QWidget

from wallet.bitcoin.address import AddressError, parse_address
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.models import messages as words
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.text import safe_text
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox, was_wrong
from wallet.ui.widgets.segmented import Segmented

_BOX_HEIGHT = 110
_PIECE = 500
"""Addresses that are asked for at once: a large wallet's list would hold the window up."""


class MessageForm(QWidget):
    """An address and a text, which both halves need. `edited` when either is another than before."""

    edited = Signal()

    def __init__(self, context: Context, hint: str) -> None:
        super().__init__()
        self._context = context
        self.address = QLineEdit()
        self.address.setFont(code_font(Type.BODY))
        self.address.setMaxLength(200)
        self.choose = Button(self.tr("C&hoose…"))
        self.choose.setAccessibleName(self.tr("Choose an address of yours"))
        self.choose.hide()
        self.address_field = Field(self.tr("&Address"), self.address, beside=self.choose)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(_BOX_HEIGHT)
        self.text_field = Field(self.tr("&Text"), self.text, hint)
        self.hidden = Message()
        self.setLayout(column(self.address_field, self.text_field, self.hidden, spacing=Space.LARGE))
        self.address.textChanged.connect(self._changed)
        self.text.textChanged.connect(self._changed)

    def _changed(self) -> None:
        self.address_field.clear_error()
        self.text_field.clear_error()
        found = words.hidden_in(self.value()[: words.LONGEST])
        warning = self.tr("The text holds characters that cannot be seen. Written out it reads: {text}")
        self.hidden.say(warning.format(text=found[:2_000]) if found else "", "warning")
        self.edited.emit()

    def value(self) -> str:
        """The text as it stands there."""
        return words.typed_text(self.text.document())

    def offer(self, rows: Iterable[api.AddressRow]) -> None:
        """Addresses to choose from."""
        menu = QMenu(self)
        for entry in rows:
            name = f"{entry.address}  {safe_text(entry.label)}".rstrip().replace("&", "&&")
            menu.addAction(name).triggered.connect(lambda _checked, text=entry.address: self.address.setText(text))
        self.choose.setMenu(menu)
        self.choose.setVisible(not menu.isEmpty())

    def read(self) -> tuple[str, str] | None:
        """Address and text, or None: then the field that is wrong says so."""
        try:
            address = parse_address(self.address.text(), self._context.params)
        except AddressError as error:
            self._refuse(self.address_field, str(error))
            return None
        if not (text := self.value()):
            self._refuse(self.text_field, self.tr("Type or paste the text."))
            return None
        if len(text) > words.LONGEST:
            self._refuse(self.text_field, self.tr("This text is too long."))
            return None
        return address.text, text

    def _refuse(self, field: Field, text: str) -> None:
        field.show_error(text)
        field.control.setFocus()

    def show_error(self, error: api.WrenError) -> bool:
        """Whether the error is about the address, and said there."""
        is_mine = error.code in {"bad_address", "wrong_network", "not_found"}
        if is_mine:
            self._refuse(self.address_field, error.message)
        return is_mine


class SignStep(QWidget):
    """Text and password in, a signature out; it goes when what it signs is edited."""

    sign = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.form = MessageForm(context, self.tr("Sign only what you understand and mean: a signature is your word."))
        self.password = PasswordBox(self.tr("empty if the wallet has none"))
        self.password_field = Field(self.tr("Pass&word"), self.password)
        self.kind = note()
        self.message = Message()
        self.button = BusyButton(self.tr("&Sign"), icon="key")
        self.signature = QPlainTextEdit()
        self.signature.setReadOnly(True)
        self.signature.setTabChangesFocus(True)
        self.signature.setFont(code_font(Type.BODY))
        self.signature.setFixedHeight(_BOX_HEIGHT)
        self.copy = CopyButton(context.clipboard, self.tr("&Copy the signature"), self.signature.toPlainText)
        self.result = card(Field(self.tr("S&ignature"), self.signature), row(self.copy, None))
        self.setLayout(
            column(
                card(self.form, self.kind, self.password_field, spacing=Space.LARGE),
                self.message,
                row(None, self.button),
                self.result,
                None,
                spacing=Space.LARGE,
            )
        )
        self.form.edited.connect(self._edited)
        self.button.clicked.connect(self.sign)
        self.password.returnPressed.connect(self.sign)
        self._edited()

    def _edited(self) -> None:
        self.show_signature("")
        self.message.clear()
        try:
            address = parse_address(self.form.address.text(), self._context.params)
        except AddressError:
            self.kind.show_or_hide("")
        else:
            self.kind.show_or_hide(words.kind_of_signature(address))

    def show_signature(self, text: str) -> None:
        self.signature.setPlainText(text)
        self.result.setVisible(bool(text))

    def show_error(self, error: api.WrenError) -> None:
        self.button.stop()
        if not was_wrong(error, self.password_field, self.password) and not self.form.show_error(error):
            self.message.say(error.message, "error")


class VerifyStep(QWidget):
    """Address, text and signature in, a verdict out; it goes when any of them is edited."""

    verify = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.form = MessageForm(context, "")
        self.signature = QPlainTextEdit()
        self.signature.setFont(code_font(Type.BODY))
        self.signature.setTabChangesFocus(True)
        self.signature.setFixedHeight(_BOX_HEIGHT)
        self.signature_field = Field(self.tr("S&ignature"), self.signature)
        self.message = Message()
        self.button = BusyButton(self.tr("&Verify"), icon="shield")
        self.setLayout(
            column(
                card(self.form, self.signature_field, spacing=Space.LARGE),
                self.message,
                row(None, self.button),
                None,
                spacing=Space.LARGE,
            )
        )
        self.form.edited.connect(self._edited)
        self.signature.textChanged.connect(self._edited)
        self.button.clicked.connect(self.verify)

    def _edited(self) -> None:
        self.message.clear()
        self.signature_field.clear_error()

    def read(self) -> api.VerifyMessage | None:
        """What is to be verified, or None: then the field that is wrong says so."""
        read = self.form.read()
        signature = "".join(self.signature.toPlainText().split())
        if read is None:
            return None
        if not signature:
            self.signature_field.show_error(self.tr("Paste the signature."))
            self.signature.setFocus()
            return None
        return api.VerifyMessage(read[0], signature, read[1])

    def show_error(self, error: api.WrenError) -> None:
        self.button.stop()
        if not self.form.show_error(error):
            self.message.say(error.message, "warning")


class MessagesDialog(ToolDialog):
    """Sign and verify, side by side."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent.tr("Messages"), parent)
        halves = [("sign", self.tr("Sign")), ("verify", self.tr("Verify"))]
        self.choice = Segmented(self.tr("Messages"), halves, "sign")
        self.sign = SignStep(context)
        self.verify = VerifyStep(context)
        self.steps = QStackedWidget()
        self.steps.addWidget(self.sign)
        self.steps.addWidget(self.verify)
        for part in (title(self.tr("Messages")), self.choice, self.steps):
            self.body.addWidget(part)
        self.choice.chosen.connect(self._turn)
        self.sign.sign.connect(self._sign)
        self.verify.verify.connect(self._verify)
        self.sign.form.address.setFocus()
        self.begin(self._load(), lambda error: self.sign.message.say(error.message, "error"))

    async def _load(self) -> None:
        known: list[api.AddressRow] = []
        first = 0
        while rows := await self.context.bridge.run(api.GetAddresses(first, _PIECE)):
            known = words.offered([*known[::-1], *rows])
            first += _PIECE
        self.sign.form.offer(known)

    def _turn(self, value: str) -> None:
        self.steps.setCurrentWidget(self.sign if value == "sign" else self.verify)

    def _sign(self) -> None:
        read = self.sign.form.read()
        if read is None or self.sign.button.is_busy:
            return
        self.sign.message.clear()
        self.sign.password_field.clear_error()
        self.sign.button.start(self.tr("Signing…"))
        command = api.SignMessage(*read, password=self.sign.password.text() or None)
        self.begin(self._carry_out_signing(command), self.sign.show_error)

    async def _carry_out_signing(self, command: api.SignMessage) -> None:
        signature = await self.context.bridge.run(command)
        self.sign.button.stop()
        self.sign.password.clear()
        if self.sign.form.read() == (command.address, command.text):  # else it was edited meanwhile
            self.sign.show_signature(signature)
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.sign.copy))  # once it is laid out

    def _verify(self) -> None:
        command = self.verify.read()
        if command is not None and not self.verify.button.is_busy:
            self.verify.button.start(self.tr("Verifying…"))
            self.begin(self._carry_out_verifying(command), self.verify.show_error)

    async def _carry_out_verifying(self, command: api.VerifyMessage) -> None:
        valid = await self.context.bridge.run(command)
        self.verify.button.stop()
        if self.verify.read() == command:
            self.verify.message.say(*words.verdict(valid))
