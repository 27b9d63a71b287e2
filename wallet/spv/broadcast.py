"""Announcing a payment and learning whether the network took it. No I/O. Times are Unix seconds.

It is announced to a few peers that relay its fee rate (BIP133), and to at least one not: when that one, a listener,
announces it to us, it has travelled through the network ("propagated"). A peer that was told by us, under this
connection or an earlier one, never counts. What it builds on, and nobody has seen yet, goes to the same peers first.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import Transaction
from wallet.spv.message import GetData, Inv, InvType, Message, NotFound, Ping, Tx
from wallet.spv.peer import PeerInfo

# Payments that are still handed out when a peer asks, after their broadcast ended.
MAX_OFFERED: Final = 100
MAX_PINGS: Final = 1_000
# One listener among so many peers.
PEERS_PER_LISTENER: Final = 4
# So many are told, and as many more after each time that nobody announces it back, or it is announced again.
FEW: Final = 4
MORE_AFTER: Final = 10.0
_TRANSACTION_TYPES: Final = frozenset({InvType.TX, InvType.WTX, InvType.WITNESS_TX})


@dataclass(frozen=True, slots=True)
class BroadcastReport:
    """What became of a payment: announced to, fetched by, and announced back by how many peers."""

    sent_to: int
    requested_by: int
    seen_from: int
    propagated: bool


@dataclass(frozen=True, slots=True)
class Tell:
    """Send this message to this peer."""

    peer_id: int
    message: Message


@dataclass(slots=True)
class _Offer:
    """One payment on its way. Peers are counted by address: a peer that comes back is the same peer."""

    transaction: Transaction
    parents: "tuple[_Offer, ...]" = ()
    fee_rate: int | None = None
    active: bool = True
    held: bool = False
    rounds: int = 0
    round_began: float | None = None
    told: set[str] = field(default_factory=set)
    requested: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)

    def report(self) -> BroadcastReport:
        return BroadcastReport(len(self.told), len(self.requested), len(self.seen), bool(self.seen))


def _nothing_said(_peer_id: int) -> int:
    return 0


class Broadcaster:
    """All payments of ours that peers may ask for.

    fee_filter: the least rate that a peer said it takes, satoshis per 1,000 virtual bytes; 0 where it said nothing.
    """

    def __init__(self, chance: Random, fee_filter: Callable[[int], int] = _nothing_said) -> None:
        self._chance = chance
        self._fee_filter = fee_filter
        self._peers: dict[int, PeerInfo] = {}
        self._offers: OrderedDict[Txid, _Offer] = OrderedDict()
        self._by_hash: dict[bytes, _Offer] = {}
        self._pings: OrderedDict[tuple[int, int], _Offer] = OrderedDict()

    def peer_ready(self, info: PeerInfo) -> list[Tell]:
        """A new peer: the listener of payments that lack one, told of the others."""
        if not info.relay:
            # It takes no transactions, and the reference node hangs up on who announces one to such a peer.
            return []
        self._peers[info.id] = info
        return [tell for offer in self._offers.values() if offer.active for tell in self._tell_more(offer)]

    def peer_gone(self, peer_id: int) -> None:
        """A peer left: that it was told stays counted."""
        self._peers.pop(peer_id, None)

    def start(
        self, transaction: Transaction, parents: Sequence[Transaction] = (), fee_rate: int | None = None
    ) -> list[Tell]:
        """Announce a payment to a few, not to the listeners; when it was announced before: to the same, and some more.

        parents: what it builds on and no peer may have yet, the oldest first; fee_rate: of all of them together,
        satoshis per 1,000 virtual bytes, None when it is not known.
        """
        above = tuple(self._offer(parent) for parent in parents)
        offer = self._offer(transaction)
        offer.parents, offer.fee_rate, offer.active = above, fee_rate, True
        offer.rounds, offer.round_began = offer.rounds + 1, None
        while len(self._offers) > MAX_OFFERED:
            _, oldest = self._offers.popitem(last=False)
            for digest in (oldest.transaction.txid, oldest.transaction.wtxid):
                self._by_hash.pop(digest, None)
        again = [info for info in self._peers.values() if info.address in offer.told and not offer.held]
        return [_announcement(offer, info) for info in again] + self._tell_more(offer)

    def _offer(self, transaction: Transaction) -> _Offer:
        """The newest of all offers: what is known of this transaction, or a new one that nobody is told yet."""
        offer = self._offers.pop(transaction.txid, None) or _Offer(transaction, active=False)
        self._offers[transaction.txid] = offer
        self._by_hash[transaction.txid] = self._by_hash[transaction.wtxid] = offer
        return offer

    def hold(self, transaction: Transaction, parents: Sequence[Transaction], fee_rate: int | None) -> None:
        """Expect a payment to travel, and tell nobody: it goes out another way."""
        self._offer(transaction).held = True
        self.start(transaction, parents, fee_rate)

    def bar(self, txid: Txid, addresses: Iterable[str]) -> None:
        """It is on its way to these: what they announce proves nothing."""
        offer = self._offers.get(txid)
        if offer is not None:
            offer.barred.update(addresses)

    def carried(self, txid: Txid, address: str, report: BroadcastReport) -> None:
        """It went out another way, to this address, which proves nothing from now on."""
        offer = self._offers.get(txid)
        if offer is None or not report.sent_to:
            return
        for each in (*offer.parents, offer):
            each.told.add(address)
        if report.requested_by:
            offer.requested.add(address)
            offer.delivered.add(address)

    def release(self, txid: Txid) -> list[Tell]:
        """It did not go out another way: tell the peers after all."""
        offer = self._offers.get(txid)
        if offer is None or not offer.held:
            return []
        offer.held = False
        offer.barred.clear()
        return self._tell_more(offer) if offer.active else []

    def tick(self, now: float) -> list[Tell]:
        """Tell some more where it may be swallowed, and those who say only now that they would take it."""
        tells: list[Tell] = []
        for offer in self._offers.values():
            if not offer.active or offer.seen:
                continue
            if offer.round_began is None:
                offer.round_began = now
            elif now - offer.round_began >= MORE_AFTER:
                offer.rounds, offer.round_began = offer.rounds + 1, now
            tells += self._tell_more(offer)
        return tells

    def finish(self, txid: Txid) -> BroadcastReport:
        """Stop telling new peers; who asks later still gets it."""
        self._offers[txid].active = False
        return self._offers[txid].report()

    def report(self, txid: Txid) -> BroadcastReport:
        """What is known so far."""
        return self._offers[txid].report()

    def _tell_more(self, offer: _Offer) -> list[Tell]:
        """Tell some that do not know and would take it, as long as enough listeners are left. A single one is told."""
        if offer.held:
            return []
        fresh = [info for info in self._peers.values() if info.address not in offer.told | offer.seen]
        told_and_here = sum(info.address in offer.told for info in self._peers.values())
        listeners = max(0, max(1, len(self._peers) // PEERS_PER_LISTENER) - len(offer.seen))
        if not told_and_here and len(fresh) <= listeners:
            listeners = len(fresh) - 1
        takers = [info for info in fresh if self._takes(info, offer)]
        self._chance.shuffle(takers)
        # Those who would never announce it back are told first, and all who would only when nobody else takes it.
        silent = [info for info in takers if not info.announces]
        ears = [info for info in takers if info.announces]
        spare = max(sum(info.announces for info in fresh) - listeners, int(not silent and not told_and_here))
        most = max(0, min(len(fresh) - listeners, FEW * offer.rounds - told_and_here))
        chosen = [*silent, *ears[: max(0, spare)]][:most]
        for each in (*offer.parents, offer):
            each.told.update(info.address for info in chosen)
        return [_announcement(offer, info) for info in chosen]

    def _takes(self, info: PeerInfo, offer: _Offer) -> bool:
        """The reference node rounds what it says, by up to a tenth, lest it be known by its memory."""
        return offer.fee_rate is None or self._fee_filter(info.id) * 10 <= offer.fee_rate * 11

    def requested(self, peer_id: int, request: GetData) -> list[Tell]:
        """A peer asks for data: our payment if we told it, otherwise nothing that we would give."""
        info = self._peers.get(peer_id)
        if info is None:
            return []
        answers: list[Tell] = []
        missing: list[tuple[int, bytes]] = []
        for kind, digest in request.pairs():
            offer = self._find(kind, digest)
            if offer is None or info.address not in offer.told:
                missing.append((kind, digest))
                continue
            offer.requested.add(info.address)
            answers += self._hand_over(peer_id, offer)
        return [*answers, Tell(peer_id, NotFound.of(*missing))] if missing else answers

    def _hand_over(self, peer_id: int, offer: _Offer) -> list[Tell]:
        """The payment, and a ping right behind it.

        Peers do their work in order, so the pong says that the payment was looked at. The reference node forgets what
        it has received and not yet looked at when a connection ends: without the pong it is too early to hang up.
        """
        nonce = self._chance.getrandbits(64)
        self._pings[peer_id, nonce] = offer
        if len(self._pings) > MAX_PINGS:
            self._pings.popitem(last=False)
        return [Tell(peer_id, Tx(offer.transaction.serialize())), Tell(peer_id, Ping(nonce))]

    def ponged(self, peer_id: int, nonce: int) -> bool:
        """A peer answered a ping: whether it was one that followed a payment."""
        info, offer = self._peers.get(peer_id), self._pings.pop((peer_id, nonce), None)
        if info is None or offer is None:
            return False
        offer.delivered.add(info.address)
        return True

    def delivered(self, txid: Txid) -> bool:
        """Whether a peer has got the payment and looked at it (which is not to say that it likes it)."""
        return bool(self._offers[txid].delivered)

    def announced(self, peer_id: int, inventory: Inv) -> bool:
        """A peer announces transactions: whether that proves one of ours to have travelled."""
        info = self._peers.get(peer_id)
        if info is None or not self._offers:
            return False
        news = False
        for kind, digest in inventory.pairs():
            offer = self._find(kind, digest)
            if offer is not None and info.address not in offer.told | offer.seen | offer.barred:
                offer.seen.add(info.address)
                news = True
        return news

    def _find(self, kind: int, digest: bytes) -> _Offer | None:
        """Our payment of that txid or wtxid."""
        return self._by_hash.get(digest) if kind in _TRANSACTION_TYPES else None


def _announcement(offer: _Offer, info: PeerInfo) -> Tell:
    """What it builds on first; by wtxid where the peer relays so (BIP339)."""
    package = [each.transaction for each in (*offer.parents, offer)]
    if info.wtxid_relay:
        return Tell(info.id, Inv.of(*((InvType.WTX, each.wtxid) for each in package)))
    return Tell(info.id, Inv.of(*((InvType.TX, each.txid) for each in package)))
