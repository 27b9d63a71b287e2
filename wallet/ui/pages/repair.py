"""A wallet whose keys are missing or out of reach: try again, or bring them back by the words."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.page import Page
from wallet.ui.text import safe_text
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import NewPassword, PasswordBox
from wallet.ui.widgets.secretbox import SecretBox


class RepairPage(Page):
    """`again`: open the wallet once more; `repaired`: its keys are back. What was typed stays until then."""

    again = Signal()
    repaired = Signal()
    back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 640)
        self.wallet = ""
        self._title = title("")
        self.message = Message()
        self.box = SecretBox()
        self.box_field = Field(self.tr("&Seed words, or master key, of this wallet"), self.box)
        self.passphrase = PasswordBox()
        self.password = NewPassword()
        self.in_file = QCheckBox(self.tr("Keep the keys in a &file, sealed with the password, not in the keyring"))
        self.again_button = Button(self.tr("&Try again"), "plain")
        self.back_button = Button(self.tr("&Back"), "quiet", "back")
        self.backup_button = BusyButton(self.tr("Go back to the last daily &backup"), "plain")
        self.backup_button.clicked.connect(self._recover)
        self.repair = BusyButton(self.tr("&Repair the wallet"))
        self.again_button.clicked.connect(self.again)
        self.back_button.clicked.connect(self.back)
        self.repair.clicked.connect(self._repair)
        context.guard.locked.connect(self.forget)
        self._lay_out()

    def _lay_out(self) -> None:
        passphrase = Field(self.tr("BIP39 pass&phrase"), self.passphrase, self.tr("Leave empty unless you chose one."))
        self.body.addLayout(
            column(
                self._title,
                self.message,
                row(self.back_button, None, self.backup_button, self.again_button),
                card(
                    section(self.tr("Bring it back with its words")),
                    note(
                        self.tr(
                            "The wallet's history and labels are still here. Its words open them again, and are sealed "
                            "anew. Nobody from Wren will ever ask for these words."
                        )
                    ),
                    self.box_field,
                    passphrase,
                    self.password,
                    self.in_file,
                    row(None, self.repair),
                    spacing=Space.MEDIUM,
                ),
                spacing=Space.LARGE,
            )
        )
        self.body.addStretch(1)

    def explain(self, wallet: api.WalletInfo, error: api.WrenError) -> None:
        """Say why the wallet did not open."""
        if wallet.name != self.wallet:
            self.forget()
        self.wallet = wallet.name
        self._title.setText(self.tr("“{name}” does not open").format(name=safe_text(wallet.name)))
        self.message.say(error.message, "error")
        self.in_file.setChecked(wallet.vault == "file")
        self.backup_button.stop()
        self.backup_button.setVisible(error.code == "corrupt" and not wallet.locked)

    def _repair(self) -> None:
        self.box_field.clear_error()
        if not self.box.toPlainText().strip():
            self.box_field.show_error(self.tr("Type or paste the words that were written down for this wallet."))
            self.box.setFocus()
        elif not self.repair.is_busy and not self.password.show_problem():
            self.repair.start(self.tr("Repairing…"))
            self.context.bridge.start(self._send(), self._failed)

    def _recover(self) -> None:
        if not self.backup_button.is_busy:
            self.backup_button.start(self.tr("Going back…"))
            self.context.bridge.start(self._go_back(), self._failed)

    async def _go_back(self) -> None:
        await self.context.bridge.run(api.RecoverDatabase(self.wallet))
        self.backup_button.stop()
        self.repaired.emit()

    async def _send(self) -> None:
        command = api.RepairVault(
            name=self.wallet,
            secret=self.box.toPlainText().strip(),
            password=self.password.value(),
            passphrase=self.passphrase.text(),
            vault="file" if self.in_file.isChecked() else "auto",
        )
        await self.context.bridge.run(command)
        self.forget()
        self.repaired.emit()

    def _failed(self, error: api.WrenError) -> None:
        self.repair.stop()
        self.backup_button.stop()
        if error.code in {"bad_phrase", "bad_descriptor"}:
            self.box_field.show_error(error.message)
            self.box.setFocus()
        else:
            self.message.say(error.message, "error")

    def forget(self) -> None:
        """Drop everything secret."""
        self.repair.stop()
        self.box.clear()
        self.passphrase.clear()
        self.password.wipe()

    def holds_words(self) -> bool:
        """Whether something was typed that was not used yet."""
        return bool(self.box.toPlainText().strip())
