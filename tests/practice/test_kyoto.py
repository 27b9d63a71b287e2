"""A client that nobody here wrote, bdkpython's compact-filter client, lives with the practice node."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from bdkpython import Descriptor, KeychainKind, Network, NetworkKind, Persister, Wallet

from wallet.bitcoin.address import parse_address
from wallet.bitcoin.network import REGTEST
from wallet.practice.node import PracticeNode

KEY = "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK"
"""BIP32's first test vector, as a test network's key."""
BRANCHES = tuple(f"wpkh({KEY}/84h/1h/0h/{branch}/*)" for branch in (0, 1))


def addresses(count: int) -> list[str]:
    keys = [Descriptor(text, NetworkKind.TEST) for text in BRANCHES]
    wallet = Wallet(keys[0], keys[1], Network.REGTEST, Persister.new_in_memory(), 25)
    return [str(wallet.reveal_next_address(KeychainKind.EXTERNAL).address) for _ in range(count)]


async def kyoto(node: PracticeNode, folder: Path) -> tuple[int, int]:
    """Balance and number of transactions as the other client finds them, from nothing."""
    await asyncio.to_thread(folder.mkdir)
    arguments = (str(node.port), str(node.state.chain.height), *BRANCHES, "25", str(folder))
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
