"""The node against real nodes: sync, filters, blocks, payments both ways, a kill in the middle, reorganisations."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.scripted import until
from tests.realnode.node import RealNode, wait_until
from tests.spv.node_fixture import RunningNode, running
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.blockfilter import match_any
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.network import REGTEST
from wallet.spv.node_api import Superseded

# A p2wpkh address of regtest that belongs to nobody: the hash of all zeros.
NOBODY = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
# The same of the hash that is 20 times 01: a block mined to it differs from one mined to NOBODY at the same height.
ELSEWHERE = "bcrt1qqyqszqgpqyqszqgpqyqszqgpqyqszqgpvxat9t"
NOBODYS_SCRIPT = parse_address(NOBODY, REGTEST).script_pubkey


async def synced(fixture: RunningNode, node: RealNode) -> None:
    """Wait for the node's tip. Its filter index runs behind: until it is there, the node answers nothing about it."""
    height = await asyncio.to_thread(node.getblockcount)
    tip = BlockHash.from_hex(await asyncio.to_thread(node.getbestblockhash))
    await until(
        lambda: fixture.headers.tip_hash == tip and fixture.node.filter_tip == height, what="the sync", seconds=60.0
    )


@pytest.fixture(scope="module")
def long_node(real_node_command: list[str]) -> Iterator[tuple[RealNode, Txid]]:
    """A node with 2,200 blocks, and the payment in block 1,501."""
    with RealNode(real_node_command) as node:
        node.mine(1)
        node.mine(1_499, ELSEWHERE)
        txid = Txid.from_hex(node.fund(NOBODY, 123_456))
        node.mine(700, ELSEWHERE)
        node.restart()
        node.wait_for_filters()
        yield node, txid


async def test_a_chain_of_2200_blocks_with_a_payment_in_it(long_node: tuple[RealNode, Txid], tmp_path: Path) -> None:
    node, txid = long_node
    async with running(tmp_path, node.address) as fixture:
        await synced(fixture, node)
        batches = await asyncio.gather(
            *(fixture.node.fetch_filters(at, min(at + 999, 2_200)) for at in (1, 1_001, 2_001))
        )
        found = [
            batch.start_height + position
            for batch in batches
            for position, (name, content) in enumerate(zip(batch.block_hashes, batch.filters, strict=True))
            if match_any(content, name, [NOBODYS_SCRIPT])
        ]
        block = await fixture.node.fetch_block(1_501)

        assert found == [1_501]
        assert txid in block.txids
        assert fixture.node.tips_reconciled()
        assert fixture.node.status().headers_synced


async def test_a_node_killed_in_the_middle_of_a_sync_and_started_again_is_picked_up(
    long_node: tuple[RealNode, Txid], tmp_path: Path
) -> None:
    node, _ = long_node
    async with running(tmp_path, node.address) as fixture:
        await until(lambda: fixture.headers.tip_height >= 2_000, what="the first headers")
        await asyncio.to_thread(node.kill)
        await until(lambda: fixture.node.status().peers == 0, what="the end of the connection")
        await asyncio.to_thread(node.start)
        await synced(fixture, node)
        batch = await fixture.node.fetch_filters(2_001, 2_200)

    assert len(batch.filters) == 200


async def test_payments_go_both_ways_and_prove_that_they_travelled(
    real_node_command: list[str], tmp_path: Path
) -> None:
    # Without this permission the nodes let several seconds pass, at random, before they announce a transaction to us.
    with (
        RealNode(real_node_command, "-whitelist=noban@127.0.0.1") as node,
        RealNode(real_node_command, "-whitelist=noban@127.0.0.1") as other,
    ):
        await asyncio.to_thread(node.mine, 1)
        await asyncio.to_thread(node.mine, 100, ELSEWHERE)
        await asyncio.to_thread(node.wait_for_filters)
        await asyncio.to_thread(node.connect, other)
        await asyncio.to_thread(node.sync_with, other)
        await asyncio.to_thread(other.wait_for_filters)
        async with running(tmp_path, node.address, other.address) as fixture:
            fixture.node.watch_transactions(True)
            await until(lambda: fixture.node.status().peers == 2)
            await synced(fixture, node)

            coming = Txid.from_hex(await asyncio.to_thread(node.fund, NOBODY, 50_000))
            await until(lambda: fixture.listener.transactions, what="the payment to us")
            await until(lambda: fixture.node.seen_by(coming) == 2, what="both nodes' announcements")

            going = await asyncio.to_thread(_signed_but_not_sent, node)
            report = await fixture.node.broadcast(bytes.fromhex(going), 40.0)
            pools = [await asyncio.to_thread(each.getrawmempool) for each in (node, other)]

    assert [transaction.txid for transaction, _ in fixture.listener.transactions] == [coming]
    assert (report.sent_to, report.requested_by, report.seen_from, report.propagated) == (1, 1, 1, True)
    assert [len(pool) for pool in pools] == [2, 2]


