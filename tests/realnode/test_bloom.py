"""Payments found by a real node's bloom filters (BIP37), beside a wallet of the same words with compact filters."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.test_story import fold, history_of, mine_empty, sync
from tests.realnode.wren import Wren, WrenFailed
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import REGTEST

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]
TYPES = ("p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh")
BLOOM = ("--discovery", "bloom")


def bloom_wallet(folder: Path, node: RealNode) -> Wren:
    return Wren(folder, peers=(node.address,), password=None, extra=BLOOM)


def address_at(wren: Wren, index: int) -> str:
    """A receiving address of the first account, however far."""
    descriptor = Descriptor.parse(wren("descriptors")[0]["descriptor"], REGTEST)
    address = address_from_script(descriptor.script_at(index).script_pubkey, REGTEST)
    assert address is not None
    return address.text


def state(wren: Wren) -> Any:
    coins = sorted((coin["outpoint"], coin["amount"], coin["height"]) for coin in wren("coins"))
    return wren("balance"), history_of(wren), coins


def test_it_finds_what_compact_filters_find(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "filters", peers=(node.address,), password=None)
    words = wren("create")["mnemonic"]
    addresses = [wren("receive", "--type", kind)["address"] for kind in TYPES for _ in range(2)]
    far, further = address_at(wren, 150), address_at(wren, 340)
    node.mine(110)
    # Beyond the 200 scripts that are derived at first: found only once the filter has grown, below what was passed.
    node.fund(further, 777_777)
    node.mine(3)
    node.fund(far, 333_333)
    node.mine(1)
    for number in range(16):
        node.fund(addresses[number % 8], 100_000 + number)
        if number % 3 == 0:
            node.mine(1)
    node.mine(600)
    sync(wren, node)
    sent = wren("send", node.own_address(), "900000", "--fee-rate", "3")
    node.mine(2)
    sync(wren, node)

    bloom = bloom_wallet(tmp_path / "bloom", node)
    bloom("restore", stdin=words)
    report = sync(bloom, node)
    assert report["filters"] == 0
    assert state(bloom) == state(wren)
    mined = {row["height"] for row in bloom("history")}
    assert len(mined) <= report["blocks"] <= 2 * len(mined) + 4

    proof = bloom("proof", sent["txid"])
    assert proof == wren("proof", sent["txid"])
    assert fold(proof) == node.getblockheader(proof["block_hash"])["merkleroot"]

    status = bloom("status")
    assert status["completeness"] == "not verified"
    assert "completeness" not in wren("status")
    assert "completeness:" in bloom.complete("status", as_json=False).stdout

    # A spend by the other wallet, and one by this.
    wren("send", node.own_address(), "150000", "--fee-rate", "2")
    node.mine(1)
    sync(bloom, node)
    bloom("send", node.own_address(), "max", "--fee-rate", "2")
    node.mine(1)
    sync(wren, node)
    sync(bloom, node)
    assert state(bloom) == state(wren)
    assert bloom("balance")["total"] == 0

    # Back to filters: all of it is matched again, and nothing is left unverified.
    bloom.extra = ()
    assert sync(bloom, node)["filters"] == node.getblockcount() + 1
    assert "completeness" not in bloom("status")
    assert state(bloom) == state(wren)


def test_coins_that_are_spent_again_and_again_and_reorganised(node: RealNode, tmp_path: Path) -> None:
    chance = random.Random(7)
    wren, bloom = Wren(tmp_path / "filters", peers=(node.address,), password=None), bloom_wallet(tmp_path / "b", node)
    words = wren("create")["mnemonic"]
    bloom("restore", stdin=words)
    node.mine(110)
    for _ in range(4):
        node.fund(wren("receive", "--type", chance.choice(TYPES))["address"], 400_000)
    node.mine(1)
    for step in range(3):
        sync(wren, node)
        if step % 2:
            sync(bloom, node)
        wren("send", node.own_address(), "100000", "--fee-rate", "2")
        node.mine(1)
    sync(wren, node)
    sync(bloom, node)
    assert state(bloom) == state(wren)

    fork = node.getblockcount() - 2
    node.invalidateblock(node.getblockhash(fork))
    mine_empty(node, 4)
    sync(wren, node)
    sync(bloom, node)
    assert bloom("balance")["confirmed"] == wren("balance")["confirmed"]
    assert {row["status"] for row in bloom("history")} == {"confirmed", "pending"}
    node.mine(1)
    sync(wren, node)
    sync(bloom, node)
    assert state(bloom) == state(wren)


@pytest.mark.timeout(120)
def test_an_unconfirmed_payment_is_seen_though_it_was_announced_while_we_were_away(
    node: RealNode, tmp_path: Path
) -> None:
    bloom = bloom_wallet(tmp_path / "bloom", node)
    bloom("create")
    address = bloom("receive")["address"]
    node.mine(105)
    sync(bloom, node)
    paid = node.fund(address, 50_000)
    node.fund(node.own_address(), 60_000)
    follower = bloom.start("sync", "--follow")
    try:
        assert follower.stdout is not None
        for line in follower.stdout:
            if "history" in json.loads(line).get("kinds", ()):
                break
    finally:
        follower.terminate()
        follower.communicate()
    (row,) = bloom("history")
    assert (row["txid"], row["status"], row["proven"]) == (paid, "pending", False)


def test_it_is_refused_in_words_where_nobody_is_trusted(tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", password=None, extra=BLOOM)
    with pytest.raises(WrenFailed, match="name a node that you run, with --peer") as caught:
        wren("sync")
    assert caught.value.code == "refused"


def test_a_node_that_offers_none_is_said_in_words(real_node_command: list[str], tmp_path: Path) -> None:
    with RealNode(real_node_command, "-peerbloomfilters=0") as node:
        node.mine(3)
        bloom = bloom_wallet(tmp_path / "bloom", node)
        bloom("create")
        with pytest.raises(WrenFailed, match="-peerbloomfilters=1") as caught:
            bloom("sync", "--timeout", "30")
        assert caught.value.code == "refused"
