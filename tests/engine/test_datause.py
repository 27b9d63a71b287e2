"""Data use: counted by the day, kept over restarts, limited politely; and how much is still to come."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.world import World
from wallet.engine import api, chain_source
from wallet.engine.datause import DAY, LEAST_LIMIT, MEASURED_SECONDS, STORE_BYTES, DataUse
from wallet.engine.pace import MAINNET_FILTERS, Pace, bytes_left, mainnet_filter_bytes
from wallet.engine.scanner import ScanCounts
from wallet.store.settings import Settings

NOON = 1_800_000_000 // DAY * DAY + DAY // 2


class Clock:
    def __init__(self) -> None:
        self.now = float(NOON)

    def __call__(self) -> float:
        return self.now


def use_of(path: Path, clock: Callable[[], float]) -> DataUse:
    return DataUse(Settings(path), clock)


async def test_bytes_are_counted_by_the_day_and_kept_over_restarts(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "settings.json"
    use = use_of(path, clock)
    use.note(STORE_BYTES + 7)
    use.note(STORE_BYTES + 9)
    assert (await use.get(api.GetDataUse())).today == STORE_BYTES + 9
    again = use_of(path, clock)
    assert (await again.get(api.GetDataUse())).today == STORE_BYTES + 7  # what came after the last note is forgotten
    use.store()
    again = use_of(path, clock)
    again.note(100)
    again.note(40)  # another node, which counts from 0
    assert (await again.get(api.GetDataUse())).today == STORE_BYTES + 9 + 100 + 40
    clock.now += DAY
    again.note(50)
    assert (await again.get(api.GetDataUse())).today == 10
    clock.now += DAY
    assert (await use_of(path, clock).get(api.GetDataUse())).today == 0


async def test_nothing_large_is_downloaded_beyond_the_limit_until_tomorrow_or_a_higher_one(tmp_path: Path) -> None:
    clock = Clock()
    use = use_of(tmp_path / "settings.json", clock)
    await use.set(api.SetDataUse(2_000_000, unconfirmed=True))
    use.note(1_999_999)
    await asyncio.wait_for(use.allowed(), 1)
    assert use.notice() == ""
    use.note(2_000_000)
    assert use.notice() == "", "nobody waits"
    waiting = asyncio.ensure_future(use.allowed())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert "2 MB" in use.notice()
    await use.set(api.SetDataUse(3_000_000, unconfirmed=True))
    await asyncio.wait_for(waiting, 3)
    use.note(3_000_000)
    assert use.paused
    clock.now += DAY
    assert not use.paused
    with pytest.raises(api.WrenError, match="MB a day"):
        await use.set(api.SetDataUse(LEAST_LIMIT - 1, unconfirmed=True))


async def test_what_announced_payments_cost_is_measured_once_there_is_enough(tmp_path: Path) -> None:
    clock = Clock()
    use = use_of(tmp_path / "settings.json", clock)
    use.note(1_000, 100)
    assert (await use.get(api.GetDataUse())).basis == "usual"
    clock.now += MEASURED_SECONDS
    use.note(700_000, 600_100)
    found = await use.get(api.GetDataUse())
    assert (found.basis, found.a_day) == ("measured", int(600_000 * DAY / MEASURED_SECONDS))


async def test_a_search_waits_at_the_limit_says_so_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_source, "NEWEST", 2)
    world = World(tmp_path)
    world.chain.mine(20)
    engine = world.engine
    await world.create()
    await engine.run(api.SetDataUse(1_000_000, unconfirmed=False))
    await engine.run(api.Synchronise(20))
    world.node.received = 1_000_000
    world.chain.mine(5)
    world.node.feed()
    with pytest.raises(api.WrenError) as late:
        await engine.run(api.Synchronise(20))
    status = await engine.run(api.GetSyncStatus())
    assert late.value.code == "refused"
    assert "data limit" in late.value.message
    assert "data limit" in status.notice
    assert status.height == 25
    assert world.node.watching == [False]
    await engine.run(api.SetDataUse(None, unconfirmed=True))
    assert world.node.watching == [False, True]
    assert (await engine.run(api.Synchronise(20))).synced
    await engine.close()


# --- what is left


def test_seconds_are_told_from_what_came_lately() -> None:
    pace = Pace()
    assert pace.note("blocks", 0.1, 100.0) is None
    assert pace.note("blocks", 0.2, 101.0) is None
    assert pace.note("blocks", 0.3, 104.0) == pytest.approx(0.7 * 4 / 0.2)
    assert pace.note("headers", 0.5, 105.0) is None
    assert pace.note("headers", 0.1, 110.0) is None
    left = None
    for second in range(200):
        left = pace.note("headers", 0.1 + second / 1_000, 200.0 + second)
    assert left == pytest.approx(1_000 * (0.9 - 0.199))


def test_bytes_are_told_by_what_filters_had_so_far_and_on_mainnet_by_height() -> None:
    counts = ScanCounts(filters=10, filter_bytes=1_000)
    assert bytes_left("signet", 91, 100, counts) == 1_000
    assert bytes_left("signet", 91, 100, ScanCounts()) is None
    whole = mainnet_filter_bytes(0, 950_000)
    assert 10e9 < whole < 16e9
    assert mainnet_filter_bytes(0, 100_000) == 0
    parts = sum(mainnet_filter_bytes(first, first + 49_999) for first in range(0, 950_000, 50_000))
    assert parts == pytest.approx(mainnet_filter_bytes(0, 949_999), rel=1e-6)
    assert [height for height, _ in MAINNET_FILTERS] == sorted(height for height, _ in MAINNET_FILTERS)
    assert bytes_left("main", 950_001, 950_010, replace(counts)) == 250_000
