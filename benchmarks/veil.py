"""A peer that stands before the feeder and hands its messages on, encrypted (BIP324) or as they are.

    python -m benchmarks.veil PORT encrypted|plain

listens on the loopback and prints its port. In both ways it cuts the feeder's answers into messages and sends one
after the other, so that two runs differ in the encryption alone.
"""

import contextlib
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from benchmarks.feeder import HEAD, LOOPBACK, Feeder
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import Message
from wallet.spv.transport import V1Transport
from wallet.spv.transport_v2 import HandshakeSecrets, V2Transport

READ: Final = 65_536


class Veil(Feeder):
    """The feeder behind a process that speaks version 2, or version 1, of the transport."""

    def __init__(self, behind: Feeder, *, encrypted: bool) -> None:
        command = (sys.executable, "-m", "benchmarks.veil", str(behind.port), "encrypted" if encrypted else "plain")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = 0


@dataclass(frozen=True, slots=True)
class Raw:
    """A message that nobody looks into."""

    command: str
    payload: bytes

    def serialize(self) -> bytes:
        return self.payload


def frames(feeder: socket.socket) -> Iterator[tuple[bytes, str, bytes]]:
    """Head, command and payload of all that the feeder says."""
    with feeder.makefile("rb") as stream:
        while len(head := stream.read(HEAD.size)) == HEAD.size:
            _, command, length, _ = HEAD.unpack(head)
            yield head, command.rstrip(b"\0").decode(), stream.read(length)


def hand_on_plain(client: socket.socket, feeder: socket.socket) -> None:
    """Version 1 both ways; the feeder hangs up on anything else."""

    def back() -> None:
        for head, _, payload in frames(feeder):
            client.sendall(head + payload)

    _both(client, feeder, back, feeder.sendall)


def hand_on_encrypted(client: socket.socket, feeder: socket.socket) -> None:
    """Version 2 before the client, version 1 before the feeder."""
    keys = HandshakeSecrets(bytearray(secrets.token_bytes(32)), secrets.token_bytes(32), secrets.token_bytes(100))
    ours, theirs = V2Transport(REGTEST.magic, keys, initiating=False), V1Transport(REGTEST.magic)

    def back() -> None:
        for _, command, payload in frames(feeder):
            client.sendall(ours.encode(cast("Message", Raw(command, payload))))

    def forth(data: bytes) -> None:
        messages = ours.feed(data)
        client.sendall(ours.take_handshake())
        feeder.sendall(b"".join(map(theirs.encode, messages)))

    _both(client, feeder, back, forth)


def _both(
    client: socket.socket, feeder: socket.socket, back: Callable[[], None], forth: Callable[[bytes], None]
) -> None:
    """Run both directions until the client or the feeder hangs up."""

    def answer() -> None:
        with contextlib.suppress(OSError):
            back()
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    with client, feeder, contextlib.suppress(OSError):
        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        while data := client.recv(READ):
            forth(data)
        feeder.shutdown(socket.SHUT_RDWR)
        answering.join()


def main() -> None:
    """Serve until ended."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    port, hand_on = int(sys.argv[1]), hand_on_encrypted if sys.argv[2] == "encrypted" else hand_on_plain
    with socket.create_server((LOOPBACK, 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client = server.accept()[0]
            feeder = socket.create_connection((LOOPBACK, port))
            for end in (client, feeder):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=hand_on, args=(client, feeder), daemon=True).start()


if __name__ == "__main__":
    main()
