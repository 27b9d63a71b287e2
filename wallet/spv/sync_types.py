"""What the synchroniser decides, and what its parts share: the peers, the chains, the clock's last word."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import BlockHash, FilterHeader, Txid
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.transaction import Transaction
from wallet.spv.chain import ChainUpdate, HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.message import Message, Services
from wallet.spv.peer import PeerInfo

PRUNED_DEPTH: Final = 288
"""Blocks that a node of the kind NETWORK_LIMITED keeps (BIP159)."""
SILENCES: Final = 3
"""Requests in a row that a peer may leave unanswered before its place goes to another."""
MUTE: Final = 60.0
LONGEST_MUTE: Final = 3_600.0
STRIKES: Final = 10
"""Headers without a parent, announcements without headers and full messages without news that a peer may send."""

Token: TypeAlias = Hashable


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to a peer."""

    peer_id: int
    message: Message


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection to a peer; keep away from its address when `ban` is set."""

    peer_id: int
    reason: str
    ban: bool


@dataclass(frozen=True, slots=True)
class ChainChanged:
    """The active chain of headers changed; the store has it already."""

    update: ChainUpdate


@dataclass(frozen=True, slots=True)
class FiltersReady:
    """Filters from `start` on, each checked against its filter header; b"" where the block must be looked at anyway."""

    token: Token
    start: int
    block_hashes: tuple[BlockHash, ...]
    filters: list[bytes]


@dataclass(frozen=True, slots=True)
class FilteredBlock:
    """What a peer says that matches in a block: txids that the tree leads to, and those of them that were sent."""

    height: int
    txids: tuple[Txid, ...]
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class FilteredReady:
    """Blocks from `start` on as a peer filtered them (BIP37): those in which something matched."""

    token: Token
    start: int
    block_hashes: tuple[BlockHash, ...]
    matches: list[FilteredBlock]


@dataclass(frozen=True, slots=True)
class BlockReady:
    """A block, checked against its header: Merkle root, witness commitment, weight."""

    token: Token
    block: Block
    height: int


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request that will not be answered. reason: "superseded" (its blocks left the chain) or "cancelled"."""

    token: Token
    reason: str


@dataclass(frozen=True, slots=True)
class FiltersRevoked:
    """Filters given out from this height on were lies: these heights must be matched again."""

    from_height: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far everything is. announced_height: the best that peers speak of; missing_headers: below the base."""

    header_height: int
    announced_height: int
    headers_synced: bool
    filter_height: int
    filter_target: int
    missing_headers: int
    agreed_by: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """The progress has news."""

    progress: Progress


Answer: TypeAlias = FiltersReady | FilteredReady | BlockReady | RequestFailed
Action: TypeAlias = Send | Drop | ChainChanged | Answer | FiltersRevoked | Progressed


@dataclass(slots=True)
class SyncPeer:
    """What the synchroniser knows about a connected peer.

    known: the highest height of our active chain that this peer has shown to have, -1 for none; tip: the last block
    that it announced; settled: the last such block that was found in our chain or beside it; answered: it has told all
    headers that it has for us; silences: requests in a row that it left without an answer; slow: it kept us waiting for
    filters or a block so long that another peer was asked as well; slow_headers: the same of headers; has_served: it
    delivered filters since that was last looked at; received: bytes from it so far; streaming: some came just now.

    Of filter headers: claims: those that it says belong to multiples of 1,000 (None: not asked yet); compared: up to
    where its word is known to be ours; beside: it differs from us in a block that decides nothing, so that only its
    filter hashes can be compared; mute_until: it did not explain itself and has no voice until then; mutes: how often.
    """

    info: PeerInfo
    known: int = -1
    tip: BlockHash | None = None
    settled: BlockHash | None = None
    answered: bool = False
    silences: int = 0
    strikes: int = 0
    slow: bool = False
    slow_headers: bool = False
    has_served: bool = False
    received: int = 0
    streaming: bool = False
    probed: bool = False
    claims: dict[int, FilterHeader] | None = None
    compared: int = -1
    beside: bool = False
    mute_until: float = 0.0
    mutes: int = 0

    @property
    def id(self) -> int:
        return self.info.id

    @property
    def voice(self) -> str:
        """Whose word it is: that of an address which the user named, or of a group of addresses."""
        return self.info.address if self.info.manual or not self.info.netgroup else self.info.netgroup

    def cut(self, fork: int) -> None:
        """Forget what was said about blocks above `fork`."""
        self.known = min(self.known, fork)
        self.compared = min(self.compared, fork)
        if self.claims is not None:
            self.claims = {height: claim for height, claim in self.claims.items() if height <= fork}

    @property
    def serves_filters(self) -> bool:
        return self.info.serves_filters

    @property
    def is_mute(self) -> bool:
        """Whether it lost its voice for now."""
        return self.mute_until > 0

    def silence(self, now: float) -> None:
        """Take its voice for a minute, and for twice as long each further time: who was only slow is heard again."""
        self.mute_until = now + min(LONGEST_MUTE, MUTE * 2.0**self.mutes)
        self.mutes = min(self.mutes + 1, 16)

    def vouches_for(self, height: int) -> bool:
        """Whether its word about the filters up to a height is known to be ours."""
        return self.compared >= height

    @property
    def is_quick(self) -> bool:
        """Whether it has kept nobody waiting."""
        return not self.slow and not self.silences

    def serves_block(self, height: int, tip: int) -> bool:
        """Whether this peer may be asked for a block."""
        if self.known < height or not self.info.services & Services.WITNESS:
            return False
        recent = tip - height < PRUNED_DEPTH and bool(self.info.services & Services.NETWORK_LIMITED)
        return self.info.serves_history or recent


class Shared:
    """What the parts of the synchroniser work on together."""

    def __init__(
        self,
        params: ChainParams,
        headers: HeaderChain,
        filters: FilterHeaderChain,
        chance: Random | None,
    ) -> None:
        self.params = params
        self.headers = headers
        self.filters = filters
        self.chance = chance
        self.peers: dict[int, SyncPeer] = {}
        self.actions: list[Action] = []
        self.wanted: int | None = None

    def send(self, peer_id: int, message: Message) -> None:
        """Put a message into the actions."""
        self.actions.append(Send(peer_id, message))

    def drop(self, peer_id: int, reason: str, ban: bool) -> None:
        """Have done with a peer; the parts hear of it through `removed`."""
        if self.peers.pop(peer_id, None) is not None:
            self.actions.append(Drop(peer_id, reason, ban))
            self.removed(peer_id)

    removed: Callable[[int], None]
    """Called when a peer is no longer there."""

    def heard(self, peer: SyncPeer) -> None:
        """A peer answered."""
        peer.silences = 0

    def unheard(self, peer_id: int) -> None:
        """A peer left a request unanswered. That is no crime; but a peer that never answers makes room for another."""
        peer = self.peers.get(peer_id)
        if peer is not None:
            peer.silences += 1
            if peer.silences >= SILENCES:
                self.drop(peer_id, "silent", ban=False)

    def pick(self, peers: Iterable[SyncPeer], load: Callable[[int], int]) -> SyncPeer | None:
        """One of the peers: among those that answer best, with least load, by chance."""
        found = list(peers)
        if self.chance is not None:
            self.chance.shuffle(found)
        return min(found, key=lambda peer: (peer.silences, load(peer.id)), default=None)
