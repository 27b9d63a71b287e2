"""The scan against a scripted source: whatever comes when, its result is that of a fresh scan of the chain as it is."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.world import FOREIGN, MemoryStore, account, make_block, pay
from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.engine.scanner import Scanner
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.coverage import ScanTask
from wallet.ledger.ledger import Ledger
from wallet.spv.node_api import FilterBatch, Superseded

LIMIT = 4
"""Heights in a batch here, so that short chains take several."""
LOOK_AHEAD = 30
SCRIPTS = [account().external.script_at(index).script_pubkey for index in range(160)]


class ShortLedger(Ledger):
    """A ledger that scans a few heights at a time."""

    def next_scan(self, birthday: int, tip: int, limit: int = LIMIT) -> ScanTask | None:
        return super().next_scan(birthday, tip, limit)


def new_ledger(store: MemoryStore) -> Ledger:
    ledger = ShortLedger(store, LOOK_AHEAD)
    ledger.add_account(account())
    ledger.commit()
    return ledger


@dataclass
class Source:
    """Serves a chain that may be swapped while something is asked for; `on_fetch` is called before each answer."""

    blocks: list[Block]
    on_fetch: Callable[[int], None] = lambda _count: None
    fetched: list[tuple[int, int]] = field(default_factory=list)
    block_fetches: list[int] = field(default_factory=list)
    lies: set[int] = field(default_factory=set)
    _count: int = 0

    @property
    def tip(self) -> int:
        return len(self.blocks) - 1

    def hash_at(self, height: int) -> BlockHash | None:
        return self.blocks[height].hash if 0 <= height <= self.tip else None

    async def _answer(self, start: int, stop: int) -> list[Block]:
        """The blocks that were asked for, some moments later; Superseded when they have left since."""
        wanted = [block.hash for block in self.blocks[start : stop + 1]]
        for _ in range(3):
            await asyncio.sleep(0)
        self._count += 1
        self.on_fetch(self._count)
        now = self.blocks[start : stop + 1]
        if wanted != [block.hash for block in now] or len(now) != stop - start + 1:
            raise Superseded
        return now

    async def fetch_filters(self, start: int, stop: int) -> FilterBatch:
        self.fetched.append((start, stop))
        blocks = await self._answer(start, stop)
        filters = [b"lie" if height in self.lies else block.hash for height, block in enumerate(blocks, start)]
        return FilterBatch(start, tuple(block.hash for block in blocks), list(filters))

    async def fetch_block(self, height: int) -> Block:
        self.block_fetches.append(height)
        return (await self._answer(height, height))[0]


class Matching:
    """What filters would tell, from the blocks themselves. Every block that was ever made is known to it."""

    def __init__(self) -> None:
        self.touched: dict[bytes, set[bytes]] = {}
        self._paid: dict[bytes, bytes] = {}

    def learn(self, block: Block) -> None:
        for transaction in block.transactions:
            for index, output in enumerate(transaction.outputs):
                self._paid[OutPoint(transaction.txid, index).serialize()] = output.script_pubkey
        spent = {self._paid[outpoint] for outpoint in block.all_spent if outpoint in self._paid}
        self.touched[block.hash] = spent | set(block.all_scripts)

    def make(self, scripts: Sequence[bytes]) -> "Matching.One":
        return Matching.One(self, frozenset(scripts))

    @dataclass(frozen=True)
    class One:
        world: "Matching"
        scripts: frozenset[bytes]

        def match(self, filters: Sequence[bytes], block_hashes: Sequence[bytes]) -> list[int]:
            assert len(filters) == len(block_hashes)
            return [
                position
                for position, found in enumerate(filters)
                if found != b"lie" and (not found or self.scripts & self.world.touched[found])
            ]


@dataclass
class Scan:
    """A scanner at work on a ledger."""

    source: Source
    matching: Matching
    store: MemoryStore = field(default_factory=MemoryStore)
    changes: list[ChangeSet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = new_ledger(self.store)
        for block in self.source.blocks:
            self.matching.learn(block)
        self.scanner = Scanner(self.ledger, self.source, self.matching.make, self.changes.append)

    async def run(self, birthday: int = 0) -> None:
        """Scan until nothing is left to do."""
        self.scanner.advance(birthday, self.source.tip)
        task = asyncio.create_task(self.scanner.run())
        try:
            async with asyncio.timeout(20):
                while not self.scanner.complete:
                    assert not task.done(), task.exception()
                    await asyncio.sleep(0)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def reorganise(self, blocks: list[Block]) -> None:
        """Swap the chain, and tell the scanner as the network does."""
        old = self.source.blocks
        fork = next((h for h, (a, b) in enumerate(zip(old, blocks, strict=False)) if a.hash != b.hash), len(blocks))
        for block in blocks:
            self.matching.learn(block)
        self.source.blocks = blocks
        gone = [(height, old[height].hash) for height in range(len(old) - 1, fork - 1, -1)]
        self.scanner.follow_chain(self.source.hash_at, gone, fork)
        self.scanner.advance(0, self.source.tip)

    def facts(self) -> tuple[object, ...]:
        """All that a user could see, and what the next start goes by."""
        in_memory = self._facts_of(self.ledger)
        assert self._facts_of(Ledger(self.store, LOOK_AHEAD)) == in_memory
        return in_memory

    def _facts_of(self, ledger: Ledger) -> tuple[object, ...]:
        tip = self.source.tip
        history = {(e.txid, e.height, e.amount, e.status, e.proven) for e in ledger.history(tip)}
        coins = {(coin.outpoint, coin.amount, coin.height) for coin in ledger.coins(tip)}
        used = {(row.ref, row.used) for row in ledger.addresses(tip)}
        return history, coins, used, ledger.balance(tip), ledger.scan_height(0)


def chain(payments: Sequence[Sequence[Transaction]], branch: int = 0, base: Sequence[Block] = ()) -> list[Block]:
    """Blocks with these payments, upon `base` or upon a first block without any."""
    blocks = [*base] or [make_block(0)]
    for transactions in payments:
        blocks.append(make_block(len(blocks), transactions, branch, FOREIGN, blocks[-1].hash))
    return blocks


def fresh(blocks: list[Block], matching: Matching) -> tuple[object, ...]:
    scan = Scan(Source(blocks), matching)
    asyncio.run(scan.run())
    return scan.facts()


def reorganise_within(scan: Scan, other: list[Block], when: int, matching: Matching) -> None:
    """Scan; the other branch wins after so many answers. What is found is what a fresh scan of it finds."""
    source = scan.source
    before = source.blocks

    def on_fetch(count: int) -> None:
        if count == when:
            scan.reorganise(other)

    source.on_fetch = on_fetch

    async def scenario() -> None:
        await scan.run()
        if source.blocks is before:
            scan.reorganise(other)
            await scan.run()

    with patch("wallet.engine.scanner.SCAN_LIMIT", LIMIT):
        asyncio.run(scenario())
        assert scan.facts() == fresh(other, matching)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[list[Transaction]], int, list[list[Transaction]], int]:
    """Payments by height, where the other branch begins, its payments, and after how many answers it wins."""
    length = draw(st.integers(1, 14))
    per_height: list[list[Transaction]] = [[] for _ in range(length)]
    made: list[tuple[int, Transaction]] = []
    for _ in range(draw(st.integers(0, 8))):
        index = draw(st.sampled_from([0, 1, 2, 19, 29, 30, 45, 58, 75]))
        height = draw(st.integers(0, length - 1))
        per_height[height].append(pay([(SCRIPTS[index], 10_000 + index)]))
        made.append((height, per_height[height][-1]))
    for height, transaction in made:
        if height + 1 < length and draw(st.booleans()):
            spend = pay([(FOREIGN, 4_000), (SCRIPTS[draw(st.integers(0, 40))], 5_000)], [OutPoint(transaction.txid, 0)])
            per_height[draw(st.integers(height + 1, length - 1))].append(spend)
    fork = draw(st.integers(0, length))
    # The same payments return in the same order, in other blocks and perhaps in fewer of them.
    rest = [transaction for transactions in per_height[fork:] for transaction in transactions]
    other: list[list[Transaction]] = [[] for _ in range(length - fork + draw(st.integers(1, 3)))]
    cuts = sorted(draw(st.lists(st.integers(0, len(other) - 1), min_size=len(rest), max_size=len(rest))))
    for transaction, at in zip(rest, cuts, strict=True):
        other[at].append(transaction)
    return per_height, fork, other, draw(st.integers(1, 25))


@given(stories())
@settings(max_examples=120)
def test_a_reorganisation_at_any_moment_ends_like_a_fresh_scan(
    story: tuple[list[list[Transaction]], int, list[list[Transaction]], int],
) -> None:
    payments, fork, other, when = story
    first = chain(payments)
    second = chain(other, branch=1, base=first[: fork + 1])
    matching = Matching()
    reorganise_within(Scan(Source(first), matching), second, when, matching)


@pytest.mark.parametrize("when", range(1, 5))
def test_a_block_that_leaves_while_it_is_matched_for_the_first_time_is_not_counted_as_scanned(when: int) -> None:
    # The ledger knows nothing of height 2 yet, so there is nothing to undo: only the batch on its way is wrong.
    paid, late = pay([(SCRIPTS[0], 1_000)]), pay([(SCRIPTS[1], 2_000)])
    first = chain([[paid], []])
    second = chain([[late]], branch=1, base=first[:2])
    second = chain([[]], branch=1, base=second)
    matching, source = Matching(), Source(first)
    scan = Scan(source, matching)

    def on_fetch(count: int) -> None:
        if count == when:
            scan.reorganise(second)

    source.on_fetch = on_fetch
    asyncio.run(scan.run())
    if source.blocks is second:
        assert scan.ledger.balance(3).confirmed == 3_000
        assert scan.facts() == fresh(second, matching)
    else:
        assert when > 2


def test_long_filters_are_matched_with_scripts_that_are_not_due_and_not_fetched_again_for_them() -> None:
    payments: list[list[Transaction]] = [[] for _ in range(10)]
    payments[2] = [pay([(SCRIPTS[29], 5_000)])]
    payments[8] = [pay([(SCRIPTS[24], 3_000)])]
    fetched: list[int] = []
    for length in (32, 33):
        with patch("wallet.engine.scanner._LONG", length):
            scan = Scan(Source(chain(payments)), Matching())
            assert scan.ledger.keychain.due((0, 0)) == 25
            asyncio.run(scan.run())
        assert scan.ledger.balance(10).confirmed == 8_000
        assert scan.ledger.next_scan(0, 10) is None
        fetched.append(sum(stop + 1 - start for start, stop in scan.source.fetched if start < 2))
    assert fetched[0] < fetched[1], "the lowest heights were not matched again with script 29"


def test_scripts_that_come_later_are_matched_against_lower_heights() -> None:
    # Height 1 pays a script that is only derived once height 9 has paid one further up.
    payments: list[list[Transaction]] = [[] for _ in range(10)]
    payments[0] = [pay([(SCRIPTS[45], 7_000)])]
    payments[8] = [pay([(SCRIPTS[24], 3_000)])]
    scan = Scan(Source(chain(payments)), Matching())
    assert SCRIPTS[45] not in scan.ledger.keychain.scripts()
    asyncio.run(scan.run())
    assert scan.ledger.balance(10).confirmed == 10_000


def test_nothing_below_the_birthday_is_asked_for() -> None:
    scan = Scan(Source(chain([[pay([(SCRIPTS[0], 1_000)])] for _ in range(9)])), Matching())
    asyncio.run(scan.run(birthday=6))
    assert min(start for start, _ in scan.source.fetched) == 6
    assert scan.ledger.balance(9).confirmed == 4_000


def test_without_a_birthday_nothing_is_scanned_and_nothing_is_complete() -> None:
    async def scenario() -> None:
        scan = Scan(Source(chain([[pay([(SCRIPTS[0], 1_000)])]])), Matching())
        task = asyncio.create_task(scan.scanner.run())
        scan.scanner.advance(None, 1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not scan.scanner.complete
        assert scan.source.fetched == []
        task.cancel()

    asyncio.run(scenario())


def test_a_block_whose_filter_could_not_be_judged_is_looked_into() -> None:
    source = Source(chain([[pay([(SCRIPTS[0], 1_000)])]]))
    scan = Scan(source, Matching())
    real = source.fetch_filters

    async def empty(start: int, stop: int) -> FilterBatch:
        batch = await real(start, stop)
        return FilterBatch(batch.start_height, batch.block_hashes, [b""] * len(batch.filters))

    source.fetch_filters = empty  # type: ignore[method-assign]  # a source that never knows
    asyncio.run(scan.run())
    assert set(source.block_fetches) == {0, 1}
    assert scan.ledger.balance(1).confirmed == 1_000


@pytest.mark.parametrize("moment", range(1, 6))
def test_filters_that_turn_out_to_be_lies_are_not_counted_as_scanned(moment: int) -> None:
    payments = [[pay([(SCRIPTS[height % 3], 1_000)])] for height in range(12)]
    source = Source(chain(payments), lies={2, 3, 7, 11})
    scan = Scan(source, Matching())

    def on_fetch(count: int) -> None:
        if count == moment:
            source.lies.clear()
            scan.scanner.start_over()
            scan.ledger.rescan(1)
            scan.ledger.commit()

    source.on_fetch = on_fetch
    with patch("wallet.engine.scanner.SCAN_LIMIT", LIMIT):
        asyncio.run(scan.run())
    assert scan.ledger.balance(12).confirmed == 12_000


def test_what_was_asked_ahead_may_fail_unseen(caplog: pytest.LogCaptureFixture) -> None:
    payments = [[pay([(SCRIPTS[0], 1_000)])] for _ in range(12)]
    source = Source(chain(payments))
    scan = Scan(source, Matching())
    failed: list[int] = []

    def on_fetch(_count: int) -> None:
        if len(failed) < 3:
            failed.append(1)
            raise Superseded

    source.on_fetch = on_fetch
    with patch("wallet.engine.scanner.SCAN_LIMIT", LIMIT):
        asyncio.run(scan.run())
    assert scan.ledger.balance(12).confirmed == 12_000
    gc.collect()  # asyncio complains of what nobody looked at once it is thrown away
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_failure_of_the_source_ends_the_scan_with_it() -> None:
    async def scenario() -> None:
        source = Source(chain([[pay([(SCRIPTS[0], 1_000)])]]))
        scan = Scan(source, Matching())

        def on_fetch(_count: int) -> None:
            raise OSError("the disk is full")

        source.on_fetch = on_fetch
        scan.scanner.advance(0, 1)
        with pytest.raises(OSError, match="full"):
            await scan.scanner.run()

    asyncio.run(scenario())
