"""Where a wallet's scan begins, on a chain that begins with a checkpoint and for birthdays of all kinds."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.world import World
from tests.peers.chain import ChainBuilder
from wallet.engine import api
from wallet.engine.birthday import first_height, moment

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


def test_a_date_cannot_be_told_before_the_first_header_is_there() -> None:
    def nothing(height: int) -> int:
        raise LookupError(height)

    assert first_height(date(2024, 1, 1), 2016, 2015, nothing) is None


def test_a_date_older_than_the_lowest_header_waits_for_those_below() -> None:
    first = moment(date(2024, 1, 1))
    assert first_height(date(2024, 1, 1), 2016, 2020, lambda height: first + height) is None
    assert first_height(date(2024, 1, 9), 2016, 2020, lambda height: first + height) == 2021


@pytest.mark.parametrize("birthday", [None, 0, 100, 900_000, date(2009, 1, 3), date(2024, 1, 1)])
def test_a_wallet_connects_on_mainnet_before_any_header_is_there_and_is_not_synced(
    tmp_path: Path, birthday: int | date | None
) -> None:
    async def story() -> None:
        world = World(tmp_path, network="main")
        restore = api.RestoreWallet("default", PHRASE, None, vault="file", birthday=birthday)
        await world.engine.run(restore)
        await world.engine.run(api.Connect())
        assert world.node.wanted[0] <= (birthday if isinstance(birthday, int) else 950_000)
        status = await world.engine.run(api.GetStatus())
        assert (status.sync.synced, status.sync.scan_height) == (False, None)
        await world.engine.close()

    asyncio.run(story())


def test_a_wallet_made_on_mainnet_connects_and_needs_nothing_below_the_newest_checkpoints(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, network="main")
        await world.create()
        await world.engine.run(api.Connect())
        assert min(world.node.wanted) > 900_000
        await world.engine.close()

    asyncio.run(story())


@pytest.mark.parametrize("birthday", [60, 10**6])
def test_a_birthday_above_the_tip_is_no_birthday(tmp_path: Path, birthday: int) -> None:
    """A number too large must not look like a wallet that holds nothing."""

    async def story() -> None:
        world = World(tmp_path)
        made = await world.engine.run(api.RestoreWallet("default", PHRASE, None, vault="file", birthday=birthday))
        assert made.kind == "bip39"
        world.chain.mine(5)
        await world.fund(50_000)
        balance = await world.engine.run(api.GetBalance())
        assert balance.confirmed == 50_000
        await world.engine.close()

    asyncio.run(story())


def test_a_birthday_that_is_still_to_come_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)
        tomorrow = datetime.now(UTC).date() + timedelta(days=3)
        with pytest.raises(api.WrenError, match="still to come") as refused:
            await world.engine.run(api.RestoreWallet("default", PHRASE, None, vault="file", birthday=tomorrow))
        assert refused.value.code == "refused"
        assert await world.engine.run(api.ListWallets()) == ()
        await world.engine.close()

    asyncio.run(story())


@pytest.mark.parametrize("years", [-40, 40])
def test_a_clock_that_is_wrong_when_a_wallet_is_made_hides_no_payment(tmp_path: Path, years: int) -> None:
    async def story() -> None:
        chain = ChainBuilder(spacing=600)
        chain.mine(5, time=moment(date(2024, 1, 1)))
        world = World(tmp_path, chain)
        clock = moment(date(2026, 1, 1)) + years * 365 * 86_400
        world.start(replace(world.parts, clock=lambda: clock, params=replace(world.parts.params, name="signet")))
        await world.create()
        chain.mine(5)
        await world.fund(70_000)
        assert (await world.engine.run(api.GetBalance())).confirmed == 70_000
        await world.engine.close()

    asyncio.run(story())
