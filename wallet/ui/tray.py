"""The icon in the system's tray, where there is one: a shortcut, and never the only way back."""

from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from wallet.ui.preferences import Preferences


class Teller(Protocol):
    """Shows a notification outside the window; whether it could."""

    def tell(self, title: str, text: str) -> bool: ...


class Tray(QObject):
    """Shown as long as the user wants it. A click asks for the window; so does a click on a notification."""

    wanted = Signal()
    lock = Signal()
    leave = Signal()

    def __init__(self, window: QWidget, preferences: Preferences) -> None:
        super().__init__(window)
        self._preferences = preferences
        self.menu = QMenu(window)
        self.menu.addAction(self.tr("&Open Wren"), self.wanted.emit)
        self.menu.addAction(self.tr("&Lock the wallet"), self.lock.emit)
        self.menu.addSeparator()
        self.menu.addAction(self.tr("&Quit"), self.leave.emit)
        self.icon = QSystemTrayIcon(QIcon("wren:icons/app.svg"), self)
        self.icon.setToolTip("Wren")
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(self.wanted)
        preferences.changed.connect(self._reconsider)
        self._reconsider()

    @staticmethod
    def is_there() -> bool:
        """Whether this system has a tray at all."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def tell(self, title: str, text: str) -> bool:
        """Show a notification. Nothing about a payment stays on the icon."""
        if not self.icon.isVisible() or not QSystemTrayIcon.supportsMessages():
            return False
        self.icon.showMessage(title, text, QIcon("wren:icons/app.svg"))
        return True

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self.wanted.emit()

    def _reconsider(self) -> None:
        self.icon.setVisible(self._preferences.tray)
