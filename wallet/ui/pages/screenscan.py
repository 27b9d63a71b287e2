"""Reading a code that is on the screen: said first, looked for until it is found, and nothing is kept."""

import asyncio
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QWidget

from wallet.override import override
from wallet.ui.bridge import Bridge
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.codes import Collector
from wallet.ui.reading import PictureRefused, codes_of_screens
from wallet.ui.text import sentence
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.message import Kind, Message

LOOKS: Final = 100
PAUSE: Final = 0.2
"""Seconds between two looks: a series of codes changes a few times a second."""
WIDTH: Final = 440


class ScreenScanDialog(QDialog):
    """`found` carries what was read as a list of texts; then the dialog closes."""

    found = Signal(list)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Read a code from the screen"))
        self._bridge = bridge
        self._collector = Collector()
        self._looking: asyncio.Task[None] | None = None
        self.message = Message()
        self.look_button = BusyButton(self.tr("&Look now"), icon="scan")
        self.close_button = Button(self.tr("&Cancel"))
        explained = self.tr(
            "Wren takes pictures of your screens, looks for QR codes in them, and keeps none. Put the code where it "
            "can be seen whole, beside this window. A series of codes is followed while it changes."
        )
        parts = (section(self.tr("Read a code from the screen")), note(explained), self.message)
        buttons = row(self.close_button, None, self.look_button, spacing=Space.SMALL)
        self._column = column(*parts, buttons, spacing=Space.LARGE, margin=Space.WIDE)
        self.setLayout(self._column)
        self.setFixedWidth(WIDTH)
        self._say("")
        self.look_button.setFocus()
        self.look_button.clicked.connect(self.look)
        self.close_button.clicked.connect(self.close)

    def look(self) -> None:
        """Begin, unless it has begun."""
        if not self.look_button.is_busy:
            self._say("")
            self.look_button.start(self.tr("Looking…"))
            self._looking = self._bridge.start(self._look())

    async def _look(self) -> None:
        for _ in range(LOOKS):
            try:
                texts = await codes_of_screens(QGuiApplication.screens())
            except PictureRefused as error:
                self._end(sentence(str(error)))
                return
            if texts is None:
                self._end(
                    self.tr(
                        "Your system lets no program look at the screen. Take a picture of it and read that instead."
                    )
                )
                return
            if whole := self._collector.take(texts):
                self.look_button.stop()
                self.found.emit(whole)
                self.close()
                return
            self._say(self._collector.progress or sentence(self._collector.problem))
            await asyncio.sleep(PAUSE)
        self._end(self._collector.progress or self.tr("No QR code was found. Make it larger, and put nothing over it."))

    def _end(self, text: str) -> None:
        self.look_button.stop()
        self._say(text, "warning")

    def _say(self, text: str, kind: Kind = "info") -> None:
        """With as much room as the words take."""
        if text != self.message.text or not text:
            self.message.say(text, kind)
            self._column.activate()
            self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))

    @override
    def done(self, result: int) -> None:
        if self._looking is not None:
            self._looking.cancel()
        super().done(result)
