"""SipHash-2-4 of many scripts under many keys, and the map to a filter's range (BIP158), in 64-bit numpy arithmetic."""

from collections import defaultdict
from collections.abc import Sequence

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
        rows = max(1, BLOCK // max(1, keys.shape[1]))
        state = _State(rows, keys)
        low, high = spans & _LOW, spans >> _SHIFTS[32][0]
        for positions, words in self._groups:
            for first in range(0, len(positions), rows):
                part = slice(first, first + rows)
                values[positions[part]] = _reduce(state.hash(words[:, part]), low, high)
        return values


def _words(scripts: list[bytes], width: int) -> Words:
    """Shape (width, scripts): each script padded with zeros, its length in the last byte."""
    padded = [script.ljust(8 * width - 1, b"\0") + bytes([len(script) & 0xFF]) for script in scripts]
    return np.frombuffer(b"".join(padded), "<u8").reshape(len(scripts), width).T.astype(np.uint64)


class _State:
    """The four words of SipHash for a block of scripts times all keys, and the arrays it needs to work in place."""

    def __init__(self, rows: int, keys: Words) -> None:
        self._start = _INIT[:, None] ^ keys[[0, 1, 0, 1]]
        self._buffer = np.empty((5, rows, keys.shape[1]), np.uint64)

    def hash(self, words: Words) -> Words:
        """The hashes of scripts given as words, shape (width, scripts); valid until the next call."""
        v = self._buffer[:, : words.shape[1]]
        v[:4] = self._start[:, None]
        for word in words:
            column = word[:, None]
            np.bitwise_xor(v[3], column, out=v[3])
            _round(v)
            _round(v)
            np.bitwise_xor(v[0], column, out=v[0])
        np.bitwise_xor(v[2], _FINAL, out=v[2])
        for _ in range(4):
            _round(v)
        np.bitwise_xor(v[0], v[1], out=v[0])
        np.bitwise_xor(v[2], v[3], out=v[2])
        hashes: Words = v[0]
        np.bitwise_xor(hashes, v[2], out=hashes)
        return hashes


def _round(v: Words) -> None:
    v0, v1, v2, v3, scratch = v
    _mix(v0, v1, 13, scratch)
    _rotate(v0, 32, scratch)
    _mix(v2, v3, 16, scratch)
    _mix(v0, v3, 21, scratch)
    _mix(v2, v1, 17, scratch)
    _rotate(v2, 32, scratch)


def _mix(a: Words, b: Words, bits: int, scratch: Words) -> None:
    """Add b to a, rotate b, and xor it with a."""
    np.add(a, b, out=a)
    _rotate(b, bits, scratch)
    np.bitwise_xor(b, a, out=b)


def _rotate(a: Words, bits: int, scratch: Words) -> None:
    left, right = _SHIFTS[bits]
    np.right_shift(a, right, out=scratch)
    np.left_shift(a, left, out=a)
    np.bitwise_or(a, scratch, out=a)


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
