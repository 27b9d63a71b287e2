"""Announcing a payment and learning whether the network took it. No I/O. Times are Unix seconds.

It is announced to most peers and to at least one not: when that one, a listener, announces it to us, it has travelled
through the network ("propagated"). A peer that was told by us, under this connection or an earlier one, never counts.
"""

from collections import OrderedDict
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
    active: bool = True
    told: set[str] = field(default_factory=set)
    requested: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def report(self) -> BroadcastReport:
        return BroadcastReport(len(self.told), len(self.requested), len(self.seen), bool(self.seen))


class Broadcaster:
    """All payments of ours that peers may ask for."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
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

    def start(self, transaction: Transaction) -> list[Tell]:
        """Announce a payment to all but the listeners; again to everybody but them when it was announced before."""
        offer = self._offers.pop(transaction.txid, None) or _Offer(transaction)
        offer.active = True
        self._offers[transaction.txid] = offer
        self._by_hash[transaction.txid] = self._by_hash[transaction.wtxid] = offer
        if len(self._offers) > MAX_OFFERED:
            _, oldest = self._offers.popitem(last=False)
            for digest in (oldest.transaction.txid, oldest.transaction.wtxid):
                self._by_hash.pop(digest, None)
        again = [info for info in self._peers.values() if info.address in offer.told]
        return [_announcement(offer, info) for info in again] + self._tell_more(offer)

    def finish(self, txid: Txid) -> BroadcastReport:
        """Stop telling new peers; who asks later still gets it."""
        self._offers[txid].active = False
        return self._offers[txid].report()

    def report(self, txid: Txid) -> BroadcastReport:
        """What is known so far."""
        return self._offers[txid].report()

    def _tell_more(self, offer: _Offer) -> list[Tell]:
        """Tell peers that do not know yet, as long as enough listeners are left. A single peer is told."""
        fresh = [info for info in self._peers.values() if info.address not in offer.told | offer.seen]
        self._chance.shuffle(fresh)
        listeners = max(1, len(self._peers) // PEERS_PER_LISTENER) - len(offer.seen)
        nobody_told = offer.told.isdisjoint(info.address for info in self._peers.values())
        if nobody_told and len(fresh) <= listeners:
            listeners = len(fresh) - 1
        chosen = fresh[max(0, listeners) :]
        offer.told.update(info.address for info in chosen)
        return [_announcement(offer, info) for info in chosen]

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
            if offer is not None and info.address not in offer.told | offer.seen:
                offer.seen.add(info.address)
                news = True
        return news

    def _find(self, kind: int, digest: bytes) -> _Offer | None:
        """Our payment of that txid or wtxid."""
        return self._by_hash.get(digest) if kind in _TRANSACTION_TYPES else None


def _announcement(offer: _Offer, info: PeerInfo) -> Tell:
    """By wtxid where the peer relays so (BIP339)."""
    if info.wtxid_relay:
        return Tell(info.id, Inv.of((InvType.WTX, offer.transaction.wtxid)))
    return Tell(info.id, Inv.of((InvType.TX, offer.transaction.txid)))
