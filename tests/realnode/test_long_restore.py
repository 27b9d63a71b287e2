"""A wallet restored on a long chain with many payments has exactly the balance that the real node has.

The node holds the same keys, in descriptors of its own: it gives out the addresses, makes the payments in both
directions and counts for itself. In short with every run; `make soak` does 1,000 payments over 100,000 blocks.
"""

import os
import random
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from embit import bip32, bip39

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren

# Seconds between blocks: mined as fast as they come they would be ahead of the clock.
SPACING = 60
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
SOAK = bool(os.environ.get("WREN_SOAK"))
BLOCKS, PAYMENTS = (100_000, 1_000) if SOAK else (2_400, 60)
COIN = 100_000_000
# The node's name of each address type, and how its descriptor is written (BIPs 44, 49, 84, 86).
KINDS = {
    "legacy": ("44", "pkh({})"),
    "p2sh-segwit": ("49", "sh(wpkh({}))"),
    "bech32": ("84", "wpkh({})"),
    "bech32m": ("86", "tr({})"),
}
NOBODY = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
pytestmark = [pytest.mark.realnode, pytest.mark.timeout(3_600 if SOAK else 240)]


def satoshis(amount: float) -> int:
    return int((Decimal(repr(amount)) * COIN).to_integral_exact())


class SharedKeys:
    """The node's own wallet of the phrase: it is paid, it pays, and it keeps count."""

    def __init__(self, node: RealNode) -> None:
        self.node = node
        node.rpc("createwallet", "same", False, True)
        root = bip32.HDKey.from_seed(bip39.mnemonic_to_seed(PHRASE), version=bytes.fromhex("04358394"))
        requests = []
        for purpose, form in KINDS.values():
            for change in (0, 1):
                bare = form.format(f"{root}/{purpose}h/1h/0h/{change}/*")
                checksum = node.rpc("getdescriptorinfo", bare)["checksum"]
                requests.append(
                    {
                        "desc": f"{bare}#{checksum}",
                        "active": True,
                        "internal": bool(change),
                        "range": [0, PAYMENTS],
                        "timestamp": "now",
                    }
                )
        assert all(done["success"] for done in self("importdescriptors", requests))

    def __call__(self, method: str, *parameters: object) -> Any:
        return self.node.rpc(method, *parameters, wallet="same", timeout=300.0)

    def balance(self) -> dict[str, int]:
        mine = self("getbalances")["mine"]
        found = {
            "confirmed": satoshis(mine["trusted"]),
            "pending": satoshis(mine["untrusted_pending"]),
            "immature": satoshis(mine["immature"]),
        }
        return {**found, "total": sum(found.values())}


class Traffic:
    """Payments to and from the shared keys, in a random but repeatable order, spread over a chain."""

    def __init__(self, node: RealNode) -> None:
        self.node = node
        self.time = int(time.time()) - SPACING * (BLOCKS + 200)
        self.node.rpc("setmocktime", self.time)
        self.shared = SharedKeys(node)
        self.chance = random.Random(1_000)
        node.rpc("createwallet", "bank")
        self.node.mine(110, self.bank("getnewaddress"))

    def bank(self, method: str, *parameters: object) -> Any:
        return self.node.rpc(method, *parameters, wallet="bank", timeout=300.0)

    def run(self) -> None:
        left = BLOCKS - self.node.rpc("getblockcount")
        for number in range(PAYMENTS):
            self.step(number)
            mined = left // (PAYMENTS - number)
            left -= mined
            self.node.mine(mined, NOBODY)
            self.time += SPACING * mined
            self.node.rpc("setmocktime", self.time)

    def step(self, number: int) -> None:
        kind = self.chance.choice([*KINDS])
        match number % 10:
            case 3 | 8 if number > 9:
                self.pay_out(kind)
            case 6:
                targets = {self.shared("getnewaddress", "", each): "0.0007" for each in KINDS}
                self.bank("sendmany", "", targets)
            case 9 if number % 50 == 49:
                self.node.mine(1, self.shared("getnewaddress", "", kind))
            case _:
                amount = self.chance.randrange(10_000, 5_000_000)
                self.bank("sendtoaddress", self.shared("getnewaddress", "", kind), f"0.{amount:08}")

    def pay_out(self, change: str) -> None:
        """Some of what there is, with change of a type of its own; sometimes a payment to oneself."""
        amount = self.chance.randrange(20_000, 60_000)
        oneself = self.chance.random() < 0.2
        target = self.shared("getnewaddress", "", change) if oneself else self.bank("getnewaddress")
        self.shared("send", {target: f"0.{amount:08}"}, None, "unset", 2, {"change_type": change})


@pytest.fixture
def traffic(node: RealNode) -> Traffic:
    made = Traffic(node)
    made.run()
    return made


def test_a_restored_wallet_has_exactly_the_balance_of_the_node(
    node: RealNode, traffic: Traffic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node.rpc("generateblock", NOBODY, [])
    node.wait_for_filters(600.0)
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None, timeout=1_200)
    wren("restore", stdin=PHRASE + "\n")
    begun = time.monotonic()
    report = wren("sync", "--timeout", "1000")
    seconds = time.monotonic() - begun
    assert (report["synced"], report["height"]) == (True, node.rpc("getblockcount"))
    assert wren("balance") == traffic.shared.balance()
    theirs = {(row["txid"], row.get("blockheight")) for row in traffic.shared("listtransactions", "*", 100_000)}
    rows = wren("history")
    assert {(row["txid"], row["height"]) for row in rows} == theirs
    assert all(row["proven"] for row in rows)
    coins = {f"{coin['txid']}:{coin['vout']}" for coin in traffic.shared("listunspent", 0)}
    ours = {coin["outpoint"] for coin in wren("coins") if coin["spendable"]}
    assert ours == coins
    if SOAK:
        with capsys.disabled():
            told = f"{report['height']} blocks, {len(rows)} transactions, {len(ours)} coins: {seconds:.1f} s"
            sys.stdout.write(f"\n{told}\n{report}\n")
