"""One request for payment: its code, its link, and what became of it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QBoxLayout, QFileDialog, QVBoxLayout, QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import CENTRE, TOP, box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models import requests as words
from wallet.ui.models.table import shown_amount
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.text import format_time, translate
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.confirm import Confirm
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.facts import Facts
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import caption, note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.picture import PictureError
from wallet.ui.widgets.qrlarge import QrButton, save_code

_KINDS = frozenset(("history", "requests", "labels"))


def ask_for_picture(parent: QWidget, qr: QrButton, message: Message) -> None:
    """Keep a code as a picture, in a file that the user names."""
    path, _ = QFileDialog.getSaveFileName(
        parent, translate("Save the QR code"), "request.png", translate("Pictures (*.png)")
    )
    if not path:
        return
    place = Path(path).with_suffix(".png")
    try:
        save_code(qr.image, place)
    except PictureError as error:
        message.say(str(error), "error")
    else:
        message.say(translate("The QR code is in {path}.").format(path=place), "good")


class RequestDialog(ToolDialog):
    """Follows what becomes of the request while it is open, and goes when the wallet is locked."""

    def __init__(self, context: Context, address: str, parent: QWidget) -> None:
        super().__init__(context, translate("Request"), parent)
        self._address = address
        self.request: api.RequestRow | None = None
        self.name = section("")
        self.state = section("")
        self.icon = Icon("clock", "muted")
        self.explanation = note()
        self.message = Message()
        self.qr = QrButton()
        self.address = AddressLabel(address)
        self.copy_link = CopyButton(context.clipboard, self.tr("Copy &link"), self._link, "primary")
        self.copy_address = CopyButton(context.clipboard, self.tr("Copy &address"), lambda: self._address)
        self.save_button = Button(self.tr("Save QR &code…"))
        self.facts = Facts(
            (
                ("asked", self.tr("Asked for")),
                ("seen", self.tr("Seen so far")),
                ("proven", self.tr("Proven of it")),
                ("made", self.tr("Made")),
                ("until", self.tr("Until")),
            )
        )
        self.payments = QVBoxLayout()
        self._paid_by = box(column(caption(self.tr("Paid by")), self.payments, spacing=Space.SMALL))
        self.archive_button = Button(self.tr("Put a&way"), "quiet")
        self.forget_button = Button(self.tr("&Forget…"), "quiet")
        self.confirm = Confirm(
            self.tr(
                "Forget this request? Its link, amount and end are lost. The address stays yours: what is paid to it "
                "still arrives."
            ),
            self.tr("Forget &it"),
            self.tr("&Keep it"),
        )
        self._lay_out()
        self._connect()
        self._read()

    def _lay_out(self) -> None:
        state = row(self.icon, self.state, spacing=Space.SMALL)
        state.setStretch(1, 1)
        buttons = Wrapping(self.copy_link, self.copy_address, self.save_button)
        code = row(self.qr, spacing=Space.WIDE)
        code.addLayout(column(caption(self.tr("Address")), self.address, buttons, None), 1)
        code.setAlignment(self.qr, TOP | CENTRE)
        if self.width() < 600:
            code.setDirection(QBoxLayout.Direction.TopToBottom)
        self.body.addWidget(self.message)
        self.body.addWidget(card(self.name, state, self.explanation))
        self.body.addWidget(card(code))
        self.body.addWidget(card(self.facts, self._paid_by))
        self.body.addWidget(box(Wrapping(self.archive_button, self.forget_button)))
        self.body.addWidget(self.confirm)
        self.body.addStretch(1)
        self._paid_by.hide()

    def _connect(self) -> None:
        self.save_button.clicked.connect(lambda: ask_for_picture(self, self.qr, self.message))
        self.archive_button.clicked.connect(self._archive)
        self.forget_button.clicked.connect(self.confirm.ask)
        self.confirm.agreed.connect(lambda: self.begin(self._forget(), self._failed))
        self.context.bridge.wallet_changed.connect(self._changed)
        self.context.preferences.changed.connect(self._write)

    def _link(self) -> str:
        return "" if self.request is None else self.request.uri

    def _failed(self, error: api.WrenError) -> None:
        self.message.say(error.message, "error")

    def _changed(self, kinds: frozenset[str]) -> None:
        if kinds & _KINDS:
            self._read()

    def _read(self) -> None:
        self.begin(self._load(), self._failed)

    async def _load(self) -> None:
        rows = await self.context.bridge.run(api.GetRequests(archived=True))
        self.request = next((row for row in rows if row.address == self._address), None)
        if self.request is None:
            self.close()
            return
        self._write()
        self.qr.words = self.request.address
        await self.qr.draw(self.request.uri)

    def _write(self) -> None:
        request = self.request
        if request is None:
            return
        preferences = self.context.preferences
        self.name.setText(words.name_words(request))
        self.state.setText(words.state_words(request))
        self.icon.draw(*words.state_icon(request))
        self.explanation.setText(words.explanation(request, preferences))
        for key, text in (
            ("asked", words.asked_words(request, preferences)),
            ("seen", shown_amount(request.received, preferences)),
            ("proven", shown_amount(request.proven, preferences)),
            ("made", format_time(request.created)),
            ("until", words.until_words(request)),
        ):
            self.facts.say(key, text)
        self.archive_button.setText(self.tr("Take &back into the list") if request.archived else self.tr("Put a&way"))
        self._show_payments(request.transactions)

    def _show_payments(self, txids: Sequence[str]) -> None:
        while (item := self.payments.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for txid in txids:
            button = Button(f"{txid[:16]}…{txid[-8:]}", "quiet", "history")
            button.setAccessibleName(self.tr("Open payment {txid}").format(txid=txid))
            button.clicked.connect(lambda _checked=False, txid=txid: self.open_transaction(txid))
            self.payments.addWidget(box(row(button, None)))
        self._paid_by.setVisible(bool(txids))

    def _archive(self) -> None:
        if self.request is not None:
            self.begin(self._set_archived(not self.request.archived), self._failed)

    async def _set_archived(self, archived: bool) -> None:
        await self.context.bridge.run(api.ArchiveRequest(self._address, archived))
        self.message.say(self.tr("Put away.") if archived else self.tr("Back in the list."), "good")
        await self._load()

    async def _forget(self) -> None:
        await self.context.bridge.run(api.DeleteRequest(self._address))
        self.close()
