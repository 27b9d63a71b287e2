"""What Wren receives a day, and how to keep it low on a metered connection."""

from collections.abc import Coroutine
from typing import Any

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.text import format_bytes
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, section
from wallet.ui.widgets.message import Message

MEGABYTE = 1_000_000
MOST = 1_000_000
"""Megabytes a day that can be typed: a terabyte."""


class DataUseCard(QWidget):
    """Loads by itself; what is changed is kept by the button."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.today = caption()
        self.unconfirmed = QCheckBox(self.tr("Show payments &before they are in a block"))
        self.cost = caption()
        self.limit = QLineEdit()
        self.limit.setValidator(QIntValidator(0, MOST, self))
        self.limit_field = Field(
            self.tr("&Limit a day, MB"), self.limit, self.tr("Empty: none. Once it is reached, searches wait.")
        )
        self.limit_field.setMaximumWidth(360)
        self.keep = Button(self.tr("Keep &these"))
        self.message = Message()
        self.keep.clicked.connect(lambda: self._run(self._save()))
        parts = (section(self.tr("Data use")), self.today, self.unconfirmed, self.cost, self.limit_field, self.message)
        self.setLayout(column(card(*parts, row(self.keep, None))))

    def refresh(self) -> None:
        """Ask how much there is."""
        self._run(self._load())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._context.bridge.start(work, lambda error: self.message.say(error.message, "error"))

    async def _load(self) -> None:
        self._show(await self._context.bridge.run(api.GetDataUse()))

    def _show(self, use: api.DataUse) -> None:
        self.today.setText(self.tr("Received today: {amount}").format(amount=format_bytes(use.today)))
        self.unconfirmed.setChecked(use.unconfirmed)
        self.limit.setText("" if use.limit is None else str(use.limit // MEGABYTE))
        cost = format_bytes(use.a_day)
        if use.basis == "measured":
            text = self.tr(
                "All that peers announce is read, so that nobody learns what is yours: {cost} a day, as now."
            )
        else:
            text = self.tr(
                "All that peers announce is read, so that nobody learns what is yours: {cost} on a usual day "
                "(500,000 payments of 400 bytes)."
            )
        self.cost.setText(text.format(cost=cost))

    async def _save(self) -> None:
        megabytes = int(self.limit.text() or 0)
        command = api.SetDataUse(megabytes * MEGABYTE or None, self.unconfirmed.isChecked())
        self._show(await self._context.bridge.run(command))
        self.message.say(self.tr("Kept."), "good")
