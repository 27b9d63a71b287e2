"""Golomb-Rice decoding (BIP158) of many filters in lockstep: one lane for each filter, two elements a step.

A step reads 64 bits at every lane's position. The bits are inverted beforehand: the run of ones that is the quotient
becomes leading zeros, and the zero that ends it becomes the leading one. A cast to float64, exact for 53 bits, then
holds the run in its exponent and the remainder, inverted, in the upper 19 bits of its mantissa, side by side: shifted
right by 33 the float's bits are a constant minus the element. Two elements rarely need more than 64 bits; where they
do, the lane's chunk is decoded again in plain Python. So a crafted filter costs what plain Python costs, and no more.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallet.bitcoin.blockfilter import M, P

Words = NDArray[np.uint64]

PAIRS = 16
"""Steps of a chunk: after each the lanes are checked and their values handed out."""


def _constant(value: int) -> Words:
    return np.array(value, np.uint64)


_WORD_BITS, _LOW_BITS, _WORD = _constant(6), _constant(63), _constant(64)
_TO_53, _TO_ELEMENT, _TO_EXPONENT = _constant(11), _constant(33), _constant(52)
_EXPONENT = 1023 + 52
_ADVANCE = _constant(_EXPONENT + P + 1)
_ELEMENT = ((_EXPONENT + 1) << P) - 1
_STEPS = (np.arange(1, 2 * PAIRS + 1, dtype=np.uint64) * np.uint64(_ELEMENT))[:, None]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Elements `first` and up of the lanes still at work: `values` has shape (elements, lanes).

    A lane with fewer elements than the chunk shows nonsense beyond its own.
    """

    first: int
    values: Words


