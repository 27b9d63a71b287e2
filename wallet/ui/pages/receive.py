"""An address to be paid at, there at once, with its QR code."""

import asyncio

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from wallet.bitcoin.address import parse_address
from wallet.bitcoin.amount import AmountError, Sats
from wallet.bitcoin.uri import PaymentUri, format_uri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import CENTRE, TOP, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.page import Page
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountEdit
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, note, section, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.qr import QrCode

SAVE_SECONDS = 0.8
STACK_BELOW = 620


class ReceivePage(Page):
    """Address and code without a click; amount and label make a request of them."""

    KINDS = frozenset(("history", "addresses"))
    address_changed = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.address = AddressLabel()
        self.qr = QrCode()
        self.label = QLineEdit()
        self.label.setMaxLength(255)
        self.amount = AmountEdit(context.preferences)
        self.label_field = Field(
            self.tr("&Label"), self.label, self.tr("For you, and in the request: who pays, what for.")
        )
        self.amount_field = Field(self.tr("&Amount"), self.amount)
        self.copy_address = CopyButton(context.clipboard, self.tr("&Copy address"), lambda: self._address, "primary")
        self.copy_request = CopyButton(context.clipboard, self.tr("Copy &request"), lambda: self.uri)
        self.new_button = Button(self.tr("&New address"), "quiet", "refresh")
        self.warning = Message()
        self.warning.clear()
        self.uri = ""
        self._address = ""
        self._saving: asyncio.Task[None] | None = None
        self.body.addWidget(title(self.tr("Receive")))
        self.body.addWidget(self.warning)
        self.body.addWidget(self._address_card())
        self.body.addWidget(
            card(
                section(self.tr("Ask for an amount")), self.label_field, self.amount_field, row(self.copy_request, None)
            )
        )
        self.body.addStretch(1)
        self.new_button.clicked.connect(self._renew)
        self.label.textEdited.connect(self._edited)
        self.amount.edited.connect(self._redraw)

    def _address_card(self) -> QWidget:
        text = column(
            caption(self.tr("Your address")),
            self.address,
            row(self.copy_address, self.new_button, None, spacing=Space.SMALL),
            note(
                self.tr(
                    "Give it to one payer only; it changes by itself once it was used. A payment shows within "
                    "seconds, unverified until a block proves it."
                )
            ),
            None,
        )
        self._sides = row(self.qr, spacing=Space.WIDE)
        self._sides.addLayout(text, 1)
        self._sides.setAlignment(self.qr, TOP | CENTRE)
        return card(self._sides)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Code and text stand side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        self._sides.setDirection(direction.TopToBottom if self.width() < STACK_BELOW else direction.LeftToRight)

    @override
    async def load(self) -> None:
        await self._show(await self.context.bridge.run(api.GetReceiveAddress()))

    def _renew(self) -> None:
        self.context.bridge.start(self._ask_fresh(), lambda error: self.problem.say(error.message, "error"))

    async def _ask_fresh(self) -> None:
        answer = await self.context.bridge.run(api.GetReceiveAddress(fresh=True))
        await self._show(answer)

    async def _show(self, answer: api.ReceiveAddress) -> None:
        if answer.address != self._address:
            self._address = answer.address
            self.address.show_address(answer.address)
            self.label.clear()
            self.amount.set_value(None)
            self.address_changed.emit(answer.address)
        self.warning.say(answer.warning, "warning")
        self._make_uri()
        await self.qr.draw(self.uri)

    def _redraw(self) -> None:
        self._make_uri()
        self.context.bridge.start(self.qr.draw(self.uri))

    def _edited(self) -> None:
        """The label is kept once the typing pauses."""
        self._redraw()
        if self._saving is not None:
            self._saving.cancel()
        self._saving = self.context.bridge.start(self._save())

    async def _save(self) -> None:
        await asyncio.sleep(SAVE_SECONDS)
        await self.context.bridge.run(api.SetLabel("addr", self._address, self.label.text().strip()))

    def _make_uri(self) -> None:
        if not self._address:
            return
        address = parse_address(self._address, self.context.params)
        self.uri = format_uri(PaymentUri(address, self._wanted(), self.label.text().strip() or None))
        plain = not self.label.text().strip() and self.amount.is_empty()
        self.copy_request.setEnabled(not plain)

    def _wanted(self) -> Sats | None:
        self.amount_field.clear_error()
        if self.amount.is_empty():
            return None
        try:
            return self.amount.value()
        except AmountError as error:
            self.amount_field.show_error(str(error))
            return None
