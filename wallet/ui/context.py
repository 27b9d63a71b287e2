"""What every page is given."""

from dataclasses import dataclass, field

from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.design.theme import Theme
from wallet.ui.guard import Guard
from wallet.ui.preferences import Preferences
from wallet.ui.text import translate
from wallet.ui.widgets.clipboard import Clipboard


@dataclass(frozen=True, slots=True)
class Context:
    """The engine's bridge and what belongs to the whole window."""

    bridge: Bridge
    preferences: Preferences
    theme: Theme
    clipboard: Clipboard
    options: api.EngineOptions
    practice: bool = False
    """Play money: said on every page."""
    guard: Guard = field(default_factory=Guard)

    @property
    def money_note(self) -> str:
        """What to say where the money is not real money."""
        if self.practice:
            return translate("Practice, play money")
        return "" if self.options.network == "main" else self.params.title

    @property
    def params(self) -> ChainParams:
        return NETWORKS[self.options.network]
