"""SipHash-2-4 of many scripts under many keys, and the map to a filter's range (BIP158), in 64-bit numpy arithmetic."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

BLOCK = 16384
"""Hashes worked on at once: five arrays of that many words stay in a core's second-level cache."""

_INIT = np.array([0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573], np.uint64)
_FINAL = np.array(0xFF, np.uint64)
_LOW = np.array(0xFFFFFFFF, np.uint64)
_SHIFTS = {n: (np.array(n, np.uint64), np.array(64 - n, np.uint64)) for n in (13, 16, 17, 21, 32)}


class ScriptHasher:
    """The scripts of a wallet, laid out as SipHash reads them: little-endian words, grouped by how many there are."""

    def __init__(self, scripts: Sequence[bytes]) -> None:
        groups: dict[int, list[int]] = defaultdict(list)
        for position, script in enumerate(scripts):
            groups[len(script) // 8 + 1].append(position)
        self.count = len(scripts)
        self._groups = [
            (np.array(positions), _words([scripts[position] for position in positions], width))
            for width, positions in sorted(groups.items())
        ]

    def values(self, keys: Words, spans: Words) -> Words:
        """What each script is in each filter: shape (scripts, filters).

        `keys`: shape (2, filters), the first 16 bytes of the block hashes; `spans`: the filters' N·M, below 2^37.
        """
        values = np.empty((self.count, keys.shape[1]), np.uint64)
        low, high = spans & _LOW, spans >> _SHIFTS[32][0]
        for positions, hashes in self._hashes(keys):
            values[positions] = _reduce(hashes, low, high)
        return values

    def any_within(self, keys: Words, windows: Sequence[tuple[Words, Words]]) -> NDArray[np.bool_]:
        """In which filters the hash of some script lies in a window, modulo 2^64.

        `windows`: pairs of least values and widths, one of each for as many of the first filters as there are.
        """
        found = np.zeros(keys.shape[1], np.bool_)
        for _, hashes in self._hashes(keys):
            for least, width in windows:
                filters = least.size
                found[:filters] |= (hashes[:, :filters] - least < width).any(axis=0)
        return found

    def _hashes(self, keys: Words) -> Iterator[tuple[NDArray[np.int64], Words]]:
        """All hashes, part by part: positions of scripts, and an array (scripts, filters), valid until the next."""
        rows = max(1, BLOCK // max(1, keys.shape[1]))
        state = _State(rows, keys)
        for positions, words in self._groups:
            for first in range(0, len(positions), rows):
                part = slice(first, first + rows)
                yield positions[part], state.hash(words[:, part])


def _words(scripts: list[bytes], width: int) -> Words:
    """Shape (width, scripts): each script padded with zeros, its length in the last byte."""
    padded = [script.ljust(8 * width - 1, b"\0") + bytes([len(script) & 0xFF]) for script in scripts]
    return np.frombuffer(b"".join(padded), "<u8").reshape(len(scripts), width).T.astype(np.uint64)


class _State:
    """The four words of SipHash for a block of scripts times all keys, and the arrays it needs to work in place.

    A round's first half mixes the first two words alone. The first round's depends on nothing but the keys.
    """

    def __init__(self, rows: int, keys: Words) -> None:
        start = _INIT[:, None] ^ keys[[0, 1, 0, 1]]
        _first_half(start, np.empty_like(start[0]))
        self._start = start
        self._buffer = np.empty((5, rows, keys.shape[1]), np.uint64)

    def hash(self, words: Words) -> Words:
        """The hashes of scripts given as words, shape (width, scripts); valid until the next call."""
        v = self._buffer[:, : words.shape[1]]
        v[:3] = self._start[:3, None]
        np.bitwise_xor(self._start[3], words[0][:, None], v[3])
        _second_half(v)
        _round(v)
        np.bitwise_xor(v[0], words[0][:, None], v[0])
        for word in words[1:]:
            column = word[:, None]
            np.bitwise_xor(v[3], column, v[3])
            _round(v)
            _round(v)
            np.bitwise_xor(v[0], column, v[0])
        np.bitwise_xor(v[2], _FINAL, v[2])
        for _ in range(4):
            _round(v)
        np.bitwise_xor(v[0], v[1], v[0])
        np.bitwise_xor(v[2], v[3], v[2])
        hashes: Words = v[0]
        np.bitwise_xor(hashes, v[2], hashes)
        return hashes


def _round(v: Words) -> None:
    _first_half(v, v[4])
    _second_half(v)


def _first_half(v: Words, scratch: Words) -> None:
    _mix(v[0], v[1], 13, scratch)
    _rotate(v[0], 32, scratch)


def _second_half(v: Words) -> None:
    v0, v1, v2, v3, scratch = v
    _mix(v2, v3, 16, scratch)
    _mix(v0, v3, 21, scratch)
    _mix(v2, v1, 17, scratch)
    _rotate(v2, 32, scratch)


def _mix(a: Words, b: Words, bits: int, scratch: Words) -> None:
    """Add b to a, rotate b, and xor it with a."""
    np.add(a, b, a)
    _rotate(b, bits, scratch)
    np.bitwise_xor(b, a, b)


def _rotate(a: Words, bits: int, scratch: Words) -> None:
    left, right = _SHIFTS[bits]
    np.right_shift(a, right, scratch)
    np.left_shift(a, left, a)
    np.bitwise_or(a, scratch, a)


def _reduce(hashes: Words, span_low: Words, span_high: Words) -> Words:
    """The upper half of the 128-bit products hash · span; spans below 2^37, so that no sum overflows."""
    shift = _SHIFTS[32][0]
    low, high = hashes & _LOW, hashes >> shift
    carry = low * span_low
    carry >>= shift
    result = high * span_high
    high *= span_low
    carry += high
    low *= span_high
    low += carry & _LOW
    low >>= shift
    carry >>= shift
    result += low
    result += carry
    return result
