"""Who is asked what next: headers, then filter headers, then the filters and blocks that somebody orders. No I/O.

Every method takes the time and returns actions, to be carried out in order. What a peer does wrong ends in a Drop.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from wallet.bitcoin.bloom import BloomFilter
from wallet.bitcoin.network import ChainParams
from wallet.spv.chain import ChainUpdate, HeaderChain
from wallet.spv.fault import PeerFault
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.filters_judge import KnownScript
from wallet.spv.message import (
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
    Headers,
    Inv,
    MerkleBlock,
    Message,
    NotFound,
    Tx,
)
from wallet.spv.peer import PeerInfo
from wallet.spv.sync_fetch import Fetching
from wallet.spv.sync_filtered import Filtering
from wallet.spv.sync_filterheaders import FilterHeaderSync
from wallet.spv.sync_headers import HeaderSync
from wallet.spv.sync_types import (
    Action,
    BlockReady,
    ChainChanged,
    Drop,
    FiltersReady,
    FiltersRevoked,
    Progress,
    Progressed,
    RequestFailed,
    Send,
    Shared,
    SyncPeer,
    Token,
)

__all__ = [
    "MAX_FILTERS",
    "Action",
    "BlockReady",
    "ChainChanged",
    "Drop",
    "FiltersReady",
    "FiltersRevoked",
    "Progress",
    "Progressed",
    "RequestFailed",
    "Send",
    "Synchronizer",
    "Token",
]

MAX_FILTERS: Final = 1_000
STREAM_BYTES: Final = 500
"""Between two ticks: more than a peer's chatter, less than the share of each of eight on the slowest line of use."""


def _nothing_known(_outpoint: bytes) -> None:
    return None


