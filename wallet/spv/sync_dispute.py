"""A dispute about filter headers: find the first block about whose filter peers differ, and let the block judge.

All peers that agreed so far give their filter hashes of the range; then one peer for each version gives its filter of
the first block where they differ, and the block itself is fetched. A peer that contradicts itself or is proven wrong is
banned; one that keeps silent only loses its voice. Where nothing is proven, the block must be looked at in any case.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import filter_hash, next_filter_header
from wallet.bitcoin.hashes import FilterHash
from wallet.spv.fault import PeerFault
from wallet.spv.filters import SIZE, chain_filter_hashes
from wallet.spv.filters_judge import KnownScript, judge
from wallet.spv.message import CFHeaders, CFilter, GetCFHeaders, GetCFilters
from wallet.spv.requests import Requests
from wallet.spv.sync_types import FiltersRevoked, Shared, SyncPeer

PATIENCE: Final = 10.0

HASHES: Final = "hashes"
FILTER: Final = "filter"


class BlockSource(Protocol):
    """Where a dispute gets its block from."""

    known_script: KnownScript

    def fetch(self, token: Hashable, height: int, now: float) -> None:
        """Fetch a block of the chain; it comes through the dispute's `receive_block`."""
        ...

    def cancel(self, token: Hashable) -> bool:
        """The block is not needed any more."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """undecided: a height at which nothing is proven, and the filter hash that we go on with there."""

    undecided: tuple[int, bytes] | None = None


class Dispute:
    """One dispute over the filter headers first…last, of which first - 1 is agreed.

    decided: the filter hashes that we go on with where disputes before this one were left open.
    """

    def __init__(
        self, shared: Shared, blocks: BlockSource, span: tuple[int, int], decided: Mapping[int, bytes]
    ) -> None:
        first, last = span
        self._shared = shared
        self._decided = decided
        self._blocks = blocks
        self._first = first
        self._last = last
        self._requests: Requests[str] = Requests(PATIENCE)
        self._said: dict[int, bytes] = {}
        self._lists: dict[int, bytes] = {}
        self._height: int | None = None
        self._versions: dict[FilterHash, list[int]] = {}
        self._filters: dict[FilterHash, bytes] = {}
        self._block: Block | None = None

    def begin(self, peers: list[SyncPeer], said: dict[int, bytes], now: float) -> None:
        """Ask all who have a voice for their filter hashes. said: what some said before, and must say again."""
        self._said = said
        for peer in peers:
            if peer.known >= self._last:
                self._shared.send(peer.id, GetCFHeaders(self._first, self._shared.headers.hash_at(self._last)))
                self._requests.ask(peer.id, HASHES, now)

    # --- events

    def receive_hashes(self, peer: SyncPeer, message: CFHeaders) -> bool:
        """Filter hashes; False when they were not asked for here. PeerFault where a peer contradicts itself."""
        if message.stop != self._shared.headers.hash_at(self._last) or not self._requests.answered(peer.id, HASHES):
            return False
        self._shared.heard(peer)
        if message.count != self._last + 1 - self._first:
            raise PeerFault("cfheaders-count", detail=f"{message.count} for {self._first} to {self._last}")
        if self._said.get(peer.id, message.raw) != message.raw:
            raise PeerFault("filter-contradiction", detail=f"filter hashes {self._first} to {self._last}")
        if not peer.beside:
            claim = (peer.claims or {}).get(self._last)
            end = chain_filter_hashes(message.previous, message.raw)[-SIZE:]
            if message.previous != self._shared.filters.header_at(self._first - 1) or claim not in (None, end):
                raise PeerFault("filter-contradiction", detail=f"filter headers {self._first} to {self._last}")
        self._lists[peer.id] = message.raw
        return True

    def receive_filter(self, peer: SyncPeer, message: CFilter) -> bool:
        """A filter; False when it was not asked for here. PeerFault where it is not what the peer's hash promised."""
        if self._height is None or message.block_hash != self._shared.headers.hash_at(self._height):
            return False
        if not self._requests.answered(peer.id, FILTER):
            return False
        self._shared.heard(peer)
        promised = next((version for version, peers in self._versions.items() if peer.id in peers), None)
        if promised is None:
            return True
        if filter_hash(message.filter) != promised:
            raise PeerFault("filter-contradiction", detail=f"filter at {self._height}")
        self._filters[promised] = message.filter
        return True

    def receive_block(self, block: Block) -> None:
        """The block that judges."""
        self._block = block

    def peer_gone(self, peer_id: int) -> None:
        """A peer's word goes with it."""
        self._requests.forget_peer(peer_id)
        self._lists.pop(peer_id, None)
        for peers in self._versions.values():
            if peer_id in peers:
                peers.remove(peer_id)

    def tick(self, now: float) -> None:
        """Who keeps silent has no voice."""
        for late in self._requests.overdue(now):
            peer = self._shared.peers.get(late.peer_id)
            if peer is not None:
                peer.silence(now)
            self.peer_gone(late.peer_id)
            self._shared.unheard(late.peer_id)

    # --- judgement

    def advance(self, now: float) -> Outcome | None:
        """The outcome, or None while answers are missing."""
        if self._height is None:
            if self._requests.asked_of(HASHES):
                return None
            self._height = self._first_difference()
            if self._height is None:
                return Outcome()
            self._blocks.fetch(self, self._height, now)
        self._versions = {version: peers for version, peers in self._versions.items() if peers}
        if not self._versions:
            self._blocks.cancel(self)
            return Outcome()
        if not self._have_filters(now) or self._block is None:
            return None
        return self._decide(self._height, self._block)

    def _first_difference(self) -> int | None:
        """The first height where the lists differ, from each other or from what we hold; notes who says what."""
        for height in range(self._first, self._last + 1):
            at = (height - self._first) * SIZE
            said = {peer_id: FilterHash(hashes[at : at + SIZE]) for peer_id, hashes in self._lists.items()}
            if height in self._shared.filters.undecided:
                chosen = self._decided.get(height)
                self._set_beside(peer_id for peer_id, version in said.items() if version != chosen)
                continue
            versions = set(said.values())
            if len(versions) > 1 or not all(self._is_ours(height, version) for version in versions):
                for peer_id, version in said.items():
                    self._versions.setdefault(version, []).append(peer_id)
                return height
        return None

    def _is_ours(self, height: int, version: FilterHash) -> bool:
        """Whether a filter hash is what we hold for a height, or we hold nothing."""
        filters = self._shared.filters
        if height > filters.tip_height:
            return True
        return next_filter_header(version, filters.header_at(height - 1)) == filters.header_at(height)

    def _have_filters(self, now: float) -> bool:
        """Ask all peers of each version for its filter, until one of each is there: liars may keep silent together."""
        height = self._height or 0
        for version, peers in self._versions.items():
            if version in self._filters or any(self._requests.waits(peer_id, FILTER) for peer_id in peers):
                continue
            for peer_id in peers:
                self._shared.send(peer_id, GetCFilters(height, self._shared.headers.hash_at(height)))
                self._requests.ask(peer_id, FILTER, now)
        return all(version in self._filters for version in self._versions)

    def _decide(self, height: int, block: Block) -> Outcome:
        held = {version: self._filters[version] for version in self._versions}
        verdict = judge(block, held, self._blocks.known_script)
        said = {version: list(peers) for version, peers in self._versions.items()}
        for version, reason in verdict.wrong.items():
            for peer_id in said[version]:
                self._shared.drop(peer_id, f"filter-lie at {height}: {reason}", ban=True)
        stored = height <= self._shared.filters.tip_height
        ours = next((version for version in held if stored and self._is_ours(height, version)), None)
        left = {version: said[version] for version in held if version not in verdict.wrong}
        unheard = stored and ours is None
        if ours in verdict.wrong or (unheard and left):
            # What nobody stands up for yields to what the block does not contradict: who told us so has left.
            self._revoke(height)
        if verdict.proven is not None or len(left) + unheard < 2 or not left:
            return Outcome()
        chosen = ours or max(left, key=lambda version: (len(left[version]), len(held[version])))
        self._set_beside(peer_id for version, peers in left.items() for peer_id in peers if version != chosen)
        return Outcome((height, chosen))

    def _revoke(self, height: int) -> None:
        """What we hold from here on was a lie."""
        self._shared.filters.revoke(height)
        for peer in self._shared.peers.values():
            peer.compared = min(peer.compared, height - 1)
        self._shared.actions.append(FiltersRevoked(height))

    def _set_beside(self, peer_ids: Iterable[int]) -> None:
        for peer_id in peer_ids:
            if peer_id in self._shared.peers:
                self._shared.peers[peer_id].beside = True
