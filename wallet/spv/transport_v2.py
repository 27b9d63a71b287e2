"""The version 2 transport (BIP324): encrypted packets. No I/O, no randomness: bytes in, messages and bytes out.

What the peer has to send, in this order: its key (64 bytes), up to 4,095 bytes of garbage, the terminator that both
ends derive from the keys, a version packet that vouches for the garbage, and then one message a packet. Decoys may
stand before any packet. A peer that speaks anything else is found out by the end of the garbage at the latest.

The specification once had a packet of its own to vouch for the garbage; since September 2023 the first packet does.
"""

from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from wallet.bitcoin import ellswift
from wallet.spv.bip324 import (
    HEADER_SIZE,
    IGNORE,
    LENGTH_SIZE,
    TAG_SIZE,
    TERMINATOR_SIZE,
    PacketReader,
    PacketWriter,
    SessionKeys,
)
from wallet.spv.message import MAX_MESSAGE, MAX_UNKNOWN, Message, Unknown, parse_payload
from wallet.spv.transport import COMMAND_SIZE, TransportError, parse_command

MAX_GARBAGE: Final = 4_095
# The longest message under a type that is written out.
MAX_CONTENTS: Final = 1 + COMMAND_SIZE + MAX_MESSAGE

# The types that have a number, from 1 upwards (BIP324, "v2 Bitcoin P2P message structure").
_NUMBERED: Final = [
    "addr", "block", "blocktxn", "cmpctblock", "feefilter", "filteradd", "filterclear", "filterload", "getblocks",
    "getblocktxn", "getdata", "getheaders", "headers", "inv", "mempool", "merkleblock", "notfound", "ping", "pong",
    "sendcmpct", "tx", "getcfilters", "cfilter", "getcfheaders", "cfheaders", "getcfcheckpt", "cfcheckpt", "addrv2",
]  # fmt: skip
COMMAND_OF_NUMBER: Final = MappingProxyType(dict(enumerate(_NUMBERED, start=1)))
_PREFIX_OF_COMMAND: Final = {name: bytes([number]) for number, name in COMMAND_OF_NUMBER.items()}


class Awaiting(Enum):
    """What the peer has to send next."""

    KEY = auto()
    TERMINATOR = auto()
    VERSION = auto()
    MESSAGES = auto()


@dataclass(frozen=True, slots=True)
class HandshakeSecrets:
    """The randomness of one connection: a private key and entropy of 32 bytes, and up to 4,095 bytes of garbage.

    The private key is overwritten as soon as the keys of the session are derived.
    """

    private_key: bytearray
    entropy: bytes
    garbage: bytes = b""


