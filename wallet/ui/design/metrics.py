"""Spacing and type scale. Sizes of type are relative to the system's font, so large fonts stay large."""

from enum import Enum, IntEnum

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication


class Space(IntEnum):
    """Distances in logical pixels."""

    HAIR = 4
    SMALL = 8
    MEDIUM = 12
    LARGE = 16
    WIDE = 24
    HUGE = 32


PAGE_WIDTH = 860
NARROW = 820
"""Below this width of the window the sidebar shows icons alone."""


class Type(Enum):
    """Size relative to the system's font, and weight."""

    CAPTION = (0.88, QFont.Weight.Normal)
    BODY = (1.0, QFont.Weight.Normal)
    STRONG = (1.0, QFont.Weight.DemiBold)
    SECTION = (1.15, QFont.Weight.DemiBold)
    TITLE = (1.65, QFont.Weight.DemiBold)
    DISPLAY = (2.5, QFont.Weight.DemiBold)


def _sized(font: QFont, size: Type) -> QFont:
    scale, weight = size.value
    base = QApplication.font()
    if base.pointSizeF() > 0:
        font.setPointSizeF(base.pointSizeF() * scale)
    else:
        font.setPixelSize(max(1, round(base.pixelSize() * scale)))
    font.setWeight(weight)
    return font


def text_font(size: Type) -> QFont:
    return _sized(QFont(QApplication.font()), size)


def figure_font(size: Type) -> QFont:
    """For amounts: every digit takes the same width."""
    font = text_font(size)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def code_font(size: Type) -> QFont:
    """Monospace, for addresses, hashes and seed words."""
    return _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont), size)
