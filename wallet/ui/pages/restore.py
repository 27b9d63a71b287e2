"""Restoring a wallet: one box that takes what the user has, judged as it is typed."""

import asyncio
from datetime import date

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QLayout, QRadioButton, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.create import PasswordStep
from wallet.ui.pages.frombackup import BackupStep
from wallet.ui.pages.page import Page
from wallet.ui.widgets.button import Button, OneOf
from wallet.ui.widgets.day import DayEdit
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, note, section, title
from wallet.ui.widgets.password import PasswordBox
from wallet.ui.widgets.secretbox import SecretBox
from wallet.ui.widgets.segmented import Segmented

DEBOUNCE_SECONDS = 0.25
_WITHOUT_PASSPHRASE = frozenset(("xprv", "xpub", "descriptor", "wif"))


class BirthdayChoice(QWidget):
    """When the wallet was first used, so that the search need not begin in 2009."""

    def __init__(self) -> None:
        super().__init__()
        self.unsure = QRadioButton(self.tr("Not &sure: search from the beginning"))
        self.known = QRadioButton(self.tr("Not be&fore:"))
        self.day = DayEdit(QDate.currentDate().addYears(-1), self.tr("Day of the first use"))
        self.day.setEnabled(False)
        group = OneOf(self)
        group.addButton(self.unsure)
        group.addButton(self.known)
        self.unsure.setChecked(True)
        self.known.toggled.connect(self.day.setEnabled)
        self.setLayout(
            column(section(self.tr("When did you first use it?")), self.unsure, row(self.known, self.day, None))
        )

    def value(self) -> date | None:
        return None if self.unsure.isChecked() else self.day.value()