class V2Transport:
    """One end of an encrypted connection. After creation and each `feed`, send what `take_handshake` gives."""

    def __init__(self, magic: bytes, secrets: HandshakeSecrets, *, initiating: bool) -> None:
        if len(secrets.garbage) > MAX_GARBAGE:
            raise ValueError(f"{len(secrets.garbage)} bytes of garbage are more than {MAX_GARBAGE}")
        self.awaiting = Awaiting.KEY
        self.session_id = b""
        self._magic = magic
        self._secrets = secrets
        self._initiating = initiating
        self._our_key = ellswift.encode(secrets.private_key, secrets.entropy)
        self._greeting = self._our_key + secrets.garbage
        self._handshake = b""
        self._writer: PacketWriter | None = None
        self._reader: PacketReader
        self._their_terminator = b""
        self._pending = bytearray()
        self._length: int | None = None
        self._associated = b""
        if initiating:
            self._greet()

    @property
    def established(self) -> bool:
        """Whether the handshake is complete: messages go both ways."""
        return self.awaiting is Awaiting.MESSAGES

    def take_handshake(self) -> bytes:
        """What must be sent now for the handshake to go on; it is taken out."""
        data, self._handshake = self._handshake, b""
        return data

    def encode(self, message: Message) -> bytes:
        """The packet of a message. TransportError while the peer's key is missing."""
        if self._writer is None:
            raise TransportError("nothing can be encrypted before the peer's key is there")
        prefix = _PREFIX_OF_COMMAND.get(message.command)
        if prefix is None:
            prefix = b"\0" + message.command.encode("ascii").ljust(COMMAND_SIZE, b"\0")
        return self._writer.packet(prefix + message.serialize())

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data`, in pieces of any size, completes. Raises TransportError or ParseError, for good."""
        if self._pending or self.awaiting in _BEFORE_PACKETS:
            self._pending += data
            if self.awaiting is Awaiting.KEY:
                self._take_key()
            if self.awaiting is Awaiting.TERMINATOR:
                self._take_garbage()
            if self.awaiting in _BEFORE_PACKETS or len(self._pending) < self._needed():
                return []
            data = bytes(self._pending)
            self._pending.clear()
        return self._take_packets(data)

    # ---- handshake

    def _greet(self) -> None:
        self._handshake += self._greeting
        self._greeting = b""

    def _take_key(self) -> None:
        """Take the peer's key, once it is whole; all other keys follow from it."""
        begun = bytes(self._pending[: ellswift.ENCODED_SIZE])
        plain = self._magic + b"version".ljust(COMMAND_SIZE, b"\0")
        if begun.startswith(plain):
            raise TransportError("the peer speaks version 1")
        if not plain.startswith(begun):
            # A responder says nothing until it is clear that this is no connection of version 1.
            self._greet()
        if len(begun) < ellswift.ENCODED_SIZE:
            return
        del self._pending[: ellswift.ENCODED_SIZE]
        self._derive(begun)
        self.awaiting = Awaiting.TERMINATOR

    def _derive(self, their_key: bytes) -> None:
        private_key = self._secrets.private_key
        shared = ellswift.shared_secret(private_key, self._our_key, their_key, initiating=self._initiating)
        private_key[:] = bytes(len(private_key))
        keys = SessionKeys.derive(shared, self._magic)
        ours, theirs = keys.initiator, keys.responder
        if not self._initiating:
            ours, theirs = theirs, ours
        self.session_id = keys.session_id
        self._writer, self._reader = PacketWriter(ours), PacketReader(theirs)
        self._their_terminator = theirs.terminator
        self._handshake += ours.terminator + self._writer.packet(b"", self._secrets.garbage)

    def _take_garbage(self) -> None:
        """Take everything up to the terminator, which the first packet then vouches for."""
        end = self._pending.find(self._their_terminator, 0, MAX_GARBAGE + TERMINATOR_SIZE)
        if end >= 0:
            self._associated = bytes(self._pending[:end])
            del self._pending[: end + TERMINATOR_SIZE]
            self.awaiting = Awaiting.VERSION
        elif len(self._pending) >= MAX_GARBAGE + TERMINATOR_SIZE:
            raise TransportError(f"no terminator after {MAX_GARBAGE} bytes of garbage")

    # ---- packets

    def _needed(self) -> int:
        """The bytes without which nothing more can be done."""
        return LENGTH_SIZE if self._length is None else HEADER_SIZE + self._length + TAG_SIZE

    def _take_packets(self, data: bytes) -> list[Message]:
        """The messages of all whole packets; the rest is kept."""
        view = memoryview(data)
        messages: list[Message] = []
        position = 0
        while position + self._needed() <= len(data):
            end = position + self._needed()
            if self._length is None:
                self._length = self._checked(self._reader.length(view[position:end]))
            else:
                plaintext = self._reader.open(view[position:end], self._associated)
                self._length, self._associated = None, b""
                if not plaintext[0] & IGNORE:
                    self._take_contents(plaintext, messages)
            position = end
        self._pending += view[position:]
        return messages

    @staticmethod
    def _checked(length: int) -> int:
        if length > MAX_CONTENTS:
            raise TransportError(f"a packet of {length} bytes is more than {MAX_CONTENTS}")
        return length

    def _take_contents(self, plaintext: bytes, messages: list[Message]) -> None:
        if self.awaiting is Awaiting.VERSION:
            # Its contents are for later versions of the protocol to define.
            self.awaiting = Awaiting.MESSAGES
        else:
            messages.append(_message(plaintext))


_BEFORE_PACKETS: Final = frozenset({Awaiting.KEY, Awaiting.TERMINATOR})


def _message(plaintext: bytes) -> Message:
    """The message of a packet's header byte and contents. Raises TransportError, ParseError."""
    if len(plaintext) == HEADER_SIZE:
        raise TransportError("a packet without a message")
    number = plaintext[HEADER_SIZE]
    start = HEADER_SIZE + 1
    if number:
        command = COMMAND_OF_NUMBER.get(number)
        if command is None:
            return Unknown(f"type {number}")
    else:
        command = parse_command(plaintext[start : start + COMMAND_SIZE])
        start += COMMAND_SIZE
    payload = plaintext[start:]
    message = parse_payload(command, payload)
    if isinstance(message, Unknown) and len(payload) > MAX_UNKNOWN:
        raise TransportError(f"{command}: a length of {len(payload)} is more than {MAX_UNKNOWN}")
    return message
