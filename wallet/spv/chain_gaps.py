"""Headers below the chain's base: ranges between checkpoints, each fetched and proven on its own.

A range hangs between two hashes that are known, so its end hash proves all of it; the rules are kept as well. Its
headers are staged in the store while they arrive and count from the moment the end hash is reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import MEDIAN_SPAN, HeaderContext
from wallet.spv.chain_start import Anchor
from wallet.spv.chain_view import SIZE, BatchChecker, HeaderStore, times_of
from wallet.spv.fault import PeerFault


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing heights first…last. parent: the hash below; end: the hash at `last`; bits: what the first must carry."""

    first: int
    last: int
    parent: BlockHash
    end: BlockHash
    bits: int | None

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def gaps_below(anchors: tuple[Anchor, ...], ranges: tuple[tuple[int, int], ...], base: int, wanted: int) -> list[Gap]:
    """The ranges between neighbouring anchors below `base` that are needed to reach down to `wanted`, highest first."""
    found = []
    for low, high in pairwise(anchors):
        held = any(first <= low.height and high.height - 1 <= last for first, last in ranges)
        if high.height <= base and high.height > wanted and not held:
            found.append(Gap(low.height, high.height - 1, low.parent, high.parent, low.bits))
    return found[::-1]


class GapFill:
    """The filling of one gap; headers come in order, from whichever peer."""

    def __init__(
        self, params: ChainParams, gap: Gap, store: HeaderStore, check: BatchChecker, done: Callable[[], None]
    ) -> None:
        self.gap = gap
        self._params = params
        self._store = store
        self._check = check
        self._done = done
        self._restart()

    def _restart(self) -> None:
        self.next_height = self.gap.first
        self.parent = self.gap.parent
        if self.gap.first == 0:
            self._store.stage(0, self._params.genesis_header)
            self.next_height = 1
            self.parent = self._params.genesis_hash

    @property
    def complete(self) -> bool:
        return self.next_height > self.gap.last

    def add(self, raw: bytes, now: float) -> None:
        """Take in the next headers; those above the gap are passed over.

        Raises PeerFault when a rule is broken, or the end is reached with another hash: then the gap begins anew.
        """
        raw = raw[: (self.gap.last + 1 - self.next_height) * SIZE]
        verdict = self._check(self._params, raw, self.next_height, self._context(), int(now))
        count = len(raw) // SIZE
        end = self.next_height + count - 1
        last_hash = BlockHash(verdict.hashes[-32:])
        if verdict.fault is not None:
            self._restart()
            raise PeerFault(verdict.fault.rule, ban=verdict.fault.permanent, detail=f"below height {end}")
        if end == self.gap.last and last_hash != self.gap.end:
            self._restart()
            raise PeerFault("checkpoint", detail=f"header at {end}")
        self._store.stage(self.next_height, raw)
        self.next_height, self.parent = end + 1, last_hash
        if self.complete:
            self._store.adopt(self.gap.first, self.gap.count)
            self._done()

    def _context(self) -> HeaderContext:
        first = max(self.gap.first, self.next_height - MEDIAN_SPAN)
        raw = self._store.read(first, self.next_height - first) if self.next_height > first else b""
        return HeaderContext(self.parent, times_of(raw), self._time_bits, self.gap.bits)

    def _time_bits(self, height: int) -> tuple[int, int]:
        if not self.gap.first <= height < self.next_height:
            raise KeyError(height)
        raw = self._store.read(height, 1)
        return int.from_bytes(raw[68:72], "little"), int.from_bytes(raw[72:76], "little")
