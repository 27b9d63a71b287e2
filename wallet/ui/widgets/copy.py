"""A button that copies a text and says that it did, or that another program put something else in its place."""

from collections.abc import Callable

from PySide6.QtCore import QTimer

from wallet.ui.widgets.button import Button
from wallet.ui.widgets.clipboard import Clipboard

_SAY_MS = 2_500


class CopyButton(Button):
    """`what` answers the text at the moment of the click."""

    def __init__(self, clipboard: Clipboard, text: str, what: Callable[[], str], kind: str = "plain") -> None:
        super().__init__(text, kind, "copy")
        self._idle_text = text
        self._clipboard = clipboard
        self._what = what
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAY_MS)
        self._timer.timeout.connect(self._rest)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        text = self._what()
        if not text:
            return
        kept = self._clipboard.copy(text)
        self.set_icon("check" if kept else "warning")
        self.setText(self.tr("Copied") if kept else self.tr("Another program changed the clipboard"))
        self._timer.start()

    def _rest(self) -> None:
        self.set_icon("copy")
        self.setText(self._idle_text)
