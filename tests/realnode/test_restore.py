"""Wallets that the real node made, restored: from its descriptors, from its master key, and to watch; and accounts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]

COIN = 100_000_000
FORMS = ("legacy", "p2sh-segwit", "bech32", "bech32m")


def sats(amount: float) -> int:
    return round(amount * COIN)


class Spender:
    """A node, and a wallet of it with payments in and out, to addresses of every kind."""

    def __init__(self, node: RealNode) -> None:
        self.node = node
        node.mine(105)
        node.createwallet("spender")
        for number in range(1, 4):
            for form in FORMS:
                self.fund(self.ask("getnewaddress", "", form), number * 10_000_000)
        node.mine(1)
        for _ in range(3):
            self.ask("sendtoaddress", node.own_address(), 0.15)
            node.mine(1)
        node.wait_for_filters()

    def ask(self, method: str, *parameters: object) -> Any:
        return self.node.rpc(method, *parameters, wallet="spender")

    def fund(self, address: str, amount: int) -> None:
        """Pay from the node's other wallet, the one that mines."""
        self.node.rpc("sendtoaddress", address, f"{amount / COIN:.8f}", wallet="test")

    def mine(self) -> None:
        self.node.mine(1)
        self.node.wait_for_filters()

    @property
    def balance(self) -> int:
        return sats(self.ask("getbalances")["mine"]["trusted"])

    def descriptors(self, private: bool) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("listdescriptors", private)
        return found


@pytest.fixture(scope="module")
def spender(real_node_command: list[str]) -> Iterator[Spender]:
    with RealNode(real_node_command) as node:
        yield Spender(node)


def wren_at(node: RealNode, folder: Path, wallet: str) -> Wren:
    return Wren(folder, peers=(node.address,), wallet=wallet, password=None)  # what a password costs is not the matter


def test_a_nodes_wallet_is_restored_in_every_way(spender: Spender, tmp_path: Path) -> None:
    """Its descriptors as it prints them, its master key alone, and its public descriptors: the balance is the same."""
    private, public = spender.descriptors(True), spender.descriptors(False)
    master = next(iter(set(re.findall("tprv[0-9A-Za-z]+", json.dumps(private)))))
    expected = spender.balance
    assert expected > 0
    for name, text, kind, watches in (
        ("listed", json.dumps(private), "descriptor", False),
        ("key", master, "xprv", False),
        ("eyes", json.dumps(public), "descriptor", True),
    ):
        wren = wren_at(spender.node, tmp_path, name)
        made = wren("restore", stdin=text)
        assert (made["kind"], made["watch_only"]) == (kind, watches)
        assert made["fingerprint"] == re.findall(r"\[([0-9a-f]{8})/", json.dumps(public))[0]
        wren("sync", "--timeout", "60")
        accounts = {row["type"]: row for row in wren("accounts")}
        assert set(accounts) == {"p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"}
        assert sum(row["balance"] for row in accounts.values()) == wren("balance")["total"] == expected, name
        assert accounts["p2tr"]["path"] == "m/86h/1h/0h"
    shown = {row["descriptor"] for row in wren_at(spender.node, tmp_path, "eyes")("descriptors")}
    assert shown == {row["desc"] for row in public["descriptors"]}
    _check_paying(spender, wren_at(spender.node, tmp_path, "listed"), wren_at(spender.node, tmp_path, "eyes"))


def _check_paying(spender: Spender, keys: Wren, eyes: Wren) -> None:
    """The one with the keys pays, and the node sees it as its own; the one that watches refuses in words."""
    before, recipient = spender.balance, spender.node.rpc("getnewaddress", wallet="test")
    assert eyes("send", recipient, "40000000", "--fee-rate", "5", "--dry-run")["change"] >= 0
    with pytest.raises(WrenFailed) as caught:
        eyes("send", recipient, "40000000", "--fee-rate", "5")
    assert caught.value.code == "refused"
    assert "only watches" in caught.value.message
    sent = keys("send", recipient, "40000000", "--fee-rate", "5")
    spender.mine()
    keys("sync", "--timeout", "60")
    assert keys("balance")["total"] == spender.balance == before - 40_000_000 - sent["fee"]


def test_accounts_and_rescans_from_the_command_line(spender: Spender, tmp_path: Path) -> None:
    wren = wren_at(spender.node, tmp_path, "default")
    made = wren("create")
    account = wren("accounts", "new", "--type", "p2tr")
    assert (account["account"], account["type"], account["path"]) == (1, "p2tr", "m/86h/1h/1h")
    first = wren("receive", "--type", "p2tr")
    second = wren("--account", "1", "receive")
    assert second["path"] == "m/86h/1h/1h/0/0"
    spender.fund(first["address"], 1_000_000)
    spender.fund(second["address"], 2_000_000)
    spender.mine()
    wren("sync", "--timeout", "60")
    assert {row["path"]: row["balance"] for row in wren("accounts") if row["used"]} == {
        "m/86h/1h/0h": 1_000_000,
        "m/86h/1h/1h": 2_000_000,
    }
    assert [coin["amount"] for coin in wren("--account", "1", "coins")] == [2_000_000]
    sent = wren("--account", "1", "send", spender.node.own_address(), "1500000", "--fee-rate", "2")
    assert sent["broadcast"]["sent_to"] == 1
    spender.mine()
    wren("sync", "--timeout", "60")
    left = {row["path"]: row["balance"] for row in wren("accounts") if row["used"]}
    assert left == {"m/86h/1h/0h": 1_000_000, "m/86h/1h/1h": 500_000 - sent["fee"]}
    with pytest.raises(WrenFailed) as caught:
        wren("--account", "9", "receive")
    assert caught.value.code == "not_found"

    again = wren_at(spender.node, tmp_path / "again", "default")
    restored = again("restore", stdin=made["mnemonic"])
    assert restored["kind"] == "bip39"
    again("sync", "--timeout", "60")
    assert {row["path"]: row["balance"] for row in again("accounts") if row["used"]} == left
    report = again("rescan", "--from", "0", "--gap", "50")
    assert (report["from_height"], report["gap"]) == (0, 50)
    again("sync", "--timeout", "60")
    assert again("balance")["total"] == sum(left.values())


def test_a_paper_wallet_is_swept(spender: Spender, tmp_path: Path) -> None:
    """The key 1, paid by the node at a segwit and at a legacy address."""
    paper = tmp_path / "paper.txt"
    paper.write_text("cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA\n")
    for address in ("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r"):
        spender.fund(address, 3_000_000)
    spender.mine()
    wren = wren_at(spender.node, tmp_path / "data", "default")
    wren("create")
    shown = wren("sweep", str(paper), "--fee-rate", "2", "--dry-run")
    assert (shown["txid"], shown["amount"] + shown["fee"]) == (None, 6_000_000)
    swept = wren("sweep", str(paper), "--fee-rate", "2", "--label", "paper")
    assert list(swept) == list(shown)
    assert swept["broadcast"]["sent_to"] == 1
    assert swept["txid"] in spender.node.getrawmempool()
    spender.mine()
    wren("sync", "--timeout", "60")
    assert wren("balance")["confirmed"] == swept["amount"]
    assert [(row["txid"], row["label"], row["proven"]) for row in wren("history")] == [(swept["txid"], "paper", True)]
