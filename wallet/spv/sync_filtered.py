"""Blocks as a peer filters them for us (BIP37): one order after the other, of one peer that offers it.

What comes is checked as far as it can be: the header is ours, the partial tree leads to its Merkle root, a transaction
is one of those that the tree names. What a peer leaves out nobody notices, which is why this is only for a node that
the user runs. A peer adds to its filter as it goes (UPDATE_ALL), so the blocks of an order are asked for in ascending
order and of one peer; where that one fails, the order begins anew with another.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wallet.bitcoin.bloom import BloomFilter
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.merkletree import MerkleError
from wallet.bitcoin.transaction import Transaction
from wallet.spv.fault import PeerFault
from wallet.spv.message import FilterLoad, GetData, InvType, MemPool, MerkleBlock, Services
from wallet.spv.sync_types import FilteredBlock, FilteredReady, RequestFailed, Shared, SyncPeer, Token

PATIENCE: Final = 30.0
"""Seconds without any answer after which an order goes to somebody else."""
TRAILING: Final = 5.0
"""Seconds that transactions are waited for once all trees are there; the blocks of the missing ones are hits."""
MAX_KEPT: Final = 16_000_000
"""Bytes of transactions that are kept of one order; beyond them their blocks are hits, unseen."""
NODE_SIZE: Final = 64
"""A transaction of this size could as well be two hashes of the tree (CVE-2017-12842)."""


@dataclass(slots=True)
class FilteredJob:
    """Blocks start…stop for somebody, as one peer filters them. missing: matched txids that did not come yet."""

    token: Token
    start: int
    stop: int
    bloom: FilterLoad
    peer_id: int | None = None
    heard_at: float = 0.0
    hashes: tuple[BlockHash, ...] = ()
    trees: dict[BlockHash, tuple[Txid, ...]] = field(default_factory=dict)
    missing: set[Txid] = field(default_factory=set)
    found: dict[Txid, Transaction] = field(default_factory=dict)
    kept: int = 0

    def begin(self, peer_id: int, hashes: Sequence[BlockHash], now: float) -> None:
        """Ask this peer for all of it."""
        self.peer_id, self.hashes, self.heard_at = peer_id, tuple(hashes), now
        self.trees, self.missing, self.found, self.kept = {}, set(), {}, 0

    @property
    def complete(self) -> bool:
        return bool(self.hashes) and len(self.trees) == len(self.hashes)

    def blocks(self) -> list[FilteredBlock]:
        """The blocks in which something matched."""
        places = enumerate(map(self.trees.__getitem__, self.hashes), self.start)
        return [
            FilteredBlock(height, txids, tuple(self.found[txid] for txid in txids if txid in self.found))
            for height, txids in places
            if txids
        ]


class Filtering:
    """The part of the synchroniser that has peers filter blocks."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._jobs: dict[Token, FilteredJob] = {}
        self._bloom: FilterLoad | None = None
        self._greeted: set[int] = set()
        self._owed: dict[int, deque[tuple[BlockHash, FilteredJob]]] = {}

    # --- orders

    def load(self, bloom: BloomFilter) -> None:
        """Have every peer that can tell of unconfirmed transactions that match, without an order."""
        self._bloom = FilterLoad.of(bloom)
        for peer in self._shared.peers.values():
            self._load(peer)

    def request(self, token: Token, start: int, stop: int, bloom: BloomFilter) -> None:
        """Blocks of the heights start…stop, filtered; every peer tells of what matches this filter from now on."""
        self._bloom = FilterLoad.of(bloom)
        self._jobs[token] = FilteredJob(token, start, stop, self._bloom)

    def cancel(self, token: Token) -> bool:
        """Drop an order; False when there is none."""
        return self._jobs.pop(token, None) is not None

    def cut(self, fork: int) -> None:
        """Blocks above `fork` left the chain."""
        for token in [job.token for job in self._jobs.values() if job.stop > fork]:
            del self._jobs[token]
            self._shared.actions.append(RequestFailed(token, "superseded"))

    # --- events

    def peer_ready(self, peer: SyncPeer) -> None:
        """A peer tells of nothing before it has a filter (our version said so)."""
        self._load(peer)

    def _load(self, peer: SyncPeer) -> None:
        """Give a peer the filter, and ask once for what waits in its memory: nobody else announces that again."""
        if self._bloom is None or not peer.info.services & Services.BLOOM:
            return
        self._shared.send(peer.id, self._bloom)
        if peer.id not in self._greeted:
            self._greeted.add(peer.id)
            self._shared.send(peer.id, MemPool())

    def peer_gone(self, peer_id: int) -> None:
        """What a peer owed begins anew with another."""
        self._greeted.discard(peer_id)
        self._owed.pop(peer_id, None)
        for job in self._jobs.values():
            if job.peer_id == peer_id:
                job.peer_id = None

    def receive_tree(self, peer: SyncPeer, message: MerkleBlock, now: float) -> None:
        """A filtered block; PeerFault when it is not what the header commits to. What was not asked for is dropped."""
        block_hash = message.header.hash
        job = self._owing(peer.id, block_hash)
        if job is None or job.token not in self._jobs or job.peer_id != peer.id or block_hash not in job.hashes:
            return
        try:
            root, matches = message.tree.extract()
        except MerkleError as error:
            raise PeerFault("bad-merkleblock", detail=str(error)) from error
        if root != message.header.merkle_root:
            raise PeerFault("bad-merkleblock", detail=f"the tree does not lead to the root of {block_hash}")
        txids = tuple(Txid(txid) for _, txid in matches)
        job.trees[block_hash] = txids
        job.missing.update(txid for txid in txids if txid not in job.found)
        self._heard(peer, job, now)

    def _owing(self, peer_id: int, block_hash: BlockHash) -> FilteredJob | None:
        """For whom a block was asked of a peer, which answers in order and leaves out what it does not have."""
        owed = self._owed.get(peer_id)
        if owed is None or all(block_hash != expected for expected, _ in owed):
            return None
        while True:
            expected, job = owed.popleft()
            if expected == block_hash:
                return job

    def receive_transaction(self, peer: SyncPeer, raw: bytes, now: float) -> None:
        """A transaction that follows its filtered block, or any other, which is none of ours to judge."""
        job = next((job for job in self._jobs.values() if job.peer_id == peer.id and job.missing), None)
        if job is None:
            return
        try:
            transaction = Transaction.parse(raw)
        except ParseError:
            return
        if transaction.txid not in job.missing:
            return
        if len(raw) == NODE_SIZE:
            raise PeerFault("bad-merkleblock", detail="a transaction of 64 bytes, which could be two hashes")
        job.missing.discard(transaction.txid)
        if job.kept + len(raw) <= MAX_KEPT:
            job.kept += len(raw)
            job.found[transaction.txid] = transaction
        self._heard(peer, job, now)

    def _heard(self, peer: SyncPeer, job: FilteredJob, now: float) -> None:
        self._shared.heard(peer)
        job.heard_at = now
        if job.complete and not job.missing:
            self._finish(job)

    def _finish(self, job: FilteredJob) -> None:
        del self._jobs[job.token]
        self._shared.actions.append(FilteredReady(job.token, job.start, job.hashes, job.blocks()))

    def tick(self, now: float) -> None:
        """Finish what lacks only transactions; give what is late to others."""
        for job in [*self._jobs.values()]:
            if job.peer_id is None:
                continue
            if job.complete and now >= job.heard_at + TRAILING:
                self._finish(job)
            elif now >= job.heard_at + PATIENCE:
                late, job.peer_id = job.peer_id, None
                self._shared.unheard(late)

    # --- giving out work

    def assign(self, now: float) -> None:
        """Ask for the oldest order, when nobody has it."""
        job = next(iter(self._jobs.values()), None)
        if job is None or job.peer_id is not None or job.stop > self._shared.headers.tip_height:
            return
        tip = self._shared.headers.tip_height
        able = [
            peer
            for peer in self._shared.peers.values()
            if peer.info.services & Services.BLOOM and peer.known >= job.stop and peer.serves_block(job.start, tip)
        ]
        peer = self._shared.pick(able, lambda peer_id: len(self._owed.get(peer_id, ())))
        if peer is None:
            return
        job.begin(peer.id, self._shared.headers.hashes(job.start, job.stop), now)
        # Anew even where it is loaded: whatever it took in before has no place in it.
        for each in self._shared.peers.values():
            self._load(each)
        self._shared.send(peer.id, GetData.of(*((InvType.FILTERED_BLOCK, block_hash) for block_hash in job.hashes)))
        self._owed.setdefault(peer.id, deque()).extend((block_hash, job) for block_hash in job.hashes)
