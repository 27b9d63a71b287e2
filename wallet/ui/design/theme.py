"""Puts the colours on: the palette and the style sheet, following the system's light and dark as they change."""

from dataclasses import asdict
from enum import StrEnum

from PySide6.QtCore import QFile, QIODevice, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QStyleFactory

from wallet.ui.design.colours import DARK, LIGHT, Colours, make_palette

STYLE_SHEET = "wren:theme/wren.qss"


class Look(StrEnum):
    """What the user chose: the system's own, or one of the two."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Keeps the application's colours right. One exists, as long as the application does."""

    changed = Signal()

    def __init__(self, app: QApplication, look: Look = Look.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._look = look
        self._applied: Colours | None = None
        self._template = _read_template()
        app.setStyle(QStyleFactory.create("Fusion"))
        app.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    @property
    def look(self) -> Look:
        return self._look

    def choose(self, look: Look) -> None:
        self._look = look
        self._apply()

    def system_scheme(self) -> Qt.ColorScheme:
        return self._app.styleHints().colorScheme()

    def colours(self) -> Colours:
        """The scheme that is right now."""
        if self._look is Look.SYSTEM:
            return DARK if self.system_scheme() is Qt.ColorScheme.Dark else LIGHT
        return DARK if self._look is Look.DARK else LIGHT

    def _apply(self) -> None:
        colours = self.colours()
        if colours is self._applied:
            return
        self._applied = colours
        self._app.setPalette(make_palette(colours))
        self._app.setStyleSheet(fill_template(self._template, colours))
        self.changed.emit()


def _read_template() -> str:
    file = QFile(STYLE_SHEET)
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise FileNotFoundError(STYLE_SHEET)
    text = bytes(file.readAll().data()).decode()
    file.close()
    return text


def fill_template(template: str, colours: Colours) -> str:
    """The style sheet with every @name replaced by the scheme's colour of that name."""
    for name, value in sorted(asdict(colours).items(), key=lambda item: -len(item[0])):
        template = template.replace(f"@{name}", value)
    return template
