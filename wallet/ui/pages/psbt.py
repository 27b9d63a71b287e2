"""A partially signed transaction (PSBT): opened, looked at, signed, completed by others' signatures, sent."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from wallet.bitcoin import bbqr
from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.bitcoin.psbt_files import FILE_LIMIT, read_psbt
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import row
from wallet.ui.design.metrics import Space
from wallet.ui.drops import PSBTS, dropped_file
from wallet.ui.models import psbt as words
from wallet.ui.pages.psbtactions import PsbtActions
from wallet.ui.pages.psbtview import PsbtView
from wallet.ui.pages.sent import SentStep
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.watching import only_watches
from wallet.ui.widgets.animated import AnimatedCode
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.psbtfile import ask_where, write_psbt
from wallet.ui.widgets.scan import ScanButton


def read_file(path: Path) -> bytes:
    """What is in a file, if it is small enough for a PSBT. Raises PsbtError; OSError where it cannot be read."""
    if path.exists() and not path.is_file():
        raise PsbtError("that is no file, but something that might never end")
    with path.open("rb") as file:
        raw = file.read(FILE_LIMIT + 1)
    if len(raw) > FILE_LIMIT:
        raise PsbtError("the file is too large for a PSBT")
    return raw


class PsbtSource(QWidget):
    """Where a PSBT comes from."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.hint = note()
        self.open_button = Button(self.tr("&Open a file…"), "plain", "plus")
        self.paste_button = Button(self.tr("&Paste"), "plain", "copy")
        self.paste_button.setAccessibleName(self.tr("Paste a PSBT"))
        self.scan_button = ScanButton(context.bridge, self.tr("Read a &code"))
        buttons = row(self.open_button, self.paste_button, self.scan_button, None, spacing=Space.SMALL)
        self.setLayout(row(card(self.hint, buttons)))
        self.ask_first()

    def ask_first(self) -> None:
        self.hint.setText(
            self.tr(
                "A PSBT is a payment that is not wholly signed yet. Open the file, paste its text, "
                "drop it here, or read its codes; "
                "nothing is signed or sent before you have seen what it does."
            )
        )

    def ask_more(self) -> None:
        self.hint.setText(
            self.tr("The same payment signed by somebody else? Open or paste it too: the signatures are put together.")
        )


