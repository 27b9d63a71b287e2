"""Locking, seen from the parts of the window: they may ask for it, and they let go of secrets when it comes."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


class Guard(QObject):
    """`wanted`: somebody asks for the lock. `locked`: the wallet is being locked, whatever is secret goes now."""

    wanted = Signal()
    locked = Signal()

    def watch(self, dialog: QWidget) -> None:
        """Let Ctrl+L lock from a dialog too, where the keys of the window behind it do not reach."""
        QShortcut(QKeySequence("Ctrl+L"), dialog).activated.connect(self.wanted)
