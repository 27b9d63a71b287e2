"""The way between pages: icons with names, icons alone where the window is narrow."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from wallet.override import override
from wallet.ui.design.layout import column, scrolling
from wallet.ui.design.metrics import Space, Type
from wallet.ui.text import safe_text
from wallet.ui.widgets.brand import brand
from wallet.ui.widgets.button import Button, OneOf
from wallet.ui.widgets.label import Label, caption, set_look

WIDE = 196
COMPACT = 64
LOW = 520
"""Below this height of the window there is less room between the pages."""


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
    wallets = Signal()
    """Another wallet is wanted."""

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
        self.wallets_button = Button(self.tr("Wallets"), "nav", "wallet", 20)
        self.wallets_button.setAccessibleName(self.tr("Wallets"))
        self.wallets_button.setToolTip(self.tr("Open another wallet, or add one"))
        self.wallets_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.wallets_button.clicked.connect(self.wallets)
        pages = QWidget()
        pages.setObjectName("content")
        pages.setLayout(column(*self.buttons.values(), None, spacing=2))
        self._area = scrolling(pages)
        layout = column(
            self._brand,
            Space.SMALL,
            self._area,
            self.wallets_button,
            self.lock_button,
            self.wallet,
            self.network,
            spacing=2,
            margin=Space.MEDIUM,
        )
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.setFixedWidth(WIDE)
        self._compact = False
        self._dense = False

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
        self._area.ensureWidgetVisible(self.buttons[key], 0, 0)
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
        self._brand.setVisible(not compact and not self._dense)
        self.wallet.setVisible(not compact)
        self.network.setVisible(not compact and bool(self.network.text()))
        self.lock_button.setText("" if compact else self.tr("Lock"))
        self.wallets_button.setText("" if compact else self.tr("Wallets"))
        for button in (self.lock_button, self.wallets_button):
            set_look(button, "compact", "true" if compact else "false")
        for key, button in self.buttons.items():
            button.setText("" if compact else self._names[key])
            set_look(button, "compact", "true" if compact else "false")

    def _set_dense(self, dense: bool) -> None:
        """Closer together, and without the name at the top and the other wallets, which the settings lead to, too."""
        self._dense = dense
        self.wallets_button.setVisible(not dense)
        self._brand.setVisible(not self._compact and not dense)
        for button in (*self.buttons.values(), self.lock_button):
            set_look(button, "dense", "true" if dense else "false")

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the pages stand closer together; what has no room even so is scrolled to."""
        super().resizeEvent(event)
        self._set_dense(self.height() < LOW)
