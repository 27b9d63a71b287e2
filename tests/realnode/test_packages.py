"""Payments that build on one another, and a node that has seen none of them."""

from pathlib import Path

import pytest

from tests.realnode.node import RealNode, wait_until
from tests.realnode.wren import Wren

NOBODY = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
pytestmark = [pytest.mark.realnode, pytest.mark.timeout(240)]


@pytest.fixture
def funded(node: RealNode, tmp_path: Path) -> Wren:
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    wren("create")
    node.mine(101)
    node.fund(wren("receive")["address"], 1_000_000)
    node.mine(1)
    node.wait_for_filters()
    wren("sync", "--timeout", "60")
    return wren


def kept_back(wren: Wren, node: RealNode, amount: int) -> str:
    """A payment that is made while nobody can be reached."""
    offline = Wren(wren.folder, password=None, extra=("--offline",))
    txid: str = offline("send", node.own_address(), str(amount), "--fee-rate", "3")["txid"]
    return txid


def test_a_payment_goes_out_behind_those_that_it_builds_on(node: RealNode, funded: Wren) -> None:
    first = kept_back(funded, node, 100_000)
    second = kept_back(funded, node, 90_000)
    assert node.rpc("getrawmempool") == []
    sent = funded("send", node.own_address(), "80000", "--fee-rate", "3")
    assert sent["broadcast"]["sent_to"] == 1
    assert sent["broadcast"]["requested_by"] == 1
    wait_until(lambda: set(node.rpc("getrawmempool")) == {first, second, sent["txid"]}, what="all three")
    rows = {row["txid"]: row["status"] for row in funded("history")}
    assert {rows[first], rows[second], rows[sent["txid"]]} == {"pending"}
    node.mine(1)
    node.wait_for_filters()
    assert funded("sync", "--timeout", "60")["synced"]
    assert all(row["proven"] for row in funded("history"))


def test_a_sync_offers_a_chain_of_payments_in_one_go(node: RealNode, funded: Wren) -> None:
    chain = {kept_back(funded, node, 50_000 + number) for number in range(4)}
    funded("sync", "--timeout", "60")
    wait_until(lambda: set(node.rpc("getrawmempool")) == chain, what="all four")


def test_a_node_that_forgot_a_payment_gets_it_again_after_a_restart_of_wren(node: RealNode, funded: Wren) -> None:
    sent = funded("send", NOBODY, "80000", "--fee-rate", "3")
    node.stop()
    (node.datadir / "regtest" / "mempool.dat").unlink(missing_ok=True)
    node.start()
    assert node.rpc("getrawmempool") == []
    funded("sync", "--timeout", "60")
    wait_until(lambda: node.rpc("getrawmempool") == [sent["txid"]], what="the payment")
