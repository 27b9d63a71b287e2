"""An address to be paid at, there at once, with its QR code; and the requests that were made with such addresses."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from wallet.bitcoin.address import parse_address
from wallet.bitcoin.uri import PaymentUri, format_uri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import CENTRE, TOP, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.pages.page import Page
from wallet.ui.pages.receiveform import KindChoice, RequestForm
from wallet.ui.pages.request import RequestDialog, ask_for_picture
from wallet.ui.pages.requests import RequestList
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.qrlarge import QrButton

SAVE_SECONDS = 0.8
STACK_BELOW = 620


class ReceivePage(Page):
    """Address and code without a click; amount and label make a request of them."""

    KINDS = frozenset(("history", "addresses", "requests", "accounts", "labels"))
    address_changed = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.address = AddressLabel()
        self.qr = QrButton()
        self.form = RequestForm(context)
        self.label, self.amount, self.amount_field = self.form.label, self.form.amount, self.form.amount_field
        self.kind = KindChoice()
        self.requests = RequestList(context)
        self.copy_address = CopyButton(context.clipboard, self.tr("&Copy address"), lambda: self._address, "primary")
        self.copy_link = CopyButton(context.clipboard, self.tr("Copy lin&k"), lambda: self.uri)
        self.save_code = Button(self.tr("Sa&ve QR code…"), "quiet")
        self.new_button = Button(self.tr("&New address"), "quiet", "refresh")
        self.warning = Message()
        self.warning.clear()
        self.message = Message()
        self.uri = ""
        self._address = ""
        self._saving: asyncio.Task[None] | None = None
        self.body.addWidget(title(self.tr("Receive")))
        self.body.addWidget(self.warning)
        self.body.addWidget(self._address_card())
        self.body.addWidget(self.message)
        self.body.addWidget(self.form)
        self.body.addWidget(self.requests)
        self.body.addStretch(1)
        self._connect()

    def _address_card(self) -> QWidget:
        text = column(
            caption(self.tr("Your address")),
            self.address,
            Wrapping(self.copy_address, self.copy_link, self.new_button, self.save_code),
            note(
                self.tr(
                    "Give it to one payer only; it changes by itself once it was used. A payment shows within "
                    "seconds, unverified until a block proves it."
                )
            ),
            self.kind,
            None,
        )
        self._sides = row(self.qr, spacing=Space.WIDE)
        self._sides.addLayout(text, 1)
        self._sides.setAlignment(self.qr, TOP | CENTRE)
        return card(self._sides)

    def _connect(self) -> None:
        self.new_button.clicked.connect(lambda: self._begin(self._ask(fresh=True)))
        self.save_code.clicked.connect(lambda: ask_for_picture(self, self.qr, self.message))
        self.form.edited.connect(self._redraw)
        self.form.labelled.connect(self._keep_label)
        self.form.wanted.connect(self._make)
        self.kind.changed.connect(lambda: self._begin(self._ask(fresh=False)))
        self.requests.opened.connect(lambda request: self.open_request(request.address))
        self.requests.archive.connect(lambda request: self._begin(self._archive(request)))
        self.requests.stale.connect(self.refresh)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Code and text stand side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        self._sides.setDirection(direction.TopToBottom if self.width() < STACK_BELOW else direction.LeftToRight)

    @override
    async def load(self) -> None:
        await self._ask(fresh=False)
        await self.requests.load()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.context.bridge.start(work, lambda error: self.problem.say(error.message, "error"))

    # --- the address ---

    async def _ask(self, *, fresh: bool) -> None:
        command = api.GetReceiveAddress(self.kind.type, fresh, account=self.kind.account)
        answer = await self.context.bridge.run(command)
        await self._show(answer)
        self.kind.show_accounts(await self.context.bridge.run(api.GetAccounts()), answer.type)

    async def _show(self, answer: api.ReceiveAddress) -> None:
        if answer.address != self._address:
            self._address = answer.address
            self.address.show_address(answer.address)
            self.form.clear()
            self.address_changed.emit(answer.address)
        self.warning.say(answer.warning, "warning")
        self._make_uri()
        await self.qr.draw(self.uri)

    def _redraw(self) -> None:
        self._make_uri()
        self.context.bridge.start(self.qr.draw(self.uri))

    def _make_uri(self) -> None:
        if not self._address:
            return
        address = parse_address(self._address, self.context.params)
        self.qr.words = self._address
        self.uri = format_uri(PaymentUri(address, self.form.wanted_amount(), self.form.text or None))

    def _keep_label(self) -> None:
        """The label is kept once the typing pauses, for the address that it was typed for."""
        self._stop_saving()
        self._saving = self.context.bridge.start(self._save(self._address, self.form.text))

    def _stop_saving(self) -> None:
        if self._saving is not None:
            self._saving.cancel()

    async def _save(self, address: str, label: str) -> None:
        await asyncio.sleep(SAVE_SECONDS)
        await self.context.bridge.run(api.SetLabel("addr", address, label))

    # --- requests ---

    def _make(self) -> None:
        self._stop_saving()
        self.form.make.start(self.tr("Keeping…"))
        self.context.bridge.start(self._make_request(), self._not_made)

    def _not_made(self, error: api.WrenError) -> None:
        self.form.make.stop()
        self.message.say(error.message, "error")

    async def _make_request(self) -> None:
        command = api.GetReceiveAddress(
            self.kind.type,
            label=self.form.text,
            amount=self.form.wanted_amount(),
            expires=self.form.expires,
            account=self.kind.account,
        )
        made = await self.context.bridge.run(command)
        self.form.make.stop()
        self.form.clear()
        self.message.clear()
        self.open_request(made.address)
        self.refresh()

    def open_request(self, address: str) -> RequestDialog:
        """Show a request with its code, and what became of it."""
        dialog = RequestDialog(self.context, address, self)
        dialog.show()
        return dialog

    async def _archive(self, request: api.RequestRow) -> None:
        await self.context.bridge.run(api.ArchiveRequest(request.address, not request.archived))
        self.refresh()
