"""Blocks made on the spot: coinbase, witness commitment, and the little work that regtest asks for."""

from collections.abc import Sequence
from typing import Final

from wallet.bitcoin.amount import COIN, Sats
from wallet.bitcoin.block import Block, BlockHeader, height_push
from wallet.bitcoin.codec import u32
from wallet.bitcoin.hashes import BlockHash, MerkleRoot, Txid, sha256d
from wallet.bitcoin.merkletree import merkle_root
from wallet.bitcoin.pow import target_from_bits
from wallet.bitcoin.script import op_return, push
from wallet.bitcoin.transaction import NULL_INDEX, OutPoint, Transaction, TxIn, TxOut

HALVING: Final = 150
"""Regtest's blocks between halvings."""
VERSION: Final = 0x20000000
_RESERVED: Final = bytes(32)
_COMMITMENT: Final = bytes.fromhex("aa21a9ed")


def subsidy(height: int) -> Sats:
    """What a block of regtest may create."""
    halvings = height // HALVING
    return 50 * COIN >> halvings if halvings < 64 else 0


def mine_header(previous: BlockHash, root: MerkleRoot, time: int, bits: int, version: int = VERSION) -> BlockHeader:
    """A header with proof of work for its own bits: nonces are tried until one fits."""
    target = target_from_bits(bits)
    head = version.to_bytes(4, "little", signed=True) + previous + root + u32(time) + u32(bits)
    nonce = 0
    while int.from_bytes(sha256d(head + u32(nonce)), "little") > target:
        nonce += 1
    return BlockHeader.parse(head + u32(nonce))


def coinbase(height: int, reward: TxOut, transactions: Sequence[Transaction], tag: bytes = b"") -> Transaction:
    """The first transaction: names the height (BIP34) and commits to the witnesses (BIP141). tag: tells twins apart."""
    leaves = [_RESERVED, *(transaction.wtxid for transaction in transactions)]
    commitment = sha256d(merkle_root(leaves) + _RESERVED)
    script = height_push(height) + push(b"practice" + tag)
    spends = TxIn(OutPoint(Txid(bytes(32)), NULL_INDEX), script, 0xFFFFFFFF, (_RESERVED,))
    return Transaction(2, (spends,), (reward, TxOut(0, op_return(_COMMITMENT + commitment))), 0)


def make_block(previous: BlockHeader, first: Transaction, transactions: Sequence[Transaction], time: int) -> Block:
    """The block on top of `previous` with its coinbase and these transactions, in this order; mined."""
    every = [first, *transactions]
    root = MerkleRoot(merkle_root([transaction.txid for transaction in every]))
    return Block.build(mine_header(previous.hash, root, time, previous.bits), every)
