"""Who is asked for headers: one leader while there is much to fetch, every peer's tip after that, and the ranges below.

The getheaders for the next batch leaves before a full one is judged. A peer that keeps still or feeds slowly loses the
lead to another one; nobody is banned for that.
"""

from typing import Final

from wallet.bitcoin.hashes import ZERO, BlockHash
from wallet.spv.chain import ChainUpdate, UnconnectedHeaders
from wallet.spv.chain_gaps import Gap, GapFill
from wallet.spv.chain_view import SIZE, hash_of, previous_of
from wallet.spv.fault import PeerFault
from wallet.spv.message import MAX_HEADERS, GetHeaders, Headers, Inv, InvType, SendHeaders
from wallet.spv.peer import PROTOCOL_VERSION
from wallet.spv.requests import Requests
from wallet.spv.sync_types import STRIKES, Shared, SyncPeer

PATIENCE: Final = 8.0
RETRY: Final = 60.0
EMPTY_WORDS: Final = 2
"""Announcements that a peer may leave without headers before it holds nobody up any more."""
TIP: Final = "tip"

_NO_STOP: Final = BlockHash(ZERO)


class HeaderSync:
    """The part of the synchroniser that fetches headers. `receive` returns what changed."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._requests: Requests[str | int] = Requests(PATIENCE)
        self._leader: int | None = None
        self._fills: dict[int, GapFill] = {}
        self._fillers: dict[int, int] = {}
        self._retry: dict[int, float] = {}
        self.synced = False
        """Whether a peer has nothing more for us since the last time that we fell behind."""

    # --- peers

    def peer_ready(self, peer: SyncPeer, now: float) -> None:
        """Ask a new peer for its headers, now or when the leader is done."""
        self._shared.send(peer.id, SendHeaders())
        if self._leader is None:
            self._ask(peer, now)
            self._leader = peer.id

    def peer_gone(self, peer_id: int) -> None:
        """Forget a peer; `tick` finds others for its work."""
        self._requests.forget_peer(peer_id)
        self._retry.pop(peer_id, None)
        self._shared.headers.forget(peer_id)
        if self._leader == peer_id:
            self._leader = None
        for first, filler in list(self._fillers.items()):
            if filler == peer_id:
                self._give_up_fill(first)

    def reconciled(self) -> bool:
        """Whether what all connected peers announced is in our chain, known and weaker, or refused."""
        peers = self._shared.peers.values()
        return bool(peers) and any(peer.answered for peer in peers) and all(self._settled(peer) for peer in peers)

    def _settled(self, peer: SyncPeer) -> bool:
        if peer.strikes > EMPTY_WORDS:
            return True
        if self._requests.waits(peer.id, TIP):
            return False
        if not peer.answered:
            return peer.silences > 0  # asked and silent: others have answered
        if peer.tip is None or peer.tip == peer.settled or peer.id in self._retry:
            return True
        return self._shared.headers.is_known(peer.tip)

    def stay(self, peer_id: int, now: float) -> None:
        """Wait on for a peer that is sending."""
        self._requests.stay(peer_id, now)

    # --- messages

    def receive(self, peer: SyncPeer, message: Headers, now: float) -> ChainUpdate:
        """Take in headers: announced, asked for, or for a range below. PeerFault and StoreError pass through."""
        self._shared.heard(peer)
        fill = self._fill_of(peer, message)
        if fill is not None:
            self._receive_fill(peer, fill, message, now)
            return ChainUpdate()
        solicited = self._requests.answered(peer.id, TIP)
        if not message.count:
            if solicited:
                self._nothing_new(peer, now)
            return ChainUpdate()
        last = hash_of(message.raw, message.count - 1)
        if not solicited and self._waits_for_leader(peer, previous_of(message.raw, 0)):
            peer.tip, peer.answered = last, False
            return ChainUpdate()
        full = solicited and message.count == MAX_HEADERS
        more = full and self._leads(peer)
        if more:
            self._ask(peer, now, above=last)
            self.synced = False
        update = self._connect(peer, message.raw, now, full=full)
        if update.disconnected:
            self._forget_above(update.disconnected[-1][0] - 1)
        self._note_tip(peer, last, now)
        if full:
            peer.answered = False
        else:
            self._end_of_answer(peer, solicited, now)
        self._shared.headers.keep_stage_of(self._leader)
        return update

    def _leads(self, peer: SyncPeer) -> bool:
        """Whether to fetch on from this peer. One at a time: the others are asked again when the leader is done."""
        if self._leader is None:
            self._leader = peer.id
        return self._leader == peer.id

    def _waits_for_leader(self, peer: SyncPeer, parent: BlockHash) -> bool:
        """News that stands on what the leader is still fetching: the peer is asked again when that is done."""
        return self._leader not in (None, peer.id) and not self._shared.headers.is_known(parent)

    def _connect(self, peer: SyncPeer, raw: bytes, now: float, *, full: bool) -> ChainUpdate:
        headers = self._shared.headers
        last = hash_of(raw, len(raw) // SIZE - 1)
        before = headers.frontier, headers.is_known(last)
        try:
            update = headers.connect(raw, now, peer.id)
        except UnconnectedHeaders:
            _strike(peer, "unconnected-headers")
            self._ask(peer, now)
            return ChainUpdate()
        if before != (headers.frontier, headers.is_known(last)):
            peer.strikes = 0
        elif full:
            _strike(peer, "old-headers")  # full messages without news, again and again, would hold the lead for ever
        if update.deferred:
            self._retry[peer.id] = now + RETRY
        else:
            self._retry.pop(peer.id, None)
        return update

    def _forget_above(self, fork: int) -> None:
        """Blocks left the chain: what peers showed of them counts no more, what they showed of the new ones does."""
        for peer in self._shared.peers.values():
            peer.cut(fork)
            height = self._shared.headers.recent_height_of(peer.tip) if peer.tip else None
            peer.known = max(peer.known, -1 if height is None else height)

    def _note_tip(self, peer: SyncPeer, last: BlockHash, now: float) -> None:
        peer.tip = last
        height = self._shared.headers.recent_height_of(last)
        if height is not None:
            peer.known = max(peer.known, height)
        if self._shared.headers.is_known(last):
            peer.settled = last
        elif not self._requests.waits(peer.id, TIP):
            # Staged, deferred or without a parent: what it extends is learnt with the next answer.
            self._retry.setdefault(peer.id, now + RETRY)

    def _end_of_answer(self, peer: SyncPeer, solicited: bool, now: float) -> None:
        if solicited:
            peer.answered = True
            self._lead_ends(peer, now)
        self._shared.headers.flush()

    def _nothing_new(self, peer: SyncPeer, now: float) -> None:
        """The peer's chain ends at or below the first hash of the locator that it has."""
        height = min(peer.info.start_height, self._shared.headers.tip_height)
        if peer.known < 0 and not peer.probed and height > self._shared.headers.base_height:
            peer.probed = True
            self._ask(peer, now, below=height)
            return
        peer.answered = True
        self._note_unshown(peer)
        self._lead_ends(peer, now)
        self._shared.headers.keep_stage_of(self._leader)

    def _note_unshown(self, peer: SyncPeer) -> None:
        """A block that was announced, and whose headers do not come, is nothing to wait for."""
        if peer.tip is not None and peer.tip != peer.settled and not self._shared.headers.is_known(peer.tip):
            peer.settled = peer.tip
            _strike(peer, "empty-announcements")

    def _lead_ends(self, peer: SyncPeer, now: float) -> None:
        """A peer has told all it has: now the others are asked for what they have beyond that."""
        if self._leader in (None, peer.id):
            self._leader = None
            self.synced = True
            for other in self._shared.peers.values():
                if not other.answered and not self._requests.waits(other.id, TIP):
                    self._ask(other, now)

    def receive_inv(self, peer: SyncPeer, message: Inv, now: float) -> None:
        """A block announced by its hash: ask for the headers that lead to it."""
        last = None
        for kind, block_hash in message:
            if kind in (InvType.BLOCK, InvType.WITNESS_BLOCK):
                last = BlockHash(block_hash)
        if last is None:
            return
        peer.tip = last
        height = self._shared.headers.recent_height_of(last)
        if height is not None:
            peer.known = max(peer.known, height)
        elif self._leader not in (None, peer.id):
            peer.answered = False
        elif not self._requests.waits(peer.id, TIP):
            self._ask(peer, now)

    # --- asking

    def _ask(self, peer: SyncPeer, now: float, above: BlockHash | None = None, below: int | None = None) -> None:
        """Ask for headers: above a hash, or from one below our tip, so that a peer at our height shows that it is."""
        headers = self._shared.headers
        if below is None and headers.frontier[0] == headers.tip_height and peer.known < headers.tip_height:
            below = headers.tip_height
        locator = headers.locator(None if above else below)
        self._shared.send(peer.id, GetHeaders(PROTOCOL_VERSION, ((above,) if above else ()) + tuple(locator), _NO_STOP))
        self._requests.ask(peer.id, TIP, now)

    def tick(self, now: float) -> None:
        """Look after what is late, and give out work."""
        for late in self._requests.overdue(now):
            self._note_late(late.peer_id, late.key)
        for peer_id, when in list(self._retry.items()):
            if when <= now and peer_id in self._shared.peers and not self._requests.waits(peer_id, TIP):
                self._retry[peer_id] = now + RETRY
                self._ask(self._shared.peers[peer_id], now)
        self._pass_slow_lead_on(now)
        if self._leader is None:
            self._choose_leader(now)
        self._shared.headers.keep_stage_of(self._leader)
        self._assign_fills(now)

    def _note_late(self, peer_id: int, key: str | int) -> None:
        peer = self._shared.peers.get(peer_id)
        if isinstance(key, int):
            self._give_up_fill(key)
        elif self._leader == peer_id:
            self._leader = None
        try:
            if peer is not None and key == TIP:
                self._note_unshown(peer)
        except PeerFault as fault:
            self._shared.drop(peer_id, str(fault), fault.ban)
        self._shared.unheard(peer_id)

    def _pass_slow_lead_on(self, now: float) -> None:
        """Who is sending all the while, but ever so slowly, may finish; another leads, if one was not slow yet."""
        leader = None if self._leader is None else self._shared.peers.get(self._leader)
        if leader is None or self._requests.age(leader.id, TIP, now) < PATIENCE:
            return
        others = [peer for peer in self._shared.peers.values() if peer is not leader and not peer.slow_headers]
        leader.slow_headers = True
        if any(not peer.answered and not self._requests.waits(peer.id, TIP) for peer in others):
            self._leader = None

    def _choose_leader(self, now: float) -> None:
        """Somebody must be asked while somebody has not answered; when all have, what we have is all there is."""
        waiting = [peer for peer in self._shared.peers.values() if not peer.answered]
        idle = [peer for peer in waiting if not self._requests.waits(peer.id, TIP)]
        chosen = self._shared.pick([peer for peer in idle if not peer.slow_headers] or idle, self._requests.load)
        if chosen is not None:
            self._leader = chosen.id
            self._ask(chosen, now)
        elif not waiting and self._shared.peers:
            self.synced = True

    # --- ranges below the base

    @property
    def missing(self) -> int:
        """How many headers below the base are still to come."""
        return sum(gap.count for gap in self._gaps())

    def _gaps(self) -> list[Gap]:
        wanted = self._shared.wanted
        return [] if wanted is None else self._shared.headers.gaps(self._shared.filters.start_for(wanted))

    def _assign_fills(self, now: float) -> None:
        """Give each free peer that is on our chain one range to fill, the highest first.

        A range is one peer's from beginning to end. Nobody can go on where a liar began, and who gave a false end to
        what another began could not be told from who was led astray.
        """
        if not self.synced:
            return
        free = [
            peer
            for peer in self._shared.peers.values()
            if peer.known >= self._shared.headers.base_height and peer.id not in self._fillers.values()
        ]
        for gap in self._gaps():
            if not free:
                return
            if gap.first in self._fillers:
                continue
            peer = self._shared.pick(free, self._requests.load)
            if peer is not None:
                free.remove(peer)
                self._fills[gap.first] = self._shared.headers.fill(gap)
                self._fillers[gap.first] = peer.id
                self._ask_fill(peer, self._fills[gap.first], self._fills[gap.first].parent, now)

    def _give_up_fill(self, first: int) -> None:
        self._fills.pop(first, None)
        self._fillers.pop(first, None)
        self._requests.forget(first)

    def _ask_fill(self, peer: SyncPeer, fill: GapFill, parent: BlockHash, now: float) -> None:
        self._shared.send(peer.id, GetHeaders(PROTOCOL_VERSION, (parent,), fill.gap.end))
        self._requests.ask(peer.id, fill.gap.first, now)

    def _fill_of(self, peer: SyncPeer, message: Headers) -> GapFill | None:
        for first, filler in self._fillers.items():
            if filler == peer.id and message.count and previous_of(message.raw, 0) == self._fills[first].parent:
                return self._fills[first]
        return None

    def _receive_fill(self, peer: SyncPeer, fill: GapFill, message: Headers, now: float) -> None:
        first = fill.gap.first
        self._requests.answered(peer.id, first)
        left = fill.gap.last + 1 - fill.next_height
        if message.count < min(left, MAX_HEADERS):
            raise PeerFault("short-headers", ban=False, detail=f"{message.count} of {left} from {fill.next_height}")
        if message.count < left:
            self._ask_fill(peer, fill, hash_of(message.raw, message.count - 1), now)
        fill.add(message.raw[: left * SIZE], now)
        if fill.complete:
            self._give_up_fill(first)
            self._assign_fills(now)


def _strike(peer: SyncPeer, rule: str) -> None:
    """What an honest peer may do now and then; PeerFault when it happens often and brings nothing."""
    peer.strikes += 1
    if peer.strikes > STRIKES:
        raise PeerFault(rule, ban=False, detail=f"{peer.strikes} times")
