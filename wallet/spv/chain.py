"""The chain of headers with the most work: every rule, forks in memory, checkpoints that bind. No I/O.

All rules stand in `wallet.bitcoin.pow`; batches go through an injected checker of the same shape. Headers of the
active chain live in the store, branches in `wallet.spv.forks`. Where a network demands a minimum of work that the chain
has not reached, headers are staged in the store, and become the chain when they reach a checkpoint or that minimum: so
easy headers move no tip, and cost no more than the space up to the next checkpoint.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.checkpoints import Checkpoints
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import MEDIAN_SPAN, HeaderContext, HeaderVerdict, check_headers, median_time
from wallet.spv.chain_gaps import Gap, GapFill, gaps_below
from wallet.spv.chain_start import Start, points_between
from wallet.spv.chain_view import (
    SIZE,
    BatchChecker,
    ChainView,
    HeaderStore,
    MissingHeaders,
    WorkTally,
    hash_of,
    previous_of,
    times_of,
)
from wallet.spv.fault import PeerFault
from wallet.spv.forks import LIMIT, OURS, ForkHeader, Forks, fork_headers

__all__ = ["BatchChecker", "ChainUpdate", "HeaderChain", "HeaderStore", "MissingHeaders", "UnconnectedHeaders"]

_LOCATOR_DENSE: Final = 10


class UnconnectedHeaders(Exception):
    """Headers whose parent is not known; a getheaders with the locator finds out how they connect."""


@dataclass(frozen=True, slots=True)
class ChainUpdate:
    """What a message of headers changed in the active chain.

    connected_from…connected_to: the new heights, None where nothing was connected; disconnected: (height, hash) of
    the blocks that left, highest first; deferred: a header was more than two hours ahead of the clock and waits.
    """

    connected_from: int | None = None
    connected_to: int | None = None
    disconnected: tuple[tuple[int, BlockHash], ...] = ()
    deferred: bool = False


@dataclass(slots=True)
class _Stage:
    """Checked headers above the tip that are not the chain yet. source: who sends them, None when it left."""

    height: int
    hash: BlockHash
    work: int
    source: int | None


class HeaderChain:
    """The active chain and its branches. Heights are those of the active chain throughout.

    Errors of the store pass through, and the chain is as the store has it afterwards.
    """

    def __init__(
        self,
        params: ChainParams,
        checkpoints: Checkpoints,
        store: HeaderStore,
        check: BatchChecker = check_headers,
    ) -> None:
        self.params = params
        self._points = checkpoints.headers
        self._store = store
        self._check = check
        self._start = Start(params, checkpoints, store)
        self._forks = Forks()
        self.before_cut: Callable[[int], None] = lambda _height: None
        """Called with the height above which blocks are about to leave the chain, before the store forgets them."""
        self._load()

    def _load(self) -> None:
        anchor, tip = self._start.settle()
        self._view = ChainView(self._store, anchor.height, anchor.parent)
        self._view.move(tip)
        floor = max((a for a in self._start.anchors if anchor.height <= a.height <= tip + 1), key=lambda a: a.height)
        self._tally = WorkTally(self._store.read, floor.height - 1, floor.work)
        self.tip_work = self._tally.at(tip)
        self._stage: _Stage | None = None
        self._floor = max((p.height for p in self._points if p.height <= tip), default=0)

    @contextmanager
    def _changing_store(self) -> Iterator[None]:
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                self._load()

    # --- reading

    @property
    def tip_height(self) -> int:
        return self._view.tip

    @property
    def tip_hash(self) -> BlockHash:
        return self._view.tip_hash

    @property
    def base_height(self) -> int:
        """The lowest height whose header is held; the hash below it is known too."""
        return self._view.base

    @property
    def frontier(self) -> tuple[int, BlockHash]:
        """Height and hash of the best header that was checked, be it the chain's or still staged."""
        return (self._stage.height, self._stage.hash) if self._stage else (self._view.tip, self._view.tip_hash)

    @property
    def work_sufficient(self) -> bool:
        """Whether the chain has the network's minimum of work."""
        return self.tip_work >= self.params.minimum_chain_work

    def header_at(self, height: int) -> BlockHeader:
        """MissingHeaders where it is not held."""
        return self._view.header(height)

    def headers_raw(self, first: int, count: int) -> bytes:
        """Headers back to back, 80 bytes each; MissingHeaders where they are not held."""
        return self._view.raw(first, count)

    def hash_at(self, height: int) -> BlockHash:
        """From the height below `base_height` up to the tip; MissingHeaders outside."""
        return self._view.hash(height)

    def hashes(self, first: int, last: int) -> list[BlockHash]:
        """The hashes of the heights first…last; MissingHeaders where headers are not held."""
        return self._view.hashes(first, last)

    def height_of(self, block_hash: bytes) -> int | None:
        """The height of a block of the active chain. Hashes of the last 4,032 are found at once, others by search."""
        return self._view.height(block_hash)

    def recent_height_of(self, block_hash: bytes) -> int | None:
        """The height of one of the last 4,032 blocks of the active chain."""
        return self._view.recent_height(block_hash)

    def is_known(self, block_hash: bytes) -> bool:
        """Whether the hash is a recent one of the active chain, or of a branch."""
        return self._view.recent_height(block_hash) is not None or self._forks.get(block_hash) is not None

    def median_time_past(self, height: int) -> int:
        """The median time of the up to 11 headers that end in `height`, Unix seconds."""
        return median_time(self._view.times_below(height + 1) or (self._view.header(height).time,))

    def locator(self, below: int | None = None) -> list[BlockHash]:
        """Hashes for a getheaders, newest first: ten in a row, then ever sparser. below: begin under this height."""
        height = self._view.tip if below is None else max(min(below - 1, self._view.tip), self._view.base - 1, 0)
        found = [self._stage.hash] if self._stage and below is None else []
        step = 1
        lowest = max(self._view.base - 1, 0)
        while height > lowest:
            found.append(self._view.hash(height))
            step *= 1 if len(found) < _LOCATOR_DENSE else 2
            height -= step
        return [*found, self._view.hash(lowest)]

    # --- headers that arrive

    def connect(self, raw: bytes, now: float, source: int) -> ChainUpdate:
        """Take in headers (80 bytes each, back to back) that a peer sent; say what that changed.

        now: Unix seconds. source: the peer, on whose account unproven branches are kept. Raises PeerFault when a rule
        is broken (nothing of the message is kept then), UnconnectedHeaders when the parent of the first is not known.
        """
        if len(raw) % SIZE:
            raise ValueError(f"{len(raw)} bytes are not headers")
        if not raw:
            return ChainUpdate()
        parent = previous_of(raw, 0)
        if parent == (self._stage.hash if self._stage else self._view.tip_hash):
            return self._extend(raw, now, source)
        height = self._view.height(parent)
        if height is not None:
            return self._connect_to_active(raw, height, now, source)
        if self._forks.get(parent) is None:
            raise UnconnectedHeaders(str(parent))
        return self._branch(raw, now, source)

    def forget(self, source: int) -> None:
        """A peer left: its unproven branches go."""
        self._forks.forget(source)
        if self._stage and self._stage.source == source:
            self._stage.source = None

    def keep_stage_of(self, leader: int | None) -> None:
        """What is staged is safe from others only while its source leads."""
        if self._stage and self._stage.source != leader:
            self._stage.source = None

    def flush(self) -> None:
        """Make the chain safe against power loss."""
        self._store.flush()

    def _connect_to_active(self, raw: bytes, height: int, now: float, source: int) -> ChainUpdate:
        """Pass over headers that the active chain has; what remains extends it or branches off."""
        first = height + 1
        known = (
            self._view.raw(first, min(len(raw) // SIZE, self._view.tip - height)) if first <= self._view.tip else b""
        )
        same = _common(raw, known)
        rest = raw[same * SIZE :]
        if not rest:
            return ChainUpdate()
        if height + same < self._view.tip:
            return self._branch(rest, now, source)
        if self._stage and self._stage.source not in (None, source):
            return ChainUpdate()  # another peer is on the way to the next checkpoint
        self._stage = None
        return self._extend(rest, now, source)

    def _judge(self, raw: bytes, first: int, context: HeaderContext, now: float) -> tuple[HeaderVerdict, int]:
        """The verdict, and how many headers count: all, or those before one that is too far ahead of the clock."""
        verdict = self._check(self.params, raw, first, context, int(now))
        fault = verdict.fault
        if fault is not None and fault.rule != "future":
            raise PeerFault(fault.rule, ban=fault.permanent, detail=f"header at {first + fault.index}")
        count = len(raw) // SIZE if fault is None else fault.index
        for point in points_between(self._points, first, first + count - 1):
            at = 32 * (point.height - first)
            if verdict.hashes[at : at + 32] != point.block_hash:
                raise PeerFault("checkpoint", detail=f"header at {point.height}")
        return verdict, count

    def _extend(self, raw: bytes, now: float, source: int) -> ChainUpdate:
        """Headers right above the frontier."""
        height, parent = self.frontier
        work = self._stage.work if self._stage else self.tip_work
        bits = next((a.bits for a in self._start.anchors if a.height == height + 1), None)
        first = max(self._view.base, height + 1 - MEDIAN_SPAN)
        times = times_of(self._store.read(first, height + 1 - first)) if height >= first else ()
        context = HeaderContext(parent, times, self._time_bits, bits)
        try:
            verdict, count = self._judge(raw, height + 1, context, now)
        except PeerFault:
            self._stage = None
            raise
        if not count:
            return ChainUpdate(deferred=True)
        deferred = verdict.fault is not None
        new_hash = BlockHash(verdict.hashes[32 * count - 32 : 32 * count])
        fresh = _Stage(height + count, new_hash, work + verdict.work, source)
        if fresh.work < self.params.minimum_chain_work or self._stage:
            return self._put_on_stage(raw[: count * SIZE], height + 1, fresh, deferred)
        with self._changing_store():
            self._store.apply(height + 1, raw[: count * SIZE])
        return self._advance(fresh.height, fresh.work, deferred)

    def _time_bits(self, height: int) -> tuple[int, int]:
        """(time, bits) of the chain or of what is staged above it; KeyError outside."""
        if not self._view.base <= height <= self.frontier[0]:
            raise KeyError(height)
        raw = self._store.read(height, 1)
        return int.from_bytes(raw[68:72], "little"), int.from_bytes(raw[72:76], "little")

    def _put_on_stage(self, raw: bytes, first: int, fresh: _Stage, deferred: bool) -> ChainUpdate:
        passed = points_between(self._points, self._view.tip + 1, fresh.height)
        if fresh.work >= self.params.minimum_chain_work:
            reached = fresh.height
        else:
            reached = max((point.height for point in passed), default=self._view.tip)
        highest = max((point.height for point in self._points), default=0)
        if fresh.height - max(reached, highest) > LIMIT:
            self._stage = None
            raise PeerFault("too-little-work", detail=f"{fresh.height - reached} headers above {reached}")
        with self._changing_store():
            self._store.stage(first, raw)
            if reached > self._view.tip:
                self._store.adopt(self._view.tip + 1, reached - self._view.tip)
        self._stage = fresh if fresh.height > reached else None
        if reached <= self._view.tip:
            return ChainUpdate(deferred=deferred)
        return self._advance(reached, fresh.work if reached == fresh.height else self._tally.at(reached), deferred)

    def _advance(self, tip: int, work: int, deferred: bool) -> ChainUpdate:
        first = self._view.tip + 1
        self._view.move(tip)
        self._settle_tip(work)
        return ChainUpdate(first, tip, deferred=deferred)

    def _settle_tip(self, work: int) -> None:
        tip = self._view.tip
        self.tip_work = work
        self._floor = max((p.height for p in self._points if p.height <= tip), default=0)
        if len(self._forks):
            self._forks.prune(tip - LIMIT)

    # --- branches

    def _branch(self, raw: bytes, now: float, source: int) -> ChainUpdate:
        """Headers whose parent lies in a branch, or in the active chain below its tip."""
        raw = self._skip_known_forks(raw)
        if not raw:
            return ChainUpdate()
        parent = previous_of(raw, 0)
        path = self._forks.path(parent)
        fork = path[0].height - 1 if path else self._view.height(parent)
        if fork is None:
            raise UnconnectedHeaders(str(parent))
        if fork < self._floor:
            raise PeerFault("checkpoint", detail=f"a branch from {fork}, below {self._floor}")
        first = fork + len(path) + 1
        verdict, count = self._judge(raw, first, self._branch_context(parent, path, fork), now)
        if not count:
            return ChainUpdate(deferred=True)
        work = path[-1].work if path else self._tally.at(fork)
        fresh = fork_headers(raw[: count * SIZE], first, work, source, verdict.hashes)
        deferred = verdict.fault is not None
        if fresh[-1].work > self.tip_work and fresh[-1].work >= self.params.minimum_chain_work:
            return self._reorganise([*path, *fresh], deferred)
        self._forks.add(fresh)
        return ChainUpdate(deferred=deferred)

    def _skip_known_forks(self, raw: bytes) -> bytes:
        position = 0
        while position * SIZE < len(raw) and self._forks.get(hash_of(raw, position)) is not None:
            position += 1
        return raw[position * SIZE :]

    def _branch_context(self, parent: BlockHash, path: list[ForkHeader], fork: int) -> HeaderContext:
        def time_bits(height: int) -> tuple[int, int]:
            if height <= fork:
                return self._view.time_bits(height)
            if height > fork + len(path):
                raise KeyError(height)
            raw = path[height - fork - 1].raw
            return int.from_bytes(raw[68:72], "little"), int.from_bytes(raw[72:76], "little")

        times = (*self._view.times_below(fork + 1), *(int.from_bytes(h.raw[68:72], "little") for h in path))
        return HeaderContext(parent, times[-MEDIAN_SPAN:], time_bits)

    def _reorganise(self, branch: list[ForkHeader], deferred: bool) -> ChainUpdate:
        """Let a branch be the chain; what it replaces becomes a branch."""
        fork = branch[0].height - 1
        old = self._view.raw(fork + 1, self._view.tip - fork)
        hashes = self._view.hashes(fork + 1, self._view.tip)
        replaced = fork_headers(old, fork + 1, self._tally.at(fork), OURS, b"".join(hashes))
        self.before_cut(fork)
        with self._changing_store():
            self._store.apply(fork + 1, b"".join(header.raw for header in branch))
        self._stage = None
        self._tally.cut(fork)
        self._view.move(branch[-1].height)
        self._forks.remove(branch)
        self._forks.add(replaced)
        self._settle_tip(branch[-1].work)
        gone = tuple((header.height, header.hash) for header in reversed(replaced))
        return ChainUpdate(fork + 1, self._view.tip, gone, deferred)

    # --- ranges below

    def gaps(self, wanted: int) -> list[Gap]:
        """The ranges between checkpoints that are missing from `wanted` up to the chain's base, highest first."""
        return gaps_below(self._start.anchors, self._store.ranges, self._view.base, wanted)

    def fill(self, gap: Gap) -> GapFill:
        """Begin to fill a gap. It counts, and the base may sink, when its last hash is reached."""
        return GapFill(self.params, gap, self._store, self._check, self._sink)

    def _sink(self) -> None:
        first = self._store.ranges[-1][0] if self._store.ranges else self._view.base
        if first < self._view.base:
            self._view.base = first
            self._view.root_hash = next(a.parent for a in self._start.anchors if a.height == first)


def _common(raw: bytes, known: bytes) -> int:
    """How many leading headers two runs share; runs are linked, so a difference never ends."""
    if raw.startswith(known):
        return len(known) // SIZE
    low, high = 0, len(known) // SIZE
    while low < high:
        middle = (low + high + 1) // 2
        if raw[: middle * SIZE] == known[: middle * SIZE]:
            low = middle
        else:
            high = middle - 1
    return low
