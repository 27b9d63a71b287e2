"""Merkle trees over a block's transactions: roots, branches and partial trees (BIP37).

A level of odd length is completed with its last hash. Because of that two different lists of transactions can have
the same root (CVE-2012-2459); such a list holds equal neighbours where an honest one never does, and is refused here.
Hashes are 32 bytes in wire order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import eq
from typing import Self

from wallet.bitcoin.codec import ParseError, Reader, compact_size, u32, var_bytes
from wallet.bitcoin.hashes import Hash256, sha256d

MAX_TRANSACTIONS = 4_000_000 // 240
"""More cannot be in a block: 60 bytes, of four weight units each, is the least that a transaction takes."""


class MerkleError(ValueError):
    """A list or a tree of hashes that an honest block cannot have."""


class MerkleTree:
    """All levels over a list of hashes, from which root and branches are read."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        """MerkleError when there are none or when the list is a mutation (CVE-2012-2459)."""
        if not hashes:
            raise MerkleError("a tree without leaves")
        self._levels = [hashes]
        while len(self._levels[-1]) > 1:
            self._levels.append(_parents(self._levels[-1]))

    @property
    def root(self) -> bytes:
        return bytes(self._levels[-1][0])

    def branch(self, position: int) -> tuple[Hash256, ...]:
        """The siblings on the way from the leaf at `position` to the root, lowest first; MerkleError outside."""
        if not 0 <= position < len(self._levels[0]):
            raise MerkleError(f"no leaf {position} among {len(self._levels[0])}")
        siblings = []
        for level in self._levels[:-1]:
            siblings.append(Hash256(level[min(position ^ 1, len(level) - 1)]))
            position >>= 1
        return tuple(siblings)


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """The root over `hashes`; MerkleError when there are none or when the list is a mutation (CVE-2012-2459)."""
    return MerkleTree(hashes).root


def merkle_branch(hashes: Sequence[bytes], position: int) -> tuple[Hash256, ...]:
    """The siblings on the way from the leaf at `position` to the root, lowest first."""
    return MerkleTree(hashes).branch(position)


def fold_branch(leaf: bytes, position: int, branch: Sequence[bytes]) -> Hash256:
    """The root that `leaf` at `position` and the siblings of `branch` lead to. Checks nothing; MerkleProof does."""
    node = leaf
    for sibling in branch:
        node = sha256d(sibling + node if position & 1 else node + sibling)
        position >>= 1
    return Hash256(node)


def _parents(level: Sequence[bytes]) -> list[bytes]:
    if any(map(eq, level[::2], level[1::2])):
        raise MerkleError("equal neighbours: transactions were repeated (CVE-2012-2459)")
    if len(level) & 1:
        level = [*level, level[-1]]
    joined = b"".join(level)
    return [sha256(sha256(joined[at : at + 64]).digest()).digest() for at in range(0, len(joined), 64)]


@dataclass(frozen=True, slots=True)
class PartialMerkleTree:
    """The tree of a `merkleblock`: the branches to some of a block's transactions, in depth-first order (BIP37).

    `bits` are the flags, least significant bit of each byte first.
    """

    total: int
    hashes: tuple[Hash256, ...]
    bits: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """All of `raw`; ParseError on trailing bytes."""
        reader = Reader(raw)
        tree = cls.read(reader)
        reader.finish()
        return tree

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """The next tree; its shape is checked by `extract`."""
        total = reader.u32()
        hashes = reader.list_of(Hash256.read, MAX_TRANSACTIONS, minimum_size=32)
        bits = reader.var_bytes(MAX_TRANSACTIONS)
        if not 1 <= total <= MAX_TRANSACTIONS:
            raise ParseError(f"{total} transactions in a block")
        if not len(hashes) <= min(total, 8 * len(bits)):
            raise ParseError(f"{len(hashes)} hashes for {total} transactions and {len(bits)} bytes of flags")
        return cls(total, tuple(hashes), bits)

    def serialize(self) -> bytes:
        """The wire form."""
        return u32(self.total) + compact_size(len(self.hashes)) + b"".join(self.hashes) + var_bytes(self.bits)

    @classmethod
    def build(cls, txids: Sequence[bytes], matched: Sequence[bool]) -> Self:
        """The tree that proves the matched ones among all `txids` of a block."""
        if not txids or len(txids) != len(matched):
            raise MerkleError("one flag for each transaction, at least one transaction")
        levels: list[tuple[Sequence[bytes], Sequence[bool]]] = [(txids, matched)]
        while len(levels[-1][0]) > 1:
            hashes, flags = levels[-1]
            levels.append((_parents(hashes), [any(flags[i : i + 2]) for i in range(0, len(flags), 2)]))
        kept: list[Hash256] = []
        bits: list[bool] = []

        def descend(height: int, position: int) -> None:
            hashes, flags = levels[height]
            if position >= len(hashes):
                return
            bits.append(flags[position])
            if height == 0 or not flags[position]:
                kept.append(Hash256(hashes[position]))
                return
            descend(height - 1, 2 * position)
            descend(height - 1, 2 * position + 1)

        descend(len(levels) - 1, 0)
        packed = sum(bit << i for i, bit in enumerate(bits)).to_bytes((len(bits) + 7) // 8, "little")
        return cls(len(txids), tuple(kept), packed)

    def extract(self) -> tuple[Hash256, tuple[tuple[int, Hash256], ...]]:
        """The root, and (position, txid) of each matched leaf; MerkleError when the tree is not honest.

        The count of transactions is a claim of the sender, and so is a position: neither is proven by this tree.
        """
        walk = _PartialWalk(self)
        height = (self.total - 1).bit_length()
        root = walk.node(height, 0)
        walk.finish()
        return Hash256(root), tuple(walk.matches)


class _PartialWalk:
    def __init__(self, tree: PartialMerkleTree) -> None:
        self._total = tree.total
        self._hashes: Iterator[Hash256] = iter(tree.hashes)
        self._bits = tree.bits
        self._used = 0
        self.matches: list[tuple[int, Hash256]] = []

    def node(self, height: int, position: int) -> bytes:
        """The hash of one node, reading what is below it."""
        if self._used >= 8 * len(self._bits):
            raise MerkleError("flags end inside the tree")
        flag = self._bits[self._used >> 3] >> (self._used & 7) & 1
        self._used += 1
        if height and flag:
            return self._inner(height, position)
        leaf = next(self._hashes, None)
        if leaf is None:
            raise MerkleError("hashes end inside the tree")
        if flag:
            self.matches.append((position, leaf))
        return leaf

    def _inner(self, height: int, position: int) -> bytes:
        left = right = self.node(height - 1, 2 * position)
        width = (self._total + (1 << height - 1) - 1) >> height - 1
        if 2 * position + 1 < width:
            right = self.node(height - 1, 2 * position + 1)
            if right == left:
                raise MerkleError("equal neighbours: transactions were repeated (CVE-2012-2459)")
        return sha256d(left + right)

    def finish(self) -> None:
        """Refuse what the walk left over, but for zeros that fill up the last byte of flags."""
        if next(self._hashes, None) is not None:
            raise MerkleError("hashes left over")
        if (self._used + 7) // 8 != len(self._bits) or self._bits[-1] >> (self._used - 1) % 8 + 1:
            raise MerkleError("flags left over")
