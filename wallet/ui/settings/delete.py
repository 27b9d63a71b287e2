"""Deleting the wallet from this computer."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import row
from wallet.ui.settings.card import SettingsCard
from wallet.ui.settings.form import FormDialog
from wallet.ui.text import safe_text, translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.message import Message


class DeleteDialog(FormDialog):
    """The name and the password delete it."""

    def __init__(self, context: Context, facts: api.WalletFacts, parent: QWidget) -> None:
        super().__init__(
            context, translate("Delete this wallet"), "", BusyButton(translate("&Delete for ever"), "plain"), parent
        )
        self.busy_text = self.tr("Deleting…")
        self._wallet = facts.wallet
        warning = self.tr(
            "Its keys, labels, requests and history go from this computer. Only the seed words (or a backup and its "
            "password) bring the money back. If you have neither on paper, stop here: the money would be lost."
        )
        harmless = self.tr("It only watches and has no keys: labels, requests and history go from this computer.")
        self.body.addWidget(Message(harmless if facts.watch_only else warning, "error"))
        self.name = QLineEdit()
        self.name_field = Field(
            self.tr("Type the wallet's &name to delete it"),
            self.name,
            self.tr("It is “{name}”.").format(name=safe_text(facts.wallet)),
        )
        self.ask(*((self.name_field,) if facts.vault == "none" else (self.name_field, self.password_field)))
        self.name.returnPressed.connect(self.submit)

    @override
    def problem(self) -> bool:
        self.name_field.clear_error()
        if self.name.text() == self._wallet:
            return False
        self.name_field.show_error(self.tr("This is not the name of the open wallet: nothing was deleted."))
        self.name.setFocus()
        return True

    @override
    def commands(self) -> tuple[api.Command[Any], ...]:
        return api.CheckPassword(self.secret()), api.DeleteWallet(self._wallet, self.name.text())

    @override
    def done_words(self, answer: Any) -> str:
        return self.tr("“{name}” is deleted.").format(name=safe_text(answer.wallet))


class DeleteCard(SettingsCard):
    """`deleted`: the open wallet is no more."""

    deleted = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._facts: api.WalletFacts | None = None
        self.delete_button = Button(self.tr("&Delete this wallet…"), "plain", "warning")
        self.delete_button.clicked.connect(self._open)
        self.lay_out(
            self.tr("Delete"), self.tr("Takes this wallet from this computer, for good."), row(self.delete_button, None)
        )

    def show_wallet(self, facts: api.WalletFacts) -> None:
        self._facts = facts

    def _open(self) -> None:
        if self._facts is not None:
            form = DeleteDialog(self.context, self._facts, self)
            form.told.connect(lambda _text: self.deleted.emit())
            self.show_form(form)
