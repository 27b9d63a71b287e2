"""Labels: plain text always, in a step of the type scale. The only module that makes a QLabel."""

import re
import textwrap
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QWidget

from wallet.override import override
from wallet.ui.design.metrics import Type, code_font, text_font
from wallet.ui.text import safe_text

PIECE: Final = 12
"""Characters between two places where a long word may break."""

_LONG_WORD = re.compile(rf"\S{{{2 * PIECE},}}")


def may_break(text: str) -> str:
    """The text with places in its longest words where a line may end: nobody's word widens a page."""
    return _LONG_WORD.sub(lambda word: "\u200b".join(textwrap.wrap(word[0], PIECE, break_on_hyphens=False)), text)


class Label(QLabel):
    """A text that is never read as markup and never elided; it wraps when `wrap` says so."""

    def __init__(self, text: str = "", size: Type = Type.BODY, tone: str = "", wrap: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(self.chosen_font(size))
        self.setWordWrap(wrap)
        self._whole = ""
        if tone:
            self.setProperty("tone", tone)
        self.setText(text)

    breaks_words = True
    """Whether the longest words get places to break, which somebody who copies them would copy too."""

    def chosen_font(self, size: Type) -> QFont:
        return text_font(size)

    @override
    def setText(self, text: str) -> None:
        shown = safe_text(text, lines=True)
        if shown != self._whole:  # what stays as it is costs no layout
            self._whole = shown
            super().setText(may_break(shown) if self.wordWrap() and self.breaks_words else shown)

    @override
    def text(self) -> str:
        return self._whole

    def show_or_hide(self, text: str) -> None:
        """Show the text, or take no room when there is none."""
        self.setText(text)
        self.setVisible(bool(text))

    def set_tone(self, tone: str) -> None:
        set_look(self, "tone", tone)


class Code(Label):
    """Monospace text that can be selected with mouse and keyboard."""

    breaks_words = False

    def __init__(self, text: str = "", size: Type = Type.BODY, tone: str = "", wrap: bool = True) -> None:
        super().__init__(text, size, tone, wrap)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    @override
    def chosen_font(self, size: Type) -> QFont:
        return code_font(size)


class LongCode(Code):
    """Monospace text that may break anywhere. A button copies it: selected, it would be copied with its breaks."""

    breaks_words = True

    def __init__(self, text: str = "", size: Type = Type.CAPTION) -> None:
        super().__init__(text, size)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)


def title(text: str) -> Label:
    return Label(text, Type.TITLE, wrap=True)


def section(text: str) -> Label:
    return Label(text, Type.SECTION, wrap=True)


def note(text: str = "") -> Label:
    """Explanation beside something more important."""
    return Label(text, Type.BODY, "muted", wrap=True)


def caption(text: str = "", tone: str = "muted") -> Label:
    return Label(text, Type.CAPTION, tone, wrap=True)


def badge(text: str = "", kind: str = "") -> Label:
    """A short word on a coloured ground."""
    label = Label(text, Type.CAPTION)
    label.setProperty("part", "badge")
    label.setProperty("kind", kind)
    return label


def set_look(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet looks at, and have it looked at again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
