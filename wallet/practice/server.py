"""The practice node's sockets: it listens on the loopback and speaks versions 1 and 2 of the transport."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Iterable
from typing import Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.transaction import Transaction
from wallet.practice.chain import StoredBlock
from wallet.practice.session import Disconnect, Session
from wallet.practice.state import NodeState
from wallet.spv.message import Message
from wallet.spv.transport import HEADER_SIZE, TransportError, V1Transport
from wallet.spv.transport_v2 import HandshakeSecrets, V2Transport

LOOPBACK: Final = "127.0.0.1"
READ_SIZE: Final = 65_536
SILENCE: Final = 1_200.0
"""Who says nothing for twenty minutes is gone, as with the reference node."""
_V1_START: Final = REGTEST.magic + b"version".ljust(12, b"\0")

log = logging.getLogger(__name__)


class Link:
    """One connection."""

    def __init__(self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.session = session
        self._reader = reader
        self._writer = writer
        self._transport: V1Transport | V2Transport | None = None

    def send(self, messages: Iterable[Message]) -> None:
        """Write messages, unless the peer is gone."""
        if self._transport is not None and not self._writer.is_closing():
            self._writer.write(b"".join(map(self._transport.encode, messages)))

    def close(self) -> None:
        self._writer.transport.abort()

    async def read(self) -> list[Message] | None:
        """The next messages; None when the peer is gone. Raises TransportError, ParseError."""
        async with asyncio.timeout(SILENCE):
            data = await self._reader.read(READ_SIZE)
            if data and self._transport is None:
                data = await self._choose(data)
        if not data or self._transport is None:
            return None
        messages = self._transport.feed(data)
        if isinstance(self._transport, V2Transport):
            self._writer.write(self._transport.take_handshake())
        await self._writer.drain()
        return messages

    async def _choose(self, data: bytes) -> bytes:
        """Wait until it is clear which version the peer speaks: version 1 begins with its first message's header."""
        while len(data) < len(_V1_START) and _V1_START.startswith(data):
            more = await self._reader.read(HEADER_SIZE)
            if not more:
                return b""
            data += more
        if data.startswith(_V1_START):
            self._transport = V1Transport(REGTEST.magic)
        else:
            keys = HandshakeSecrets(bytearray(secrets.token_bytes(32)), secrets.token_bytes(32))
            self._transport = V2Transport(REGTEST.magic, keys, initiating=False)
        return data


class Server:
    """Serves a state to whoever connects. Everything happens on the running loop."""

    def __init__(self, state: NodeState) -> None:
        self._state = state
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback; port 0 takes a free one. OSError where it is taken."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for link in self._links:
            link.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    @property
    def peers(self) -> int:
        """How many are connected and have shaken hands."""
        return sum(link.session.ready for link in self._links)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(Session(self._state, secrets.randbits(64)), reader, writer)
        self._links.add(link)
        try:
            while (messages := await link.read()) is not None:
                for message in messages:
                    link.send(link.session.receive(message, int(time.time())))
                    self._pass_on(link)
        except (Disconnect, TransportError, ParseError, TimeoutError, OSError) as reason:
            log.info("a peer of the practice node is gone: %s", reason)
        finally:
            self._links.discard(link)
            link.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _pass_on(self, source: Link) -> None:
        taken, source.session.accepted = source.session.accepted, []
        if taken:
            self.announce_transactions(taken)

    def announce_transactions(self, transactions: Iterable[Transaction]) -> None:
        """Tell every peer that does not know them."""
        news = list(transactions)
        for link in self._links:
            link.send(link.session.announce_transactions(news))

    def announce_blocks(self, blocks: Iterable[StoredBlock]) -> None:
        """Tell every peer of new blocks on top of the chain."""
        news = list(blocks)
        for link in self._links:
            link.send(link.session.announce_blocks(news))
