"""Payments under review and on their way: what is shown is what is signed, once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.engine.world import FOREIGN, World
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.engine.spending import MAX_PREPARED

Story = Callable[[World], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder)
        await world.create()
        world.chain.mine(2)
        await world.fund(90_000, 50_000)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


async def refused(world: World, command: api.Command[object]) -> str:
    with pytest.raises(api.WrenError) as failure:
        await world.engine.run(command)
    return failure.value.code


def test_the_review_is_the_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(60_000)
        assert [(end.address, end.amount, end.own) for end in review.recipients] == [(FOREIGN, 60_000, False)]
        assert sum(end.amount or 0 for end in review.inputs) == 60_000 + review.fee + review.change
        assert review.fee >= 2 * review.vsize
        assert Psbt.from_base64(review.psbt).transaction.serialize().hex() == review.hex
        assert await world.engine.run(api.GetBalance()) == api.Balance(140_000, 0, 0)  # a review reserves nothing
        sent = await world.send(review)
        unsigned, signed = (Transaction.parse(bytes.fromhex(raw)) for raw in (review.hex, sent.hex))
        assert (unsigned.outputs, unsigned.txid) == (signed.outputs, signed.txid)
        assert (sent.fee, sent.change, sent.amount, sent.txid) == (
            review.fee, review.change, 60_000, str(signed.txid),
        )  # fmt: skip
        assert sent.vsize <= review.vsize
        assert world.node.sent == [bytes.fromhex(sent.hex)]
        balance = await world.engine.run(api.GetBalance())
        assert balance.total == 140_000 - 60_000 - sent.fee

    play(tmp_path, story)


def test_a_hundred_clicks_are_one_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(60_000)
        answers = await asyncio.gather(*(world.send(review) for _ in range(100)))
        assert len({answer.txid for answer in answers}) == 1
        assert len(world.node.sent) == 1
        assert await world.send(review) == answers[0]
        assert len([row for row in await world.engine.run(api.GetHistory()) if row.amount < 0]) == 1

    play(tmp_path, story)


def test_reviews_are_forgotten_from_the_oldest_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        reviews = [await world.prepare(10_000) for _ in range(MAX_PREPARED + 1)]
        assert await refused(world, api.SendPayment(reviews[0].id, None)) == "not_found"
        assert await refused(world, api.SendPayment("nonsense", None)) == "not_found"
        assert (await world.send(reviews[-1])).amount == 10_000
        await world.engine.run(api.CloseWallet())
        await world.engine.run(api.OpenWallet("default"))
        assert await refused(world, api.SendPayment(reviews[1].id, None)) == "not_found"

    play(tmp_path, story)


def test_a_wrong_password_spends_nothing_and_the_review_stays(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(60_000)
        assert await refused(world, api.SendPayment(review.id, "wrong")) == "bad_password"
        assert await world.engine.run(api.GetBalance()) == api.Balance(140_000, 0, 0)
        assert world.node.sent == []
        assert (await world.send(review)).amount == 60_000

    play(tmp_path, story)


def test_what_cannot_be_prepared(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def order(amount: int | None, **options: object) -> api.PreparePayment:
            if "fee" not in options:
                options["fee_rate"] = 2.0
            return api.PreparePayment(((FOREIGN, amount),), **options)  # type: ignore[arg-type]  # fields by name

        assert await refused(world, order(140_000)) == "insufficient_funds"
        assert await refused(world, order(100)) == "dust"
        assert await refused(world, order(0)) == "bad_amount"
        assert await refused(world, order(1_000, fee=5, fee_rate=2.0)) == "bad_amount"
        assert await refused(world, order(1_000, coins=("x",))) == "not_found"
        assert await refused(world, order(1_000, coins=("ab" * 32 + ":0",))) == "not_found"
        assert await refused(world, api.PreparePayment((), fee_rate=2.0)) == "bad_amount"
        high = await world.engine.run(order(20_000, fee=60_000))
        assert any(warning.blocking for warning in high.warnings)
        assert await refused(world, api.SendPayment(high.id, None)) == "fee_too_high"
        accepted = await world.engine.run(order(20_000, fee=60_000, accept_fee=60_000))
        assert not any(warning.blocking for warning in accepted.warnings)
        everything = await world.engine.run(order(None))
        assert (everything.amount + everything.fee, everything.change) == (140_000, 0)
        coin = (await world.engine.run(api.GetCoins()))[0]
        one = await world.engine.run(order(None, coins=(coin.outpoint,), subtract_fee=True))
        assert one.amount + one.fee == coin.amount

    play(tmp_path, story)


def test_unsigned_and_foreign_bytes_are_not_broadcast(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(60_000)
        for text in ("", "zz", "00", review.hex):
            assert await refused(world, api.BroadcastTransaction(text, 0.2)) == "refused"
        assert world.node.sent == []
        sent = await world.send(review)
        world.node.peer_count = 0
        assert await refused(world, api.BroadcastTransaction(sent.hex, 0.2)) == "no_peers"
        world.node.peer_count = 1
        again = await world.engine.run(api.BroadcastTransaction(sent.hex, 0.2))
        assert (again.txid, again.broadcast.sent_to) == (sent.txid, 1)

    play(tmp_path, story)


def test_a_psbt_of_somebody_is_signed_where_it_is_ours(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(60_000)
        signed = await world.engine.run(api.SignPsbt(review.psbt, None))
        assert (signed.signed, signed.complete) == (len(review.inputs), True)
        assert Psbt.from_base64(signed.psbt).finalize().extract().txid == Psbt.from_base64(review.psbt).transaction.txid
        assert await refused(world, api.SignPsbt("nonsense", None)) == "bad_psbt"
        assert await refused(world, api.SignPsbt(review.psbt, "wrong")) == "bad_password"

    play(tmp_path, story)
