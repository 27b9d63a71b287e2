"""Hostile PSBTs through the whole engine and the vault child: what is shown, and what is never signed (D2 to D5)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import FOREIGN, World
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtInput, PsbtOutput
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.engine import api
from wallet.ledger.keychain import CHANGE, GAP_LIMIT, ScriptRef

Story = Callable[[World], Awaitable[None]]
PAYEE = parse_address(FOREIGN, REGTEST).script_pubkey


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


async def made(world: World, amount: int = 100_000) -> Psbt:
    return Psbt.from_base64((await world.prepare(amount)).psbt)


async def review(world: World, psbt: Psbt) -> api.PsbtReview:
    return await world.engine.run(api.ReviewPsbt(psbt.to_base64()))


async def sign(world: World, psbt: Psbt, accept_fee: int | None = None) -> api.SignedPsbt:
    return await world.engine.run(api.SignPsbt(psbt.to_base64(), None, accept_fee))


async def refused(world: World, psbt: Psbt, says: str, code: str = "bad_psbt", accept_fee: int | None = None) -> None:
    with pytest.raises(api.WrenError, match=says) as failure:
        await sign(world, psbt, accept_fee)
    assert failure.value.code == code


def changed(psbt: Psbt, **fields: Any) -> Psbt:
    return psbt.with_inputs({0: replace(psbt.inputs[0], **fields)})


def with_outputs(psbt: Psbt, *outputs: TxOut, known: PsbtOutput | None = None) -> Psbt:
    """The same payment to others; `known` is what it claims about the last output."""
    about = [PsbtOutput()] * (len(outputs) - 1) + [known or PsbtOutput()] if outputs else []
    return replace(psbt, transaction=replace(psbt.transaction, outputs=outputs), outputs=tuple(about))


def with_foreign_input(psbt: Psbt, known: PsbtInput, previous: Transaction) -> Psbt:
    spending = TxIn(OutPoint(previous.txid, 0))
    transaction = replace(psbt.transaction, inputs=(*psbt.transaction.inputs, spending))
    return replace(psbt, transaction=transaction, inputs=(*psbt.inputs, known))


def codes(found: api.PsbtReview) -> list[str]:
    return [warning.code for warning in found.warnings]


def test_an_honest_one_is_shown_as_it_is_and_signed_in_both_versions(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        honest = await made(world)
        for psbt in (honest, honest.to_version(2)):
            shown = await review(world, psbt)
            assert (shown.amount, shown.net, shown.warnings) == (100_000, -100_000 - (shown.fee or 0), ())
            assert [(row.own, row.signatures, row.needed) for row in shown.inputs] == [(True, 0, 1)] * 2
            assert sorted((row.own, row.change) for row in shown.outputs) == [(False, False), (True, True)]
            signed = await sign(world, psbt)
            assert (signed.signed, signed.complete) == (2, True)
            answer = Psbt.from_base64(signed.psbt)
            assert (answer.version or 0, answer.transaction) == (psbt.version or 0, psbt.transaction)
            assert all(row.signed for row in (await review(world, answer)).inputs)
        fee = (await review(world, honest)).fee
        await world.engine.run(api.CloseWallet())
        nobody = await review(world, honest)
        assert nobody.fee == fee
        assert nobody.net is None
        assert {*(row.own for row in nobody.inputs), *(row.own for row in nobody.outputs)} == {None}

    play(tmp_path, story)


def test_what_the_wallet_knows_itself_need_not_be_in_it_and_cannot_be_lied_about(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        honest = await made(world)
        bare = Psbt.create(honest.transaction)
        assert (await sign(world, bare)).complete
        spent = honest.spent_output(0)
        assert spent is not None
        for amount in (spent.amount - 20_000, spent.amount + 20_000, 1):
            lie = TxOut(amount, spent.script_pubkey)
            await refused(world, changed(honest, witness_utxo=lie), "disagree")
            unproven = changed(honest, non_witness_utxo=None, witness_utxo=lie)
            await refused(world, unproven, "disagree")
            with pytest.raises(api.WrenError, match="not what the transaction in this wallet says"):
                await review(world, unproven)
        await refused(world, changed(honest, witness_utxo=TxOut(spent.amount, PAYEE)), "disagree")
        other = honest.inputs[1].non_witness_utxo
        with pytest.raises(ValueError, match="not the one it spends"):
            changed(honest, non_witness_utxo=other)

    play(tmp_path, story)


def test_a_payment_of_who_watches_an_account_by_its_public_key_alone_is_signed(tmp_path: Path) -> None:
    """Such a wallet does not know the master key: the origins that it names begin at the account's key."""

    def below(origin: KeyOrigin) -> KeyOrigin:
        return KeyOrigin(b"\x0a\xcc\x0f\x37", origin.path[-2:])

    def as_watched(known: PsbtInput) -> PsbtInput:
        keys = {key: below(origin) for key, origin in known.derivations.items()}
        taproot = {key: replace(found, origin=below(found.origin)) for key, found in known.tap_derivations.items()}
        return replace(known, derivations=keys, tap_derivations=taproot)

    async def story(world: World) -> None:
        received = await world.engine.run(api.GetReceiveAddress(type="p2tr"))
        world.chain.mine_payment(parse_address(received.address, REGTEST).script_pubkey, 70_000)
        await world.sync()
        honest = await made(world, 180_000)
        assert sorted((len(known.derivations), len(known.tap_derivations)) for known in honest.inputs) == [
            (0, 1),
            (1, 0),
            (1, 0),
        ]
        signed = await sign(world, honest.with_inputs(dict(enumerate(map(as_watched, honest.inputs)))))
        assert (signed.signed, signed.complete) == (3, True)

    play(tmp_path, story)


