"""Fee presets beside a real node: what its blocks were paid, and the floor that it relays."""

from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import p2wpkh

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]

ROOMY = ("-blockmaxweight=3996000", "-blockmaxsize=3996000")
RATE = 12


def mine_full_block(node: RealNode, rate: int) -> None:
    """Ten payments of nearly 100,000 virtual bytes each, at `rate` sat/vB."""
    payees = {}
    for number in range(1, 3_101):
        address = address_from_script(p2wpkh(number.to_bytes(20, "big")), REGTEST)
        assert address is not None
        payees[address.text] = "0.00001"
    for _ in range(10):
        node.rpc("sendmany", "", payees, 1, "", [], False, None, "unset", rate)
    (block,) = node.mine(1)
    assert node.getblock(block)["weight"] > 3_600_000


def presets(answer: dict[str, Any]) -> list[float]:
    assert list(answer) == ["source", "blocks", "floor", "estimates"]
    assert all(list(estimate) == ["target", "sat_per_vb"] for estimate in answer["estimates"])
    assert [estimate["target"] for estimate in answer["estimates"]] == [2, 6, 24]
    return [estimate["sat_per_vb"] for estimate in answer["estimates"]]


def test_full_blocks_tell_what_was_paid_and_a_payment_without_a_rate_pays_it(
    real_node_command: list[str], tmp_path: Path
) -> None:
    with RealNode(real_node_command, *ROOMY) as node:
        node.mine(170)
        wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
        wren("create")
        node.fund(wren("receive")["address"], 500_000)
        node.mine(1)
        for _ in range(6):
            mine_full_block(node, RATE)
        node.wait_for_filters()
        answer = wren("fees")
        assert presets(answer) == pytest.approx([RATE] * 3, rel=0.02)
        assert answer["source"].startswith("blocks")
        assert answer["blocks"] == 6
        sent = wren("send", node.own_address(), "100000")
        assert sent["fee_rate"] == pytest.approx(RATE, rel=0.05)
        assert sent["txid"] in node.rpc("getrawmempool")
        node.mine(6)
        assert presets(wren("fees"))[1] == answer["floor"]


def test_near_empty_blocks_cost_what_the_node_relays_at_the_least(real_node_command: list[str], tmp_path: Path) -> None:
    with RealNode(real_node_command, "-minrelaytxfee=0.00003") as node:
        node.mine(10)
        answer = Wren(tmp_path / "wren", peers=(node.address,), password=None)("fees")
        assert answer["source"] == "floor"
        assert answer["floor"] == pytest.approx(3, rel=0.05)
        assert presets(answer) == [answer["floor"]] * 3


def test_offline_or_without_peers_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", password=None)
    with pytest.raises(WrenFailed) as failed:
        wren("--offline", "fees")
    assert failed.value.code == "no_peers"
