"""QR codes read from pictures. A picture is a stranger's: its size is bounded before anything is unpacked."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter, QScreen

from wallet.ui.text import translate

FORMATS: Final = frozenset((b"png", b"jpg", b"jpeg", b"bmp", b"gif", b"webp"))
MAX_FILE: Final = 40_000_000
MAX_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 6_000
"""Larger pictures are made smaller before codes are looked for."""
MOST_CODES: Final = 20


def camera_is_known() -> bool:
    """Whether the optional part for cameras is installed; nothing is loaded to find out."""
    return find_spec("PySide6.QtMultimedia") is not None


class PictureRefused(ValueError):
    """A picture that cannot be looked at, in words for the one who chose it."""


def open_picture(path: Path) -> QImage:
    """The picture in a file. Raises PictureRefused; OSError where the file cannot be read."""
    if path.exists() and not path.is_file():
        raise PictureRefused(translate("that is no file, but something that might never end"))
    if path.stat().st_size > MAX_FILE:
        raise PictureRefused(translate("the file is too large for a picture of a code"))
    with path.open("rb"):
        pass  # Qt says that it failed, not why
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    if not reader.canRead() or bytes(reader.format().data()) not in FORMATS:
        raise PictureRefused(translate("this is no picture that Wren can look at: save it as PNG or JPEG"))
    _check_size(reader.size())
    image = reader.read()
    if image.isNull():
        raise PictureRefused(translate("the picture is damaged"))
    return image


def _check_size(size: QSize) -> None:
    if not size.isValid() or size.width() * size.height() > MAX_PIXELS:
        raise PictureRefused(translate("the picture has too many pixels: cut out the part with the code"))


def codes_in(image: QImage) -> tuple[str, ...]:
    """The texts of the QR codes in a picture, each once. Raises PictureRefused. Takes its time: call it in a thread.

    The library is imported here, when it is first needed.
    """
    import zxingcpp

    _check_size(image.size())
    if max(image.width(), image.height()) > LONGEST_SIDE:
        side = QSize(LONGEST_SIDE, LONGEST_SIDE)
        image = image.scaled(side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    grey = _on_white(image).convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = memoryview(grey.constBits()).cast("B", [grey.height(), grey.width()])
    formats = zxingcpp.barcode_formats_from_str("QRCode")
    found = zxingcpp.read_barcodes(pixels, formats=formats, text_mode=zxingcpp.TextMode.Plain)
    return tuple(dict.fromkeys(code.text for code in found if code.text))[:MOST_CODES]


def _on_white(image: QImage) -> QImage:
    """On white where it is transparent, or else a dark code on nothing is dark on dark; lines without padding."""
    flat = QImage(-(-image.width() // 4) * 4, image.height(), QImage.Format.Format_RGB32)
    flat.fill(Qt.GlobalColor.white)
    image.setDevicePixelRatio(1.0)
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    return flat


async def codes_of_file(path: Path) -> tuple[str, ...]:
    """The codes in the picture of a file. Raises PictureRefused, OSError."""
    return await asyncio.to_thread(lambda: codes_in(open_picture(path)))


async def codes_of_image(image: QImage) -> tuple[str, ...]:
    """The codes in a picture. Raises PictureRefused."""
    return await asyncio.to_thread(codes_in, image)


async def codes_of_screens(screens: list[QScreen]) -> tuple[str, ...] | None:
    """The codes that are on the screens now; None where the system lets nobody look."""
    images = [screen.grabWindow(0).toImage() for screen in screens]
    seen = [image for image in images if not image.isNull()]
    if not seen:
        return None
    found = [await codes_of_image(image) for image in seen]
    return tuple(dict.fromkeys(text for codes in found for text in codes))
