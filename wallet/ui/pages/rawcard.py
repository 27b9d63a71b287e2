"""A transaction as other programs take it: raw, in hexadecimal digits, and as a PSBT."""

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from wallet.bitcoin.psbt import Psbt
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, section
from wallet.ui.widgets.message import Message


class RawCard(QWidget):
    """Shows nothing before `load` has come to its end."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._txid = self._hex = self._psbt = ""
        self.copy_hex = CopyButton(context.clipboard, self.tr("Copy as &hex"), lambda: self._hex, "quiet")
        self.save_hex = Button(self.tr("Save as hex…"), "quiet")
        self.copy_psbt = CopyButton(context.clipboard, self.tr("Copy as PSB&T"), lambda: self._psbt, "quiet")
        self.save_psbt = Button(self.tr("Save as PSBT…"), "quiet")
        self.save_hex.clicked.connect(lambda: self._ask_where(self.save_hex))
        self.save_psbt.clicked.connect(lambda: self._ask_where(self.save_psbt))
        self.message = Message()
        buttons = QWidget()
        buttons.setLayout(Wrapping(self.copy_hex, self.save_hex, self.copy_psbt, self.save_psbt, spacing=Space.SMALL))
        words = caption(self.tr("The whole transaction with its signatures. Everybody may see it; it holds no keys."))
        self.setLayout(column(card(section(self.tr("For other programs")), words, buttons, self.message)))

    async def load(self, detail: api.TransactionDetail) -> None:
        """Ask for what is not known yet. What mines new coins has no PSBT."""
        self._txid, self._hex = detail.row.txid, detail.hex
        spends = bool(detail.inputs)
        if spends and not self._psbt:
            self._psbt = await self._context.bridge.run(api.GetTransactionPsbt(self._txid))
        for button in (self.copy_psbt, self.save_psbt):
            button.setVisible(spends)
        self.show()

    def _ask_where(self, button: Button) -> None:
        is_psbt = button is self.save_psbt
        name = f"{self._txid[:12]}.{'psbt' if is_psbt else 'txn'}"
        kinds = self.tr("PSBT (*.psbt)") if is_psbt else self.tr("Transactions (*.txn *.hex)")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the transaction"), name, kinds)
        if path:
            data = Psbt.from_base64(self._psbt).serialize() if is_psbt else f"{self._hex}\n".encode()
            self._context.bridge.start(self.write(Path(path), data))

    async def write(self, path: Path, data: bytes) -> None:
        """Keep it in a file, and say where it is or why it is not."""
        try:
            await asyncio.to_thread(path.write_bytes, data)
        except OSError as error:
            reason = error.strerror or str(error)
            self.message.say(self.tr("The transaction could not be written: {reason}").format(reason=reason), "error")
        else:
            self.message.say(self.tr("The transaction is in {path}.").format(path=path), "good")
