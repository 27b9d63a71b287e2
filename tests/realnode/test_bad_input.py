"""A funded wallet and damaged files: every fault is told in one line, or mended, and never a wrong balance."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]


def refused(wren: Wren, *arguments: str) -> tuple[str, str]:
    """The code and line of a command that must fail."""
    with pytest.raises(WrenFailed) as failure:
        wren(*arguments)
    return failure.value.code, failure.value.message


@pytest.fixture
def funded(node: RealNode, tmp_path: Path) -> Wren:
    """A synced wallet with two coins of 200,000 and 60,000 satoshis."""
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    wren("create")
    node.mine(110)
    for amount in (200_000, 60_000):
        node.fund(wren("receive")["address"], amount)
        node.mine(4)
    node.wait_for_filters()
    wren("sync", "--timeout", "60")
    return wren


def test_payments_that_the_coins_do_not_allow(node: RealNode, funded: Wren) -> None:
    target, before = node.own_address(), (funded("balance"), funded("coins"))
    coin = funded("coins")[0]["outpoint"]
    code, line = refused(funded, "send", target, "260001")
    assert (code, "260000 satoshis can be spent" in line) == ("insufficient_funds", True)
    assert refused(funded, "send", target, "260000")[0] == "insufficient_funds"  # the fee comes on top
    assert refused(funded, "send", target, "200001", "--coin", coin)[0] == "insufficient_funds"
    assert refused(funded, "send", target, "293")[0] == "dust"
    code, line = refused(funded, "send", target, "100000", "--fee", "60000")
    assert (code, "60000" in line) == ("fee_too_high", True)
    assert refused(funded, "send", target, "100000", "--fee-rate", "600")[0] == "fee_too_high"
    assert refused(funded, "send", target, "1000", "--coin", "11" * 32 + ":0")[0] == "not_found"
    assert refused(funded, "send", target, "1000", target, "-1")[0] == "bad_amount"
    assert refused(funded, "send", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "1000")[0] == "wrong_network"
    assert (funded("balance"), funded("coins")) == before
    assert node.rpc("getrawmempool") == []
    accepted = funded("send", target, "100000", "--fee", "60000", "--accept-fee", "60000")
    assert round(node.rpc("getmempoolentry", accepted["txid"])["fees"]["base"] * 100_000_000) == 60_000
    assert refused(funded, "send", target, "1000", "--coin", coin)[0] in {"not_found", "refused", "insufficient_funds"}


def test_everything_can_be_sent(node: RealNode, funded: Wren) -> None:
    sent = funded("send", node.own_address(), "max", "--fee-rate", "1")
    assert (sent["amount"], sent["change"]) == (260_000 - sent["fee"], 0)
    assert funded("balance") == {"confirmed": 260_000, "pending": -260_000, "immature": 0, "total": 0}
    assert refused(funded, "send", node.own_address(), "max")[0] == "insufficient_funds"


def flip(path: Path) -> None:
    """Turn a few bytes over, at both ends and in the middle."""
    raw = bytearray(path.read_bytes())
    for at in (7, len(raw) // 2, len(raw) - 50):
        raw[at] ^= 0xFF
    path.write_bytes(raw)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 13])


def scribble(path: Path) -> None:
    path.write_bytes(b"\x00\xff" * 3_000)


def test_damaged_network_files_mend_themselves(node: RealNode, funded: Wren) -> None:
    place = funded.folder / "network" / "regtest"
    balance, history = funded("balance"), funded("history")
    files = sorted(path.name for path in place.iterdir() if path.is_file())
    assert {"headers.dat", "filterheaders.dat", "filters.db"} <= set(files)
    damages: list[Callable[[Path], None]] = [flip, halve, scribble]
    for damage in damages:
        for name in files:
            if (place / name).exists():
                damage(place / name)
        assert funded("balance")["total"] == balance["total"]  # a reader beside damaged files
        report = funded("sync", "--timeout", "60")
        assert (report["synced"], report["tip"]) == (True, node.rpc("getbestblockhash"))
        assert (funded("balance"), funded("history")) == (balance, history)
    shutil.rmtree(funded.folder / "network")
    assert funded("sync", "--timeout", "60")["height"] == 118
    assert (funded("balance"), funded("history")) == (balance, history)


def test_a_damaged_wallet_is_refused_kept_and_comes_back_from_its_words(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    created = wren("create")
    node.mine(105)
    node.fund(wren("receive")["address"], 70_000)
    node.mine(1)
    node.wait_for_filters()
    wren("sync", "--timeout", "60")
    database = wren.folder / "wallets" / "default" / "wallet.db"
    whole = database.read_bytes()
    database.write_bytes(b"\x00" * 512 + whole[512:])
    for command in (("balance",), ("sync", "--timeout", "5"), ("send", node.own_address(), "1000")):
        code, line = refused(wren, *command)
        assert (code, str(database) in line) == ("corrupt", True)
    assert any(path.read_bytes()[512:] == whole[512:] for path in database.parent.rglob("*") if path.is_file())
    wren.wallet = "again"
    wren("restore", stdin=created["mnemonic"])
    wren("sync", "--timeout", "60")
    assert wren("balance")["confirmed"] == 70_000


def test_a_node_without_filters_is_no_use_and_says_so_in_time(real_node_command: list[str], tmp_path: Path) -> None:
    with RealNode(real_node_command, "-peerblockfilters=0", "-blockfilterindex=0") as node:
        node.mine(3)
        wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
        wren("create")
        code, line = refused(wren, "sync", "--timeout", "4")
        assert (code in {"timeout", "no_peers"}, line.count("\n")) == (True, 0)
        assert wren("balance")["total"] == 0
        assert refused(wren, "send", node.own_address(), "1000", "--timeout", "3")[0] in {"not_synced", "no_peers"}


def test_the_node_of_another_network_is_nobody(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None, network="signet")
    wren("create")
    assert refused(wren, "sync", "--timeout", "3")[0] == "no_peers"
