"""A QR code, dark on white in every theme because readers want it so."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from wallet.override import override

QUIET = 4
"""Modules of white around the code, as the standard wants."""

_DARK = 0x10
_LIGHT = 0xFF

_drawing = ThreadPoolExecutor(1, thread_name_prefix="wren-qr")


def make_code(text: str, error: str = "m", version: int | None = None) -> QImage:
    """One pixel a module, the quiet zone included. The library is imported here, when the first code is drawn.

    error: how much of it may be damaged at least (l, m, q, h); version: its size, None for the smallest that holds it.
    """
    import segno

    matrix = segno.make(text, error=error, version=version, micro=False).matrix
    side = len(matrix) + 2 * QUIET
    margin = bytes((_LIGHT,)) * QUIET
    rows = [margin + bytes([_DARK if module & 1 else _LIGHT for module in line]) + margin for line in matrix]
    blank = bytes((_LIGHT,)) * side * QUIET
    pixels = blank + b"".join(rows) + blank
    return QImage(pixels, side, side, side, QImage.Format.Format_Grayscale8).copy()


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

    async def draw(self, text: str, error: str = "m", version: int | None = None, name: str = "") -> None:
        """Draw another text's code; the newest call wins. name: for a screen reader, in place of the text."""
        if text == self._text:
            return
        self._text = text
        image = await asyncio.get_running_loop().run_in_executor(_drawing, make_code, text, error, version)
        if text == self._text:
            self._image = image
            self.setAccessibleName(name or self.tr("QR code of {text}").format(text=text))
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
