"""The node over real sockets against scripted peers: sync, filters, blocks, payments both ways, faults, restarts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import ScriptedPeer, Session, until
from tests.spv.node_fixture import Listener, RunningNode, running
from wallet.bitcoin.codec import ParseError
from wallet.spv.chain import ChainUpdate
from wallet.spv.message import BlockMessage, Headers, Inv, InvType, Message
from wallet.spv.node import Clock
from wallet.spv.node_api import NodeStopped, Superseded

SCRIPT = bytes([0, 20]) + bytes(range(20))


@pytest.fixture(scope="module")
def long_chain() -> ChainBuilder:
    """Long enough for two messages of headers and three of filters."""
    chain = ChainBuilder()
    chain.mine(2_100)
    return chain


@pytest.fixture
def chain() -> ChainBuilder:
    chain = ChainBuilder()
    chain.mine(30)
    return chain


@pytest.fixture
async def peer(chain: ChainBuilder) -> AsyncIterator[ScriptedPeer]:
    async with ScriptedPeer(chain) as running_peer:
        yield running_peer


@pytest.fixture
async def other(chain: ChainBuilder) -> AsyncIterator[ScriptedPeer]:
    async with ScriptedPeer(chain) as running_peer:
        yield running_peer


async def synced(fixture: RunningNode, chain: ChainBuilder) -> None:
    await until(
        lambda: fixture.node.status().headers_synced and fixture.node.filter_tip == chain.height, what="the sync"
    )
    assert fixture.headers.tip_hash == chain.tip.hash


async def test_it_syncs_headers_and_filter_headers(tmp_path: Path, long_chain: ChainBuilder) -> None:
    async with ScriptedPeer(long_chain) as peer, running(tmp_path, peer.address) as fixture:
        await synced(fixture, long_chain)
        status = fixture.node.status()

        assert (status.peers, status.header_height, status.filter_header_height) == (1, 2_100, 2_100)
        assert status.announced_height == 2_100
        assert status.bytes_received > 2_100 * (81 + 32)
        assert status.stale
        assert fixture.node.tips_reconciled()
        heights = [(update.connected_from, update.connected_to) for update in fixture.listener.updates]
        assert heights == [(1, 2_000), (2_001, 2_100)]
        assert fixture.listener.progress_changes > 0


async def test_filters_are_fetched_several_batches_at_once(tmp_path: Path, long_chain: ChainBuilder) -> None:
    async with ScriptedPeer(long_chain) as peer, running(tmp_path, peer.address) as fixture:
        await synced(fixture, long_chain)
        batches = await asyncio.gather(*(fixture.node.fetch_filters(at, at + 699) for at in (1, 701, 1_401)))

    for start, batch in zip((1, 701, 1_401), batches, strict=True):
        blocks = long_chain.blocks[start : start + 700]
        assert batch.start_height == start
        assert list(batch.block_hashes) == [block.hash for block in blocks]
        assert batch.filters == [block.filter for block in blocks]


async def test_what_is_asked_for_before_there_is_a_peer_comes_when_there_is_one(
    tmp_path: Path, chain: ChainBuilder
) -> None:
    peer = ScriptedPeer(chain)
    await peer.start()
    await peer.stop()
    async with running(tmp_path, peer.address) as fixture:
        assert fixture.node.status().peers == 0
        await peer.start()
        await synced(fixture, chain)
        await peer.stop()
        await until(lambda: fixture.node.status().peers == 0)
        waiting = asyncio.create_task(fixture.node.fetch_block(7))
        await asyncio.sleep(0)
        await peer.start()

        assert (await waiting).header.hash == chain.blocks[7].hash
    await peer.stop()


async def test_a_block_is_fetched_and_checked(tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer) -> None:
    payment = chain.mine_payment(SCRIPT, 12_345)
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        block = await fixture.node.fetch_block(31)

    assert block.txids[1] == payment.txid
    assert block.touching({SCRIPT}, set()) == [1]


async def test_a_block_that_does_not_fit_its_header_is_not_taken(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer, other: ScriptedPeer
) -> None:
    async def lie(session: Session, _message: Message) -> bool:
        block = chain.blocks[3]
        other_body = chain.blocks[4].raw[80:]
        session.send(BlockMessage(block.header.serialize() + other_body))
        return True

    peer.hooks["getdata"] = lie
    async with running(tmp_path, peer.address, other.address) as fixture:
        await synced(fixture, chain)
        blocks = await asyncio.gather(*(fixture.node.fetch_block(3) for _ in range(6)))

    assert {block.serialize() for block in blocks} == {chain.blocks[3].raw}


async def test_a_cancelled_request_leaves_nothing_behind(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer
) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        peer.silent |= {"getcfilters", "getdata"}
        tasks = [
            asyncio.create_task(fixture.node.fetch_filters(1, 30)),
            asyncio.create_task(fixture.node.fetch_block(5)),
        ]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        peer.silent.clear()

        assert [type(result) for result in results] == [asyncio.CancelledError] * 2
        assert [fixture.synchronizer.cancel(token) for token in (1, 2)] == [[], []]
        assert (await fixture.node.fetch_filters(1, 30)).filters == [block.filter for block in chain.blocks[1:31]]


async def test_stopping_ends_what_is_waited_for(tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        peer.silent |= {"getcfilters", "getdata"}
        filters = asyncio.create_task(fixture.node.fetch_filters(1, 30))
        block = asyncio.create_task(fixture.node.fetch_block(5))
        await asyncio.sleep(0.05)

    with pytest.raises(NodeStopped):
        await filters
    with pytest.raises(NodeStopped):
        await block


async def test_a_new_block_is_noticed(tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        chain.mine()
        peer.announce_tip()
        await synced(fixture, chain)

    last = fixture.listener.updates[-1]
    assert (last.connected_from, last.connected_to, last.disconnected) == (31, 31, ())


async def test_a_block_announced_by_its_hash_is_noticed_too(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer
) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        chain.mine(3)
        peer.sessions[0].send(Inv.of((InvType.BLOCK, chain.tip.hash)))
        await synced(fixture, chain)


async def test_what_a_peer_claimed_leaves_with_it(tmp_path: Path, peer: ScriptedPeer) -> None:
    peer.silent.add("getheaders")
    async with running(tmp_path, peer.address) as fixture:
        await until(lambda: fixture.node.status().announced_height == 30)
        await peer.stop()
        await until(lambda: fixture.node.status().announced_height == 0)


def test_the_clock_goes_on_when_the_machines_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, pace = 1_800_000_000.0, 50.0
    monkeypatch.setattr(time, "time", lambda: wall)
    monkeypatch.setattr(time, "monotonic", lambda: pace)
    clock = Clock()
    wall, pace = wall - 3_600, pace + 7
    assert clock() == 1_800_000_007.0
    wall, pace = 1_800_000_500.0, pace + 1
    assert clock() == 1_800_000_500.0


async def test_a_reorganisation_reaches_the_listener_and_the_waiting_request(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer
) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        peer.silent.add("getcfilters")
        waiting = asyncio.create_task(fixture.node.fetch_filters(20, 30))
        await asyncio.sleep(0.05)
        fork = chain.fork(24)
        fork.mine(10)
        peer.chain = fork
        peer.announce_tip()
        await synced(fixture, fork)
        with pytest.raises(Superseded):
            await waiting

    last = fixture.listener.updates[-1]
    assert (last.connected_from, last.connected_to) == (25, 34)
    assert [height for height, _ in last.disconnected] == [30, 29, 28, 27, 26, 25]
    assert last.disconnected[0][1] == chain.tip.hash


async def test_it_goes_on_where_it_stopped(tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
    async with running(tmp_path, peer.address) as fixture:
        assert fixture.headers.tip_height == 30
        chain.mine(5)
        await synced(fixture, chain)

    assert [(update.connected_from, update.connected_to) for update in fixture.listener.updates] == [(31, 35)]


async def test_a_node_killed_in_the_middle_of_a_sync_is_picked_up(tmp_path: Path, long_chain: ChainBuilder) -> None:
    peer = ScriptedPeer(long_chain)
    killed = asyncio.Event()

    async def die_after_the_first_headers(session: Session, _message: Message) -> bool:
        if killed.is_set() or len(session.got(type(_message))) < 2:
            return False
        killed.set()
        session.close()
        return True

    peer.hooks["getheaders"] = die_after_the_first_headers
    async with peer, running(tmp_path, peer.address) as fixture:
        await killed.wait()
        await peer.stop()
        await peer.start()
        await synced(fixture, long_chain)


# ---- payments


async def test_an_announced_payment_is_seen_once_and_counted(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer, other: ScriptedPeer
) -> None:
    payment = chain.pay((SCRIPT, 5_000))
    async with running(tmp_path, peer.address, other.address) as fixture:
        fixture.node.watch_transactions(True)
        await synced(fixture, chain)
        await until(lambda: all(each.sessions and each.sessions[0].ready for each in (peer, other)))
        peer.announce(payment)
        other.announce(payment)
        await until(lambda: fixture.node.seen_by(payment.txid) == 2)
        await until(lambda: fixture.listener.transactions)

    ((seen, _),) = fixture.listener.transactions
    assert seen == payment


async def test_payments_are_not_fetched_until_somebody_watches(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer
) -> None:
    payment = chain.pay((SCRIPT, 5_000))
    async with running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        peer.announce(payment)
        chain.mine()
        peer.announce_tip()
        await synced(fixture, chain)
        assert fixture.listener.transactions == []
        fixture.node.watch_transactions(True)
        await until(lambda: fixture.listener.transactions)

    assert [transaction for transaction, _ in fixture.listener.transactions] == [payment]


async def test_a_payment_that_another_peer_announces_has_travelled(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer, other: ScriptedPeer
) -> None:
    peer.relays, other.relays = [other], [peer]
    payment = chain.pay((SCRIPT, 5_000))
    async with running(tmp_path, peer.address, other.address) as fixture:
        fixture.node.watch_transactions(True)
        await until(lambda: fixture.node.status().peers == 2)
        report = await fixture.node.broadcast(payment.serialize(), 20.0)
        assert fixture.node.seen_by(payment.txid) == 1
        assert fixture.listener.transactions == []

    assert (report.sent_to, report.requested_by, report.seen_from, report.propagated) == (1, 1, 1, True)
    assert payment.txid in peer.mempool
    assert payment.txid in other.mempool


async def test_a_payment_that_is_swallowed_has_not_travelled(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer, other: ScriptedPeer
) -> None:
    payment = chain.pay((SCRIPT, 5_000))
    async with running(tmp_path, peer.address, other.address) as fixture:
        await until(lambda: fixture.node.status().peers == 2)
        report = await fixture.node.broadcast(payment.serialize(), 1.0)

    assert (report.sent_to, report.requested_by, report.seen_from, report.propagated) == (1, 1, 0, False)


async def test_with_a_single_peer_the_answer_comes_when_that_one_has_it(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer
) -> None:
    payment = chain.pay((SCRIPT, 5_000))
    async with running(tmp_path, peer.address) as fixture:
        report = await fixture.node.broadcast(payment.serialize(), 600.0)
        assert payment.txid in peer.mempool

    assert (report.sent_to, report.requested_by, report.propagated) == (1, 1, False)


async def test_without_a_peer_a_payment_is_told_to_nobody(tmp_path: Path) -> None:
    async with running(tmp_path, "127.0.0.1:1") as fixture:
        report = await fixture.node.broadcast(ChainBuilder().tip.transactions[0].serialize(), 0.2)
        with pytest.raises(ParseError):
            await fixture.node.broadcast(b"no transaction", 0.2)

    assert (report.sent_to, report.propagated) == (0, False)


# ---- peers


async def test_peers_are_shown(tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer) -> None:
    async with running(tmp_path, peer.address) as fixture:
        await until(lambda: fixture.node.peers() and fixture.node.peers()[0].latency is not None)
        (shown,) = fixture.node.peers()

    assert (shown.address, shown.version, shown.user_agent) == (peer.address, 70016, "/Scripted:1/")
    assert (shown.transport, shown.role, shown.netgroup, shown.height) == ("v1", "manual", "127.0", 30)
    assert shown.received > 0
    assert shown.sent > 0
    assert fixture.listener.peer_changes == 2


async def test_a_peer_that_lies_about_headers_is_dropped_and_the_honest_one_used(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer, other: ScriptedPeer
) -> None:
    async def lie(session: Session, _message: Message) -> bool:
        header = bytearray(chain.blocks[1].header.serialize())
        header[4] ^= 1  # another parent, and so no proof of work worth the name
        session.send(Headers(chain.blocks[1].header.serialize() + bytes(header)))
        return True

    peer.hooks["getheaders"] = lie
    async with running(tmp_path, peer.address, other.address) as fixture:
        await synced(fixture, chain)
        await until(lambda: not peer.sessions)
        assert [shown.address for shown in fixture.node.peers()] == [other.address]


async def test_a_silent_peer_does_not_keep_the_sync_from_ending(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer, other: ScriptedPeer
) -> None:
    peer.silent |= {"getheaders", "getcfheaders", "getcfcheckpt", "getcfilters", "getdata"}
    async with running(tmp_path, peer.address, other.address) as fixture:
        await until(lambda: fixture.node.status().filter_header_height == 30, seconds=40.0)
        batch = await fixture.node.fetch_filters(1, 30)

    assert batch.filters == [block.filter for block in chain.blocks[1:31]]


async def test_a_defect_ends_every_wait_and_is_reported(
    tmp_path: Path, chain: ChainBuilder, peer: ScriptedPeer
) -> None:
    class FullDisk(Listener):
        def chain_changed(self, update: ChainUpdate) -> None:
            raise OSError("no space left on device")

    fixture = RunningNode(tmp_path, peer.address, listener=FullDisk())
    await fixture.node.start()
    waiting = asyncio.create_task(fixture.node.fetch_filters(1, 2))
    await until(lambda: fixture.listener.errors)
    with pytest.raises(OSError, match="no space left"):
        await waiting
    with pytest.raises(OSError, match="no space left"):
        await fixture.node.fetch_filters(1, 2)
    await fixture.node.stop()
    fixture.close()


async def test_without_fetching_two_peers_announce_and_with_it_all(tmp_path: Path, chain: ChainBuilder) -> None:
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(ScriptedPeer(chain)) for _ in range(4)]

        def announcing(wanted: int) -> bool:
            sessions = [session for peer in peers for session in peer.sessions]
            said = [session.version.relay for session in sessions if session.version is not None]
            return len(said) == len(peers) and sum(said) == wanted

        node = (await stack.enter_async_context(running(tmp_path, *(peer.address for peer in peers)))).node
        for watching, wanted in ((True, 4), (False, 2), (True, 4), (False, 2)):
            node.watch_transactions(watching)
            await until(partial(announcing, wanted), what=f"{wanted} that announce")
            await until(lambda: node.status().peers == 4)


async def test_who_takes_no_transactions_is_none_of_those_that_announce_them(
    tmp_path: Path, chain: ChainBuilder
) -> None:
    """Else a payment would never be heard back of where such nodes came first."""
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(ScriptedPeer(chain)) for _ in range(5)]
        for deaf in peers[:3]:
            deaf.relay = False

        def heard() -> int:
            sessions = [session for peer in peers[3:] for session in peer.sessions]
            return sum(session.version.relay for session in sessions if session.version is not None)

        node = (await stack.enter_async_context(running(tmp_path, *(peer.address for peer in peers)))).node
        node.watch_transactions(False)
        await until(lambda: node.status().peers == 5 and heard() == 2, what="two that announce")
