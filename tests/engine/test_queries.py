"""Questions to a wallet with a payment in it, and the small things that a user notes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.world import World
from wallet.engine import api

Story = Callable[[World], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder)
        await world.create()
        world.chain.mine(2)
        await world.fund(90_000)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


async def refused(world: World, command: api.Command[object]) -> str:
    with pytest.raises(api.WrenError) as failure:
        await world.engine.run(command)
    return failure.value.code


def test_a_transaction_in_all_its_parts(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        (row,) = await world.engine.run(api.GetHistory())
        detail = await world.engine.run(api.GetTransaction(row.txid))
        assert detail.row == row
        assert (detail.confirmations, detail.block_hash) == (1, str(world.chain.tip.hash))
        (own,) = [end for end in detail.outputs if end.own]
        assert (own.amount, own.change) == (90_000, False)
        assert all(end.amount is None and not end.own for end in detail.inputs)
        world.chain.mine(3)
        await world.sync()
        assert (await world.engine.run(api.GetTransaction(row.txid))).confirmations == 4
        sent = await world.send(await world.prepare(20_000))
        paid = await world.engine.run(api.GetTransaction(sent.txid))
        assert [(end.amount, end.own) for end in paid.inputs] == [(90_000, True)]
        assert {(end.own, end.change) for end in paid.outputs} == {(False, False), (True, True)}
        assert sum(end.amount or 0 for end in paid.outputs) + sent.fee == 90_000
        assert (paid.confirmations, paid.block_hash, paid.hex, paid.vsize) == (0, None, sent.hex, sent.vsize)
        assert [entry.txid for entry in await world.engine.run(api.GetHistory())] == [sent.txid, row.txid]
        assert [entry.txid for entry in await world.engine.run(api.GetHistory(limit=1))] == [sent.txid]
        for text in ("zz", "", "ab" * 32):
            assert await refused(world, api.GetTransaction(text)) == "not_found"
            assert await refused(world, api.GetProof(text)) == "not_found"
        assert await refused(world, api.GetProof(sent.txid)) == "not_found"

    play(tmp_path, story)


def test_labels_stay_and_show_where_they_belong(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        (row,) = await world.engine.run(api.GetHistory())
        (coin,) = await world.engine.run(api.GetCoins())
        for kind, reference in (("tx", row.txid), ("addr", coin.address), ("output", coin.outpoint)):
            await world.engine.run(api.SetLabel(kind, reference, f"my {kind}"))
        assert await refused(world, api.SetLabel("nonsense", row.txid, "x")) == "refused"
        assert await refused(world, api.SetLabel("tx", row.txid, "x" * 256)) == "refused"
        await world.engine.run(api.CloseWallet())
        await world.engine.run(api.OpenWallet("default"))
        assert [entry.label for entry in await world.engine.run(api.GetHistory())] == ["my tx"]
        assert [entry.label for entry in await world.engine.run(api.GetCoins())] == ["my output"]
        assert "my addr" in [entry.label for entry in await world.engine.run(api.GetAddresses())]
        await world.engine.run(api.SetLabel("output", coin.outpoint, ""))
        assert [entry.label for entry in await world.engine.run(api.GetCoins())] == ["my addr"]

    play(tmp_path, story)


def test_an_address_is_shown_until_it_is_used_and_a_fresh_one_is_new_each_time(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shown = [await world.engine.run(api.GetReceiveAddress()) for _ in range(3)]
        assert len({entry.address for entry in shown}) == 1
        fresh = [await world.engine.run(api.GetReceiveAddress(fresh=True)) for _ in range(3)]
        assert len({entry.address for entry in (*shown, *fresh)}) == 4
        assert (await world.engine.run(api.GetReceiveAddress())).address == fresh[-1].address
        used = {entry.address for entry in await world.engine.run(api.GetAddresses()) if entry.used}
        assert not used & {entry.address for entry in (*shown, *fresh)}
        for kind, begins in (("p2wpkh", "bcrt1q"), ("p2tr", "bcrt1p"), ("p2sh-p2wpkh", "2"), ("p2pkh", ("m", "n"))):
            found = await world.engine.run(api.GetReceiveAddress(type=kind, fresh=True, amount=1_500, label="a b"))
            assert found.address.startswith(begins)
            assert found.type == kind
            assert found.uri == f"bitcoin:{found.address}?amount=0.000015&label=a%20b"

    play(tmp_path, story)


def test_a_proof_is_judged_by_its_figures(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        (row,) = await world.engine.run(api.GetHistory())
        document = await world.engine.run(api.GetProof(row.txid))
        verdict = await world.engine.run(api.VerifyProof(document))
        assert verdict == api.ProofVerdict(True, True, row.txid, 3, 1)
        other = world.chain.blocks[2].header.serialize().hex()
        forged: list[dict[str, object]] = [
            {**document, "position": 0},
            {**document, "txid": "ab" * 32},
            {**document, "branch": []},
            {**document, "header": other},
            {**document, "coinbase_branch": ["00" * 32]},
            {**document, "tx": "00"},
        ]
        for fake in forged:
            judged = await world.engine.run(api.VerifyProof(fake))
            assert not judged.valid
            assert judged.reason
        elsewhere = await world.engine.run(api.VerifyProof({**document, "height": 2}))
        assert (elsewhere.known, elsewhere.confirmations) == (False, 0)

    play(tmp_path, story)


def test_without_a_wallet_every_question_says_so(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.engine.run(api.CloseWallet())
        questions: tuple[api.Command[object], ...] = (
            api.GetStatus(), api.GetBalance(), api.GetHistory(), api.GetCoins(), api.GetAddresses(),
            api.GetReceiveAddress(), api.GetDescriptors(), api.GetWords(None), api.GetProof("ab" * 32),
            api.PreparePayment(()), api.SendPayment("x", None), api.SignPsbt("", None), api.SetLabel("tx", "", ""),
        )  # fmt: skip
        for question in questions:
            assert await refused(world, question) == "no_wallet"
        assert (await world.engine.run(api.GetSyncStatus())).scan_height is None

    play(tmp_path, story)


def test_what_is_secret_comes_from_the_vault_alone(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        words = await world.engine.run(api.GetWords(None))
        assert len(words.split()) == 12
        public = await world.engine.run(api.GetDescriptors())
        private = await world.engine.run(api.GetDescriptors(private=True))
        assert [replace(row, descriptor="") for row in public] == [replace(row, descriptor="") for row in private]
        assert all("tprv" in row.descriptor for row in private)
        assert not any("tprv" in row.descriptor for row in public)
        assert await refused(world, api.GetWords("wrong")) == "bad_password"
        assert await refused(world, api.GetDescriptors(private=True, password="wrong")) == "bad_password"

    play(tmp_path, story)


def test_long_lists_can_be_asked_for_in_pieces(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for amount in (10_000, 20_000, 30_000):
            await world.fund(amount)
        run = world.engine.run
        coins, addresses = await run(api.GetCoins()), await run(api.GetAddresses())
        assert len(coins) >= 3
        assert len(addresses) >= 3
        for first, count in ((0, 2), (2, 2), (2, None), (99, 2), (1, 0)):
            last = None if count is None else first + count
            assert await run(api.GetCoins(None, first, count)) == coins[first:last]
            assert await run(api.GetAddresses(first, count)) == addresses[first:last]

    play(tmp_path, story)
