"""A window with the engine's double behind it, and a way to let it work."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import qasync
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.engine_double import EngineDouble
from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.context import Context
from wallet.ui.design.theme import Look, Theme
from wallet.ui.main import use_resources
from wallet.ui.preferences import Preferences
from wallet.ui.shell import Shell
from wallet.ui.widgets.clipboard import Clipboard
from wallet.ui.window import Window

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 10.0
T = TypeVar("T")
NO_KEYS = Qt.KeyboardModifier.NoModifier


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The platform without a screen says on every window that it cannot hint at sizes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints"))


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


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def options(tmp_path: Path) -> api.EngineOptions:
    return api.EngineOptions(network="regtest", data_dir=str(tmp_path))


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    use_resources(ROOT / "resources")
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    asyncio.events._set_running_loop(loop)
    yield loop
    asyncio.events._set_running_loop(None)
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def stage(loop: qasync.QEventLoop, qapp: QApplication, qtbot: QtBot, options: api.EngineOptions) -> Iterator[Stage]:
    theme = Theme(qapp, Look.LIGHT)
    bridge = Bridge(loop)
    context = Context(bridge, Preferences(options.data_dir), theme, Clipboard(qapp), options)
    stage = Stage(loop, context, EngineDouble(), qtbot)
    yield stage
    stage.run(bridge.close())
    theme.deleteLater()
    assert not stage.faults, stage.faults
