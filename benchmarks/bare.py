"""The transfer alone: what a client would need that asks for everything and looks at nothing."""

import socket
import time
from hashlib import sha256

from benchmarks.blocks import sha256d
from benchmarks.chains import Chain, frame
from benchmarks.feeder import HEAD, LOOPBACK
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import NetworkAddress, Version


def transfer_headers(port: int) -> tuple[float, int]:
    """Seconds and bytes of all headers, 2,000 at a time, the next ones asked for when the last have come."""
    with socket.create_connection((LOOPBACK, port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _shake_hands(link)
        last = bytes(REGTEST.genesis_hash)
        room = memoryview(bytearray(200_000))
        size = 0
        start = time.perf_counter()
        while True:
            link.sendall(frame("getheaders", bytes(4) + b"\x01" + last + bytes(32)))
            command, length = _receive(link, room)
            assert command == b"headers", command
            size += length
            if length < 81:
                return time.perf_counter() - start, size
            last = sha256d(bytes(room[length - 81 : length - 1]))


def hash_headers(chain: Chain) -> float:
    """Seconds to hash every header of a chain once, twice SHA-256 each, in the quickest loop there is."""
    wire = (chain.folder / "headers").read_bytes()
    start = time.perf_counter()
    for at in range(0, len(wire), 81):
        sha256(sha256(wire[at : at + 80]).digest()).digest()
    return time.perf_counter() - start


def _receive(link: socket.socket, room: memoryview) -> tuple[bytes, int]:
    """One message; its payload lies in `room`."""
    _fill(link, room[: HEAD.size])
    _, command, length, _ = HEAD.unpack_from(room)
    _fill(link, room[:length])
    return command.rstrip(b"\0"), length


def _fill(link: socket.socket, room: memoryview) -> None:
    while room:
        got = link.recv_into(room)
        if not got:
            raise ConnectionError("the peer hung up")
        room = room[got:]


def _shake_hands(link: socket.socket) -> None:
    nowhere = NetworkAddress.unspecified()
    ours = Version(70016, 0, int(time.time()), nowhere, nowhere, 1, b"/bare/", 0, False)
    link.sendall(frame("version", ours.serialize()))
    room = memoryview(bytearray(1_000))
    for _ in ("version", "verack"):
        _receive(link, room)
    link.sendall(frame("verack", b""))
