"""Grounds that other widgets lie on: cards, wells and lines."""

from PySide6.QtWidgets import QFrame, QLayout

from wallet.ui.design.layout import Item, column
from wallet.ui.design.metrics import Space


def frame(part: str, layout: QLayout | None = None) -> QFrame:
    """A frame that the style sheet knows by the name of its part."""
    made = QFrame()
    made.setProperty("part", part)
    if layout is not None:
        made.setLayout(layout)
    return made


def card(*items: Item, spacing: int = Space.MEDIUM) -> QFrame:
    return frame("card", column(*items, spacing=spacing, margin=Space.WIDE - 4))


def line() -> QFrame:
    return frame("line")
