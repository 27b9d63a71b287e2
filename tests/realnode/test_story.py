"""The whole story through the command line against a real node: receive, prove, pay, restore, reorganise."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed

COIN = 100_000_000
pytestmark = [pytest.mark.realnode, pytest.mark.timeout(600)]
TYPES = ("p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh")


def sha256d(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def fold(proof: dict[str, Any]) -> str:
    """The Merkle root that the proof's figures give, by nothing but hashing."""
    node = bytes.fromhex(proof["txid"])[::-1]
    position = proof["position"]
    for sibling in proof["branch"]:
        other = bytes.fromhex(sibling)[::-1]
        node = sha256d(other + node if position & 1 else node + other)
        position >>= 1
    return node[::-1].hex()


def history_of(wren: Wren) -> list[tuple[object, ...]]:
    rows = [(row["txid"], row["height"], row["amount"], row["status"]) for row in wren("history")]
    return sorted(rows, key=str)


@pytest.fixture
def wren(node: RealNode, tmp_path: Path) -> Wren:
    return Wren(tmp_path / "wren", peers=(node.address,), password=None)


def pay(node: RealNode, address: str, satoshis: int) -> str:
    return node.fund(address, satoshis)


def mine_empty(node: RealNode, count: int) -> None:
    """Blocks without the transactions that wait in the mempool."""
    for _ in range(count):
        node.rpc("generateblock", node.own_address(), [])


def sync(wren: Wren, node: RealNode, timeout: int = 60) -> Any:
    node.wait_for_filters()
    report = wren("sync", "--timeout", str(timeout))
    assert report["synced"] is True
    assert report["tip"] == node.rpc("getbestblockhash")
    return report


def test_a_long_chain_many_payments_and_a_restore_of_each_type(node: RealNode, wren: Wren, tmp_path: Path) -> None:
    created = wren("create")
    assert set(created) == {"wallet", "fingerprint", "mnemonic", "birthday", "vault"}
    assert len(created["mnemonic"].split()) == 12
    addresses = {kind: [wren("receive", "--type", kind)["address"] for _ in range(3)] for kind in TYPES}
    skipped = [wren("receive")["address"] for _ in range(16)]
    node.mine(110)
    expected = 0
    for number in range(24):
        kind = TYPES[number % 4]
        amount = 150_000 + 1_111 * number
        pay(node, addresses[kind][number % 3], amount)
        expected += amount
        if number % 5 == 0:
            node.mine(1)
    pay(node, skipped[-1], 777_777)  # a gap of 15 unused addresses before it
    expected += 777_777
    node.mine(2000)
    for number in range(18):
        pay(node, addresses[TYPES[number % 4]][2], 90_000 + number)
        expected += 90_000 + number
        node.mine(1)
    assert node.rpc("getblockcount") > 2_100
    sync(wren, node)
    assert wren("balance") == {"confirmed": expected, "pending": 0, "immature": 0, "total": expected}
    assert len(wren("history")) == 43

    target = node.own_address()
    sent = wren("send", target, "1200000", "--fee-rate", "7")
    entry = node.rpc("getmempoolentry", sent["txid"])
    assert round(float(entry["fees"]["base"]) * COIN) == sent["fee"]
    assert entry["vsize"] == sent["vsize"]
    assert sent["fee"] >= 7 * sent["vsize"]
    assert sent["change"] > 0
    assert sent["broadcast"]["requested_by"] == 1
    node.mine(1)
    sync(wren, node)
    balance = wren("balance")
    assert balance["confirmed"] == expected - 1_200_000 - sent["fee"]
    row = next(row for row in wren("history") if row["txid"] == sent["txid"])
    assert (row["status"], row["proven"], row["amount"]) == ("confirmed", True, -1_200_000 - sent["fee"])

    again = Wren(tmp_path / "again", peers=(node.address,))  # this one behind a password
    restored = again("restore", stdin=created["mnemonic"] + "\n")
    assert restored["fingerprint"] == created["fingerprint"]
    sync(again, node)
    assert again("balance") == balance
    assert history_of(again) == history_of(wren)
    for kind in TYPES:
        single = Wren(tmp_path / f"only-{kind}", peers=(node.address,), password=None)
        single("restore", "--type", kind, stdin=created["mnemonic"])
        sync(single, node)
        mine = {coin["outpoint"] for coin in single("coins")}
        types = {row["address"]: row["type"] for row in wren("addresses")}
        assert mine == {coin["outpoint"] for coin in wren("coins") if types[coin["address"]] == kind}


