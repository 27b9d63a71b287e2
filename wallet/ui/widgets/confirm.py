"""A question in place, before something is lost."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from wallet.ui.design.layout import column
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.message import Message


class Confirm(QWidget):
    """Hidden until `ask`. `agreed`: yes was said, after which it is hidden again."""

    agreed = Signal()

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self.message = Message()
        self._question = question
        self.yes = Button(yes, "plain")
        self.no = Button(no, "quiet")
        self.setLayout(column(self.message, Wrapping(self.yes, self.no)))
        self.yes.clicked.connect(self._agree)
        self.no.clicked.connect(self.hide)
        self.hide()

    def ask(self) -> None:
        """Show the question; what loses nothing has the focus."""
        self.show()
        self.message.say(self._question, "warning")
        self.no.setFocus()

    def _agree(self) -> None:
        self.hide()
        self.agreed.emit()
