"""Blocks made for tests: a coinbase and payments, with the right Merkle root and witness commitment, not mined."""

from functools import cache

from wallet.bitcoin.block import Block, BlockHeader, height_push
from wallet.bitcoin.hashes import ZERO, BlockHash, MerkleRoot, Txid, Wtxid, sha256d
from wallet.bitcoin.merkletree import merkle_root
from wallet.bitcoin.transaction import NULL_INDEX, OutPoint, Transaction, TxIn, TxOut

RESERVED = bytes(32)


def coinbase(height: int, commitment: bytes | None = None) -> Transaction:
    """The first transaction of a block; with the witness that a commitment asks for."""
    outputs = [TxOut(5_000_000_000, b"\x51")]
    if commitment is not None:
        outputs.append(TxOut(0, bytes.fromhex("6a24aa21a9ed") + commitment))
    witness = () if commitment is None else (RESERVED,)
    spends = TxIn(OutPoint(Txid(ZERO), NULL_INDEX), height_push(height) + b"\x00", witness=witness)
    return Transaction(2, (spends,), tuple(outputs))


def payment(number: int, script: bytes = b"\x00\x14" + b"\x07" * 20, witness: tuple[bytes, ...] = ()) -> Transaction:
    """A payment of its own for each number."""
    spends = TxIn(OutPoint(Txid(sha256d(b"coin %d" % number)), number % 5), witness=witness)
    return Transaction(2, (spends,), (TxOut(1000 + number, script),))


def block_of(transactions: list[Transaction], merkle: bytes | None = None) -> Block:
    """A block of these transactions under a header that commits to them."""
    root = merkle_root([transaction.txid for transaction in transactions]) if merkle is None else merkle
    header = BlockHeader(4, BlockHash(ZERO), MerkleRoot(root), 1_700_000_000, 0x207FFFFF, 0)
    return Block.build(header, transactions)


def commit(transactions: list[Transaction]) -> bytes:
    """What the coinbase in front of these transactions must commit to."""
    return sha256d(merkle_root([Wtxid(ZERO), *(one.wtxid for one in transactions)]) + RESERVED)


@cache
def make_block(count: int, witnesses: bool = False) -> Block:
    """A block of so many transactions, the coinbase among them."""
    witness = (b"\x30" * 71, b"\x02" * 33) if witnesses else ()
    payments = [payment(number, witness=witness) for number in range(1, count)]
    return block_of([coinbase(300, commit(payments) if witnesses else None), *payments])
