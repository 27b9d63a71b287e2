"""Copying: looked at again at once, because malware swaps addresses there, and taken back after a minute."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

CLEAR_AFTER_MS = 60_000


class Clipboard(QObject):
    """Copies texts that are no secrets. Secrets are never put here."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._copied = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CLEAR_AFTER_MS)
        self._timer.timeout.connect(self.clear)

    def copy(self, text: str) -> bool:
        """Put the text there; False when something else is there right afterwards."""
        board = QGuiApplication.clipboard()
        board.setText(text)
        self._copied = text
        self._timer.start()
        return board.text() == text

    def clear(self) -> None:
        """Take our text away, if it is still there."""
        self._timer.stop()
        board = QGuiApplication.clipboard()
        if self._copied and board.text() == self._copied:
            board.clear()
        self._copied = ""
