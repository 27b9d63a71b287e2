"""Finds the wallet's transactions: filters from the birthday to the tip, and the blocks that they hit.

What is to be matched is the ledger's to say (`next_scan`): every due script against every height, whenever it was
derived. Where filters are long, and would cost much to come back to, scripts that are not due yet are matched as well.
Filters of the next heights are on their way while the present ones are matched; a batch has fewer of them where they
are long, so that memory does not grow with them. A batch is noted as scanned in the same transaction as the last of
what was found in it, and only after all of it was entered; batches in which nothing was found are stored together, two
times a second. So a crash costs at most that much, which is scanned again without harm. When a reorganisation comes in
between, the batch is given up.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import BlockHash
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.coverage import SCAN_LIMIT, ScanTask
from wallet.ledger.ledger import Ledger
from wallet.spv.node_api import FilterBatch, Superseded

log = logging.getLogger(__name__)

_AHEAD: Final = 4
"""Batches of filters that are asked for before the present one is matched."""
_BATCH_BYTES: Final = 2_000_000
_SIZES: Final = (SCAN_LIMIT, 500, 250, 125, 63)
"""Filters in a batch: as many as are not more bytes than that."""
_LONG: Final = 4_000
"""Bytes of a filter, on average of a batch, from which on scripts that need not be matched cost little beside it."""
_COMMIT_SECONDS: Final = 0.5
_BLOCKS_AT_ONCE: Final = 8


def _next_size(size: int, length: float) -> int:
    """How many filters to ask for at a time when the last ones were so long; at most twice as many as before."""
    return next((one for one in _SIZES if one <= 2 * size and one * length <= _BATCH_BYTES), _SIZES[-1])


class Source(Protocol):
    """Where filters and blocks come from: `wallet.spv.node.Node`, behind the filters on disk."""

    async def fetch_filters(self, start: int, stop: int) -> FilterBatch: ...
    async def fetch_block(self, height: int) -> Block: ...


class Matcher(Protocol):
    """Filters against scripts: the positions of the blocks to look into, those whose filter is empty included."""

    def match(self, filters: Sequence[bytes], block_hashes: Sequence[bytes]) -> list[int]: ...


MatcherFactory = Callable[[Sequence[bytes]], Matcher]


@dataclass(frozen=True, slots=True)
class Found:
    """Consecutive blocks that were searched, and the heights of those that must be read."""

    block_hashes: tuple[BlockHash, ...]
    heights: list[int]


class Finder(Protocol):
    """Another way than filters to find the blocks that concern a task's scripts."""

    async def find(self, task: ScanTask) -> Found: ...


@dataclass(slots=True)
class ScanCounts:
    """What was done since the scanner was made."""

    filters: int = 0
    filter_bytes: int = 0
    blocks: int = 0
    transactions: int = 0


