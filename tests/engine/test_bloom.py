"""Finding by bloom filters: the scan ends as one by compact filters does, whatever the node sends beside it."""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings

from tests.engine.test_scanner import LOOK_AHEAD, SCRIPTS, Matching, Scan, Source, chain, reorganise_within, stories
from tests.ledger.world import FOREIGN, pay
from wallet.bitcoin.bloom import BloomFilter, script_element
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.engine.bloom import BloomFinder, tweak_of
from wallet.engine.scanner import Scanner
from wallet.spv.node_api import FilteredBatch
from wallet.spv.sync_types import FilteredBlock

TWEAK = 12345


@dataclass
class FilteringSource(Source):
    """Filters as BIP37 says, with UPDATE_ALL. noise: every tenth transaction matches too; withheld: none is sent."""

    noise: bool = False
    withheld: bool = False
    loaded: list[BloomFilter] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)

    def load_bloom(self, bloom: BloomFilter) -> None:
        self.loaded.append(bloom)

    async def fetch_filtered(self, start: int, stop: int, bloom: BloomFilter) -> FilteredBatch:
        self.asked.append((start, stop))
        bloom = copy.deepcopy(bloom)
        blocks = await self._answer(start, stop)
        matches = []
        for height, block in enumerate(blocks, start):
            found = tuple(tx for tx in block.transactions if self._matches(tx, bloom))
            if found:
                sent = () if self.withheld else found
                matches.append(FilteredBlock(height, tuple(tx.txid for tx in found), sent))
        return FilteredBatch(start, tuple(block.hash for block in blocks), matches)

    def _matches(self, transaction: Transaction, bloom: BloomFilter) -> bool:
        matched = transaction.txid in bloom or (self.noise and transaction.txid[0] % 10 == 0)
        for index, output in enumerate(transaction.outputs):
            if (script_element(output.script_pubkey) or b"") in bloom:
                bloom.add(OutPoint(transaction.txid, index).serialize())
                matched = True
        return matched or any(spent.outpoint.serialize() in bloom for spent in transaction.inputs)


def bloom_scan(source: FilteringSource, matching: Matching) -> Scan:
    scan = Scan(source, matching)
    finder = BloomFinder(scan.ledger, source, TWEAK)
    scan.scanner = Scanner(scan.ledger, source, matching.make, scan.changes.append, finder)
    return scan


@given(stories())
@settings(max_examples=60)
def test_a_reorganisation_at_any_moment_ends_like_a_fresh_scan_by_compact_filters(
    story: tuple[list[list[Transaction]], int, list[list[Transaction]], int],
) -> None:
    payments, fork, other, when = story
    first = chain(payments)
    second = chain(other, branch=1, base=first[: fork + 1])
    matching = Matching()
    source = FilteringSource(first, noise=True)
    reorganise_within(bloom_scan(source, matching), second, when, matching)
    assert source.fetched == []


def _payments(per_height: Sequence[Sequence[tuple[bytes, int]]]) -> list[list[Transaction]]:
    return [[pay([(script, amount)]) for script, amount in found] for found in per_height]


def _run(source: FilteringSource) -> Scan:
    scan = bloom_scan(source, Matching())
    asyncio.run(scan.run())
    return scan


def test_a_coin_spent_in_the_batch_in_which_it_was_made_is_spent() -> None:
    made = pay([(SCRIPTS[0], 9_000)])
    spend = pay([(FOREIGN, 8_000)], [OutPoint(made.txid, 0)])
    source = FilteringSource(chain([[], [made], [spend]]))
    scan = bloom_scan(source, Matching())
    task = scan.ledger.next_scan(0, 3)
    assert task is not None
    found = asyncio.run(BloomFinder(scan.ledger, source, TWEAK).find(task))
    assert (task.start, task.stop, found.heights) == (0, 3, [2, 3])
    asyncio.run(scan.run())
    assert scan.ledger.balance(3).total == 0
    assert len(scan.ledger.history(3)) == 2


def test_a_coin_of_an_earlier_scan_is_watched_although_its_block_is_not_read_again() -> None:
    made = pay([(SCRIPTS[0], 9_000)])
    blocks = chain([[made], []])
    source = FilteringSource(blocks)
    scan = bloom_scan(source, Matching())
    spend = pay([(FOREIGN, 8_000)], [OutPoint(made.txid, 0)])

    async def scenario() -> None:
        await scan.run()
        source.blocks = chain([[spend]], base=blocks)
        await scan.run()

    asyncio.run(scenario())
    assert source.asked[-1] == (3, 3)
    assert scan.ledger.balance(3).total == 0


def test_chance_matches_cost_no_block() -> None:
    others = [[(bytes([0, 20]) + n.to_bytes(20, "big"), 500 + n)] for n in range(60)]
    source = FilteringSource(chain(_payments(others)), noise=True)
    scan = _run(source)
    assert source.block_fetches == []
    assert scan.ledger.history(60) == []


def test_what_matches_unseen_is_looked_into() -> None:
    source = FilteringSource(chain(_payments([[(SCRIPTS[0], 1_000)], [(FOREIGN, 2_000)], []])), withheld=True)
    scan = _run(source)
    assert set(source.block_fetches) == {1}
    assert scan.ledger.balance(3).confirmed == 1_000


def test_scripts_that_come_later_are_searched_for_below() -> None:
    per_height: list[list[tuple[bytes, int]]] = [[] for _ in range(10)]
    per_height[0] = [(SCRIPTS[45], 7_000)]
    per_height[8] = [(SCRIPTS[24], 3_000)]
    source = FilteringSource(chain(_payments(per_height)))
    scan = _run(source)
    assert scan.ledger.balance(10).confirmed == 10_000
    assert [start for start, _ in source.asked].count(0) >= 2
    assert source.block_fetches[:2] == [9, 1]


def test_the_filter_announces_every_script_and_keeps_its_tweak() -> None:
    source = FilteringSource(chain(_payments([[(SCRIPTS[0], 1_000)]])))
    scan = bloom_scan(source, Matching())
    finder: Any = scan.scanner._finder
    finder.begin()
    asyncio.run(scan.run())
    finder.begin()
    coin = OutPoint(source.blocks[1].txids[1], 0).serialize()
    for bloom in source.loaded:
        assert bloom.tweak == TWEAK
        assert all((script_element(script) or b"") in bloom for script in SCRIPTS[:LOOK_AHEAD])
    for script in scan.ledger.keychain.scripts():
        assert (script_element(script) or b"") in source.loaded[-1]
    assert coin in source.loaded[-1]
    assert bytes(36) not in source.loaded[-1]


def test_a_tweak_is_the_wallets_for_ever() -> None:
    assert tweak_of("one") == tweak_of("one") != tweak_of("two")
