"""A client that nobody here wrote, bdkpython's compact-filter client, lives with the practice node."""

import asyncio
import json
import sys
from pathlib import Path
from random import Random

import pytest
from bdkpython import Descriptor, KeychainKind, Network, NetworkKind, Persister, Wallet

from wallet.app import make_engine
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.network import REGTEST
from wallet.engine import api
from wallet.practice.node import PracticeNode

NOBODY = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
KEY = "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK"
"""BIP32's first test vector, as a test network's key."""
BRANCHES = tuple(f"wpkh({KEY}/84h/1h/0h/{branch}/*)" for branch in (0, 1))


def addresses(count: int) -> list[str]:
    keys = [Descriptor(text, NetworkKind.TEST) for text in BRANCHES]
    wallet = Wallet(keys[0], keys[1], Network.REGTEST, Persister.new_in_memory(), 25)
    return [str(wallet.reveal_next_address(KeychainKind.EXTERNAL).address) for _ in range(count)]


async def kyoto(node: PracticeNode, folder: Path, look_ahead: int = 25) -> tuple[int, int]:
    """Balance and number of transactions as the other client finds them, from nothing.

    look_ahead: it must be told how many addresses may have been used, or it misses those beyond.
    """
    await asyncio.to_thread(folder.mkdir)
    arguments = (str(node.port), str(node.state.chain.height), *BRANCHES, str(look_ahead), str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.kyoto", *arguments, stdout=-1)
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    found = json.loads(out)
    return found["balance"], found["transactions"]


@pytest.mark.timeout(180)
async def test_another_client_finds_the_same_balance_before_and_after_a_reorganisation(tmp_path: Path) -> None:
    node = await PracticeNode(b"kyoto").start()
    try:
        scripts = [parse_address(text, REGTEST).script_pubkey for text in addresses(6)]
        for number, script in enumerate(scripts):
            node.give(script, 100_000 + number)
            if number % 2:
                node.mine(3)
        node.pay("Bakery", scripts[0], 70_000)
        node.mine(1)
        assert await kyoto(node, tmp_path / "first") == (6 * 100_000 + 15 + 70_000, 7)
        node.invalidate(node.state.chain.height)  # the bakery's payment waits again
        assert await kyoto(node, tmp_path / "second") == (6 * 100_000 + 15, 6)
    finally:
        await node.stop()


@pytest.mark.timeout(180)
async def test_another_client_finds_what_wren_paid_and_what_is_left(tmp_path: Path) -> None:
    await pay_and_compare(tmp_path, 20)


async def pay_and_compare(tmp_path: Path, count: int) -> None:
    """Payments out of six coins, with change, two a block: both clients have the same balance at the end."""
    node = await PracticeNode(b"payments").start()
    options = api.EngineOptions("regtest", str(tmp_path / "wren"), (f"127.0.0.1:{node.port}",), kdf=(19 * 1024, 2, 1))
    engine = make_engine(options)
    chance = Random(1)

    async def caught_up() -> None:
        await engine.run(api.Connect())
        tip = str(node.state.chain.tip.hash)
        while (await engine.run(api.GetSyncStatus())).tip != tip:  # noqa: ASYNC110 - the announcement is on its way
            await asyncio.sleep(0.02)
        await engine.run(api.Synchronise(30))

    try:
        await engine.run(api.RestoreWallet("play", KEY, "horse", vault="file", types=("p2wpkh",)))
        for _ in range(6):
            received = await engine.run(api.GetReceiveAddress(fresh=True))
            node.give(parse_address(received.address, REGTEST).script_pubkey, 1_000_000)
        node.mine(2)
        await caught_up()
        for number in range(count):
            wish = api.PreparePayment(((NOBODY, chance.randrange(2_000, 4_000_000 // count)),), fee_rate=2.0)
            review = await engine.run(wish)
            await engine.run(api.SendPayment(review.id, "horse", timeout=10))
            if number % 2:
                node.mine(1)
                await caught_up()
        balance, history = await engine.run(api.GetBalance()), await engine.run(api.GetHistory())
        assert (balance.pending, len(history)) == (0, count + 6)
        assert await kyoto(node, tmp_path / "other", count + 30) == (balance.confirmed, count + 6)
    finally:
        await engine.close()
        await node.stop()