class Scanner:
    """One wallet's scan. `run` goes on until it is cancelled; `wake` tells it that there may be more to do.

    finder: asked for the blocks to read, in the place of filters.
    """

    def __init__(
        self,
        ledger: Ledger,
        source: Source,
        matcher: MatcherFactory,
        committed: Callable[[ChangeSet], None],
        finder: Finder | None = None,
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._make_matcher = matcher
        self._committed = committed
        self._finder = finder
        self._birthday: int | None = None
        self._filter_tip = -1
        self._wake = asyncio.Event()
        self._coming: dict[tuple[int, int], asyncio.Task[FilterBatch]] = {}
        self._matcher: tuple[tuple[object, ...], Matcher] | None = None
        self._reorganised = False
        self._working = False
        self._size = _SIZES[-1] if finder is None else SCAN_LIMIT
        self._unstored_since: float | None = None
        self.counts = ScanCounts()

    @property
    def complete(self) -> bool:
        """Whether every script was matched against every block with a verified filter header, and that is stored."""
        if self._birthday is None or self._working or self._unstored_since is not None:
            return False
        return self._next_task() is None and not self._ledger.repeats()

    def advance(self, birthday: int | None, filter_tip: int) -> None:
        """Tell from which height on, and up to where, there is something to match; birthday None: not known yet."""
        self._birthday, self._filter_tip = birthday, filter_tip
        self._wake.set()

    def _next_task(self) -> ScanTask | None:
        """What the ledger wants next, as much of it as is on its way already, or as makes a batch."""
        task = None if self._birthday is None else self._ledger.next_scan(self._birthday, self._filter_tip)
        return None if task is None else replace(task, stop=min(task.stop, self._stop_for(task.start, task.until)))

    def _stop_for(self, start: int, until: int) -> int:
        """Where the batch that begins at a height ends: as it was asked for, or as it would be now."""
        stop = next((stop for first, stop in self._coming if first == start), start + self._size - 1)
        return min(stop, until)

    async def run(self) -> None:
        """Scan whatever there is to scan, for ever."""
        try:
            while True:
                self._wake.clear()
                if not await self._step():
                    await self._wake.wait()
        finally:
            self.forget_coming()

    async def _step(self) -> bool:
        """One batch, or the blocks that are to be read again; False when there is nothing to do."""
        self._reorganised = False
        self._working = True
        try:
            if (task := self._next_task()) is not None:
                await self._scan(task)
            elif repeats := self._ledger.repeats():
                await self._apply(repeats, {})
                self._commit()
            else:
                self._commit()
                return False
        except Superseded:
            log.info("a reorganisation came in between: scanning again")
            self.forget_coming()
            await asyncio.sleep(0)
        finally:
            self._working = False
        return True

    async def _scan(self, task: ScanTask) -> None:
        if self._finder is None:
            task, found = await self._match(task)
        else:
            found = await self._finder.find(task)
        await self._apply(found.heights, dict(enumerate(found.block_hashes, task.start)))
        self._refuse_stale()
        self._ledger.scanned(task, found.block_hashes)
        self._commit_in_time(bool(found.heights))

    async def _match(self, task: ScanTask) -> tuple[ScanTask, Found]:
        """The task's filters against its scripts; long filters against all that lack these heights."""
        batch = await self._filters(task)
        length = sum(map(len, batch.filters)) / len(batch.filters)
        if length >= _LONG:
            task = self._ledger.widened(task)
        hits = self._matcher_for(task).match(batch.filters, batch.block_hashes)
        self.counts.filters += len(batch.filters)
        self.counts.filter_bytes += sum(map(len, batch.filters))
        self._size = _next_size(self._size, length)
        return task, Found(batch.block_hashes, [task.start + position for position in hits])

    def _commit_in_time(self, found: bool) -> None:
        """Store at once what was found, or that all is done; how far a long scan got, now and then."""
        now = asyncio.get_running_loop().time()
        if self._unstored_since is None:
            self._unstored_since = now
        if found or now - self._unstored_since >= _COMMIT_SECONDS or self._next_task() is None:
            self._commit()

    def _matcher_for(self, task: ScanTask) -> Matcher:
        if self._matcher is None or self._matcher[0] != task.ranges:
            scripts = self._ledger.keychain.scripts_of(task.ranges)
            self._matcher = (task.ranges, self._make_matcher(scripts))
        return self._matcher[1]

    async def _filters(self, task: ScanTask) -> FilterBatch:
        """The task's filters, while the next ones are asked for too."""
        wanted = [(task.start, task.stop)]
        for _ in range(_AHEAD):
            start = wanted[-1][1] + 1
            if start > task.until:
                break
            wanted.append((start, self._stop_for(start, task.until)))
        for key in [key for key in self._coming if key not in wanted]:
            self._coming.pop(key).cancel()
        for key in wanted:
            if key not in self._coming:
                self._coming[key] = asyncio.ensure_future(self._source.fetch_filters(*key))
        return await self._coming.pop(wanted[0])

    async def _apply(self, heights: Sequence[int], expected: dict[int, BlockHash]) -> None:
        """Fetch blocks, several at once, and enter them in ascending order."""
        limit = asyncio.Semaphore(_BLOCKS_AT_ONCE)

        async def fetch(height: int) -> Block:
            async with limit:
                return await self._source.fetch_block(height)

        coming = [asyncio.ensure_future(fetch(height)) for height in heights]
        try:
            for height, task in zip(heights, coming, strict=True):
                block = await task
                self._refuse_stale()
                if expected.get(height, block.hash) != block.hash:
                    raise Superseded
                before = len(self._ledger.transactions)
                self._ledger.apply_block(block, height)
                self.counts.blocks += 1
                self.counts.transactions += len(self._ledger.transactions) - before
        finally:
            for task in coming:
                task.cancel()
            await asyncio.gather(*coming, return_exceptions=True)

    def _refuse_stale(self) -> None:
        if self._reorganised:
            raise Superseded

    def follow_chain(
        self,
        hash_at: Callable[[int], BlockHash | None],
        gone: Sequence[tuple[int, BlockHash]] = (),
        lowest: int = 0,
    ) -> None:
        """Take back every block that the ledger knows and the chain does not, the highest first, and store that.

        hash_at answers None where no header is held: of those heights nothing is known, but for `gone`, the blocks that
        are known to have left. So whatever was lost between the headers' file and the database, by a crash in between
        too, they agree again. lowest: heights below it were not touched.
        """
        if gone:
            # Also when the ledger knows none of them yet: they may be in the batch that is being matched.
            self.start_over()
        known = {height: found for height, found in self._ledger.block_hashes().items() if height >= lowest}
        now = {height: hash_at(height) for height in known}
        left = {height for height, block_hash in gone if known.get(height) == block_hash}
        left.update(height for height, found in now.items() if found is not None and found != known[height])
        strays = sorted(left, reverse=True)
        if not strays:
            return
        for height in strays:
            self._ledger.undo_block(height, known[height])
        self.start_over()
        self._commit()

    def start_over(self) -> None:
        """Give up what is being matched: its blocks have left the chain, or its filters turned out to be false."""
        self._reorganised = True
        self.forget_coming()
        self._wake.set()

    def forget_coming(self) -> None:
        """Cancel the filters that are on their way."""
        for task in self._coming.values():
            task.cancel()
        self._coming.clear()

    def _commit(self) -> None:
        change = self._ledger.commit()
        self._unstored_since = None
        if change:
            self._committed(change)
