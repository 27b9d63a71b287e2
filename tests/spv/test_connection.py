"""Connections over real sockets: the handshake, every way to misbehave, reconnecting, the proxy."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import ScriptedPeer, Session, until
from tests.peers.socks import SocksProxy
from wallet.bitcoin.network import MAINNET, REGTEST
from wallet.spv.addrman import Endpoint, ManualPeers, PeerSource
from wallet.spv.connection import Connection, DialError, Proxy, dial, resolve
from wallet.spv.fault import PeerFault
from wallet.spv.links import Links
from wallet.spv.message import Inv, Message, Ping, Tx, Unknown, Version
from wallet.spv.peer import PeerInfo
from wallet.spv.transport import V1Transport


class Recorder:
    """A handler that keeps what it is told."""

    def __init__(self) -> None:
        self.ready: list[PeerInfo] = []
        self.gone: list[int] = []
        self.messages: list[Message] = []
        self.errors: list[BaseException] = []
        self.on_message: Callable[[Message], None] = lambda message: None

    def peer_ready(self, info: PeerInfo) -> None:
        self.ready.append(info)

    def peer_gone(self, peer_id: int) -> None:
        self.gone.append(peer_id)

    def message(self, peer_id: int, message: Message) -> None:
        self.messages.append(message)
        self.on_message(message)

    def tick(self, now: float) -> None:
        pass

    def failed(self, error: BaseException) -> None:
        self.errors.append(error)


class MovableClock:
    """The time, which a test may push forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Fixture:
    """Links to one scripted peer, and the handler that watches."""

    def __init__(self, source: PeerSource, proxy: Proxy | None = None) -> None:
        self.seen = Recorder()
        self.clock = MovableClock()
        self.links = Links(REGTEST.magic, source, self.seen, self.clock, proxy=proxy)


@contextlib.asynccontextmanager
async def linked(*addresses: str, proxy: Proxy | None = None) -> AsyncIterator[Fixture]:
    fixture = Fixture(ManualPeers([Endpoint.parse(each, 18444) for each in addresses]), proxy)
    fixture.links.start()
    try:
        yield fixture
    finally:
        await fixture.links.stop()
        assert fixture.seen.errors == []


@pytest.fixture
async def peer() -> AsyncIterator[ScriptedPeer]:
    async with ScriptedPeer(ChainBuilder()) as running:
        yield running


