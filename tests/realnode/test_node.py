"""The harness itself: a real node starts, mines, serves filters, and comes back after a kill."""

import pytest

from tests.realnode.node import NodeDied, RealNode, RpcError

NODE_NETWORK, NODE_BLOOM, NODE_COMPACT_FILTERS, NODE_P2P_V2 = 1 << 0, 1 << 2, 1 << 6, 1 << 11
# A p2wpkh address of regtest that belongs to nobody: the hash of all zeros.
NOBODY = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"


def test_a_node_mines_and_pays_and_serves_filters_bloom_and_v2(node: RealNode) -> None:
    node.mine(101)
    txid = node.fund(NOBODY, 123_456_789)
    (block,) = node.mine()
    node.wait_for_filters()

    assert txid in node.getblock(block)["tx"]
    assert node.getblockfilter(block)["filter"]
    services = int(node.getnetworkinfo()["localservices"], 16)
    for service in (NODE_NETWORK, NODE_BLOOM, NODE_COMPACT_FILTERS, NODE_P2P_V2):
        assert services & service


def test_a_killed_node_comes_back_with_what_it_had_flushed(node: RealNode) -> None:
    node.mine(3)
    node.restart()
    tip = node.getbestblockhash()
    node.kill()
    assert not node.running

    node.start()

    assert node.getbestblockhash() == tip


def test_two_nodes_agree_on_the_longer_chain(node: RealNode, real_node_command: list[str]) -> None:
    with RealNode(real_node_command) as other:
        node.mine(2)
        (tip,) = other.mine(3)[-1:]
        node.connect(other)
        node.sync_with(other)
        assert node.getbestblockhash() == tip


def test_a_refused_call_carries_the_nodes_own_words(node: RealNode) -> None:
    with pytest.raises(RpcError, match="Block height out of range") as refused:
        node.getblockhash(1_000)
    assert refused.value.code == -8


def test_a_node_that_cannot_start_says_why(real_node_command: list[str]) -> None:
    broken = RealNode(real_node_command, "-no-such-option=1")
    with pytest.raises(NodeDied, match="no-such-option"):
        broken.start()
    broken.close()
