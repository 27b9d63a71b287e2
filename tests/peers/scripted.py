"""A peer on the loopback that serves a generated chain over the real wire, and misbehaves where a test says so."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from tests.peers.chain import BuiltBlock, ChainBuilder
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash, FilterHeader
from wallet.bitcoin.transaction import Transaction
from wallet.spv.message import (
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
    GetCFCheckpt,
    GetCFHeaders,
    GetCFilters,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvType,
    Message,
    NetworkAddress,
    NotFound,
    Ping,
    Pong,
    Services,
    Tx,
    Verack,
    Version,
    WtxidRelay,
)
from wallet.spv.transport import TransportError, V1Transport
from wallet.spv.transport_v2 import HandshakeSecrets, V2Transport

LOOPBACK = "127.0.0.1"
FULL = Services.NETWORK | Services.WITNESS | Services.COMPACT_FILTERS
MAX_HEADERS = 2_000

Hook = Callable[["Session", Message], Awaitable[bool | None]]


async def until(condition: Callable[[], object], *, what: str = "", seconds: float = 20.0) -> None:
    """Return when a condition holds, asked every 5 ms; TimeoutError, naming what was waited for, when it never does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        if loop.time() > deadline:
            raise TimeoutError(f"waited for {what or condition}")
        await asyncio.sleep(0.005)


