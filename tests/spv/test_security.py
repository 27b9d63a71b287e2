"""Rows P1 to P16 of the threats from peers: which test proves the defence, and the proofs that are not elsewhere.

Each fails when its defence is taken out.

P1  Sizes and nonsense       test_transport: ..._length_above_the_commands_cap_..., ..._largest_message_in_small_...;
                             test_message: test_any_bytes_parse_or_raise_parse_error; test_connection: HOSTILE; the
                             same for version 2 in test_transport_v2
P2  Floods                   here: floods over a socket; test_mempool: test_a_million_announcements_..., and what nobody
                             asked for; test_peer: ..._addresses_come_through_a_bucket; test_addrman: ..._flood_...;
                             test_hostile_sync: ..._blocks_that_nobody_asked_for_...
P3  Slow and silent peers    here: a byte a second, and one that does not read; test_connection: ..._goes_deaf_...,
                             ..._never_reads_..., ..._handshake_takes_too_long; test_hostile_sync: old headers, ranges
                             in drops, a trickle of filters
P4  Headers out of nowhere   test_sync: test_headers_without_a_parent_...; test_hostile_sync: ..._lock_..., ..._shown_
P5  Rules of headers         test_chain (each rule, BIP94, two hours); bitcoin/test_pow; realnode/test_header_rules
P6  Easy headers             test_hostile_ranges (liars, stalls and crashes in ranges below checkpoints);
                             test_hostile_sync: test_a_million_easy_headers_..., ..._branches_of_many_peers_...;
                             test_chain: ..._easy_headers_move_no_tip_..., ..._liar_below_a_checkpoint_...
P7  False Merkle proofs      tests/bitcoin/test_merkle, tests/bitcoin/test_block; test_filtered: each
                             lie in a partial tree
P8  False filters            test_sync (one of N, N-1 of N, all below a pin, one address one voice), test_filters (the
                             judge), test_hostile_filters (believed too early), engine/test_witness (by a wallet that
                             was closed), test_storm, realnode/test_storm_node; here: three times is one voice
P9  Bombs for decoders       tests/fuzz; tests/bitcoin/test_blockfilter;
                             test_message: ..._count_that_lies_...; here: each through
                             a peer's socket
P10 Withheld                 test_sync: test_withheld_filters_and_blocks_come_from_others; test_hostile_sync:
                             ..._withhold_a_block_..., ..._keep_their_filter_...; realnode/test_bloom: the label
P11 Stale tips and eclipse   test_addrman_tables, test_addrman:
                             a thousand addresses, anchors, one peer more; here: all of it with the node
P12 Reorganisations          test_chain: ..._any_story_of_forks_...; tests/ledger; realnode/test_spv_node; test_storm
P13 Double spends            tests/ledger
P14 False payments           here: what was never proven is not proven; tests/ledger (forgeries)
P15 Swallowed payments       realnode/test_packages; test_broadcast; test_node:
                             ..._swallowed_...; here: with some peers absent
P16 Leaks around a proxy     test_connection: ..._behind_a_proxy_...; here: discovered peers
"""

import asyncio
import contextlib
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from struct import pack
from types import SimpleNamespace
from typing import Any

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import FULL, ScriptedPeer, Session, until
from tests.peers.socks import SocksProxy
from tests.spv.node_fixture import Listener, RunningNode, running
from tests.spv.test_connection import resolver_calls as counted_resolver_calls
from wallet.bitcoin.blockfilter import filter_hash
from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.hashes import sha256d
from wallet.bitcoin.network import REGTEST
from wallet.spv import node as node_module
from wallet.spv.addrman import Endpoint, KnownPeer, NoBook
from wallet.spv.chain import HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.message import CFHeaders, GetCFHeaders, Message, Ping, Pong
from wallet.spv.node import Node
from wallet.spv.node_api import NodeConfig
from wallet.spv.sync import Synchronizer
from wallet.store.headers import FilterHeaderFile, HeaderFile

SCRIPT = bytes([0, 20]) + bytes(range(20))


@pytest.fixture
def chain() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(19)
    builder.mine_payment(SCRIPT, 1_000)  # block 20 spends what a wallet does not know
    builder.mine(10)
    return builder


def frame(command: str, payload: bytes) -> bytes:
    """A frame of version 1 with whatever payload."""
    head = REGTEST.magic + command.encode().ljust(12, b"\0")
    return head + len(payload).to_bytes(4, "little") + sha256d(payload)[:4] + payload


