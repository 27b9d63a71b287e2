"""A wallet from the file of an encrypted backup, under the password that sealed it."""

import asyncio
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.text import safe_text, translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox, was_wrong

MAX_BYTES: Final = 64_000_000


def read_backup(path: Path) -> str:
    """The text of a backup. Raises ValueError for what cannot be one, OSError for what cannot be read."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(translate("This file is too large to be a backup."))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ValueError(translate("This file is no backup of Wren's.")) from None


class BackupStep(QWidget):
    """`done` carries the name of the wallet that was made; `back`: something else is restored from."""

    done = Signal(str)
    back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._document = ""
        self.choose_button = Button(self.tr("&Choose the file…"))
        self.file = caption()
        self.name = QLineEdit()
        self.name.setMaxLength(60)
        self.name_field = Field(self.tr("&Name of the wallet"), self.name)
        self.password = PasswordBox()
        self.password_field = Field(
            self.tr("&Password of the backup"),
            self.password,
            self.tr("The one that the wallet had when the backup was written. It seals the new wallet too."),
        )
        self.message = Message()
        self.restore_button = BusyButton(self.tr("&Restore the wallet"))
        self.restore_button.set_allowed(False)
        self.back_button = Button(self.tr("&Back"), "quiet", "back")
        self.setLayout(
            column(
                title(self.tr("Restore from a backup")),
                note(self.tr("Keys, accounts, labels, contacts and requests come back; payments are found again.")),
                card(row(self.choose_button, None), self.file, self.name_field, self.password_field),
                self.message,
                row(self.back_button, None, self.restore_button),
                spacing=Space.LARGE,
            )
        )
        self.file.hide()
        self.choose_button.clicked.connect(self.choose)
        self.back_button.clicked.connect(self._leave)
        self.restore_button.clicked.connect(self._restore)
        self.password.returnPressed.connect(self._restore)
        context.guard.locked.connect(self.password.clear)

    def choose(self) -> None:
        """Ask for the file."""
        kinds = self.tr("Backups (*.wren-backup);;All (*)")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open a backup"), "", kinds)
        if path:
            self._context.bridge.start(self.open(Path(path)))

    async def open(self, path: Path) -> None:
        """Read the file; what is in it is judged when its password is there."""
        self.message.clear()
        self._document = ""
        try:
            self._document = await asyncio.to_thread(read_backup, path)
        except OSError as error:
            reason = error.strerror or str(error)
            self.message.say(self.tr("The file could not be read: {reason}").format(reason=reason), "error")
        except ValueError as error:
            self.message.say(str(error), "error")
        self.file.show_or_hide(safe_text(str(path)) if self._document else "")
        self.restore_button.set_allowed(bool(self._document))
        if self._document:
            (self.password if self.name.text() else self.name).setFocus()

    def _restore(self) -> None:
        if not self.restore_button.isEnabled():
            return
        self.name_field.clear_error()
        self.password_field.clear_error()
        self.message.clear()
        name = self.name.text().strip()
        if not name:
            self.name_field.show_error(self.tr("Give the wallet a name."))
            self.name.setFocus()
            return
        self.restore_button.start(self.tr("Restoring…"))
        command = api.RestoreBackup(name, self._document, self.password.text() or None)
        self._context.bridge.start(self._make(command), self._refused)

    async def _make(self, command: api.RestoreBackup) -> None:
        made = await self._context.bridge.run(command)
        self.forget()
        self.done.emit(made.wallet)

    def _refused(self, error: api.WrenError) -> None:
        self.restore_button.stop()
        if error.code == "wallet_exists":
            self.name_field.show_error(error.message)
            self.name.setFocus()
        elif not was_wrong(error, self.password_field, self.password):
            self.message.say(error.message, "error")

    def _leave(self) -> None:
        self.forget()
        self.back.emit()

    def forget(self) -> None:
        """Drop what was read and typed."""
        self.restore_button.stop()
        self.restore_button.set_allowed(False)
        self._document = ""
        self.file.show_or_hide("")
        self.name.clear()
        self.password.clear()
        self.message.clear()