class Session:
    """One connection to the scripted peer."""

    def __init__(self, peer: "ScriptedPeer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peer = peer
        self.reader = reader
        self.writer = writer
        self.transport = peer.make_transport()
        self.received: list[Message] = []
        self.version: Version | None = None
        self.ready = False
        self.wtxid_relay = False

    def send(self, *messages: Message) -> None:
        for message in messages:
            self.send_raw(self.transport.encode(message))

    def feed(self, data: bytes) -> list[Message]:
        """The messages in what came in; a handshake of version 2 goes on by itself."""
        messages = self.transport.feed(data)
        if isinstance(self.transport, V2Transport):
            self.send_raw(self.transport.take_handshake())
        return messages

    def send_raw(self, data: bytes) -> None:
        pieces = [data[at : at + 1] for at in range(len(data))] if self.peer.trickle else [data]
        if not self.writer.is_closing():
            for piece in pieces:
                self.writer.write(piece)

    def close(self) -> None:
        self.writer.transport.abort()

    def got(self, kind: type[Message]) -> list[Message]:
        """The messages of a kind that came in, in order."""
        return [message for message in self.received if isinstance(message, kind)]


class ScriptedPeer:
    """Serves `chain` (swap it to reorganise) and relays transactions.

    `hooks[command]` is awaited before the normal answer to a message; when it returns True there is no normal answer.
    `silent` holds the commands that are never answered. `filters` and `filter_headers` replace what is served for a
    height. `relays` are peers that a transaction accepted here is announced by, too. `trickle` sends byte by byte.
    `relay` off: it says that it takes no transactions (`-blocksonly`). `encrypted` peers speak version 2 of the
    transport (BIP324), after some garbage, and nothing else.
    """

    def __init__(self, chain: ChainBuilder, *, services: int = FULL, protocol: int = 70016) -> None:
        self.chain = chain
        self.services = services
        self.protocol = protocol
        self.nonce = id(self)
        self.hooks: dict[str, Hook] = {}
        self.silent: set[str] = set()
        self.trickle = False
        self.encrypted = False
        self.relay = True
        self.filters: dict[int, bytes] = {}
        self.filter_hashes: dict[int, bytes] = {}
        self.previous_filter_headers: dict[int, FilterHeader] = {}
        self.mempool: dict[bytes, Transaction] = {}
        self.relays: list[ScriptedPeer] = []
        self.sessions: list[Session] = []
        self.log: list[Message] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    # ---- life

    def make_transport(self) -> V1Transport | V2Transport:
        """The transport of a new session."""
        magic = self.chain.params.magic
        if not self.encrypted:
            return V1Transport(magic)
        keys = HandshakeSecrets(bytearray(secrets.token_bytes(32)), secrets.token_bytes(32), secrets.token_bytes(100))
        return V2Transport(magic, keys, initiating=False)

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; on the same port as before when it was started once."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        for session in [*self.sessions]:
            session.close()
        await until(lambda: not self.sessions, what="sessions to end")
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        self.sessions.append(session)
        try:
            while data := await reader.read(65_536):
                for message in session.feed(data):
                    session.received.append(message)
                    self.log.append(message)
                    await self._handle(session, message)
        except (ConnectionError, TransportError, ParseError):
            pass
        finally:
            self.sessions.remove(session)
            session.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _handle(self, session: Session, message: Message) -> None:
        hook = self.hooks.get(message.command)
        if hook is not None and await hook(session, message):
            return
        if message.command not in self.silent:
            self._answer(session, message)

    # ---- answers

    def _answer(self, session: Session, message: Message) -> None:
        match message:
            case Version():
                self._on_version(session, message)
            case WtxidRelay():
                session.wtxid_relay = True
            case Verack():
                session.ready = True
            case Ping(nonce):
                session.send(Pong(nonce))
            case Inv() | GetData():
                self._answer_inventory(session, message)
            case _:
                self._answer_chain(session, message)

    def _answer_inventory(self, session: Session, message: Inv | GetData) -> None:
        if isinstance(message, GetData):
            for kind, digest in message:
                session.send(self._inventory(kind, digest))
            return
        kinds = (InvType.TX, InvType.WTX)
        wanted = [(kind, digest) for kind, digest in message if kind in kinds and digest not in self.mempool]
        if wanted:
            session.send(GetData.of(*wanted))

    def _answer_chain(self, session: Session, message: Message) -> None:
        match message:
            case GetHeaders():
                session.send(Headers(self.headers_after(message)))
            case GetCFilters():
                for block in self._range(message.start_height, message.stop, 1_000):
                    session.send(CFilter(block.hash, self.filters.get(block.height, block.filter)))
            case GetCFHeaders():
                self._send_filter_hashes(session, message)
            case GetCFCheckpt():
                self._send_checkpoints(session, message)
            case Tx(raw):
                self.accept(Transaction.parse(raw), source=session)
            case _:
                pass

    def _on_version(self, session: Session, message: Version) -> None:
        session.version = message
        nowhere = NetworkAddress.unspecified()
        ours = Version(
            protocol=self.protocol,
            services=self.services,
            time=message.time,
            receiver=nowhere,
            sender=nowhere,
            nonce=self.nonce,
            user_agent=b"/Scripted:1/",
            start_height=self.chain.height,
            relay=self.relay,
        )
        session.send(ours, WtxidRelay(), Verack())

    def headers_after(self, request: GetHeaders) -> bytes:
        """At most 2,000 raw headers after the first hash of the locator that is in the chain."""
        known = (height for height in map(self.chain.height_of, request.locator) if height is not None)
        first = next(known, 0) + 1
        stop = self.chain.height_of(request.stop)
        last = self.chain.height if stop is None else stop
        return self.chain.raw_headers(first, min(MAX_HEADERS, max(0, last - first + 1)))

    def _range(self, start: int, stop: BlockHash, maximum: int) -> list[BuiltBlock]:
        """The blocks asked for; nothing where the reference node would not answer either."""
        last = self.chain.height_of(stop)
        if last is None or not start <= last < start + maximum:
            return []
        return self.chain.blocks[start : last + 1]

    def _send_filter_hashes(self, session: Session, request: GetCFHeaders) -> None:
        blocks = self._range(request.start_height, request.stop, 2_000)
        if blocks:
            first = blocks[0]
            previous = self.previous_filter_headers.get(first.height, first.previous_filter_header)
            hashes = b"".join(self.filter_hashes.get(block.height, block.filter_hash) for block in blocks)
            session.send(CFHeaders(request.stop, previous, hashes))

    def _send_checkpoints(self, session: Session, request: GetCFCheckpt) -> None:
        last = self.chain.height_of(request.stop)
        if last is not None:
            headers = b"".join(self.chain.blocks[height].filter_header for height in range(1_000, last + 1, 1_000))
            session.send(CFCheckpt(request.stop, headers))

    def _inventory(self, kind: int, digest: bytes) -> Message:
        if kind == InvType.WITNESS_BLOCK:
            height = self.chain.height_of(digest)
            if height is not None:
                return BlockMessage(self.chain.blocks[height].raw)
        if kind in (InvType.WTX, InvType.WITNESS_TX, InvType.TX) and digest in self.mempool:
            return Tx(self.mempool[digest].serialize())
        return NotFound.of((kind, digest))

    # ---- relay

    def announce(self, transaction: Transaction, *, exclude: Session | None = None) -> None:
        """Put a transaction into the mempool and announce it to everybody who is connected."""
        self.mempool[transaction.txid] = self.mempool[transaction.wtxid] = transaction
        for session in self.sessions:
            if session is not exclude and session.ready:
                by_wtxid = (InvType.WTX, transaction.wtxid)
                session.send(Inv.of(by_wtxid if session.wtxid_relay else (InvType.TX, transaction.txid)))

    def accept(self, transaction: Transaction, source: Session | None = None) -> None:
        """Take a transaction as the reference node does: announce it to all but its source, here and by the relays."""
        if transaction.wtxid in self.mempool:
            return
        self.announce(transaction, exclude=source)
        for other in self.relays:
            other.accept(transaction)

    def announce_tip(self) -> None:
        """Announce the newest block by its header, as a peer that was sent sendheaders does."""
        for session in self.sessions:
            if session.ready:
                session.send(Headers(self.chain.tip.header.serialize()))
