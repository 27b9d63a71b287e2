"""Wallets come into being whole or not at all, and only one is open."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.world import World
from wallet.engine import api
from wallet.engine.parts import WalletStore
from wallet.store.errors import StoreError

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
Story = Callable[[World], Awaitable[None]]


def play(folder: Path, story: Story, network: str = "regtest") -> None:
    async def whole() -> None:
        world = World(folder, network=network)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


async def refused(world: World, command: api.Command[object]) -> str:
    with pytest.raises(api.WrenError) as failure:
        await world.engine.run(command)
    return failure.value.code


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def restore(name: str = "default", **options: object) -> api.RestoreWallet:
    command = api.RestoreWallet(name, PHRASE, None, vault="file")
    return replace(command, **options)  # type: ignore[arg-type]  # fields by name


def test_a_new_wallet_and_what_it_says_of_itself(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made = await world.engine.run(api.CreateWallet("mine", None, words=24, vault="file"))
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        assert (made.wallet, made.kind, made.vault, made.watch_only) == ("mine", "bip39", "file", False)
        assert made.birthday in (yesterday, yesterday - timedelta(days=1))
        assert made.mnemonic is not None
        assert len(made.mnemonic.split()) == 24
        assert made.mnemonic not in repr(made)
        assert await world.engine.run(api.GetWords(None)) == made.mnemonic
        (listed,) = await world.engine.run(api.ListWallets())
        assert (listed.name, listed.network, listed.vault, listed.watch_only) == ("mine", "regtest", "file", False)
        shown = await world.engine.run(api.NewPhrase(12))
        given = await world.engine.run(api.CreateWallet("given", None, phrase=shown, vault="file"))
        assert given.mnemonic == shown

    play(tmp_path, story)


def test_the_same_words_give_the_same_wallet_and_a_passphrase_another(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        first = await world.engine.run(restore("one"))
        assert first.fingerprint == "73c5da0a"  # BIP32 fingerprint of these words, as every wallet shows it
        address = (await world.engine.run(api.GetReceiveAddress())).address
        second = await world.engine.run(restore("two"))
        assert second.fingerprint == first.fingerprint
        assert (await world.engine.run(api.GetReceiveAddress())).address == address
        third = await world.engine.run(restore("three", passphrase="TREZOR"))
        assert third.fingerprint != first.fingerprint
        assert {wallet.name for wallet in await world.engine.run(api.ListWallets())} == {"one", "two", "three"}

    play(tmp_path, story)


@pytest.mark.parametrize("types", [("p2tr",), ("p2pkh", "p2wpkh"), ()])
def test_only_the_types_that_were_asked_for(tmp_path: Path, types: tuple[str, ...]) -> None:
    async def story(world: World) -> None:
        await world.engine.run(restore(types=types))
        accounts = (await world.engine.run(api.GetStatus())).accounts
        every = ("p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh")
        assert {account.type for account in accounts} == set(types or every)
        first = next(kind for kind in every if kind in (types or every))
        assert (await world.engine.run(api.GetReceiveAddress())).type == first
        missing = next((kind for kind in every if kind not in (types or every)), None)
        if missing is not None:
            assert await refused(world, api.GetReceiveAddress(type=missing)) == "not_found"

    play(tmp_path, story)


@pytest.mark.parametrize("birthday", [None, 0, 812_345, date(2021, 5, 4)])
def test_a_birthday_is_kept(tmp_path: Path, birthday: int | date | None) -> None:
    async def story(world: World) -> None:
        made = await world.engine.run(restore(birthday=birthday))
        assert made.birthday == (birthday if isinstance(birthday, date) else None)
        await world.engine.run(api.CloseWallet())
        await world.engine.run(api.OpenWallet("default"))
        assert world.session.birthday == birthday

    play(tmp_path, story, network="signet")


def test_a_wallet_that_could_not_be_made_leaves_nothing_and_can_be_made_later(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        parts = world.parts

        def full(path: Path, _key: bytes) -> WalletStore:
            raise StoreError(path, "no space left on device")

        engine = world.start(replace(parts, create_store=full))
        with pytest.raises(api.WrenError, match="no space left"):
            await engine.run(restore())
        assert await engine.run(api.ListWallets()) == ()
        assert not files_of(tmp_path) & {"vault.bin", "wallet.key", "wallet.db"}
        engine = world.start(parts)
        assert (await engine.run(restore())).wallet == "default"

    play(tmp_path, story)


def test_one_wallet_is_open_at_a_time(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.engine.run(restore("a"))
        first = world.session
        await world.engine.run(restore("b", passphrase="x"))
        assert (await world.engine.run(api.GetStatus())).wallet == "b"
        with pytest.raises(Exception, match="closed"):
            first.store.meta("birthday")
        assert await refused(world, api.OpenWallet("c")) == "no_wallet"
        assert (await world.engine.run(api.GetStatus())).wallet == "b"
        assert (await world.engine.run(api.OpenWallet("a"))).name == "a"
        assert await refused(world, restore("a")) == "wallet_exists"
        assert (await world.engine.run(api.GetStatus())).wallet == "a"

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("text", "kind", "complete"),
    [("", None, False), (PHRASE, "bip39", True), (PHRASE[:-3] + "zzz", None, False), ("hello", None, False)],
)
def test_what_is_typed_is_judged(tmp_path: Path, text: str, kind: str | None, complete: bool) -> None:
    async def story(world: World) -> None:
        check = await world.engine.run(api.CheckPhrase(text))
        assert (check.kind, check.complete) == (kind, complete)
        assert bool(check.message) or complete or not text

    play(tmp_path, story)
