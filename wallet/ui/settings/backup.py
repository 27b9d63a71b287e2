"""Copies that are kept elsewhere: an encrypted backup, and the labels."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QFileDialog, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.settings.card import SettingsCard
from wallet.ui.settings.form import FormDialog
from wallet.ui.settings.labels import LabelsDialog
from wallet.ui.text import safe_text, translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.label import LongCode


class BackupDialog(FormDialog):
    """The password seals the backup as it seals the wallet."""

    def __init__(self, context: Context, path: Path, parent: QWidget) -> None:
        super().__init__(
            context,
            translate("Write a backup"),
            translate(
                "Keys, accounts, labels, contacts and requests, sealed with the wallet's password. It opens with the "
                "password that the wallet has now, also after that is changed."
            ),
            BusyButton(translate("&Write it"), icon="shield"),
            parent,
        )
        self.busy_text = self.tr("Sealing…")
        self._path = path
        self.password_field.set_hint(self.tr("A wallet without a password cannot be backed up to a file."))
        self.ask(LongCode(safe_text(str(path))), self.password_field)

    @override
    def commands(self) -> tuple[api.Command[Any], ...]:
        return (api.BackUp(str(self._path), self.secret()),)

    @override
    def done_words(self, answer: api.BackupReport) -> str:
        text = self.tr("The backup is in {path}. Keep it on another disk; it holds {labels} labels.")
        return text.format(path=safe_text(answer.path), labels=QLocale().toString(answer.labels))


class BackupCard(SettingsCard):
    """Files are named first, then sealed."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.backup_button = Button(self.tr("Write a &backup…"), "plain", "shield")
        self.export_button = BusyButton(self.tr("E&xport labels…"), "plain")
        self.import_button = BusyButton(self.tr("I&mport labels…"), "plain")
        self.lay_out(
            self.tr("Backup"),
            self.tr(
                "The seed words on paper bring the money back. A backup brings labels, contacts and requests back too. "
                "Labels alone go to other wallets in the format of BIP329."
            ),
            Wrapping(self.backup_button, self.export_button, self.import_button),
        )
        self.backup_button.clicked.connect(self._ask_backup)
        self.export_button.clicked.connect(self._ask_export)
        self.import_button.clicked.connect(self._ask_import)

    def _ask_backup(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Write a backup to a new file"),
            "wallet.wren-backup",
            self.tr("Backups (*.wren-backup)"),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if path:
            self.show_form(BackupDialog(self.context, Path(path), self))

    def _ask_export(self) -> None:
        kinds = self.tr("Labels (*.jsonl)")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export the labels"), "labels.jsonl", kinds)
        if path and not self.export_button.is_busy:
            self.export_button.start(self.tr("Writing…"))
            self.context.bridge.start(self._export(path), self._failed)

    async def _export(self, path: str) -> None:
        """The file dialog has asked before another file is overwritten."""
        written = await self.context.bridge.run(api.ExportLabels(path, overwrite=True))
        self.export_button.stop()
        text = self.tr("{n} labels are in {path}. They say whom you paid: mind who reads them.")
        self.message.say(text.format(n=QLocale().toString(written.rows), path=safe_text(written.file)), "good")

    def _ask_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Import labels"), "", self.tr("Labels (*.jsonl *.json);;All (*)")
        )
        if path and not self.import_button.is_busy:
            self.import_button.start(self.tr("Reading…"))
            self.context.bridge.start(self._compare(path), self._failed)

    async def _compare(self, path: str) -> None:
        """Nothing is changed before the differences were seen."""
        found = await self.context.bridge.run(api.ImportLabels(path, skip_bad=True, dry_run=True))
        self.import_button.stop()
        self.show_form(LabelsDialog(self.context, path, found, self))

    def _failed(self, error: api.WrenError) -> None:
        self.export_button.stop()
        self.import_button.stop()
        self.message.say(error.message, "error")
