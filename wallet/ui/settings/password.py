"""The wallet's password: another one, a first one, or none by choice."""

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
from wallet.ui.widgets.password import NewPassword


class PasswordDialog(FormDialog):
    """The old one, and the new one twice."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        name, text = translate("Change the password"), translate("The words stay the same. Backups keep their old one.")
        super().__init__(context, name, text, BusyButton(translate("&Change it"), icon="key"), parent)
        self.busy_text = self.tr("Sealing…")
        self.password_field.rename(self.tr("&Old password"))
        self.new = NewPassword()
        self.new.rename(self.tr("Ne&w password"))
        self.ask(self.password_field, self.new)
        self.new.second.returnPressed.connect(self.submit)

    @override
    def problem(self) -> bool:
        return self.new.show_problem()

    @override
    def commands(self) -> tuple[api.Command[Any], ...]:
        return (api.ChangePassword(self.secret(), self.new.value()),)

    @override
    def done_words(self, _answer: None) -> str:
        if self.new.none.isChecked():
            return self.tr("The wallet has no password now: anyone at this computer can spend.")
        return self.tr("The password is changed. The old one opens nothing any more.")

    @override
    def wipe(self) -> None:
        super().wipe()
        self.new.wipe()


class PasswordCard(SettingsCard):
    """Opens the form."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.change_button = Button(self.tr("Chan&ge the password…"), "plain", "key")
        self.change_button.clicked.connect(lambda: self.show_form(PasswordDialog(self.context, self)))
        self.lay_out(
            self.tr("Password"),
            self.tr(
                "It seals the keys on this computer. Nobody can give you a forgotten one back; the seed words bring "
                "the money back without it."
            ),
            row(self.change_button, None),
        )
