"""Layouts in one expression: widgets, layouts, distances (int) and stretches (None) in order."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from wallet.ui.design.metrics import Space

Item = QWidget | QLayout | int | None
LEFT = Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignRight
TOP = Qt.AlignmentFlag.AlignTop
CENTRE = Qt.AlignmentFlag.AlignHCenter
MIDDLE = Qt.AlignmentFlag.AlignVCenter


def _fill(layout: QBoxLayout, items: Iterable[Item], spacing: int, margin: int) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(margin, margin, margin, margin)
    for item in items:
        match item:
            case None:
                layout.addStretch(1)
            case int():
                layout.addSpacing(item)
            case QWidget():
                layout.addWidget(item)
            case QLayout():
                layout.addLayout(item)


def column(*items: Item, spacing: int = Space.MEDIUM, margin: int = 0) -> QVBoxLayout:
    """Items from top to bottom."""
    layout = QVBoxLayout()
    _fill(layout, items, spacing, margin)
    return layout


def row(*items: Item, spacing: int = Space.MEDIUM, margin: int = 0) -> QHBoxLayout:
    """Items from left to right (from right to left where the language runs so)."""
    layout = QHBoxLayout()
    _fill(layout, items, spacing, margin)
    return layout


def box(layout: QLayout) -> QWidget:
    """A bare widget around a layout, so that it can be shown and hidden as one."""
    widget = QWidget()
    widget.setLayout(layout)
    return widget


def scrolling(inside: QWidget) -> QScrollArea:
    """A frameless area that scrolls up and down when what is inside does not fit."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys that its controls do not take scroll it all the same
    area.setWidget(inside)
    return area


def fit_to_screen(window: QWidget, width: int, height: int) -> None:
    """Give a window its size, or what the screen has of it."""
    screen = window.screen().availableGeometry()
    window.resize(min(width, screen.width() - 40), min(height, screen.height() - 60))
