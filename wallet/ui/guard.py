"""Locking, seen from the parts of the window: they let go of secrets when it comes."""

from PySide6.QtCore import QObject, Signal


class Guard(QObject):
    """`locked`: the wallet is being locked, whatever is secret goes now."""

    locked = Signal()
