"""A message in place: what happened and what to do, never in a box of its own that must be clicked away."""

from typing import Literal

from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QWidget

from wallet.ui.design.layout import TOP, row
from wallet.ui.design.metrics import Space
from wallet.ui.text import sentence
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, set_look

Kind = Literal["info", "good", "warning", "error"]
_ROLES = {"info": "accent", "good": "accent", "warning": "warning", "error": "danger"}


class Message(QFrame):
    """An icon and a text on a coloured ground; hidden while it has nothing to say."""

    def __init__(self, text: str = "", kind: Kind = "info", *actions: QWidget) -> None:
        super().__init__()
        self.setProperty("part", "message")
        self._kind: Kind = kind
        self._icon = Icon(kind, _ROLES[kind])
        self._text = Label(wrap=True)
        layout = row(self._icon, self._text, *actions, spacing=Space.SMALL, margin=Space.MEDIUM)
        layout.setStretch(1, 1)
        if not actions:
            layout.setAlignment(self._icon, TOP)
        self.setLayout(layout)
        self.say(text, kind)

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def kind(self) -> Kind:
        return self._kind

    def say(self, text: str, kind: Kind = "info") -> None:
        """Show a text, and tell it to screen readers; nothing hides the message."""
        text = sentence(text)
        self._kind = kind
        set_look(self, "kind", kind)
        self._icon.draw(kind, _ROLES[kind])
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        if text:
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def clear(self) -> None:
        self.say("")
