"""Seed words, numbered, and covered unless a button is held down. They are never put on the clipboard."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from wallet.override import override
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space, Type
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.label import Code, Label

COVERED = "••••••"


class HiddenWords(QWidget):
    """Shows its words while the mouse button or the space bar is held on the button below them."""

    def __init__(self, columns: int = 3) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()
        self._labels: list[Label] = []
        self._columns = columns
        self._grid = QGridLayout()
        self._grid.setSpacing(Space.SMALL)
        self.button = Button(self.tr("&Hold to show the words"), "plain", "eye")
        self.button.pressed.connect(self._reveal)
        self.button.released.connect(self._cover)
        self.setLayout(column(self._grid, self.button))

    @property
    def shown(self) -> tuple[str, ...]:
        """What can be read right now."""
        return tuple(label.text() for label in self._labels)

    @property
    def words(self) -> tuple[str, ...]:
        return self._words

    def set_words(self, phrase: str) -> None:
        self._words = tuple(phrase.split())
        for label in self._labels:
            self._grid.removeWidget(label)
            label.deleteLater()
        self._labels = [_word_label() for _ in self._words]
        rows = -(-len(self._words) // self._columns)
        for index, label in enumerate(self._labels):
            self._grid.addWidget(label, index % rows, index // rows)
        self._cover()

    def forget(self) -> None:
        self.set_words("")

    def _reveal(self) -> None:
        for number, (label, word) in enumerate(zip(self._labels, self._words, strict=True), 1):
            label.setText(f"{number:2}  {word}")
        self.button.set_icon("eye-off")

    def _cover(self) -> None:
        for number, label in enumerate(self._labels, 1):
            label.setText(f"{number:2}  {COVERED}")
            label.setAccessibleName(self.tr("word {n}, hidden").format(n=number))
        self.button.set_icon("eye")

    @override
    def leaveEvent(self, _event: object) -> None:
        self._cover()


def _word_label() -> Label:
    label = Code(size=Type.BODY, wrap=False)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
    label.setProperty("part", "word")
    return label
