"""Payloads of compact block filters (BIP157). Filter type 0, the basic one of BIP158, is the only one that exists."""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from wallet.bitcoin.codec import ParseError, Reader, compact_size, u32, var_bytes
from wallet.bitcoin.hashes import BlockHash, FilterHash, FilterHeader

BASIC_FILTER: Final = 0
MAX_CFILTERS: Final = 1_000
MAX_CFHEADERS: Final = 2_000
CHECKPOINT_INTERVAL: Final = 1_000
# One for every 1,000 blocks; the longest chain, testnet3, has about 5,000.
MAX_CHECKPOINTS: Final = 20_000
# A block holds 1 MB without witness, so at most 100,000 elements, of 22 bits each.
MAX_FILTER: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Range:
    """A request for blocks from a height (included) to a block of the peer's chain (included)."""

    command: ClassVar[str]
    maximum: ClassVar[int] = 1 + 4 + 32

    start_height: int
    stop: BlockHash
    filter_type: int = BASIC_FILTER

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        filter_type = reader.u8()
        message = cls(reader.u32(), BlockHash(reader.take(32)), filter_type)
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return bytes([self.filter_type]) + u32(self.start_height) + self.stop


@dataclass(frozen=True, slots=True)
class GetCFilters(_Range):
    """Filters of at most 1,000 blocks; each comes in a cfilter of its own, in order of height."""

    command: ClassVar[str] = "getcfilters"


@dataclass(frozen=True, slots=True)
class GetCFHeaders(_Range):
    """Filter hashes of at most 2,000 blocks."""

    command: ClassVar[str] = "getcfheaders"


@dataclass(frozen=True, slots=True)
class GetCFCheckpt:
    """Filter headers at every 1,000th height up to a block of the peer's chain."""

    command: ClassVar[str] = "getcfcheckpt"
    maximum: ClassVar[int] = 1 + 32

    stop: BlockHash
    filter_type: int = BASIC_FILTER

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        filter_type = reader.u8()
        message = cls(BlockHash(reader.take(32)), filter_type)
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return bytes([self.filter_type]) + self.stop


@dataclass(frozen=True, slots=True)
class CFilter:
    """The filter of one block, not decoded."""

    command: ClassVar[str] = "cfilter"
    maximum: ClassVar[int] = 1 + 32 + 5 + MAX_FILTER

    block_hash: BlockHash
    filter: bytes
    filter_type: int = BASIC_FILTER

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        # The hot path of a sync: nearly all filters of a quiet chain are below 253 bytes.
        if len(payload) > 34 and payload[33] < 0xFD and len(payload) == 34 + payload[33]:
            return cls(BlockHash(payload[1:33]), payload[34:], payload[0])
        reader = Reader(payload)
        filter_type = reader.u8()
        message = cls(BlockHash(reader.take(32)), reader.var_bytes(MAX_FILTER), filter_type)
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return bytes([self.filter_type]) + self.block_hash + var_bytes(self.filter)


def _hashes(reader: Reader, maximum: int) -> bytes:
    count = reader.compact_size(maximum)
    if reader.remaining != count * 32:
        raise ParseError(f"{count} hashes do not fill {reader.remaining} bytes")
    return reader.take(count * 32)


@dataclass(frozen=True, slots=True)
class CFHeaders:
    """The filter header before a range and the filter hashes of the range (32 bytes each in `raw`, at most 2,000)."""

    command: ClassVar[str] = "cfheaders"
    maximum: ClassVar[int] = 1 + 32 + 32 + 3 + MAX_CFHEADERS * 32

    stop: BlockHash
    previous: FilterHeader
    raw: bytes
    filter_type: int = BASIC_FILTER

    @property
    def count(self) -> int:
        return len(self.raw) // 32

    @property
    def filter_hashes(self) -> list[FilterHash]:
        return [FilterHash(self.raw[at : at + 32]) for at in range(0, len(self.raw), 32)]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        filter_type = reader.u8()
        stop, previous = BlockHash(reader.take(32)), FilterHeader(reader.take(32))
        return cls(stop, previous, _hashes(reader, MAX_CFHEADERS), filter_type)

    def serialize(self) -> bytes:
        return bytes([self.filter_type]) + self.stop + self.previous + compact_size(self.count) + self.raw


@dataclass(frozen=True, slots=True)
class CFCheckpt:
    """Filter headers at heights 1,000, 2,000, … up to a block (32 bytes each in `raw`)."""

    command: ClassVar[str] = "cfcheckpt"
    maximum: ClassVar[int] = 1 + 32 + 3 + MAX_CHECKPOINTS * 32

    stop: BlockHash
    raw: bytes
    filter_type: int = BASIC_FILTER

    @property
    def count(self) -> int:
        return len(self.raw) // 32

    @property
    def filter_headers(self) -> list[FilterHeader]:
        return [FilterHeader(self.raw[at : at + 32]) for at in range(0, len(self.raw), 32)]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        filter_type = reader.u8()
        stop = BlockHash(reader.take(32))
        return cls(stop, _hashes(reader, MAX_CHECKPOINTS), filter_type)

    def serialize(self) -> bytes:
        return bytes([self.filter_type]) + self.stop + compact_size(self.count) + self.raw
