"""Names at the left, what they are at the right; what is not known takes no room."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from wallet.ui.design.layout import TOP
from wallet.ui.design.metrics import Space, Type
from wallet.ui.widgets.label import Code, Label, note


class Facts(QWidget):
    """entries: (key, name); codes: the keys of what is written in monospace, to be selected and copied."""

    def __init__(self, entries: Sequence[tuple[str, str]], codes: Sequence[str] = ()) -> None:
        super().__init__()
        self._names: dict[str, Label] = {}
        self._values: dict[str, Label] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.LARGE)
        grid.setVerticalSpacing(Space.SMALL)
        grid.setColumnStretch(1, 1)
        for at, (key, name) in enumerate(entries):
            self._names[key] = note(name)
            self._names[key].setWordWrap(False)
            self._values[key] = Code(size=Type.CAPTION) if key in codes else Label(wrap=True)
            grid.addWidget(self._names[key], at, 0, TOP)
            grid.addWidget(self._values[key], at, 1)
            self.say(key, "")

    def say(self, key: str, text: str) -> None:
        """Write what something is; nothing hides its line."""
        self._values[key].show_or_hide(text)
        self._names[key].setVisible(bool(text))

    def said(self, key: str) -> str:
        """What is said of something now."""
        return self._values[key].text()
