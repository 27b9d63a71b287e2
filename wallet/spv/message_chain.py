"""Payloads that carry the chain: headers, inventory, transactions, blocks, filtered blocks.

What comes by the thousand (headers, inventory entries) stays raw and is read in place: a flood costs its bytes and no
objects. Sources: protocol documentation, BIPs 37, 144, 339; limits of the reference node.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Final, NamedTuple, Self

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.codec import ParseError, Reader, compact_size, u32
from wallet.bitcoin.hashes import BlockHash, Hash256
from wallet.bitcoin.merkletree import PartialMerkleTree

MAX_MESSAGE: Final = 4_000_000
MAX_HEADERS: Final = 2_000
MAX_INV: Final = 50_000
MAX_LOCATOR: Final = 101

_HEADER: Final = 80
_WIRE_HEADER: Final = 81
_INV_ITEM: Final = Struct("<I32s")


class InvType(IntEnum):
    """What an inventory entry names. The witness forms belong in getdata only (BIP144)."""

    TX = 1
    BLOCK = 2
    FILTERED_BLOCK = 3
    WTX = 5
    WITNESS_TX = 0x40000001
    WITNESS_BLOCK = 0x40000002


class InvItem(NamedTuple):
    """One inventory entry: any 32-bit type (the reader passes over unknown ones) and a hash."""

    type: int
    hash: Hash256


@dataclass(frozen=True, slots=True)
class GetHeaders:
    """Headers after the first known hash of `locator` (newest first, at most 101) up to `stop` (zero: all that fit)."""

    command: ClassVar[str] = "getheaders"
    maximum: ClassVar[int] = 4 + 1 + MAX_LOCATOR * 32 + 32

    protocol: int
    locator: tuple[BlockHash, ...]
    stop: BlockHash

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        protocol = reader.u32()
        count = reader.compact_size(MAX_LOCATOR)
        locator = tuple(BlockHash(reader.take(32)) for _ in range(count))
        message = cls(protocol, locator, BlockHash(reader.take(32)))
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return u32(self.protocol) + compact_size(len(self.locator)) + b"".join(self.locator) + self.stop


@dataclass(frozen=True, slots=True)
class Headers:
    """At most 2,000 block headers; `raw` holds them back to back, 80 bytes each, for checks by the batch."""

    command: ClassVar[str] = "headers"
    maximum: ClassVar[int] = 3 + MAX_HEADERS * _WIRE_HEADER

    raw: bytes

    @property
    def count(self) -> int:
        return len(self.raw) // _HEADER

    def header(self, position: int) -> BlockHeader:
        """The header at a position from 0; IndexError outside."""
        start = range(0, len(self.raw), _HEADER)[position]
        return BlockHeader.parse(self.raw[start : start + _HEADER])

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """On the wire each header is followed by its number of transactions, which is zero."""
        reader = Reader(payload)
        count = reader.compact_size(MAX_HEADERS)
        if reader.remaining != count * _WIRE_HEADER:
            raise ParseError(f"headers: {count} headers do not fill {reader.remaining} bytes")
        raw = bytearray(payload[reader.position :])
        if any(raw[_HEADER::_WIRE_HEADER]):
            raise ParseError("headers: a header is followed by transactions")
        del raw[_HEADER::_WIRE_HEADER]
        return cls(bytes(raw))

    def serialize(self) -> bytes:
        starts = range(0, len(self.raw), _HEADER)
        return compact_size(self.count) + b"".join(self.raw[at : at + _HEADER] + b"\0" for at in starts)


@dataclass(frozen=True, slots=True)
class _Inventory:
    """At most 50,000 inventory entries, kept raw (36 bytes each); iterate to read them."""

    command: ClassVar[str]
    maximum: ClassVar[int] = 3 + MAX_INV * _INV_ITEM.size

    raw: bytes

    @classmethod
    def of(cls, *items: tuple[int, bytes]) -> Self:
        """From pairs of type and hash in wire order."""
        return cls(b"".join(_INV_ITEM.pack(kind, digest) for kind, digest in items))

    @property
    def count(self) -> int:
        return len(self.raw) // _INV_ITEM.size

    def __iter__(self) -> Iterator[InvItem]:
        for kind, digest in _INV_ITEM.iter_unpack(self.raw):
            yield InvItem(kind, Hash256(digest))

    def pairs(self) -> Iterator[tuple[int, bytes]]:
        """Type and hash as plain values: many times quicker, for floods."""
        return _INV_ITEM.iter_unpack(self.raw)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        count = reader.compact_size(MAX_INV)
        if reader.remaining != count * _INV_ITEM.size:
            raise ParseError(f"{cls.command}: {count} entries do not fill {reader.remaining} bytes")
        return cls(payload[reader.position :])

    def serialize(self) -> bytes:
        return compact_size(self.count) + self.raw


@dataclass(frozen=True, slots=True)
class Inv(_Inventory):
    """The sender has these."""

    command: ClassVar[str] = "inv"


@dataclass(frozen=True, slots=True)
class GetData(_Inventory):
    """Send these."""

    command: ClassVar[str] = "getdata"


@dataclass(frozen=True, slots=True)
class NotFound(_Inventory):
    """These were asked for and cannot be had."""

    command: ClassVar[str] = "notfound"


@dataclass(frozen=True, slots=True)
class _Raw:
    """A payload that somebody else parses."""

    command: ClassVar[str]
    maximum: ClassVar[int] = MAX_MESSAGE

    raw: bytes

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        return cls(payload)

    def serialize(self) -> bytes:
        return self.raw


@dataclass(frozen=True, slots=True)
class Tx(_Raw):
    """A transaction, not parsed yet (Transaction.parse)."""

    command: ClassVar[str] = "tx"


@dataclass(frozen=True, slots=True)
class BlockMessage(_Raw):
    """A block, not parsed yet (Block.parse)."""

    command: ClassVar[str] = "block"


@dataclass(frozen=True, slots=True)
class MerkleBlock:
    """A header and the branches to the transactions that passed a filter (BIP37)."""

    command: ClassVar[str] = "merkleblock"
    maximum: ClassVar[int] = MAX_MESSAGE

    header: BlockHeader
    tree: PartialMerkleTree

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        return cls(BlockHeader.parse(payload[:_HEADER]), PartialMerkleTree.parse(payload[_HEADER:]))

    def serialize(self) -> bytes:
        return self.header.serialize() + self.tree.serialize()
