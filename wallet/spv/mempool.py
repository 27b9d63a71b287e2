"""Unconfirmed transactions: fetch every one that is announced, once, and count who announced it.

Nobody learns which of them is ours, because all are fetched. No I/O; memory is bounded whatever peers announce.
Hashes are wtxids from peers that relay by wtxid (BIP339), txids from others. Times are Unix seconds.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import Txid, sha256d
from wallet.bitcoin.transaction import Transaction
from wallet.spv.fault import PeerFault
from wallet.spv.message import GetData, Inv, InvType

MAX_KNOWN: Final = 10_000
# Announcements of one peer that wait to be fetched, and the most that is read of one message.
MAX_WAITING: Final = 1_000
# The reference node has at most this many requests for transactions under way at a peer.
MAX_REQUESTED: Final = 100
MAX_SOURCES: Final = 16
# Nodes relay transactions of at most 400,000 units of weight.
MAX_SIZE: Final = 400_000
REQUEST_TIMEOUT: Final = 30.0
# What fetching may cost: several times what the busiest days of mainnet announce. What is announced beyond it waits.
# Peers share it evenly, so that one that floods uses up its own share. A new one begins with half of what is spare, and
# what it leaves, or owes, is spare again: who comes again and again gains no more.
BYTES_A_SECOND: Final = 40_000.0
BURST: Final = 4_000_000.0
DEEPEST_DEBT: Final = -10_000_000.0
TYPICAL_SIZE: Final = 500
_FETCH_AS: Final = {InvType.TX: InvType.WITNESS_TX, InvType.WTX: InvType.WTX}


@dataclass(slots=True)
class _Entry:
    """One announced hash: who announced it, whom it was asked from, and the txid once it came."""

    kind: int
    sources: list[int] = field(default_factory=list)
    asked: int | None = None
    asked_at: float = 0.0
    tried: set[int] = field(default_factory=set)
    txid: Txid | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Send this request to this peer."""

    peer_id: int
    message: GetData


