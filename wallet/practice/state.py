"""The practice node's mind: chain, mempool, and what becomes of both when blocks come and go. No I/O, no clock."""

from collections.abc import Sequence
from typing import Final

from wallet.bitcoin.codec import u32
from wallet.bitcoin.hashes import BlockHash, FilterHeader
from wallet.bitcoin.transaction import Transaction, TxOut
from wallet.practice.chain import Chain, StoredBlock, fee_of
from wallet.practice.mempool import Mempool
from wallet.practice.mining import coinbase, make_block, subsidy
from wallet.practice.verify import Rejected

BLOCK_WEIGHT: Final = 3_900_000
"""What a block takes besides header and coinbase."""
MAX_STALE: Final = 500
MAX_REFUSALS: Final = 200


class NodeState:
    """Times are Unix seconds and come as arguments.

    least_rate: what a block takes at the least, in sat/vB: the price of the day. refusals: what was not taken in, and
    why, the newest last, as (txid in display order, reason). bloom: whether blocks are filtered for peers (BIP37).
    """

    def __init__(self, bloom: bool = True) -> None:
        self.bloom = bloom
        self.chain = Chain()
        self.mempool = Mempool(self.chain)
        self.least_rate = 0.0
        self.refusals: list[tuple[str, str]] = []
        self._made = 0
        self._stale: dict[BlockHash, StoredBlock] = {}

    # --- transactions

    def submit(self, transaction: Transaction) -> None:
        """Take a transaction into the mempool. Raises Rejected."""
        try:
            self.mempool.accept(transaction)
        except Rejected as error:
            self.refusals.append((str(transaction.txid), str(error)))
            del self.refusals[:-MAX_REFUSALS]
            raise

    def offer(self, transaction: Transaction) -> bool:
        """The same for what a peer sent: whether it was taken."""
        try:
            self.submit(transaction)
        except Rejected:
            return False
        return True

    # --- blocks

    def mine(self, script: bytes, now: int, transactions: Sequence[Transaction] | None = None) -> StoredBlock:
        """One block on top of the tip, its reward to `script`: of what waits, or of just these transactions."""
        if transactions is None:
            transactions = self.mempool.choose(BLOCK_WEIGHT, self.least_rate)
        chain = self.chain
        fees = sum(self._fee(transaction) for transaction in transactions)
        time = max(now, chain.median_time() + 1)
        reward = TxOut(subsidy(chain.height + 1) + fees, script)
        self._made += 1
        first = coinbase(chain.height + 1, reward, transactions, u32(self._made))
        stored = chain.connect(make_block(chain.tip.header, first, transactions, time), max(now, time))
        self.mempool.mined(stored.block.transactions[1:])
        return stored

    def _fee(self, transaction: Transaction) -> int:
        entry = self.mempool.entries.get(transaction.txid)
        if entry is not None:
            return entry.fee
        coins = [self.mempool.coin(spent.outpoint) for spent in transaction.inputs]
        return fee_of(transaction, [coin for coin in coins if coin is not None])

    def invalidate(self, height: int) -> list[StoredBlock]:
        """Take the blocks from `height` on off the chain, the tip first; what they held waits again."""
        gone = []
        while self.chain.height >= max(1, height):
            gone.append(self.chain.disconnect())
        for stored in gone:
            self._stale[stored.hash] = stored
        while len(self._stale) > MAX_STALE:
            del self._stale[next(iter(self._stale))]
        back = [transaction for stored in reversed(gone) for transaction in stored.block.transactions[1:]]
        self.mempool.returned(back)
        return gone

    # --- what peers may ask for

    def known_block(self, block_hash: bytes) -> StoredBlock | None:
        """A block of the chain, or one that a reorganisation left behind not long ago."""
        return self.chain.find(block_hash) or self._stale.get(BlockHash(block_hash))

    def branch(self, last: StoredBlock, first_height: int) -> list[StoredBlock]:
        """The blocks from a height up to `last`, which may be on a branch that was left."""
        above: list[StoredBlock] = []
        block: StoredBlock | None = last
        while block is not None and self.chain.height_of(block.hash) is None and block.height >= first_height:
            above.append(block)
            block = self.known_block(block.header.previous)
        below = self.chain.blocks[first_height : block.height + 1] if block is not None else []
        return [*below, *reversed(above)]

    def filter_header_before(self, block: StoredBlock) -> FilterHeader:
        """The filter header that a block's own builds on."""
        previous = self.known_block(block.header.previous)
        return FilterHeader(bytes(32)) if previous is None else previous.filter_header
