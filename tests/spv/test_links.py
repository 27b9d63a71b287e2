"""Encrypted connections over real sockets, and the way back to version 1 for whoever does not know them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import FULL, ScriptedPeer, Session, until
from tests.peers.socks import SocksProxy
from tests.spv.test_connection import Fixture, linked
from wallet.bitcoin.network import REGTEST
from wallet.spv import connection as connection_module
from wallet.spv.addrman import Endpoint, ManualPeers
from wallet.spv.connection import Proxy
from wallet.spv.message import Inv, Message, NetworkAddress, Ping, Services, Tx, Verack, Version

Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def peer() -> AsyncIterator[ScriptedPeer]:
    async with ScriptedPeer(ChainBuilder()) as running:
        running.encrypted = True
        yield running


@pytest.fixture
async def plain() -> AsyncIterator[ScriptedPeer]:
    async with ScriptedPeer(ChainBuilder()) as running:
        yield running


class Doorkeeper:
    """Stands before a peer: the first connections get `answers`, one each, the later ones the peer."""

    def __init__(self, peer: ScriptedPeer, *answers: Streams) -> None:
        self.peer = peer
        self.answers = list(answers)
        self.connections = 0
        self.address = ""

    async def __aenter__(self) -> "Doorkeeper":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for session in [*self.peer.sessions]:
            session.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if not self.answers:
            await self.peer._serve(reader, writer)
            return
        with contextlib.suppress(ConnectionError):
            await self.answers.pop(0)(reader, writer)
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """What a full node does, and one that knows version 1 alone."""


async def answer_in_html(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(64)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"<p>no</p>" * 1_000)
    await writer.drain()
    await reader.read()


async def answer_in_version_1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(64)
    writer.write(REGTEST.magic + b"version".ljust(12, b"\0") + bytes(8))
    await reader.read()


async def end_within_the_key(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(64)
    writer.write(bytes(range(100, 140)))
    await writer.drain()


async def end_after_the_key(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(64)
    writer.write(bytes(range(100, 164)))
    await writer.drain()


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(65_536):
        pass


async def test_a_connection_is_encrypted_where_the_peer_can(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        fixture.links.send(fixture.seen.ready[0].id, Inv.of((2, bytes(32))))
        await until(lambda: peer.sessions[0].got(Inv))
        peer.sessions[0].send(Tx(bytes(100_000)))
        await until(lambda: fixture.seen.messages)
        (link,) = fixture.links.links

        assert fixture.seen.ready[0].transport == "v2"
        assert fixture.seen.messages == [Tx(bytes(100_000))]
        assert link.connection.received > 100_000
        assert len([message for message in peer.log if isinstance(message, Version)]) == 1


async def test_nothing_on_the_wire_can_be_read(peer: ScriptedPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = bytearray()
    original = Session.feed

    def noting(session: Session, data: bytes) -> list[Message]:
        seen.extend(data)
        return original(session, data)

    monkeypatch.setattr(Session, "feed", noting)
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        await until(lambda: any(isinstance(message, Ping) for message in peer.log))

    assert len(seen) > 64 + 16 + 20 + 129
    assert REGTEST.magic not in seen
    assert b"Wren" not in seen


async def test_an_encrypted_handshake_byte_by_byte_succeeds(peer: ScriptedPeer) -> None:
    peer.trickle = True
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)

    assert fixture.seen.ready[0].transport == "v2"


@pytest.mark.parametrize(
    "answer", [hang_up, answer_in_html, answer_in_version_1, end_within_the_key, end_after_the_key]
)
async def test_who_does_not_answer_in_version_2_is_dialled_anew_in_version_1(
    plain: ScriptedPeer, answer: Streams
) -> None:
    async with Doorkeeper(plain, answer) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)
        assert fixture.seen.ready[0].transport == "v1"
        assert door.connections == 2
        assert fixture.seen.gone == []


async def test_who_says_nothing_to_version_2_is_dialled_anew_in_version_1(
    plain: ScriptedPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "ENCRYPTION_TIMEOUT", 0.05)
    async with Doorkeeper(plain, say_nothing) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)
        assert fixture.seen.ready[0].transport == "v1"
        assert door.connections == 2


async def test_a_peer_of_version_1_is_remembered_as_such(plain: ScriptedPeer) -> None:
    async with Doorkeeper(plain) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)
        assert door.connections == 2
        plain.sessions[0].close()
        await until(lambda: len(fixture.seen.ready) == 2)

        assert door.connections == 3
        assert [info.transport for info in fixture.seen.ready] == ["v1", "v1"]


async def test_a_peer_of_version_1_that_learned_better_is_spoken_to_in_version_2(plain: ScriptedPeer) -> None:
    async with Doorkeeper(plain) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)
        plain.encrypted = True
        plain.sessions[0].close()
        await until(lambda: len(fixture.seen.ready) == 2)

        assert door.connections == 4
        assert [info.transport for info in fixture.seen.ready] == ["v1", "v2"]


async def test_what_came_over_an_attempt_that_failed_is_counted_too(plain: ScriptedPeer) -> None:
    async with Doorkeeper(plain, answer_in_html) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)
        (link,) = fixture.links.links

        assert fixture.links.received > link.connection.received + 4_000


async def test_a_peer_that_says_it_knows_version_2_is_asked_again(plain: ScriptedPeer) -> None:
    plain.services = FULL | Services.P2P_V2
    async with Doorkeeper(plain, hang_up) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)
        plain.encrypted = True
        plain.sessions[0].close()
        await until(lambda: len(fixture.seen.ready) == 2)

        assert door.connections == 3
        assert [info.transport for info in fixture.seen.ready] == ["v1", "v2"]


async def test_a_peer_that_hangs_up_on_both_versions_is_tried_in_both_again(plain: ScriptedPeer) -> None:
    plain.encrypted = True
    async with Doorkeeper(plain, hang_up, hang_up) as door, linked(door.address) as fixture:
        await until(lambda: fixture.seen.ready)

        assert door.connections == 3
        assert [info.transport for info in fixture.seen.ready] == ["v2"]


async def test_who_sends_a_forged_packet_is_cut_off(peer: ScriptedPeer) -> None:
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)
        (session,) = peer.sessions
        packet = bytearray(session.transport.encode(Ping(1)))
        packet[-1] ^= 1
        session.send_raw(bytes(packet))

        await until(lambda: fixture.seen.gone == [fixture.seen.ready[0].id])
        await until(lambda: len(fixture.seen.ready) == 2)
        assert [info.transport for info in fixture.seen.ready] == ["v2", "v2"]


async def test_a_message_that_comes_with_the_end_of_the_handshake_is_not_lost(
    peer: ScriptedPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = NetworkAddress.unspecified()
    hello = Version(70016, FULL, int(time.time()), nowhere, nowhere, 1, b"/Early/", start_height=0, relay=True)
    original = Session.feed
    greeted: list[Session] = []

    def eager(session: Session, data: bytes) -> list[Message]:
        """As soon as the keys are there, before the other end's version packet."""
        messages = original(session, data)
        if session not in greeted:
            greeted.append(session)
            session.send(hello)
        return messages

    async def acknowledge(session: Session, _message: Message) -> bool:
        session.send(Verack())
        return True

    monkeypatch.setattr(Session, "feed", eager)
    peer.hooks["version"] = acknowledge
    async with linked(peer.address) as fixture:
        await until(lambda: fixture.seen.ready)

    assert fixture.seen.ready[0].user_agent == "/Early/"


