"""One window for a data folder: a second start hands its link to the first, which comes to the front.

What arrives is an input from outside: it is bounded, and taken for a payment link or for nothing. The socket lies in
the data folder, which is the user's alone; Windows has names instead, open to the same user only.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from wallet.bitcoin.uri import MAX_SIZE
from wallet.home import held

GREETING: Final = b"wren\n"
"""What the first one answers, so that a second knows that somebody is there who looks at its link."""
_LONGEST_PATH: Final = 100
"""Bytes; systems allow 104 to 108 for the path of a socket."""
_MOST_CALLERS: Final = 8
_PATIENCE_MS: Final = 2_000
_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.1


def socket_name(data_dir: Path, network: str) -> str:
    """Where the window of this data folder and network listens; empty where no place is the user's alone."""
    path = data_dir.resolve() / f"window-{network}.socket"
    name = f"wren-{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}"
    if sys.platform == "win32":
        return name
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    places = (path, Path(runtime) / name) if runtime else (path,)
    return next((str(place) for place in places if len(os.fsencode(place)) <= _LONGEST_PATH), "")


@contextmanager
def the_only_window(home: Path, network: str, link: str | None) -> Iterator[str | None]:
    """Where this process's window is to listen; None where another window is there and has taken the link.

    Empty where nobody can be told of further starts. Whoever holds the lock is the first: it ends with its process.
    """
    with ExitStack() as stack:
        yield _arrive(stack, home, network, link)


def _arrive(stack: ExitStack, home: Path, network: str, link: str | None) -> str | None:
    """Become the first, or tell the first; it may be about to listen, or about to end: this tries for two seconds."""
    name = socket_name(home, network)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_TRIES):
            if stack.enter_context(held(home / f"window-{network}.lock")):
                return name
            if hand_over(name, link):
                return None
            time.sleep(_PAUSE_SECONDS)
    except OSError:  # the engine will say in the window what is wrong with the folder
        return ""
    return ""


# --- the second one ---------------------------------------------------------------------------------------------------


def hand_over(name: str, link: str | None) -> bool:
    """Give a link, or only a knock, to the window that is there; whether it took it."""
    if not name:
        return False
    text = (link or "").strip().encode(errors="replace")
    line = (b"" if len(text) > MAX_SIZE or b"\n" in text else text) + b"\n"  # what is no link is a knock
    socket = QLocalSocket()
    socket.connectToServer(name)
    return socket.waitForConnected(_PATIENCE_MS) and _say(socket, line)


def _say(socket: QLocalSocket, line: bytes) -> bool:
    socket.write(line)
    while socket.bytesAvailable() < len(GREETING):
        if not socket.waitForReadyRead(_PATIENCE_MS):
            return False
    return bytes(socket.read(len(GREETING)).data()) == GREETING


# --- the first one ----------------------------------------------------------------------------------------------------


class Doorbell(QObject):
    """Listens for further starts. `rung` carries the link of one, or nothing."""

    rung = Signal(str)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        """name: nobody else listens there; a socket that a crash left is taken away."""
        super().__init__(parent)
        self._callers: list[Caller] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(_MOST_CALLERS)
        self._server.newConnection.connect(self._answer)
        if name:
            QLocalServer.removeServer(name)
            self._server.listen(name)

    @property
    def listens(self) -> bool:
        return self._server.isListening()

    @property
    def callers(self) -> int:
        """How many are at the door."""
        return len(self._callers)

    def close(self) -> None:
        self._server.close()
        for caller in tuple(self._callers):
            caller.leave()

    def _answer(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            if len(self._callers) >= _MOST_CALLERS:
                socket.abort()
                socket.deleteLater()
                continue
            caller = Caller(socket, self)
            self._callers.append(caller)
            caller.said.connect(self.rung)
            caller.left.connect(self._forget)
            caller.listen()

    def _forget(self, caller: "Caller") -> None:
        self._callers.remove(caller)
        caller.deleteLater()


class Caller(QObject):
    """One further start, until it has said its line, or too much, or nothing for too long."""

    said = Signal(str)
    left = Signal(object)

    def __init__(self, socket: QLocalSocket, parent: QObject) -> None:
        super().__init__(parent)
        self._socket = socket
        socket.setParent(self)
        socket.setReadBufferSize(MAX_SIZE + 1)
        socket.readyRead.connect(self.listen)
        socket.disconnected.connect(self.leave)
        self._gone = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self.leave)
        self._patience.start(_PATIENCE_MS)

    def listen(self) -> None:
        """Take the line if it is there."""
        if self._gone:
            return
        line = bytes(self._socket.peek(MAX_SIZE + 1).data())
        end = line.find(b"\n")
        if end < 0 and len(line) <= MAX_SIZE:
            return
        if end >= 0 and (text := _plain(line[:end])) is not None:
            self._socket.write(GREETING)
            self._socket.flush()
            self.said.emit(text)
        self.leave()

    def leave(self) -> None:
        """Hang up."""
        if not self._gone:
            self._gone = True
            self._patience.stop()
            self._socket.disconnectFromServer()
            self.left.emit(self)


def _plain(line: bytes) -> str | None:
    """The line as text, if it is one; what it asks for is judged by whoever reads payment links."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None
