"""Unit, light or dark, hidden amounts."""

from PySide6.QtWidgets import QCheckBox

from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.design.theme import Look
from wallet.ui.settings.card import SettingsCard
from wallet.ui.text import Unit
from wallet.ui.widgets.label import caption
from wallet.ui.widgets.segmented import Segmented


class DisplayCard(SettingsCard):
    """Takes effect at once."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        preferences = context.preferences
        looks = [
            (Look.SYSTEM.value, self.tr("As the system")),
            (Look.LIGHT.value, self.tr("Light")),
            (Look.DARK.value, self.tr("Dark")),
        ]
        self.unit = Segmented(self.tr("Unit"), [(unit.value, unit.value) for unit in Unit], preferences.unit.value)
        self.look = Segmented(self.tr("Appearance"), looks, preferences.look.value)
        self.hide_amounts = QCheckBox(self.tr("&Hide amounts"))
        self.hide_amounts.setChecked(preferences.hidden)
        self.lay_out(
            self.tr("Display"),
            "",
            column(caption(self.tr("Unit")), self.unit, spacing=Space.HAIR),
            column(caption(self.tr("Appearance")), self.look, spacing=Space.HAIR),
            self.hide_amounts,
        )
        self.unit.chosen.connect(lambda value: preferences.set_unit(Unit(value)))
        self.look.chosen.connect(self._choose_look)
        self.hide_amounts.toggled.connect(preferences.set_hidden)
        preferences.changed.connect(self._follow)

    def _follow(self) -> None:
        self.hide_amounts.setChecked(self.context.preferences.hidden)
        self.unit.choose(self.context.preferences.unit.value)

    def _choose_look(self, value: str) -> None:
        self.context.preferences.set_look(Look(value))
        self.context.theme.choose(Look(value))
