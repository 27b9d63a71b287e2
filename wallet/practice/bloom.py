"""A bloom filter that a peer loaded, applied to transactions as the reference node does (BIP37)."""

from typing import Final

from wallet.bitcoin.bloom import UPDATE_ALL, BloomFilter
from wallet.bitcoin.codec import ParseError, Reader
from wallet.bitcoin.merkletree import PartialMerkleTree
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.practice.chain import StoredBlock
from wallet.spv.message import FilterLoad, MerkleBlock

UPDATE_MASK: Final = 3


def pushed(script: bytes) -> list[bytes]:
    """The values that a script pushes, as far as it can be read."""
    reader = Reader(script)
    found: list[bytes] = []
    try:
        while reader.remaining:
            opcode = reader.u8()
            if opcode <= 0x4E:
                width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(opcode)
                size = opcode if width is None else int.from_bytes(reader.take(width), "little")
                found.append(reader.take(size))
    except ParseError:
        pass  # the rest of it pushes nothing
    return [value for value in found if value]


class PeerFilter:
    """Grows with what it matches where its flags say so."""

    def __init__(self, load: FilterLoad) -> None:
        self._bits = BloomFilter.received(load.data, load.hashes, load.tweak)
        self._grows = load.flags & UPDATE_MASK == UPDATE_ALL

    def add(self, element: bytes) -> None:
        self._bits.add(element)

    def matches(self, transaction: Transaction) -> bool:
        """Whether a transaction concerns the peer; outputs that match are remembered by their outpoints."""
        found = transaction.txid in self._bits
        for index, output in enumerate(transaction.outputs):
            if any(value in self._bits for value in pushed(output.script_pubkey)):
                found = True
                if self._grows:
                    self._bits.add(OutPoint(transaction.txid, index).serialize())
        return found or any(
            spent.outpoint.serialize() in self._bits or any(value in self._bits for value in pushed(spent.script_sig))
            for spent in transaction.inputs
        )

    def block(self, stored: StoredBlock) -> tuple[MerkleBlock, list[Transaction]]:
        """A filtered block, and the transactions that it matched."""
        transactions = list(stored.block.transactions)
        flags = [self.matches(transaction) for transaction in transactions]
        tree = PartialMerkleTree.build([transaction.txid for transaction in transactions], flags)
        return MerkleBlock(stored.header, tree), [tx for tx, flag in zip(transactions, flags, strict=True) if flag]
