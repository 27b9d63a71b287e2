"""What becomes of a request for payment, told by the command line beside a real node: seen, proven, reorganised."""

from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]


def state(wren: Wren, address: str) -> str:
    return str(next(row["state"] for row in wren("requests") if row["address"] == address))


def sync(wren: Wren, node: RealNode) -> Any:
    node.wait_for_filters()
    report = wren("sync", "--timeout", "60")
    assert report["tip"] == node.rpc("getbestblockhash")
    return report


def test_a_request_is_seen_proven_undone_and_proven_again(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    wren("create")
    node.mine(101)
    asked = wren("receive", "--label", "rent", "--amount", "150000")["address"]
    parts = wren("receive", "--label", "in parts", "--amount", "90000")["address"]
    short = wren("receive", "--amount", "50000", "--expires", "1")["address"]
    sync(wren, node)
    assert state(wren, asked) == "waiting"
    follower = wren.start("sync", "--follow")
    try:
        for line in follower.stdout or ():
            if '"synced": true' in line:
                break
        txid = node.fund(asked, 150_000)
        for line in follower.stdout or ():
            if "WalletChanged" in line:
                break
        assert state(wren, asked) == "seen"
    finally:
        follower.terminate()
        follower.communicate(timeout=30)
    node.mine(1)
    sync(wren, node)
    assert state(wren, asked) == "proven"
    row = next(row for row in wren("history") if row["txid"] == txid)
    assert (row["proven"], row["status"]) == (True, "confirmed")

    undone = node.rpc("getbestblockhash")
    node.rpc("invalidateblock", undone)
    for _ in range(2):
        node.rpc("generateblock", node.own_address(), [])
    sync(wren, node)
    assert state(wren, asked) == "seen"
    node.mine(1)
    sync(wren, node)
    assert state(wren, asked) == "proven"

    node.fund(parts, 40_000)
    node.mine(1)
    sync(wren, node)
    assert state(wren, parts) == "underpaid"
    node.fund(parts, 50_000)
    node.fund(short, 50_001)  # after its end, and a little too much
    node.mine(1)
    sync(wren, node)
    assert state(wren, parts) == "proven"
    assert state(wren, short) == "overpaid"
    (hit,) = [hit for hit in wren("search", txid[:12]) if hit["kind"] == "tx"]
    assert (hit["reference"], hit["amount"]) == (txid, 150_000)
    statement = tmp_path / "statement.csv"
    wren("history", "--export", str(statement))
    last = statement.read_text().splitlines()[-1].split(",")
    assert last[8] == str(wren("balance")["total"])
