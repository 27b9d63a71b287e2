"""A choice of a few, side by side where there is room; arrow keys move within it."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy

from wallet.ui.design.wrapping import Wrapping
from wallet.ui.widgets.button import Button, OneOf


class Segmented(QFrame):
    """Options are (value, text); exactly one is chosen."""

    chosen = Signal(str)

    def __init__(self, name: str, options: Sequence[tuple[str, str]], value: str) -> None:
        super().__init__()
        self.setProperty("part", "segments")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._group = OneOf(self)
        self._buttons: dict[str, Button] = {}
        for key, text in options:
            button = Button(text, "segment")
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {text}")
            self._buttons[key] = button
            self._group.addButton(button)
        self.setLayout(Wrapping(*self._buttons.values(), spacing=2, margin=3))
        self._buttons[value].setChecked(True)
        self._group.buttonToggled.connect(self._toggled)

    @property
    def value(self) -> str:
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, value: str) -> None:
        self._buttons[value].setChecked(True)

    def _toggled(self, _button: Button, checked: bool) -> None:
        if checked:
            self.chosen.emit(self.value)
