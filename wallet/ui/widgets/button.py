"""Buttons whose icons follow the palette, and one that shows that it is at work."""

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPainter, QTransform
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QPushButton, QSizePolicy, QWidget

from wallet.override import override
from wallet.ui.design import icons
from wallet.ui.design.colours import colour

_ICON_ROLE = {"primary": "on_accent", "quiet": "accent", "icon": "muted", "nav": "muted", "choice": "accent"}
_SPIN_MS = 50
_SPIN_DEGREES = 18


class Button(QPushButton):
    """kind: primary (one a page), plain, quiet, icon, nav, segment or choice."""

    def __init__(self, text: str = "", kind: str = "plain", icon: str = "", size: int = 18) -> None:
        super().__init__(text)
        self.setProperty("kind", kind)
        self._kind = kind
        self._icon = icon
        self.setIconSize(QSize(size, size))
        self.setAutoDefault(False)
        self._draw_icon()
        self.toggled.connect(self._draw_icon)

    def set_icon(self, icon: str) -> None:
        self._icon = icon
        self._draw_icon()

    def _icon_colour(self) -> QColor:
        if not self.isEnabled():
            return colour("edge")
        if self.isCheckable() and self.isChecked():
            return colour("accent")
        return colour(_ICON_ROLE.get(self._kind, "text"))

    def _draw_icon(self) -> None:
        if self._icon:
            self.setIcon(icons.icon(self._icon, self._icon_colour(), self.iconSize().width()))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.EnabledChange):
            self._draw_icon()


def icon_button(icon: str, name: str) -> Button:
    """A button that is an icon alone: its name is spoken, and shown as its tip."""
    button = Button("", "icon", icon)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button


class BusyButton(Button):
    """While busy it shows a turning arc and another text, keeps its width and takes no clicks."""

    def __init__(self, text: str, kind: str = "primary", icon: str = "") -> None:
        super().__init__(text, kind, icon)
        self._idle_text = text
        self._idle_icon = icon
        self._allowed = True
        self._angle = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_SPIN_MS)
        self._timer.timeout.connect(self._turn)

    @property
    def is_busy(self) -> bool:
        return self._timer.isActive()

    def set_allowed(self, allowed: bool) -> None:
        """Whether it may be clicked when it is idle."""
        self._allowed = allowed
        self.setEnabled(allowed and not self.is_busy)

    def start(self, text: str) -> None:
        self.setMinimumWidth(self.sizeHint().width())
        self.setText(text)
        self.setEnabled(False)
        self._timer.start()
        self._turn()

    def rename(self, text: str) -> None:
        """What it says while it is idle."""
        self._idle_text = text
        self.stop()

    def stop(self) -> None:
        self._timer.stop()
        self.setText(self._idle_text)
        self.setIcon(QIcon())
        self.set_icon(self._idle_icon)
        self.setEnabled(self._allowed)

    def _turn(self) -> None:
        self._angle = (self._angle + _SPIN_DEGREES) % 360
        size = self.iconSize().width()
        arc = icons.icon("busy", colour("edge"), size).pixmap(self.iconSize())
        turned = arc.transformed(QTransform().rotate(self._angle), Qt.TransformationMode.SmoothTransformation)
        canvas = arc.copy()
        canvas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(canvas)
        ratio = canvas.devicePixelRatio()
        painter.drawPixmap(
            round((canvas.width() - turned.width()) / 2 / ratio),
            round((canvas.height() - turned.height()) / 2 / ratio),
            turned,
        )
        painter.end()
        icon = QIcon(canvas)
        icon.addPixmap(canvas, QIcon.Mode.Disabled)
        self.setIcon(icon)


class OneOf(QButtonGroup):
    """Buttons of which one is chosen. Tab comes to that one, however it was chosen; arrow keys go on to the others.

    Qt sets the way of Tab right when one is clicked, but not when one is chosen by the program.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.buttonToggled.connect(self._lead_tab)

    def _lead_tab(self, _button: QAbstractButton, checked: bool) -> None:
        if checked:
            for button in self.buttons():
                policy = Qt.FocusPolicy.StrongFocus if button.isChecked() else Qt.FocusPolicy.ClickFocus
                button.setFocusPolicy(policy)
