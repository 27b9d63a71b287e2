"""The practice node on its own: what it takes and refuses, that it can go back, and that a wallet lives with it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wallet.app import make_engine, practice_main
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.network import REGTEST
from wallet.engine import api
from wallet.practice.chain import Chain
from wallet.practice.economy import FIRST_BLOCKS, PEOPLE, Economy
from wallet.practice.node import PracticeNode
from wallet.practice.orders import carry_out
from wallet.practice.runner import PracticeClient
from wallet.practice.state import NodeState
from wallet.practice.verify import Rejected

NOW = 1_800_000_000
ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
SCRIPT = parse_address(ADDRESS, REGTEST).script_pubkey


@pytest.fixture
def economy() -> Economy:
    made = Economy(NodeState(), b"test")
    made.begin(NOW)
    return made


@pytest.fixture
def state(economy: Economy) -> NodeState:
    return economy._state


def everything(chain: Chain) -> object:
    return dict(chain.coins), [stored.hash for stored in chain.blocks]


def test_a_seed_gives_the_same_world(economy: Economy, state: NodeState) -> None:
    twin = Economy(NodeState(), b"test")
    twin.begin(NOW)
    for each in (economy, twin):
        each.mine(5, NOW + 60)
    assert everything(twin._state.chain) == everything(state.chain)
    other = Economy(NodeState(), b"other")
    other.begin(NOW)
    assert other._state.chain.tip.hash != state.chain.tip.hash


def test_blocks_taken_off_leave_everything_as_it_was(economy: Economy, state: NodeState) -> None:
    before = everything(state.chain)
    height = state.chain.height
    payment = economy.give(SCRIPT)
    economy.mine(4, NOW + 60)
    assert payment.txid not in state.mempool.entries
    gone = state.invalidate(height + 1)
    assert len(gone) == 4
    assert everything(state.chain) == before
    assert payment.txid in state.mempool.entries
    assert state.known_block(gone[0].hash) is gone[0]


def test_while_the_network_is_busy_cheap_payments_wait(economy: Economy, state: NodeState) -> None:
    economy.set_busy(True)
    cheap = economy.people["Friend"].pay(state, [(SCRIPT, 50_000)], FeeRate(1_000))
    state.submit(cheap)
    economy.mine(3, NOW + 60)
    assert cheap.txid in state.mempool.entries
    economy.set_busy(False)
    economy.mine(1, NOW + 120)
    assert cheap.txid not in state.mempool.entries


def test_a_parent_comes_before_its_child_and_is_paid_for_by_it(economy: Economy, state: NodeState) -> None:
    economy.set_busy(True)
    friend = economy.people["Friend"]
    parent = friend.pay(state, [(SCRIPT, 10_000)], FeeRate(1_000))
    state.submit(parent)
    child = friend.pay(state, [(SCRIPT, 10_000)], FeeRate(300_000))
    state.submit(child)
    assert child.inputs[0].outpoint.txid == parent.txid
    economy.mine(1, NOW + 60)
    txids = state.chain.tip.block.txids
    assert txids.index(parent.txid) < txids.index(child.txid)


def test_what_is_refused_is_kept_with_its_reason(state: NodeState, economy: Economy) -> None:
    payment = economy.faucet.pay(state, [(SCRIPT, 100)], FeeRate(1_000))
    with pytest.raises(Rejected, match="dust"):
        state.submit(payment)
    assert state.refusals == [(str(payment.txid), "dust")]


# --- orders


@pytest.fixture
async def node() -> AsyncIterator[PracticeNode]:
    running = await PracticeNode(b"test").start()
    yield running
    await running.stop()


async def test_orders_do_what_they_say(node: PracticeNode) -> None:
    start = FIRST_BLOCKS + 1
    assert carry_out(node, "mine 3")["height"] == start + 3
    paid = carry_out(node, f"pay {ADDRESS} 12345")
    assert paid["amount"] == 12_345
    assert carry_out(node, "status")["waiting"] == 1
    assert carry_out(node, f"from Bakery {ADDRESS} 5000")["amount"] == 5_000
    assert carry_out(node, "mine")["transactions"] >= 2  # type: ignore[operator]
    people = carry_out(node, "people")["people"]
    assert [each["name"] for each in people] == list(PEOPLE)  # type: ignore[attr-defined]
    assert carry_out(node, "busy")["busy"] is True
    assert carry_out(node, "calm")["busy"] is False
    assert carry_out(node, "reorg 2")["height"] == start + 5
    assert carry_out(node, "status")["waiting"] == 2 + 3 + 3  # ours, and what strangers paid in both blocks


@pytest.mark.parametrize(
    "line",
    [
        "",
        "dance",
        "mine x",
        "mine 0",
        "mine 1001",
        "mine 1 2",
        "pay",
        "pay nobody 5",
        "pay bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 1000",
        f"pay {ADDRESS} -1",
        f"pay {ADDRESS} 100",
        f"from Nobody {ADDRESS} 1000",
        "reorg 101",
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_in_words(node: PracticeNode, line: str) -> None:
    answer = carry_out(node, line)
    assert list(answer) == ["error"]
    assert answer["error"]


# --- as a program


async def run_wren(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wallet", *arguments, stdin=-1, stdout=-1, stderr=-1
    )
    out, err = await process.communicate(stdin)
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_reads_orders_and_answers_each_with_a_line() -> None:
    code, out, err = await run_wren("practice", stdin=b"mine 2\nnonsense\nquit\n")
    assert (code, err) == (0, "")
    first, mined, refused, last = map(json.loads, out.splitlines())
    assert first["host"] == "127.0.0.1"
    assert mined["height"] == FIRST_BLOCKS + 3
    assert "error" in refused
    assert last == {"quit": True}


async def test_the_command_ends_with_its_input_and_says_when_the_port_is_taken(node: PracticeNode) -> None:
    code, out, _ = await run_wren("practice", stdin=b"")
    assert (code, len(out.splitlines())) == (0, 1)
    code, out, err = await run_wren("practice", "--port", str(node.port))
    assert (code, out) == (1, "")
    assert str(node.port) in err
    assert "Traceback" not in err


async def test_the_windows_child_answers_and_leaves_nothing_behind() -> None:
    client = await PracticeClient.start(practice_main)
    assert (await client.order("mine 1"))["height"] == FIRST_BLOCKS + 2
    await client.close()
    assert not client._process.is_alive()
    assert "error" in await client.order("mine 1")


# --- a wallet


async def test_a_wallet_lives_with_it(node: PracticeNode, tmp_path: Path) -> None:
    """Receives, proves it, pays, and follows a reorganisation."""
    engine = make_engine(
        api.EngineOptions("regtest", str(tmp_path), (f"127.0.0.1:{node.port}",), kdf=(19 * 1024, 2, 1))
    )

    async def caught_up() -> None:
        await engine.run(api.Connect())
        tip = str(node.state.chain.tip.hash)
        while (await engine.run(api.GetSyncStatus())).tip != tip:  # noqa: ASYNC110 - the announcement is on its way
            await asyncio.sleep(0.02)
        assert (await engine.run(api.Synchronise(30))).synced

    try:
        await engine.run(api.CreateWallet("play", "horse battery", vault="file"))
        received = await engine.run(api.GetReceiveAddress(fresh=True))
        node.give(parse_address(received.address, REGTEST).script_pubkey, 1_000_000)
        node.mine(1)
        await caught_up()
        assert (await engine.run(api.GetBalance())).confirmed == 1_000_000

        review = await engine.run(api.PreparePayment(((ADDRESS, 30_000),), fee_rate=2.0))
        sent = await engine.run(api.SendPayment(review.id, "horse battery", timeout=20))
        assert [str(txid) for txid in node.state.mempool.entries] == [sent.txid]
        assert node.state.refusals == []
        node.mine(1)
        await caught_up()
        assert (await engine.run(api.GetBalance())).total == 1_000_000 - 30_000 - sent.fee
        proof = await engine.run(api.GetProof(sent.txid))
        assert (await engine.run(api.VerifyProof(proof))).valid

        node.invalidate(node.state.chain.height)
        await caught_up()
        assert (await engine.run(api.GetBalance())).pending != 0
        assert not (await engine.run(api.VerifyProof(proof))).known
    finally:
        await engine.close()