class Mempool:
    """What peers announce. Until somebody watches, announcements are only noted: they come once."""

    def __init__(self) -> None:
        self.watching = False
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._hashes: OrderedDict[Txid, list[bytes]] = OrderedDict()
        self._in_flight: dict[int, set[bytes]] = {}
        self._waiting: dict[int, OrderedDict[bytes, None]] = {}
        self._spare = BURST
        self._shares: dict[int, float] = {}
        self._allowed_at: float | None = None
        self.fetched_bytes = 0

    def peer_ready(self, peer_id: int) -> None:
        """A peer may announce from now on."""
        self._in_flight[peer_id] = set()
        self._waiting[peer_id] = OrderedDict()
        self._shares[peer_id] = max(0.0, self._spare) / 2
        self._spare -= self._shares[peer_id]

    def peer_gone(self, peer_id: int, now: float) -> list[Ask]:
        """Ask others for what this peer still owed."""
        owed = self._in_flight.pop(peer_id, set())
        self._waiting.pop(peer_id, None)
        self._spare = min(BURST, self._spare + self._shares.pop(peer_id, 0.0))
        return self._ask_others(owed, now)

    def watch(self, watching: bool, now: float) -> list[Ask]:
        """Fetch what is announced from now on, and the last of what was announced so far; or stop fetching."""
        self.watching = watching
        return [ask for peer_id in [*self._waiting] for ask in self._ask(peer_id, now)]

    def seen_by(self, txid: Txid) -> int:
        """How many peers announced a transaction or sent it, as long as it is remembered."""
        hashes = self._hashes.get(txid, ())
        peers = {source for digest in hashes if digest in self._entries for source in self._entries[digest].sources}
        return len(peers)

    def announced(self, peer_id: int, inventory: Inv, now: float) -> list[Ask]:
        """A peer announced transactions (and blocks, which are passed over): what to ask for."""
        if peer_id not in self._waiting:
            return []
        for kind, digest in islice(inventory.pairs(), MAX_WAITING):
            if kind in _FETCH_AS:
                self._note(peer_id, kind, digest)
        return self._ask(peer_id, now)

    def _note(self, peer_id: int, kind: int, digest: bytes) -> None:
        entry = self._entries.get(digest)
        if entry is None:
            entry = self._entries[digest] = _Entry(kind)
            if len(self._entries) > MAX_KNOWN:
                self._entries.popitem(last=False)
        if peer_id not in entry.sources and len(entry.sources) < MAX_SOURCES:
            entry.sources.append(peer_id)
        if entry.txid is None and entry.asked is None and peer_id not in entry.tried:
            waiting = self._waiting[peer_id]
            waiting[digest] = None
            if len(waiting) > MAX_WAITING:
                waiting.popitem(last=False)

    def _refill(self, now: float) -> None:
        """Bytes that may be fetched from each peer: so many a second, and a burst of some minutes' worth."""
        passed = 0.0 if self._allowed_at is None else max(0.0, now - self._allowed_at)
        among = len(self._shares) + 1
        gained = passed * BYTES_A_SECOND / among
        self._spare = min(BURST, self._spare + gained)
        for peer_id, left in self._shares.items():
            self._shares[peer_id] = min(BURST / among, left + gained)
        self._allowed_at = now

    def _charge(self, peer_id: int, size: int) -> None:
        self._shares[peer_id] = max(DEEPEST_DEBT, self._shares[peer_id] - size)

    def _ask(self, peer_id: int, now: float) -> list[Ask]:
        """Fill the peer's requests from what waits for it, as far as the allowance goes."""
        if not self.watching:
            return []
        self._refill(now)
        waiting, in_flight = self._waiting[peer_id], self._in_flight[peer_id]
        items: list[tuple[int, bytes]] = []
        while waiting and len(in_flight) < MAX_REQUESTED and self._shares[peer_id] > 0:
            digest, _ = waiting.popitem(last=False)
            entry = self._entries.get(digest)
            if entry is None or entry.txid is not None or entry.asked is not None:
                continue
            entry.asked, entry.asked_at = peer_id, now
            entry.tried.add(peer_id)
            in_flight.add(digest)
            self._charge(peer_id, TYPICAL_SIZE)
            items.append((_FETCH_AS[InvType(entry.kind)], digest))
        return [Ask(peer_id, GetData.of(*items))] if items else []

    def received(self, peer_id: int, raw: bytes, now: float) -> tuple[Transaction | None, list[Ask]]:
        """A transaction came: it, when it was asked for and is new, and what to ask next. PeerFault when it is none."""
        if not self._was_asked(peer_id, raw):
            return None, []
        try:
            transaction = Transaction.parse(raw)
        except ParseError as error:
            raise PeerFault("bad-transaction", detail=str(error)) from error
        hashes = [digest for digest in (transaction.wtxid, transaction.txid) if digest in self._in_flight[peer_id]]
        if not hashes:
            # Not asked for (P2), or asked for too long ago.
            return None, []
        self.fetched_bytes += len(raw)
        self._charge(peer_id, max(0, len(raw) - TYPICAL_SIZE))
        fresh = transaction.txid not in self._hashes
        self._remember(transaction.txid, hashes)
        for digest in hashes:
            self._in_flight[peer_id].discard(digest)
        return transaction if fresh else None, self._ask(peer_id, now)

    def _was_asked(self, peer_id: int, raw: bytes) -> bool:
        """Whether the peer may owe these bytes. What nobody asked for, and what is too large to travel, is not read."""
        in_flight = self._in_flight.get(peer_id, set())
        if len(raw) > MAX_SIZE or not in_flight:
            return False
        return sha256d(raw) in in_flight or any(self._is_txid(digest) for digest in in_flight)

    def _is_txid(self, digest: bytes) -> bool:
        entry = self._entries.get(digest)
        return entry is None or entry.kind == InvType.TX

    def _remember(self, txid: Txid, hashes: Iterable[bytes]) -> None:
        known = self._hashes.setdefault(txid, [])
        if len(self._hashes) > MAX_KNOWN:
            self._hashes.popitem(last=False)
        for digest in hashes:
            if digest not in known:
                known.append(digest)
            if (entry := self._entries.get(digest)) is not None:
                entry.txid, entry.asked = txid, None

    def note_own(self, transaction: Transaction) -> None:
        """One of ours is about to be announced: count who announces it, do not fetch it."""
        for kind, digest in ((InvType.WTX, transaction.wtxid), (InvType.TX, transaction.txid)):
            self._entries.setdefault(digest, _Entry(kind))
        self._remember(transaction.txid, (transaction.wtxid, transaction.txid))

    def not_found(self, peer_id: int, digests: Iterable[bytes], now: float) -> list[Ask]:
        """A peer does not have what it announced any more."""
        in_flight = self._in_flight.get(peer_id, set())
        missing = in_flight.intersection(digests)
        in_flight -= missing
        asks = self._ask_others(missing, now)
        return asks + self._ask(peer_id, now) if peer_id in self._waiting else asks

    def tick(self, now: float) -> list[Ask]:
        """Ask others for what has been owed for too long."""
        asks: list[Ask] = []
        for peer_id, in_flight in self._in_flight.items():
            late = {digest for digest in in_flight if self._is_late(digest, now)}
            in_flight.difference_update(late)
            asks += self._ask_others(late, now)
            if late or self._waiting[peer_id]:
                asks += self._ask(peer_id, now)
        return asks

    def _is_late(self, digest: bytes, now: float) -> bool:
        entry = self._entries.get(digest)
        return entry is None or now - entry.asked_at > REQUEST_TIMEOUT

    def _ask_others(self, digests: Iterable[bytes], now: float) -> list[Ask]:
        """Put what one peer failed to send in line at the next who announced it."""
        asks: list[Ask] = []
        for digest in digests:
            entry = self._entries.get(digest)
            if entry is None or entry.txid is not None:
                continue
            entry.asked = None
            other = next((each for each in entry.sources if each in self._waiting and each not in entry.tried), None)
            if other is not None:
                self._waiting[other][digest] = None
                asks += self._ask(other, now)
        return asks
