"""The practice chain: validated blocks, their filters, the coins that they leave, and the way back.

Everything is kept in memory, whole: a practice chain is short. A block carries what it spent, so it can be undone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wallet.bitcoin.amount import MAX_MONEY, Sats
from wallet.bitcoin.block import Block, BlockError, BlockHeader
from wallet.bitcoin.blockfilter import build_filter, filter_elements, filter_hash, next_filter_header
from wallet.bitcoin.hashes import BlockHash, FilterHash, FilterHeader
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.pow import PowError, check_pow, median_time
from wallet.bitcoin.script import is_unspendable
from wallet.bitcoin.transaction import OutPoint, Transaction, TxOut
from wallet.practice.mining import subsidy
from wallet.practice.verify import InputVerifier, Rejected

MATURITY: Final = 100
MEDIAN_SPAN: Final = 11
FUTURE: Final = 7_200
# The coinbase of the genesis block, which nobody can spend (the first release's main.cpp).
GENESIS_COINBASE: Final = bytes.fromhex(
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054"
    "696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420"
    "666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61"
    "deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)


@dataclass(frozen=True, slots=True)
class Coin:
    """An unspent output, the height that made it, and whether a coinbase did."""

    output: TxOut
    height: int
    coinbase: bool


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block of the chain. spent: the coins that it spends, in order, without the coinbase's."""

    height: int
    block: Block
    spent: tuple[Coin, ...]
    filter: bytes
    filter_hash: FilterHash
    filter_header: FilterHeader

    @property
    def header(self) -> BlockHeader:
        return self.block.header

    @property
    def hash(self) -> BlockHash:
        return self.block.hash


class Chain:
    """The best chain, from genesis on; `blocks[height]`."""

    def __init__(self) -> None:
        genesis = Block.build(BlockHeader.parse(REGTEST.genesis_header), [Transaction.parse(GENESIS_COINBASE)])
        self.coins: dict[OutPoint, Coin] = {}
        self.blocks: list[StoredBlock] = []
        self._heights: dict[BlockHash, int] = {}
        self._append(genesis, ())

    # --- looking

    @property
    def tip(self) -> StoredBlock:
        return self.blocks[-1]

    @property
    def height(self) -> int:
        return self.tip.height

    def height_of(self, block_hash: bytes) -> int | None:
        """The height of a block of this chain, None for any other."""
        return self._heights.get(BlockHash(block_hash))

    def find(self, block_hash: bytes) -> StoredBlock | None:
        """A block of this chain by its hash."""
        height = self.height_of(block_hash)
        return None if height is None else self.blocks[height]

    def raw_headers(self, first: int, count: int) -> bytes:
        """Headers back to back, 80 bytes each."""
        return b"".join(block.header.serialize() for block in self.blocks[first : first + count])

    def median_time(self) -> int:
        """The median of the last eleven times: what the next block's must be above, and locktimes are held against."""
        return median_time(block.header.time for block in self.blocks[-MEDIAN_SPAN:])

    # --- growing and shrinking

    def connect(self, block: Block, now: int) -> StoredBlock:
        """Add a block on top of the tip; Rejected, with nothing changed, when it breaks a rule. now: Unix seconds."""
        height = self.height + 1
        self._check_header(block.header, now)
        try:
            block.check(segwit=True)
            block.check_height(height)
        except BlockError as error:
            raise Rejected("bad-block", str(error)) from error
        spent, fees = self._check_transactions(block, height)
        if sum(output.amount for output in block.transaction(0).outputs) > subsidy(height) + fees:
            raise Rejected("bad-cb-amount")
        return self._append(block, spent)

    def _check_header(self, header: BlockHeader, now: int) -> None:
        if header.previous != self.tip.hash:
            raise Rejected("prev-blk-not-found")
        if header.bits != self.tip.header.bits:
            raise Rejected("bad-diffbits")
        try:
            check_pow(header.hash, header.bits, REGTEST)
        except PowError as error:
            raise Rejected("high-hash") from error
        if header.time <= self.median_time():
            raise Rejected("time-too-old")
        if header.time > now + FUTURE:
            raise Rejected("time-too-new")

    def _check_transactions(self, block: Block, height: int) -> tuple[tuple[Coin, ...], Sats]:
        view = CoinView(self.coins)
        spent: list[Coin] = []
        fees = 0
        for transaction in block.transactions[1:]:
            coins = view.spend(transaction, height)
            if not is_final(transaction, height, self.median_time()):
                raise Rejected("bad-txns-nonfinal")
            InputVerifier(transaction, [coin.output for coin in coins]).verify()
            fees += fee_of(transaction, coins)
            spent += coins
            view.create(transaction, height, coinbase=False)
        return tuple(spent), fees

    def _append(self, block: Block, spent: tuple[Coin, ...]) -> StoredBlock:
        height = len(self.blocks)
        scripts = filter_elements(block.all_scripts, [coin.output.script_pubkey for coin in spent])
        encoded = build_filter(block.hash, scripts)
        previous = self.tip.filter_header if self.blocks else FilterHeader(bytes(32))
        digest = filter_hash(encoded)
        stored = StoredBlock(height, block, spent, encoded, digest, next_filter_header(digest, previous))
        self.blocks.append(stored)
        self._heights[block.hash] = height
        for position, transaction in enumerate(block.transactions):
            if position:
                for tx_input in transaction.inputs:
                    del self.coins[tx_input.outpoint]
            if height:  # the genesis block's coin was never in the set
                self.coins.update(created_coins(transaction, height, coinbase=not position))
        return stored

    def disconnect(self) -> StoredBlock:
        """Take the tip off again; its coins are as they were before. ValueError for the genesis block."""
        if self.height == 0:
            raise ValueError("the genesis block stays")
        stored = self.blocks.pop()
        del self._heights[stored.hash]
        left = list(stored.spent)
        for position in reversed(range(len(stored.block))):
            transaction = stored.block.transaction(position)
            for outpoint in created_coins(transaction, stored.height, coinbase=False):
                self.coins.pop(outpoint, None)
            if position:
                for tx_input in reversed(transaction.inputs):
                    self.coins[tx_input.outpoint] = left.pop()
        return stored


