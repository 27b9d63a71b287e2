"""The network's state as the engine tells it: phases in their order, few events, and what a reorganisation does."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import ScriptedNode, World
from tests.peers.chain import ChainBuilder
from wallet.engine import api
from wallet.spv.node_api import FilterBatch, NodeListener

Story = Callable[[World], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder)
        await world.create()
        world.chain.mine(4)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


async def phase(world: World) -> tuple[str, bool]:
    status = await world.engine.run(api.GetSyncStatus())
    assert 0 <= status.percent <= 100
    assert (status.percent == 100) == (status.phase == "synced")
    return status.phase, status.synced


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110  # what is waited for is not ours to tell
            await asyncio.sleep(0.01)


def listener_of(node: ScriptedNode) -> NodeListener:
    return node.listener


def swap(world: World, chain: ChainBuilder, fork: int) -> None:
    """The node's chain is another from now on."""
    node = world.node
    world.chain = node.chain = chain
    update = node.files.headers.connect(chain.raw_headers(fork + 1), chain.tip.header.time, 1)
    listener_of(node).chain_changed(update)


def test_the_phases_from_offline_to_synced(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert await phase(world) == ("offline", False)
        await world.engine.run(api.Connect())
        node = world.node
        node.peer_count = 0
        assert await phase(world) == ("connecting", False)
        node.peer_count, node.headers_synced = 2, False
        assert await phase(world) == ("headers", False)
        node.headers_synced, whole = True, node.chain
        node.chain = whole.fork(2)
        assert await phase(world) == ("filters", False)
        node.chain = whole
        await world.sync()
        assert await phase(world) == ("synced", True)
        status = await world.engine.run(api.GetSyncStatus())
        assert (status.height, status.scan_height, status.filter_height, status.peers) == (4, 4, 4, 2)
        assert status.tip == str(whole.tip.hash)
        assert status.stale  # the generated chain is years old
        await world.engine.run(api.Disconnect())
        assert await phase(world) == ("offline", True)
        assert node.stopped

    play(tmp_path, story)


def test_a_scan_at_work_is_the_phase_of_blocks(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.sync()
        seen: list[tuple[str, bool]] = []

        def look(_height: int) -> None:
            status = world.engine._network.status()
            seen.append((status.phase, status.synced))

        world.node.on_block = look
        await world.fund(40_000)
        assert set(seen) == {("blocks", False)}

    play(tmp_path, story)


def test_many_changes_make_few_events_and_the_last_word_is_right(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.sync()
        await asyncio.sleep(0.3)
        world.events.clear()
        for _ in range(500):
            listener_of(world.node).progress_changed()
            listener_of(world.node).peers_changed()
        await until(lambda: world.events)
        (event,) = world.events
        assert isinstance(event, api.SyncChanged)
        assert (event.status.phase, event.status.height) == ("synced", 4)

    play(tmp_path, story)


def test_a_reorganisation_is_told_and_payments_wait_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(70_000)
        assert (await world.engine.run(api.GetBalance())).confirmed == 70_000
        world.events.clear()
        other = world.chain.fork(4)
        other.mine(3)
        swap(world, other, 4)
        assert any(isinstance(event, api.WalletChanged) and "history" in event.kinds for event in world.events)
        assert await world.engine.run(api.GetBalance()) == api.Balance(0, 70_000, 0)
        (row,) = await world.engine.run(api.GetHistory())
        assert (row.status, row.height, row.proven) == ("pending", None, False)
        await world.sync()
        assert (await world.engine.run(api.GetSyncStatus())).height == 7
        assert (await world.engine.run(api.GetBalance())).pending == 70_000

    play(tmp_path, story)


def test_filters_that_were_lies_are_matched_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.sync()
        node, honest = world.node, world.node.fetch_filters

        async def lying(start: int, stop: int) -> FilterBatch:
            batch = await honest(start, stop)
            return FilterBatch(start, batch.block_hashes, [b"\x00"] * len(batch.filters))

        hidden: Any = lying
        node.fetch_filters = hidden  # type: ignore[method-assign]  # from now on this peer lies
        await world.fund(30_000)
        assert (await world.engine.run(api.GetBalance())).total == 0
        node.fetch_filters = honest  # type: ignore[method-assign]
        listener_of(node).filters_revoked(1)
        await world.engine.run(api.Synchronise(10.0))
        assert (await world.engine.run(api.GetBalance())).confirmed == 30_000

    play(tmp_path, story)


def test_nobody_answers_in_time(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.engine.run(api.Connect())
        world.node.headers_synced = False
        with pytest.raises(api.WrenError) as late:
            await world.engine.run(api.Synchronise(0.2))
        assert late.value.code == "timeout"
        with pytest.raises(api.WrenError) as refused:
            await world.engine.run(
                api.PreparePayment((("bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", 1_000),), timeout=0.2)
            )
        assert refused.value.code == "not_synced"
        world.node.headers_synced = True
        assert (await world.sync()).synced

    play(tmp_path, story)


def test_the_newest_blocks_are_told_with_the_work_behind_them(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.sync()
        report = await world.engine.run(api.GetChain(3))
        assert [block.height for block in report.blocks] == [4, 3, 2]
        assert [block.hash for block in report.blocks] == [str(world.chain.blocks[n].hash) for n in (4, 3, 2)]
        assert int(report.blocks[0].time.timestamp()) == world.chain.tip.header.time
        assert report.work == 5 * 2  # regtest's target is met by every second hash
        assert len((await world.engine.run(api.GetChain(1_000))).blocks) == 5

    play(tmp_path, story)


def test_peers_can_be_asked_for_without_waiting(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert await world.engine.run(api.GetPeers()) == ()
        await world.engine.run(api.Connect())
        world.node.peer_count = 0
        assert await world.engine.run(api.GetPeers(timeout=0)) == ()
        with pytest.raises(api.WrenError, match="no peer answered"):
            await world.engine.run(api.GetPeers(timeout=0.05))

    play(tmp_path, story)
