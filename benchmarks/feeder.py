"""A peer that serves a generated chain faster than a client can ask: memory-mapped files, plain sockets, no parsing.

    python -m benchmarks.feeder FOLDER TIP

listens on the loopback and prints its port. What it sends is laid out beforehand (filters, blocks), or its checksum is
(headers, filter headers in the ranges that clients ask for from genesis on). `Feeder` runs it in a process of its own.
"""

import mmap
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from benchmarks.blocks import plain_coinbase, sha256d
from benchmarks.chains import FILES, Chain, frame
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.network import REGTEST
from wallet.override import override
from wallet.spv.message import NetworkAddress, Services, Version

LOOPBACK: Final = "127.0.0.1"
MAX_HEADERS: Final = 2_000
HEAD: Final = struct.Struct("<4s12sI4s")
_SERVICES: Final = Services.NETWORK | Services.WITNESS | Services.COMPACT_FILTERS


class Feeder:
    """Serves a chain up to `tip` from a process of its own, while the context lasts."""

    def __init__(self, chain: Chain, tip: int) -> None:
        command = (sys.executable, "-m", "benchmarks.feeder", str(chain.folder), str(tip))
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = 0

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"


class Library:
    """The files of a chain, and the messages that are made of them."""

    def __init__(self, chain: Chain, tip: int) -> None:
        self.tip = tip
        self._chain = chain
        self._files = {name: _mapped(chain.folder / name) for name in FILES}
        self._offsets = np.frombuffer(self._files["offsets"], "<u8")
        words = np.frombuffer(self._files["hashes"], "<u8")[::4][: tip + 1]
        self._order = np.argsort(words)
        self._sorted = words[self._order]
        self._checksums: dict[tuple[str, int, int], bytes] = {}
        for first in range(1, tip + 1, MAX_HEADERS):
            self.headers(first)
            self.filter_hashes(first, min(first + MAX_HEADERS - 1, tip))

    def height(self, block_hash: bytes) -> int | None:
        """The height of a hash; None where the chain does not have it."""
        word = struct.unpack_from("<Q", block_hash)[0]
        at = int(np.searchsorted(self._sorted, np.uint64(word)))
        if at == len(self._order):
            return None
        found = int(self._order[at])
        return found if self._slice("hashes", found, 1) == block_hash else None

    def headers(self, first: int, last: int | None = None) -> list[memoryview | bytes]:
        end = self.tip if last is None else min(last, self.tip)
        count = max(0, min(MAX_HEADERS, end + 1 - first))
        return self._framed("headers", first, compact_size(count), self._slice("headers", first, count))

    def filter_hashes(self, first: int, last: int) -> list[memoryview | bytes]:
        start = b"\0" + bytes(self._slice("hashes", last, 1)) + bytes(self._slice("filterheaders", first - 1, 1))
        count = last + 1 - first
        return self._framed("cfheaders", first, start + compact_size(count), self._slice("filterhashes", first, count))

    def claims(self, last: int) -> bytes:
        found = b"".join(bytes(self._slice("filterheaders", at, 1)) for at in range(1_000, last + 1, 1_000))
        return frame("cfcheckpt", b"\0" + self._slice("hashes", last, 1) + compact_size(len(found) // 32) + found)

    def filters(self, first: int, last: int) -> memoryview:
        return self._files["cfilters"][int(self._offsets[first]) : int(self._offsets[last + 1])]

    def block(self, height: int) -> memoryview | bytes:
        where = self._chain.stored.get(height)
        if where is not None:
            return self._files["blocks"][where[0] : sum(where)]
        return frame("block", bytes(self._slice("headers", height, 1)[:80]) + b"\x01" + plain_coinbase(height))

    def _slice(self, name: str, first: int, count: int) -> memoryview:
        size = 81 if name == "headers" else 32
        return self._files[name][first * size : (first + count) * size]

    def _framed(self, command: str, first: int, start: bytes, rest: memoryview) -> list[memoryview | bytes]:
        key = command, first, len(rest)
        if key not in self._checksums:
            self._checksums[key] = sha256d(start + rest)[:4]
        head = HEAD.pack(REGTEST.magic, command.encode(), len(start) + len(rest), self._checksums[key])
        return [head + start, rest]


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


class Session(threading.Thread):
    """One connection."""

    def __init__(self, library: Library, link: socket.socket) -> None:
        super().__init__(daemon=True)
        self._library = library
        self._link = link
        self._answers: dict[bytes, Callable[[bytes], None]] = {
            b"version": self._on_version,
            b"ping": lambda payload: self._link.sendall(frame("pong", payload)),
            b"getheaders": self._on_getheaders,
            b"getcfcheckpt": self._on_getcfcheckpt,
            b"getcfheaders": self._on_getcfheaders,
            b"getcfilters": self._on_getcfilters,
            b"getdata": self._on_getdata,
        }

    @override
    def run(self) -> None:
        """Answer until the client hangs up."""
        self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self._link, self._link.makefile("rb") as stream:
                while len(head := stream.read(HEAD.size)) == HEAD.size:
                    magic, command, length, _ = HEAD.unpack(head)
                    if magic != REGTEST.magic:  # version 2 of the transport, which is not spoken here
                        return
                    answer = self._answers.get(command.rstrip(b"\0"))
                    payload = stream.read(length)
                    if answer is not None:
                        answer(payload)
        except OSError:
            return

    def _on_version(self, _payload: bytes) -> None:
        nowhere = NetworkAddress.unspecified()
        ours = Version(70016, _SERVICES, 1_700_000_000, nowhere, nowhere, 7, b"/feeder/", self._library.tip, True)
        self._link.sendall(frame("version", ours.serialize()) + frame("verack", b""))

    def _on_getheaders(self, payload: bytes) -> None:
        first = 1
        for at in range(5, len(payload) - 32, 32):
            if (height := self._library.height(payload[at : at + 32])) is not None:
                first = height + 1
                break
        stop = payload[-32:]
        self._send(self._library.headers(first, self._library.height(stop) if any(stop) else None))

    def _on_getcfcheckpt(self, payload: bytes) -> None:
        if (last := self._library.height(payload[1:33])) is not None:
            self._link.sendall(self._library.claims(last))

    def _on_getcfheaders(self, payload: bytes) -> None:
        if (last := self._library.height(payload[5:37])) is not None:
            self._send(self._library.filter_hashes(int.from_bytes(payload[1:5], "little"), last))

    def _on_getcfilters(self, payload: bytes) -> None:
        if (last := self._library.height(payload[5:37])) is not None:
            self._link.sendall(self._library.filters(int.from_bytes(payload[1:5], "little"), last))

    def _on_getdata(self, payload: bytes) -> None:
        for at in range(len(payload) % 36, len(payload), 36):
            if (height := self._library.height(payload[at + 4 : at + 36])) is not None:
                self._link.sendall(self._library.block(height))

    def _send(self, parts: list[memoryview | bytes]) -> None:
        sent = self._link.sendmsg(parts)
        for part in parts:
            if sent < len(part):
                self._link.sendall(memoryview(part)[sent:])
            sent = max(0, sent - len(part))


def main() -> None:
    """Serve until ended."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    library = Library(Chain.open(Path(sys.argv[1])), int(sys.argv[2]))
    with socket.create_server((LOOPBACK, 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            Session(library, server.accept()[0]).start()


if __name__ == "__main__":
    main()
