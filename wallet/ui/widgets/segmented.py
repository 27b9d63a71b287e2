"""A choice of a few, side by side where there is room; arrow keys move within it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
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
        self._name = name
        self._row = Wrapping(spacing=2, margin=3)
        self.setLayout(self._row)
        for key, text in options:
            self.offer(key, text)
        self._buttons[value].setChecked(True)
        self._group.buttonToggled.connect(self._toggled)

    def offer(self, key: str, text: str) -> None:
        """Add an option, or give it another text."""
        if key not in self._buttons:
            button = self._buttons[key] = Button(text, "segment")
            button.setCheckable(True)
            self._group.addButton(button)
            self._row.addWidget(button)
            if len(self._buttons) > 1:
                button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._buttons[key].setText(text)
        self._buttons[key].setAccessibleName(f"{self._name}: {text}")

    def withdraw(self, key: str) -> None:
        """Take an option away, if it is there; not the chosen one."""
        if (button := self._buttons.pop(key, None)) is not None:
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()

    @property
    def value(self) -> str:
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, value: str) -> None:
        self._buttons[value].setChecked(True)

    def _toggled(self, _button: Button, checked: bool) -> None:
        if checked:
            self.chosen.emit(self.value)
