"""The application: Qt, one loop for it and for asyncio, the window, and the one place where faults end up."""

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import qasync
from PySide6.QtCore import QDir
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from wallet.engine import api
from wallet.home import data_home
from wallet.ui.bridge import Bridge
from wallet.ui.context import Context
from wallet.ui.design.theme import Theme
from wallet.ui.instance import Doorbell, the_only_window
from wallet.ui.notices import Notices
from wallet.ui.practice.parts import PracticeParts
from wallet.ui.preferences import Preferences
from wallet.ui.report import versions
from wallet.ui.text import use_locale
from wallet.ui.tray import Tray
from wallet.ui.widgets.clipboard import Clipboard
from wallet.ui.window import Window

if TYPE_CHECKING:
    from wallet.ui.practice.mode import PracticeMode

log = logging.getLogger(__name__)
MakeEngine = Callable[[], api.Engine]


def use_resources(resources: Path) -> None:
    """Let the search path `wren:` lead to the resources folder."""
    QDir.setSearchPaths("wren", [str(resources)])


def make_window(app: QApplication, bridge: Bridge, options: api.EngineOptions, uri: str | None) -> Window:
    """The window with everything it needs but the engine, which the bridge is given later."""
    preferences = Preferences(options.data_dir)
    theme = Theme(app, preferences.look)
    context = Context(bridge, preferences, theme, Clipboard(app), options)
    return Window(context, uri)


class Faults:
    """Every exception that nobody caught comes here: from slots, tasks and the loop's own callbacks."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        bridge.broken.connect(self._log)

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        sys.excepthook = self._from_slot
        loop.set_exception_handler(self._from_loop)

    def _from_slot(self, _kind: type[BaseException], fault: BaseException, _trace: TracebackType | None) -> None:
        self._bridge.broken.emit(fault)

    def _from_loop(self, _loop: asyncio.AbstractEventLoop, what: dict[str, Any]) -> None:
        self._bridge.broken.emit(what.get("exception") or RuntimeError(str(what.get("message"))))

    def _log(self, fault: BaseException) -> None:
        """The stack and no local values: those could be secrets."""
        log.error("fault of our own", exc_info=(type(fault), fault, fault.__traceback__))


async def session(
    window: Window, bridge: Bridge, make_engine: MakeEngine, practice: PracticeParts | None = None
) -> None:
    """From the first paint until the window is closed and the engine has ended; a practice window ends with it."""
    closed = asyncio.Event()
    window.closing.connect(closed.set)
    mode = None if practice is None else Practising(window, practice)
    window.show()
    await asyncio.sleep(0)
    try:
        bridge.attach(make_engine())
    except api.WrenError as error:
        window.banner.say(error.message, "error")
    else:
        bridge.start(window.begin())
    await closed.wait()
    if mode is not None:
        await mode.close()
    await bridge.close()


class Practising:
    """Opens practice windows for a window, the mode itself not before it is asked for."""

    def __init__(self, window: Window, parts: PracticeParts) -> None:
        self._window = window
        self._parts = parts
        self._mode: PracticeMode | None = None
        window.practise.connect(self._begin)

    def _begin(self) -> None:
        self._window.context.bridge.start(self._open())

    async def _open(self) -> None:
        from wallet.ui.practice.mode import PracticeMode

        if self._mode is None:
            context = self._window.context
            self._mode = PracticeMode(self._parts, context.theme, context.clipboard)
        try:
            await self._mode.open()
        except OSError as error:
            message = f"the practice network could not be started: {error.strerror or error}"
            raise api.WrenError("refused", message) from error

    async def close(self) -> None:
        """End what was begun."""
        if self._mode is not None:
            await self._mode.close()


def run_window(
    make_engine: MakeEngine,
    options: api.EngineOptions,
    resources: Path,
    uri: str | None = None,
    practice: PracticeParts | None = None,
) -> int:
    """Open the window and stay until it is closed. Answers the exit code.

    make_engine: called once, on the running loop, after the window was shown; resources: the folder with icons and
    theme; uri: a payment link that the window was started with; practice: what practice mode starts with. Where a
    window has this data folder open already, that one gets the link and comes to the front, and this ends at once.
    """
    with the_only_window(data_home(options.data_dir), options.network, uri) as listens_at:
        if listens_at is None:
            return 0
        log.info("%s starts on %s", versions(), options.network)
        app = make_application(resources)
        loop = qasync.QEventLoop(app)
        asyncio.set_event_loop(loop)
        bridge = Bridge(loop)
        Faults(bridge).install(loop)
        with loop:
            window = make_window(app, bridge, options, uri)
            doorbell = Doorbell(listens_at, window)
            doorbell.rung.connect(window.visit)
            window.closing.connect(doorbell.close)  # who comes now waits until this one has ended, and opens its own
            Notices(window, make_tray(window))
            loop.run_until_complete(session(window, bridge, make_engine, practice))
    return 0


def make_tray(window: Window) -> Tray | None:
    """The icon in the tray, where this system has one."""
    if not Tray.is_there():
        return None
    tray = Tray(window, window.context.preferences)
    tray.wanted.connect(window.visit)
    tray.lock.connect(window.lock)
    tray.leave.connect(lambda: _leave(window))
    return tray


def _leave(window: Window) -> None:
    if not window.close():
        window.visit()  # it says why it stays


def make_application(resources: Path) -> QApplication:
    """Qt's application, with our name, icons and the system's way to write numbers."""
    app = QApplication([sys.argv[0] or "wren"])
    app.setApplicationName("Wren")
    app.setDesktopFileName("wren")
    use_locale()
    app.setQuitOnLastWindowClosed(False)
    use_resources(resources)
    app.setWindowIcon(QIcon("wren:icons/app.svg"))
    return app
