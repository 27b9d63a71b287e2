"""Which nodes Wren may talk to: those named when it was started, the user's own node, or any that it finds.

A user who has named a node has said "and nobody else". Where settings were lost that may have said so, nobody is talked
to before the user has chosen anew: to talk to strangers meanwhile could not be taken back.
"""

from typing import Final

from wallet.bitcoin.network import ChainParams
from wallet.engine import api
from wallet.engine.datause import SettingsStore

CHOOSE: Final = (
    "the settings file was damaged, and may have named your own node: Wren talks to nobody until you choose again, in "
    "the window under Settings, Own node; or start it with --peer"
)
_UNSET: Final = "?"
"""No node's address."""


def key_of(params: ChainParams) -> str:
    """The name of the setting: "host:port", empty where it was chosen to find peers after settings were lost."""
    return f"own_node_{params.name}"


def own_node(settings: SettingsStore, params: ChainParams) -> str:
    """The user's own node on this network ("host:port"), empty where none was set."""
    return settings.text(key_of(params))


def is_lost(options: api.EngineOptions, settings: SettingsStore, params: ChainParams) -> bool:
    """Whether nobody knows any more whom the user wants to talk to."""
    is_chosen = settings.text(key_of(params), _UNSET) != _UNSET
    return not options.peers and settings.lost and not is_chosen


def nodes_of(options: api.EngineOptions, settings: SettingsStore, params: ChainParams) -> tuple[str, ...]:
    """The nodes that alone are talked to; none: peers are found. Raises WrenError refused where that was lost."""
    if is_lost(options, settings, params):
        raise api.WrenError("refused", CHOOSE)
    own = own_node(settings, params)
    return options.peers or ((own,) if own else ())