async def synced(fixture: RunningNode, chain: ChainBuilder) -> None:
    await until(lambda: fixture.node.filter_tip == chain.height and fixture.node.tips_reconciled(), what="the sync")
    assert fixture.headers.tip_hash == chain.tip.hash


resolver_calls = counted_resolver_calls


class Hands:
    """The clock of the machine, which a test turns forward, or lets run faster."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        self.pace = 0.0
        self._begun = time.monotonic()
        shown = SimpleNamespace(time=lambda: time.time() + self.lead, monotonic=lambda: time.monotonic() + self.lead)
        monkeypatch.setattr(node_module, "time", shown)

    @property
    def lead(self) -> float:
        return self.ahead + self.pace * (time.monotonic() - self._begun)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


# --- P2


def items(kind: int, batch: int) -> bytes:
    """50,000 inventory items that were never named before."""
    head = pack("<I", kind) + batch.to_bytes(4, "big")
    return compact_size(50_000) + b"".join(head + number.to_bytes(28, "big") for number in range(50_000))


def addresses(batch: int) -> bytes:
    entry = pack("<IQ", 1_700_000_000, FULL) + bytes(10) + b"\xff\xff"
    parts = (entry + bytes([20 + batch, n >> 8, n & 255, 1]) + b"\x20\x8d" for n in range(1_000))
    return compact_size(1_000) + b"".join(parts)


def sizes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in folder.iterdir()}


def flood(chain: ChainBuilder) -> Iterable[bytes]:
    """More than 10^6 items that nobody asked for: transactions, blocks, addresses, answers."""
    for batch in range(8):
        yield frame("inv", items(5, batch))
        yield frame("inv", items(2, batch))
        yield frame("notfound", items(0x40000002, batch))
        yield frame("addr", addresses(batch))
    block = chain.blocks[5].raw
    for number in range(4):
        yield frame("block", block[:80] + bytes([number]) * 1_900_000)
        yield frame("tx", bytes([number]) * 1_900_000)
        yield frame("cfilter", b"\0" + chain.blocks[number].hash + compact_size(900_000) + bytes(900_000))
        yield frame("cfheaders", b"\0" + chain.tip.hash + bytes(32) + compact_size(2_000) + bytes(64_000))
        yield frame("headers", compact_size(30) + b"".join(b.header.serialize() + b"\0" for b in chain.blocks[1:31]))


async def test_a_flood_of_what_nobody_asked_for_leaves_nothing_behind(tmp_path: Path, chain: ChainBuilder) -> None:
    frames = list(flood(chain))
    async with ScriptedPeer(chain) as peer, running(tmp_path, peer.address) as fixture:
        peer.silent.add("getdata")
        await synced(fixture, chain)
        fixture.node.watch_transactions(True)
        files = sizes(tmp_path)
        (session,) = peer.sessions
        tracemalloc.start()
        try:
            for raw in frames:
                session.send_raw(raw)
                await session.writer.drain()
            session.send(Ping(4_711))
            await until(lambda: Pong(4_711) in session.received, what="the end of the flood", seconds=60)
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert held < 10_000_000
        assert sizes(tmp_path) == files
        assert fixture.listener.transactions == []
        assert len(fixture.node.peers()) == 1, "none of it is forbidden"


# --- P3


def nothing(data: bytes) -> None:
    """Instead of sending."""


async def drip(session: Session, _message: Message) -> bool:
    """One byte a second from now on."""
    session.peer.hooks.clear()
    session.send_raw(REGTEST.magic[:1])
    session.send_raw = nothing  # type: ignore[method-assign]
    return True


@pytest.mark.parametrize("command", ["getheaders", "getcfheaders", "getcfilters", "getdata"])
async def test_a_byte_and_no_more_does_not_keep_the_sync_from_ending(
    tmp_path: Path, chain: ChainBuilder, hands: Hands, command: str
) -> None:
    """The slow peer is there first and leads; whatever it is asked, an honest one answers in its stead."""
    hands.pace = 5.0
    async with ScriptedPeer(chain) as slow, ScriptedPeer(chain) as honest:
        slow.hooks[command] = drip
        await honest.stop()
        async with running(tmp_path, slow.address, honest.address) as fixture:
            await until(fixture.node.peers)
            await honest.start()
            await until(lambda: fixture.node.filter_tip == chain.height, what="the sync", seconds=30)
            batch = await fixture.node.fetch_filters(1, 30)
            block = await fixture.node.fetch_block(30)

    assert batch.filters == [built.filter for built in chain.blocks[1:31]]
    assert block.hash == chain.tip.hash


async def test_a_peer_that_reads_nothing_does_not_keep_the_sync_from_ending(
    tmp_path: Path, chain: ChainBuilder, hands: Hands
) -> None:
    hands.pace = 5.0
    stop = asyncio.Event()

    async def freeze(_session: Session, _message: Message) -> bool:
        await stop.wait()
        return True

    async with ScriptedPeer(chain) as deaf, ScriptedPeer(chain) as honest:
        deaf.hooks["sendheaders"] = freeze
        async with running(tmp_path, deaf.address, honest.address) as fixture:
            await until(lambda: fixture.node.filter_tip == chain.height, what="the sync", seconds=30)
            await until(fixture.node.tips_reconciled, what="the tips", seconds=30)
        stop.set()


# --- P8


async def test_one_peer_that_comes_three_times_is_one_voice(tmp_path: Path, chain: ChainBuilder) -> None:
    """Named twice, and again after it was lost: it answers each time, and still only one agrees."""
    async with ScriptedPeer(chain) as peer, running(tmp_path, peer.address, peer.address) as fixture:
        await synced(fixture, chain)
        for _ in range(2):
            peer.sessions[0].close()
            await until(lambda: not fixture.node.peers())
            await until(fixture.node.peers)
        chain.mine(2)
        peer.announce_tip()
        await synced(fixture, chain)
        assert sum(isinstance(message, GetCFHeaders) for message in peer.log) >= 3
        assert fixture.synchronizer.progress().agreed_by == 1


# --- P9

FILTER_BOMBS = {
    "four thousand million elements": compact_size(2**32 - 1) + bytes(100),
    "no end of ones": compact_size(100) + b"\xff" * 5_000,
    "more than N x M can hold": b"\xff" + b"\xff" * 8 + bytes(100),
    "cut off": compact_size(1_000) + bytes(3),
    "something behind it": b"\x00" + bytes(1_000),
}


@pytest.mark.parametrize("name", FILTER_BOMBS)
async def test_a_filter_that_is_a_bomb_is_refused_and_the_honest_one_taken(
    tmp_path: Path, chain: ChainBuilder, name: str
) -> None:
    """Backed by a filter header of its own: only the judge looks inside, and it is not hurt."""
    async with ScriptedPeer(chain) as hostile, ScriptedPeer(chain) as honest:
        bomb = FILTER_BOMBS[name]

        async def lie(session: Session, message: Message) -> bool:
            assert isinstance(message, GetCFHeaders)
            hashes = [block.filter_hash for block in chain.blocks[message.start_height :]]
            hashes[20 - message.start_height] = filter_hash(bomb)
            previous = chain.blocks[message.start_height].previous_filter_header
            session.send(CFHeaders(message.stop, previous, b"".join(hashes)))
            return True

        hostile.hooks["getcfheaders"] = lie
        hostile.filters[20] = bomb
        async with running(tmp_path, hostile.address, honest.address) as fixture:
            await until(lambda: fixture.node.filter_tip == chain.height, what="the sync")
            await until(lambda: not hostile.sessions, what="the ban")
            batch = await fixture.node.fetch_filters(20, 20)

    assert batch.filters == [chain.blocks[20].filter]


# --- P11, P16: peers that the program finds itself; a proxy that leads all of them to one scripted peer


class Book(NoBook):
    """Known peers that serve filters; anchors where `served` says when."""

    def __init__(self, *hosts: str, served: dict[str, float] | None = None) -> None:
        times = served or {}
        self.lines = [KnownPeer(Endpoint(host, 8333), int(FULL), last_success=times.get(host, 0.0)) for host in hosts]

    def load(self) -> Iterable[KnownPeer]:
        return self.lines


@contextlib.asynccontextmanager
async def discovering(folder: Path, proxy: SocksProxy, book: NoBook, **config: Any) -> AsyncIterator[Node]:
    """A node that finds its peers through a proxy."""
    params = replace(REGTEST, dns_seeds=("seed.example.org",))
    settings = NodeConfig(params, proxy=proxy.address, **config)
    files = HeaderFile(folder / "headers.dat"), FilterHeaderFile(folder / "filterheaders.dat")
    headers = HeaderChain(params, EMPTY_CHECKPOINTS, files[0])
    filters = FilterHeaderChain(params, (), files[1], headers)
    listener = Listener()
    node = Node(settings, headers, Synchronizer(params, headers, filters), listener, book)
    await node.start()
    try:
        yield node
    finally:
        await node.stop()
        for file in files:
            file.close()
    assert listener.errors == []


async def test_the_longer_no_block_comes_the_more_peers_are_asked_and_the_user_is_told(
    tmp_path: Path, chain: ChainBuilder, hands: Hands
) -> None:
    chain.mine(time=int(time.time()) - 20 * 60)
    book = Book(*(f"11.{number}.0.1" for number in range(40)))
    async with (
        ScriptedPeer(chain) as peer,
        SocksProxy(("127.0.0.1", peer.port)) as proxy,
        discovering(tmp_path, proxy, book) as node,
    ):
        await until(lambda: len(node.peers()) == 8 and node.tips_reconciled())
        await asyncio.sleep(1.2)
        assert (len(node.peers()), node.status().stale) == (8, False)
        hands.ahead += 15 * 60
        await until(lambda: len(node.peers()) == 9, what="one peer more")
        assert not node.status().stale
        hands.ahead += 60 * 60
        await until(lambda: node.status().stale, what="a word to the user")
        await until(lambda: len(node.peers()) == 11)
        await asyncio.sleep(1.2)
        assert len(node.peers()) == 11
        assert len({shown.netgroup for shown in node.peers()}) == 11
        chain.mine(time=int(time.time() + hands.ahead))
        peer.announce_tip()
        await until(lambda: not node.status().stale)


async def test_anchors_are_dialled_first_and_a_thousand_of_one_netgroup_win_one_slot(
    tmp_path: Path, chain: ChainBuilder
) -> None:
    crowd = [f"66.6.{number // 250}.{number % 250 + 1}" for number in range(1_000)]
    served = {f"{number}.0.0.1": 100.0 * number for number in range(20, 27)}
    book = Book(*crowd, *served, served=served)
    async with (
        ScriptedPeer(chain) as peer,
        SocksProxy(("127.0.0.1", peer.port)) as proxy,
        discovering(tmp_path, proxy, book) as node,
    ):
        await until(lambda: len(node.peers()) == 8)

    hosts = [asked.host for asked in proxy.asked]
    assert set(hosts[:2]) == {"25.0.0.1", "26.0.0.1"}
    assert sum(host.startswith("66.6.") for host in set(hosts)) == 1
    assert len(set(hosts)) == 8


async def test_behind_a_proxy_seeds_are_not_asked_and_fixed_ones_go_through_it(
    tmp_path: Path, chain: ChainBuilder, resolver_calls: list[str]
) -> None:
    onion = "a" * 56 + ".onion"
    seeds = ("11.22.33.44:8333", f"{onion}:8333")
    async with (
        ScriptedPeer(chain) as peer,
        SocksProxy(("127.0.0.1", peer.port)) as proxy,
        discovering(tmp_path, proxy, NoBook(), fixed_seeds=seeds) as node,
    ):
        await until(lambda: len(node.peers()) == 2)
        reached = len(peer.sessions)

    assert resolver_calls == []
    assert {asked.host for asked in proxy.asked} == {"11.22.33.44", onion}
    assert reached <= len({asked.login for asked in proxy.asked}) == len(proxy.asked), "each on a circuit of its own"


# --- P15


async def test_a_payment_is_not_held_up_by_peers_that_are_not_there(tmp_path: Path, chain: ChainBuilder) -> None:
    """Three were named and one is there: the report comes when that one has it, long before the time is up."""
    async with ScriptedPeer(chain) as peer, ScriptedPeer(chain) as gone, ScriptedPeer(chain) as away:
        addresses_ = peer.address, gone.address, away.address
        await gone.stop()
        await away.stop()
        async with running(tmp_path, *addresses_) as fixture:
            await until(fixture.node.peers)
            payment = chain.pay((SCRIPT, 70_000))
            async with asyncio.timeout(30):
                report = await fixture.node.broadcast(payment.serialize(), seconds=600)

    assert (report.sent_to, report.requested_by, report.propagated) == (1, 1, False)


# --- after a sleep


async def test_sockets_that_died_in_a_sleep_are_replaced_within_a_minute(
    tmp_path: Path, chain: ChainBuilder, hands: Hands
) -> None:
    async with ScriptedPeer(chain) as peer, running(tmp_path, peer.address) as fixture:
        await synced(fixture, chain)
        (dead,) = peer.sessions
        dead.send_raw = nothing  # type: ignore[method-assign]
        chain.mine(3)
        hands.ahead += 8 * 3_600
        woke = hands.ahead
        for count in (2, 3):
            await until(lambda count=count: len(dead.got(Ping)) >= count, what="a ping")  # type: ignore[misc]
            hands.ahead += 20.5
        await synced(fixture, chain)
        assert hands.ahead - woke < 60
