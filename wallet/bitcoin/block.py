"""Block headers, and blocks read in one pass without building their transactions."""

import struct
from bisect import bisect_right
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self, overload

from wallet.bitcoin.blockscan import BlockScan, scan_transactions
from wallet.bitcoin.codec import ParseError, Reader, compact_size
from wallet.bitcoin.hashes import BlockHash, MerkleRoot, Txid, sha256d
from wallet.bitcoin.merkletree import MerkleError, MerkleTree, merkle_root
from wallet.bitcoin.transaction import Transaction
from wallet.override import override

HEADER_SIZE = 80
MAX_WEIGHT = 4_000_000
"""Three times the size without witnesses, plus the size (BIP141)."""
NULL_OUTPOINT = bytes(32) + b"\xff" * 4
"""What a coinbase spends."""
WITNESS_COMMITMENT = bytes.fromhex("6a24aa21a9ed")
"""How the output begins that commits to the witnesses (BIP141, "Commitment structure")."""

_HEADER = struct.Struct("<i32s32sIII")


class BlockError(ValueError):
    """A block that breaks a rule of consensus, or does not belong to its header."""


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """80 bytes: version (signed), previous hash, Merkle root, time (Unix seconds), bits, nonce."""

    SIZE: ClassVar[int] = HEADER_SIZE

    version: int
    previous: BlockHash
    merkle_root: MerkleRoot
    time: int
    bits: int
    nonce: int
    _hash: BlockHash | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Exactly 80 bytes; ParseError otherwise."""
        if len(raw) != HEADER_SIZE:
            raise ParseError(f"a block header has {HEADER_SIZE} bytes, not {len(raw)}")
        version, previous, root, time, bits, nonce = _HEADER.unpack(raw)
        return cls(version, BlockHash(previous), MerkleRoot(root), time, bits, nonce)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """The next 80 bytes; ParseError when there are fewer."""
        return cls.parse(reader.take(HEADER_SIZE))

    def serialize(self) -> bytes:
        """The 80 bytes."""
        return _HEADER.pack(self.version, self.previous, self.merkle_root, self.time, self.bits, self.nonce)

    @property
    def hash(self) -> BlockHash:
        """The hash of the 80 bytes, reckoned once."""
        known = self._hash
        if known is None:
            known = BlockHash(sha256d(self.serialize()))
            object.__setattr__(self, "_hash", known)
        return known


class Block:
    """A block over its raw bytes: what each transaction pays and spends; `transactions` are built on demand.

    Parsing checks form only (ParseError). `check` holds the block against its header and the rules that need no chain.
    """

    def __init__(self, raw: bytes, header: BlockHeader, scan: BlockScan) -> None:
        self._raw = raw
        self._scan = scan
        self.header = header

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The whole block, nothing behind it; ParseError when the bytes do not have that form."""
        return cls(raw, BlockHeader.parse(raw[:HEADER_SIZE]), scan_transactions(raw, HEADER_SIZE))

    @classmethod
    def build(cls, header: BlockHeader, transactions: Iterable[Transaction]) -> Self:
        """A block of these transactions, unchecked: the header is taken as it is."""
        parts = [transaction.serialize() for transaction in transactions]
        return cls.parse(header.serialize() + compact_size(len(parts)) + b"".join(parts))

    def serialize(self) -> bytes:
        """The raw bytes."""
        return self._raw

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Block) and self._raw == other._raw

    @override
    def __hash__(self) -> int:
        return hash(self._raw)

    def __len__(self) -> int:
        return len(self._scan.witness_at)

    @override
    def __repr__(self) -> str:
        return f"Block({self.header.hash}, {len(self)} transactions)"

    @property
    def hash(self) -> BlockHash:
        """The header's hash."""
        return self.header.hash

    @cached_property
    def txid_bytes(self) -> list[bytes]:
        """The txids in wire order, as plain bytes."""
        return self._scan.txids(self._raw)

    @cached_property
    def txids(self) -> list[Txid]:
        """The txids."""
        return [Txid(raw) for raw in self.txid_bytes]

    @cached_property
    def merkle_tree(self) -> MerkleTree:
        """The tree over the txids; MerkleError for a mutated list (CVE-2012-2459)."""
        return MerkleTree(self.txid_bytes)

    @property
    def transactions(self) -> Sequence[Transaction]:
        """The transactions, each parsed when it is asked for."""
        return _Transactions(self)

    def transaction(self, position: int) -> Transaction:
        """The transaction at `position`, with its witnesses."""
        return Transaction.parse(self.raw_transaction(position))

    def raw_transaction(self, position: int) -> bytes:
        """The bytes of the transaction at `position`, as they are in the block."""
        return self._raw[self._scan.starts[position] : self._scan.starts[position + 1]]

    def stripped_transaction(self, position: int) -> bytes:
        """The same without witnesses: what the txid hashes."""
        return self._scan.stripped(self._raw, position)

    def scripts(self, position: int) -> list[bytes]:
        """The output scripts of the transaction at `position`."""
        first = self._scan.first_output
        return self._scan.scripts[first[position] : first[position + 1]]

    def spent(self, position: int) -> list[bytes]:
        """The outpoints (36 serialized bytes each) that the transaction at `position` spends."""
        first = self._scan.first_input
        return self._scan.outpoints[first[position] : first[position + 1]]

    @property
    def all_scripts(self) -> list[bytes]:
        """The output scripts of all transactions."""
        return self._scan.scripts

    @property
    def all_spent(self) -> list[bytes]:
        """The outpoints (36 serialized bytes each) that all inputs spend, the coinbase's null outpoint first."""
        return self._scan.outpoints

    def touching(self, scripts: Container[bytes], outpoints: Container[bytes]) -> list[int]:
        """The positions, ascending, of transactions that pay one of `scripts` or spend one of `outpoints`."""
        scan = self._scan
        paying = _positions(scan.scripts, scripts)
        found = {bisect_right(scan.first_output, at) - 1 for at in paying}
        found.update(bisect_right(scan.first_input, at) - 1 for at in _positions(scan.outpoints, outpoints))
        return sorted(found)

    @property
    def weight(self) -> int:
        """Three times the size without witnesses, plus the size (BIP141)."""
        return 4 * len(self._raw) - 3 * self._scan.witness_size()

    def check(self, segwit: bool = False) -> None:
        """Raise BlockError unless form, Merkle root and witness commitment are right. Proof of work is the header's.

        `segwit`: the block's height is the network's segwit height or above.
        """
        self.check_merkle_root()
        self.check_witness_commitment(segwit)

    def check_form(self) -> None:
        """Raise BlockError unless the first transaction, and only it, is a coinbase, and the weight is allowed."""
        spent = self._scan.outpoints
        if spent[0] != NULL_OUTPOINT or self._scan.first_input[1] != 1:
            raise BlockError("the first transaction is not a coinbase")
        if spent.count(NULL_OUTPOINT) > 1:
            raise BlockError("a second transaction spends what only a coinbase does")
        if self.weight > MAX_WEIGHT:
            raise BlockError(f"weight {self.weight} is above {MAX_WEIGHT}")

    def check_merkle_root(self) -> None:
        """Raise BlockError unless the txids are those of the header, in their only honest order (CVE-2012-2459).

        Inner nodes offered as transactions of 64 bytes (CVE-2017-12842) fail because the first transaction must be a
        coinbase, which an inner node cannot be: 33 bytes of it would have to be given values.
        """
        self.check_form()
        try:
            root = self.merkle_tree.root
        except MerkleError as error:
            raise BlockError(str(error)) from None
        if root != self.header.merkle_root:
            raise BlockError("the transactions are not those of the header's Merkle root")

    def check_witness_commitment(self, segwit: bool = False) -> None:
        """Raise BlockError unless witnesses are as the coinbase commits to them; none are allowed without (BIP141).

        Before segwit came into force a commitment bound nobody, and blocks hold some without a witness anywhere.
        `segwit` says that it is in force at the block's height: then witnesses cannot have been taken away either.
        """
        commitment = self._witness_commitment()
        if commitment is None:
            if any(self._scan.witness_at):
                raise BlockError("witnesses without a commitment")
        elif segwit or any(self._scan.witness_at):
            self._check_witnesses(commitment)

    def _check_witnesses(self, commitment: bytes) -> None:
        stack = self.transaction(0).inputs[0].witness
        if len(stack) != 1 or len(stack[0]) != 32:
            raise BlockError("the coinbase's witness is not one value of 32 bytes")
        try:
            root = merkle_root(self._scan.wtxids(self._raw, self.txid_bytes))
        except MerkleError as error:
            raise BlockError(str(error)) from None
        if sha256d(root + stack[0]) != commitment:
            raise BlockError("the witnesses are not those that the coinbase commits to")

    def _witness_commitment(self) -> bytes | None:
        found = [s for s in self.scripts(0) if len(s) >= 38 and s.startswith(WITNESS_COMMITMENT)]
        return found[-1][6:38] if found else None

    def check_height(self, height: int) -> None:
        """Raise BlockError unless the coinbase states `height` (BIP34; asked from the network's height of it on)."""
        script = self.transaction(0).inputs[0].script_sig
        if not script.startswith(height_push(height)):
            raise BlockError(f"the coinbase does not state height {height}")


def height_push(height: int) -> bytes:
    """How a coinbase's script starts at `height` (BIP34): the shortest push of the number."""
    if height <= 16:
        return bytes([0x50 + height]) if height else b"\x00"
    number = height.to_bytes(height.bit_length() // 8 + 1, "little")
    return bytes([len(number)]) + number


def _positions(values: Sequence[bytes], wanted: Container[bytes]) -> list[int]:
    """Where values are that are wanted: mostly nowhere, which is told without a step of Python for each."""
    found = set(filter(wanted.__contains__, values))
    return [at for at, value in enumerate(values) if value in found] if found else []


class _Transactions(Sequence[Transaction]):
    """A block's transactions, parsed when they are asked for."""

    def __init__(self, block: Block) -> None:
        self._block = block

    @override
    def __len__(self) -> int:
        return len(self._block)

    @overload
    def __getitem__(self, index: int) -> Transaction: ...

    @overload
    def __getitem__(self, index: slice) -> list[Transaction]: ...

    @override
    def __getitem__(self, index: int | slice) -> Transaction | list[Transaction]:
        positions = range(len(self))[index]
        if isinstance(positions, range):
            return [self._block.transaction(position) for position in positions]
        return self._block.transaction(positions)
