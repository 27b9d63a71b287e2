"""Filter headers by the word of all peers that serve filters (BIP157, "Client Operation"; DESIGN.md §5).

Each peer first claims its filter headers at every 1,000th height. Where all claims agree, the hashes in between come
from one peer each, several at a time, and must lead from claim to claim. Above the last claim, and for each new block,
all are asked and must agree. A peer that comes later, or comes late, is compared with what we hold before it has a
voice. Any difference is a dispute, which the block decides: see `wallet.spv.sync_dispute`.
"""

from dataclasses import dataclass, field
from typing import Final

from wallet.bitcoin.hashes import FilterHeader
from wallet.spv.fault import PeerFault
from wallet.spv.filters import SIZE, chain_filter_hashes
from wallet.spv.message import MAX_CFHEADERS, CFCheckpt, CFHeaders, GetCFCheckpt, GetCFHeaders
from wallet.spv.requests import Requests
from wallet.spv.sync_dispute import BlockSource, Dispute
from wallet.spv.sync_types import Shared, SyncPeer

INTERVAL: Final = 1_000
PATIENCE: Final = 10.0
GRACE: Final = 5.0
"""Seconds that a new block waits for a second voice."""
COMPANY: Final = 60.0
"""Seconds that all waits for a second voice where peers are discovered: the only one may be there to lie."""
PARALLEL: Final = 4
AGAIN: Final = 1.5
FEW: Final = 100
"""A node keeps still while its index lacks the newest blocks: small requests are said again after so many seconds."""

Range = tuple[int, int]
CLAIMS: Final[Range] = (-1, -1)


@dataclass(slots=True)
class Chunk:
    """Filter hashes first…last that one peer is asked for; they must lead from `previous` to `end`."""

    first: int
    last: int
    previous: FilterHeader
    end: FilterHeader
    headers: bytes | None = None


@dataclass(slots=True)
class Vote:
    """Filter hashes first…last that all peers are asked for. said: as they came; lists: with what was decided."""

    first: int
    last: int
    opened: float
    said: dict[int, bytes] = field(default_factory=dict)
    lists: dict[int, bytes] = field(default_factory=dict)


