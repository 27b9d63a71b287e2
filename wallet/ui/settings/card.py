"""What the settings' cards have in common."""

from collections.abc import Coroutine
from typing import Any

from PySide6.QtWidgets import QWidget

from wallet.ui.context import Context
from wallet.ui.design.layout import Item, column
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.settings.form import FormDialog
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.message import Message


class SettingsCard(QWidget):
    """A title, an explanation, what there is to set, and what came of it. `opened`: the dialog it opened last."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.message = Message()
        self.opened: ToolDialog | None = None

    def lay_out(self, name: str, text: str, *items: Item) -> None:
        """The card, from top to bottom."""
        explained: tuple[Item, ...] = (note(text),) if text else ()
        self.setLayout(column(card(section(name), *explained, *items, self.message)))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin work; what goes wrong is said in the card."""
        self.context.bridge.start(work, lambda error: self.message.say(error.message, "error"))

    def show_form(self, form: FormDialog) -> None:
        """Open a form; what it did is said in the card."""
        self.message.clear()
        form.told.connect(lambda text: self.message.say(text, "good"))
        self.show_dialog(form)

    def show_dialog(self, dialog: ToolDialog) -> None:
        """Open a dialog."""
        self.opened = dialog
        dialog.show()
