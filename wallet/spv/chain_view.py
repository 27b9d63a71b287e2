"""Reading a stored chain of headers: fields in place, hashes, times, work. Nothing here judges a header.

The hash of height h is the `previous` field of the header above it; only the last header of a range is hashed. So a
chain costs its file and a few numbers for every 2,016 headers, whatever its height.
"""

import struct
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.hashes import BlockHash, sha256d
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import MEDIAN_SPAN, RETARGET_INTERVAL, HeaderContext, HeaderVerdict, block_work

SIZE: Final = 80
RECENT: Final = 2 * RETARGET_INTERVAL
_SEARCH: Final = 50_000
_TIME_BITS: Final = struct.Struct("<II")


class HeaderStore(Protocol):
    """Where headers are kept: 80 bytes by height, and the ranges of heights that count."""

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Valid heights, (first, last) each, ascending; two ranges never touch."""
        ...

    @property
    def tip(self) -> int | None:
        """The highest valid height."""
        ...

    def read(self, first: int, count: int) -> bytes:
        """Valid or staged headers, back to back. IndexError where there is nothing."""
        ...

    def apply(self, first: int, raw: bytes) -> None:
        """Let `raw` be the headers from `first` on, and nothing be above them."""
        ...

    def stage(self, first: int, raw: bytes) -> None:
        """Keep headers that do not count yet, where none are valid."""
        ...

    def adopt(self, first: int, count: int) -> None:
        """Let staged headers count."""
        ...

    def drop(self, first: int, last: int) -> None:
        """Let headers count no more."""
        ...

    def flush(self) -> None:
        """Make everything that counts safe against power loss."""
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...


class BatchChecker(Protocol):
    """`wallet.bitcoin.pow.check_headers`, or anything that gives the same verdict sooner."""

    def __call__(
        self, params: ChainParams, raw: bytes, first_height: int, context: HeaderContext, now: int
    ) -> HeaderVerdict: ...


class MissingHeaders(LookupError):
    """A height whose header is not held."""


def work_of(raw: bytes) -> int:
    """The work of a run of headers whose bits were checked; runs of equal bits cost next to nothing."""
    kinds = Counter(zip(raw[72::SIZE], raw[73::SIZE], raw[74::SIZE], raw[75::SIZE], strict=True))
    return sum(block_work(int.from_bytes(bytes(bits), "little")) * count for bits, count in kinds.items())


def times_of(raw: bytes) -> tuple[int, ...]:
    """The times of a run of headers, Unix seconds."""
    return tuple(int.from_bytes(raw[at : at + 4], "little") for at in range(68, len(raw), SIZE))


def previous_of(raw: bytes, position: int) -> BlockHash:
    """The parent's hash of a header in a run."""
    at = position * SIZE
    return BlockHash(raw[at + 4 : at + 36])


def hash_of(raw: bytes, position: int) -> BlockHash:
    """The hash of a header in a run."""
    at = position * SIZE
    return BlockHash(sha256d(raw[at : at + SIZE]))


