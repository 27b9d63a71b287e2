"""How much is still to come, in bytes and seconds, told from what came lately."""

from collections import deque
from itertools import pairwise
from typing import Final

from wallet.engine.scanner import ScanCounts

WINDOW: Final = 60.0
"""Seconds that are looked back upon."""
LEAST: Final = 2.0
"""Seconds without which nothing is told."""

# Bytes of mainnet's filters by height: those of facts/chain.md §4, recomputed there; nearly nothing before 2011.
MAINNET_FILTERS: Final = (
    (150_000, 0),
    (481_824, 19_756),
    (500_000, 20_750),
    (550_000, 16_376),
    (600_000, 11_360),
    (650_000, 28_825),
    (700_000, 28_677),
    (750_000, 31_611),
    (800_000, 22_608),
    (830_000, 24_737),
    (850_000, 29_180),
    (870_000, 29_356),
    (890_000, 31_059),
    (910_000, 22_128),
    (930_000, 35_198),
    (950_000, 4_326),
)
_LATER: Final = 25_000


def mainnet_filter_bytes(first: int, last: int) -> int:
    """About how many bytes the filters of these heights have on mainnet, both included."""
    return max(0, round(_sum_to(last) - _sum_to(first - 1)))


def _sum_to(height: int) -> float:
    total = 0.0
    for (low, small), (high, large) in pairwise(MAINNET_FILTERS):
        if height <= low:
            return total
        end = min(height, high)
        share = (end - low) / (high - low)
        total += (end - low) * (small + small + share * (large - small)) / 2
    return total + max(0, height - MAINNET_FILTERS[-1][0]) * _LATER


def bytes_left(network: str, first: int, tip: int, counts: ScanCounts) -> int | None:
    """About how many bytes the filters from `first` on have; None while nothing is known of their size."""
    if network == "main":
        return mainnet_filter_bytes(first, tip)
    return (tip + 1 - first) * counts.filter_bytes // counts.filters if counts.filters else None


class Pace:
    """Follows a share that grows from 0 to 1; where it falls back, something new is being done."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque()
        self._what = ""

    def note(self, what: str, share: float, now: float) -> float | None:
        """How far `what` is, now; answers the seconds that are left, None while nothing can be told."""
        if what != self._what or (self._marks and share < self._marks[-1][1]):
            self._what = what
            self._marks.clear()
        self._marks.append((now, share))
        while now - self._marks[0][0] > WINDOW:
            self._marks.popleft()
        begun, first = self._marks[0]
        if now - begun < LEAST or share <= first:
            return None
        return (1 - share) * (now - begun) / (share - first)
