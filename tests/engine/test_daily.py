"""A wallet that is opened is backed up that day, and a damaged one goes back to its backup and catches up."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.world import World
from wallet.engine import api
from wallet.engine.daily import DailyBackup


async def test_an_opened_wallet_is_backed_up_and_a_damaged_one_comes_back_with_what_it_was_paid_since(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.chain.mine(101)
    await world.create()
    await world.engine.run(api.SetLabel("addr", "somewhere", "kept"))
    await world.engine._daily.end()
    clock = world.parts.clock
    world.parts = replace(world.parts, clock=lambda: clock() + 86_400)
    await world.engine.close()
    (first,) = sorted((tmp_path / "wallets/default/backups").iterdir())

    world = World(tmp_path, world.chain)
    world.engine._daily = DailyBackup(replace(world.parts, clock=lambda: clock() + 86_400), world.events.append)
    await world.engine.run(api.OpenWallet("default"))
    await world.engine._daily.end()
    assert len(list(first.parent.iterdir())) == 2
    await world.fund(70_000)
    await world.engine.close()

    database = tmp_path / "wallets/default/wallet.db"
    raw = bytearray(database.read_bytes())
    raw[200] ^= 1
    database.write_bytes(raw)
    world = World(tmp_path, world.chain)
    with pytest.raises(api.WrenError) as caught:
        await world.engine.run(api.OpenWallet("default"))
    assert caught.value.code == "corrupt"
    recovered = await world.engine.run(api.RecoverDatabase("default"))
    assert recovered.wallet == "default"
    assert (tmp_path / "wallets/default/damaged/wallet.db.1").read_bytes() == raw
    await world.engine.run(api.OpenWallet("default"))
    await world.sync()
    assert (await world.engine.run(api.GetBalance())).confirmed == 70_000
    assert "kept" in world.session.ledger.labels.values()
    await world.engine.close()


async def test_deleting_does_not_race_with_a_backup(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.create()
    await world.engine.run(api.DeleteWallet("default", "default"))
    assert list((tmp_path / "wallets").iterdir()) == []
    await world.engine.close()
