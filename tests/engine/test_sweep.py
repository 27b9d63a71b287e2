"""Sweeping a private key: its coins of every script type arrive in the open wallet."""

from pathlib import Path

import pytest

from tests.engine.test_restore_kinds import WIF, kept, pay, total, world_of
from tests.ledger.world import pay as unsigned
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.script import p2pkh
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.keys.wif import WifKey, format_wif
from wallet.ledger.keychain import EXTERNAL, FRESH_AHEAD, ScriptRef

LONG = WifKey(bytearray((7).to_bytes(32, "big")), is_compressed=False)
OLD_WIF = format_wif(LONG, NETWORKS["regtest"])


async def test_coins_of_every_type_are_swept(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    for number, (_, external) in enumerate(kept(WIF)):
        pay(world, external, 100_000 + number)
    world.chain.mine(1)
    await world.sync()
    assert await total(world) == 0
    review = await world.engine.run(api.PrepareSweep(WIF, fee_rate=3.0))
    assert (review.coins, review.amount + review.fee) == (4, 400_006)
    assert review.address == (await world.engine.run(api.GetReceiveAddress())).address
    sent = await world.engine.run(api.SendSweep(review.id, WIF, timeout=0.2))
    assert world.node.sent == [bytes.fromhex(sent.hex)]
    assert (sent.amount, sent.fee, sent.change) == (review.amount, review.fee, 0)
    assert abs(sent.fee_rate - 3.0) < 0.1
    assert await total(world) == review.amount
    world.chain.mine(transactions=[Transaction.parse(world.node.sent[0])])
    await world.sync()
    assert await total(world) == review.amount
    with pytest.raises(api.WrenError, match="prepare it again"):
        await world.engine.run(api.SendSweep(review.id, WIF))
    with pytest.raises(api.WrenError) as caught:
        await world.engine.run(api.PrepareSweep(WIF, fee_rate=3.0))
    assert caught.value.code == "insufficient_funds"
    await world.engine.close()


async def test_a_sweep_never_goes_further_out_than_a_restore_looks(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    for _ in range(FRESH_AHEAD):
        await world.engine.run(api.GetReceiveAddress(fresh=True))
    ledger = world.session.ledger
    script = ledger.keychain.script(ScriptRef(0, EXTERNAL, FRESH_AHEAD - 1))
    ledger.apply_unconfirmed(unsigned([(script, 50_000)]), 0)  # used, so it is not offered; in a block it may never be
    world.chain.mine_payment(p2pkh(hash160(LONG.public_key)), 90_000)
    review = await world.engine.run(api.PrepareSweep(OLD_WIF, fee_rate=5.0))
    last = (await world.engine.run(api.GetAddresses()))[FRESH_AHEAD - 1]
    assert review.address == last.address
    await world.engine.close()


async def test_an_old_key_of_65_bytes_pays_the_rate_that_was_asked_for(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    for amount in (50_000, 70_000):
        world.chain.mine_payment(p2pkh(hash160(LONG.public_key)), amount)
    world.chain.mine(1)
    review = await world.engine.run(api.PrepareSweep(OLD_WIF, fee_rate=5.0))
    assert review.coins == 2
    sent = await world.engine.run(api.SendSweep(review.id, OLD_WIF, timeout=0.2))
    assert abs(sent.fee_rate - 5.0) < 0.1
    assert await total(world) == 120_000 - sent.fee
    await world.engine.close()


async def test_another_key_signs_nothing_and_what_is_no_key_is_said(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    pay(world, kept(WIF)[0][1], 100_000)
    world.chain.mine(1)
    for wrong in (OLD_WIF, format_wif(WifKey(bytearray(b"\x01" * 32), is_compressed=True), NETWORKS["regtest"])):
        review = await world.engine.run(api.PrepareSweep(WIF, fee_rate=3.0))
        with pytest.raises(api.WrenError) as caught:
            await world.engine.run(api.SendSweep(review.id, wrong, timeout=0.2))
        assert caught.value.code == "bad_psbt"
    assert world.node.sent == []
    assert await total(world) == 0
    for text, code in (
        ("nonsense", "bad_phrase"),
        ("5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss", "wrong_network"),
    ):
        with pytest.raises(api.WrenError) as caught:
            await world.engine.run(api.PrepareSweep(text))
        assert caught.value.code == code
        assert text not in caught.value.message
    await world.engine.close()


async def test_an_absurd_fee_is_swept_only_when_it_is_accepted_by_its_number(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await world.create()
    world.chain.mine_payment(p2pkh(hash160(LONG.public_key)), 900_000)
    world.chain.mine(1)
    with pytest.raises(api.WrenError, match="per virtual byte") as caught:
        await world.engine.run(api.PrepareSweep(OLD_WIF, fee_rate=600.0))
    assert caught.value.code == "fee_too_high"
    fee = int(str(caught.value).split("fee of ")[1].split()[0])
    with pytest.raises(api.WrenError, match="by its number"):
        await world.engine.run(api.PrepareSweep(OLD_WIF, fee_rate=600.0, accept_fee=fee - 1))
    review = await world.engine.run(api.PrepareSweep(OLD_WIF, fee_rate=600.0, accept_fee=fee))
    assert review.fee == fee
    await world.engine.close()
