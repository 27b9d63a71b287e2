"""Wallets restored from anything: they find what was paid to them, and pay where they have the keys."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import World
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import NETWORKS
from wallet.engine import api
from wallet.keys.accounts import plan_accounts
from wallet.keys.reading import read

REGTEST = NETWORKS["regtest"]
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
ELECTRUM = "frost pig brisk excite novel report camera enlist axis nation novel desert"
# BIP32's test vector 1 as keys of the test networks, and its account-less child, from the same seed.
TPRV = "tprv8ZgxMBicQKsPeDgjzdC36fs6bMjGApWDNLR9erAXMs5skhMv36j9MV5ecvfavji5khqjWaWSFhN3YcCUUdiKH6isR4Pwy3U5y5egddBr16m"
WIF = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA"  # the key 1


def kept(text: str) -> list[tuple[str, str]]:
    return [(account.type, account.external) for account in plan_accounts(read(text, REGTEST).secret, REGTEST).kept]


def watched(text: str, kind: str = "p2wpkh") -> str:
    return next(external for name, external in kept(text) if name == kind)


async def restore(world: World, text: str, name: str = "w", **options: Any) -> api.CreatedWallet:
    return await world.engine.run(api.RestoreWallet(name, text, "pw", vault="file", **options))


def world_of(folder: Path) -> World:
    """A world whose chain has coins to pay with."""
    world = World(folder)
    world.chain.mine(102)
    return world


def pay(world: World, external: str, amount: int, index: int = 0) -> None:
    world.chain.mine_payment(Descriptor.parse(external, REGTEST).script_at(index).script_pubkey, amount)


async def total(world: World) -> int:
    return (await world.engine.run(api.GetBalance())).total


@pytest.mark.parametrize(
    ("text", "kind", "fingerprint"),
    [
        (WORDS, "bip39", "73c5da0a"),
        (ELECTRUM, "electrum", None),
        (TPRV, "xprv", "3442193e"),
        (f"wpkh({TPRV}/84h/1h/5h/<0;1>/*)", "descriptor", "3442193e"),
        (WIF, "wif", None),
        (f"tr({WIF})", "descriptor", None),
    ],
)
async def test_a_wallet_with_keys_finds_and_pays(tmp_path: Path, text: str, kind: str, fingerprint: str | None) -> None:
    world = world_of(tmp_path)
    made = await restore(world, text)
    assert (made.kind, made.watch_only) == (kind, False)
    assert kind == "electrum" or made.fingerprint == fingerprint
    for number, (_, external) in enumerate(kept(text)):
        pay(world, external, 100_000 + number)
    world.chain.mine(1)
    await world.sync()
    assert await total(world) == sum(100_000 + number for number in range(len(kept(text))))
    review = await world.prepare(60_000 * len(kept(text)))
    sent = await world.engine.run(api.SendPayment(review.id, "pw", timeout=0.2))
    assert world.node.sent == [bytes.fromhex(sent.hex)]
    shown = await world.engine.run(api.GetDescriptors(private=True, password="pw"))
    assert all("prv" in row.descriptor or "(c" in row.descriptor for row in shown)
    await world.engine.close()


async def test_a_wallet_that_watches_prepares_and_does_not_sign(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    await restore(world, WORDS, "full")
    public = (await world.engine.run(api.GetDescriptors()))[0].descriptor
    made = await restore(world, public, "eyes")
    assert (made.kind, made.watch_only, made.fingerprint) == ("descriptor", True, "73c5da0a")
    assert {wallet.name: wallet.watch_only for wallet in await world.engine.run(api.ListWallets())} == {
        "full": False,
        "eyes": True,
    }
    pay(world, public, 500_000)
    world.chain.mine(1)
    await world.sync()
    assert await total(world) == 500_000
    review = await world.prepare(200_000)
    for command in (
        api.SendPayment(review.id, "pw"),
        api.SignPsbt(review.psbt, "pw"),
        api.GetDescriptors(private=True, password="pw"),
    ):
        with pytest.raises(api.WrenError, match="only watches") as caught:
            await world.engine.run(command)
        assert caught.value.code == "refused"
    with pytest.raises(api.WrenError, match="made from a key"):
        await world.engine.run(api.GetWords("pw"))
    with pytest.raises(api.WrenError, match="password is wrong"):
        await world.engine.run(api.SendPayment(review.id, "no"))
    assert next(row.descriptor for row in await world.engine.run(api.GetDescriptors())) == public
    # What it watches from is no secret: it must not open the database of a stolen folder.
    assert not (tmp_path / "wallets" / "eyes" / "recovery.key").exists()
    assert (tmp_path / "wallets" / "full" / "recovery.key").exists()
    # The PSBT that it prepared is signed where the keys are.
    await world.engine.run(api.OpenWallet("full", "pw"))
    signed = await world.engine.run(api.SignPsbt(review.psbt, "pw"))
    assert (signed.signed, signed.complete) == (len(review.inputs), True)
    await world.engine.run(api.OpenWallet("eyes", "pw"))
    assert await total(world) == 500_000
    await world.engine.close()


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (WORDS.replace("about", "abuot"), "bad_phrase", "abuot"),
        ("xprv9s21ZrQH143K3GJpoapnV8SFfukcVBSfeCficPSGfubmSFDxo1kuHnLisriDvSnRRuL2Qrg5ggqHKNVpxR86QEC8w35uxmGoggxtQTPvfUu",
         "wrong_network", "main network"),
        (f"wpkh({TPRV}/0/*)#aaaaaaaa", "bad_descriptor", "checksum"),
        ("science dawn member doll dutch real can brick knife deny drive list", "bad_phrase", "two-factor"),
    ],
)  # fmt: skip
async def test_what_is_refused_leaves_nothing(tmp_path: Path, text: str, code: str, says: str) -> None:
    world = World(tmp_path)
    with pytest.raises(api.WrenError, match=says) as caught:
        await restore(world, text)
    assert caught.value.code == code
    assert await world.engine.run(api.ListWallets()) == ()
    found = await world.engine.run(api.CheckPhrase(text))
    assert (found.kind, found.complete) == (None, False)
    assert says in found.message
    await world.engine.close()


async def test_the_box_judges_in_words(tmp_path: Path) -> None:
    world = World(tmp_path)
    for text, kind, watch_only in (
        (WORDS, "bip39", False),
        (TPRV, "xprv", False),
        (watched(WORDS), "descriptor", True),
    ):
        found = await world.engine.run(api.CheckPhrase(text))
        assert (found.kind, found.complete, found.watch_only, found.unknown_words) == (kind, True, watch_only, ())
        assert found.message
    both = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon acoustic worry"
    found = await world.engine.run(api.CheckPhrase(both))
    assert (found.kind, found.alternatives) == ("bip39", ("electrum",))
    for begun, first, count in (
        ("", "abandon", 2048),
        ("あいこ", "あいこくしん", 2048),
        ("legal win", "abandon", 2048),
    ):
        words = await world.engine.run(api.GetWordList(begun))
        assert (words[0], len(words)) == (first, count)
    await world.engine.close()