class CoinView:
    """Coins as they would be after some transactions, over the coins that there are."""

    def __init__(self, base: Mapping[OutPoint, Coin]) -> None:
        self._base = base
        self._created: dict[OutPoint, Coin] = {}
        self._spent: set[OutPoint] = set()

    def get(self, outpoint: OutPoint) -> Coin | None:
        """A coin that is there to be spent."""
        if outpoint in self._spent:
            return None
        return self._created.get(outpoint) or self._base.get(outpoint)

    def spend(self, transaction: Transaction, height: int) -> list[Coin]:
        """Take the coins that a transaction spends, in order. Rejected when one is missing or not ripe at `height`."""
        coins = []
        for tx_input in transaction.inputs:
            coin = self.get(tx_input.outpoint)
            if coin is None:
                raise Rejected("bad-txns-inputs-missingorspent")
            if coin.coinbase and height - coin.height < MATURITY:
                raise Rejected("bad-txns-premature-spend-of-coinbase")
            self._spent.add(tx_input.outpoint)
            coins.append(coin)
        return coins

    def create(self, transaction: Transaction, height: int, *, coinbase: bool) -> None:
        """Add the coins that a transaction makes."""
        self._created.update(created_coins(transaction, height, coinbase=coinbase))


def created_coins(transaction: Transaction, height: int, *, coinbase: bool) -> dict[OutPoint, Coin]:
    """The spendable outputs of a transaction."""
    return {
        OutPoint(transaction.txid, index): Coin(output, height, coinbase)
        for index, output in enumerate(transaction.outputs)
        if not is_unspendable(output.script_pubkey)
    }


def fee_of(transaction: Transaction, coins: Iterable[Coin]) -> Sats:
    """What a transaction leaves to the miner. Rejected when it pays out more than it takes in."""
    taken = sum(coin.output.amount for coin in coins)
    paid = sum(output.amount for output in transaction.outputs)
    if paid > taken or taken > MAX_MONEY:
        raise Rejected("bad-txns-in-belowout")
    return taken - paid


def is_final(transaction: Transaction, height: int, median: int) -> bool:
    """Whether the locktime lets it into a block at `height` (BIP113)."""
    if transaction.locktime == 0:
        return True
    limit = height if transaction.locktime < 500_000_000 else median
    return transaction.locktime < limit or all(spent.sequence == 0xFFFFFFFF for spent in transaction.inputs)


def transactions_of(blocks: Sequence[StoredBlock]) -> Iterator[Transaction]:
    """What blocks hold besides their coinbases."""
    for stored in blocks:
        yield from stored.block.transactions[1:]
