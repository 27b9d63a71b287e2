"""The version 1 transport: frames of magic, command, length, checksum and payload. No I/O: bytes in, messages out."""

from struct import Struct
from typing import Final

from wallet.bitcoin.hashes import sha256d
from wallet.spv.message import COMMANDS, MAX_UNKNOWN, Message, parse_payload

HEADER_SIZE: Final = 24
COMMAND_SIZE: Final = 12

_HEADER: Final = Struct("<4s12sI4s")
_COMMANDS: Final = {
    name.encode("ascii").ljust(COMMAND_SIZE, b"\0"): (name, kind.maximum) for name, kind in COMMANDS.items()
}
# The filter's own hash is checked against its filter header, so the frame's checksum would prove nothing more.
_UNCHECKED: Final = frozenset({"cfilter"})


class TransportError(ValueError):
    """The stream of bytes is no stream of frames of this network: nothing after it can be understood."""


class V1Transport:
    """Cuts a stream of bytes into messages. Keeps at most one frame that has begun and is not whole yet."""

    def __init__(self, magic: bytes) -> None:
        self._magic = magic
        self._pending = bytearray()
        self._needed = HEADER_SIZE

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data`, in pieces of any size, completes. Raises TransportError or ParseError, for good."""
        if self._pending or len(data) < self._needed:
            self._pending += data
            if len(self._pending) < max(self._needed, HEADER_SIZE):
                self._check_begun()
                return []
            data = bytes(self._pending)
            self._pending.clear()
        messages: list[Message] = []
        position = 0
        while (begun := self._frame(data, position)) is not None:
            message, position = begun
            messages.append(message)
        self._pending += data[position:]
        return messages

    def encode(self, message: Message) -> bytes:
        """The frame of a message."""
        payload = message.serialize()
        command = message.command.encode("ascii").ljust(COMMAND_SIZE, b"\0")
        return _HEADER.pack(self._magic, command, len(payload), sha256d(payload)[:4]) + payload

    def _check_begun(self) -> None:
        """A stream of another kind shows in its first bytes: no need to wait for a whole header."""
        if not self._magic.startswith(self._pending[:4]):
            raise TransportError(f"magic bytes {bytes(self._pending[:4]).hex()}")

    def _frame(self, data: bytes, start: int) -> tuple[Message, int] | None:
        """The message that starts at a position and the position after it; None when more bytes are needed."""
        if len(data) - start < HEADER_SIZE:
            self._needed = HEADER_SIZE
            return None
        magic, raw_command, length, checksum = _HEADER.unpack_from(data, start)
        if magic != self._magic:
            raise TransportError(f"magic bytes {magic.hex()}")
        command, maximum = _COMMANDS.get(raw_command) or (parse_command(raw_command), MAX_UNKNOWN)
        if length > maximum:
            raise TransportError(f"{command}: a length of {length} is more than {maximum}")
        end = start + HEADER_SIZE + length
        if end > len(data):
            self._needed = HEADER_SIZE + length
            return None
        payload = data[start + HEADER_SIZE : end]
        if command not in _UNCHECKED and sha256d(payload)[:4] != checksum:
            raise TransportError(f"{command}: wrong checksum")
        return parse_payload(command, payload), end


def parse_command(raw: bytes) -> str:
    """The name in 12 bytes, padded with zeros. TransportError when it is no word of printable ASCII."""
    name = raw.rstrip(b"\0")
    if len(raw) != COMMAND_SIZE or not name or not all(0x20 < byte < 0x7F for byte in name):
        raise TransportError(f"command bytes {raw.hex()}")
    return name.decode("ascii")