class FilterHeaderSync:
    """The part of the synchroniser that fetches filter headers."""

    def __init__(self, shared: Shared, blocks: BlockSource) -> None:
        self._shared = shared
        self._blocks = blocks
        self._requests: Requests[Range] = Requests(PATIENCE)
        self._chunks: dict[int, Chunk] = {}
        self._vote: Vote | None = None
        self._decided: dict[int, bytes] = {}
        self._differs: Vote | None = None
        self._base = shared.filters.base_height
        self._alone_since: float | None = None
        self.dispute: Dispute | None = None

    # --- events

    def peer_gone(self, peer_id: int) -> None:
        """Forget what a peer owed and said."""
        self._requests.forget_peer(peer_id)
        if self._vote is not None:
            self._vote.lists.pop(peer_id, None)
        if self.dispute is not None:
            self.dispute.peer_gone(peer_id)

    def stay(self, peer_id: int, now: float) -> None:
        """Wait on for a peer that is sending."""
        self._requests.stay(peer_id, now)

    def restart(self) -> None:
        """The chain was cut: begin with what it has now."""
        self._requests.clear()
        self._chunks.clear()
        self._vote = None
        if self.dispute is not None:
            self._blocks.cancel(self.dispute)
            self.dispute = None
        undecided = self._shared.filters.undecided
        self._decided = {height: chosen for height, chosen in self._decided.items() if height in undecided}

    def receive_claims(self, peer: SyncPeer, message: CFCheckpt) -> None:
        """Filter headers at multiples of 1,000; PeerFault where they contradict a pin."""
        if not self._requests.answered(peer.id, CLAIMS):
            return
        self._shared.heard(peer)
        due = peer.known // INTERVAL
        if message.count < due:
            raise PeerFault("cfcheckpt-count", detail=f"{message.count} of {due}")
        claims = {INTERVAL * (at + 1): claim for at, claim in enumerate(message.filter_headers[:due])}
        for height, claim in claims.items():
            if self._shared.filters.pin_at(height) not in (None, claim):
                raise PeerFault("filter-pin", detail=f"filter header at {height}")
        peer.claims = claims

    def receive_hashes(self, peer: SyncPeer, message: CFHeaders) -> None:
        """Filter hashes that were asked for; PeerFault where they do not fit what the peer said before."""
        if self.dispute is not None and self.dispute.receive_hashes(peer, message):
            return
        headers = self._shared.headers
        keys = [key for key in self._requests.asked_by(peer.id) if key != CLAIMS]
        key = next((key for key in keys if headers.hash_at(key[1]) == message.stop), None)
        if key is None:
            return
        self._requests.answered(peer.id, key)
        self._shared.heard(peer)
        first, last = key
        if message.count != last + 1 - first:
            raise PeerFault("cfheaders-count", detail=f"{message.count} for {first} to {last}")
        chunk = self._chunks.get(first)
        if chunk is not None and chunk.last == last:
            self._take_chunk(chunk, message)
        elif self._vote is not None and (self._vote.first, self._vote.last) == key:
            self._take_vote(self._vote, peer, message)
        else:
            self._take_comparison(peer, first, message)

    def tick(self, now: float) -> None:
        """Look after what is late."""
        for late in self._requests.overdue(now):
            peer = self._shared.peers.get(late.peer_id)
            if peer is not None and late.key == CLAIMS and len(self._voters(-1)) > 1:
                peer.silence(now)
            self._shared.unheard(late.peer_id)
        for request in self._requests.unanswered(now, AGAIN):
            first, last = request.key
            if last - first < FEW and request.peer_id in self._shared.peers:
                self._say(self._shared.peers[request.peer_id], request.key)
        if self.dispute is not None:
            self.dispute.tick(now)
        for peer in self._shared.peers.values():
            if peer.is_mute and now >= peer.mute_until:
                peer.mute_until, peer.claims = 0.0, None

    # --- what next

    def advance(self, now: float) -> None:
        """Ask for whatever can be asked for, and settle what has all its answers."""
        filters = self._shared.filters
        if self._shared.wanted is not None:
            filters.reach_down_to(self._shared.wanted)
            self._begin_anew_where_the_base_moved()
        if filters.tip_height < 0 or self._in_dispute(now):
            return
        self._ask_claims(now)
        if self._requests.asked_of(CLAIMS) or self._waits_for_company(now):
            return
        for peer in self._voters(-1):
            self._compare(peer, now)
            if self.dispute is not None:
                return
        agreed, disputed = self._agreed_claims()
        if filters.tip_height < agreed:
            self._download(agreed, now)
        elif disputed is not None:
            self._open_dispute(filters.tip_height + 1, disputed, now)
        else:
            self._hold_vote(now)
        filters.agreed_by = len({peer.voice for peer in self._voters(filters.tip_height)})

    def _waits_for_company(self, now: float) -> bool:
        """Whether a single voice speaks that the user did not name: above the pins a second one is waited for a while.

        Below them it cannot lie for long. Who chose the peers has no others to wait for.
        """
        filters, voters = self._shared.filters, self._voters(-1)
        several = len({peer.voice for peer in voters}) != 1 or any(peer.info.manual for peer in voters)
        if several or filters.tip_height < filters.highest_pin:
            self._alone_since = None
            return False
        self._alone_since = now if self._alone_since is None else self._alone_since
        return now < self._alone_since + COMPANY

    def _begin_anew_where_the_base_moved(self) -> None:
        base = self._shared.filters.base_height
        if base != self._base:
            self._base = base
            self.restart()
            for peer in self._shared.peers.values():
                peer.compared = -1

    def _voters(self, height: int) -> list[SyncPeer]:
        """Peers with a voice whose word is ours up to a height."""
        peers = [peer for peer in self._shared.peers.values() if peer.serves_filters and not peer.is_mute]
        return [peer for peer in peers if peer.vouches_for(height)]

    def _ask_claims(self, now: float) -> None:
        for peer in self._voters(-1):
            if peer.claims is not None or peer.known < 0 or self._requests.waits(peer.id, CLAIMS):
                continue
            if peer.known < INTERVAL:
                peer.claims = {}
                continue
            self._say(peer, CLAIMS)
            self._requests.ask(peer.id, CLAIMS, now)

    def _ask_hashes(self, peer: SyncPeer, first: int, last: int, now: float) -> None:
        self._say(peer, (first, last))
        self._requests.ask(peer.id, (first, last), now)

    def _say(self, peer: SyncPeer, key: Range) -> None:
        headers = self._shared.headers
        if key == CLAIMS:
            self._shared.send(peer.id, GetCFCheckpt(headers.hash_at(peer.known)))
        else:
            self._shared.send(peer.id, GetCFHeaders(key[0], headers.hash_at(key[1])))

    # --- agreed claims, and the hashes between them

    def _agreed_claims(self) -> tuple[int, int | None]:
        """Up to where all claims agree, no further than needed now, and the next height, where they do not."""
        agreed = self._shared.filters.tip_height
        enough = agreed + PARALLEL * MAX_CFHEADERS
        voters = self._voters(agreed)
        if any(peer.beside for peer in voters):
            return agreed, None
        height = agreed - agreed % INTERVAL + INTERVAL
        while agreed < enough:
            claims = {peer.claims[height] for peer in voters if peer.claims and height in peer.claims}
            if len(claims) != 1:
                return agreed, height if claims else None
            agreed = height
            height += INTERVAL
        return agreed, None

    def _download(self, agreed: int, now: float) -> None:
        """Keep several chunks on their way, each asked of one peer, and store them in order."""
        claims = [peer.claims for peer in self._voters(-1) if peer.claims and not peer.beside]
        filters = self._shared.filters
        first, previous = filters.tip_height + 1, filters.header_at(filters.tip_height)
        for _ in range(PARALLEL):
            if first > agreed:
                return
            last = min(first + MAX_CFHEADERS - 1, agreed)
            last -= last % INTERVAL
            claim = next(claimed[last] for claimed in claims if last in claimed)
            chunk = self._chunks.setdefault(first, Chunk(first, last, previous, claim))
            self._ask_one(chunk, claim, now)
            first, previous = chunk.last + 1, chunk.end

    def _ask_one(self, chunk: Chunk, claim: FilterHeader, now: float) -> None:
        key = chunk.first, chunk.last
        if chunk.headers is not None or self._requests.asked_of(key):
            return
        able = [peer for peer in self._voters(-1) if peer.claims and peer.claims.get(chunk.last) == claim]
        peer = self._shared.pick(able, self._requests.load)
        if peer is not None:
            self._ask_hashes(peer, chunk.first, chunk.last, now)

    def _take_chunk(self, chunk: Chunk, message: CFHeaders) -> None:
        raw = chain_filter_hashes(message.previous, message.raw)
        wrong_end = raw[-SIZE:] != chunk.end or self._shared.filters.contradicts_pin(chunk.first, raw)
        if message.previous != chunk.previous or wrong_end:
            raise PeerFault("filter-contradiction", detail=f"filter headers {chunk.first} to {chunk.last}")
        chunk.headers = raw
        filters = self._shared.filters
        while (ready := self._chunks.get(filters.tip_height + 1)) is not None and ready.headers is not None:
            filters.extend(ready.first, ready.headers)
            del self._chunks[ready.first]

    # --- peers that come later

    def _compare(self, peer: SyncPeer, now: float) -> None:
        """Compare what a peer says with what we hold, as far as both go: by its claims, then by the rest's hashes.

        One that differs from us in a block that decides nothing has other filter headers above it, but the same hashes.
        """
        filters = self._shared.filters
        end = min(filters.tip_height, peer.known)
        if peer.claims is None or peer.known < filters.base_height:
            return
        peer.compared = max(peer.compared, filters.base_height)
        while peer.compared < end and not peer.beside:
            height = peer.compared - peer.compared % INTERVAL + INTERVAL
            claim = peer.claims.get(height)
            if height > end or claim is None:
                break
            if claim != filters.header_at(height):
                self._open_dispute(max(peer.compared + 1, height - INTERVAL + 1), height, now)
                return
            peer.compared = height
        if peer.compared < end and not self._requests.load(peer.id):
            self._ask_hashes(peer, peer.compared + 1, min(end, peer.compared + MAX_CFHEADERS), now)

    def _take_comparison(self, peer: SyncPeer, first: int, message: CFHeaders) -> None:
        filters = self._shared.filters
        last = first + message.count - 1
        if peer.compared != first - 1 or last > filters.tip_height:
            return
        if not peer.beside and message.previous != filters.header_at(first - 1):
            raise PeerFault("filter-contradiction", detail=f"filter header at {first - 1}")
        hashes = self._with_decisions(first, last, message.raw)
        if filters.agree(first, hashes):
            peer.compared = last
        else:
            self._differs = Vote(first, last, 0.0, {peer.id: message.raw})

    # --- the newest blocks

    def _hold_vote(self, now: float) -> None:
        """Ask all peers for what is above the tip; go on when they agree, or when patience ends."""
        first = self._shared.filters.tip_height + 1
        voters = self._voters(first - 1)
        last = min(max((peer.known for peer in voters), default=-1), first + MAX_CFHEADERS - 1)
        if last < first:
            return
        vote = self._vote
        if vote is None or vote.first != first or last < vote.last:
            vote = self._vote = Vote(first, last, now)
        self._ask_voters(vote, [peer for peer in voters if peer.known >= vote.last], now)
        if self._requests.asked_of((first, vote.last)) or not vote.lists:
            return
        voices = {peer.voice for peer in voters if peer.id in vote.lists}
        if len(voices) >= min(2, len({peer.voice for peer in voters})) or now >= vote.opened + GRACE:
            self._count(vote, now)

    def _ask_voters(self, vote: Vote, able: list[SyncPeer], now: float) -> None:
        key = vote.first, vote.last
        answering = [peer for peer in able if not peer.silences]
        for peer in answering or able:
            if peer.id not in vote.lists and not self._requests.waits(peer.id, key):
                self._ask_hashes(peer, vote.first, vote.last, now)

    def _take_vote(self, vote: Vote, peer: SyncPeer, message: CFHeaders) -> None:
        if not peer.beside and message.previous != self._shared.filters.header_at(vote.first - 1):
            raise PeerFault("filter-contradiction", detail=f"filter header at {vote.first - 1}")
        vote.said[peer.id] = message.raw
        vote.lists[peer.id] = self._with_decisions(vote.first, vote.last, message.raw)

    def _with_decisions(self, first: int, last: int, raw: bytes) -> bytes:
        """A peer's filter hashes, with what was chosen where nothing is proven in the place of its own."""
        hashes = bytearray(raw)
        for height, chosen in self._decided.items():
            if first <= height <= last:
                at = (height - first) * SIZE
                hashes[at : at + SIZE] = chosen
        return bytes(hashes)

    def _count(self, vote: Vote, now: float) -> None:
        filters = self._shared.filters
        if len(set(vote.lists.values())) > 1:
            self._open_dispute(vote.first, vote.last, now, vote.said)
            return
        raw = chain_filter_hashes(filters.header_at(vote.first - 1), next(iter(vote.lists.values())))
        self._vote = None
        if filters.contradicts_pin(vote.first, raw):
            for peer_id in list(vote.lists):
                self._shared.drop(peer_id, "filter-pin", ban=True)
            return
        filters.extend(vote.first, raw)
        for peer_id in vote.lists:
            peer = self._shared.peers.get(peer_id)
            if peer is not None:
                peer.compared = vote.last

    # --- disputes

    def _open_dispute(self, first: int, last: int, now: float, said: dict[int, bytes] | None = None) -> None:
        self._requests.clear()
        self._chunks.clear()
        self._vote = None
        self.dispute = Dispute(self._shared, self._blocks, (first, last), self._decided)
        self.dispute.begin(self._voters(first - 1), said or {}, now)

    def _in_dispute(self, now: float) -> bool:
        """Whether there is a dispute that goes on; what it decided is carried out."""
        if self._differs is not None and self.dispute is None:
            differs, self._differs = self._differs, None
            if differs.last <= self._shared.filters.tip_height:
                self._open_dispute(differs.first, differs.last, now, differs.said)
        if self.dispute is None:
            return False
        outcome = self.dispute.advance(now)
        if outcome is None:
            return True
        self.dispute = None
        if outcome.undecided is not None:
            height, chosen = outcome.undecided
            self._shared.filters.undecided.add(height)
            self._decided[height] = chosen
        return False
