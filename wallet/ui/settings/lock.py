"""When the wallet locks itself, and what is shown then."""

from PySide6.QtWidgets import QCheckBox

from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.settings.card import SettingsCard
from wallet.ui.widgets.label import caption
from wallet.ui.widgets.segmented import Segmented

_LOCK_MINUTES = (1, 5, 10, 30, 0)


def _nearest(minutes: int) -> int:
    """The choice that stands for what was set, by whatever hand."""
    return min(_LOCK_MINUTES, key=lambda choice: abs(choice - minutes)) if minutes else 0


class LockCard(SettingsCard):
    """Takes effect at once."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        preferences = context.preferences
        choices = [(str(n), self.tr("{n} min").format(n=n) if n else self.tr("Never")) for n in _LOCK_MINUTES]
        self.lock_after = Segmented(self.tr("Lock after"), choices, str(_nearest(preferences.lock_minutes)))
        self.lock_hides = QCheckBox(self.tr("Show &nothing while locked"))
        self.lock_hides.setChecked(preferences.lock_hides)
        self.lay_out(
            self.tr("Lock"),
            self.tr(
                "A locked wallet pays nothing until its password is given. It locks itself when the computer "
                "sleeps or its screen is locked, and with Ctrl+L."
            ),
            column(caption(self.tr("With nobody there for")), self.lock_after, spacing=Space.HAIR),
            self.lock_hides,
        )
        self.lock_after.chosen.connect(lambda value: preferences.set_lock_minutes(int(value)))
        self.lock_hides.toggled.connect(preferences.set_lock_hides)
