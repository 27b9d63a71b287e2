"""What every page is given."""

from dataclasses import dataclass

from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.design.theme import Theme
from wallet.ui.preferences import Preferences
from wallet.ui.widgets.clipboard import Clipboard


@dataclass(frozen=True, slots=True)
class Context:
    """The engine's bridge and what belongs to the whole window."""

    bridge: Bridge
    preferences: Preferences
    theme: Theme
    clipboard: Clipboard
    options: api.EngineOptions

    @property
    def params(self) -> ChainParams:
        return NETWORKS[self.options.network]
