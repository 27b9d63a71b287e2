"""Every command's answer against a real node: exactly the fields and types of the contract, and figures that agree."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]

HASH = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
Shape = dict[str, Any]

WALLET: Shape = {"name": str, "network": str, "vault": str, "locked": bool, "watch_only": bool}
STATUS: Shape = {
    "network": str, "wallet": str, "height": int, "tip": HASH, "synced": bool, "stale": bool, "scan_height": int,
    "birthday": DATE, "pending": int, "vault": str, "accounts": list,
}  # fmt: skip
SYNC: Shape = {
    "height": int, "tip": HASH, "headers": int, "filters": int, "blocks": int, "transactions": int, "peers": int,
    "seconds": float, "synced": bool, "stale": bool,
}  # fmt: skip
BALANCE: Shape = {"confirmed": int, "pending": int, "immature": int, "total": int}
RECEIVE: Shape = {"address": str, "path": str, "uri": str}
ADDRESS: Shape = {
    "address": str, "path": str, "type": str, "change": bool, "used": bool, "balance": int, "label": str,
}  # fmt: skip
COIN: Shape = {
    "outpoint": str, "amount": int, "address": str, "height": int, "frozen": bool, "spendable": bool, "label": str,
}  # fmt: skip
HISTORY: Shape = {
    "txid": HASH, "height": int, "time": TIME, "amount": int, "fee": (int, type(None)), "label": str, "status": str,
    "proven": bool, "replaced_by": type(None),
}  # fmt: skip
SEND: Shape = {
    "txid": HASH, "fee": int, "fee_rate": float, "vsize": int, "amount": int, "change": int, "hex": str,
    "broadcast": dict,
}  # fmt: skip
BROADCAST: Shape = {"sent_to": int, "requested_by": int, "seen_from": int, "propagated": bool}
PROOF: Shape = {
    "txid": HASH, "tx": str, "height": int, "block_hash": HASH, "header": str, "position": int, "branch": list,
    "coinbase": str, "coinbase_branch": list,
}  # fmt: skip
VERDICT: Shape = {"valid": bool, "known": bool, "txid": HASH, "height": int, "confirmations": int}
DESCRIPTOR: Shape = {"descriptor": str, "type": str, "account": int, "change": bool}
PEER: Shape = {
    "address": str, "version": int, "services": int, "transport": str, "netgroup": str, "role": str, "height": int,
    "latency": (float, type(None)), "received": int, "sent": int,
}  # fmt: skip


def check(value: Any, shape: Shape) -> None:
    """The fields of the shape, in its order and no others, each of its type or pattern."""
    assert list(value) == list(shape)
    for name, kind in shape.items():
        if isinstance(kind, re.Pattern):
            assert kind.fullmatch(value[name]), (name, value[name])
        else:
            wanted = kind if isinstance(kind, tuple) else (kind,)
            assert type(value[name]) in wanted, (name, value[name])


def test_every_answer_has_the_shape_of_the_contract(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    created = wren("create", "--words", "24")
    check(created, {"wallet": str, "fingerprint": str, "mnemonic": str, "birthday": DATE, "vault": str})
    assert len(created["mnemonic"].split()) == 24
    asked = wren("receive", "--label", "Rent & food", "--amount", "0.0025btc")
    check(asked, RECEIVE)
    assert asked["path"] == "m/84h/1h/0h/0/0"
    assert asked["uri"] == f"bitcoin:{asked['address']}?amount=0.0025&label=Rent%20%26%20food"
    node.mine(105)
    paid = node.fund(asked["address"], 250_000)
    node.mine(2)
    node.wait_for_filters()
    report = wren("sync", "--timeout", "60")
    check(report, SYNC)
    assert (report["height"], report["headers"], report["filters"] >= 107) == (107, 107, True)
    assert (report["transactions"], report["peers"], report["synced"]) == (1, 1, True)
    again = wren("sync", "--timeout", "60")
    assert (again["headers"], again["filters"], again["transactions"], again["height"]) == (0, 0, 0, 107)

    check_stored_state(wren, asked["address"], paid)
    check_proof(wren, paid, tmp_path)
    check_descriptors(wren)
    check_payment(node, wren)
    check_broadcast(node, wren, tmp_path)
    (peer,) = wren("peers")
    check(peer, PEER)
    assert (peer["address"], peer["height"], peer["received"] > 0) == (node.address, 107, True)


def check_stored_state(wren: Wren, address: str, paid: str) -> None:
    (wallet,) = wren("wallets")
    check(wallet, WALLET)
    status = wren("status")
    check(status, STATUS)
    assert (status["height"], status["scan_height"], status["synced"], status["pending"]) == (107, 107, True, 0)
    assert [account["type"] for account in status["accounts"]] == ["p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh"]
    balance = wren("balance")
    check(balance, BALANCE)
    assert balance == {"confirmed": 250_000, "pending": 0, "immature": 0, "total": 250_000}
    (row,) = wren("addresses")
    check(row, ADDRESS)
    assert (row["address"], row["used"], row["balance"], row["label"]) == (address, True, 250_000, "Rent & food")
    (coin,) = wren("coins")
    check(coin, COIN)
    assert (coin["outpoint"].partition(":")[0], coin["amount"], coin["height"]) == (paid, 250_000, 106)
    (entry,) = wren("history")
    check(entry, HISTORY)
    assert (entry["txid"], entry["height"], entry["amount"], entry["status"]) == (paid, 106, 250_000, "confirmed")
    for command in ("status", "balance", "addresses", "coins", "history", "wallets", "descriptors"):
        assert wren(command) == wren(command)  # reading changes nothing


def check_proof(wren: Wren, paid: str, folder: Path) -> None:
    file = folder / "proof.json"
    proof = wren("proof", paid, "--out", str(file))
    check(proof, PROOF)
    verdict = wren("verify-proof", str(file))
    check(verdict, VERDICT)
    assert verdict == {"valid": True, "known": True, "txid": paid, "height": 106, "confirmations": 2}
    stranger = Wren(folder / "stranger", password=None)
    assert stranger("verify-proof", str(file)) == {**verdict, "known": False, "confirmations": 0}


def check_descriptors(wren: Wren) -> None:
    public, private = wren("descriptors"), wren("descriptors", "--private")
    for row in (*public, *private):
        check(row, DESCRIPTOR)
    for one, other in zip(public, private, strict=True):
        assert {**one, "descriptor": ""} == {**other, "descriptor": ""}
        assert "tpub" in one["descriptor"]
        assert "tprv" in other["descriptor"]
        assert one["descriptor"].split("]")[0] == other["descriptor"].split("]")[0]
    assert [row["change"] for row in public] == [False, True] * 4


def check_payment(node: RealNode, wren: Wren) -> None:
    target = node.own_address()
    before = wren("history")
    draft = wren("send", target, "0.001btc", "--fee-rate", "3.5", "--dry-run")
    check({**draft, "broadcast": {}, "txid": "0" * 64}, SEND)
    assert (draft["txid"], draft["broadcast"], draft["amount"]) == (None, None, 100_000)
    assert wren("history") == before
    decoded = node.rpc("decoderawtransaction", draft["hex"])
    assert not any(txin.get("txinwitness") for txin in decoded["vin"])
    sent = wren("send", target, "100000", "--fee-rate", "3.5", "--label", "Shoes")
    check(sent, SEND)
    check(sent["broadcast"], BROADCAST)
    assert sent["broadcast"] == {"sent_to": 1, "requested_by": 1, "seen_from": 0, "propagated": False}
    assert sent["change"] == 250_000 - 100_000 - sent["fee"]
    assert node.rpc("getmempoolentry", sent["txid"])["vsize"] == sent["vsize"]
    waiting = wren("history")[0]
    check({**waiting, "height": 1, "time": "2026-01-01T00:00:00Z"}, HISTORY)
    assert (waiting["txid"], waiting["height"], waiting["status"]) == (sent["txid"], None, "pending")
    assert (waiting["amount"], waiting["fee"], waiting["label"]) == (-100_000 - sent["fee"], sent["fee"], "Shoes")
    balance = wren("balance")
    assert balance["confirmed"] + balance["pending"] == balance["total"] == sent["change"]


def check_broadcast(node: RealNode, wren: Wren, folder: Path) -> None:
    """A payment made offline is stored; anybody's `broadcast` hands it on."""
    offline = wren("--offline", "send", node.own_address(), "20000", "--fee-rate", "2", "--spend-unconfirmed")
    check({**offline, "broadcast": {}}, SEND)
    assert offline["broadcast"] is None
    assert offline["txid"] not in node.rpc("getrawmempool")
    assert wren("history")[0]["status"] == "local"
    file = folder / "payment.hex"
    file.write_text(offline["hex"] + "\n")
    answer = wren("broadcast", str(file))
    assert list(answer) == ["txid", "broadcast"]
    check(answer["broadcast"], BROADCAST)
    assert answer["txid"] == offline["txid"]
    assert offline["txid"] in node.rpc("getrawmempool")


