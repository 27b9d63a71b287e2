"""Icons: SVG outlines in resources/icons, drawn in a colour of the palette in use."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QFile, QIODevice, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

FOLDER = "wren:icons/"
"""Qt's search path `wren` is set to the resources folder when the program starts."""

_SCALES = (1.0, 2.0)


@lru_cache(maxsize=64)
def _source(name: str) -> bytes:
    file = QFile(f"{FOLDER}{name}.svg")
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise FileNotFoundError(f"{FOLDER}{name}.svg")
    data = bytes(file.readAll().data())
    file.close()
    return data


def pixmap(name: str, colour: QColor, size: int, ratio: float = 2.0) -> QPixmap:
    """The icon in a colour. size: logical pixels; ratio: device pixels in one of them."""
    return _drawn(name, colour.name(), size, ratio)


@lru_cache(maxsize=256)
def _drawn(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    drawn = QPixmap(QSize(size, size) * ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    coloured = _source(name).replace(b"currentColor", colour.encode())
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(coloured)).render(painter)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


@lru_cache(maxsize=256)
def _icon(name: str, colour: str, size: int) -> QIcon:
    icon = QIcon()
    for scale in _SCALES:
        icon.addPixmap(pixmap(name, QColor(colour), size, scale))
    return icon


def icon(name: str, colour: QColor, size: int = 20) -> QIcon:
    """The icon for buttons and items, sharp on screens of high density too."""
    return _icon(name, colour.name(), size)
