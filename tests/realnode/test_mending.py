"""Bump and cancel, judged by the real node's rules of replacement and of packages."""

from pathlib import Path

import pytest

from tests.realnode.mends import random_mends
from tests.realnode.node import RealNode, wait_until
from tests.realnode.payments import node_finds
from tests.realnode.purse import purse_on, satoshis
from tests.realnode.test_bad_input import refused
from tests.realnode.wren import Wren

pytestmark = pytest.mark.timeout(300)

MENDS = 100


def test_random_mends(node: RealNode) -> None:
    judge_mends(node, MENDS)


def judge_mends(node: RealNode, count: int, seed: int = 2) -> None:
    """`count` mends that the node takes; in the end its own wallet and the ledger hold the same."""
    with purse_on(node, seed) as purse:
        tally = random_mends(purse, count)
        assert len(tally) >= 8, tally
        assert min(tally.values()) >= 2, tally
        balance = purse.ledger.balance(purse.height)
        assert balance.pending == 0
        assert node_finds(purse) == (balance.total, {coin.outpoint for coin in purse.ledger.coins(purse.height)})


def with_three_coins(node: RealNode, folder: Path) -> Wren:
    wren = Wren(folder / "wren", peers=(node.address,), password=None)
    wren("create")
    node.mine(110)
    for amount in (200_000, 60_000, 90_000):
        node.fund(wren("receive")["address"], amount)
    node.mine(1)
    node.wait_for_filters()
    wren("sync", "--timeout", "60")
    return wren


def test_the_command_line_mends(node: RealNode, tmp_path: Path) -> None:
    wren = with_three_coins(node, tmp_path)
    target = node.own_address()

    sent = wren("send", target, "50000", "--fee-rate", "2", "--label", "Shoes")
    bumped = wren("bump", sent["txid"], "--fee-rate", "12")
    assert set(bumped) == {"method", "txid", "replaces", "fee", "fee_rate", "broadcast"}
    assert (bumped["method"], bumped["replaces"]) == ("rbf", sent["txid"])
    assert bumped["broadcast"]["requested_by"] == 1
    assert node.getrawmempool() == [bumped["txid"]]
    rows = {row["txid"]: row for row in wren("history")}
    assert (rows[sent["txid"]]["status"], rows[sent["txid"]]["replaced_by"]) == ("replaced", bumped["txid"])
    assert rows[bumped["txid"]]["label"] == "Shoes"

    cancelled = wren("cancel", bumped["txid"])
    assert (cancelled["method"], cancelled["replaces"]) == ("rbf", bumped["txid"])
    assert node.getrawmempool() == [cancelled["txid"]]
    assert wren("balance")["total"] == 350_000 - cancelled["fee"]
    assert refused(wren, "cancel", cancelled["txid"])[0] == "refused"

    low = wren("--offline", "send", target, "20000", "--fee-rate", "3")
    assert refused(wren, "abandon", cancelled["txid"])[0] == "refused"
    assert wren("abandon", low["txid"]) == {"txid": low["txid"], "abandoned": [low["txid"]]}
    node.mine(1)
    node.wait_for_filters()
    wren("sync", "--timeout", "60")
    assert node.getrawmempool() == []

    address = wren("receive")["address"]
    with wren.start("sync", "--follow") as follower:
        assert follower.stdout is not None
        try:
            while '"synced": true' not in follower.stdout.readline():
                assert follower.poll() is None
            incoming = node.fund(address, 70_000)
            wait_until(lambda: incoming in {row["txid"] for row in wren("history")}, what="the incoming payment")
        finally:
            follower.terminate()
    child = wren("bump", incoming, "--fee-rate", "40")
    assert (child["method"], child["replaces"]) == ("cpfp", None)
    entry = node.getmempoolentry(child["txid"])
    assert satoshis(entry["fees"]["ancestor"]) >= 40 * entry["ancestorsize"]


def test_the_command_line_pays_in_many_forms(node: RealNode, tmp_path: Path) -> None:
    wren = with_three_coins(node, tmp_path)
    target = node.own_address()

    coin = next(row["outpoint"] for row in wren("coins") if row["amount"] == 200_000)
    assert wren("freeze", coin) == {"outpoint": coin, "frozen": True}
    assert refused(wren, "send", target, "170000")[0] == "insufficient_funds"
    assert refused(wren, "freeze", "11" * 32 + ":0")[0] == "not_found"
    assert wren("unfreeze", coin) == {"outpoint": coin, "frozen": False}

    code, line = refused(wren, "send", target, "100000", "--fee", "60000", "--dry-run")
    assert (code, "--accept-fee 60000" in line) == ("fee_too_high", True)
    assert "25 %" in line
    accepted = wren.complete("send", target, "100000", "--fee", "60000", "--accept-fee", "60000", "--dry-run")
    assert accepted.returncode == 0
    assert "warning: the fee of 60000 satoshis" in accepted.stderr

    uri = wren.complete("send", "--uri", f"bitcoin:{target}?amount=0.0001&message=Tea&lightning=lnbc1", "--dry-run")
    assert "lightning" in uri.stderr
    file = tmp_path / "pay.csv"
    file.write_text(f"address,amount,label\n{target},15000,Ann\n{node.rpc('getnewaddress')},0.0002btc,Bob\n")
    paid = wren("send", "--csv", str(file), "--fee-rate", "slow", "--note", "wages", "--label", "June")
    assert paid["amount"] == 35_000
    outputs = node.rpc("getrawtransaction", paid["txid"], True)["vout"]
    assert len(outputs) == 4
    assert b"wages".hex() in {output["scriptPubKey"]["hex"][4:] for output in outputs}
    assert next(row["label"] for row in wren("history") if row["txid"] == paid["txid"]) == "June"
