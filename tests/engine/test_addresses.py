"""Addresses that are given out stay within what the seed words bring back."""

import asyncio
from pathlib import Path

import pytest

from tests.engine.world import World
from tests.ledger.world import pay
from wallet.engine import api
from wallet.ledger.keychain import EXTERNAL, FRESH_AHEAD, MIN_AHEAD, ScriptRef


def test_no_address_is_given_out_that_a_restore_would_not_find(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path / "first")
        made = await world.engine.run(api.CreateWallet("default", None, vault="file"))
        world.chain.mine(3)
        await _give_out(world, FRESH_AHEAD - 1)
        await world.fund(60_000)  # to the last of them
        await _give_out(world, MIN_AHEAD)
        await _see_refused(world)
        assert (await world.engine.run(api.GetReceiveAddress())).address  # the last one still stands
        world.chain.mine_payment(await _script_of_the_last(world), 70_000)
        await world.engine.close()

        again = World(tmp_path / "again", world.chain)
        await again.engine.run(api.RestoreWallet("default", made.mnemonic or "", None, vault="file"))
        await again.sync()
        assert (await again.engine.run(api.GetBalance())).confirmed == 130_000
        await again.engine.close()

    asyncio.run(story())


def test_a_payment_in_no_block_does_not_extend_what_is_given_out(tmp_path: Path) -> None:
    """It may never come; a wallet restored from its words would not know of it, and look no further than without."""

    async def story() -> None:
        world = World(tmp_path)
        await world.engine.run(api.CreateWallet("default", None, vault="file"))
        await _give_out(world, FRESH_AHEAD)
        ledger = world.session.ledger
        ledger.apply_unconfirmed(pay([(await _script_of_the_last(world), 50_000)]), 0)
        assert ledger.keychain.is_used(ScriptRef(0, EXTERNAL, FRESH_AHEAD - 1))
        await _see_refused(world)
        await world.engine.close()

    asyncio.run(story())


async def _give_out(world: World, count: int) -> None:
    for _ in range(count):
        await world.engine.run(api.GetReceiveAddress(fresh=True))


async def _see_refused(world: World) -> None:
    with pytest.raises(api.WrenError, match="seed words") as refused:
        await world.engine.run(api.GetReceiveAddress(fresh=True))
    assert refused.value.code == "refused"


async def _script_of_the_last(world: World) -> bytes:
    keychain = world.session.ledger.keychain
    ref = keychain.last_revealed(0, 0)
    return bytes(keychain.script(ref))
