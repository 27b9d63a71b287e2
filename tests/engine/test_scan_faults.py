"""What happens when the scan meets an error, or finds that its headers are gone: nothing is claimed, and it goes on."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.engine.world import World
from wallet.engine import api, network
from wallet.ledger.changeset import AppliedBlock, ChangeSet
from wallet.store.errors import StoreError
from wallet.store.ledger import SqliteLedgerStore

Story = Callable[[World], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder)
        await world.create()
        world.chain.mine(3)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


@pytest.mark.parametrize("error", [StoreError(Path("wallet.db"), "disk is full"), KeyError("a bug")])
def test_a_scan_that_failed_is_not_synced_and_the_next_command_begins_anew(tmp_path: Path, error: Exception) -> None:
    async def story(world: World) -> None:
        await world.fund(100_000)

        def fail(_height: int) -> None:
            raise error

        world.node.on_block = fail
        with pytest.raises((api.WrenError, KeyError)):
            await world.fund(50_000)
        status = await world.engine.run(api.GetSyncStatus())
        assert not status.synced
        failures = [event for event in world.events if isinstance(event, api.EngineFailed)]
        assert len(failures) == 1
        await world.engine.run(api.Synchronise(10.0))
        assert (await world.engine.run(api.GetBalance())).confirmed == 150_000

    play(tmp_path, story)


def test_a_window_that_asks_nothing_recovers_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "RETRY_SECONDS", 0.05)

    async def story(world: World) -> None:
        await world.sync()

        def fail(_height: int) -> None:
            raise StoreError(Path("wallet.db"), "disk is full")

        world.node.on_block = fail
        with pytest.raises(api.WrenError, match="full"):
            await world.fund(50_000)
        synced = asyncio.Event()

        def look(event: api.Event) -> None:
            if isinstance(event, api.SyncChanged) and event.status.synced:
                synced.set()

        world.engine.subscribe(look)
        await synced.wait()
        assert (await world.engine.run(api.GetBalance())).confirmed == 50_000

    play(tmp_path, story)


def test_blocks_to_be_read_again_wait_for_headers_that_were_deleted(tmp_path: Path) -> None:
    """A kill between a reveal and its second look, and then the network's folder is deleted."""

    async def story(world: World) -> None:
        await world.fund(100_000)
        height = world.chain.height
        stale = AppliedBlock(world.chain.tip.hash, stale=True)
        world.session.store.apply(ChangeSet(applied={height: stale}))
        await world.engine.close()
        shutil.rmtree(tmp_path / "network")

        again = World(tmp_path, world.chain)
        again.headers_after = 0.3
        await again.engine.run(api.OpenWallet("default"))
        await again.engine.run(api.Connect())
        await asyncio.sleep(0.2)
        assert [event for event in again.events if isinstance(event, api.EngineFailed)] == []
        await again.engine.run(api.Synchronise(10.0))
        assert (await again.engine.run(api.GetBalance())).confirmed == 100_000
        await again.engine.close()

    play(tmp_path, story)


def test_a_wallet_whose_scan_cannot_begin_is_open_and_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks have left the chain, and the disk is too full to note it."""
    monkeypatch.setattr(network, "RETRY_SECONDS", 0.05)

    async def story(world: World) -> None:
        await world.fund(100_000)
        await world.engine.run(api.CloseWallet())
        fork = world.chain.fork(world.chain.height - 1)
        fork.mine(2)
        world.node.chain = world.chain = fork
        raw = fork.raw_headers(fork.height - 1)
        world.node.listener.chain_changed(world.node.files.headers.connect(raw, fork.tip.header.time, 1))

        def fail(_store: SqliteLedgerStore, _change: ChangeSet) -> None:
            raise StoreError(Path("wallet.db"), "disk is full")

        with monkeypatch.context() as full:
            full.setattr(SqliteLedgerStore, "apply", fail)
            await world.engine.run(api.OpenWallet("default"))
            assert not (await world.engine.run(api.GetSyncStatus())).synced
        await world.sync()
        balance = await world.engine.run(api.GetBalance())
        assert (balance.confirmed, balance.pending) == (0, 100_000)

    play(tmp_path, story)


def test_a_listener_that_fails_does_not_end_the_scan(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        def fail(_event: api.Event) -> None:
            raise BrokenPipeError

        world.engine.subscribe(fail)
        await world.fund(100_000)
        assert (await world.engine.run(api.GetBalance())).confirmed == 100_000
        assert [event for event in world.events if isinstance(event, api.EngineFailed)] == []

    play(tmp_path, story)
    assert "met a fault" in caplog.text
