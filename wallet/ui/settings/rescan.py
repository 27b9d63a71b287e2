"""Looking again for payments: from a height or a day on, or for addresses further out."""

from datetime import date
from typing import Final

from PySide6.QtCore import QLocale
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLineEdit

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import row
from wallet.ui.settings.card import SettingsCard
from wallet.ui.text import translate
from wallet.ui.widgets.button import BusyButton
from wallet.ui.widgets.field import Field

MAX_GAP: Final = 10_000


def read_start(text: str) -> int | date | None:
    """A height or an ISO day; None for nothing. Raises ValueError, whose text says how to write it."""
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(translate("Write a block's height like 840000, or a day like 2024-04-20.")) from None


def rescan_words(report: api.RescanReport) -> str:
    """What will be looked at."""
    number = QLocale().toString
    if report.from_height is None:
        start = translate("Looking again as soon as the headers are there.")
    else:
        start = translate("Looking again from block {n} on; the foot of the window tells how far it is.")
        start = start.format(n=number(report.from_height))
    gap = translate("An account's search ends after {n} unused addresses in a row.").format(n=number(report.gap))
    return f"{start} {gap}"


class RescanCard(SettingsCard):
    """Nothing is lost by it: what was found stays."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.start_box = QLineEdit()
        self.gap_box = QLineEdit()
        self.gap_box.setValidator(QIntValidator(1, MAX_GAP, self))
        self.start_field = Field(
            self.tr("F&rom a block or a day"), self.start_box, self.tr("Empty: from the wallet's birthday.")
        )
        self.gap_field = Field(
            self.tr("&Unused addresses in a row"),
            self.gap_box,
            self.tr("Empty: as before. More finds payments to addresses that were given out far ahead."),
        )
        self.look_button = BusyButton(self.tr("Look a&gain"), "plain", "refresh")
        self.lay_out(
            self.tr("Look for payments again"),
            self.tr("If something is missing that you know of. What was found stays."),
            self.start_field,
            self.gap_field,
            row(self.look_button, None),
        )
        self.look_button.clicked.connect(self._look)

    def _look(self) -> None:
        self.start_field.clear_error()
        self.message.clear()
        try:
            start = read_start(self.start_box.text())
        except ValueError as error:
            self.start_field.show_error(str(error))
            self.start_box.setFocus()
            return
        gap = int(self.gap_box.text()) if self.gap_box.hasAcceptableInput() else None
        if not self.look_button.is_busy:
            self.look_button.start(self.tr("Preparing…"))
            self.context.bridge.start(self._rescan(api.Rescan(start, gap)), self._failed)

    async def _rescan(self, command: api.Rescan) -> None:
        report = await self.context.bridge.run(command)
        self.look_button.stop()
        self.message.say(rescan_words(report), "good")

    def _failed(self, error: api.WrenError) -> None:
        self.look_button.stop()
        self.message.say(error.message, "error")
