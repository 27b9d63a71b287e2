"""Reading and writing the wire's integers, lengths and lists.

All integers are little-endian. A reader never allocates by a length that the bytes at hand cannot hold, and accepts
only the shortest form of a compact size, so that whatever parses serializes to the very same bytes.
"""

from collections.abc import Callable
from typing import TypeVar

MAX_SIZE = 0x02000000
"""The largest length or count on the wire (the reference implementation's MAX_SIZE, 32 MiB)."""

T = TypeVar("T")


class ParseError(ValueError):
    """Bytes or text that are not what they should be: the fault of whoever sent them."""


class OtherNetwork(ParseError):
    """A text that is right, but for another network than the one that is asked for."""


class Reader:
    """A position in bytes. Every read raises `ParseError` when the bytes end too early."""

    __slots__ = ("_data", "_end", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._end = len(data)
        self.position = position

    @property
    def remaining(self) -> int:
        """How many bytes are still unread."""
        return self._end - self.position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self.position
        end = start + count
        if count < 0 or end > self._end:
            raise ParseError(f"{count} bytes expected, {self._end - start} left")
        self.position = end
        return self._data[start:end]

    def u8(self) -> int:
        """One byte."""
        position = self.position
        if position >= self._end:
            raise ParseError("1 byte expected, 0 left")
        self.position = position + 1
        return self._data[position]

    def u16(self) -> int:
        """Two bytes, unsigned."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """Four bytes, unsigned."""
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        """Eight bytes, unsigned."""
        return int.from_bytes(self.take(8), "little")

    def i32(self) -> int:
        """Four bytes, two's complement."""
        return int.from_bytes(self.take(4), "little", signed=True)

    def i64(self) -> int:
        """Eight bytes, two's complement."""
        return int.from_bytes(self.take(8), "little", signed=True)

    def compact_size(self, maximum: int = MAX_SIZE) -> int:
        """A length or count in 1, 3, 5 or 9 bytes; refused when not in its shortest form or above `maximum`."""
        value = self.u8()
        if value >= 0xFD:
            width = 1 << (value - 0xFC)
            value = int.from_bytes(self.take(width), "little")
            if value < 0xFD or (width > 2 and value >> (4 * width) == 0):
                raise ParseError("compact size is not in its shortest form")
        if value > maximum:
            raise ParseError(f"compact size {value} is above {maximum}")
        return value

    def var_bytes(self, maximum: int = MAX_SIZE) -> bytes:
        """Bytes behind their own length."""
        return self.take(self.compact_size(maximum))

    def list_of(self, read: Callable[["Reader"], T], maximum: int = MAX_SIZE, minimum_size: int = 1) -> list[T]:
        """Items behind their count; `minimum_size` is the least number of bytes that one item takes."""
        count = self.compact_size(maximum)
        if count * minimum_size > self.remaining:
            raise ParseError(f"{count} items cannot fit into {self.remaining} bytes")
        return [read(self) for _ in range(count)]

    def finish(self) -> None:
        """Refuse trailing bytes."""
        if self.position != self._end:
            raise ParseError(f"{self.remaining} trailing bytes")


def u16(value: int) -> bytes:
    """Two bytes, unsigned."""
    return value.to_bytes(2, "little")


def u32(value: int) -> bytes:
    """Four bytes, unsigned."""
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    """Eight bytes, unsigned."""
    return value.to_bytes(8, "little")


def i32(value: int) -> bytes:
    """Four bytes, two's complement."""
    return value.to_bytes(4, "little", signed=True)


def i64(value: int) -> bytes:
    """Eight bytes, two's complement."""
    return value.to_bytes(8, "little", signed=True)


def compact_size(value: int) -> bytes:
    """A length or count in its shortest form."""
    if value < 0xFD:
        return value.to_bytes(1, "little")
    if value <= 0xFFFF:
        return b"\xfd" + value.to_bytes(2, "little")
    if value <= 0xFFFFFFFF:
        return b"\xfe" + value.to_bytes(4, "little")
    return b"\xff" + value.to_bytes(8, "little")


def var_bytes(data: bytes) -> bytes:
    """Bytes behind their own length."""
    return compact_size(len(data)) + data