def test_a_proof_folds_to_the_root_and_is_verified_offline(node: RealNode, wren: Wren, tmp_path: Path) -> None:
    wren("create")
    address = wren("receive")["address"]
    node.mine(110)
    others = [pay(node, node.own_address(), 200_000 + n) for n in range(5)]
    ours = pay(node, address, 345_678)
    block_hash = node.rpc("generateblock", node.own_address(), [*others, ours])["hash"]
    assert node.rpc("getblock", block_hash)["tx"][-1] == ours
    assert node.rpc("getblock", block_hash)["nTx"] == 7
    sync(wren, node)
    file = tmp_path / "proof.json"
    proof = wren("proof", ours, "--out", str(file))
    assert set(proof) == {
        "txid", "tx", "height", "block_hash", "header", "position", "branch", "coinbase", "coinbase_branch",
    }  # fmt: skip
    header = node.rpc("getblockheader", block_hash)
    assert fold(proof) == header["merkleroot"]
    assert proof["header"] == node.rpc("getblockheader", block_hash, False)
    assert proof["position"] == 6
    verdict = wren("verify-proof", str(file))
    assert verdict == {"valid": True, "known": True, "txid": ours, "height": 111, "confirmations": 1}
    forged = json.loads(file.read_text())
    forged["branch"][0] = forged["branch"][1]
    file.write_text(json.dumps(forged))
    assert wren("verify-proof", str(file))["valid"] is False


def test_a_payment_made_before_the_first_sync_is_found(node: RealNode, wren: Wren) -> None:
    wren("create")
    address = wren("receive")["address"]
    node.mine(105)
    pay(node, address, 55_555)
    node.mine(3)
    sync(wren, node)
    assert wren("balance")["confirmed"] == 55_555


@pytest.mark.parametrize("depth", [1, 6, 100])
def test_a_reorganisation_turns_payments_back_to_pending(node: RealNode, wren: Wren, depth: int) -> None:
    wren("create")
    address = wren("receive")["address"]
    node.mine(120)
    fork = node.rpc("getblockcount")
    paid = pay(node, address, 250_000)
    node.mine(depth)
    sync(wren, node)
    assert wren("balance")["confirmed"] == 250_000
    node.rpc("invalidateblock", node.rpc("getblockhash", fork + 1))
    mine_empty(node, depth + 1)
    sync(wren, node)
    (row,) = wren("history")
    assert (row["txid"], row["status"], row["height"]) == (paid, "pending", None)
    assert wren("balance")["confirmed"] == 0
    if paid not in node.rpc("getrawmempool"):  # from deeper than ten blocks the node does not take them back itself
        node.rpc("sendrawtransaction", node.rpc("gettransaction", paid)["hex"])
    node.mine(1)
    sync(wren, node)
    (row,) = wren("history")
    assert (row["status"], row["proven"]) == ("confirmed", True)
    assert wren("balance")["confirmed"] == 250_000


def test_no_peers_is_an_error_in_words(tmp_path: Path) -> None:
    wren = Wren(tmp_path / "alone", peers=("127.0.0.1:1",))
    wren("create")
    with pytest.raises(WrenFailed) as failure:
        wren("sync", "--timeout", "3")
    assert failure.value.code in {"no_peers", "timeout"}
