"""The way between pages: icons with names, icons alone where the window is narrow."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QSizePolicy

from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space, Type
from wallet.ui.text import safe_text
from wallet.ui.widgets.brand import brand
from wallet.ui.widgets.button import Button, OneOf
from wallet.ui.widgets.label import Label, caption, set_look

WIDE = 196
COMPACT = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A page's place in the sidebar."""

    key: str
    name: str
    icon: str


class Sidebar(QFrame):
    """Alt and a number chooses a page too."""

    chosen = Signal(str)
    lock = Signal()

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self.setProperty("part", "sidebar")
        self.setAccessibleName(self.tr("Pages"))
        self._group = OneOf(self)
        self._names = {entry.key: entry.name for entry in entries}
        self.buttons: dict[str, Button] = {}
        for number, entry in enumerate(entries, 1):
            self.buttons[entry.key] = self._button(number, entry)
        self._brand = brand()
        self.wallet = Label(size=Type.STRONG, wrap=True)
        self.network = caption(tone="warning")
        self.lock_button = Button(self.tr("Lock"), "nav", "lock", 20)
        self.lock_button.setAccessibleName(self.tr("Lock the wallet"))
        self.lock_button.setToolTip(self.tr("Lock the wallet (Ctrl+L)"))
        self.lock_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.lock_button.clicked.connect(self.lock)
        layout = column(
            self._brand,
            Space.MEDIUM,
            *self.buttons.values(),
            None,
            self.lock_button,
            self.wallet,
            self.network,
            spacing=2,
            margin=Space.MEDIUM,
        )
        self.setLayout(layout)
        self.setFixedWidth(WIDE)
        self._compact = False

    def _button(self, number: int, entry: Entry) -> Button:
        button = Button(entry.name, "nav", entry.icon, 20)
        button.setCheckable(True)
        button.setAccessibleName(entry.name)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setToolTip(self.tr("{name} (Alt+{n})").format(name=entry.name, n=number))
        button.clicked.connect(lambda: self.choose(entry.key))
        self._group.addButton(button)
        shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
        shortcut.activated.connect(lambda: self.choose(entry.key))
        return button

    def choose(self, key: str) -> None:
        self.buttons[key].setChecked(True)
        self.chosen.emit(key)

    def show_wallet(self, name: str, network: str) -> None:
        """network: shown only where the money is not real money."""
        self.wallet.setText(safe_text(name))
        self.network.show_or_hide(network)

    def set_compact(self, compact: bool) -> None:
        if compact == self._compact:
            return
        self._compact = compact
        self.setFixedWidth(COMPACT if compact else WIDE)
        self._brand.setVisible(not compact)
        self.wallet.setVisible(not compact)
        self.network.setVisible(not compact and bool(self.network.text()))
        self.lock_button.setText("" if compact else self.tr("Lock"))
        set_look(self.lock_button, "compact", "true" if compact else "false")
        for key, button in self.buttons.items():
            button.setText("" if compact else self._names[key])
            set_look(button, "compact", "true" if compact else "false")
