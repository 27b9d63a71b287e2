"""What the settings' forms have in common: fields, a password, one button, and no secret left behind."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import Item, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.widgets.button import BusyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.password import PasswordBox, was_wrong


class FormDialog(ToolDialog):
    """`told` carries what was done, in words; after it the form is gone.

    It takes nothing twice and does not close while it is at work; only the lock closes it then. What changes keys goes
    on to its end all the same: it is not cancelled half way.
    """

    told = Signal(str)

    def __init__(self, context: Context, name: str, text: str, button: BusyButton, parent: QWidget) -> None:
        super().__init__(context, name, parent)
        self.message = Message()
        self.password = PasswordBox()
        self.password_field = Field(self.tr("Pass&word"), self.password, self.tr("Leave empty if the wallet has none."))
        self.submit_button = button
        self.busy_text = self.tr("At work…")
        self._here = [True]
        self.destroyed.connect(self._here.clear)
        self.body.addWidget(title(name))
        if text:
            self.body.addWidget(note(text))
        self.submit_button.clicked.connect(self.submit)
        self.password.returnPressed.connect(self.submit)
        self.resize(min(self.width(), 600), min(self.height(), 640))

    def ask(self, *fields: Item) -> None:
        """Lay out what is asked for, and the button that does it."""
        if fields:
            self.body.addWidget(card(*fields, spacing=Space.LARGE))
        self.body.addWidget(self.message)
        self.body.addLayout(row(None, self.submit_button))
        self.body.addStretch(1)
        boxes = self.findChildren(QLineEdit)
        (boxes[0] if boxes else self.submit_button).setFocus()

    # --- what each form says for itself ---

    def problem(self) -> bool:
        """Say beside its field what is missing; whether something is."""
        return False

    def commands(self) -> tuple[api.Command[Any], ...]:
        """What the engine is to do, in this order, from what is in the fields now; the last one's answer counts."""
        raise NotImplementedError

    def done_words(self, answer: Any) -> str:
        """What was done."""
        raise NotImplementedError

    def wipe(self) -> None:
        """Let go of secrets."""
        self.password.clear()

    def refused(self, error: api.WrenError) -> None:
        """Say why it was not done, beside the password where that was wrong."""
        if not was_wrong(error, self.password_field, self.password):
            self.message.say(error.message, "error")

    # --- the work ---

    def secret(self) -> str | None:
        """The password that was typed, None for none."""
        return self.password.text() or None

    def submit(self) -> None:
        """Do it, once."""
        if self.submit_button.is_busy or not self.submit_button.isEnabled():
            return
        self.password_field.clear_error()
        self.message.clear()
        if not self.problem():
            self.submit_button.start(self.busy_text)
            self.context.bridge.start(self._work(self.commands()), self._failed)

    async def _work(self, commands: tuple[api.Command[Any], ...]) -> None:
        """The form may be gone after the first wait, and even before this begins."""
        here = self._here
        answer: Any = None
        for command in commands:
            answer = await self.context.bridge.run(command)
        if here:
            self.told.emit(self.done_words(answer))
            self.accept()

    def _failed(self, error: api.WrenError) -> None:
        if not self._here:
            self.context.bridge.failed.emit(error.message)
            return
        self.submit_button.stop()
        self.refused(error)

    @override
    def reject(self) -> None:
        if not self.submit_button.is_busy:
            super().reject()

    @override
    def done(self, result: int) -> None:
        self._here.clear()
        self.wipe()
        super().done(result)
