"""Whether the open wallet only watches: it has no keys to sign with."""

from wallet.engine import api
from wallet.ui.bridge import Bridge


async def only_watches(bridge: Bridge) -> bool:
    """Raises WrenError no_wallet where none is open."""
    status = await bridge.run(api.GetStatus())
    found = await bridge.run(api.ListWallets())
    return any(each.watch_only for each in found if (each.name, each.network) == (status.wallet, status.sync.network))
