"""A payment is made once, is stored before it is sent, and is not made at all when it could not be stored."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.engine.world import World, txid_of
from wallet.engine import api, offering
from wallet.engine.engine import WrenEngine
from wallet.engine.parts import WalletStore
from wallet.engine.signing import Vault
from wallet.ledger.changeset import ChangeSet
from wallet.store.errors import StoreError

Story = Callable[[World], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder)
        await world.create()
        world.chain.mine(3)
        await world.fund(100_000, 200_000, 300_000)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


class FullDisk:
    """A wallet database whose disk is full while `full` is set."""

    def __init__(self, store: WalletStore) -> None:
        self.store = store
        self.full = False

    def apply(self, change: ChangeSet) -> None:
        if self.full:
            raise StoreError(Path("wallet.db"), "database or disk is full")
        self.store.apply(change)


def fill_disk(world: World) -> FullDisk:
    disk = FullDisk(world.session.store)
    world.session.ledger._store = disk
    disk.full = True
    return disk


class SlowVault:
    """The real vault, which waits for a word before it hands out what it signed."""

    def __init__(self, vault: Any) -> None:
        self.vault = vault
        self.signed = asyncio.Event()
        self.go_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.vault, name)

    async def sign(self, *arguments: Any) -> Any:
        answer = await self.vault.sign(*arguments)
        self.signed.set()
        await self.go_on.wait()
        return answer


def slow_vault(world: World) -> SlowVault:
    vault = SlowVault(world.parts.vault)
    running: WrenEngine = world.engine
    spending = running._handlers[api.SendPayment].__self__  # type: ignore[attr-defined]  # a bound method
    spending._parts = replace(world.parts, vault=cast("Vault", vault))
    return vault


def test_a_payment_that_could_not_be_stored_is_not_sent_and_holds_no_coins(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(250_000)
        disk = fill_disk(world)
        with pytest.raises(api.WrenError, match="full"):
            await world.send(review)
        assert world.node.sent == []
        disk.full = False
        await world.sync()  # offers what is pending once more
        assert world.node.sent == []
        assert (await world.engine.run(api.GetBalance())).total == 600_000

        result = await world.send(await world.prepare(250_000))
        assert {txid_of(raw) for raw in world.node.sent} == {txid_of(bytes.fromhex(result.hex))}

    play(tmp_path, story)


@pytest.mark.parametrize("fee", [0, 10])
def test_a_fee_that_no_peer_passes_on_is_refused_before_a_coin_is_tied_up(tmp_path: Path, fee: int) -> None:
    async def story(world: World) -> None:
        address = (await world.prepare(250_000)).recipients[0].address
        assert address is not None
        order = api.PreparePayment(((address, 250_000),), fee=fee)
        with pytest.raises(api.WrenError, match="would never arrive"):
            await world.engine.run(order)
        assert (await world.engine.run(api.GetBalance())).total == 600_000

    play(tmp_path, story)


def test_the_same_review_can_be_sent_once_the_disk_has_room(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(250_000)
        disk = fill_disk(world)
        with pytest.raises(api.WrenError):
            await world.send(review)
        disk.full = False
        result = await world.send(review)
        assert [str(txid_of(raw)) for raw in world.node.sent] == [result.txid]
        assert (await world.engine.run(api.GetHistory(1)))[0].status == "pending"

    play(tmp_path, story)


def test_a_fault_after_the_payment_was_stored_is_no_failure_of_the_payment(tmp_path: Path) -> None:
    """Whoever reads an error pays again."""

    async def story(world: World) -> None:
        review = await world.prepare(250_000)
        disk = FullDisk(world.session.store)
        world.session.ledger._store = disk

        def fill(_raw: bytes) -> None:
            disk.full = True

        world.node.on_broadcast = fill
        first = await world.send(review)
        assert txid_of(bytes.fromhex(first.hex)) in world.stored()
        assert await world.send(review) == first
        assert len(world.node.sent) == 1

    play(tmp_path, story)


def test_a_bug_while_announcing_is_no_failure_of_the_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def fail(_raw: bytes) -> None:
            raise KeyError("a bug")

        world.node.on_broadcast = fail
        result = await world.send(await world.prepare(250_000))
        assert result.broadcast == api.BroadcastReport(0, 0, 0, propagated=False)
        assert txid_of(bytes.fromhex(result.hex)) in world.stored()

    play(tmp_path, story)


@pytest.mark.parametrize("leave", ["close", "switch"])
def test_a_payment_whose_wallet_is_left_while_it_is_signed_is_neither_sent_nor_lost(tmp_path: Path, leave: str) -> None:
    async def story(world: World) -> None:
        vault = slow_vault(world)
        sending = asyncio.ensure_future(world.send(await world.prepare(250_000)))
        await vault.signed.wait()
        if leave == "close":
            await world.engine.run(api.CloseWallet())
        else:
            await world.create("other")
        vault.go_on.set()
        with pytest.raises(api.WrenError):
            await sending
        assert world.node.sent == []
        await world.engine.run(api.OpenWallet("default"))
        assert (await world.engine.run(api.GetBalance())).total == 600_000

    play(tmp_path, story)


def test_the_engine_closes_while_a_payment_is_signed_and_stays_closed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        vault = slow_vault(world)
        sending = asyncio.ensure_future(world.send(await world.prepare(250_000)))
        await vault.signed.wait()
        made = len(world.nodes)
        await world.engine.close()
        vault.go_on.set()
        with pytest.raises(api.WrenError):
            await sending
        assert (len(world.nodes), world.node.sent) == (made, [])

    play(tmp_path, story)


def test_two_payments_under_review_never_use_one_coin(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        vault = slow_vault(world)
        reviews = [await world.prepare(550_000), await world.prepare(560_000)]
        sending = [asyncio.ensure_future(world.send(review)) for review in reviews]
        await vault.signed.wait()
        vault.go_on.set()
        results = await asyncio.gather(*sending, return_exceptions=True)
        refused = [found for found in results if isinstance(found, api.WrenError)]
        assert [error.code for error in refused] == ["refused"]
        assert len(world.node.sent) == 1

    play(tmp_path, story)


def test_a_coin_that_a_reorganisation_takes_back_is_not_spent_unasked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        review = await world.prepare(580_000)
        fork = world.chain.fork(world.chain.height - 1)
        fork.mine(3)
        world.node.chain = world.chain = fork
        update = world.node.files.headers.connect(fork.raw_headers(fork.height - 2), fork.tip.header.time, 1)
        assert update.disconnected
        world.node.listener.chain_changed(update)
        with pytest.raises(api.WrenError) as refused:
            await world.send(review)
        assert refused.value.code == "refused"
        assert world.node.sent == []

    play(tmp_path, story)


def test_a_payment_that_reached_nobody_goes_out_with_the_next_peer_though_nobody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window connects once, and never asks for a synchronisation."""
    for name in ("FIRST_SECONDS", "_PEERS_POLL"):
        monkeypatch.setattr(offering, name, 0.02)
    monkeypatch.setattr(offering, "EVERY_SECONDS", (0.02, 0.02))

    async def story(world: World) -> None:
        review = await world.prepare(250_000)
        world.node.peer_count = 0
        result = await world.send(review)
        assert (await world.engine.run(api.GetHistory(1)))[0].status == "local"
        assert world.node.sent == []

        sent = asyncio.Event()
        world.node.on_broadcast = lambda _: sent.set()
        world.node.peer_count = 1
        await sent.wait()
        assert {str(txid_of(raw)) for raw in world.node.sent} <= {result.txid}
        await asyncio.sleep(0.02)
        assert (await world.engine.run(api.GetHistory(1)))[0].status == "pending"

    play(tmp_path, story)
