"""A window with the engine's double behind it, and a way to let it work."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.engine_double import EngineDouble
from tests.ui.play import Live
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.override import override
from wallet.ui.bridge import Bridge
from wallet.ui.context import Context
from wallet.ui.design.theme import Look, Theme
from wallet.ui.main import use_resources
from wallet.ui.preferences import Preferences
from wallet.ui.widgets.clipboard import Clipboard

ROOT = Path(__file__).resolve().parent.parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The platform without a screen says on every window that it cannot hint at sizes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints"))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def options(tmp_path: Path) -> api.EngineOptions:
    return api.EngineOptions(network="regtest", data_dir=str(tmp_path))


class _Loop(qasync.QEventLoop):  # type: ignore[misc]  # qasync says nothing of its types
    """Counts as running also while Qt looks at its last events, after the loop itself has stopped: tasks step there."""

    @override
    def run_forever(self) -> int:
        try:
            return int(super().run_forever())
        finally:
            asyncio.events._set_running_loop(self)


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[qasync.QEventLoop]:
    use_resources(ROOT / "resources")
    loop = _Loop(qapp)
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


@pytest.fixture
def live(
    loop: qasync.QEventLoop,
    qapp: QApplication,
    qtbot: QtBot,
    options: api.EngineOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Live]:
    """The real engine on a network of play money."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")  # no keyring: never the user's own
    live = Live(loop, qapp, options, qtbot)
    yield live
    live.end()