class RestorePage(Page):
    """`done` carries the wallet's name. What was typed stays until the wallet is made, or the open one is locked."""

    done = Signal(str)
    back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 640)
        self.box = SecretBox()
        self.box_field = Field(self.tr("&What do you have?"), self.box)
        self.passphrase = PasswordBox()
        self.passphrase_field = Field(
            self.tr("BIP39 pass&phrase"),
            self.passphrase,
            self.tr("Leave empty unless you once chose one. It is not the password of a wallet program."),
        )
        self.reading = Segmented(
            self.tr("Made by"), [("bip39", self.tr("most wallets")), ("electrum", "Electrum")], "bip39"
        )
        self.reading_row = box(row(caption(self.tr("These words were made by")), self.reading, None))
        self.reading_row.hide()
        self.reading.chosen.connect(lambda _kind: self._name_passphrase())
        self.birthday = BirthdayChoice()
        self.seal = PasswordStep(self.tr("&Restore the wallet"))
        self.check: api.PhraseCheck | None = None
        self._checking: asyncio.Task[None] | None = None
        self.from_backup = BackupStep(context)
        self.backup_button = Button(self.tr("From a bac&kup file…"), "plain")
        self.continue_button = Button(self.tr("&Continue"), "primary")
        self.back_button = Button(self.tr("&Back"), "quiet", "back")
        self.first = QWidget()
        self.first.setLayout(self._first_layout())
        self.body.addWidget(self.first)
        self.body.addWidget(self.seal)
        self.body.addWidget(self.from_backup)
        self.from_backup.hide()
        self.body.addStretch(1)
        self.seal.hide()
        self._connect()

    def _connect(self) -> None:
        self.box.textChanged.connect(self._typed)
        self.continue_button.clicked.connect(self._continue)
        self.back_button.clicked.connect(self.back)
        self.seal.back.clicked.connect(lambda: self._show(self.first))
        self.seal.next.clicked.connect(self._finish)
        self.backup_button.clicked.connect(lambda: self._show(self.from_backup))
        self.from_backup.back.connect(lambda: self._show(self.first))
        self.from_backup.done.connect(self._made_of_backup)
        self.context.guard.locked.connect(self.forget)

    def _first_layout(self) -> QLayout:
        return column(
            title(self.tr("Restore a wallet")),
            note(self.tr("It stays on this computer. Every kind of address is searched in the same pass.")),
            card(self.box_field, self.reading_row, self.passphrase_field, spacing=Space.LARGE),
            card(self.birthday),
            row(self.back_button, None, self.backup_button, self.continue_button, spacing=Space.SMALL),
            spacing=Space.LARGE,
        )

    def _show(self, step: QWidget) -> None:
        self.first.setVisible(step is self.first)
        self.seal.setVisible(step is self.seal)
        self.from_backup.setVisible(step is self.from_backup)
        self.verticalScrollBar().setValue(0)

    # --- what was typed ---

    @override
    async def load(self) -> None:
        self.seal.suggest(await self.context.bridge.run(api.ListWallets()))
        self.box.set_words(await self.context.bridge.run(api.GetWordList(self.box.toPlainText())))

    def _typed(self) -> None:
        self.check = None
        self.box.mark(())
        self.box_field.clear_error()
        if self._checking is not None:
            self._checking.cancel()
        self._checking = self.context.bridge.start(self._judge_soon(), self._cannot_judge)

    async def _judge_soon(self) -> None:
        await asyncio.sleep(DEBOUNCE_SECONDS)
        await self._judge()

    async def _judge(self) -> None:
        text = self.box.toPlainText()
        found = await self.context.bridge.run(api.CheckPhrase(text))
        if text != self.box.toPlainText():
            return
        self.check = found
        self.box.mark(found.unknown_words)
        self.reading_row.setVisible(bool(found.alternatives))
        self.passphrase_field.setVisible(found.kind not in _WITHOUT_PASSPHRASE)
        self._name_passphrase()
        self.box_field.set_hint(found.message)
        if found.unknown_words:
            self.box_field.show_error(found.message)

    def _kind(self) -> str | None:
        """What the text is to be read as."""
        if self.check is not None and self.check.alternatives:
            return self.reading.value
        return None if self.check is None else self.check.kind

    def _name_passphrase(self) -> None:
        """What belongs to the words beside them has another name in Electrum."""
        is_electrum = self._kind() == "electrum"
        self.passphrase_field.rename(self.tr("Seed e&xtension") if is_electrum else self.tr("BIP39 pass&phrase"))

    def _secret(self) -> str:
        """The text, with the choice in front where it can be read in two ways."""
        text = self.box.toPlainText().strip()
        return f"{self.reading.value}: {text}" if self.check is not None and self.check.alternatives else text

    def _cannot_judge(self, error: api.WrenError) -> None:
        self.box_field.show_error(error.message)

    def _continue(self) -> None:
        self.context.bridge.start(self._judge_and_continue(), self._cannot_judge)

    async def _judge_and_continue(self) -> None:
        await self._judge()
        if self.check is not None and self.check.complete:
            self.seal.show_kind(watch_only=self.check.watch_only)
            self._show(self.seal)
            self.seal.password.first.setFocus()
            return
        text = self.check.message if self.check is not None else ""
        self.box_field.show_error(text or self.tr("Type or paste what you have of the wallet."))
        self.box.setFocus()

    # --- making the wallet ---

    def _finish(self) -> None:
        if not self.seal.problem():
            self.seal.next.start(self.tr("Restoring…"))
            self.context.bridge.start(self._restore(), self._failed)

    async def _restore(self) -> None:
        with_passphrase = self.passphrase_field.isVisibleTo(self)
        command = api.RestoreWallet(
            name=self.seal.name.text().strip(),
            secret=self._secret(),
            password=self.seal.password.value(),
            passphrase=self.passphrase.text() if with_passphrase else "",
            birthday=self.birthday.value(),
        )
        restored = await self.context.bridge.run(command)
        self.forget()
        self.done.emit(restored.wallet)

    def _made_of_backup(self, name: str) -> None:
        self.forget()
        self.done.emit(name)

    def _failed(self, error: api.WrenError) -> None:
        if error.code in {"bad_phrase", "bad_descriptor", "wrong_network"}:
            self.seal.next.stop()
            self._show(self.first)
            self.box_field.show_error(error.message)
        else:
            self.seal.show_error(error)

    def forget(self) -> None:
        """Drop everything secret and stand at the first step again."""
        self.seal.next.stop()
        self.box.clear()
        self.passphrase.clear()
        self.seal.password.wipe()
        self.seal.name.setModified(False)
        self.from_backup.forget()
        self._show(self.first)

    def holds_words(self) -> bool:
        """Whether something was typed that a wallet has not been made of yet."""
        return bool(self.box.toPlainText().strip())
