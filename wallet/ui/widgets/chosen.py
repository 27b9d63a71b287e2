"""The coins of a payment, where the user has chosen them: said in a line, and let go again with a click."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from wallet.bitcoin.amount import Sats
from wallet.ui.design.layout import row
from wallet.ui.design.metrics import Space
from wallet.ui.models.table import said_amount, shown_amount
from wallet.ui.preferences import Preferences
from wallet.ui.text import translate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, set_look


class ChosenCoins(QFrame):
    """Hidden while nothing is chosen: then the wallet chooses. `changed` when coins are chosen or let go."""

    changed = Signal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        self._outpoints: tuple[str, ...] = ()
        self._total: Sats = 0
        self.setProperty("part", "message")
        set_look(self, "kind", "info")
        self._text = Label(wrap=True)
        self.drop_button = Button(self.tr("Let &Wren choose"), "quiet", "close")
        layout = row(Icon("wallet", "accent"), self._text, self.drop_button, spacing=Space.SMALL, margin=Space.SMALL)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.drop_button.clicked.connect(self.drop)
        preferences.changed.connect(self._write)
        self._write()

    @property
    def outpoints(self) -> tuple[str, ...]:
        """The chosen coins ("txid:n"); none: the wallet chooses."""
        return self._outpoints

    @property
    def total(self) -> Sats:
        return self._total

    @property
    def text(self) -> str:
        return self._text.text()

    def choose(self, outpoints: tuple[str, ...], total: Sats) -> None:
        """total: the sum of the coins in satoshis."""
        self._outpoints = tuple(dict.fromkeys(outpoints))
        self._total = total if self._outpoints else 0
        self._write()
        self.changed.emit()

    def drop(self) -> None:
        """Let the wallet choose."""
        if self._outpoints:
            self.choose((), 0)

    def _write(self) -> None:
        self.setVisible(bool(self._outpoints))
        self._text.setText(coins_words(len(self._outpoints), shown_amount(self._total, self._preferences)))
        self.setAccessibleName(coins_words(len(self._outpoints), said_amount(self._total, self._preferences)))


def coins_words(count: int, amount: str) -> str:
    """How many coins were chosen, and what they are together."""
    if count == 1:
        return translate("Pays with 1 chosen coin ({amount})").format(amount=amount)
    return translate("Pays with {n} chosen coins ({amount})").format(n=count, amount=amount)
