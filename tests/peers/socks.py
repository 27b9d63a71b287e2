"""A SOCKS5 proxy on the loopback that notes what it was asked (RFC 1928, RFC 1929)."""

import asyncio
import contextlib
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """One request: by whom, for which host as it was written (a name stays a name), and port."""

    login: str
    host: str
    port: int


class SocksProxy:
    """Sends every connection to `target`, whatever was asked; refuses while `refusing`."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.asked: list[Asked] = []
        self.refusing = False
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for task in [*self._tasks]:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._tunnel(reader, writer)
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        login = await self._string(reader)
        await self._string(reader)
        writer.write(b"\x01\x00")
        _, _, _, kind = await reader.readexactly(4)
        host = (await self._string(reader)).decode() if kind == 3 else str(IPv4Address(await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(Asked(login.decode(), host, port))
        if self.refusing:
            writer.write(b"\x05\x04\x00\x01" + bytes(6))
            await writer.drain()
            return
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.transport.abort()

    @staticmethod
    async def _string(reader: asyncio.StreamReader) -> bytes:
        (length,) = await reader.readexactly(1)
        return await reader.readexactly(length)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
