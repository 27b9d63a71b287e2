"""Locking, seen from the parts of the window: they let go of secrets when it comes."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from wallet.ui.widgets.password import PasswordBox


class Guard(QObject):
    """`locked`: the wallet is being locked, whatever is secret goes now."""

    locked = Signal()

    def lock(self, window: QWidget) -> None:
        """The window is being locked: passwords that were typed go, wherever they are, and all else that is secret."""
        for box in window.findChildren(PasswordBox):
            box.clear()
        self.locked.emit()
