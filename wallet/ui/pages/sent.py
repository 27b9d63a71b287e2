"""How far a payment got, without claiming more than was seen."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import Code, caption, title
from wallet.ui.widgets.message import Kind, Message


class SentStep(QWidget):
    """The result of a payment."""

    another = Signal()
    show_payment = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.amount = AmountLabel(context.preferences, Type.DISPLAY)
        self.message = Message()
        self.txid = Code()
        self.copy = CopyButton(context.clipboard, self.tr("&Copy the transaction's id"), self.txid.text)
        self.show_button = Button(self.tr("&Details"))
        self.again = Button(self.tr("&Another payment"), "quiet")
        self.show_button.clicked.connect(lambda: self.show_payment.emit(self.txid.text()))
        self.again.clicked.connect(self.another)
        self.setLayout(
            column(
                title(self.tr("Sent")),
                card(
                    self.amount,
                    self.message,
                    caption(self.tr("Transaction")),
                    self.txid,
                    row(self.copy, self.show_button, None),
                ),
                row(self.again, None),
                None,
                spacing=Space.LARGE,
            )
        )

    def show_result(self, result: api.SendResult) -> None:
        self.amount.show_amount(result.amount)
        self.txid.setText(result.txid)
        self.message.say(*self._words(result.broadcast))

    def _words(self, report: api.BroadcastReport | None) -> tuple[str, Kind]:
        if report is None or not report.sent_to:
            text = self.tr("Signed and stored. It is sent as soon as a peer is there, and again until a block has it.")
            return text, "warning"
        if report.propagated:
            text = self.tr("Sent to {sent} peers, seen back from {seen}: propagated. A block will prove it.")
            return text.format(sent=report.sent_to, seen=report.seen_from), "good"
        text = self.tr("Sent to {sent} peers, not seen back yet. Wren repeats it until a block has it.")
        return text.format(sent=report.sent_to), "info"
