"""Integers, lengths and lists on the wire."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin import codec
from wallet.bitcoin.codec import ParseError, Reader

COMPACT_SIZES = [
    (0, "00"),
    (0xFC, "fc"),
    (0xFD, "fdfd00"),
    (0xFFFF, "fdffff"),
    (0x10000, "fe00000100"),
    (0xFFFFFFFF, "feffffffff"),
    (0x100000000, "ff0000000001000000"),
    (0xFFFFFFFFFFFFFFFF, "ffffffffffffffffff"),
]


@pytest.mark.parametrize(("value", "raw"), COMPACT_SIZES)
def test_a_compact_size_takes_the_fewest_bytes(value: int, raw: str) -> None:
    assert codec.compact_size(value).hex() == raw
    reader = Reader(bytes.fromhex(raw))
    assert reader.compact_size(maximum=value) == value
    reader.finish()


@pytest.mark.parametrize(
    "raw", ["fd0000", "fdfc00", "fe00000000", "feffff0000", "ff0000000000000000", "ffffffffff00000000"]
)
def test_a_longer_form_than_needed_is_refused(raw: str) -> None:
    with pytest.raises(ParseError, match="shortest"):
        Reader(bytes.fromhex(raw)).compact_size(maximum=2**64)


def test_a_size_above_the_maximum_is_refused() -> None:
    with pytest.raises(ParseError, match="above 9"):
        Reader(b"\x0a").compact_size(maximum=9)
    with pytest.raises(ParseError):
        Reader(codec.compact_size(codec.MAX_SIZE + 1)).compact_size()
    assert Reader(codec.compact_size(codec.MAX_SIZE)).compact_size() == codec.MAX_SIZE


@given(st.integers(0, 2**64 - 1))
def test_compact_sizes_come_back(value: int) -> None:
    assert Reader(codec.compact_size(value)).compact_size(maximum=value) == value


@pytest.mark.parametrize(
    ("write", "read", "lowest", "highest"),
    [
        (codec.u16, Reader.u16, 0, 2**16 - 1),
        (codec.u32, Reader.u32, 0, 2**32 - 1),
        (codec.u64, Reader.u64, 0, 2**64 - 1),
        (codec.i32, Reader.i32, -(2**31), 2**31 - 1),
        (codec.i64, Reader.i64, -(2**63), 2**63 - 1),
    ],
)
def test_integers_come_back_and_are_little_endian(
    write: Callable[[int], bytes], read: Callable[[Reader], int], lowest: int, highest: int
) -> None:
    for value in (lowest, highest, 1, 0, 258):
        assert read(Reader(write(value))) == value
    assert write(258)[:2] == b"\x02\x01"
    for outside in (lowest - 1, highest + 1):
        with pytest.raises(OverflowError):
            write(outside)


def test_reading_past_the_end_is_refused_and_moves_nothing() -> None:
    reader = Reader(b"abc")
    for read in (lambda: reader.take(4), lambda: reader.take(-1), reader.u32, reader.u64, reader.i32, reader.i64):
        with pytest.raises(ParseError):
            read()
        assert reader.position == 0
    assert reader.take(3) == b"abc"
    for read in (reader.u8, reader.u16, lambda: reader.take(1)):
        with pytest.raises(ParseError):
            read()
    assert reader.take(0) == b""
    assert reader.remaining == 0


def test_a_reader_can_begin_in_the_middle() -> None:
    reader = Reader(b"\x00\x01\x02\x03", 2)
    assert (reader.remaining, reader.u8(), reader.position, reader.u8()) == (2, 2, 3, 3)
    reader.finish()


def test_trailing_bytes_are_refused() -> None:
    reader = Reader(b"\x01\x02")
    reader.u8()
    with pytest.raises(ParseError, match="1 trailing"):
        reader.finish()


def test_bytes_behind_their_length() -> None:
    assert codec.var_bytes(b"abc") == b"\x03abc"
    assert Reader(b"\x03abc").var_bytes() == b"abc"
    with pytest.raises(ParseError):
        Reader(b"\x04abc").var_bytes()
    with pytest.raises(ParseError):
        Reader(b"\x03abc").var_bytes(maximum=2)


def test_a_list_longer_than_the_bytes_is_refused_before_an_item_is_read() -> None:
    read_items: list[int] = []

    def read(reader: Reader) -> int:
        read_items.append(reader.u8())
        return read_items[-1]

    assert Reader(b"\x02\x07\x08").list_of(read) == [7, 8]
    read_items.clear()
    with pytest.raises(ParseError, match="cannot fit"):
        Reader(b"\x03\x07\x08").list_of(read)
    with pytest.raises(ParseError, match="cannot fit"):
        Reader(b"\x02\x07\x08\x09").list_of(read, minimum_size=2)
    with pytest.raises(ParseError, match="above"):
        Reader(b"\x02\x07\x08").list_of(read, maximum=1)
    assert read_items == []
