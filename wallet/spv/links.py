"""All connections to peers, as many as a PeerSource wants, and the way of the bytes: transport, peer, handler, back.

A connection is encrypted (BIP324) where the peer can. Who hangs up on that, or answers with anything else, is dialled
anew and spoken to in version 1; once that has worked, and the peer does not claim to know better, it comes first.
"""

import asyncio
import contextlib
import itertools
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from wallet.bitcoin.codec import ParseError
from wallet.spv.addrman import Ban, Endpoint, PeerSource
from wallet.spv.connection import Connection, DialError, Proxy, dial, encrypt, resolve
from wallet.spv.fault import PeerFault
from wallet.spv.message import GetAddr, Message, Services
from wallet.spv.peer import AddressesHeard, Dialled, Peer, PeerEvent, PeerInfo, PeerReady
from wallet.spv.transport import TransportError, V1Transport
from wallet.spv.transport_v2 import V2Transport

TICK: Final = 1.0
FLUSH_TICKS: Final = 60
# So long after the tick before, where one comes each second, the machine must have slept.
SLEPT: Final = 15.0
# Of peers that announce transactions, where those are not fetched: enough to hear that a payment of ours has travelled.
FEW_ANNOUNCING: Final = 2

Transport: TypeAlias = V1Transport | V2Transport

log = logging.getLogger(__name__)


class LinkHandler(Protocol):
    """Who is told what peers say. Calls are never nested in one another by Links."""

    def peer_ready(self, info: PeerInfo) -> None:
        """A handshake is complete."""

    def peer_gone(self, peer_id: int) -> None:
        """A peer that was ready is gone."""

    def message(self, peer_id: int, message: Message) -> None:
        """A peer that is ready says something. May raise PeerFault."""

    def tick(self, now: float) -> None:
        """About a second has passed."""

    def failed(self, error: BaseException) -> None:
        """Something broke that is no peer's fault."""


@dataclass(slots=True, eq=False)
class Link:
    """One open connection and its protocol side."""

    endpoint: Endpoint
    peer: Peer
    connection: Connection
    transport: Transport
    ready: bool = False
    dropped: bool = False
    ban: bool = False
    reason: str = ""

    @property
    def announces(self) -> bool:
        """Whether it tells of transactions, as far as is known: who takes none has none to tell of (BIP37, BIP60)."""
        return self.peer.info.announces and self.peer.info.relay and not self.dropped

    def hang_up(self) -> None:
        """End the connection, for no fault of the peer."""
        self.dropped = True
        self.connection.abort()


