"""How much the scan asks for at a time, and how often it stores how far it got."""

import asyncio

from tests.engine.test_scanner import Matching, Scan, Source
from tests.ledger.world import MemoryStore, make_block
from wallet.engine.scanner import _SIZES, _next_size
from wallet.ledger.changeset import ChangeSet


class CountingStore(MemoryStore):
    """Counts its transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0

    def apply(self, change: ChangeSet) -> None:
        self.commits += 1
        super().apply(change)


def test_batches_grow_by_doubling_while_filters_are_short() -> None:
    sizes = [_SIZES[-1]]
    for _ in range(6):
        sizes.append(_next_size(sizes[-1], 6.0))
    assert sizes == [63, 125, 250, 500, 1000, 1000, 1000]


def test_batches_of_long_filters_are_short_however_long_the_last_was() -> None:
    assert _next_size(1_000, 13_300.0) == 125
    assert _next_size(63, 13_300.0) == 125
    assert _next_size(1_000, 1_000_000.0) == 63


async def test_a_scan_that_finds_nothing_is_stored_now_and_then_and_at_its_end() -> None:
    blocks = [make_block(height, []) for height in range(80)]
    store = CountingStore()
    scan = Scan(Source(blocks), Matching(), store)
    before = store.commits
    await asyncio.wait_for(scan.run(), 20)
    assert len(scan.source.fetched) >= 20
    assert store.commits - before < 10
    scan.facts()  # also says that memory and store agree
