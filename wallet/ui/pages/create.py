"""A new wallet in three steps: see the words, show that they were written down, choose a password."""

import secrets
from collections.abc import Collection, Iterable
from itertools import chain, count

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.page import Page
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import NewPassword
from wallet.ui.widgets.segmented import Segmented
from wallet.ui.widgets.words import HiddenWords

ASKED = 3
DEFAULT_NAME = "default"


def free_name(taken: Collection[str]) -> str:
    """The usual name, with a number where it is taken."""
    names = (f"{DEFAULT_NAME}-{number}" for number in count(2))
    return next(name for name in chain((DEFAULT_NAME,), names) if name not in taken)


class WordsStep(QWidget):
    """The words, covered until they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.words = HiddenWords()
        self.length = Segmented(self.tr("Number of words"), [("12", "12"), ("24", "24")], "12")
        self.next = Button(self.tr("I have written them &down"), "primary")
        self.next.setEnabled(False)
        self.back = Button(self.tr("&Back"), "quiet", "back")
        self.words.button.released.connect(lambda: self.next.setEnabled(bool(self.words.words)))
        self.setLayout(
            column(
                title(self.tr("Write down these words")),
                note(
                    self.tr(
                        "On paper, in this order. Whoever has them has the money; without them, a lost computer "
                        "means lost money."
                    )
                ),
                card(self.words, row(caption(self.tr("Number of words")), self.length, None)),
                Message(self.tr("Nobody from Wren will ever ask for these words. Do not photograph them."), "warning"),
                row(self.back, None, self.next),
                None,
                spacing=Space.LARGE,
            )
        )


class CheckStep(QWidget):
    """Asks for three of the words, at random places."""

    passed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.places: tuple[int, ...] = ()
        self.boxes: list[QLineEdit] = [QLineEdit() for _ in range(ASKED)]
        self._fields = [Field(self.tr("Word"), box) for box in self.boxes]
        self._words: tuple[str, ...] = ()
        self.next = Button(self.tr("&Continue"), "primary")
        self.back = Button(self.tr("&Show the words again"), "quiet", "back")
        self.next.clicked.connect(self._check)
        for box in self.boxes:
            box.returnPressed.connect(self._check)
        self.setLayout(
            column(
                title(self.tr("Let us check the paper")),
                note(self.tr("Type three of the words from what you wrote down.")),
                card(*self._fields),
                row(self.back, None, self.next),
                None,
                spacing=Space.LARGE,
            )
        )

    def ask(self, words: tuple[str, ...]) -> None:
        """Ask for other places of these words."""
        self._words = words
        self.places = tuple(sorted(secrets.SystemRandom().sample(range(len(words)), ASKED)))
        for field, box, place in zip(self._fields, self.boxes, self.places, strict=True):
            box.clear()
            field.rename(self.tr("Word number {n}").format(n=place + 1))
            field.clear_error()
        self.boxes[0].setFocus()

    def forget(self) -> None:
        self._words = ()
        for box in self.boxes:
            box.clear()

    def _check(self) -> None:
        wrong: QLineEdit | None = None
        for field, box, place in zip(self._fields, self.boxes, self.places, strict=True):
            if box.text().strip().lower() == self._words[place]:
                field.clear_error()
                continue
            field.show_error(self.tr("This is not word {n}: look at your paper once more.").format(n=place + 1))
            wrong = wrong or box
        if wrong is None:
            self.passed.emit()
        else:
            wrong.setFocus()


class PasswordStep(QWidget):
    """Name and password of the wallet, and where its keys will live."""

    def __init__(self, finish: str) -> None:
        super().__init__()
        self.name = QLineEdit(DEFAULT_NAME)
        self.name.setMaxLength(60)
        self.name_field = Field(self.tr("&Name of the wallet"), self.name)
        self.password = NewPassword()
        self.note = note("")
        self.message = Message()
        self.next = BusyButton(finish)
        self.back = Button(self.tr("&Back"), "quiet", "back")
        self.show_kind(watch_only=False)
        self.setLayout(
            column(
                title(self.tr("Seal it")),
                self.note,
                card(self.name_field, self.password, spacing=Space.LARGE),
                self.message,
                row(self.back, None, self.next),
                None,
                spacing=Space.LARGE,
            )
        )

    def show_kind(self, *, watch_only: bool) -> None:
        """Whether there are keys to be sealed, or a wallet is made that has none."""
        self.password.show_kind(watch_only=watch_only)
        if watch_only:
            self.note.setText(self.tr("This wallet gets no keys: it watches, and others sign for it."))
            return
        self.note.setText(
            self.tr(
                "Your keys stay on this computer: sealed with the password, in its keyring. "
                "Where there is no keyring they go to a sealed file, and a password is a must."
            )
        )

    def suggest(self, wallets: Iterable[api.WalletInfo]) -> None:
        """A name that no wallet has yet, as long as nobody typed one."""
        if not self.name.isModified():
            self.name.setText(free_name({wallet.name.casefold() for wallet in wallets}))

    def problem(self) -> bool:
        """Say what is missing beside its field; whether something is."""
        self.name_field.clear_error()
        self.message.clear()
        if not self.name.text().strip():
            self.name_field.show_error(self.tr("Give the wallet a name."))
            self.name.setFocus()
            return True
        return self.password.show_problem()

    def show_error(self, error: api.WrenError) -> None:
        self.next.stop()
        if error.code == "wallet_exists":
            self.name_field.show_error(error.message)
            self.name.setFocus()
        else:
            self.message.say(error.message, "error")


class CreatePage(Page):
    """`done` carries the wallet's name. Going back keeps the words that were written down; a lock does not."""

    done = Signal(str)
    back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 640)
        self.words_step = WordsStep()
        self.check_step = CheckStep()
        self.password_step = PasswordStep(self.tr("&Create the wallet"))
        self.steps = QStackedWidget()
        for step in (self.words_step, self.check_step, self.password_step):
            self.steps.addWidget(step)
        self.body.addWidget(self.steps)
        self.words_step.back.clicked.connect(self.back)
        self.words_step.next.clicked.connect(self._to_check)
        self.words_step.length.chosen.connect(lambda _value: self._renew())
        self.check_step.back.clicked.connect(lambda: self._go(self.words_step))
        self.check_step.passed.connect(self._to_password)
        self.password_step.back.clicked.connect(lambda: self._go(self.words_step))
        self.password_step.next.clicked.connect(self._finish)
        context.guard.locked.connect(self.forget)

    @override
    async def load(self) -> None:
        self.password_step.suggest(await self.context.bridge.run(api.ListWallets()))
        if not self.words_step.words.words:
            count = int(self.words_step.length.value)
            self.words_step.words.set_words(await self.context.bridge.run(api.NewPhrase(count)))

    def _renew(self) -> None:
        self.words_step.words.forget()
        self.words_step.next.setEnabled(False)
        self.refresh()

    def _go(self, step: QWidget) -> None:
        self.steps.setCurrentWidget(step)
        self.verticalScrollBar().setValue(0)

    def _to_check(self) -> None:
        self.check_step.ask(self.words_step.words.words)
        self._go(self.check_step)

    def _to_password(self) -> None:
        self._go(self.password_step)
        self.password_step.password.first.setFocus()

    def _finish(self) -> None:
        if not self.password_step.problem():
            self.password_step.next.start(self.tr("Sealing…"))
            command = api.CreateWallet(
                name=self.password_step.name.text().strip(),
                password=self.password_step.password.value(),
                phrase=" ".join(self.words_step.words.words),
            )
            self.context.bridge.start(self._create(command), self.password_step.show_error)

    async def _create(self, command: api.CreateWallet) -> None:
        created = await self.context.bridge.run(command)
        self.forget()
        self.done.emit(created.wallet)

    def forget(self) -> None:
        """Drop everything secret and stand at the first step again."""
        self.password_step.next.stop()
        self.password_step.password.wipe()
        self.password_step.name.setModified(False)
        self.words_step.words.forget()
        self.words_step.next.setEnabled(False)
        self.check_step.forget()
        self._go(self.words_step)
        self.refresh()

    def holds_words(self) -> bool:
        """Whether words were shown that a wallet has not been made of yet."""
        return self.words_step.next.isEnabled()
