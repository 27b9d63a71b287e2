"""Where the keys live: in the system's keyring, or in a sealed file; and moving them."""

from typing import Any

from PySide6.QtWidgets import QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import row
from wallet.ui.settings.card import SettingsCard
from wallet.ui.settings.form import FormDialog
from wallet.ui.text import translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.label import Label


def home_words(vault: api.VaultKind) -> str:
    """Where keys are, in words."""
    match vault:
        case "keyring":
            return translate("in this computer's keyring")
        case "file":
            return translate("in a sealed file in the wallet's folder")
        case "none":
            return translate("nowhere: this wallet only watches")


class MoveDialog(FormDialog):
    """The password moves them."""

    def __init__(self, context: Context, to: api.VaultKind, parent: QWidget) -> None:
        name = translate("Move the keys")
        if to == "file":
            text = translate(
                "To a sealed file in the wallet's folder. From then on the wallet asks for its password when it is "
                "opened, and whoever has the file can try passwords."
            )
        else:
            text = translate(
                "To this computer's keyring, still sealed with the password. From then on the wallet opens without a "
                "question once you are logged in; paying asks for the password as before."
            )
        super().__init__(context, name, text, BusyButton(translate("&Move them"), icon="key"), parent)
        self.busy_text = self.tr("Moving…")
        self._to = to
        self.ask(self.password_field)

    @override
    def commands(self) -> tuple[api.Command[Any], ...]:
        return (api.MoveVault(self._to, self.secret()),)

    @override
    def done_words(self, answer: api.WalletInfo) -> str:
        return self.tr("The keys are {place} now.").format(place=home_words(answer.vault))

    @override
    def refused(self, error: api.WrenError) -> None:
        super().refused(error)
        if error.code == "vault_unavailable":
            text = self.tr("{reason} The keys stay where they are.").format(reason=error.message.rstrip(".") + ".")
            self.message.say(text, "error")


class HomeCard(SettingsCard):
    """Says where they are, and offers the other place."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._to: api.VaultKind = "keyring"
        self.place = Label(wrap=True)
        self.move_button = Button("", "plain", "key")
        self.move_button.clicked.connect(lambda: self.show_form(MoveDialog(self.context, self._to, self)))
        self.lay_out(self.tr("Where the keys live"), "", self.place, row(self.move_button, None))

    def show_vault(self, vault: api.VaultKind) -> None:
        self._to = "file" if vault == "keyring" else "keyring"
        self.place.setText(self.tr("Sealed, {place}.").format(place=home_words(vault)))
        to_file = self._to == "file"
        self.move_button.setText(self.tr("Move them to a &file…") if to_file else self.tr("Move them to the &keyring…"))
