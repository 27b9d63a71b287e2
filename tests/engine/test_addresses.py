"""Addresses that are given out stay within what the seed words bring back."""

import asyncio
from pathlib import Path

import pytest

from tests.engine.world import World
from wallet.engine import api
from wallet.ledger.keychain import MIN_AHEAD


def test_no_address_is_given_out_that_a_restore_would_not_find(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path / "first")
        made = await world.engine.run(api.CreateWallet("default", None, vault="file"))
        world.chain.mine(3)
        for _ in range(MIN_AHEAD - 1):
            await world.engine.run(api.GetReceiveAddress(fresh=True))
        await world.fund(60_000)  # to the last of them
        for _ in range(MIN_AHEAD):
            await world.engine.run(api.GetReceiveAddress(fresh=True))
        with pytest.raises(api.WrenError, match="seed words") as refused:
            await world.engine.run(api.GetReceiveAddress(fresh=True))
        assert refused.value.code == "refused"
        assert (await world.engine.run(api.GetReceiveAddress())).address  # the last one still stands
        world.chain.mine_payment(await _script_of_the_last(world), 70_000)
        await world.engine.close()

        again = World(tmp_path / "again", world.chain)
        await again.engine.run(api.RestoreWallet("default", made.mnemonic or "", None, vault="file"))
        await again.sync()
        assert (await again.engine.run(api.GetBalance())).confirmed == 130_000
        await again.engine.close()

    asyncio.run(story())


async def _script_of_the_last(world: World) -> bytes:
    keychain = world.session.ledger.keychain
    ref = keychain.last_revealed(0, 0)
    return bytes(keychain.script(ref))
