"""A generated regtest chain: real proof of work, coinbases, payments, Merkle roots, witness commitments and filters."""

from collections import ChainMap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.block import BlockHeader, height_push
from wallet.bitcoin.blockfilter import build_filter, filter_elements, filter_hash, next_filter_header
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.hashes import BlockHash, FilterHash, FilterHeader, MerkleRoot, Txid, sha256, sha256d
from wallet.bitcoin.merkletree import merkle_root
from wallet.bitcoin.network import REGTEST, ChainParams
from wallet.bitcoin.script import op_return, p2wsh, push
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.practice.chain import GENESIS_COINBASE
from wallet.practice.mining import mine_header, subsidy
from wallet.practice.verify import ANYONE

# Anybody can spend this, with the script alone as witness: the chain needs no keys.
ANYONE_SCRIPT = p2wsh(sha256(ANYONE))
NULL = OutPoint(Txid(bytes(32)), 0xFFFFFFFF)


@dataclass(frozen=True)
class BuiltBlock:
    """A block of the chain with its filter; `spent` are the outputs that it spends."""

    height: int
    header: BlockHeader
    transactions: tuple[Transaction, ...]
    spent: tuple[TxOut, ...]
    previous_filter_header: FilterHeader

    @cached_property
    def hash(self) -> BlockHash:
        return self.header.hash

    @cached_property
    def raw(self) -> bytes:
        body = b"".join(transaction.serialize() for transaction in self.transactions)
        return self.header.serialize() + compact_size(len(self.transactions)) + body

    @cached_property
    def filter(self) -> bytes:
        paid = [output.script_pubkey for transaction in self.transactions for output in transaction.outputs]
        return build_filter(self.hash, filter_elements(paid, [output.script_pubkey for output in self.spent]))

    @cached_property
    def filter_hash(self) -> FilterHash:
        return filter_hash(self.filter)

    @cached_property
    def filter_header(self) -> FilterHeader:
        return next_filter_header(self.filter_hash, self.previous_filter_header)


class ChainBuilder:
    """Mines blocks in Python. `blocks[height]`; `spacing` seconds between them; `tag` makes two chains differ."""

    def __init__(self, params: ChainParams = REGTEST, *, spacing: int = 600, tag: bytes = b"") -> None:
        header = BlockHeader.parse(params.genesis_header)
        genesis = BuiltBlock(0, header, (Transaction.parse(GENESIS_COINBASE),), (), FilterHeader(bytes(32)))
        self.params = params
        self.spacing = spacing
        self.tag = tag
        self.blocks = [genesis]
        self._heights = {genesis.hash: 0}
        self._outputs: dict[OutPoint, TxOut] = {}
        self._own: dict[OutPoint, Sats] = {}

    @property
    def tip(self) -> BuiltBlock:
        return self.blocks[-1]

    @property
    def height(self) -> int:
        return self.tip.height

    def height_of(self, block_hash: bytes) -> int | None:
        """The height of a block of this chain."""
        return self._heights.get(BlockHash(block_hash))

    def raw_headers(self, first: int = 0, count: int | None = None) -> bytes:
        """Headers back to back, 80 bytes each."""
        last = len(self.blocks) if count is None else first + count
        return b"".join(block.header.serialize() for block in self.blocks[first:last])

    def mine(self, count: int = 1, transactions: Sequence[Transaction] = (), *, time: int | None = None) -> BuiltBlock:
        """Add `count` blocks, the first with `transactions` and at `time`; returns the last."""
        self._append(self._build(tuple(transactions), time))
        for _ in range(count - 1):
            self._append(self._build((), None))
        return self.tip

    def pay(self, *payments: tuple[bytes, Sats], fee: Sats = 1_000) -> Transaction:
        """A valid transaction that pays (script, amount) pairs from the chain's own coins, the oldest first.

        It is not mined: hand it to `mine`. Its inputs count as spent from now on, its change when it is mined.
        """
        needed = fee + sum(amount for _, amount in payments)
        chosen: list[OutPoint] = []
        gathered = 0
        while gathered < needed:
            if not self._own:
                raise ValueError(f"the chain has {gathered} of {needed}: mine more blocks first")
            outpoint = next(iter(self._own))
            gathered += self._own.pop(outpoint)
            chosen.append(outpoint)
        outputs = [TxOut(amount, script) for script, amount in payments]
        if gathered > needed:
            outputs.append(TxOut(gathered - needed, ANYONE_SCRIPT))
        inputs = tuple(TxIn(outpoint, b"", 0xFFFFFFFD, (ANYONE,)) for outpoint in chosen)
        return Transaction(2, inputs, tuple(outputs), 0)

    def mine_payment(self, script: bytes, amount: Sats) -> Transaction:
        """Mine one block that pays `amount` to `script`; returns the payment."""
        payment = self.pay((script, amount))
        self.mine(transactions=[payment])
        return payment

    def fork(self, height: int, *, tag: bytes = b"fork") -> Self:
        """Another chain with the same blocks up to `height`; what is mined on it from now on is different."""
        other = type(self)(self.params, spacing=self.spacing, tag=tag)
        for block in self.blocks[1 : height + 1]:
            other._append(block)
        return other

    def _build(self, transactions: tuple[Transaction, ...], time: int | None) -> BuiltBlock:
        height = self.height + 1
        every = (self._coinbase(height, transactions), *transactions)
        root = MerkleRoot(merkle_root([transaction.txid for transaction in every]))
        when = self.tip.header.time + self.spacing if time is None else time
        header = mine_header(self.tip.hash, root, when, self.params.pow_limit_bits)
        return BuiltBlock(height, header, every, self._spent_by(transactions), self.tip.filter_header)

    def _coinbase(self, height: int, transactions: Sequence[Transaction]) -> Transaction:
        """Pays the subsidy, no fees, to the chain; commits to the witnesses (BIP141), names the height (BIP34)."""
        reserved = bytes(32)
        leaves = [reserved, *(transaction.wtxid for transaction in transactions)]
        commitment = sha256d(merkle_root(leaves) + reserved)
        outputs = (
            TxOut(subsidy(height), ANYONE_SCRIPT),
            TxOut(0, op_return(bytes.fromhex("aa21a9ed") + commitment)),
        )
        script = height_push(height) + push(b"wren" + self.tag)
        return Transaction(2, (TxIn(NULL, script, 0xFFFFFFFF, (reserved,)),), outputs, 0)

    def _spent_by(self, transactions: Iterable[Transaction]) -> tuple[TxOut, ...]:
        """The outputs spent, of earlier blocks or of the same one."""
        known = ChainMap({}, self._outputs)
        spent: list[TxOut] = []
        for transaction in transactions:
            spent += [known[each.outpoint] for each in transaction.inputs]
            known.update(_outputs_of(transaction))
        return tuple(spent)

    def _append(self, block: BuiltBlock) -> None:
        self.blocks.append(block)
        self._heights[block.hash] = block.height
        for transaction in block.transactions:
            created = _outputs_of(transaction)
            self._outputs.update(created)
            self._own.update({at: out.amount for at, out in created.items() if out.script_pubkey == ANYONE_SCRIPT})
            for spent in transaction.inputs:
                self._own.pop(spent.outpoint, None)


def _outputs_of(transaction: Transaction) -> dict[OutPoint, TxOut]:
    return {OutPoint(transaction.txid, index): output for index, output in enumerate(transaction.outputs)}
