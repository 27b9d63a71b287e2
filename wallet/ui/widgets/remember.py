"""After a payment: whose address was that? A name typed here makes a contact, to be paid by name the next time."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.models.payment import Payee
from wallet.ui.text import in_fours, safe_text
from wallet.ui.widgets.button import BusyButton
from wallet.ui.widgets.field import Field

MAX_NAME = 100


class Remember(QWidget):
    """`wanted` carries a name and the address that it belongs to."""

    wanted = Signal(str, str)

    def __init__(self, payee: Payee) -> None:
        super().__init__()
        self.address = payee.address
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("Name"))
        self.name.setMaxLength(MAX_NAME)
        self.button = BusyButton(self.tr("&Remember"), "plain", "plus")
        hint = in_fours(payee.address)
        self.field = Field(self.tr("Remember this person as"), self.name, hint, beside=self.button)
        self.setLayout(column(self.field, spacing=Space.HAIR))
        self.button.clicked.connect(self._ask)
        self.name.returnPressed.connect(self._ask)
        self.name.textChanged.connect(lambda _text: self.field.clear_error())

    def _ask(self) -> None:
        if self.button.is_busy or not self.button.isEnabled():
            return
        if not self.name.text().strip():
            self.field.show_error(self.tr("Type a name."))
            self.name.setFocus()
            return
        self.button.start(self.tr("Remembering…"))
        self.wanted.emit(self.name.text(), self.address)

    def done(self, contact: api.ContactRow) -> None:
        """It is noted: the next time the name will do."""
        self.button.stop()
        self.button.set_allowed(False)
        self.name.setReadOnly(True)
        self.name.setText(safe_text(contact.name))
        self.field.set_hint(self.tr("Remembered. The next time, type the name in place of the address."))

    def show_error(self, error: api.WrenError) -> None:
        self.button.stop()
        self.field.show_error(error.message)
