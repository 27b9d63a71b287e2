"""Hands that know the keyboard alone: keys go where the focus is, and the focus goes where keys take it."""

from typing import Final

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from tests.ui.access import activate, spoken
from tests.ui.play import Live
from tests.ui.stage import NO_KEYS

MOST_TABS: Final = 200


class Keyboard:
    """Types into whatever window is in front."""

    def __init__(self, live: Live, window: QWidget) -> None:
        self._live = live
        self._window = window

    @property
    def front(self) -> QWidget:
        """The window in front: the newest of the dialogs that are open. (Without a screen, none is by itself.)"""
        front = self._window
        while dialogs := [dialog for dialog in front.findChildren(QDialog) if dialog.isVisible()]:
            front = dialogs[-1]
        if not front.isActiveWindow():
            activate(front)
        return front

    @property
    def focus(self) -> QWidget:
        front = self.front
        focus: QWidget | None = front.focusWidget()
        return front if focus is None else focus

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        QTest.keyClick(self.focus, key, modifiers)
        self._live.settle()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.focus, text)
        self._live.settle()

    def hold(self, key: Qt.Key) -> None:
        QTest.keyPress(self.focus, key)

    def let_go(self, key: Qt.Key) -> None:
        QTest.keyRelease(self.focus, key)
        self._live.settle()

    def tab_to(self, name: str, whole: bool = False) -> QWidget:
        """Press Tab until a control is reached whose spoken name is this, or begins so."""
        heard: list[str] = []
        for _ in range(MOST_TABS):
            QTest.keyClick(self.focus, Qt.Key.Key_Tab)
            heard.append(said := spoken(self.focus).replace("&", ""))
            if said == name or (said.startswith(name) and not whole):
                return self.focus
        pytest.fail(f"Tab does not come to “{name}”, but to {sorted(set(heard))}")

    def push(self, name: str) -> None:
        """Go to a button and push it with the space bar."""
        self.tab_to(name)
        self.press(Qt.Key.Key_Space)

    def fill(self, name: str, text: str) -> None:
        """Go to a box and type into it, over what was there."""
        self.tab_to(name)
        self.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.type(text)
