"""The wallet's public descriptors, for another wallet that shall watch this one: as text, as a file, and as codes."""

import asyncio
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from wallet.bitcoin import bbqr
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import CENTRE, column, row
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.models.descriptors import Share, shares_of
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.widgets.animated import SIDE, AnimatedCode
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import title
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.qr import QrCode
from wallet.ui.widgets.segmented import Segmented

_BOX_HEIGHT = 150


class DescriptorsDialog(ToolDialog):
    """One account at a time, or all of them."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent.tr("Descriptors"), parent)
        self._shares: dict[str, Share] = {}
        warning = self.tr(
            "Whoever has these sees every address and payment of this wallet, those to come too, but can spend nothing."
        )
        self.message = Message(warning, "warning")
        self.choice = Segmented(self.tr("Account"), [("all", self.tr("All accounts"))], "all")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(code_font(Type.CAPTION))
        self.text.setFixedHeight(_BOX_HEIGHT)
        self.copy = CopyButton(context.clipboard, self.tr("Copy &text"), self.text.toPlainText)
        self.save_button = Button(self.tr("Sa&ve…"))
        self.codes_button = Button(self.tr("Show as &codes"), "plain", "scan")
        self.codes_button.setCheckable(True)
        forms = [("plain", self.tr("Plain")), ("bbqr", "BBQr")]
        self.form = Segmented(self.tr("Kind of code"), forms, "bbqr")
        self.plain = QrCode(SIDE)
        self.codes = AnimatedCode(context.bridge)
        self._lay_out()
        self.save_button.clicked.connect(self._ask_where)
        self.codes_button.toggled.connect(lambda _shown: self._show_codes())
        self.form.chosen.connect(lambda _form: self._show_codes())
        self.begin(self._load(), lambda error: self.message.say(error.message, "error"))

    def _lay_out(self) -> None:
        self._choices = column(self.choice)
        drawn = column(row(self.form, None), self.plain, self.codes)
        drawn.setAlignment(self.plain, CENTRE)
        self._codes = card(drawn)
        self._codes.hide()
        buttons = row(self.save_button, self.copy, self.codes_button, None, spacing=Space.SMALL)
        self.body.addWidget(title(self.tr("Descriptors")))
        self.body.addWidget(self.message)
        self.body.addLayout(self._choices)
        self.body.addWidget(card(Field(self.tr("&Descriptors"), self.text), buttons))
        self.body.addWidget(self._codes)
        self.body.addStretch(1)

    async def _load(self) -> None:
        self._shares = {share.key: share for share in shares_of(await self.context.bridge.run(api.GetDescriptors()))}
        options = [(share.key, share.name) for share in self._shares.values()]
        if not options:
            return
        old, self.choice = self.choice, Segmented(self.tr("Account"), options, options[0][0])
        self._choices.replaceWidget(old, self.choice)
        old.deleteLater()
        self.choice.setVisible(len(options) > 1)
        self.choice.chosen.connect(lambda _key: self._show())
        self._show()

    @property
    def shown(self) -> Share:
        return self._shares[self.choice.value]

    def _show(self) -> None:
        self.text.setPlainText(self.shown.text)
        self.form.setVisible(self.shown.fits_one_code)
        self._show_codes()

    def _show_codes(self) -> None:
        """Plain text in one code where it fits, for readers that know no series."""
        wanted = self.codes_button.isChecked() and bool(self._shares)
        self._codes.setVisible(wanted)
        if not wanted:
            return
        plain = self.form.value == "plain" and self.shown.fits_one_code
        self.plain.setVisible(plain)
        self.codes.setVisible(not plain)
        if plain:
            self.begin(self.plain.draw(self.shown.text, "l"), lambda _error: None)
        else:
            self.codes.show_data(self.shown.text.encode(), bbqr.TEXT)
        QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self._codes))

    # --- keeping it ---

    def _ask_where(self) -> None:
        kinds = self.tr("Text (*.txt)")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the descriptors"), "descriptors.txt", kinds)
        if path:
            self.begin(self.save(Path(path)), lambda _error: None)

    async def save(self, path: Path) -> None:
        """Write what is shown, a descriptor a line."""
        try:
            await asyncio.to_thread(path.write_text, f"{self.shown.text}\n", encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            self.message.say(self.tr("The file could not be written: {reason}").format(reason=reason), "error")
        else:
            self.message.say(self.tr("The descriptors are in {path}.").format(path=path), "good")
