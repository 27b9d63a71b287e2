"""Filters and blocks on demand: from whom, checked against what, and from whom else when that one keeps still.

A filter counts when its hash fits its filter header, a block when it is its header's: so it does not matter who sends
it, and an answer that comes late from a peer that was given up is as good as any. Several batches run side by side.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from wallet.bitcoin.block import Block, BlockError
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash
from wallet.spv.chain_view import hash_of
from wallet.spv.fault import PeerFault
from wallet.spv.filters import NONE, SIZE
from wallet.spv.filters_judge import KnownScript
from wallet.spv.message import BlockMessage, CFilter, GetCFilters, GetData, InvType, NotFound
from wallet.spv.requests import Requests
from wallet.spv.sync_dispute import Dispute
from wallet.spv.sync_types import BlockReady, FiltersReady, RequestFailed, Shared, SyncPeer, Token

FILTER_PATIENCE: Final = 10.0
BLOCK_PATIENCE: Final = 30.0
SLOW: Final = 15.0
VERY_SLOW: Final = 60.0
"""Seconds after which a batch that still trickles is asked of somebody else too: who was not slow yet; whoever."""
SECOND_ASK: Final = 10.0
SECOND_ASK_OF_STREAMING: Final = 30.0
SECOND_ASK_IN_DISPUTE: Final = 2.0
"""Seconds after which a block is asked of one more peer, though the first may still send it, or is sending it."""
BATCHES: Final = 3
BLOCKS: Final = 4
"""Filter batches and blocks on their way from one peer at a time."""


@dataclass(slots=True)
class FilterJob:
    """Filters start…stop for somebody. headers: the filter headers from start - 1 on, 32 bytes each."""

    token: Token
    start: int
    stop: int
    hashes: tuple[BlockHash, ...] = ()
    headers: bytes = b""
    places: dict[bytes, int] = field(default_factory=dict)
    filters: list[bytes | None] = field(default_factory=list)
    missing: int = 0
    begun: float = 0.0
    asked: set[int] = field(default_factory=set)


@dataclass(slots=True)
class BlockJob:
    """A block for somebody."""

    token: Token
    height: int
    block_hash: BlockHash
    asked: set[int] = field(default_factory=set)
    asked_at: float = 0.0

    def is_due(self, now: float, *, streaming: bool) -> bool:
        """Whether it is time to ask one more peer."""
        usual = SECOND_ASK_OF_STREAMING if streaming else SECOND_ASK
        return now >= self.asked_at + (SECOND_ASK_IN_DISPUTE if isinstance(self.token, Dispute) else usual)


class Fetching:
    """The part of the synchroniser that fetches filters and blocks."""

    def __init__(self, shared: Shared, known_script: KnownScript) -> None:
        self.known_script = known_script
        self._shared = shared
        self._filter_jobs: dict[Token, FilterJob] = {}
        self._block_jobs: dict[Token, BlockJob] = {}
        self._filter_requests: Requests[Token] = Requests(FILTER_PATIENCE)
        self._block_requests: Requests[BlockHash] = Requests(BLOCK_PATIENCE)

    # --- orders

    def request_filters(self, token: Token, start: int, stop: int) -> None:
        """Filters of the heights start…stop; they wait until headers and filter headers are there."""
        self._filter_jobs[token] = FilterJob(token, start, stop)

    def request_block(self, token: Token, height: int) -> None:
        """The block at a height of the chain; MissingHeaders where that has none."""
        self._block_jobs[token] = BlockJob(token, height, self._shared.headers.hash_at(height))

    def fetch(self, token: object, height: int, now: float) -> None:
        """A block for a dispute."""
        self.request_block(token, height)
        self.assign(now)

    def cancel(self, token: Token) -> bool:
        """Drop an order; False when there is none."""
        self._filter_requests.forget(token)
        job = self._block_jobs.pop(token, None)
        if job is not None and all(other.block_hash != job.block_hash for other in self._block_jobs.values()):
            self._block_requests.forget(job.block_hash)
        return self._filter_jobs.pop(token, None) is not None or job is not None

    def cut(self, fork: int) -> None:
        """Blocks above `fork` left the chain: what was ordered of them has no answer any more."""
        gone = [job.token for job in self._filter_jobs.values() if job.hashes and job.stop > fork]
        gone += [job.token for job in self._block_jobs.values() if job.height > fork]
        for token in gone:
            self.cancel(token)
            if not isinstance(token, Dispute):
                self._shared.actions.append(RequestFailed(token, "superseded"))

    def revoke(self, height: int) -> None:
        """Filter headers from `height` on were wrong: what is under way there begins anew."""
        for job in list(self._filter_jobs.values()):
            if job.stop >= height:
                self._filter_requests.forget(job.token)
                self._filter_jobs[job.token] = FilterJob(job.token, job.start, job.stop)

    # --- events

    def peer_gone(self, peer_id: int) -> None:
        """What a peer owed goes to others."""
        self._filter_requests.forget_peer(peer_id)
        self._block_requests.forget_peer(peer_id)

    def receive_filter(self, peer: SyncPeer, message: CFilter, now: float) -> None:
        """A filter, from whomever; PeerFault when it is not the one that the peer's own filter headers name."""
        block_hash = message.block_hash
        found = None
        for job in self._filter_jobs.values():
            place = job.places.get(block_hash)
            if place is not None and job.filters[place] is None and self._fits(job, place, peer, message.filter):
                job.filters[place] = message.filter
                job.missing -= 1
                found = job
        if found is None:
            return
        peer.silences = 0
        peer.has_served = True
        self._filter_requests.extend(peer.id, found.token, now)
        if not found.missing:
            self._finish()
            self.assign(now)

    @staticmethod
    def _fits(job: FilterJob, place: int, peer: SyncPeer, raw: bytes) -> bool:
        """Whether a filter is the one that our filter headers name.

        PeerFault when it is not, and the peer had said that it would be. Of who said nothing yet, it may be our filter
        headers that are false: the comparison will tell.
        """
        previous, wanted = job.headers[place * SIZE :][:SIZE], job.headers[(place + 1) * SIZE :][:SIZE]
        digest = sha256(sha256(raw).digest()).digest()
        if sha256(sha256(digest + previous).digest()).digest() == wanted:
            return True
        if peer.vouches_for(job.start + place):
            raise PeerFault("bad-filter", detail=f"filter at {job.start + place}")
        return False

    def _finish(self) -> None:
        for job in [job for job in self._filter_jobs.values() if job.hashes and not job.missing]:
            self._filter_requests.forget(job.token)
            del self._filter_jobs[job.token]
            filters = [raw or b"" for raw in job.filters]
            self._shared.actions.append(FiltersReady(job.token, job.start, job.hashes, filters))

    def receive_block(self, peer: SyncPeer, message: BlockMessage, now: float) -> None:
        """A block, from whomever; PeerFault when it was ordered and is not its header's. Others are not even read."""
        block_hash = hash_of(message.raw, 0)
        jobs = [job for job in self._block_jobs.values() if job.block_hash == block_hash]
        if not jobs:
            return
        try:
            block = Block.parse(message.raw)
            block.check(jobs[0].height >= self._shared.params.segwit_height)
        except (ParseError, BlockError) as error:
            raise PeerFault("bad-block", detail=str(error)) from error
        self._shared.heard(peer)
        self._block_requests.forget(block.hash)
        for job in jobs:
            del self._block_jobs[job.token]
            if isinstance(job.token, Dispute):
                job.token.receive_block(block)
            else:
                self._shared.actions.append(BlockReady(job.token, block, job.height))
        self.assign(now)

    def receive_notfound(self, peer: SyncPeer, message: NotFound, now: float) -> None:
        """A peer does not have a block after all: ask another."""
        owed = self._block_requests.asked_by(peer.id)
        gone = {digest for _, digest in message.pairs()} if owed else set()
        for block_hash in owed:
            if block_hash in gone and self._block_requests.answered(peer.id, block_hash):
                self._shared.unheard(peer.id)
        self.assign(now)

    def tick(self, now: float) -> None:
        """Give what is late to others."""
        late = [request.peer_id for request in self._filter_requests.overdue(now)]
        late += [request.peer_id for request in self._block_requests.overdue(now)]
        for peer_id in late:
            self._shared.unheard(peer_id)
        self.assign(now)

    def stay(self, peer_id: int, now: float) -> None:
        """Wait on for a peer that is sending."""
        self._filter_requests.stay(peer_id, now)
        self._block_requests.stay(peer_id, now)

    def _is_streaming(self, peer_id: int) -> bool:
        peer = self._shared.peers.get(peer_id)
        return peer is not None and peer.streaming

    # --- giving out work

    def assign(self, now: float) -> None:
        """Ask for whatever is ordered, can be had, and is not on its way."""
        for job in list(self._filter_jobs.values()):
            if not job.hashes:
                self._prepare(job, now)
            if job.hashes and job.missing:
                self._ask_filters(job, now)
        self._finish()
        for wanted in {job.block_hash: job for job in self._block_jobs.values()}.values():
            asked = self._block_requests.asked_of(wanted.block_hash)
            if not asked or wanted.is_due(now, streaming=all(map(self._is_streaming, asked))):
                self._ask_block(wanted, asked, now)

    def _prepare(self, job: FilterJob, now: float) -> None:
        """Once the filter headers are there: what each filter must hash to."""
        shared = self._shared
        if not shared.filters.covers(job.start, job.stop):
            return
        job.hashes = tuple(shared.headers.hashes(job.start, job.stop))
        below = NONE if job.start == 0 else shared.filters.header_at(job.start - 1)
        job.headers = below + shared.filters.raw(job.start, job.stop + 1 - job.start)
        job.filters = [None] * len(job.hashes)
        for place, block_hash in enumerate(job.hashes):
            if job.start + place in shared.filters.undecided:
                job.filters[place] = b""
            else:
                job.places[block_hash] = place
        job.missing = len(job.places)
        job.begun = now

    def _ask_filters(self, job: FilterJob, now: float) -> None:
        asked = self._filter_requests.asked_of(job.token)
        if asked and now < job.begun + SLOW:
            return
        self._note_slow(asked)
        able = [
            peer
            for peer in self._shared.peers.values()
            if peer.serves_filters and peer.vouches_for(job.stop) and peer.known >= job.stop and peer.id not in asked
        ]
        fresh = [peer for peer in able if peer.id not in job.asked]
        if asked and now < job.begun + VERY_SLOW:
            fresh = [peer for peer in fresh if peer.is_quick]
        if asked and not fresh:
            return
        free = [peer for peer in _best(fresh or able) if self._filter_requests.load(peer.id) < BATCHES]
        peer = self._shared.pick(free, self._filter_requests.load)
        if peer is None:
            return
        first = next(place for place, raw in enumerate(job.filters) if raw is None)
        last = max(place for place, raw in enumerate(job.filters) if raw is None)
        self._shared.send(peer.id, GetCFilters(job.start + first, job.hashes[last]))
        self._filter_requests.ask(peer.id, job.token, now)
        job.asked.add(peer.id)
        job.begun = now

    def _note_slow(self, peer_ids: list[int]) -> None:
        for peer_id in peer_ids:
            if peer_id in self._shared.peers:
                self._shared.peers[peer_id].slow = True

    def _ask_block(self, job: BlockJob, asked: list[int], now: float) -> None:
        tip = self._shared.headers.tip_height
        able = [peer for peer in self._shared.peers.values() if peer.serves_block(job.height, tip)]
        jobs = [each for each in self._block_jobs.values() if each.block_hash == job.block_hash]
        fresh = [peer for peer in able if all(peer.id not in each.asked for each in jobs)]
        if asked and not fresh:
            return
        free = [peer for peer in _best(fresh or able) if self._block_requests.load(peer.id) < BLOCKS]
        peer = self._shared.pick(free, self._block_requests.load)
        if peer is None:
            return
        self._note_slow(asked)
        self._shared.send(peer.id, GetData.of((InvType.WITNESS_BLOCK, job.block_hash)))
        self._block_requests.ask(peer.id, job.block_hash, now)
        for each in jobs:
            each.asked.add(peer.id)
            each.asked_at = now


def _best(peers: list[SyncPeer]) -> list[SyncPeer]:
    """Those that keep nobody waiting, if there are any: better to wait for one of them than for another."""
    return [peer for peer in peers if peer.is_quick] or peers