class PsbtDialog(ToolDialog):
    """psbt: what is looked at now, None before anything was opened."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent.tr("Partially signed transaction"), parent)
        self.psbt: Psbt | None = None
        self.review: api.PsbtReview | None = None
        self._watch_only = False
        self.setAcceptDrops(True)
        self.message = Message()
        self.source = PsbtSource(context)
        self.view = PsbtView(context.preferences)
        self.steps = PsbtActions(context, self.text)
        self.codes = AnimatedCode(context.bridge)
        self._codes = card(self.codes)
        self.sent = SentStep(context)
        self.sent.again.hide()
        for part in (title(self.tr("Partially signed transaction")), self.message, self.view, self.steps, self._codes):
            self.body.addWidget(part)
        self.body.addWidget(self.sent)
        self.body.addWidget(self.source)
        self.body.addStretch(1)
        self._codes.hide()
        self._show_parts(self.source)
        self.source.open_button.setFocus()
        self._connect()

    def _connect(self) -> None:
        self.source.open_button.clicked.connect(self._ask_file)
        self.source.paste_button.clicked.connect(self.paste)
        self.source.scan_button.read.connect(self.take_text)
        self.source.scan_button.problem.connect(lambda text: self.message.say(text, "error"))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self).activated.connect(self.paste)
        self.steps.sign.connect(self._sign)
        self.steps.send.connect(self._send)
        self.steps.save_button.clicked.connect(self._ask_where)
        self.steps.codes_button.toggled.connect(self._show_codes)
        self.sent.show_payment.connect(self.open_transaction)

    def _show_parts(self, *parts: QWidget) -> None:
        for part in (self.view, self.steps, self.sent, self.source):
            part.setVisible(part in parts)

    def text(self) -> str:
        """The PSBT that is shown, in base64."""
        return "" if self.psbt is None else self.psbt.to_base64()

    # --- getting one ---

    def _ask_file(self) -> None:
        kinds = self.tr("PSBT (*.psbt *.txn *.hex *.b64 *.txt);;All files (*)")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open a PSBT"), "", kinds)
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        self._begin_reading(self._read_file(path))

    def paste(self) -> None:
        """Take what is on the clipboard."""
        self.take_text(QGuiApplication.clipboard().text())

    def take_text(self, text: str) -> None:
        """A PSBT as text."""
        if not text.strip():
            self.message.say(self.tr("The clipboard holds no text: copy the PSBT first."), "error")
        elif len(text) > FILE_LIMIT:
            self.message.say(self.tr("This text is too long for a PSBT."), "error")
        else:
            self._begin_reading(self._take(text.encode("utf-8", "replace")))

    def show_psbt(self, psbt: Psbt) -> None:
        """Show one that is there already."""
        self._begin_reading(self._show(psbt))

    def _begin_reading(self, work: Coroutine[Any, Any, None]) -> None:
        self.message.clear()
        self.begin(self._guarded(work), self._failed)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PsbtError as error:
            self.message.say(str(error), "error")
        except OSError as error:
            reason = error.strerror or str(error)
            self.message.say(self.tr("The file could not be read: {reason}").format(reason=reason), "error")

    async def _read_file(self, path: Path) -> None:
        await self._take(await asyncio.to_thread(read_file, path))

    async def _take(self, raw: bytes) -> None:
        """Show another PSBT, or put it together with the one that is shown."""
        found = await asyncio.to_thread(read_psbt, raw)
        if self.psbt is None:
            await self._show(found)
        elif found.transaction != self.psbt.transaction:
            raise PsbtError(self.tr("that is another payment than the one shown: close this window to open it"))
        else:
            await self._show(await asyncio.to_thread(self.psbt.combine, found))
            self.message.say(self.tr("Put together. {standing}").format(standing=self._standing()), "good")

    async def _show(self, psbt: Psbt) -> None:
        review = await self.context.bridge.run(api.ReviewPsbt(await asyncio.to_thread(psbt.to_base64)))
        if self.review is None:
            self._watch_only = await self._cannot_sign()
        self.psbt, self.review = psbt, review
        self.view.show_review(review)
        self.steps.show_review(review, self._watch_only)
        self.message.say(self._standing(), "good" if review.complete else "info")
        self.source.ask_more()
        self._show_codes(self.steps.codes_button.isChecked())
        self._show_parts(self.view, self.steps, *([] if review.complete else [self.source]))

    def _show_codes(self, shown: bool) -> None:
        self._codes.setVisible(shown)
        if shown and self.psbt is not None:
            self.codes.show_data(self.psbt.serialize(), bbqr.PSBT)
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self._codes))

    async def _cannot_sign(self) -> bool:
        try:
            return await only_watches(self.context.bridge)
        except api.WrenError as error:
            if error.code != "no_wallet":
                raise
            return True

    def _standing(self) -> str:
        return "" if self.review is None else words.standing(self.review)

    def _failed(self, error: api.WrenError) -> None:
        self.message.say(error.message, "error")

    # --- what is done with it ---

    def _sign(self, password: str, accepted: int | None) -> None:
        self.begin(self._carry_out_signing(password or None, accepted), self.steps.show_error)

    async def _carry_out_signing(self, password: str | None, accepted: int | None) -> None:
        signed = await self.context.bridge.run(api.SignPsbt(self.text(), password, accepted))
        self.steps.forget()
        found = await asyncio.to_thread(Psbt.from_base64, signed.psbt)
        if self.psbt is not None:  # others' signatures may have come meanwhile
            found = await asyncio.to_thread(found.combine, self.psbt)
        await self._show(found)
        if signed.signed:
            text = self.tr("Inputs signed now: {n}. {standing}").format(n=signed.signed, standing=self._standing())
            self.steps.message.say(text, "good")
        else:
            self.steps.message.say(self.tr("There was nothing to sign with this wallet's keys."), "warning")

    def _send(self) -> None:
        self.begin(self._guarded_sending(), self.steps.show_error)

    async def _guarded_sending(self) -> None:
        try:
            await self._carry_out_sending()
        except PsbtError as error:
            self.steps.show_error(api.WrenError("bad_psbt", str(error)))

    async def _carry_out_sending(self) -> None:
        psbt, review = self.psbt, self.review
        if psbt is None or review is None:
            return
        transaction = await asyncio.to_thread(lambda: psbt.finalize().extract())
        raw = transaction.serialize().hex()
        result = await self.context.bridge.run(api.BroadcastTransaction(raw))
        self.steps.forget()
        change = sum(row.amount for row in review.outputs if row.own)
        fee, rate = review.fee or 0, review.fee_rate or 0.0
        shown = api.SendResult(result.txid, fee, rate, review.vsize, review.amount, change, raw, result.broadcast)
        self.sent.show_result(shown)
        self.sent.show_button.setVisible(bool(review.net))
        self._codes.hide()
        self._show_parts(self.sent)
        self.message.clear()

    # --- keeping it ---

    def _ask_where(self) -> None:
        name = f"{'signed' if self.review is not None and self.review.complete else 'payment'}.psbt"
        if (path := ask_where(self, name)) is not None:
            self.begin(self.save(path), self._failed)

    async def save(self, path: Path) -> None:
        """Write the PSBT: binary, or base64 where the name ends in .txt."""
        if self.psbt is not None:
            await write_psbt(self.psbt.serialize(), self.text(), path, self.message)

    # --- dropping ---

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.source.isVisible() and (dropped_file(event.mimeData(), PSBTS) or event.mimeData().hasText()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        if (path := dropped_file(event.mimeData(), PSBTS)) is not None:
            self.open_file(path)
        else:
            self.take_text(event.mimeData().text())
