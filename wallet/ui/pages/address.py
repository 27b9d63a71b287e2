"""One of the wallet's own addresses: whole, as a code, with its path, its use and its label."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QDialog, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import CENTRE, TOP, box, column, fit_to_screen, row, scrolling
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.addresses import use_words
from wallet.ui.text import safe_text
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.facts import Facts
from wallet.ui.widgets.found import type_name
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.labelbox import LabelBox
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.qr import QrCode

STACK_BELOW = 560


class AddressDialog(QDialog):
    """Not modal. A used address says that it should not be given out again."""

    def __init__(self, context: Context, entry: api.AddressRow, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Address"))
        self.entry = entry
        self.warning = Message()
        self.qr = QrCode(200)
        self.address = AddressLabel(entry.address, Type.BODY)
        self.balance = AmountLabel(context.preferences, Type.SECTION)
        self.facts = Facts((("use", self.tr("Use")), ("path", self.tr("Path")), ("type", self.tr("Type"))))
        self.label = LabelBox(context.bridge, "addr", entry.address)
        self.copy = CopyButton(context.clipboard, self.tr("&Copy the address"), lambda: self.entry.address)
        self._lay_out()
        self.show_entry(entry)
        self._drawing = context.bridge.start(self.qr.draw(entry.address))

    def _lay_out(self) -> None:
        text = column(self.address, row(self.copy, None), self.balance, self.facts, self.label, None)
        self._sides = row(self.qr, spacing=Space.WIDE)
        self._sides.addLayout(text, 1)
        self._sides.setAlignment(self.qr, TOP | CENTRE)
        close = Button(self.tr("Clo&se"), "primary")
        close.clicked.connect(self.close)
        content = box(column(self.warning, card(self._sides), None, margin=Space.LARGE))
        content.setObjectName("content")
        foot = row(None, close)
        foot.setContentsMargins(Space.LARGE, 0, Space.LARGE, Space.LARGE)
        self.setLayout(column(scrolling(content), foot))
        fit_to_screen(self, 700, 520)

    def show_entry(self, entry: api.AddressRow) -> None:
        """The same address as it stands now."""
        self.entry = entry
        self.balance.show_amount(entry.balance)
        self.facts.say("use", use_words(entry))
        self.facts.say("path", safe_text(entry.path))
        self.facts.say("type", type_name(entry.type))
        if entry.used and not entry.change:
            said = self.tr("It was paid before: for a new payment give a fresh address, or both can be linked.")
        elif entry.change:
            said = self.tr("For the wallet's own change: give payers an address of the page Receive.")
        else:
            said = ""
        self.warning.say(said, "warning")
        self.label.show_label(entry.label)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Code and text stand side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        self._sides.setDirection(direction.TopToBottom if self.width() < STACK_BELOW else direction.LeftToRight)

    @override
    def done(self, result: int) -> None:
        """A label that was typed is kept, and nothing that was begun goes on."""
        self.label.keep()
        if self._drawing is not None:
            self._drawing.cancel()
        super().done(result)
