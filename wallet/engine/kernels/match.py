"""Matching many filters against many scripts (BIP158).

The values that scripts have in a filter are marked in a table of one byte for each stretch of values and lane. As all
lanes are about as far at every step, the part of the table in use stays in the cache. The byte is a tag of the value;
a stretch in which two scripts fall carries a wildcard. What agrees with its tag is compared exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallet.bitcoin.blockfilter import M, decode, split_filter
from wallet.bitcoin.codec import ParseError
from wallet.engine.kernels.golomb import PAIRS, Chunk, Lanes, Words
from wallet.engine.kernels.siphash import BLOCK, ScriptHasher

MAX_SCRIPTS = 2048
"""Scripts matched in one pass; more take several."""
MAX_LANES = 1024
TABLE_BYTES = 1 << 25
"""The table's limit, which coarser stretches keep."""
CANDIDATES = 128
"""About how many elements of a filter may meet a mark by chance."""
FEW = 8
"""Elements of a filter that are rather compared one by one."""
PYTHON_ELEMENT, STEP_ELEMENT = 1.2, 6.0
"""What an element costs in plain Python, and a row of lanes in lockstep: the longest filters may be cheaper alone."""

_WILDCARD = np.uint8(1)
_TAG_BITS, _TAG_MARK = np.array(0x7F, np.uint64), np.array(0x80, np.uint64)


@dataclass(frozen=True, slots=True)
class Matches:
    """Positions, ascending, of filters that match a script, and of those that are no filters."""

    hits: list[int]
    malformed: list[int]


@dataclass(frozen=True, slots=True)
class _Filter:
    position: int
    count: int
    code: bytes
    raw: bytes
    block_hash: bytes


class Matcher:
    """A set of scripts, laid out for matching."""

    def __init__(self, scripts: Sequence[bytes]) -> None:
        wanted = [script for script in dict.fromkeys(scripts) if script]
        self._hashers = [ScriptHasher(wanted[at : at + MAX_SCRIPTS]) for at in range(0, len(wanted), MAX_SCRIPTS)]

    def match(self, filters: Sequence[bytes], block_hashes: Sequence[bytes]) -> Matches:
        """Match the filters of the blocks whose hashes (wire order) are `block_hashes`."""
        found, malformed = _sorted_filters(filters, block_hashes)
        hits: set[int] = set()
        few = next((at for at, one in enumerate(found) if one.count <= FEW), len(found))
        for first in range(few, len(found), MAX_LANES):
            _match_few(self._hashers, found[first : first + MAX_LANES], hits, malformed)
        for first in range(0, few, MAX_LANES):
            batch = found[first : min(first + MAX_LANES, few)]
            alone = _alone([one.count for one in batch])
            for hasher in self._hashers:
                _match_alone(hasher, batch[:alone], hits, malformed)
                if alone < len(batch):
                    _match_lanes(hasher, batch[alone:], hits, malformed)
        return Matches(sorted(hits - malformed), sorted(malformed))


def _sorted_filters(filters: Sequence[bytes], block_hashes: Sequence[bytes]) -> tuple[list[_Filter], set[int]]:
    """The filters that hold something, longest first, and the positions of those that cannot be filters."""
    found: list[_Filter] = []
    malformed: set[int] = set()
    for position, (raw, block_hash) in enumerate(zip(filters, block_hashes, strict=True)):
        try:
            count, start = split_filter(raw)
        except ParseError:
            malformed.add(position)
            continue
        if count:
            found.append(_Filter(position, count, raw[start:], raw, block_hash))
    found.sort(key=lambda one: -one.count)
    return found, malformed


def _alone(counts: Sequence[int]) -> int:
    """How many of the longest filters cost less alone, in plain Python, than as lanes that outlast the others."""
    best, best_cost, before = 0, STEP_ELEMENT * counts[0], 0.0
    for position, count in enumerate([*counts[1:], 0]):
        before += PYTHON_ELEMENT * counts[position]
        if before + STEP_ELEMENT * count < best_cost:
            best, best_cost = position + 1, before + STEP_ELEMENT * count
    return best


def _keys(group: Sequence[_Filter]) -> Words:
    keys = np.frombuffer(b"".join([one.block_hash[:16] for one in group]), "<u8").reshape(len(group), 2)
    return keys.T.astype(np.uint64)


def _marks(hasher: ScriptHasher, group: Sequence[_Filter]) -> Words:
    spans = np.array([one.count * M for one in group], np.uint64)
    return hasher.values(_keys(group), spans)