async def test_a_handshake_over_real_sockets(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        (session,) = peer.sessions
        await until(lambda: session.ready)

    (info,) = fixture.seen.ready
    assert (info.address, info.user_agent, info.manual) == (peer.address, "/Scripted:1/", True)
    assert [message.command for message in session.received[:5]] == [
        "version", "wtxidrelay", "sendaddrv2", "verack", "ping",
    ]  # fmt: skip
    assert fixture.seen.gone == [info.id]


async def test_messages_go_both_ways_and_are_counted(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        fixture.links.send(fixture.seen.ready[0].id, Inv.of((2, bytes(32))))
        await until(lambda: peer.sessions[0].got(Inv))
        peer.sessions[0].send(Tx(bytes(100_000)))
        await until(lambda: fixture.seen.messages)
        (link,) = fixture.links.links

        assert fixture.seen.messages == [Tx(bytes(100_000))]
        assert fixture.links.received == link.connection.received > 100_000
        assert link.connection.sent > 150

    assert fixture.links.received > 100_000


GOOD = V1Transport(REGTEST.magic)
BAD_CHECKSUM = bytearray(GOOD.encode(Ping(7)))
BAD_CHECKSUM[20] ^= 1
HOSTILE = {
    "another network's magic": V1Transport(MAINNET.magic).encode(Ping(7)),
    "a wrong checksum": bytes(BAD_CHECKSUM),
    "a length above the cap": REGTEST.magic + b"ping".ljust(12, b"\0") + b"\xff\xff\xff\x00" + bytes(4),
    "a command that is no word": REGTEST.magic + b"\xff" * 12 + bytes(8),
    "a payload that does not parse": GOOD.encode(Unknown("inv")),
    "a web server's answer": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a second version": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_who_sends_nonsense_is_cut_off(peer: ScriptedPeer, name: str) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        (session,) = peer.sessions
        await until(lambda: session.ready)
        session.send_raw(HOSTILE[name] or GOOD.encode(session.got(Version)[0]))

        await until(lambda: fixture.seen.gone == [fixture.seen.ready[0].id])
        await until(lambda: session not in peer.sessions)
        # It was named by the user: a little later it gets another chance.
        await until(lambda: len(fixture.seen.ready) == 2)


async def test_nonsense_instead_of_a_version_never_makes_a_peer(peer: ScriptedPeer) -> None:
    async def hook(session: Session, _message: Message) -> bool:
        session.send_raw(b"SSH-2.0-OpenSSH_9.2\r\n")
        return True

    peer.hooks["version"] = hook
    async with linked(peer.address) as fixture:
        await until(lambda: sum(isinstance(message, Version) for message in peer.log) == 2)

    assert fixture.seen.ready == []
    assert fixture.seen.gone == []


async def test_a_silent_peer_is_dropped_when_the_handshake_takes_too_long(peer: ScriptedPeer) -> None:
    peer.silent.add("version")
    async with linked(peer.address) as fixture:
        await until(lambda: peer.log)
        (session,) = peer.sessions
        fixture.clock.ahead += 61
        await until(lambda: session not in peer.sessions)

    assert fixture.seen.ready == []


async def test_a_handshake_byte_by_byte_succeeds(peer: ScriptedPeer) -> None:
    peer.trickle = True
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)


async def test_a_peer_that_goes_deaf_is_dropped_within_a_minute(peer: ScriptedPeer) -> None:
    peer.silent.add("ping")
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        fixture.clock.ahead += 21
        await until(lambda: len(peer.sessions[0].got(Ping)) == 2)
        fixture.clock.ahead += 21

        assert fixture.clock.ahead < 60
        await until(lambda: fixture.seen.gone)


async def test_a_peer_that_never_reads_is_dropped_before_it_costs_memory(peer: ScriptedPeer) -> None:
    stop = asyncio.Event()

    async def never_read(_session: Session, _message: Message) -> bool:
        await stop.wait()
        return True

    peer.hooks["inv"] = never_read
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        peer_id = fixture.seen.ready[0].id
        flood = Inv(bytes(36 * 20_000))
        (link,) = fixture.links.links
        for _ in range(40):
            fixture.links.send(peer_id, flood)
            await asyncio.sleep(0)
            if link.dropped:
                break
        assert link.dropped
        await until(lambda: fixture.seen.gone)
        stop.set()


async def test_a_node_that_is_restarted_is_picked_up(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        await peer.stop()
        await until(lambda: fixture.seen.gone)
        await asyncio.sleep(0.7)
        await peer.start()

        await until(lambda: len(fixture.seen.ready) == 2)
        assert fixture.seen.ready[0].id != fixture.seen.ready[1].id


async def test_a_fault_found_above_drops_the_peer_and_bans_it(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)

        def refuse(_message: Message) -> None:
            raise PeerFault("bad-pow")

        fixture.seen.on_message = refuse
        peer.sessions[0].send(Tx(b"1"), Tx(b"2"))
        await until(lambda: fixture.seen.gone)
        fixture.clock.ahead += 500
        await asyncio.sleep(1.2)

        assert len(fixture.seen.ready) == 1
        assert fixture.seen.messages == [Tx(b"1")]


async def test_a_defect_above_is_reported_and_not_blamed_on_the_peer(peer: ScriptedPeer) -> None:
    fixture = Fixture(ManualPeers([Endpoint.parse(peer.address, 1)]))

    def break_down(_message: Message) -> None:
        raise KeyError("a defect")

    fixture.seen.on_message = break_down
    fixture.links.start()
    await until(lambda: fixture.seen.ready)
    peer.sessions[0].send(Tx(b"1"))
    await until(lambda: fixture.seen.errors)
    await fixture.links.stop()

    assert [type(error) for error in fixture.seen.errors] == [KeyError]


async def test_what_is_dropped_by_the_handler_says_nothing_more(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        peer_id = fixture.seen.ready[0].id
        fixture.seen.on_message = lambda _: fixture.links.drop(peer_id, "enough", ban=True)
        peer.sessions[0].send_raw(GOOD.encode(Tx(b"1")) + GOOD.encode(Tx(b"2")))
        await until(lambda: fixture.seen.gone)
        fixture.links.send(peer_id, Ping(1))

    assert fixture.seen.messages == [Tx(b"1")]


async def test_what_is_queued_is_sent_before_the_connection_closes(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        fixture.links.send(fixture.seen.ready[0].id, Tx(bytes(3_900_000)))

    await until(lambda: any(isinstance(message, Tx) for message in peer.log), what="the last words")


async def test_nobody_at_home_is_a_dial_error() -> None:
    async with ScriptedPeer(ChainBuilder()) as gone:
        endpoint = Endpoint.parse(gone.address, 1)
    with pytest.raises(DialError, match=str(endpoint)):
        await dial(endpoint)


# ---- proxy


@pytest.fixture
def resolver_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name that this process asks its resolver for."""
    calls: list[str] = []
    original = socket.getaddrinfo

    def counted(host: str, *rest: Any, **options: Any) -> Any:
        calls.append(host)
        return original(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    return calls


async def test_behind_a_proxy_no_name_is_resolved_and_each_peer_has_its_own_login(
    peer: ScriptedPeer, resolver_calls: list[str]
) -> None:
    peer.encrypted = True
    async with SocksProxy(("127.0.0.1", peer.port)) as socks:
        names = ["node.example.org:8333", "expyuzz4wqqyqhjn.onion:18444"]
        async with linked(*names, proxy=Proxy.parse(socks.address)) as fixture:
            await until(lambda: len(fixture.seen.ready) == 2)

    assert {(asked.host, asked.port) for asked in socks.asked} == {
        ("node.example.org", 8333),
        ("expyuzz4wqqyqhjn.onion", 18444),
    }
    assert len({asked.login for asked in socks.asked}) == 2
    assert resolver_calls == []


async def test_a_proxy_that_cannot_reach_the_peer_is_a_dial_error() -> None:
    async with SocksProxy(("127.0.0.1", 1)) as socks:
        socks.refusing = True
        with pytest.raises(DialError, match=r"node\.example\.org"):
            await dial(Endpoint("node.example.org", 8333), Proxy.parse(socks.address))


async def test_a_proxy_that_is_not_there_is_a_dial_error() -> None:
    async with SocksProxy(("127.0.0.1", 1)) as socks:
        proxy = Proxy.parse(socks.address)
    with pytest.raises(DialError):
        await dial(Endpoint("node.example.org", 8333), proxy)


async def test_a_seed_is_resolved_and_a_seed_that_is_not_there_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(host: str, port: int, *_rest: object) -> list[object]:
        if host == "gone.example":
            raise OSError("no such name")
        return [(2, 1, 6, "", ("192.0.2.7", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)

    assert await resolve("seed.example", 8333) == [Endpoint("192.0.2.7", 8333)]
    assert await resolve("gone.example", 8333) == []


async def test_a_connection_reads_nothing_when_the_other_side_resets() -> None:
    async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(reset, "127.0.0.1")
    async with server:
        connection = await dial(Endpoint("127.0.0.1", server.sockets[0].getsockname()[1]))
        assert isinstance(connection, Connection)
        assert await connection.read() == b""
        await connection.close()


@pytest.mark.parametrize("host", ["expyuzz4wqqyqhjn.onion", "expyuzz4wqqyqhjn.onion.", "sub.expyuzz4wqqyqhjn.onion"])
async def test_without_a_proxy_no_resolver_is_asked_for_an_onion_address(host: str, resolver_calls: list[str]) -> None:
    with pytest.raises(DialError, match="proxy"):
        await dial(Endpoint(host, 8333))
    assert resolver_calls == []
