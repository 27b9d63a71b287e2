"""What is painted and can be kept: pictures as PNG or SVG in the colours of the window, on paper in light ones."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from wallet.override import override
from wallet.ui.design.colours import LIGHT, colour, painting_in
from wallet.ui.widgets.button import Button

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

PRINT_SCALE: Final = 3.0
"""A PNG has so many pixels for each logical one: sharp on paper."""
_MARGIN: Final = 16
_DOTS: Final = 96
"""Logical pixels of an inch: a picture is printed no larger than it is on the screen."""


class PictureError(OSError):
    """A picture that could not be written; the text names the file."""


class Picture(QWidget):
    """A widget that paints itself on any ground of any size.

    Its context menu, also opened by the menu key, saves and prints it; `said` tells what came of that: the words, and
    "good" or "error".
    """

    said = Signal(str, str)

    def __init__(self, file_name: str) -> None:
        super().__init__()
        self._file_name = file_name
        self.save_action = QAction(self.tr("&Save the picture…"), self)
        self.print_action = QAction(self.tr("&Print…"), self)
        self.save_action.triggered.connect(self._ask_where)
        self.print_action.triggered.connect(self._ask_printer)
        self.addActions((self.save_action, self.print_action))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    @abstractmethod
    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Draw everything inside `area`, in logical pixels."""

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter, QRectF(self.rect()))
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    # --- files ---

    def _ask_where(self) -> None:
        kinds = self.tr("Pictures (*.png *.svg)")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the picture"), f"{self._file_name}.png", kinds)
        if path:
            self.keep(Path(path))

    def keep(self, path: Path) -> None:
        """Save the picture, and say where it is or why it is not."""
        try:
            written = self.save(path)
        except PictureError as error:
            self.said.emit(str(error), "error")
        else:
            self.said.emit(self.tr("The picture is in {path}.").format(path=written), "good")

    def save(self, path: Path) -> Path:
        """Write the picture, as SVG where the name ends so, else as PNG; answers where. Raises PictureError."""
        is_drawing = path.suffix.lower() == ".svg"
        path = path if is_drawing else path.with_suffix(".png")
        try:
            path.open("wb").close()  # Qt only says that it failed, not why
        except OSError as error:
            text = self.tr("The picture could not be written to {path}: {reason}")
            raise PictureError(text.format(path=path, reason=error.strerror)) from error
        if not (self._save_svg(path) if is_drawing else self.image().save(str(path))):
            raise PictureError(self.tr("The picture could not be written to {path}.").format(path=path))
        return path

    def _whole_size(self) -> QSize:
        return QSize(self.width() + 2 * _MARGIN, self.height() + 2 * _MARGIN)

    def image(self) -> QImage:
        """The picture with a margin around it, in the colours of the window."""
        image = QImage(self._whole_size() * PRINT_SCALE, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(PRINT_SCALE)
        image.fill(colour("card"))
        painter = QPainter(image)
        self._paint_whole(painter)
        painter.end()
        return image

    def _save_svg(self, path: Path) -> bool:
        from PySide6.QtSvg import QSvgGenerator

        size = self._whole_size()
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

    # --- paper ---

    def _ask_printer(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(printer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.print_on(printer))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.show()

    def print_on(self, printer: "QPrinter") -> None:
        """Print the picture in light colours, as large as on the screen if the paper is wide enough."""
        with painting_in(LIGHT):
            image = self.image()
        image.setDevicePixelRatio(1.0)
        page = printer.pageLayout().paintRectPixels(printer.resolution()).size()
        natural = self._whole_size() * (printer.resolution() / _DOTS)
        size = natural if natural.width() <= page.width() and natural.height() <= page.height() else page
        painter = QPainter()
        if not painter.begin(printer):
            self.said.emit(self.tr("The picture could not be printed: the printer takes nothing."), "error")
            return
        fitting = image.size().scaled(size, Qt.AspectRatioMode.KeepAspectRatio)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, fitting.width(), fitting.height()), image)
        painter.end()
        self.said.emit(self.tr("The picture was printed."), "good")


class PictureButton(Button):
    """What the context menu of a picture offers, for those who do not look for one."""

    def __init__(self, picture: Picture) -> None:
        super().__init__(self.tr("Save or print the picture"), "quiet")
        menu = QMenu(self)
        menu.addActions((picture.save_action, picture.print_action))
        self.setMenu(menu)