class WorkTally:
    """Total work by height above a root whose total is known: one sum for each period of 2,016 headers."""

    def __init__(self, read: Callable[[int, int], bytes], root: int, root_work: int) -> None:
        self._read = read
        self._root = root
        self._sums = [root_work]  # through the root, then through the last header of each whole period above it
        self._first_period = (root + 1) // RETARGET_INTERVAL

    def at(self, height: int) -> int:
        """Total work through `height`, at or above the root."""
        if height == self._root:
            return self._sums[0]
        self._fill(height)
        whole = (height + 1) // RETARGET_INTERVAL - self._first_period
        total = self._sums[max(whole, 0)]
        start = max((height + 1) // RETARGET_INTERVAL * RETARGET_INTERVAL, self._root + 1)
        return total + (work_of(self._read(start, height + 1 - start)) if start <= height else 0)

    def cut(self, height: int) -> None:
        """Forget sums that reach above `height`."""
        whole = (height + 1) // RETARGET_INTERVAL - self._first_period
        del self._sums[max(whole, 0) + 1 :]

    def _fill(self, height: int) -> None:
        while True:
            period = self._first_period + len(self._sums) - 1
            start = max(period * RETARGET_INTERVAL, self._root + 1)
            end = (period + 1) * RETARGET_INTERVAL
            if end > height + 1:
                return
            self._sums.append(self._sums[-1] + work_of(self._read(start, end - start)))


class ChainView:
    """A run of linked headers in a store, from `base` to `tip`, above a root of which only the hash is known."""

    def __init__(self, store: HeaderStore, base: int, root_hash: BlockHash) -> None:
        self.store = store
        self.base = base
        self.root_hash = root_hash
        self.tip = base - 1
        self.tip_hash = root_hash

    def move(self, tip: int) -> None:
        """Let the run end at `tip`, whose header the store holds (or at the root)."""
        self.tip = tip
        self.tip_hash = self.root_hash if tip < self.base else hash_of(self.store.read(tip, 1), 0)

    def raw(self, first: int, count: int) -> bytes:
        """Headers back to back; MissingHeaders outside the run."""
        if first < self.base or first + count - 1 > self.tip:
            raise MissingHeaders(f"headers {first} to {first + count - 1}; held are {self.base} to {self.tip}")
        return self.store.read(first, count)

    def header(self, height: int) -> BlockHeader:
        """MissingHeaders outside the run."""
        return BlockHeader.parse(self.raw(height, 1))

    def hash(self, height: int) -> BlockHash:
        """The hash of a header of the run, or of its root; MissingHeaders outside."""
        if height == self.tip:
            return self.tip_hash
        if height == self.base - 1 and height >= 0:
            return self.root_hash
        if not self.base <= height < self.tip:
            raise MissingHeaders(f"hash of {height}; held are {self.base} to {self.tip}")
        return previous_of(self.store.read(height + 1, 1), 0)

    def hashes(self, first: int, last: int) -> list[BlockHash]:
        """The hashes of the heights first…last."""
        if first > last:
            return []
        raw = self.raw(first, last - first + 1)
        return [previous_of(raw, position) for position in range(1, last - first + 1)] + [self.hash(last)]

    def time_bits(self, height: int) -> tuple[int, int]:
        """(time, bits) of a header of the run; KeyError outside."""
        if not self.base <= height <= self.tip:
            raise KeyError(height)
        time, bits = _TIME_BITS.unpack_from(self.store.read(height, 1), 68)
        return time, bits

    def times_below(self, height: int) -> tuple[int, ...]:
        """Times of the up to 11 headers of the run below `height`, oldest first."""
        first = max(self.base, height - MEDIAN_SPAN)
        raw = self.raw(first, height - first) if height > first else b""
        return times_of(raw)

    def recent_height(self, block_hash: bytes) -> int | None:
        """The height of one of the last `RECENT` hashes of the run: a search, for an index would have to move along."""
        if block_hash == self.tip_hash:
            return self.tip
        first = max(self.base, self.tip - RECENT + 1, 1)
        return _find(self.store.read(first, self.tip + 1 - first), block_hash, first) if first <= self.tip else None

    def height(self, block_hash: bytes) -> int | None:
        """The height of a hash of the run: at once for recent ones, by a search through the file for others."""
        found = self.recent_height(block_hash)
        end = self.tip - RECENT + 1
        while found is None and end >= self.base:
            start = max(self.base, end - _SEARCH + 1)
            found = _find(self.store.read(start, end - start + 1), block_hash, start)
            end = start - 1
        return found


def _find(raw: bytes, block_hash: bytes, start: int) -> int | None:
    """The height of the block whose hash stands in a `previous` field of these headers."""
    at = raw.find(block_hash)
    while at >= 0:
        if at % SIZE == 4:
            return start + at // SIZE - 1
        at = raw.find(block_hash, at + 1)
    return None
