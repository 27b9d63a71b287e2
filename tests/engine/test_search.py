"""One scan finds all: usual accounts, further ones while they are used, and the places of other wallets."""

from pathlib import Path

import pytest

from tests.engine.test_restore_kinds import WORDS, pay, restore, total, world_of
from tests.engine.world import World
from wallet.bitcoin.network import NETWORKS
from wallet.engine import api
from wallet.keys.accounts import AccountPlan, Plan, plan_accounts
from wallet.keys.reading import read

PLAN: Plan = plan_accounts(read(WORDS, NETWORKS["regtest"]).secret, NETWORKS["regtest"])


def place(kind: str, path: str) -> AccountPlan:
    return next(
        plan for plan in (*PLAN.kept, *PLAN.search, *PLAN.reserve) if (plan.type, plan.origin_path) == (kind, path)
    )


async def places(world: World) -> dict[str, int]:
    rows = await world.engine.run(api.GetAccounts())
    return {f"{row.type} {row.path}": row.balance for row in rows}


USUAL = {
    "p2wpkh m/84h/1h/0h": 0,
    "p2tr m/86h/1h/0h": 0,
    "p2sh-p2wpkh m/49h/1h/0h": 0,
    "p2pkh m/44h/1h/0h": 0,
}


async def test_everything_is_found_in_one_restore(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    paid = {
        ("p2wpkh", "m/84h/1h/0h"): 10_000,
        ("p2wpkh", "m/84h/1h/1h"): 20_000,
        ("p2wpkh", "m/84h/1h/2h"): 30_000,
        ("p2wpkh", "m/84h/1h/3h"): 40_000,
        ("p2tr", "m/86h/1h/1h"): 50_000,
        ("p2pkh", "m/0h"): 60_000,
        ("p2wpkh", "m/44h/1h/0h"): 70_000,
        ("p2wpkh", "m/84h/1h/2147483646h"): 80_000,
    }
    # The last account is paid first: each account brings in the next, which is then matched from the beginning.
    for (kind, path), amount in reversed(paid.items()):
        pay(world, place(kind, path).external, amount, index=3)
    pay(world, str(place("p2sh-p2wpkh", "m/49h/1h/0h").internal), 90_000, index=7)
    world.chain.mine(1)
    await restore(world, WORDS)
    before = await world.engine.run(api.GetSearch())
    assert (before.restored, before.searching, before.nothing_found) == (True, True, False)
    assert await places(world) == USUAL
    await world.sync()
    assert await total(world) == sum(paid.values()) + 90_000
    expected = {f"{kind} {path}": amount for (kind, path), amount in paid.items()}
    assert await places(world) == USUAL | expected | {"p2sh-p2wpkh m/49h/1h/0h": 90_000}
    found = await world.engine.run(api.GetSearch())
    assert (found.searching, found.nothing_found) == (False, False)
    assert {row.path for row in found.found} == {path for _, path in paid} | {"m/49h/1h/0h"}
    assert "Samourai post-mix" in {row.label for row in found.found}
    # What was searched in vain is gone for good, from the database too.
    assert len(world.session.ledger.keychain.accounts) == 4 + 7
    assert len(world.session.store.load().accounts) == 4 + 7
    assert any(isinstance(event, api.WalletChanged) and "accounts" in event.kinds for event in world.events)
    await world.engine.close()


async def test_found_money_on_an_odd_path_is_spent_and_its_change_stays_there(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    odd = place("p2wpkh", "m/0h")
    pay(world, odd.external, 500_000)
    world.chain.mine(1)
    await restore(world, WORDS)
    await world.sync()
    review = await world.prepare(100_000)
    assert review.change_address is not None
    await world.engine.run(api.SendPayment(review.id, "pw", timeout=0.2))
    own = {row.address: row.path for row in await world.engine.run(api.GetAddresses())}
    assert own[review.change_address].startswith("m/0h/1/")
    await world.engine.close()


async def test_a_search_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    pay(world, place("p2wpkh", "m/84h/1h/1h").external, 20_000)
    world.chain.mine(1)
    await restore(world, WORDS)
    await world.engine.close()
    again = World(tmp_path, world.chain)
    await again.engine.run(api.OpenWallet("w", "pw"))
    assert (await again.engine.run(api.GetSearch())).searching
    await again.sync()
    assert await places(again) == USUAL | {"p2wpkh m/84h/1h/1h": 20_000}
    await again.engine.close()


async def test_nothing_found_is_said_when_all_was_searched_and_only_of_restored_wallets(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create("new")
    await world.sync()
    assert not (await world.engine.run(api.GetSearch())).nothing_found
    await restore(world, WORDS)
    assert not (await world.engine.run(api.GetSearch())).nothing_found
    await world.sync()
    assert (await world.engine.run(api.GetSearch())).nothing_found
    await world.engine.close()


async def test_a_gap_of_forty_is_found_deeper(tmp_path: Path) -> None:
    """U5: a payment far beyond the last used address, and one on change, are found when searched deeper."""
    world = world_of(tmp_path)
    usual = place("p2wpkh", "m/84h/1h/0h")
    pay(world, usual.external, 10_000)
    pay(world, usual.external, 20_000, index=40)
    pay(world, str(usual.internal), 30_000, index=40)
    pay(world, usual.external, 40_000, index=900)
    pay(world, place("p2pkh", "m/44h/1h/0h").external, 50_000, index=700)
    pay(world, place("p2pkh", "m/0h").external, 60_000, index=300)
    world.chain.mine(1)
    await restore(world, WORDS)
    await world.sync()
    shallow = await total(world)
    assert shallow >= 10_000
    report = await world.engine.run(api.Rescan(gap=1_000))
    assert report.gap == 1_000
    await world.sync()
    assert await total(world) == 210_000
    assert (await places(world))["p2pkh m/0h"] == 60_000
    # The limit stays: later payments that far out are found, too.
    pay(world, usual.external, 70_000, index=1_800)
    world.chain.mine(1)
    await world.sync()
    assert await total(world) == 280_000
    await world.engine.close()


async def test_a_birthday_that_was_too_late_is_mended(tmp_path: Path) -> None:
    """U4: a payment below the birthday is found when looked for from further down, by height or from the beginning."""
    world = world_of(tmp_path)
    pay(world, place("p2wpkh", "m/84h/1h/0h").external, 10_000)
    world.chain.mine(20)
    await restore(world, WORDS, birthday=world.chain.height - 5)
    await world.sync()
    assert (await world.engine.run(api.GetSearch())).nothing_found
    report = await world.engine.run(api.Rescan(start=50))
    assert report.from_height == 50
    await world.sync()
    assert await total(world) == 10_000
    await world.engine.close()
    again = World(tmp_path, world.chain)
    await again.engine.run(api.OpenWallet("w", "pw"))
    assert (await again.engine.run(api.GetStatus())).sync.scan_height == again.chain.height
    await again.engine.close()


async def test_a_rescan_finds_what_another_computer_began(tmp_path: Path) -> None:
    """R10: the same words in two folders: spends, used addresses and, when looked for again, further accounts."""
    one = world_of(tmp_path / "one")
    pay(one, place("p2wpkh", "m/84h/1h/0h").external, 500_000)
    one.chain.mine(1)
    await restore(one, WORDS)
    await one.sync()
    two = World(tmp_path / "two", one.chain)
    await restore(two, WORDS)
    await two.sync()
    for payer, other in ((one, two), (two, one), (one, two)):
        review = await payer.prepare(50_000)
        await payer.engine.run(api.SendPayment(review.id, "pw", timeout=0.2))
        from wallet.bitcoin.transaction import Transaction

        payer.chain.mine(transactions=[Transaction.parse(payer.node.sent[-1])])
        for world in (payer, other):
            await world.sync()
        assert await total(one) == await total(two)
        used = [{row.address for row in await world.engine.run(api.GetAddresses()) if row.used} for world in (one, two)]
        assert used[0] == used[1]
        fresh = [(await world.engine.run(api.GetReceiveAddress())).address for world in (one, two)]
        assert not set(fresh) & used[0]
    made = await one.engine.run(api.NewAccount("pw", "p2wpkh"))
    assert made.path == "m/84h/1h/1h"
    pay(one, place("p2wpkh", "m/84h/1h/1h").external, 7_000)
    for world in (one, two):
        await world.sync()
    assert await total(one) == await total(two) + 7_000
    await two.engine.run(api.Rescan())
    await two.sync()
    assert await total(one) == await total(two)
    for world in (one, two):
        await world.engine.close()


async def test_addresses_beyond_the_gap_are_given_out_with_a_warning(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    warned = [bool((await world.engine.run(api.GetReceiveAddress(fresh=True))).warning) for _ in range(25)]
    assert warned == [False] * 20 + [True] * 5
    await world.engine.close()


async def test_accounts_keep_apart(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    made = await world.engine.run(api.NewAccount(None, "p2wpkh"))
    assert (made.account, made.type, made.balance, made.used) == (1, "p2wpkh", 0, False)
    assert made.id in {row.id for row in (await world.engine.run(api.GetStatus())).accounts}
    with pytest.raises(api.WrenError, match="never used"):
        await world.engine.run(api.NewAccount(None, "p2wpkh"))
    first = await world.engine.run(api.GetReceiveAddress(fresh=True))
    second = await world.engine.run(api.GetReceiveAddress(fresh=True, account=1))
    assert (first.path, second.path) == ("m/84h/1h/0h/0/0", "m/84h/1h/1h/0/0")
    scripts = {world.session.view.path(ref): script for script, ref in world._scripts()}
    world.chain.mine_payment(scripts[first.path], 100_000)
    world.chain.mine_payment(scripts[second.path], 300_000)
    world.chain.mine(1)
    await world.sync()
    assert [row.balance for row in await world.engine.run(api.GetAccounts()) if row.balance] == [100_000, 300_000]
    (coin,) = await world.engine.run(api.GetCoins(account=1))
    assert coin.amount == 300_000
    recipient = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
    review = await world.engine.run(api.PreparePayment(((recipient, 50_000),), fee_rate=2.0, account=1))
    assert [end.amount for end in review.inputs] == [300_000]
    await world.engine.run(api.SendPayment(review.id, None, timeout=0.2))
    paths = {row.address: row.path for row in await world.engine.run(api.GetAddresses())}
    assert paths[str(review.change_address)].startswith("m/84h/1h/1h/1/")
    for wrong in (api.GetReceiveAddress(account=9), api.PreparePayment(((recipient, 1_000),), account=9)):
        with pytest.raises(api.WrenError, match="no account 9") as caught:
            await world.engine.run(wrong)
        assert caught.value.code == "not_found"
    await world.engine.close()
