"""One peer's state machine: handshake, liveness, faults. No I/O: messages come in, messages and events go out.

Wren only dials, so every peer is outbound: our version goes first. Which message may come in which state is the table
`_TABLE`; what is not in it is passed over before the handshake ends (announcements of features that are not known)
and handed on after it. Sources: protocol documentation, BIPs 31, 130, 133, 155, 159, 339.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from types import MappingProxyType
from typing import ClassVar, Final, Literal, TypeAlias

from wallet.spv.fault import PeerFault
from wallet.spv.message import (
    Addr,
    AddrV2,
    FeeFilter,
    GetAddr,
    GetHeaders,
    Message,
    NetworkAddress,
    PeerAddress,
    Ping,
    Pong,
    SendAddrV2,
    SendCmpct,
    SendHeaders,
    Services,
    Unknown,
    Verack,
    Version,
    WtxidRelay,
)

PROTOCOL_VERSION: Final = 70016
# BIP339 needs 70016; every release of the reference node since 2021 speaks it.
MINIMUM_VERSION: Final = 70016
HANDSHAKE_TIMEOUT: Final = 60.0
PING_INTERVAL: Final = 20.0
MAX_UNANSWERED: Final = 2
# After the machine slept, most connections are dead and no peer will say so.
WAKE_PATIENCE: Final = 10.0
# A pong waits in line behind a block: a peer that sends at least this much since the first unanswered ping is alive …
ALIVE_BYTES: Final = 20_000
# … but not for ever.
PING_TIMEOUT: Final = 300.0
ADDRESS_RATE: Final = 0.1
ADDRESS_BURST: Final = 1_000.0


class PeerState(Enum):
    """How far the handshake got."""

    AWAIT_VERSION = auto()
    AWAIT_VERACK = auto()
    READY = auto()


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """Who the peer is. `user_agent` is printable ASCII; `start_height` is a claim.

    relay: it wants to be told of transactions; announces: it was asked to tell of them.
    """

    id: int
    address: str
    version: int = 0
    services: int = 0
    user_agent: str = ""
    start_height: int = 0
    transport: Literal["v1", "v2"] = "v1"
    relay: bool = True
    announces: bool = True
    wtxid_relay: bool = False
    manual: bool = False
    netgroup: str = ""

    @property
    def serves_filters(self) -> bool:
        return bool(self.services & Services.COMPACT_FILTERS)

    @property
    def serves_history(self) -> bool:
        """Blocks older than the last 288 may be asked for (BIP159)."""
        return bool(self.services & Services.NETWORK)


@dataclass(frozen=True, slots=True)
class PeerReady:
    """The handshake is complete."""

    info: PeerInfo


@dataclass(frozen=True, slots=True)
class AddressesHeard:
    """Addresses of other nodes, already cut to what the peer may tell us."""

    addresses: tuple[PeerAddress, ...]


PeerEvent: TypeAlias = PeerReady | AddressesHeard | Message


# The table pairs each handler with the type of message that it takes, which this type cannot say.
_Handler: TypeAlias = Callable[..., PeerEvent | None]


@dataclass(frozen=True, slots=True)
class Dialled:
    """What is known about a peer before it says a word, and what we say to it.

    relay: the version message asks for every transaction; announces: some are asked for, by a filter at least (BIP37).
    """

    id: int
    address: str
    netgroup: str
    manual: bool = False
    user_agent: str = "/Wren:0.1/"
    nonce: int = 0
    ping_nonce: int = 0
    transport: Literal["v1", "v2"] = "v1"
    relay: bool = True
    announces: bool = True


class Peer:
    """The protocol side of one outbound connection. Times are Unix seconds; randomness comes with `Dialled`."""

    def __init__(self, dialled: Dialled, own_nonces: Container[int], now: float) -> None:
        self.dialled = dialled
        self.state = PeerState.AWAIT_VERSION
        self.info = PeerInfo(
            dialled.id,
            dialled.address,
            transport=dialled.transport,
            manual=dialled.manual,
            netgroup=dialled.netgroup,
            announces=dialled.announces,
        )
        self.latency: float | None = None
        self.clock_offset = 0.0
        self.fee_filter = 0
        self.received = 0
        self._own_nonces = own_nonces
        self._started = now
        self._ping_nonce = dialled.ping_nonce
        self._unanswered: list[tuple[int, float, int]] = []
        self._next_ping = now
        self._waking = False
        self._tokens = 1.0
        self._tokens_at = now
        self._outbox: list[Message] = [self._our_version(now)]

    def outbox(self) -> list[Message]:
        """The messages to send, in order; they are taken out."""
        messages, self._outbox = self._outbox, []
        return messages

    def send(self, message: Message) -> None:
        """Queue a message of another layer. Only after the handshake."""
        if isinstance(message, GetAddr):
            self._tokens += ADDRESS_BURST
        self._outbox.append(message)

    def note_bytes(self, count: int) -> None:
        """Bytes came in, of whole messages or not."""
        self._waking = False
        self.received += count

    def receive(self, message: Message, now: float) -> PeerEvent | None:
        """What a message means to the layers above, if anything. Raises PeerFault."""
        handler = self._TABLE.get((self.state, type(message)))
        if handler is not None:
            return handler(self, message, now)
        match self.state:
            case PeerState.READY:
                return message
            case PeerState.AWAIT_VERACK:
                return None
            case PeerState.AWAIT_VERSION:
                raise PeerFault("out-of-turn", ban=False, detail=f"{message.command} before version")

    def tick(self, now: float) -> None:
        """Ping when it is time. Raises PeerFault when the peer has been silent for too long."""
        if self.state is not PeerState.READY:
            if now - self._started > HANDSHAKE_TIMEOUT:
                raise PeerFault("handshake-timeout", ban=False, detail=f"longer than {HANDSHAKE_TIMEOUT:.0f} s")
            return
        if now < self._next_ping:
            return
        if self._unanswered:
            self._check_alive(now)
        self._ping(now)

    def wake(self, now: float) -> None:
        """The machine slept: what was asked before says nothing, and now there must be some sign of life soon."""
        if self.state is PeerState.READY:
            self._unanswered.clear()
            self._ping(now)
            self._next_ping = now + WAKE_PATIENCE
            self._waking = True

    def _check_alive(self, now: float) -> None:
        if self._waking:
            raise PeerFault("silent", ban=False, detail=f"no answer for {WAKE_PATIENCE:.0f} s after the machine slept")
        _, first_sent, received_then = self._unanswered[0]
        streaming = self.received - received_then >= ALIVE_BYTES and now - first_sent < PING_TIMEOUT
        if len(self._unanswered) >= MAX_UNANSWERED and not streaming:
            raise PeerFault("silent", ban=False, detail=f"{len(self._unanswered)} pings unanswered")

    def _ping(self, now: float) -> None:
        self._ping_nonce = (self._ping_nonce * 6364136223846793005 + 1442695040888963407) % 2**64
        self._unanswered.append((self._ping_nonce, now, self.received))
        self._next_ping = now + PING_INTERVAL
        self._outbox.append(Ping(self._ping_nonce))

    def _our_version(self, now: float) -> Version:
        """No address, no height, no services: nothing that tells one Wren from another. relay: announce payments.

        Without relay the peer announces none, unless it is given a filter (BIP37).
        """
        nowhere = NetworkAddress.unspecified()
        agent = self.dialled.user_agent.encode("ascii")
        nonce = self.dialled.nonce
        relay = self.dialled.relay
        return Version(PROTOCOL_VERSION, 0, int(now), nowhere, nowhere, nonce, agent, start_height=0, relay=relay)

    def _on_version(self, message: Version, now: float) -> None:
        self._check_version(message)
        self.info = replace(
            self.info,
            version=message.protocol,
            services=message.services,
            user_agent=_printable(message.user_agent),
            start_height=message.start_height,
            relay=message.relay,
        )
        self.clock_offset = message.time - now
        # Both must go between version and verack (BIP155, BIP339).
        self._outbox += [WtxidRelay(), SendAddrV2(), Verack()]
        self.state = PeerState.AWAIT_VERACK

    def _check_version(self, version: Version) -> None:
        if version.nonce in self._own_nonces:
            raise PeerFault("self-connection", detail=f"nonce {version.nonce:#x}")
        if version.protocol < MINIMUM_VERSION:
            raise PeerFault("old-protocol", detail=f"version {version.protocol} is below {MINIMUM_VERSION}")
        if not version.services & Services.WITNESS:
            raise PeerFault("missing-services", detail=f"{version.services:#x} lacks witness data")
        if not version.services & (Services.NETWORK | Services.NETWORK_LIMITED):
            raise PeerFault("missing-services", detail=f"{version.services:#x} lacks blocks")

    def _on_wtxid_relay(self, _message: WtxidRelay, _now: float) -> None:
        self.info = replace(self.info, wtxid_relay=True)

    def _on_verack(self, _message: Verack, now: float) -> PeerReady:
        self.state = PeerState.READY
        self._ping(now)
        return PeerReady(self.info)

    def _on_ping(self, message: Ping, _now: float) -> None:
        self._outbox.append(Pong(message.nonce))

    def _on_pong(self, message: Pong, now: float) -> Pong | None:
        """The answer to one of our pings gives the latency. Other layers may have pings of their own: handed on."""
        for position, (nonce, sent, _) in enumerate(self._unanswered):
            if message.nonce == nonce:
                self.latency = max(0.0, now - sent)
                del self._unanswered[: position + 1]
                return None
        return message

    def _on_fee_filter(self, message: FeeFilter, _now: float) -> None:
        self.fee_filter = message.sat_per_kvb

    def _on_addresses(self, message: Addr | AddrV2, now: float) -> AddressesHeard | None:
        """No more than a token bucket holds: 0.1 a second, and 1,000 for each getaddr."""
        self._tokens = min(ADDRESS_BURST, self._tokens + max(0.0, now - self._tokens_at) * ADDRESS_RATE)
        self._tokens_at = now
        taken = message.addresses[: int(self._tokens)]
        self._tokens -= len(taken)
        return AddressesHeard(taken) if taken else None

    def _ignore(self, _message: Message, _now: float) -> None:
        """Nothing in it for us."""

    def _too_late(self, message: Message, _now: float) -> None:
        raise PeerFault("out-of-turn", ban=False, detail=f"{message.command} after the handshake")

    _TABLE: ClassVar[Mapping[tuple[PeerState, type[Message]], _Handler]] = MappingProxyType(
        {
            (PeerState.AWAIT_VERSION, Version): _on_version,
            (PeerState.AWAIT_VERACK, Version): _too_late,
            (PeerState.AWAIT_VERACK, WtxidRelay): _on_wtxid_relay,
            (PeerState.AWAIT_VERACK, Verack): _on_verack,
            (PeerState.READY, Version): _too_late,
            (PeerState.READY, WtxidRelay): _too_late,
            (PeerState.READY, SendAddrV2): _too_late,
            (PeerState.READY, Verack): _ignore,
            (PeerState.READY, Ping): _on_ping,
            (PeerState.READY, Pong): _on_pong,
            (PeerState.READY, FeeFilter): _on_fee_filter,
            (PeerState.READY, Addr): _on_addresses,
            (PeerState.READY, AddrV2): _on_addresses,
            (PeerState.READY, SendHeaders): _ignore,
            (PeerState.READY, SendCmpct): _ignore,
            (PeerState.READY, GetAddr): _ignore,
            (PeerState.READY, GetHeaders): _ignore,
            (PeerState.READY, Unknown): _ignore,
        }
    )


def _printable(raw: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in raw)
