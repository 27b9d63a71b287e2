"""A QR code that fills the window when it is clicked: to be read from across a table. It can be kept as a picture."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from wallet.override import override
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.text import in_fours, translate
from wallet.ui.widgets.picture import PictureError
from wallet.ui.widgets.qr import QrCode

PICTURE_MODULE: Final = 12
"""Pixels a module in a picture that is kept: sharp in print."""
_OPENS: Final = frozenset((Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space))
_MOST_TEXT: Final = 5
"""The words below take at most one part in so many of the height."""


def save_code(image: QImage, path: Path) -> None:
    """Write a code, as PNG where the name ends so, one module `PICTURE_MODULE` pixels wide. Raises `PictureError`."""
    side = image.width() * PICTURE_MODULE
    large = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation)
    if image.isNull() or not large.save(str(path)):
        raise PictureError(translate("The picture could not be written to {path}.").format(path=path))


class LargeCode(QWidget):
    """Covers the window, white in every theme. Any click, Esc, Return or the space bar closes it."""

    closed = Signal()

    def __init__(self, window: QWidget, image: QImage, words: str) -> None:
        super().__init__(window)
        self._image = image
        self._words = words
        self.setAccessibleName(self.tr("QR code of {text}, large. Escape closes it.").format(text=words))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.setFocus()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def leave(self) -> None:
        """Go."""
        if not self.isHidden():
            self.hide()
            self.deleteLater()
            self.closed.emit()

    @override
    def focusNextPrevChild(self, _next: bool) -> bool:
        """Tab goes nowhere: all else is covered."""
        return True

    @override
    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.leave()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENS or event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        painter.setPen(QColor("black"))
        painter.setFont(code_font(Type.SECTION))
        room = self.rect().adjusted(Space.WIDE, Space.SMALL, -Space.WIDE, -Space.MEDIUM)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap)
        words = in_fours(self._words)
        text = painter.boundingRect(room, flags, words).height()
        if text > self.height() // _MOST_TEXT:
            text = 0
        else:
            painter.drawText(room, flags, words)
        ratio = self.devicePixelRatioF()
        space = min(self.width(), room.height() - text)
        scale = max(1, int(space * ratio) // self._image.width()) / ratio
        side = int(self._image.width() * scale)
        left, top = (self.width() - side) // 2, max(0, (room.height() - text - side) // 2)
        painter.drawImage(QRect(left, top, side, side), self._image)


class QrButton(QrCode):
    """A QR code that a click or Return makes as large as the window. `words` stand below it then."""

    def __init__(self, side: int = 240) -> None:
        super().__init__(side)
        self.words = ""
        self.large: LargeCode | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(self.tr("Click, or press Return, to see it as large as the window"))

    @override
    async def draw(self, text: str, error: str = "m", version: int | None = None, name: str = "") -> None:
        """Named by its words where it has some: a link would be read out with its amount, hidden or not."""
        name = name or self.tr("QR code of {text}").format(text=self.words or text)
        await super().draw(text, error, version, name)

    def enlarge(self) -> None:
        """Cover the window with the code."""
        if self.image.isNull():
            return
        self.shrink()
        self.large = LargeCode(self.window(), self.image, self.words)
        self.large.closed.connect(self._closed)

    def _closed(self) -> None:
        self.large = None
        if self.isVisible():
            self.setFocus()

    def shrink(self) -> None:
        """Show the page again."""
        if self.large is not None:
            self.large.leave()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.enlarge()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENS:
            self.enlarge()
        else:
            super().keyPressEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """What is behind the code is no longer shown, as when the wallet is locked: nor is the code."""
        super().hideEvent(event)
        self.shrink()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(colour("accent"), 3))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 12, 12)