def test_a_part_of_the_transaction_is_never_signed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        honest = await made(world)
        for hash_type in (2, 3, 0x81, 0x82, 0x83, 0x101, 0xFFFFFFFF):
            psbt = changed(honest, sighash_type=hash_type)
            await refused(world, psbt, "part of the transaction")
            assert "sighash" in codes(await review(world, psbt))
        await refused(world, changed(honest, sighash_type=0), "unusual way")
        assert (await sign(world, changed(honest, sighash_type=1))).complete

    play(tmp_path, story)


def test_fees_that_are_unknown_impossible_or_absurd_are_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        honest = await made(world)
        previous = Transaction(2, (TxIn(OutPoint(Txid(bytes(32)), 0)),), (TxOut(7_000, PAYEE),))
        hidden = with_foreign_input(honest, PsbtInput(), previous)
        await refused(world, hidden, "the fee is not known", accept_fee=10**9)
        assert (await review(world, hidden)).fee is None
        shown = await review(world, with_foreign_input(honest, PsbtInput(non_witness_utxo=previous), previous))
        assert (shown.fee or 0) > 7_000
        assert [row.own for row in shown.inputs] == [True, True, False]

        await refused(world, with_outputs(honest, TxOut(140_001, PAYEE)), "pay more than the inputs bring")
        await refused(world, with_outputs(honest), "nobody is paid", accept_fee=140_000)
        absurd = with_outputs(honest, TxOut(10_000, PAYEE))
        await refused(world, absurd, "accept it by its number", code="fee_too_high")
        await refused(world, absurd, "accept it by its number", code="fee_too_high", accept_fee=129_999)
        assert "fee_high" in codes(await review(world, absurd))
        assert (await sign(world, absurd, accept_fee=130_000)).complete
        # Much money of others in the same transaction does not make the fee look small.
        rich = replace(previous, outputs=(TxOut(10**12, PAYEE),))
        diluted = with_foreign_input(absurd, PsbtInput(non_witness_utxo=rich), rich)
        diluted = with_outputs(diluted, TxOut(10_000, PAYEE), TxOut(10**12, PAYEE))
        await refused(world, diluted, "% of the amount", code="fee_too_high")

    play(tmp_path, story)