class Lanes:
    """Filters being decoded, longest first.

    `codes` are the filters without their count, `counts` their numbers of elements, descending, each at least 1 and
    plausible for the code's length (`blockfilter.split_filter`).
    """

    def __init__(self, codes: Sequence[bytes], counts: Sequence[int]) -> None:
        self._codes = codes
        self._counts = np.array(counts)
        padded = [code.ljust((len(code) + 7 & ~7) + 16, b"\0") for code in codes]
        data = np.frombuffer(b"".join(padded), ">u8").astype(np.uint64)
        self._data = np.invert(data, out=data)
        lengths = np.array([len(part) for part in padded], np.uint64)
        self._starts = (np.cumsum(lengths) - lengths) * np.uint64(8)
        self._position = self._starts.copy()
        self._value = np.zeros(len(codes), np.uint64)
        self._end = np.zeros(len(codes), np.uint64)
        self._repairs: dict[int, str] = {}
        self._bad: set[int] = set()
        self._work = _Workspace(self._data, len(codes))

    def chunks(self) -> Iterator[Chunk]:
        """The values of all lanes, chunk by chunk; an array is valid until the next one is asked for."""
        longest, lanes = int(self._counts[0]), len(self._codes)
        for first in range(0, longest, 2 * PAIRS):
            active = int(np.searchsorted(-self._counts, -first))
            pairs = min(PAIRS, (longest - first + 1) // 2)
            if active < lanes:
                lanes = active
                self._work.resize(lanes)
            values, positions = self._work.decode(self._position[:lanes], self._value[:lanes], pairs)
            advances = positions[1:] - positions[:-1]
            if advances.max() > _WORD:
                for lane in np.flatnonzero(advances.max(axis=0) > _WORD):
                    self._repair(int(lane), first, values, positions)
            self._finish(first, values, positions)
            self._position[:lanes] = positions[-1]
            self._value[:lanes] = values[-1]
            yield Chunk(first, values)

    def malformed(self) -> list[int]:
        """The lanes, once decoded, that no honest filter is: ended early or late, or with a value out of range."""
        bits = np.array([8 * len(code) for code in self._codes], np.int64)
        left = bits - (self._end - self._starts).astype(np.int64)
        last = np.array([code[-1] for code in self._codes], np.int64)
        wrong = (left < 0) | (left > 7)
        wrong |= (last & (1 << np.clip(left, 0, 7)) - 1) != 0
        wrong |= self._value.astype(np.int64) >= self._counts * M
        return sorted(self._bad.union(np.flatnonzero(wrong).tolist()))

    def _finish(self, first: int, values: Words, positions: Words) -> None:
        """Note where the lanes end that end in this chunk."""
        active = values.shape[1]
        going_on = int(np.searchsorted(-self._counts, -(first + len(values))))
        for lane in range(going_on, active):
            done = int(self._counts[lane]) - first
            end = int(positions[done // 2, lane])
            if done & 1:
                before = int(values[done - 2, lane]) if done > 1 else int(self._value[lane])
                end += P + 1 + (int(values[done - 1, lane]) - before >> P)
            self._end[lane] = end
            values[-1, lane] = values[done - 1, lane]

    def _repair(self, lane: int, first: int, values: Words, positions: Words) -> None:
        """Decode one lane's chunk again, bit by bit."""
        bits = self._repairs.get(lane)
        if bits is None:
            bits = self._repairs[lane] = bin(int.from_bytes(b"\x01" + self._codes[lane], "big"))[3:] + "0" * 64
        start = int(self._starts[lane])
        at, value = int(positions[0, lane]) - start, int(self._value[lane])
        for element in range(len(values)):
            stop = bits.find("0", at) + 1
            if stop == 0 or stop + P > len(bits):
                if first + element < self._counts[lane]:
                    self._bad.add(lane)
                values[element:, lane] = value
                positions[element // 2 + 1 :, lane] = start + len(bits)
                return
            value += (stop - 1 - at << P) + int(bits[stop : stop + P], 2)
            at = stop + P
            values[element, lane] = value
            positions[element // 2 + 1, lane] = start + at


class _Workspace:
    """The arrays of a step, allocated once: a step is 23 calls, each in place on a row of lanes.

    What a call costs beside its work weighs as much as the work: views are made once for each number of lanes.
    """

    def __init__(self, data: Words, lanes: int) -> None:
        self._data, self._following = data, data[1:]
        self._sums = np.empty((2 * PAIRS + 1, lanes), np.uint64)
        self._values = np.empty((2 * PAIRS, lanes), np.uint64)
        self._positions = np.empty((PAIRS + 1, lanes), np.uint64)
        self._scratch = np.empty((3, lanes), np.uint64)
        self._float = np.empty(lanes, np.float64)

    def resize(self, lanes: int) -> None:
        """Work on the first `lanes` only."""
        self._sums, self._values = self._sums[:, :lanes], self._values[:, :lanes]
        self._positions, self._scratch = self._positions[:, :lanes], self._scratch[:, :lanes]
        self._float = self._float[:lanes]

    def decode(self, position: Words, value: Words, pairs: int) -> tuple[Words, Words]:
        """The next values, shape (2 · pairs, lanes), and the positions between steps, shape (pairs + 1, lanes)."""
        sums, positions = self._sums, self._positions
        positions[0] = position
        np.negative(value, out=sums[0])
        self._steps(list(sums), list(positions), pairs)
        values = self._values[: 2 * pairs]
        np.subtract(_STEPS[: 2 * pairs], sums[1 : 2 * pairs + 1], values)
        return values, positions[: pairs + 1]

    def _steps(self, sums: list[Words], positions: list[Words], pairs: int) -> None:
        window, _, length = self._scratch
        element, add = self._element(), np.add
        for step in range(pairs):
            at, after = positions[step], positions[step + 1]
            before, first, second = sums[2 * step : 2 * step + 3]
            self._load(at)
            element(before, first)
            add(at, length, after)
            np.left_shift(window, length, window)
            element(first, second)
            add(after, length, after)

    def _load(self, at: Words) -> None:
        """Fill the window with the 64 bits that start at every lane's position."""
        window, scratch, length = self._scratch
        np.right_shift(at, _WORD_BITS, length)
        index = length.view(np.int64)
        self._data.take(index, 0, window, "clip")
        self._following.take(index, 0, scratch, "clip")
        np.bitwise_and(at, _LOW_BITS, length)
        np.left_shift(window, length, window)
        np.subtract(_WORD, length, length)
        np.right_shift(scratch, length, scratch)
        np.bitwise_or(window, scratch, window)

    def _element(self) -> Callable[[Words, Words], None]:
        """What adds the elements at the windows' tops to a row of sums, and leaves their lengths in bits."""
        window, scratch, length = self._scratch
        as_float, signed = self._float, scratch.view(np.int64)
        float_bits = as_float.view(np.uint64)
        shift, add, subtract, cast = np.right_shift, np.add, np.subtract, np.copyto

        def element(before: Words, after: Words) -> None:
            shift(window, _TO_53, scratch)
            cast(as_float, signed)
            shift(float_bits, _TO_ELEMENT, after)
            add(after, before, after)
            shift(float_bits, _TO_EXPONENT, length)
            subtract(_ADVANCE, length, length)

        return element
