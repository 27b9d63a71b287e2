"""Network addresses as the peer-to-peer messages carry them.

Two wire forms: the fixed 26 or 30 bytes of `version` and `addr` (protocol documentation), and the variable form of
`addrv2` (BIP155). Ports are the only big-endian numbers of the protocol.
"""

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha3_256
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar, Final, Self

from wallet.bitcoin.codec import ParseError, Reader, compact_size, u32, u64, var_bytes

MAX_ADDRESSES: Final = 1_000
MAX_ADDRESS_BYTES: Final = 512
_V4_MAPPED: Final = bytes(10) + b"\xff\xff"
_LEGACY_ENTRY: Final = 30
_UINT64: Final = 2**64 - 1

# BIP155's table of network ids: name and length of the address in bytes. Ids that are not in it may have any length.
IPV4, IPV6, TORV2, TORV3, I2P, CJDNS, YGGDRASIL = range(1, 8)
_LENGTHS: Final = {IPV4: 4, IPV6: 16, TORV2: 10, TORV3: 32, I2P: 32, CJDNS: 16, YGGDRASIL: 16}


@dataclass(frozen=True, slots=True)
class NetworkAddress:
    """Services, 16 bytes of IPv6 (or mapped IPv4) address and port: the form inside `version`."""

    services: int
    ip: bytes
    port: int

    @classmethod
    def unspecified(cls, services: int = 0) -> Self:
        """Nothing but the service bits: Wren tells no peer which address it uses or sees."""
        return cls(services, bytes(16), 0)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        services = reader.u64()
        ip = bytes(reader.take(16))
        return cls(services, ip, int.from_bytes(reader.take(2), "big"))

    def serialize(self) -> bytes:
        return u64(self.services) + self.ip + self.port.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """One address heard of: `network` is an id of BIP155, `address` its raw bytes, `time` in Unix seconds."""

    time: int
    services: int
    network: int
    address: bytes
    port: int

    @property
    def host(self) -> str | None:
        """The address as text that can be dialled, or None when the network is not one that Wren dials."""
        if self.network == IPV4:
            return str(IPv4Address(self.address))
        if self.network in (IPV6, CJDNS):
            return str(IPv6Address(self.address))
        if self.network == TORV3:
            return onion_name(self.address)
        return None


def onion_name(public_key: bytes) -> str:
    """The .onion name of a 32-byte hidden service key (BIP155, appendix B)."""
    version = b"\x03"
    check = sha3_256(b".onion checksum" + public_key + version).digest()[:2]
    return b32encode(public_key + check + version).decode("ascii").lower() + ".onion"


@dataclass(frozen=True, slots=True)
class Addr:
    """Addresses in the old form: at most 1,000."""

    command: ClassVar[str] = "addr"
    maximum: ClassVar[int] = 3 + MAX_ADDRESSES * _LEGACY_ENTRY

    addresses: tuple[PeerAddress, ...]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        count = reader.compact_size(MAX_ADDRESSES)
        if reader.remaining != count * _LEGACY_ENTRY:
            raise ParseError(f"addr: {count} addresses do not fill {reader.remaining} bytes")
        addresses = tuple(_read_legacy(reader) for _ in range(count))
        reader.finish()
        return cls(addresses)

    def serialize(self) -> bytes:
        return compact_size(len(self.addresses)) + b"".join(map(_legacy, self.addresses))


def _read_legacy(reader: Reader) -> PeerAddress:
    time = reader.u32()
    entry = NetworkAddress.read(reader)
    if entry.ip.startswith(_V4_MAPPED):
        return PeerAddress(time, entry.services, IPV4, entry.ip[12:], entry.port)
    return PeerAddress(time, entry.services, IPV6, entry.ip, entry.port)


def _legacy(peer: PeerAddress) -> bytes:
    if peer.network not in (IPV4, IPV6):
        raise ValueError(f"network {peer.network} has no place in an addr message")
    ip = _V4_MAPPED + peer.address if peer.network == IPV4 else peer.address
    return u32(peer.time) + NetworkAddress(peer.services, ip, peer.port).serialize()


@dataclass(frozen=True, slots=True)
class AddrV2:
    """Addresses of any network (BIP155): at most 1,000, each of at most 512 bytes."""

    command: ClassVar[str] = "addrv2"
    maximum: ClassVar[int] = 3 + MAX_ADDRESSES * (4 + 9 + 1 + 3 + MAX_ADDRESS_BYTES + 2)

    addresses: tuple[PeerAddress, ...]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        reader = Reader(payload)
        count = reader.compact_size(MAX_ADDRESSES)
        addresses = tuple(_read_v2(reader) for _ in range(count))
        reader.finish()
        return cls(addresses)

    def serialize(self) -> bytes:
        return compact_size(len(self.addresses)) + b"".join(map(_v2, self.addresses))


def _read_v2(reader: Reader) -> PeerAddress:
    time = reader.u32()
    services = reader.compact_size(_UINT64)
    network = reader.u8()
    address = bytes(reader.var_bytes(MAX_ADDRESS_BYTES))
    if len(address) != _LENGTHS.get(network, len(address)):
        raise ParseError(f"addrv2: {len(address)} bytes for an address of network {network}")
    return PeerAddress(time, services, network, address, int.from_bytes(reader.take(2), "big"))


def _v2(peer: PeerAddress) -> bytes:
    head = u32(peer.time) + compact_size(peer.services) + bytes([peer.network])
    return head + var_bytes(peer.address) + peer.port.to_bytes(2, "big")
