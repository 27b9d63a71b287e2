"""Flat files of headers and filter headers: record h lies at h times the record size; beside it the valid ranges.

The index (`<file>.idx`) names the ranges of heights that count and a checksum of each page of them; what lies outside
is scrap. It is replaced as a whole, after the records that it speaks of are written, and before records that it speaks
of are overwritten. So a process that is killed leaves at worst records that nobody counts (a long download saves the
index every `LAG` records only, and loses those). What power loss or a failing disk leaves is found by the checksums at
open: of a doubtful page, headers count as far as they link up, filter headers not at all.
"""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Final

from wallet.store.errors import StoreError

PAGE: Final = 1000
LAG: Final = 50_000
_MAGIC: Final = b"WRENIDX1"
_HEAD: Final = struct.Struct("<8sII")
_SPAN: Final = struct.Struct("<QQ")
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True)
class _Span:
    """Valid records first…last, and a checksum of the part of each page that lies in the span."""

    first: int
    last: int
    sums: tuple[int, ...]


class RecordFile:
    """Records of one size by height, with valid ranges. Raises StoreError where the file system fails.

    `read` also gives records that were staged since the file was opened. One object owns a file. Others may look at it
    read-only: they see what it had when they opened it or less, and whatever they change stays in their memory.
    """

    def __init__(self, path: Path, size: int, linked: bool, read_only: bool = False) -> None:
        """linked: the records are headers, each naming the hash of the one below. read_only: nothing is written."""
        self.path = path
        self._index_path = path.with_name(path.name + ".idx")
        self._size = size
        self._chained = linked
        self._spans: list[_Span] = []
        self._unsaved = 0
        self._map: mmap.mmap | None = None
        self._end = 0
        self._file: FileIO | None = None
        if read_only:
            self._map_for_reading()
        else:
            self._file = self._open_for_writing()
        self.repaired = self._open()
        """Whether something that the index counted had to be given up."""

    # --- what is there

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Valid heights, (first, last) each, ascending; two ranges never touch."""
        return tuple((span.first, span.last) for span in self._spans)

    @property
    def tip(self) -> int | None:
        """The highest valid height."""
        return self._spans[-1].last if self._spans else None

    def read(self, first: int, count: int) -> bytes:
        """The records of `count` heights from `first`, back to back. IndexError where the file does not reach."""
        end = first + count
        if first < 0 or count < 0 or end > self._end:
            raise IndexError(f"records {first} to {end - 1} of {self._end}")
        if count == 0:
            return b""
        if self._map is None or len(self._map) < end * self._size:
            self._remap()
        mapped = self._map
        return b"" if mapped is None else mapped[first * self._size : end * self._size]

    # --- what changes it

    def apply(self, first: int, raw: bytes) -> None:
        """Let `raw` be the records from `first` on, and nothing be above them. Safe against a kill when it returns."""
        count = self._count(raw)
        if self._spans and self._spans[-1].last >= first:
            self._cut(first, self._spans[-1].last)
            self._save()
        self._write(first, raw)
        self._append(first, raw, count)
        self._unsaved += count
        if count < PAGE or self._unsaved >= LAG:
            self._save()

    def stage(self, first: int, raw: bytes) -> None:
        """Put records where none are valid; they count only once they are adopted."""
        count = self._count(raw)
        if any(span.first < first + count and span.last >= first for span in self._spans):
            raise ValueError(f"records {first} to {first + count - 1} are valid already")
        self._write(first, raw)

    def adopt(self, first: int, count: int) -> None:
        """Let staged records count."""
        last = first + count - 1
        self._insert(_Span(first, last, self._sums(first, last)))
        self._save()

    def drop(self, first: int, last: int) -> None:
        """Let the records first…last count no more."""
        self._cut(first, last)
        self._save()

    def flush(self) -> None:
        """Make everything that counts safe against power loss."""
        if self._unsaved:
            self._save()

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        if self._map is not None:
            self._map.close()
            self._map = None
        if self._file is not None:
            self._file.close()

    # --- bytes

    @contextmanager
    def _guard(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(path, error.strerror or str(error)) from error

    def _count(self, raw: bytes) -> int:
        count, rest = divmod(len(raw), self._size)
        if rest or not count:
            raise ValueError(f"{len(raw)} bytes are not records of {self._size}")
        return count

    def _open_for_writing(self) -> FileIO:
        with self._guard(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            file = self.path.open("r+b", buffering=0)
            self._end = self.path.stat().st_size // self._size
        return file

    def _map_for_reading(self) -> None:
        """What is changed in such a map stays in memory."""
        with self._guard(self.path):
            if self.path.exists() and self.path.stat().st_size:
                with self.path.open("rb") as file:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
                self._end = len(self._map) // self._size

    def _write(self, first: int, raw: bytes) -> None:
        if self._file is None:
            self._write_to_memory(first, raw)
            return
        with self._guard(self.path):
            self._file.seek(first * self._size)
            view = memoryview(raw)
            while view:
                view = view[self._file.write(view) :]
        self._end = max(self._end, first + len(raw) // self._size)

    def _write_to_memory(self, first: int, raw: bytes) -> None:
        end = max(self._end, first + len(raw) // self._size)
        if self._map is None or len(self._map) < end * self._size:
            old = self.read(0, self._end)
            self._map = mmap.mmap(-1, end * self._size)
            self._map[: len(old)] = old
        self._map[first * self._size : first * self._size + len(raw)] = raw
        self._end = end

    def _remap(self) -> None:
        with self._guard(self.path):
            if self._map is not None:
                self._map.close()
            if self._file is not None:
                self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    # --- spans

    def _sums(self, first: int, last: int) -> tuple[int, ...]:
        return tuple(zlib.crc32(self.read(low, high - low + 1)) for low, high in _pages(first, last))

    def _append(self, first: int, raw: bytes, count: int) -> None:
        """Extend the topmost span, or begin a new one above it."""
        if not self._spans or self._spans[-1].last != first - 1:
            self._spans.append(_Span(first, first + count - 1, self._sums(first, first + count - 1)))
            return
        top = self._spans[-1]
        sums = list(top.sums)
        for low, high in _pages(first, first + count - 1):
            part = raw[(low - first) * self._size : (high - first + 1) * self._size]
            if low % PAGE and low == first:
                sums[-1] = zlib.crc32(part, sums[-1])
            else:
                sums.append(zlib.crc32(part))
        self._spans[-1] = _Span(top.first, first + count - 1, tuple(sums))

    def _insert(self, new: _Span) -> None:
        kept = []
        for span in self._spans:
            if span.last + 1 == new.first:
                new = self._joined(span, new)
            elif new.last + 1 == span.first:
                new = self._joined(new, span)
            else:
                kept.append(span)
        self._spans = sorted([*kept, new], key=lambda span: span.first)

    def _joined(self, low: _Span, high: _Span) -> _Span:
        if high.first % PAGE == 0:
            return _Span(low.first, high.last, low.sums + high.sums)
        page = high.first - high.first % PAGE
        shared = self._sums(max(low.first, page), min(high.last, page + PAGE - 1))
        return _Span(low.first, high.last, low.sums[:-1] + shared + high.sums[1:])

    def _part(self, span: _Span, first: int, last: int) -> _Span:
        base = span.first // PAGE
        sums = list(span.sums[first // PAGE - base : last // PAGE - base + 1])
        bounds = list(_pages(first, last))
        for position in {0, len(bounds) - 1}:
            low, high = bounds[position]
            sums[position] = zlib.crc32(self.read(low, high - low + 1))
        return _Span(first, last, tuple(sums))

    def _cut(self, first: int, last: int) -> None:
        kept = []
        for span in self._spans:
            if span.last < first or span.first > last:
                kept.append(span)
                continue
            if span.first < first:
                kept.append(self._part(span, span.first, first - 1))
            if span.last > last:
                kept.append(self._part(span, last + 1, span.last))
        self._spans = kept

    # --- the index

    def _save(self) -> None:
        if self._file is None:
            return
        body = [_HEAD.pack(_MAGIC, self._size, len(self._spans))]
        for span in self._spans:
            body += [_SPAN.pack(span.first, span.last), struct.pack(f"<{len(span.sums)}I", *span.sums)]
        raw = b"".join(body)
        fresh = self._index_path.with_name(self._index_path.name + ".new")
        with self._guard(self.path):
            os.fsync(self._file.fileno())
        with self._guard(self._index_path):
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(raw + sha256(raw).digest())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._index_path)
            _sync_folder(self._index_path.parent)
        self._unsaved = 0

    def _load(self) -> list[_Span] | None:
        """The spans of the index; None where it is there but unreadable."""
        with self._guard(self._index_path):
            if not self._index_path.exists():
                return []
            raw = self._index_path.read_bytes()
        body, digest = raw[:-_DIGEST], raw[-_DIGEST:]
        if len(body) < _HEAD.size or sha256(body).digest() != digest:
            return None
        magic, size, count = _HEAD.unpack_from(body)
        if magic != _MAGIC or size != self._size:
            return None
        spans, position = [], _HEAD.size
        for _ in range(count):
            first, last = _SPAN.unpack_from(body, position)
            pages = last // PAGE - first // PAGE + 1
            sums = struct.unpack_from(f"<{pages}I", body, position + _SPAN.size)
            spans.append(_Span(first, last, sums))
            position += _SPAN.size + 4 * pages
        return spans

    def _open(self) -> bool:
        """Load the index, keep what stands up to its checksums, and say whether anything did not."""
        stored = self._load()
        if stored is None:
            self._save()
            return True
        self._spans = [sound for span in stored for sound in self._sound_parts(span)]
        if self._spans == stored:
            return False
        self._save()
        return True

    def _sound_parts(self, span: _Span) -> list[_Span]:
        """The parts of a span that are as they were written; cut at every damage and at every broken link."""
        bounds: list[tuple[int, int]] = []
        begin = span.first
        for (low, high), wanted in zip(_pages(span.first, span.last), span.sums, strict=True):
            raw = self._what_is_there(low, high)
            if len(raw) == (high - low + 1) * self._size and zlib.crc32(raw) == wanted:
                if low > begin and not self._links(low):
                    bounds.append((begin, low - 1))
                    begin = low
                continue
            bounds.append((begin, low + self._sound(begin, low, high) - 1))
            begin = high + 1
        bounds.append((begin, span.last))
        if bounds == [(span.first, span.last)]:
            return [span]
        return [_Span(first, last, self._sums(first, last)) for first, last in bounds if first <= last]

    def _what_is_there(self, first: int, last: int) -> bytes:
        last = min(last, self._end - 1)
        return self.read(first, last - first + 1) if first <= last else b""

    def _links(self, height: int) -> bool:
        """Whether a record fits the one below it, as far as that can be told."""
        return not self._chained or _sound_headers(self.read(height - 1, 2)) == 1

    def _sound(self, begin: int, low: int, high: int) -> int:
        """How many of the first records of a damaged page are sound."""
        if not self._chained:
            return 0
        below = int(low > begin)
        return max(_sound_headers(self._what_is_there(low - below, high)) - below, 0)


def _pages(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The bounds of the parts of pages that first…last covers."""
    low = first
    while low <= last:
        high = min(last, low - low % PAGE + PAGE - 1)
        yield low, high
        low = high + 1


def _sound_headers(raw: bytes) -> int:
    """How many leading headers are proven by the one above each: it names their hash. The last has no such proof."""
    count = len(raw) // 80
    for position in range(1, count):
        at = 80 * position
        if raw[at + 4 : at + 36] != sha256(sha256(raw[at - 80 : at]).digest()).digest():
            return position - 1
    return max(count - 1, 0)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class HeaderFile(RecordFile):
    """Block headers, 80 bytes each (DESIGN.md §4)."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        super().__init__(path, 80, linked=True, read_only=read_only)


class FilterHeaderFile(RecordFile):
    """Filter headers, 32 bytes each in wire order (BIP157)."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        super().__init__(path, 32, linked=False, read_only=read_only)