def _match_few(hashers: Sequence[ScriptHasher], group: Sequence[_Filter], hits: set[int], malformed: set[int]) -> None:
    """Filters of a few elements each: a script is in one when its hash times N·M has an element as its upper half."""
    sound: list[_Filter] = []
    least: list[list[int]] = [[] for _ in range(FEW)]
    width: list[list[int]] = [[] for _ in range(FEW)]
    for one in group:  # the longest first: those that have an element of a number are the first ones
        try:
            values = decode(one.raw)
        except ParseError:
            malformed.add(one.position)
            continue
        sound.append(one)
        span = one.count * M
        for number, value in enumerate(values):
            first = -(-(value << 64) // span)
            least[number].append(first)
            width[number].append(-(-(value + 1 << 64) // span) - first)
    if sound:
        pairs = [(np.array(a, np.uint64), np.array(b, np.uint64)) for a, b in zip(least, width, strict=True) if a]
        for hasher in hashers:
            found = np.flatnonzero(hasher.any_within(_keys(sound), pairs))
            hits.update(sound[at].position for at in found.tolist())


def _match_alone(hasher: ScriptHasher, group: Sequence[_Filter], hits: set[int], malformed: set[int]) -> None:
    if not group:
        return
    for one, marks in zip(group, _marks(hasher, group).T, strict=True):
        try:
            if not set(marks.tolist()).isdisjoint(decode(one.raw)):
                hits.add(one.position)
        except ParseError:
            malformed.add(one.position)


def _match_lanes(hasher: ScriptHasher, group: Sequence[_Filter], hits: set[int], malformed: set[int]) -> None:
    lanes = Lanes([one.code for one in group], [one.count for one in group])
    table = _Table(_marks(hasher, group), np.array([one.count for one in group], np.int64))
    for chunk in lanes.chunks():
        table.probe(chunk)
    hits.update(group[lane].position for lane in np.flatnonzero(table.found).tolist())
    malformed.update(group[lane].position for lane in lanes.malformed())


class _Table:
    """The marks of a batch. `found` tells the lanes in which an element was equal to a mark."""

    def __init__(self, marks: Words, counts: NDArray[np.int64]) -> None:
        scripts, lanes = marks.shape
        self.found = np.zeros(lanes, np.bool_)
        self._marks, self._counts = marks, counts
        span = int(counts[0]) * M
        shift = max(0, (CANDIDATES * M // scripts).bit_length() - 1)
        while ((span >> shift) + 1) * lanes > TABLE_BYTES:
            shift += 1
        width = (span >> shift) + 1
        self._shift = np.array(shift, np.uint64)
        self._offsets = np.arange(0, width * lanes, width, dtype=np.uint64)
        self._table = np.zeros(width * lanes, np.uint8)
        self._index = np.empty(2 * PAIRS * lanes, np.uint64)
        self._got = np.empty(2 * PAIRS * lanes, np.uint8)
        self._mark()

    def _mark(self) -> None:
        """Mark all values, as many at once as stay in the cache with what is reckoned from them."""
        table, marks = self._table, self._marks
        rows = max(1, BLOCK // marks.shape[1])
        for first in range(0, len(marks), rows):
            part = marks[first : first + rows]
            index = ((part >> self._shift) + self._offsets).view(np.int64).ravel()
            tags = _tags(part).ravel()
            before = table.take(index)
            table[index] = tags
            clash = (table.take(index) != tags) | ((before != 0) & (before != tags))
            table[index[clash]] = _WILDCARD

    def probe(self, chunk: Chunk) -> None:
        """Look up the values of a chunk."""
        values = chunk.values
        index = self._index[: values.size].reshape(values.shape)
        np.right_shift(values, self._shift, index)
        np.add(index, self._offsets[: values.shape[1]], index)
        got = self._got[: values.size]
        self._table.take(index.ravel().view(np.int64), 0, got, "clip")
        candidates = np.flatnonzero(got)
        if candidates.size:
            self._sift(chunk, candidates, got.take(candidates))

    def _sift(self, chunk: Chunk, candidates: NDArray[np.int64], tags: NDArray[np.uint8]) -> None:
        """Compare the elements at flat positions that met a mark: by its tag, and those that agree exactly."""
        rows, lanes = np.divmod(candidates, chunk.values.shape[1])
        met = chunk.values[rows, lanes]
        agree = np.flatnonzero((tags == _tags(met)) | (tags == _WILDCARD))
        rows, lanes, met = rows.take(agree), lanes.take(agree), met.take(agree)
        held = np.flatnonzero((rows + chunk.first < self._counts[lanes]) & ~self.found[lanes])
        for first in range(0, held.size, MAX_LANES):
            part = held[first : first + MAX_LANES]
            equal = (self._marks[:, lanes[part]] == met[part]).any(axis=0)
            self.found[lanes[part][equal]] = True


def _tags(values: Words) -> NDArray[np.uint8]:
    """Seven bits of a value, above the wildcard and what is empty."""
    return (values & _TAG_BITS | _TAG_MARK).astype(np.uint8)
