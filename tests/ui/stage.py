"""Where a window plays: its loop, its engine, and waiting for what should come."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.ui.engine_double import EngineDouble
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.shell import Shell
from wallet.ui.window import Window

SECONDS = 10.0
T = TypeVar("T")
NO_KEYS = Qt.KeyboardModifier.NoModifier


class Stage:
    """Where a window plays: its loop, its engine, and waiting for what should come."""

    def __init__(self, loop: qasync.QEventLoop, context: Context, engine: EngineDouble, qtbot: QtBot) -> None:
        self.loop = loop
        self.context = context
        self.engine = engine
        self.qtbot = qtbot
        self.faults: list[BaseException] = []
        context.bridge.broken.connect(self.faults.append)
        context.bridge.attach(engine)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the loop run until `work` is done.

        In between the test's own clicks let Qt look at its events, and tasks step: for them the loop counts as running.
        """
        try:
            result: T = self.loop.run_until_complete(work)
            return result
        finally:
            asyncio.events._set_running_loop(self.loop)

    def until(self, reached: Callable[[], object], what: str = "the window", seconds: float = SECONDS) -> None:
        """Let the window work until something is so."""

        async def wait() -> None:
            for _ in range(int(seconds / 0.005)):
                if reached():
                    return
                await asyncio.sleep(0.005)
            pytest.fail(f"{what}: not within {seconds:.0f} s")

        self.run(wait())

    def settle(self) -> None:
        """Let everything that was begun come to its end."""
        self.until(lambda: not self.context.bridge.tasks, "tasks that end")
        self.run(asyncio.sleep(0.02))

    def type(self, widget: QWidget, text: str) -> None:
        """Type a text, key by key."""
        QTest.keyClicks(widget, text)

    def press(self, widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Press a key and let it go."""
        QTest.keyClick(widget, key, modifiers)

    def show(self, widget: QWidget) -> None:
        self.qtbot.addWidget(widget)
        widget.resize(1024, 640)
        widget.show()
        self.settle()

    def window(self, link: str | None = None) -> Window:
        """A window that has begun, as after the program's start."""
        window = Window(self.context, link)
        self.show(window)
        self.run(window.begin())
        self.settle()
        return window

    def shell(self) -> Shell:
        """A window's open wallet."""
        self.engine.wallets = [api.WalletInfo("default", "regtest", "keyring", locked=False)]
        shell = self.window().shell
        assert shell is not None
        return shell
