"""The bird and the name."""

from PySide6.QtWidgets import QWidget

from wallet.ui.design.layout import box, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label

_SIDE = 32


def brand() -> QWidget:
    return box(row(Icon("wren", "accent", _SIDE), Label("Wren", Type.SECTION), None, spacing=Space.SMALL))
