"""The only sockets: connections to peers, direct or through a SOCKS5 proxy, and the questions to DNS seeds.

With a proxy set nothing is resolved here and nothing is dialled directly: names travel to the proxy, and each peer
gets a login of its own, so that Tor keeps them on circuits of their own.
"""

import asyncio
import contextlib
import secrets
import socket
from dataclasses import dataclass
from typing import Final, Self

from wallet.spv.addrman import ONION, Endpoint
from wallet.spv.fault import PeerFault
from wallet.spv.message import Message
from wallet.spv.transport import TransportError
from wallet.spv.transport_v2 import MAX_GARBAGE, HandshakeSecrets, V2Transport

READ_SIZE: Final = 65_536
WRITE_LIMIT: Final = 1_000_000
DIAL_TIMEOUT: Final = 10.0
PROXY_TIMEOUT: Final = 30.0
ENCRYPTION_TIMEOUT: Final = 20.0
CLOSE_TIMEOUT: Final = 1.0
RESOLVE_TIMEOUT: Final = 10.0


class DialError(OSError):
    """Nobody answered at an address, or the proxy could not reach it."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A SOCKS5 proxy at host:port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "host:port"; ValueError when it is none."""
        endpoint = Endpoint.parse(text, default_port=9050)
        return cls(endpoint.host, endpoint.port)


class Connection:
    """One open connection. `received` and `sent` count bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.received = 0
        self.sent = 0

    async def read(self) -> bytes:
        """The next bytes, at most 64 KiB; none when the other side is gone."""
        try:
            data = await self._reader.read(READ_SIZE)
        except OSError:
            return b""
        self.received += len(data)
        return data

    def write(self, data: bytes) -> None:
        """Queue bytes. PeerFault when the other side has stopped reading: it holds back 1 MB already."""
        waiting = self._writer.transport.get_write_buffer_size()
        if waiting and waiting + len(data) > WRITE_LIMIT:
            raise PeerFault("does-not-read", ban=False, detail=f"{waiting} bytes are waiting")
        if not self._writer.is_closing():
            self._writer.write(data)
            self.sent += len(data)

    def abort(self) -> None:
        """Cut the connection; what is queued is lost."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Send what is queued, for at most a second, and close."""
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._writer.wait_closed()
        except OSError:  # TimeoutError is one
            self.abort()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()


async def dial(endpoint: Endpoint, proxy: Proxy | None = None) -> Connection:
    """Connect to an endpoint. Raises DialError."""
    try:
        if proxy is not None:
            return await _dial_through(proxy, endpoint)
        if endpoint.host.rstrip(".").endswith(ONION):
            # The name would be asked of a resolver, which it is none of the business of (RFC 7686).
            raise DialError(f"{endpoint}: an onion address is reached through a proxy alone")
        async with asyncio.timeout(DIAL_TIMEOUT):
            return Connection(*await asyncio.open_connection(endpoint.host, endpoint.port))
    except OSError as error:
        raise DialError(f"{endpoint}: {str(error) or type(error).__name__}") from error


async def _dial_through(proxy: Proxy, endpoint: Endpoint) -> Connection:
    from python_socks import ProxyError, ProxyType
    from python_socks.async_.asyncio import Proxy as SocksProxy

    login = secrets.token_hex(8)
    socks = SocksProxy(ProxyType.SOCKS5, proxy.host, proxy.port, username=login, password=login, rdns=True)
    try:
        tunnel = await socks.connect(endpoint.host, endpoint.port, timeout=PROXY_TIMEOUT)
    except ProxyError as error:
        raise DialError(f"{endpoint}: {error}") from error
    return Connection(*await asyncio.open_connection(sock=tunnel))


async def resolve(name: str, port: int) -> list[Endpoint]:
    """The addresses that a DNS seed names; none when it does not answer. Never called when a proxy is set."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT):
            found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [Endpoint(str(where[0]), port) for *_, where in found]


async def encrypt(connection: Connection, magic: bytes) -> tuple[V2Transport, list[Message]]:
    """The handshake of version 2: the transport, and messages that came with its end.

    TransportError when the peer hangs up or speaks something else, TimeoutError when it says nothing: the connection
    is closed then.
    """
    garbage = secrets.token_bytes(secrets.randbelow(MAX_GARBAGE + 1))
    keys = HandshakeSecrets(bytearray(secrets.token_bytes(32)), secrets.token_bytes(32), garbage)
    transport = V2Transport(magic, keys, initiating=True)
    messages: list[Message] = []
    try:
        async with asyncio.timeout(ENCRYPTION_TIMEOUT):
            connection.write(transport.take_handshake())
            while not transport.established:
                data = await connection.read()
                if not data:
                    raise TransportError("hung up")
                messages += transport.feed(data)
                connection.write(transport.take_handshake())
    finally:
        if not transport.established:
            connection.abort()
            await connection.close()
    return transport, messages
