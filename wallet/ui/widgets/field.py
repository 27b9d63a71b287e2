"""A field of a form: its name above, what is wrong with it right below."""

from PySide6.QtWidgets import QWidget

from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.text import sentence
from wallet.ui.widgets.label import Label, caption, set_look

_UNBOUNDED = (1 << 24) - 1
"""Qt's own greatest width."""


class Field(QWidget):
    """Wraps an input. `name` may carry a mnemonic (&Amount); `beside` stands at the input's right."""

    def __init__(self, name: str, control: QWidget, hint: str = "", beside: QWidget | None = None) -> None:
        super().__init__()
        self.control = control
        self._hint = hint
        self._wrong = False
        self._name = Label(name, Type.STRONG)
        self._name.setBuddy(control)
        self._below = caption()
        self.rename(name)
        line = row(control) if beside is None else row(control, beside, spacing=Space.SMALL)
        line.setStretch(0, 1)
        if control.maximumWidth() < _UNBOUNDED:  # a narrow box begins where its name does
            line.addStretch(1)
        self.setLayout(column(self._name, line, self._below, spacing=Space.HAIR))
        self.clear_error()

    def rename(self, name: str) -> None:
        self._name.setText(name)
        self.control.setAccessibleName(name.replace("&", ""))

    @property
    def error(self) -> str:
        """What is said to be wrong, or nothing."""
        return self._below.text() if self._wrong else ""

    def show_error(self, text: str) -> None:
        self._say(sentence(text), "danger", "true")

    def clear_error(self) -> None:
        self._say(self._hint, "muted", "false")

    def set_hint(self, text: str) -> None:
        """Replace the explanation below; what is wrong stays until it is mended."""
        self._hint = sentence(text)
        if not self.error:
            self.clear_error()

    def _say(self, text: str, tone: str, wrong: str) -> None:
        self._wrong = wrong == "true"
        self._below.set_tone(tone)
        self._below.show_or_hide(text)
        self.control.setAccessibleDescription(text)
        set_look(self.control.focusProxy() or self.control, "wrong", wrong)
