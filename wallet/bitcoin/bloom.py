"""Bloom filters over what transactions hold: sets that a peer can test for members, and that it can guess at (BIP37).

A filter has no false negatives. How many false positives it has is chosen with its size; whoever holds two filters of
one wallet with different tweaks can tell chance matches from real ones, so a wallet keeps its tweak.
"""

import math
from collections.abc import Iterable
from struct import Struct
from typing import Final, Self

MAX_FILTER_SIZE: Final = 36_000
"""Bytes (BIP37)."""
MAX_HASHES: Final = 50
MAX_ELEMENT: Final = 520
"""Bytes of the longest value that can be matched: the longest that a script can push."""
UPDATE_ALL: Final = 1
"""Whenever an output matches, its outpoint becomes a member, so that its spending matches too (`nFlags`)."""

_SEED_STEP: Final = 0xFBA4C795
_MASK: Final = 0xFFFFFFFF
_C1: Final = 0xCC9E2D51
_C2: Final = 0x1B873593
_WORD: Final = Struct("<I")


def murmur3(data: bytes, seed: int) -> int:
    """MurmurHash3, the 32-bit form for x86 (Austin Appleby, public domain)."""
    state = seed
    whole = len(data) & ~3
    for (word,) in _WORD.iter_unpack(data[:whole]):
        state ^= _scramble(word)
        state = (state << 13 | state >> 19) & _MASK
        state = (state * 5 + 0xE6546B64) & _MASK
    state ^= _scramble(int.from_bytes(data[whole:], "little")) ^ len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & _MASK
    state = (state ^ state >> 13) * 0xC2B2AE35 & _MASK
    return state ^ state >> 16


def _scramble(word: int) -> int:
    word = word * _C1 & _MASK
    return (word << 15 | word >> 17) * _C2 & _MASK


class BloomFilter:
    """A filter that elements are added to. tweak: 32 bits that make its hash functions its own."""

    __slots__ = ("_bits", "capacity", "count", "hashes", "tweak")

    def __init__(self, capacity: int, false_positives: float, tweak: int) -> None:
        """Sized so that, with `capacity` elements, that share of others match by chance; more where 36,000 bytes end.

        Raises ValueError for a capacity below 1, or a share that is not between 0 and 1.
        """
        if capacity < 1 or not 0 < false_positives < 1:
            raise ValueError(f"no filter for {capacity} elements with {false_positives} false positives")
        bits = -capacity * math.log(false_positives) / math.log(2) ** 2
        self._bits = bytearray(max(1, min(int(bits), 8 * MAX_FILTER_SIZE) // 8))
        self.hashes = max(1, min(int(8 * len(self._bits) / capacity * math.log(2)), MAX_HASHES))
        self.tweak = tweak & _MASK
        self.capacity = capacity
        self.count = 0

    @classmethod
    def of(cls, elements: Iterable[bytes], false_positives: float, tweak: int, *, room: int = 0) -> Self:
        """A filter of these elements, with room for some more."""
        found = list(elements)
        made = cls(max(1, len(found) + room), false_positives, tweak)
        for element in found:
            made.add(element)
        return made

    @classmethod
    def received(cls, data: bytes, hashes: int, tweak: int) -> Self:
        """The filter that somebody else made: its bits as they came."""
        made = cls(1, 0.5, tweak)
        made._bits, made.hashes = bytearray(data), hashes
        return made

    @property
    def data(self) -> bytes:
        """The bits, the lowest of each byte first."""
        return bytes(self._bits)

    def add(self, element: bytes) -> None:
        """Make an element a member. Raises ValueError when it is longer than anything that is tested."""
        if len(element) > MAX_ELEMENT:
            raise ValueError(f"an element of {len(element)} bytes")
        for place in self._places(element) if self._bits else ():
            self._bits[place >> 3] |= 1 << (place & 7)
        self.count += 1

    def __contains__(self, element: bytes) -> bool:
        if not self._bits:
            return True  # a filter without bits lets everything through
        return all(self._bits[place >> 3] >> (place & 7) & 1 for place in self._places(element))

    def _places(self, element: bytes) -> Iterable[int]:
        size = 8 * len(self._bits)
        return (murmur3(element, (number * _SEED_STEP + self.tweak) & _MASK) % size for number in range(self.hashes))


def script_element(script: bytes) -> bytes | None:
    """What of a standard output script is tested for: the hash or key that it pushes; None where it pushes nothing."""
    at = 0
    longest: bytes | None = None
    while at < len(script):
        opcode = script[at]
        at += 1
        if 1 <= opcode <= 75:
            pushed = script[at : at + opcode]
            at += opcode
            if longest is None or len(pushed) > len(longest):
                longest = pushed
    return longest
