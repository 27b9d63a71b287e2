"""What is painted and can be kept: pictures as PNG or SVG, in the colours of the window."""

from abc import abstractmethod
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from wallet.override import override
from wallet.ui.design.colours import colour

PRINT_SCALE: Final = 3.0
"""A PNG has so many pixels for each logical one: sharp on paper."""
_MARGIN: Final = 16


class PictureError(OSError):
    """A picture that could not be written; the text names the file."""


class Picture(QWidget):
    """A widget that paints itself on any ground of any size."""

    @abstractmethod
    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Draw everything inside `area`, in logical pixels."""

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter, QRectF(self.rect()))

    def save(self, path: Path) -> None:
        """Write the picture, as SVG where the name ends so, else as PNG. Raises PictureError."""
        size = QSize(self.width() + 2 * _MARGIN, self.height() + 2 * _MARGIN)
        is_drawing = path.suffix.lower() == ".svg"
        path = path if is_drawing else path.with_suffix(".png")
        try:
            path.open("wb").close()  # Qt only says that it failed, not why
        except OSError as error:
            text = self.tr("The picture could not be written to {path}: {reason}")
            raise PictureError(text.format(path=path, reason=error.strerror)) from error
        if not (self._save_svg(path, size) if is_drawing else self._save_png(path, size)):
            raise PictureError(self.tr("The picture could not be written to {path}.").format(path=path))

    def _save_png(self, path: Path, size: QSize) -> bool:
        image = QImage(size * PRINT_SCALE, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(PRINT_SCALE)
        image.fill(colour("card"))
        painter = QPainter(image)
        self._paint_whole(painter)
        painter.end()
        return image.save(str(path))

    def _save_svg(self, path: Path, size: QSize) -> bool:
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        generator.setTitle(self.accessibleName())
        painter = QPainter()
        if not painter.begin(generator):
            return False
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), colour("card"))
        self._paint_whole(painter)
        return painter.end()

    def _paint_whole(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(_MARGIN, _MARGIN)
        self.paint(painter, QRectF(self.rect()))
