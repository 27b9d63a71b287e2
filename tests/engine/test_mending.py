"""Speeding up, taking back and giving up payments, and frozen coins: what the engine keeps and refuses."""

import asyncio
from pathlib import Path

from tests.engine.test_spending import play, refused
from tests.engine.world import FOREIGN, World
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.ledger.labels import LabelKind


async def rows(world: World) -> dict[str, api.HistoryRow]:
    return {row.txid: row for row in await world.engine.run(api.GetHistory())}


async def pay(world: World, amount: int = 60_000, label: str = "rent") -> api.SendResult:
    review = await world.engine.run(api.PreparePayment(((FOREIGN, amount),), fee_rate=2.0, label=label))
    return await world.send(review)


def test_a_bumped_payment_is_the_same_payment_with_its_label_and_a_link(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sent = await pay(world)
        old = Transaction.parse(bytes.fromhex(sent.hex))
        change = next(n for n, output in enumerate(old.outputs) if output.amount == sent.change)
        await world.engine.run(api.SetLabel("output", f"{sent.txid}:{change}", "what came back"))
        review = await world.engine.run(api.PrepareBump(sent.txid, 9.0))
        assert (review.method, review.replaces, review.raises) == ("rbf", (sent.txid,), ())
        assert (review.amount, [end.address for end in review.recipients]) == (60_000, [FOREIGN])
        assert review.change == sent.change - (review.fee - sent.fee)
        assert (await rows(world))[sent.txid].status == "pending"  # a review replaces nothing
        answers = await asyncio.gather(*(world.send(review) for _ in range(100)))
        assert len({answer.txid for answer in answers}) == 1
        bumped = answers[0]
        assert bumped.fee >= 9 * bumped.vsize
        assert world.node.sent == [bytes.fromhex(sent.hex), bytes.fromhex(bumped.hex)]
        found = await rows(world)
        assert (found[sent.txid].status, found[sent.txid].replaced_by) == ("replaced", bumped.txid)
        assert (found[bumped.txid].status, found[bumped.txid].label) == ("pending", "rent")
        labels = [coin.label for coin in await world.engine.run(api.GetCoins()) if coin.amount == bumped.change]
        assert labels == ["what came back"]
        assert (await world.engine.run(api.GetBalance())).total == 140_000 - 60_000 - bumped.fee
        assert await refused(world, api.PrepareBump(sent.txid, 90.0)) == "refused"
        assert await refused(world, api.PrepareBump(bumped.txid, 9.0)) == "refused"  # that is what it pays
        world.chain.mine(transactions=[old])  # the first one was faster
        await world.sync()
        found = await rows(world)
        assert (found[sent.txid].status, found[sent.txid].replaced_by) == ("confirmed", None)
        assert (found[bumped.txid].status, found[bumped.txid].replaced_by) == ("replaced", sent.txid)

    play(tmp_path, story)


def test_a_cancelled_payment_comes_back_less_a_fee(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sent = await pay(world)
        review = await world.engine.run(api.PrepareCancel(sent.txid))
        assert (review.method, review.replaces) == ("rbf", (sent.txid,))
        assert all(end.own for end in review.recipients)
        cancelled = await world.send(review)
        assert (await rows(world))[sent.txid].replaced_by == cancelled.txid
        assert (await world.engine.run(api.GetBalance())).total == 140_000 - cancelled.fee
        assert await refused(world, api.PrepareCancel(cancelled.txid)) == "refused"  # it pays nobody
        assert await refused(world, api.PrepareCancel(sent.txid)) == "refused"

    play(tmp_path, story)


def test_what_builds_on_it_since_makes_a_replacement_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sent = await pay(world)
        bump = await world.engine.run(api.PrepareBump(sent.txid, 9.0))
        cancel = await world.engine.run(api.PrepareCancel(sent.txid, 9.0))
        change = [coin.outpoint for coin in await world.engine.run(api.GetCoins()) if coin.height is None]
        child = api.PreparePayment(((FOREIGN, 5_000),), fee_rate=2.0, coins=tuple(change))
        spent = await world.send(await world.engine.run(child))
        assert await refused(world, api.SendPayment(bump.id, None)) == "refused"
        assert await refused(world, api.SendPayment(cancel.id, None)) == "refused"
        assert await refused(world, api.PrepareCancel(sent.txid, 9.0)) == "refused"
        through = await world.engine.run(api.PrepareBump(sent.txid, 9.0))
        assert (through.method, set(through.raises)) == ("cpfp", {sent.txid, spent.txid})

    play(tmp_path, story)


def test_two_mends_of_one_payment_are_not_both_made(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sent = await pay(world)
        bump = await world.engine.run(api.PrepareBump(sent.txid, 9.0))
        cancel = await world.engine.run(api.PrepareCancel(sent.txid, 9.0))
        results = await asyncio.gather(world.send(bump), world.send(cancel), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["SendResult", "WrenError"]
        assert len(world.node.sent) == 2

    play(tmp_path, story)


def test_what_cannot_be_mended_says_so(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        confirmed = (await world.engine.run(api.GetHistory()))[0].txid
        for command in (api.PrepareBump, api.PrepareCancel):
            assert await refused(world, command("ab" * 32, 5.0)) == "not_found"
            assert await refused(world, command("nonsense", 5.0)) == "not_found"
            assert await refused(world, command(confirmed, 5.0)) == "refused"
        assert await refused(world, api.AbandonTransaction("ab" * 32)) == "not_found"
        assert await refused(world, api.AbandonTransaction(confirmed)) == "refused"
        sent = await pay(world, 20_000)
        high = await world.engine.run(api.PrepareBump(sent.txid, 501.0))
        assert any(warning.blocking for warning in high.warnings)
        assert await refused(world, api.SendPayment(high.id, None)) == "fee_too_high"
        await world.send(await world.engine.run(api.PrepareBump(sent.txid, 501.0, accept_fee=high.fee)))

    play(tmp_path, story)


def test_what_never_went_out_is_given_up_with_what_builds_on_it_and_is_back_when_it_confirms(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.node.peer_count = 0
        lines = api.PreparePayment(((FOREIGN, 120_000),), fee_rate=2.0, offline=True)
        review = await world.engine.run(lines)
        sent = await world.engine.run(api.SendPayment(review.id, None, broadcast=False))
        change = api.PreparePayment(((FOREIGN, 1_000),), fee_rate=2.0, offline=True)
        child = await world.engine.run(api.SendPayment((await world.engine.run(change)).id, None, broadcast=False))
        assert set(await world.engine.run(api.AbandonTransaction(sent.txid))) == {sent.txid, child.txid}
        assert {row.status for row in (await rows(world)).values()} == {"confirmed", "abandoned"}
        assert await world.engine.run(api.GetBalance()) == api.Balance(140_000, 0, 0)
        assert await refused(world, api.AbandonTransaction(sent.txid)) == "refused"
        world.node.peer_count = 1
        world.chain.mine(transactions=[Transaction.parse(bytes.fromhex(sent.hex))])
        await world.sync()
        found = await rows(world)
        assert (found[sent.txid].status, found[child.txid].status) == ("confirmed", "abandoned")
        assert world.node.sent == []  # nobody asked for the child again

    play(tmp_path, story)


def test_what_peers_were_given_is_not_given_up_by_accident(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sent = await pay(world)
        assert await refused(world, api.AbandonTransaction(sent.txid)) == "refused"
        assert await world.engine.run(api.AbandonTransaction(sent.txid, force=True)) == (sent.txid,)
        assert (await world.engine.run(api.GetBalance())).total == 140_000

    play(tmp_path, story)


def test_frozen_coins_stay_until_they_are_let_go(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        coins = await world.engine.run(api.GetCoins())
        large = next(coin.outpoint for coin in coins if coin.amount == 90_000)
        await world.engine.run(api.SetFrozen(large, True))
        await world.engine.run(api.CloseWallet())
        await world.engine.run(api.OpenWallet("default"))
        assert await refused(world, api.PreparePayment(((FOREIGN, 60_000),), fee_rate=2.0)) == "insufficient_funds"
        order = api.PreparePayment(((FOREIGN, 6_000),), fee_rate=2.0, coins=(large,))
        assert await refused(world, order) == "refused"
        await world.engine.run(api.SetFrozen(large, False))
        assert (await world.prepare(60_000)).amount == 60_000
        assert await refused(world, api.SetFrozen("ab" * 32 + ":0", True)) == "not_found"
        assert await refused(world, api.FreezeCoins((large, "ab" * 32 + ":0"), True)) == "not_found"
        assert not any(coin.frozen for coin in await world.engine.run(api.GetCoins()))  # none, where one is not ours
        every = tuple(coin.outpoint for coin in await world.engine.run(api.GetCoins()))
        assert len(every) > 1
        for frozen in (True, False):
            await world.engine.run(api.FreezeCoins(every, frozen))
            assert {coin.frozen for coin in await world.engine.run(api.GetCoins())} == {frozen}
        assert await refused(world, api.SetFrozen("x", True)) == "not_found"

    play(tmp_path, story)


def test_labels_notes_and_accounts_of_a_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        whom = ((FOREIGN, 20_000),)
        order = api.PreparePayment(whom, fee_rate=2.0, address_labels=((FOREIGN.upper(), " Ann "),), note="for ever")
        sent = await world.send(await world.engine.run(order))
        assert b"for ever".hex() in sent.hex
        assert world.session.view.label_of(FOREIGN) == "Ann"
        assert await refused(world, api.PreparePayment(whom, fee_rate=2.0, account=7)) == "not_found"
        assert await refused(world, api.PreparePayment(whom, fee_rate=2.0, label="x" * 256)) == "refused"
        slow, fast = [await world.engine.run(api.PreparePayment(whom, preset=each)) for each in ("slow", "fast")]
        assert slow.fee_rate <= fast.fee_rate

    play(tmp_path, story)


def test_coins_of_different_labels_are_not_mixed_unless_they_must_be(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for coin, label in zip(await world.engine.run(api.GetCoins()), ("salary", "a friend"), strict=True):
            await world.engine.run(api.SetLabel("addr", coin.address, label))
        assert "links_labels" not in {each.code for each in (await world.prepare(30_000)).warnings}
        assert "links_labels" in {each.code for each in (await world.prepare(100_000)).warnings}

    play(tmp_path, story)


def test_where_coins_come_from_is_what_is_labelled_nearest(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        view, ledger = world.session.view, world.session.ledger
        first, second = ledger.coins(world.chain.height)
        address = (await world.engine.run(api.GetCoins()))[0].address
        assert {view.origins()(coin) for coin in (first, second)} == {""}
        await world.engine.run(api.SetLabel("tx", str(first.outpoint.txid), "from the payment"))
        assert (view.origins()(first), view.origins()(second)) == ("from the payment", "")
        await world.engine.run(api.SetLabel("addr", address, "from the address"))
        assert view.origins()(first) == "from the address"
        await world.engine.run(api.SetLabel("output", str(first.outpoint), "its own"))
        assert (view.origins()(first), view.origins()(second)) == ("its own", "")
        for kind, reference in (("tx", "nonsense"), ("addr", "nonsense"), ("output", "nonsense:x")):
            ledger.set_label(LabelKind(kind), reference, "cannot be read")
        assert (view.origins()(first), view.origins()(second)) == ("its own", "")

    play(tmp_path, story)