class Links:
    """All connections. Everything happens on the running loop."""

    def __init__(
        self,
        magic: bytes,
        source: PeerSource,
        handler: LinkHandler,
        clock: Callable[[], float],
        *,
        proxy: Proxy | None = None,
        user_agent: str = "/Wren:0.1/",
    ) -> None:
        self._magic = magic
        self._source = source
        self._handler = handler
        self._clock = clock
        self._proxy = proxy
        self._user_agent = user_agent
        self._ids = itertools.count(1)
        self._nonces: set[int] = set()
        self._links: dict[int, Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._plain: set[Endpoint] = set()
        self._past_bytes = 0
        self.relay = True
        """Whether new peers are asked to announce every transaction; without, those that a filter matches (BIP37)."""
        self._all_announce = True

    # ---- life

    def start(self) -> None:
        """Begin to dial."""
        self._spawn(self._run())

    async def stop(self) -> None:
        """End everything and write the address book. Each connection sends what is queued before it closes."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._source.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._handler.failed(error)

    # ---- what the handler does

    @property
    def links(self) -> list[Link]:
        """The connections whose handshake is complete."""
        return [link for link in self._links.values() if link.ready and not link.dropped]

    @property
    def received(self) -> int:
        """Bytes received over all connections so far."""
        return self._past_bytes + sum(link.connection.received for link in self._links.values())

    def fee_filter(self, peer_id: int) -> int:
        """The least fee rate that a peer takes, satoshis per 1,000 virtual bytes (BIP133); 0: it said nothing."""
        link = self._links.get(peer_id)
        return 0 if link is None else link.peer.fee_filter

    def send(self, peer_id: int, message: Message) -> None:
        """Send a message; nothing happens when the peer is gone."""
        link = self._links.get(peer_id)
        if link is None or not link.ready or link.dropped:
            return
        link.peer.send(message)
        self._flush(link)

    def drop(self, peer_id: int, reason: str, *, ban: bool) -> None:
        """Cut a connection; the handler hears of it by peer_gone, later."""
        link = self._links.get(peer_id)
        if link is not None and not link.dropped:
            log.info("peer %d (%s) dropped: %s", peer_id, link.endpoint, reason)
            link.dropped, link.ban, link.reason = True, ban, reason
            link.connection.abort()

    def let_all_announce(self, every: bool) -> None:
        """Have all peers announce transactions, or a few.

        A peer cannot be asked to begin or to stop: connections that are of the wrong kind from now on are made anew.
        """
        if every == self._all_announce:
            return
        self._all_announce = every
        announcing = 0
        for link in self._links.values():
            announcing += link.announces
            if link.peer.info.announces is not (every or announcing <= FEW_ANNOUNCING):
                link.hang_up()
        self._wake.set()

    def _may_announce(self) -> bool:
        return self._all_announce or sum(link.announces for link in self._links.values()) < FEW_ANNOUNCING

    def _see_that_enough_announce(self) -> None:
        """Peers that were to announce may take no transactions, and tell of none: one that does is asked to instead."""
        silent = (link for link in self.links if not link.peer.info.announces and link.peer.info.relay)
        if self._may_announce() and (link := next(silent, None)) is not None:
            link.hang_up()

    def proved(self, peer_id: int, now: float) -> None:
        """A peer delivered filters that stood up to their filter headers."""
        link = self._links.get(peer_id)
        if link is not None:
            self._source.proved(link.endpoint, now)

    def bans(self) -> list[Ban]:
        """Who is kept away from."""
        return self._source.bans(self._clock())

    # ---- dialling

    async def _run(self) -> None:
        last = self._clock()
        for ticks in itertools.count(1):
            self._wake.clear()
            now = self._clock()
            for name in self._source.seeds_due(now):
                self._spawn(self._ask_seed(name))
            for endpoint in self._source.due(now):
                self._spawn(self._serve(endpoint))
            self._tick_peers(now, woke=now - last > SLEPT)
            self._handler.tick(now)
            last = now
            if ticks % FLUSH_TICKS == 0:
                self._source.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(TICK, self._source.next_due(now))):
                    await self._wake.wait()

    async def _ask_seed(self, name: str) -> None:
        found = await resolve(name, self._source.port)
        log.info("%s names %d addresses", name, len(found))
        self._source.seeded(name, found, self._clock())

    def _tick_peers(self, now: float, *, woke: bool) -> None:
        """woke: the machine slept until just now, so that the connections may be dead, and all of them are asked."""
        if woke:
            log.info("awake again: every peer is asked whether it is still there")
            self._source.woke(now)
        retired = self._source.retire(now)
        for link in [*self._links.values()]:
            if link.dropped:
                continue
            if link.endpoint == retired:
                log.info("peer %d (%s) makes room for another", link.peer.dialled.id, link.endpoint)
                link.hang_up()
                continue
            try:
                if woke:
                    link.peer.wake(now)
                link.peer.tick(now)
            except PeerFault as fault:
                self.drop(link.peer.dialled.id, str(fault), ban=fault.ban)
            else:
                self._flush(link)

    # ---- one peer

    async def _serve(self, endpoint: Endpoint) -> None:
        try:
            connection, transport, first = await self._reach(endpoint)
        except DialError as error:
            log.debug("%s", error)
            self._source.lost(endpoint, self._clock())
            self._wake.set()
            return
        link = self._open(endpoint, connection, transport)
        try:
            self._flush(link)
            self._take(link, first)
            await self._read(link)
        except PeerFault as fault:
            self.drop(link.peer.dialled.id, str(fault), ban=fault.ban)
        except (TransportError, ParseError) as error:
            # A peer that the user named is tried again: it may be a node of another kind or a proxy's error page.
            self.drop(link.peer.dialled.id, str(error), ban=not link.peer.dialled.manual)
        finally:
            self._forget(link)
            await connection.close()

    async def _reach(self, endpoint: Endpoint) -> tuple[Connection, Transport, list[Message]]:
        """A connection, encrypted where the peer can, else a fresh one of version 1. Raises DialError."""
        if endpoint not in self._plain:
            connection = await dial(endpoint, self._proxy)
            try:
                return connection, *await encrypt(connection, self._magic)
            except (TransportError, ParseError, PeerFault, TimeoutError) as error:
                self._past_bytes += connection.received
                log.debug("%s is spoken to in version 1: %s", endpoint, error)
        return await dial(endpoint, self._proxy), V1Transport(self._magic), []

    def _open(self, endpoint: Endpoint, connection: Connection, transport: Transport) -> Link:
        announces = self._may_announce()
        dialled = Dialled(
            id=next(self._ids),
            address=str(endpoint),
            netgroup=endpoint.netgroup,
            manual=self._source.manual,
            user_agent=self._user_agent,
            nonce=secrets.randbits(64),
            ping_nonce=secrets.randbits(64),
            transport="v2" if isinstance(transport, V2Transport) else "v1",
            relay=self.relay and announces,
            announces=announces,
        )
        self._nonces.add(dialled.nonce)
        link = Link(endpoint, Peer(dialled, self._nonces, self._clock()), connection, transport)
        self._links[dialled.id] = link
        return link

    def _forget(self, link: Link) -> None:
        dialled = link.peer.dialled
        del self._links[dialled.id]
        if not link.ready:
            self._plain.discard(link.endpoint)
        self._nonces.discard(dialled.nonce)
        self._past_bytes += link.connection.received
        self._source.lost(link.endpoint, self._clock(), ban=link.ban, reason=link.reason)
        self._wake.set()
        if link.ready:
            self._handler.peer_gone(dialled.id)

    async def _read(self, link: Link) -> None:
        while data := await link.connection.read():
            link.peer.note_bytes(len(data))
            self._take(link, link.transport.feed(data))
            if link.dropped:
                return
            self._flush(link)

    def _take(self, link: Link, messages: list[Message]) -> None:
        now = self._clock()
        for message in messages:
            event = link.peer.receive(message, now)
            if event is not None:
                self._dispatch(link, event, now)
            if link.dropped:
                return

    def _dispatch(self, link: Link, event: PeerEvent, now: float) -> None:
        match event:
            case PeerReady(info):
                self._welcome(link, info, now)
            case AddressesHeard(addresses):
                self._source.heard(addresses, now, link.endpoint.netgroup)
            case _:
                self._handler.message(link.peer.dialled.id, event)

    def _welcome(self, link: Link, info: PeerInfo, now: float) -> None:
        log.info("peer %d (%s) is ready: %s", info.id, info.address, info.user_agent)
        if not self._source.accept(link.endpoint, info, now):
            self.drop(info.id, "serves no filters, and enough others do not", ban=False)
            return
        link.ready = True
        if info.transport == "v1" and not info.services & Services.P2P_V2:
            self._plain.add(link.endpoint)
        if self._source.wants_addresses():
            link.peer.send(GetAddr())
        self._handler.peer_ready(info)
        self._see_that_enough_announce()

    def _flush(self, link: Link) -> None:
        """Write what the peer's side wants to say."""
        messages = link.peer.outbox()
        if not messages:
            return
        try:
            link.connection.write(b"".join(map(link.transport.encode, messages)))
        except PeerFault as fault:
            self.drop(link.peer.dialled.id, str(fault), ban=fault.ban)
