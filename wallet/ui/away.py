"""Whether somebody is there: no key and no mouse for a while, the computer going to sleep, its session being locked.

Sleep and session come from systemd's login1 over D-Bus (Linux): `PrepareForSleep`, the session's `Lock`, and its
`LockedHint`, which desktops set when their own lock screen comes. Elsewhere, or without a bus, time alone tells.
"""

import os
import string
import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import SLOT, QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QWindow

from wallet.override import override
from wallet.ui.preferences import Preferences

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

_SERVICE: Final = "org.freedesktop.login1"
_MANAGER: Final = "/org/freedesktop/login1"
_SESSION: Final = f"{_SERVICE}.Session"
_PRESENT: Final = frozenset(
    (
        *(QEvent.Type.KeyPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel),
        *(QEvent.Type.TouchBegin, QEvent.Type.TabletMove),
    )
)
_MINUTE: Final = 60_000


class Away(QObject):
    """`gone` is sent whenever there is a reason to lock."""

    gone = Signal()

    def __init__(self, parent: QObject, preferences: Preferences) -> None:
        super().__init__(parent)
        self._watched: list[QWindow] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.gone)
        self._preferences = preferences
        self._minutes = -1
        self._reconsider()
        preferences.changed.connect(self._reconsider)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._watch)

    def _reconsider(self) -> None:
        """How long nobody may be there may have been chosen anew."""
        if self._minutes == (minutes := self._preferences.lock_minutes):
            return
        self._minutes = minutes
        if minutes:
            self._timer.setInterval(minutes * _MINUTE)
            self._timer.start()
        else:
            self._timer.stop()
            self._timer.setInterval(0)

    @property
    def milliseconds_left(self) -> int:
        """Until it counts as away; -1 where it never will."""
        return self._timer.remainingTime()

    def _watch(self, window: QWindow | None) -> None:
        """See what is typed and pointed at in a window: events of windows are few, those of widgets are many."""
        if window is not None and window not in self._watched:
            window.installEventFilter(self)
            self._watched.append(window)
            window.destroyed.connect(lambda: self._forget(window))
        self._seen()

    def _forget(self, window: QWindow) -> None:
        self._watched = [other for other in self._watched if other is not window]

    def _seen(self) -> None:
        if self._timer.interval():
            self._timer.start()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        del watched
        if event.type() in _PRESENT:
            self._seen()
        return False

    # --- login1 ---

    def follow_session(self, bus: "QDBusConnection | None" = None) -> bool:
        """Follow the system's sleep and session from now on; whether there is anything to follow."""
        if bus is None:
            if not sys.platform.startswith("linux"):
                return False
            from PySide6.QtDBus import QDBusConnection

            bus = QDBusConnection.systemBus()
        if not bus.isConnected():
            return False
        session = session_path(os.environ.get("XDG_SESSION_ID", ""))
        signals = (
            (_MANAGER, f"{_SERVICE}.Manager", "PrepareForSleep", "_sleep(bool)"),
            (session, _SESSION, "Lock", "_session_locked()"),
            (session, "org.freedesktop.DBus.Properties", "PropertiesChanged", "_session_changed(QString,QVariantMap)"),
        )
        return all(
            bus.connect(_SERVICE, path, interface, name, self, SLOT(slot))  # type: ignore[call-overload]  # takes text
            for path, interface, name, slot in signals
        )

    @Slot(bool)
    def _sleep(self, falling_asleep: bool) -> None:
        if falling_asleep:
            self.gone.emit()

    @Slot()
    def _session_locked(self) -> None:
        self.gone.emit()

    @Slot(str, "QVariantMap")
    def _session_changed(self, interface: str, values: dict[str, object]) -> None:
        if interface == _SESSION and values.get("LockedHint") is True:
            self.gone.emit()


def session_path(session: str) -> str:
    """Where login1 has a session (systemd's `bus_path_encode`); empty, which is any, where its name is not known."""
    if not session:
        return ""
    kept = string.ascii_letters + string.digits
    encoded = "".join(
        character if character in kept and not (position == 0 and character.isdigit()) else f"_{ord(character):02x}"
        for position, character in enumerate(session)
    )
    return f"{_MANAGER}/session/{encoded}"
