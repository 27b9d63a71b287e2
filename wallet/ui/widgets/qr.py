"""A QR code, dark on white in every theme because readers want it so."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from wallet.override import override

QUIET = 4
"""Modules of white around the code, as the standard wants."""

_drawing = ThreadPoolExecutor(1, thread_name_prefix="wren-qr")


def make_code(text: str) -> QImage:
    """One pixel a module, the quiet zone included. The library is imported here, when the first code is drawn."""
    import segno

    matrix = segno.make(text, error="m", micro=False).matrix
    side = len(matrix) + 2 * QUIET
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    dark = QColor("#101010").rgb()
    for y, line in enumerate(matrix):
        for x, module in enumerate(line):
            if module & 1:
                image.setPixel(x + QUIET, y + QUIET, dark)
    return image


class QrCode(QWidget):
    """Shows the code of a text. It is made in a thread, so that the window goes on meanwhile."""

    def __init__(self, side: int = 240) -> None:
        super().__init__()
        self._side = side
        self._text = ""
        self._image = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("QR code"))

    @property
    def image(self) -> QImage:
        return self._image

    async def draw(self, text: str) -> None:
        """Draw another text's code; the newest call wins."""
        if text == self._text:
            return
        self._text = text
        image = await asyncio.get_running_loop().run_in_executor(_drawing, make_code, text)
        if text == self._text:
            self._image = image
            self.setAccessibleName(self.tr("QR code of {text}").format(text=text))
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor("white"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(self.rect(), 12, 12)
        if self._image.isNull():
            return
        modules = self._image.width()
        scale = max(1, round(self._side * self.devicePixelRatioF()) // modules) / self.devicePixelRatioF()
        drawn = int(modules * scale)
        offset = (self._side - drawn) // 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.drawImage(QRect(offset, offset, drawn, drawn), self._image)