async def test_the_end_comes_at_once_while_a_peer_keeps_us_waiting(plain: ScriptedPeer) -> None:
    async with Doorkeeper(plain, say_nothing) as door:
        fixture = Fixture(ManualPeers([Endpoint.parse(door.address, 1)]))
        fixture.links.start()
        await until(lambda: door.connections == 1)
        async with asyncio.timeout(5):
            await fixture.links.stop()

    assert fixture.seen.errors == []
    assert fixture.seen.ready == []


async def test_behind_a_proxy_connections_are_encrypted_too(peer: ScriptedPeer) -> None:
    async with (
        SocksProxy(("127.0.0.1", peer.port)) as socks,
        linked("expyuzz4wqqyqhjn.onion:18444", proxy=Proxy.parse(socks.address)) as fixture,
    ):
        await until(lambda: fixture.seen.ready)

    assert fixture.seen.ready[0].transport == "v2"
    assert len(socks.asked) == 1


async def test_behind_a_proxy_version_1_comes_over_a_connection_and_a_login_of_its_own(plain: ScriptedPeer) -> None:
    async with (
        SocksProxy(("127.0.0.1", plain.port)) as socks,
        linked("expyuzz4wqqyqhjn.onion:18444", proxy=Proxy.parse(socks.address)) as fixture,
    ):
        await until(lambda: fixture.seen.ready)

    assert fixture.seen.ready[0].transport == "v1"
    assert len({asked.login for asked in socks.asked}) == 2
    assert {asked.host for asked in socks.asked} == {"expyuzz4wqqyqhjn.onion"}
