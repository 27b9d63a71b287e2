"""What the user likes, remembered between starts: unit, hidden amounts, light or dark, the window's place."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from wallet.ui.design.theme import Look
from wallet.ui.text import Unit

LOCK_MINUTES = 10


class Preferences(QObject):
    """Kept in the data folder when one is named, else at the platform's own place. Nothing secret is in it."""

    changed = Signal()

    def __init__(self, data_dir: str | None) -> None:
        super().__init__()
        if data_dir is None:
            self._store = QSettings("Wren", "window")
        else:
            self._store = QSettings(str(Path(data_dir) / "window.ini"), QSettings.Format.IniFormat)
        self._unit = Unit.BTC if self._text("unit") == Unit.BTC else Unit.SAT
        self._hidden = self._text("hidden") == "yes"
        self._lock_minutes = int(text) if (text := self._text("lock_minutes")).isdecimal() else LOCK_MINUTES

    def _text(self, key: str) -> str:
        return str(self._store.value(key, ""))

    @property
    def unit(self) -> Unit:
        return self._unit

    @property
    def hidden(self) -> bool:
        """Whether amounts are hidden from those who look over a shoulder."""
        return self._hidden

    @property
    def look(self) -> Look:
        text = self._text("look")
        return Look(text) if text in set(Look) else Look.SYSTEM

    @property
    def lock_minutes(self) -> int:
        """After how long with nobody there the wallet is locked; 0: never."""
        return self._lock_minutes

    @property
    def lock_hides(self) -> bool:
        """Whether a locked wallet shows nothing."""
        return self._text("lock_hides") != "no"

    @property
    def notices(self) -> bool:
        """Whether to tell when a payment comes, is proven or replaced."""
        return self._text("notices") != "no"

    @property
    def tray(self) -> bool:
        """Whether to show an icon in the system's tray."""
        return self._text("tray") != "no"

    @property
    def geometry(self) -> QByteArray:
        value = self._store.value("geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_unit(self, unit: Unit) -> None:
        self._unit = unit
        self._store.setValue("unit", unit.value)
        self.changed.emit()

    def set_hidden(self, hidden: bool) -> None:
        self._hidden = hidden
        self._store.setValue("hidden", "yes" if hidden else "no")
        self.changed.emit()

    def set_look(self, look: Look) -> None:
        self._store.setValue("look", look.value)

    def set_lock_minutes(self, minutes: int) -> None:
        self._lock_minutes = minutes
        self._store.setValue("lock_minutes", str(minutes))
        self.changed.emit()

    def set_lock_hides(self, hides: bool) -> None:
        self._store.setValue("lock_hides", "yes" if hides else "no")

    def set_notices(self, wanted: bool) -> None:
        self._store.setValue("notices", "yes" if wanted else "no")
        self.changed.emit()

    def set_tray(self, wanted: bool) -> None:
        self._store.setValue("tray", "yes" if wanted else "no")
        self.changed.emit()

    def set_geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("geometry", geometry)
