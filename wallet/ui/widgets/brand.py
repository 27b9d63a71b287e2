"""The bird and the name."""

from PySide6.QtWidgets import QWidget

from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label

_SIDE = 32


def brand() -> QWidget:
    return box(row(Icon("wren", "accent", _SIDE), Label("Wren", Type.SECTION), None, spacing=Space.SMALL))


def splash() -> QWidget:
    """What the window shows before it knows what to show."""
    return box(column(None, brand(), None, margin=Space.HUGE))
