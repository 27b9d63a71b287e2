"""What a bitcoin is worth in other money: typed in, from a file, or from a program of the user's own."""

import re
import shlex
from typing import cast

from PySide6.QtCore import QLocale
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.settings.card import SettingsCard
from wallet.ui.text import format_time, safe_text, translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.label import Label, caption
from wallet.ui.widgets.segmented import Segmented

_CURRENCY = re.compile(r"[A-Z]{3,5}")


def rate_words(report: api.RateReport) -> str:
    """What the rate is now."""
    if report.source == "off":
        return translate("Off: amounts are shown in bitcoin only.")
    if report.rate is None:
        return translate("No rate: {reason}").format(reason=safe_text(report.error))
    text = translate("1 BTC is {rate} {currency}").format(rate=report.rate, currency=safe_text(report.currency))
    return text if report.time is None else f"{text}, {format_time(report.time)}"


def read_detail(source: api.RateSource, text: str) -> tuple[str, ...]:
    """What goes with a source. Raises ValueError, whose text says what is missing."""
    text = text.strip()
    if not text:
        raise ValueError(
            {
                "hand": translate("Type what one bitcoin is worth, like 62000.50."),
                "file": translate("Name the file that holds the rate."),
                "command": translate("Type the program and its arguments."),
            }.get(source, "")
        )
    if source == "hand":
        return (text.replace(QLocale().decimalPoint(), "."),)
    if source == "file":
        return (text,)
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ValueError(translate("A quotation mark is not closed.")) from None


class RateCard(SettingsCard):
    """Never from the network by Wren itself."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        sources = [
            ("off", self.tr("Off")),
            ("hand", self.tr("By hand")),
            ("file", self.tr("From a file")),
            ("command", self.tr("From a program")),
        ]
        self.source = Segmented(self.tr("Where the rate comes from"), sources, "off")
        self.now = Label(wrap=True)
        self.currency = QLineEdit()
        self.currency.setMaxLength(5)
        self.currency_field = Field(self.tr("Currenc&y"), self.currency, self.tr("Its letters, like EUR."))
        self.detail = QLineEdit()
        self.detail_field = Field(self.tr("&Rate"), self.detail)
        self.choose = Button(self.tr("Choose a fi&le…"))
        self.keep = BusyButton(self.tr("&Keep the rate"), "plain")
        self.lay_out(
            self.tr("Other money"),
            self.tr(
                "Wren asks nobody for a rate, so that nobody learns that you look. It takes yours, for showing only."
            ),
            self.now,
            column(caption(self.tr("Where the rate comes from")), self.source, spacing=Space.HAIR),
            self.currency_field,
            self.detail_field,
            Wrapping(self.choose, self.keep),
        )
        self.source.chosen.connect(self._chosen)
        self.choose.clicked.connect(self._ask_file)
        self.keep.clicked.connect(self._set)
        self._show_source("off")

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.run(self._load())

    async def _load(self) -> None:
        """Show the rate as its source says now, which may take a program's time; what somebody types stays."""
        self._show(await self.context.bridge.run(api.GetRate()))

    def _show(self, report: api.RateReport) -> None:
        self.now.setText(rate_words(report))
        if not (self.detail.isModified() or self.currency.isModified()):
            self.source.blockSignals(True)
            self.source.choose(report.source)
            self.source.blockSignals(False)
            self.currency.setText(safe_text(report.currency))
            self.detail.setText(
                safe_text(shlex.join(report.detail) if report.source == "command" else "".join(report.detail))
            )
            self._show_source(report.source)

    def _chosen(self, value: str) -> None:
        self._show_source(cast("api.RateSource", value))
        self.detail.clear()
        self.detail_field.clear_error()
        if value == "off":
            self._set()

    def _show_source(self, source: api.RateSource) -> None:
        names = {
            "hand": (self.tr("&Rate"), self.tr("What one bitcoin is worth, like 62000.50.")),
            "file": (self.tr("&File"), self.tr("Its first line is the rate, then perhaps currency and time.")),
            "command": (
                self.tr("P&rogram"),
                self.tr("Its whole path, then its arguments. It runs with your rights, without a shell."),
            ),
        }
        name, hint = names.get(source, (self.tr("&Rate"), ""))
        self.detail_field.rename(name)
        self.detail_field.set_hint(hint)
        for widget in (self.currency_field, self.detail_field, self.keep):
            widget.setVisible(source != "off")
        self.choose.setVisible(source == "file")

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("The file that holds the rate"))
        if path:
            self.detail.setText(path)
            self.detail.setModified(True)

    def _set(self) -> None:
        source = cast("api.RateSource", self.source.value)
        self.detail_field.clear_error()
        self.message.clear()
        detail: tuple[str, ...] = ()
        if source != "off":
            try:
                detail = read_detail(source, self.detail.text())
            except ValueError as error:
                self.detail_field.show_error(str(error))
                self.detail.setFocus()
                return
        currency = "" if source == "off" else self.currency.text().strip().upper()
        self.currency_field.clear_error()
        if source != "off" and _CURRENCY.fullmatch(currency) is None:
            self.currency_field.show_error(self.tr("A currency is three to five letters, like EUR."))
            self.currency.setFocus()
        elif not self.keep.is_busy:
            self.keep.start(self.tr("Asking…"))
            self.context.bridge.start(self._store(api.SetRate(source, currency, detail)), self._failed)

    async def _store(self, command: api.SetRate) -> None:
        report = await self.context.bridge.run(command)
        self.keep.stop()
        self.detail.setModified(False)
        self.currency.setModified(False)
        self._show(report)

    def _failed(self, error: api.WrenError) -> None:
        self.keep.stop()
        self.message.say(error.message, "error")
