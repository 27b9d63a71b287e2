"""One coin: where it lies, what can be done with it, and its label."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, fit_to_screen, row, scrolling
from wallet.ui.design.metrics import Space, Type
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.coins import confirmations, state_icon, state_words
from wallet.ui.text import safe_text
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.facts import Facts
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label
from wallet.ui.widgets.labelbox import LabelBox


class CoinDialog(QDialog):
    """Not modal. `opened` asks for the payment that made the coin."""

    opened = Signal(str)

    def __init__(self, context: Context, coin: api.CoinRow, tip: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Coin"))
        self.outpoint = coin.outpoint
        self.amount = AmountLabel(context.preferences, Type.TITLE)
        self._icon = Icon(*state_icon(coin))
        self.state = Label(wrap=True)
        self.facts = Facts((("blocks", self.tr("Block")), ("outpoint", self.tr("Outpoint"))))
        self.label = LabelBox(context.bridge, "output", coin.outpoint)
        self.copy_address = CopyButton(context.clipboard, self.tr("Copy the &address"), lambda: coin.address, "quiet")
        self.copy_outpoint = CopyButton(
            context.clipboard, self.tr("Copy the &outpoint"), lambda: coin.outpoint, "quiet"
        )
        self.payment = Button(self.tr("Show the &payment"), "quiet", "forward")
        self.payment.clicked.connect(lambda: self.opened.emit(coin.outpoint.partition(":")[0]))
        self.address = AddressLabel(coin.address, Type.BODY)
        self._lay_out()
        self.show_coin(coin, tip)
        self.label.show_label(coin.label)

    def _lay_out(self) -> None:
        headline = row(self._icon, self.state, spacing=Space.SMALL)
        headline.setStretch(1, 1)
        buttons = box(Wrapping(self.copy_address, self.copy_outpoint, self.payment))
        inside = card(
            self.amount,
            headline,
            self.address,
            self.facts,
            buttons,
            self.label,
            spacing=Space.MEDIUM,
        )
        close = Button(self.tr("&Close"), "primary")
        close.clicked.connect(self.close)
        content = box(column(inside, None, margin=Space.LARGE))
        content.setObjectName("content")
        foot = row(None, close)
        foot.setContentsMargins(Space.LARGE, 0, Space.LARGE, Space.LARGE)
        self.setLayout(column(scrolling(content), foot))
        fit_to_screen(self, 620, 480)

    def show_coin(self, coin: api.CoinRow, tip: int) -> None:
        """The same coin as it stands now."""
        self.amount.show_amount(coin.amount)
        self._icon.draw(*state_icon(coin))
        self.state.setText(state_words(coin, tip))
        deep = confirmations(coin, tip)
        self.facts.say("blocks", self.tr("{height}, {n} deep").format(height=coin.height, n=deep) if deep else "")
        self.facts.say("outpoint", safe_text(coin.outpoint))
        self.label.show_label(coin.label)

    @override
    def done(self, result: int) -> None:
        """A label that was typed is kept, however the dialog is closed."""
        self.label.keep()
        super().done(result)