def test_change_is_ours_by_its_script_alone_and_within_reach(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        honest = await made(world)
        keychain = world.session.ledger.keychain
        account = next(iter(keychain.accounts))
        claims = next(each for each in honest.outputs if each.derivations)
        forged = with_outputs(honest, TxOut(100_000, PAYEE), TxOut(39_000, PAYEE), known=claims)
        shown = await review(world, forged)
        assert [row.own for row in shown.outputs] == [False, False]
        assert (shown.amount, codes(shown)) == (139_000, ["false_change"])

        for index, own in ((0, True), (GAP_LIMIT - 1, True), (GAP_LIMIT, False), (GAP_LIMIT + 60, False)):
            script = keychain.script(ScriptRef(account, CHANGE, index))
            shown = await review(
                world, with_outputs(honest, TxOut(100_000, PAYEE), TxOut(39_000, script), known=claims)
            )
            assert shown.outputs[1].own is own, index
            assert shown.outputs[1].change is own
            assert codes(shown) == ([] if own else ["change_out_of_reach"])
            assert shown.amount == (100_000 if own else 139_000)

    play(tmp_path, story)


def test_nothing_of_ours_and_nothing_at_all(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        previous = Transaction(2, (TxIn(OutPoint(Txid(bytes(32)), 0)),), (TxOut(7_000, PAYEE),))
        bare = Transaction(2, (TxIn(OutPoint(previous.txid, 0)),), (TxOut(6_500, PAYEE),))
        foreign = Psbt.create(bare).with_inputs({0: PsbtInput(non_witness_utxo=previous)})
        shown = await review(world, foreign)
        assert (codes(shown), shown.net) == (["foreign_inputs"], 0)
        signed = await sign(world, foreign)
        assert (signed.signed, signed.complete, Psbt.from_base64(signed.psbt)) == (0, False, foreign)
        empty = Psbt.create(Transaction(2, (), ()))
        assert not (await review(world, empty)).complete
        await refused(world, empty, "nobody is paid")

    play(tmp_path, story)


def test_a_locked_wallet_signs_neither_psbts_nor_messages_and_verifies_all_the_same(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        honest = await made(world)
        address = (await world.engine.run(api.GetReceiveAddress())).address
        signature = await world.engine.run(api.SignMessage(address, "a text", None))
        await world.engine.run(api.LockWallet())
        await refused(world, honest, "locked", code="refused")
        with pytest.raises(api.WrenError, match="locked"):
            await world.engine.run(api.SignMessage(address, "a text", None))
        assert await world.engine.run(api.VerifyMessage(address, signature, "a text"))
        assert not await world.engine.run(api.VerifyMessage(address, signature, "another"))

    play(tmp_path, story)


def test_what_was_signed_as_a_psbt_and_handed_to_peers_is_in_the_history_at_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        signed = Psbt.from_base64((await sign(world, await made(world, 60_000))).psbt)
        raw = signed.finalize().extract().serialize().hex()
        world.node.peer_count = 0
        with pytest.raises(api.WrenError, match="no peer"):
            await world.engine.run(api.BroadcastTransaction(raw, 0.2))
        assert [row.status for row in await world.engine.run(api.GetHistory())] == ["confirmed"] * 2
        world.node.peer_count = 1
        sent = await world.engine.run(api.BroadcastTransaction(raw, 0.2))
        newest, *_ = await world.engine.run(api.GetHistory())
        assert (newest.txid, newest.status) == (sent.txid, "pending")
        spendable = sum(coin.amount for coin in await world.engine.run(api.GetCoins()) if coin.spendable)
        assert spendable < 140_000 - 60_000

    play(tmp_path, story)


def test_what_only_pretends_to_spend_our_coins_is_not_believed_when_we_broadcast_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        transaction = (await made(world, 60_000)).transaction
        forged = tuple(replace(each, witness=(bytes(71), bytes(33))) for each in transaction.inputs)
        await world.engine.run(api.BroadcastTransaction(replace(transaction, inputs=forged).serialize().hex(), 0.2))
        assert world.node.sent
        assert len(await world.engine.run(api.GetHistory())) == 2

    play(tmp_path, story)
