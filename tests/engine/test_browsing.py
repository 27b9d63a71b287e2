"""The history as it is looked at: parts of it, filters and sums, through the real engine."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.world import FOREIGN, World
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.psbt import Psbt
from wallet.engine import api, browsing

Story = Callable[[World], Awaitable[None]]
Filter = api.HistoryFilter


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder)
        await world.create()
        world.chain.mine(2)
        await world.fund(90_000, 60_000, 30_000)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


async def txids(world: World, **wanted: object) -> list[str]:
    found = await world.engine.run(api.ListHistory(Filter(**wanted)))  # type: ignore[arg-type]
    assert found.count == len(found.rows)
    return [row.txid for row in found.rows]


def test_a_long_list_is_read_in_parts_that_make_up_the_whole(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        whole = await run(api.GetHistory())
        parts = [await run(api.ListHistory(offset=number, limit=1)) for number in range(4)]
        assert tuple(row for part in parts for row in part.rows) == whole
        assert {part.count for part in parts} == {3}
        assert len({part.revision for part in parts}) == 1
        assert (await run(api.ListHistory(offset=-5, limit=-1))).rows == ()
        await run(api.SetLabel("tx", whole[0].txid, "Rent"))
        after = await run(api.ListHistory())
        assert after.revision != parts[0].revision
        assert after.rows[0].label == "Rent"

    play(tmp_path, story)


def test_sides_tell_what_came_from_what_went(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        came = await txids(world)
        sent = await world.send(await world.prepare(20_000))
        assert await txids(world) == [sent.txid, *came]
        assert await txids(world, side="received") == came
        assert await txids(world, side="sent") == await txids(world, side="waiting") == [sent.txid]
        world.chain.mine(1)
        await world.sync()
        assert await txids(world, side="waiting") == [sent.txid]  # no block has it

    play(tmp_path, story)


def test_a_period_holds_its_first_moment_and_not_its_last(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        rows = await world.engine.run(api.GetHistory())
        new, middle, _ = [row.time for row in rows if row.time]
        ids = [row.txid for row in rows]
        assert await txids(world, since=middle) == ids[:2]
        assert await txids(world, until=middle) == ids[2:]
        assert await txids(world, since=middle, until=new) == ids[1:2]
        assert await txids(world, since=new + timedelta(seconds=1)) == []

    play(tmp_path, story)


def test_a_text_finds_payments_by_all_that_has_to_do_with_them(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        new, middle, old = await txids(world)
        coin = next(row.outpoint for row in await run(api.GetCoins()) if row.outpoint.startswith(new))
        sent = (await world.send(await world.prepare(20_000))).txid
        (address,) = [end.address for end in (await run(api.GetTransaction(middle))).outputs if end.own]
        assert address is not None
        await run(api.SetLabel("tx", old, "Salary of May"))
        await run(api.SetLabel("addr", address, "Shop"))
        await run(api.SetLabel("output", coin, "Heirloom"))
        await run(api.SetContact("Ana", FOREIGN))
        found = {
            "salary": {old},
            "shop": {middle},
            "heirloom": {new},
            "ana": {sent},
            FOREIGN[:20]: {sent},
            old[10:30]: {old},
            "0.0006": {middle},
            "nothing of the kind": set(),
            "x" * 500: set(),
        }
        for text, expected in found.items():
            assert set(await txids(world, text=text)) >= expected, text
            assert expected or not await txids(world, text=text)
        assert await txids(world, text="salary", side="sent") == []
        assert await txids(world, text="  ") == await txids(world)
        await run(api.SetLabel("tx", old, ""))
        assert await txids(world, text="salary") == []
        await run(api.RemoveContact("Ana"))
        assert await txids(world, text="ana") == []

    play(tmp_path, story)


def test_the_sum_is_what_the_balance_moved_by(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        sent = await world.send(await world.prepare(20_000))
        again = await world.send(await run(api.PrepareBump(sent.txid, fee_rate=9.0)))
        whole = await run(api.GetHistorySum())
        balance = await run(api.GetBalance())
        assert whole == api.HistorySum(5, received=180_000, sent=20_000 + again.fee, void=1)
        assert whole.received - whole.sent == balance.total
        assert await run(api.GetHistorySum(Filter(side="received"))) == api.HistorySum(3, 180_000, 0, 0)
        assert await run(api.GetHistorySum(Filter(text="nothing"))) == api.HistorySum(0, 0, 0, 0)

    play(tmp_path, story)


def test_the_balance_over_time_ends_in_the_balance_of_now(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        times = [row.time for row in reversed(await run(api.GetHistory())) if row.time]
        await world.send(await world.prepare(20_000))  # in no block: it moves nothing yet
        whole = await run(api.GetBalanceHistory())
        assert [(point.time, point.balance) for point in whole] == list(
            zip(times, (90_000, 150_000, 180_000), strict=True)
        )
        since = times[2] - timedelta(seconds=1)
        part = await run(api.GetBalanceHistory(since))
        assert [(point.time, point.balance) for point in part] == [(since, 150_000), (times[2], 180_000)]
        assert await run(api.GetBalanceHistory(times[0] - timedelta(days=1))) == whole
        late = times[2] + timedelta(days=1)
        assert await run(api.GetBalanceHistory(late)) == (api.BalancePoint(late, 180_000),)

    play(tmp_path, story)


def test_payments_of_one_moment_count_in_the_chains_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        address = (await world.engine.run(api.GetReceiveAddress())).address
        script = parse_address(address, NETWORKS["regtest"]).script_pubkey
        world.chain.mine(1, [world.chain.pay((script, 5_000)), world.chain.pay((script, 7_000))])
        await world.sync()
        points = await world.engine.run(api.GetBalanceHistory())
        assert [point.balance for point in points[-2:]] == [185_000, 192_000]

    play(tmp_path, story)


def test_of_many_points_the_first_and_the_last_of_each_time_stay() -> None:
    points = [(number * 10, number) for number in range(10_000)]
    thin = browsing._thinned(points, 300)
    assert len(thin) <= 302
    assert thin[0] == points[0]
    assert thin[-1] == points[-1]
    assert thin == sorted(thin)
    assert browsing._thinned(points[:7], 300) == points[:7]
    assert browsing._thinned([(5, 1)] * 400, 300)[-1] == (5, 1)


def test_a_transaction_as_a_finished_psbt_is_the_same_transaction(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        (incoming, *_) = await txids(world)
        sent = await world.send(await world.prepare(20_000))
        psbt = Psbt.from_base64(await run(api.GetTransactionPsbt(sent.txid)))
        assert psbt.extract().serialize().hex() == sent.hex
        assert all(output is not None and output.amount >= 30_000 for output in psbt.spent_outputs())
        assert not any(known.derivations or known.partial_sigs for known in psbt.inputs)
        foreign = Psbt.from_base64(await run(api.GetTransactionPsbt(incoming)))
        assert str(foreign.transaction.txid) == incoming
        assert foreign.spent_outputs() == (None,)
        for unknown in ("ab" * 32, "zz"):
            with pytest.raises(api.WrenError) as failure:
                await run(api.GetTransactionPsbt(unknown))
            assert failure.value.code == "not_found"

    play(tmp_path, story)


def test_what_changes_while_it_is_looked_through_is_looked_through_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        rows = await run(api.GetHistory())
        monkeypatch.setattr(browsing, "_CHUNK", 1)
        looking = asyncio.create_task(run(api.ListHistory(Filter(text="rent"))))
        await asyncio.sleep(0)
        await run(api.SetLabel("tx", rows[0].txid, "Rent"))
        assert [row.txid for row in (await looking).rows] == [rows[0].txid]

    play(tmp_path, story)
