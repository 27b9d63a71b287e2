"""What the status strip says of how far everything is: the phase, and how much of it is done."""

from dataclasses import dataclass
from typing import Final

from wallet.engine import api
from wallet.engine.parts import NetworkNode
from wallet.spv.chain import HeaderChain
from wallet.spv.message import Services
from wallet.spv.node_api import NodeStatus

WORKING: Final = frozenset({"headers", "filters", "blocks"})
"""The phases that end by themselves."""
NO_BLOOM: Final = "the node offers no bloom filters: start it with -peerbloomfilters=1, or leave out --discovery bloom"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far everything is. node: None while offline; searched: how much of the scan is done, in percent."""

    node: NodeStatus | None
    tip: int
    announced: int
    filters: int
    searched: float
    scanning: bool
    synced: bool

    def phase(self) -> tuple[api.Phase, float]:
        """What is being done, and how many percent of it are."""
        if self.node is None:
            return "offline", 0.0
        if self.node.peers == 0:
            return "connecting", 0.0
        if not self.node.headers_synced:
            return "headers", percent(self.tip, self.announced)
        if self.filters < self.tip:
            return "filters", percent(self.filters, self.tip)
        if self.scanning:
            return "blocks", self.searched
        return ("synced", 100.0) if self.synced else ("headers", percent(self.tip, self.announced))


def percent(done: float, whole: int) -> float:
    """How much is done, never quite 100 while something is left."""
    return 0.0 if whole <= 0 else max(0.0, min(99.9, 100.0 * done / whole))


def time_of(headers: HeaderChain, height: int | None) -> int | None:
    """The Unix seconds of a block; None where its header is not held."""
    if height is None or not headers.base_height <= height <= headers.tip_height:
        return None
    try:
        return headers.header_at(height).time
    except LookupError:
        return None


def lacks_bloom(node: NetworkNode | None) -> bool:
    """Whether there are peers, and none of them filters blocks for others (BIP111)."""
    rows = [] if node is None else node.peers()
    return bool(rows) and not any(row.services & Services.BLOOM for row in rows)
