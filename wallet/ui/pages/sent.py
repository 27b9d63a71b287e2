"""How far a payment got, looked at again while it is shown."""

import asyncio
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.payment import Payee
from wallet.ui.models.sent import is_out, sent_words
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import Code, caption, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.remember import Remember

LOOK_MS: Final = 2_000
"""How often it is asked after: that peers announce a payment is no change to the wallet, so nothing tells of it."""


class SentStep(QWidget):
    """The result of a payment."""

    another = Signal()
    show_payment = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._result: api.SendResult | None = None
        self._looking: asyncio.Task[None] | None = None
        self.title = title(self.tr("Sent"))
        self.amount = AmountLabel(context.preferences, Type.DISPLAY)
        self.message = Message()
        self.txid = Code()
        self.copy = CopyButton(context.clipboard, self.tr("&Copy the transaction's id"), self.txid.text)
        self.show_button = Button(self.tr("&Details"))
        self.again = Button(self.tr("&Another payment"), "quiet")
        self.people: list[Remember] = []
        self._people = QVBoxLayout()
        self._people.setSpacing(Space.MEDIUM)
        self._remembering = card(self._people)
        self._remembering.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self.show_button.clicked.connect(lambda: self.show_payment.emit(self.txid.text()))
        self.again.clicked.connect(self.another)
        context.bridge.wallet_changed.connect(self._wallet_changed)
        self.setLayout(
            column(
                self.title,
                card(
                    self.amount,
                    self.message,
                    caption(self.tr("Transaction")),
                    self.txid,
                    row(self.copy, self.show_button, None),
                ),
                self._remembering,
                row(self.again, None),
                None,
                spacing=Space.LARGE,
            )
        )

    def show_result(self, result: api.SendResult, strangers: Sequence[Payee] = ()) -> None:
        """strangers: who was paid and is in no contact yet."""
        self._result = result
        self.amount.show_amount(result.amount)
        self.txid.setText(result.txid)
        self._name(is_out(result.broadcast))
        self.message.say(*sent_words(result.broadcast))
        self._ask_names(strangers)
        if self.isVisible():
            self._timer.start()

    def _name(self, out: bool) -> None:
        self.title.setText(self.tr("Sent") if out else self.tr("Not sent yet"))

    # --- what becomes of it ---

    def look(self) -> None:
        """Ask how it stands."""
        if self._result is not None and (self._looking is None or self._looking.done()):
            self._looking = self._context.bridge.start(self._look(self._result), lambda _error: None)

    async def _look(self, result: api.SendResult) -> None:
        detail = await self._context.bridge.run(api.GetTransaction(result.txid))
        if result is not self._result:
            return
        self._name(is_out(result.broadcast, detail.row))
        text, kind = sent_words(result.broadcast, detail.row)
        if text != self.message.text:
            self.message.say(text, kind)
        if detail.row.proven:
            self._timer.stop()

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        if "history" in kinds and self.isVisible():
            self.look()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._result is not None:
            self._timer.start()
            self.look()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        if self._looking is not None:
            self._looking.cancel()  # nobody looks any more; a dialog that closes is gone when the answer comes

    def leave(self) -> None:
        """What is shown is over."""
        self._timer.stop()
        self._result = None
        self._ask_names(())

    # --- who it was ---

    def _ask_names(self, strangers: Sequence[Payee]) -> None:
        for old in self.people:
            self._people.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.people = [Remember(payee) for payee in strangers]
        for each in self.people:
            each.wanted.connect(lambda name, address, each=each: self._remember(each, name, address))
            self._people.addWidget(each)
        self._remembering.setVisible(bool(self.people))

    def _remember(self, place: Remember, name: str, address: str) -> None:
        self._context.bridge.start(self._set_contact(place, name, address), place.show_error)

    async def _set_contact(self, place: Remember, name: str, address: str) -> None:
        place.done(await self._context.bridge.run(api.SetContact(name, address)))
