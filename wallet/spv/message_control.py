"""Payloads of the handshake and of keeping a connection: version, verack, the announcements of features, ping, pong.

Sources: protocol documentation, BIPs 14, 31, 37, 130, 133, 152, 155, 339.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import ClassVar, Final, Self

from wallet.bitcoin.codec import ParseError, Reader, i32, i64, u64, var_bytes
from wallet.spv.message_address import NetworkAddress

MAX_USER_AGENT: Final = 256


class Services(IntFlag):
    """Service bits that Wren looks at (BIPs 111, 144, 157, 159, 324)."""

    NETWORK = 1
    BLOOM = 4
    WITNESS = 8
    COMPACT_FILTERS = 64
    NETWORK_LIMITED = 1024
    P2P_V2 = 2048


class Empty:
    """A payload without content."""

    __slots__ = ()
    command: ClassVar[str]
    maximum: ClassVar[int] = 0

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        if payload:
            raise ParseError(f"{cls.command}: {len(payload)} bytes where none belong")
        return cls()

    def serialize(self) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class Verack(Empty):
    """The version is accepted."""

    command: ClassVar[str] = "verack"


@dataclass(frozen=True, slots=True)
class SendHeaders(Empty):
    """Announce new blocks by their headers (BIP130)."""

    command: ClassVar[str] = "sendheaders"


@dataclass(frozen=True, slots=True)
class SendAddrV2(Empty):
    """Addresses in the new form, please (BIP155); before verack only."""

    command: ClassVar[str] = "sendaddrv2"


@dataclass(frozen=True, slots=True)
class WtxidRelay(Empty):
    """Transactions are announced by wtxid (BIP339); before verack only."""

    command: ClassVar[str] = "wtxidrelay"


@dataclass(frozen=True, slots=True)
class GetAddr(Empty):
    """Tell addresses of other nodes."""

    command: ClassVar[str] = "getaddr"


@dataclass(frozen=True, slots=True)
class Version:
    """The first message: who is there. `user_agent` is raw bytes: show it only cleaned. `time` in Unix seconds."""

    command: ClassVar[str] = "version"
    maximum: ClassVar[int] = 4 + 8 + 8 + 26 + 26 + 8 + 3 + MAX_USER_AGENT + 4 + 1

    protocol: int
    services: int
    time: int
    receiver: NetworkAddress
    sender: NetworkAddress
    nonce: int
    user_agent: bytes
    start_height: int
    relay: bool = True

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        version = cls(
            protocol=reader.i32(),
            services=reader.u64(),
            time=reader.i64(),
            receiver=NetworkAddress.read(reader),
            sender=NetworkAddress.read(reader),
            nonce=reader.u64(),
            user_agent=reader.var_bytes(MAX_USER_AGENT),
            start_height=reader.i32(),
            # Optional since BIP37: left out means yes.
            relay=reader.u8() != 0 if reader.remaining else True,
        )
        reader.finish()
        return version

    def serialize(self) -> bytes:
        addresses = self.receiver.serialize() + self.sender.serialize()
        head = i32(self.protocol) + u64(self.services) + i64(self.time)
        tail = u64(self.nonce) + var_bytes(self.user_agent) + i32(self.start_height)
        return head + addresses + tail + bytes([self.relay])


@dataclass(frozen=True, slots=True)
class _Nonce:
    """A payload that is one random 64-bit number."""

    command: ClassVar[str]
    maximum: ClassVar[int] = 8

    nonce: int

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        message = cls(reader.u64())
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return u64(self.nonce)


@dataclass(frozen=True, slots=True)
class Ping(_Nonce):
    """The question whether the peer is still there."""

    command: ClassVar[str] = "ping"


@dataclass(frozen=True, slots=True)
class Pong(_Nonce):
    """The answer to a ping, with its nonce (BIP31)."""

    command: ClassVar[str] = "pong"


@dataclass(frozen=True, slots=True)
class FeeFilter:
    """Announce no transaction below this rate (BIP133)."""

    command: ClassVar[str] = "feefilter"
    maximum: ClassVar[int] = 8

    sat_per_kvb: int

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        message = cls(reader.i64())
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return i64(self.sat_per_kvb)


@dataclass(frozen=True, slots=True)
class SendCmpct:
    """Compact blocks, which Wren neither asks for nor sends (BIP152)."""

    command: ClassVar[str] = "sendcmpct"
    maximum: ClassVar[int] = 9

    announce: bool
    version: int

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        message = cls(reader.u8() != 0, reader.u64())
        reader.finish()
        return message

    def serialize(self) -> bytes:
        return bytes([self.announce]) + u64(self.version)
