"""Opening: the choice among several wallets, and the password where opening needs one."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.page import Page
from wallet.ui.pages.welcome import Choice
from wallet.ui.text import safe_text, translate
from wallet.ui.widgets.brand import brand
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox, was_wrong


def _state_words(wallet: api.WalletInfo, is_open: bool) -> str:
    """Where the keys live, and what opening asks."""
    if is_open:
        return translate("open now")
    if wallet.watch_only:
        return translate("watch only, without keys")
    if wallet.locked:
        return translate("keys in a sealed file: asks for its password to open")
    return translate("keys in this computer's keyring: opens without a question")


class ChooserPage(Page):
    """Asks which wallet to open."""

    chosen = Signal(object)
    another = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 600)
        self.choices: list[Choice] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(Space.MEDIUM)
        self.add = Button(self.tr("&Add a wallet"), "quiet", "plus")
        self.add.clicked.connect(self.another)
        self.body.addLayout(
            column(brand(), Space.SMALL, title(self.tr("Which wallet?")), self._list, row(self.add, None))
        )
        self.body.addStretch(1)

    def show_wallets(self, wallets: Sequence[api.WalletInfo], now: str = "") -> None:
        """now: the one that is open."""
        for choice in self.choices:
            self._list.removeWidget(choice)
            choice.deleteLater()
        self.choices = [self._choice(wallet, wallet.name == now) for wallet in wallets]
        for choice in self.choices:
            self._list.addWidget(choice)

    def _choice(self, wallet: api.WalletInfo, is_open: bool) -> Choice:
        note = self.context.params.title
        text = " · ".join((*(() if self.context.options.network == "main" else (note,)), _state_words(wallet, is_open)))
        icon = "check" if is_open else "lock" if wallet.locked else "wallet"
        choice = Choice(icon, safe_text(wallet.name), text)
        choice.clicked.connect(lambda: self.chosen.emit(wallet))
        return choice


class UnlockPage(Page):
    """Asks for the password of a wallet that is to be opened, or that is locked.

    `entered` carries nothing: the window takes the password from the box.
    """

    entered = Signal()
    back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 480)
        self._title = title("")
        self._note = note("")
        self._locked = False
        self.password = PasswordBox()
        self.field = Field(self.tr("&Password"), self.password)
        self.message = Message()
        self.open = BusyButton(self.tr("&Open"))
        self.back_button = Button(self.tr("&Back"), "quiet", "back")
        self.open.clicked.connect(self._enter)
        self.password.returnPressed.connect(self._enter)
        self.back_button.clicked.connect(self.back)
        self.body.addLayout(
            column(
                brand(),
                Space.SMALL,
                self._title,
                self._note,
                card(self.field),
                self.message,
                row(self.back_button, None, self.open),
                spacing=Space.LARGE,
            )
        )
        self.body.addStretch(1)

    def ask(self, wallet: api.WalletInfo) -> None:
        """Before a wallet is opened."""
        self._locked = False
        self._title.setText(self.tr("Open “{name}”").format(name=safe_text(wallet.name)))
        self._note.setText(
            self.tr("This wallet is sealed with its password. Leave the box empty if it was made without one.")
        )
        self._begin()

    def ask_locked(self, wallet: api.WalletInfo) -> None:
        """Before a locked wallet is shown again. One without a password is unlocked by an empty one."""
        self._locked = True
        self._title.setText(self.tr("“{name}” is locked").format(name=safe_text(wallet.name)))
        self._note.setText(self.tr("It stays up to date meanwhile. Leave the box empty if the wallet has no password."))
        self._begin()

    def forget(self) -> None:
        """Let the password not stay in the box."""
        self.open.stop()
        self.password.clear()

    def _begin(self) -> None:
        self.forget()
        self.open.rename(self.tr("&Unlock") if self._locked else self.tr("&Open"))
        self.field.clear_error()
        self.message.clear()
        self.password.setFocus()

    def show_error(self, error: api.WrenError) -> None:
        self.open.stop()
        if not was_wrong(error, self.field, self.password):
            self.message.say(error.message, "error")

    def _enter(self) -> None:
        if self.open.is_busy:
            return
        self.open.start(self.tr("Opening…"))
        self.entered.emit()
