"""Proofs that a transaction is in a block: made from a block, checked against a header, carried as JSON.

A branch alone does not prove that its leaf is a transaction, nor how deep the tree is: 64 bytes can be read as a
transaction or as two hashes (CVE-2017-12842). A proof therefore carries the block's first transaction as well, which
must be a coinbase, and the branch to it: two branches of one length end on the same level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from wallet.bitcoin.block import Block, BlockHeader
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import Hash256, Txid, sha256d
from wallet.bitcoin.merkletree import (
    MAX_TRANSACTIONS,
    MerkleError,
    PartialMerkleTree,
    fold_branch,
    merkle_branch,
    merkle_root,
)
from wallet.bitcoin.transaction import Transaction

__all__ = [
    "MerkleError",
    "MerkleProof",
    "PartialMerkleTree",
    "ProofError",
    "build_proof",
    "fold_branch",
    "merkle_branch",
    "merkle_root",
]

MAX_DEPTH = (MAX_TRANSACTIONS - 1).bit_length()
NODE_SIZE = 64
"""Two hashes: what an inner node hashes."""
KEYS = ("txid", "tx", "height", "block_hash", "header", "position", "branch", "coinbase", "coinbase_branch")


class ProofError(ValueError):
    """A proof that proves nothing."""


@dataclass(frozen=True, slots=True)
class MerkleProof:
    """That `tx` is the transaction number `position` of the block of `header`.

    `tx` and `coinbase` are serialized without witnesses; branches hold the siblings, lowest first. `height` is a
    statement of whoever made the proof: the header chain knows.
    """

    tx: bytes
    height: int
    header: BlockHeader
    position: int
    branch: tuple[Hash256, ...]
    coinbase: bytes
    coinbase_branch: tuple[Hash256, ...]

    @property
    def txid(self) -> Txid:
        """The txid of the proven transaction."""
        return Txid(sha256d(self.tx))

    def verify(self) -> None:
        """Raise ProofError unless the header's Merkle root commits to the transaction at that position.

        Whether the header is part of the chain is for the header chain to say.
        """
        depth = len(self.branch)
        if depth != len(self.coinbase_branch) or depth > MAX_DEPTH:
            raise ProofError("the branches end on different levels, or too deep")
        if not 0 <= self.position < 1 << depth:
            raise ProofError(f"no position {self.position} in a tree of depth {depth}")
        first = _transaction(self.coinbase)
        if not first.is_coinbase:
            raise ProofError("the block's first transaction is not a coinbase")
        if _transaction(self.tx).is_coinbase != (self.position == 0):
            raise ProofError("a coinbase is first, and nothing else is")
        for leaf, position, branch in (
            (self.coinbase, 0, self.coinbase_branch),
            (self.tx, self.position, self.branch),
        ):
            if _climb(sha256d(leaf), position, branch) != self.header.merkle_root:
                raise ProofError("a branch does not lead to the header's Merkle root")

    def to_json(self) -> dict[str, Any]:
        """The proof as a JSON object: hashes in display order, raw data in hex."""
        return {
            "txid": str(self.txid),
            "tx": self.tx.hex(),
            "height": self.height,
            "block_hash": str(self.header.hash),
            "header": self.header.serialize().hex(),
            "position": self.position,
            "branch": [str(sibling) for sibling in self.branch],
            "coinbase": self.coinbase.hex(),
            "coinbase_branch": [str(sibling) for sibling in self.coinbase_branch],
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The proof in a JSON object; ProofError when it is not one or contradicts itself. Does not verify it."""
        if not isinstance(value, Mapping) or set(value) != set(KEYS):
            raise ProofError("a proof has the fields " + ", ".join(KEYS))
        try:
            proof = cls(
                tx=_hex(value, "tx"),
                height=_number(value, "height"),
                header=BlockHeader.parse(_hex(value, "header")),
                position=_number(value, "position"),
                branch=_hashes(value, "branch"),
                coinbase=_hex(value, "coinbase"),
                coinbase_branch=_hashes(value, "coinbase_branch"),
            )
        except ParseError as error:
            raise ProofError(str(error)) from None
        if str(proof.txid) != value["txid"] or str(proof.header.hash) != value["block_hash"]:
            raise ProofError("the proof's hashes are not those of its transaction and header")
        return proof


def build_proof(block: Block, position: int, height: int) -> MerkleProof:
    """The proof for the transaction at `position` of a block that was checked; MerkleError when there is none."""
    return MerkleProof(
        tx=block.stripped_transaction(position),
        height=height,
        header=block.header,
        position=position,
        branch=block.merkle_tree.branch(position),
        coinbase=block.stripped_transaction(0),
        coinbase_branch=block.merkle_tree.branch(0),
    )


def _climb(node: bytes, position: int, branch: Sequence[bytes]) -> bytes:
    """The root above a leaf, refusing what an honest tree cannot hold.

    Only the last node of a level is paired with itself, and it is a left child; the nodes above it are the last of
    their levels too. A right child that equals its sibling is a repeated transaction (CVE-2012-2459).
    """
    last_of_level = False
    for sibling in branch:
        right = position & 1
        if node == sibling and (right or position == 0):
            raise ProofError("a node equals its sibling (CVE-2012-2459)")
        if last_of_level and not right and node != sibling:
            raise ProofError("a node right of the last one")
        last_of_level = last_of_level or node == sibling
        pair = sibling + node if right else node + sibling
        if _is_transaction(pair):
            raise ProofError("an inner node can be read as a transaction (CVE-2017-12842)")
        node = sha256d(pair)
        position >>= 1
    return node


def _is_transaction(raw: bytes) -> bool:
    try:
        Transaction.parse(raw)
    except ParseError:
        return False
    return True


def _transaction(raw: bytes) -> Transaction:
    if len(raw) == NODE_SIZE:
        raise ProofError("a transaction of 64 bytes can be read as two hashes (CVE-2017-12842)")
    try:
        transaction = Transaction.parse(raw)
    except ParseError as error:
        raise ProofError(f"not a transaction: {error}") from None
    if transaction.has_witness:
        raise ProofError("a proof holds transactions without their witnesses")
    return transaction


def _hex(value: Mapping[str, Any], key: str) -> bytes:
    text = value[key]
    if not isinstance(text, str) or not text.isalnum():
        raise ProofError(f"{key} is not written in hex")
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ProofError(f"{key} is not written in hex") from None


def _number(value: Mapping[str, Any], key: str) -> int:
    number = value[key]
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ProofError(f"{key} is not a number from 0 on")
    return number


def _hashes(value: Mapping[str, Any], key: str) -> tuple[Hash256, ...]:
    texts = value[key]
    if not isinstance(texts, list) or len(texts) > MAX_DEPTH or not all(isinstance(text, str) for text in texts):
        raise ProofError(f"{key} is not a list of up to {MAX_DEPTH} hashes")
    return tuple(Hash256.from_hex(text) for text in texts)