def _signed_but_not_sent(node: RealNode) -> str:
    """A payment of the node's wallet that the node itself does not announce."""
    drafted = node.createrawtransaction([], [{NOBODY: "0.00070000"}])
    funded = node.fundrawtransaction(drafted)["hex"]
    signed: str = node.signrawtransactionwithwallet(funded)["hex"]
    return signed


@pytest.mark.parametrize("depth", [1, 6, 100])
async def test_a_reorganisation_is_followed(node: RealNode, tmp_path: Path, depth: int) -> None:
    await asyncio.to_thread(node.mine, 120, ELSEWHERE)
    async with running(tmp_path, node.address) as fixture:
        await asyncio.to_thread(node.wait_for_filters)
        await synced(fixture, node)
        old = [fixture.headers.hash_at(height) for height in range(121 - depth, 121)]
        await asyncio.to_thread(node.invalidateblock, str(old[0]))
        await asyncio.to_thread(node.mine, depth + 1, NOBODY)
        await asyncio.to_thread(node.wait_for_filters)
        await synced(fixture, node)

    gone = [name for update in fixture.listener.updates for _, name in update.disconnected]
    assert gone == old[::-1]
    assert fixture.headers.tip_height == 121


async def test_filters_of_blocks_that_leave_the_chain_are_superseded(node: RealNode, tmp_path: Path) -> None:
    await asyncio.to_thread(node.mine, 20, ELSEWHERE)
    await asyncio.to_thread(node.wait_for_filters)
    async with running(tmp_path, node.address) as fixture:
        await synced(fixture, node)
        await asyncio.to_thread(node.invalidateblock, str(fixture.headers.hash_at(15)))
        await asyncio.to_thread(node.mine, 1, NOBODY)
        tip = await asyncio.to_thread(node.getbestblockhash)
        with pytest.raises(Superseded):
            # The node does not answer for a block that it holds for invalid; the longer chain then removes it.
            await asyncio.gather(
                fixture.node.fetch_filters(10, 20),
                asyncio.to_thread(node.mine, 7, NOBODY),
            )
        await synced(fixture, node)

        assert fixture.headers.hash_at(15) == BlockHash.from_hex(tip)


async def test_a_new_block_is_noticed_at_once(node: RealNode, tmp_path: Path) -> None:
    await asyncio.to_thread(node.mine, 5, NOBODY)
    await asyncio.to_thread(node.wait_for_filters)
    async with running(tmp_path, node.address) as fixture:
        await synced(fixture, node)
        await asyncio.to_thread(node.mine, 1, NOBODY)
        await until(lambda: fixture.headers.tip_height == 6, what="the new block")
        assert not fixture.node.status().stale


async def test_the_payment_reaches_a_single_node(node: RealNode, tmp_path: Path) -> None:
    await asyncio.to_thread(node.mine, 1)
    await asyncio.to_thread(node.mine, 100, ELSEWHERE)
    await asyncio.to_thread(node.wait_for_filters)
    async with running(tmp_path, node.address) as fixture:
        await synced(fixture, node)
        going = await asyncio.to_thread(_signed_but_not_sent, node)
        report = await fixture.node.broadcast(bytes.fromhex(going), 600.0)

    await asyncio.to_thread(wait_until, lambda: len(node.getrawmempool()) == 1, what="the payment in the mempool")
    assert (report.sent_to, report.requested_by, report.propagated) == (1, 1, False)