class Synchronizer:
    """Drives all connected peers. Times are Unix seconds from a clock that does not run backwards.

    known_script: the script of an outpoint (36 serialized bytes) where the wallet knows it, to judge filters by.
    chance: spreads blocks over peers, so that none of them sees all that a wallet looks at.
    bloom: peers filter blocks for us (BIP37), and compact filters are left alone.
    """

    def __init__(
        self,
        params: ChainParams,
        headers: HeaderChain,
        filters: FilterHeaderChain,
        known_script: KnownScript = _nothing_known,
        chance: Random | None = None,
        *,
        bloom: bool = False,
    ) -> None:
        self._shared = Shared(params, headers, filters, chance)
        self._bloom = bloom
        self._filtering = Filtering(self._shared)
        self._fetching = Fetching(self._shared, known_script)
        self._headers = HeaderSync(self._shared)
        self._filters = FilterHeaderSync(self._shared, self._fetching)
        self._shared.removed = self._removed
        self._progress = self.progress()
        if headers.base_height == 0:
            self._shared.wanted = 0

    def before_revoke(self, told: Callable[[int], None]) -> None:
        """Have somebody told of filters that turn out to be lies, by the first height, before they are forgotten."""
        self._shared.filters.before_revoke = told

    # --- peers

    def peer_ready(self, info: PeerInfo, now: float) -> list[Action]:
        """A peer's handshake is complete."""
        peer = self._shared.peers[info.id] = SyncPeer(info)
        self._headers.peer_ready(peer, now)
        self._filtering.peer_ready(peer)
        return self._taken()

    def peer_gone(self, peer_id: int, now: float) -> list[Action]:
        """A connection ended; also after a Drop, where it changes nothing more."""
        if self._shared.peers.pop(peer_id, None) is not None:
            self._removed(peer_id)
        self._work(now)
        return self._taken()

    def _removed(self, peer_id: int) -> None:
        self._headers.peer_gone(peer_id)
        self._filters.peer_gone(peer_id)
        self._fetching.peer_gone(peer_id)
        self._filtering.peer_gone(peer_id)

    def note_received(self, totals: Mapping[int, int], now: float) -> None:
        """How many bytes have come from each peer so far; to be called before `tick`, as often as that.

        A slow line is no fault of a peer's: who is sending is waited for longer.
        """
        for peer in self._shared.peers.values():
            total = totals.get(peer.id, peer.received)
            peer.streaming = total >= peer.received + STREAM_BYTES
            peer.received = total
            if peer.streaming:
                for part in (self._headers, self._filters, self._fetching):
                    part.stay(peer.id, now)

    def served(self) -> list[int]:
        """The peers that delivered filters, since this was last asked, that stood up to their filter headers."""
        found = [peer for peer in self._shared.peers.values() if peer.has_served]
        for peer in found:
            peer.has_served = False
        return [peer.id for peer in found]

    def receive(self, peer_id: int, message: Message, now: float) -> list[Action]:
        """A message of a peer; those that are none of our business are passed over."""
        peer = self._shared.peers.get(peer_id)
        if peer is None:
            return []
        try:
            moved = self._dispatch(peer, message, now)
        except PeerFault as fault:
            self._shared.drop(peer_id, str(fault), fault.ban)
            moved = True
        if moved:
            self._work(now)
            return self._taken()
        actions, self._shared.actions = self._shared.actions, []
        return actions

    def _dispatch(self, peer: SyncPeer, message: Message, now: float) -> bool:
        """Whether there may be something to do or to report. One filter of many is no such thing."""
        match message:
            case CFilter():
                return self._receive_filter(peer, message, now)
            case CFHeaders():
                self._filters.receive_hashes(peer, message)
            case CFCheckpt():
                self._filters.receive_claims(peer, message)
            case Headers() | Inv() | BlockMessage() | NotFound():
                self._dispatch_chain(peer, message, now)
            case _:
                return self._dispatch_filtered(peer, message, now)
        return True

    def _dispatch_filtered(self, peer: SyncPeer, message: Message, now: float) -> bool:
        match message:
            case MerkleBlock():
                self._filtering.receive_tree(peer, message, now)
            case Tx(raw):
                self._filtering.receive_transaction(peer, raw, now)
            case _:
                return False
        return self._bloom

    def _dispatch_chain(self, peer: SyncPeer, message: Headers | Inv | BlockMessage | NotFound, now: float) -> None:
        match message:
            case Headers():
                self._changed(self._headers.receive(peer, message, now))
            case Inv():
                self._headers.receive_inv(peer, message, now)
            case BlockMessage():
                self._fetching.receive_block(peer, message, now)
            case NotFound():
                self._fetching.receive_notfound(peer, message, now)

    def _receive_filter(self, peer: SyncPeer, message: CFilter, now: float) -> bool:
        """Whether the filter was a dispute's, so that there is more to do."""
        if self._filters.dispute is not None and self._filters.dispute.receive_filter(peer, message):
            return True
        self._fetching.receive_filter(peer, message, now)
        return False

    def _changed(self, update: ChainUpdate) -> None:
        if update.connected_from is None:
            return
        self._shared.actions.append(ChainChanged(update))
        if update.disconnected:
            self._fetching.cut(update.disconnected[-1][0] - 1)
            self._filtering.cut(update.disconnected[-1][0] - 1)
            self._filters.restart()

    def tick(self, now: float) -> list[Action]:
        """Look after what is late and give out work; to be called about once a second."""
        self._headers.tick(now)
        self._filters.tick(now)
        self._fetching.tick(now)
        self._filtering.tick(now)
        self._work(now)
        return self._taken()

    def _work(self, now: float) -> None:
        if self._headers.synced and self._bloom:
            self._filtering.assign(now)
            self._fetching.assign(now)
        elif self._headers.synced:
            before = len(self._shared.actions)
            self._filters.advance(now)
            for action in self._shared.actions[before:]:
                if isinstance(action, FiltersRevoked):
                    self._filters.restart()
                    self._fetching.revoke(action.from_height)
            self._fetching.assign(now)

    def _taken(self) -> list[Action]:
        progress = self.progress()
        if progress != self._progress:
            self._progress = progress
            self._shared.actions.append(Progressed(progress))
        actions, self._shared.actions = self._shared.actions, []
        return actions

    # --- orders

    def want_from(self, height: int, now: float) -> list[Action]:
        """Somebody needs headers and filter headers from this height on."""
        self._shared.wanted = height if self._shared.wanted is None else min(height, self._shared.wanted)
        self._headers.tick(now)
        self._work(now)
        return self._taken()

    def request_filters(self, token: Token, start: int, stop: int, now: float) -> list[Action]:
        """Order the filters of start…stop, at most 1,000, for FiltersReady."""
        if not 0 <= start <= stop < start + MAX_FILTERS:
            raise ValueError(f"filters {start} to {stop}")
        self._fetching.request_filters(token, start, stop)
        self._fetching.assign(now)
        return self._taken()

    def load_bloom(self, bloom: BloomFilter) -> list[Action]:
        """Have peers announce the unconfirmed transactions that match a filter (BIP37)."""
        self._filtering.load(bloom)
        return self._taken()

    def request_filtered(self, token: Token, start: int, stop: int, bloom: BloomFilter, now: float) -> list[Action]:
        """Order the blocks start…stop as a peer filters them, at most 1,000, for FilteredReady."""
        if not 0 <= start <= stop < start + MAX_FILTERS:
            raise ValueError(f"blocks {start} to {stop}")
        self._filtering.request(token, start, stop, bloom)
        self._work(now)
        return self._taken()

    def request_block(self, token: Token, height: int, now: float) -> list[Action]:
        """Order the block at a height of the chain, for BlockReady. MissingHeaders where the chain has none."""
        self._fetching.request_block(token, height)
        self._fetching.assign(now)
        return self._taken()

    def cancel(self, token: Token) -> list[Action]:
        """Take an order back."""
        if self._fetching.cancel(token) or self._filtering.cancel(token):
            self._shared.actions.append(RequestFailed(token, "cancelled"))
        return self._taken()

    # --- how far

    def tips_reconciled(self) -> bool:
        """Whether what all connected peers announced is in our chain, known to be weaker, or refused."""
        return self._headers.reconciled()

    def progress(self) -> Progress:
        """How far everything is. A single peer's claim of a great height counts only while it is one of two."""
        headers, filters = self._shared.headers, self._shared.filters
        claims = sorted(peer.info.start_height for peer in self._shared.peers.values())
        claimed = claims[-2] if len(claims) > 2 else max(claims, default=-1)
        height = headers.frontier[0]
        return Progress(
            header_height=height,
            announced_height=max(height, claimed),
            headers_synced=self._headers.synced,
            filter_height=headers.tip_height if self._bloom else filters.tip_height,
            filter_target=headers.tip_height,
            missing_headers=self._headers.missing,
            agreed_by=filters.agreed_by,
        )
