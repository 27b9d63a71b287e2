"""Where peers come from, as the configuration has it."""

from random import Random

from wallet.spv.addrman import Endpoint, ManualPeers, NoBook, PeerBook, PeerSource
from wallet.spv.addrman_discovery import DiscoveredPeers, Discovery
from wallet.spv.node_api import NodeConfig


def source_of(config: NodeConfig, book: PeerBook | None, chance: Random) -> PeerSource:
    """Manual peers mean these and no others: no DNS, no address book."""
    port = config.params.port
    if config.peers:
        return ManualPeers([Endpoint.parse(text, port) for text in config.peers], port)
    discovery = Discovery(
        port=port,
        dns_seeds=config.params.dns_seeds,
        fixed_seeds=config.fixed_seeds,
        max_outbound=config.max_outbound,
        proxied=config.proxy is not None,
    )
    return DiscoveredPeers(discovery, NoBook() if book is None else book, chance)