def test_a_psbt_of_the_node_is_shown_and_signed(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    wren("create")
    address = wren("receive")["address"]
    node.mine(105)
    node.fund(address, 300_000)
    node.mine(1)
    node.wait_for_filters()
    wren("sync", "--timeout", "60")
    (coin,) = wren("coins")
    txid, _, index = coin["outpoint"].partition(":")
    target = node.own_address()
    bare = node.rpc("createpsbt", [{"txid": txid, "vout": int(index)}], [{target: "0.00299"}])
    ranged = [row["descriptor"] for row in wren("descriptors")]
    psbt = node.rpc("descriptorprocesspsbt", node.rpc("utxoupdatepsbt", bare, ranged), ranged)["psbt"]
    binary, text = tmp_path / "a.psbt", tmp_path / "b.psbt"
    binary.write_bytes(base64.b64decode(psbt))
    text.write_text(psbt + "\n")
    shown = wren("psbt", "show", str(binary))
    assert shown == wren("psbt", "show", str(text))
    keys = ["txid", "version", "inputs", "outputs", "amount", "net", "fee", "fee_rate", "vsize", "locktime", "complete"]
    assert list(shown) == [*keys, "warnings"]
    assert shown["inputs"] == [
        {
            "outpoint": coin["outpoint"],
            "amount": 300_000,
            "address": address,
            "own": True,
            "signatures": 0,
            "needed": 1,
            "signed": False,
        }
    ]
    assert shown["outputs"] == [{"address": target, "amount": 299_000, "own": False, "change": False}]
    assert shown["net"] == -300_000
    assert (shown["amount"], shown["fee"], shown["complete"], shown["warnings"]) == (299_000, 1_000, False, [])
    signed = wren("psbt", "sign", str(binary))
    assert list(signed) == ["psbt", "signed", "complete"]
    assert (signed["signed"], signed["complete"]) == (1, True)
    final = node.rpc("finalizepsbt", signed["psbt"])
    assert final["complete"] is True
    assert node.rpc("testmempoolaccept", [final["hex"]])[0]["allowed"] is True
    wren_again = wren.complete("psbt", "sign", "-", stdin=signed["psbt"])
    assert wren_again.returncode == 0
    (tmp_path / "final.hex").write_text(final["hex"])
    assert wren("broadcast", str(tmp_path / "final.hex"))["txid"] == shown["txid"]
