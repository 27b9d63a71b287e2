"""Payloads of bloom filters on a connection (BIP37), and the question for unconfirmed transactions (BIP35).

Only for peers that offer it (BIP111): others hang up on these.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from wallet.bitcoin.bloom import MAX_ELEMENT, MAX_FILTER_SIZE, MAX_HASHES, UPDATE_ALL, BloomFilter
from wallet.bitcoin.codec import ParseError, Reader, u32, var_bytes
from wallet.spv.message_control import Empty


@dataclass(frozen=True, slots=True)
class FilterLoad:
    """From now on, tell only of transactions that match this filter. flags: how it grows with what it matches."""

    command: ClassVar[str] = "filterload"
    maximum: ClassVar[int] = 3 + MAX_FILTER_SIZE + 4 + 4 + 1

    data: bytes
    hashes: int
    tweak: int
    flags: int = UPDATE_ALL

    @classmethod
    def of(cls, bloom: BloomFilter) -> Self:
        """A filter as it is now."""
        return cls(bloom.data, bloom.hashes, bloom.tweak)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        message = cls(reader.var_bytes(MAX_FILTER_SIZE), reader.u32(), reader.u32(), reader.u8())
        reader.finish()
        if message.hashes > MAX_HASHES:
            raise ParseError(f"filterload: {message.hashes} hash functions")
        return message

    def serialize(self) -> bytes:
        return var_bytes(self.data) + u32(self.hashes) + u32(self.tweak) + bytes([self.flags])


@dataclass(frozen=True, slots=True)
class FilterAdd:
    """Add one element to the filter that is loaded."""

    command: ClassVar[str] = "filteradd"
    maximum: ClassVar[int] = 3 + MAX_ELEMENT

    element: bytes

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        message = cls(reader.var_bytes(MAX_ELEMENT))
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return var_bytes(self.element)


@dataclass(frozen=True, slots=True)
class FilterClear(Empty):
    """Forget the filter."""

    command: ClassVar[str] = "filterclear"


@dataclass(frozen=True, slots=True)
class MemPool(Empty):
    """Announce the unconfirmed transactions that you hold: those that match, where a filter is loaded."""

    command: ClassVar[str] = "mempool"
