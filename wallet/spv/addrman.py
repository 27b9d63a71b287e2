"""Whom to dial next, and when. No I/O: the shell dials and reports, the book is handed in.

Two ways: `ManualPeers` knows the peers that the user named and no others; `DiscoveredPeers` finds them by the address
book, DNS seeds, fixed seeds and what peers tell, and keeps to distinct netgroups. Times are Unix seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final, Protocol, Self

from wallet.override import override
from wallet.spv.message import PeerAddress, Services
from wallet.spv.peer import PeerInfo

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
# Who stayed this long is dialled again at once when it is lost: a node that restarts, a network that changes.
SETTLED: Final = 5.0
BAN_SECONDS: Final = 86_400.0
# Shorter for a peer that the user named: the node may be mended, and there may be no other.
MANUAL_BAN_SECONDS: Final = 600.0
# Who cannot be reached so often in a row is not counted on until it is there.
ABSENT_AFTER: Final = 2
ONION: Final = ".onion"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A host (address or name) and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, default_port: int) -> Self:
        """From host, host:port, [v6]:port or a bare v6 address; ValueError when it is none of them."""
        host, separator, port = text.strip().rpartition(":")
        if not separator or (":" in host and not host.endswith("]")):
            host, port = text.strip(), str(default_port)
        host = host.removeprefix("[").removesuffix("]").lower()
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"not an address of a peer: {text!r}")
        return cls(host, int(port))

    @override
    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def netgroup(self) -> str:
        """What one operator is likely to hold: the /16 of an IPv4 address, the /32 of an IPv6 one, else the name."""
        return _netgroup(self.host)


@lru_cache(maxsize=8_192)
def _netgroup(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return f"onion:{host[0]}" if host.endswith(ONION) else host
    if isinstance(address, IPv6Address):
        return address.exploded[:9]
    return ".".join(host.split(".")[:2])


@dataclass(slots=True)
class _Backoff:
    """When an endpoint may be dialled again."""

    due: float = 0.0
    failures: int = 0

    def failed(self, now: float) -> None:
        self.due = now + min(LONGEST_DELAY, FIRST_DELAY * 2.0**self.failures)
        self.failures = min(self.failures + 1, 16)


@dataclass(frozen=True, slots=True)
class Ban:
    """An address that is kept away from until a time (Unix seconds), because of what it did."""

    endpoint: Endpoint
    until: float
    reason: str


class PeerSource(Protocol):
    """What the shell asks whom to dial.

    `manual`: whether the user named the peers; `port`: the network's own.
    """

    manual: bool
    port: int

    @property
    def expected(self) -> int:
        """How many connections to count on."""

    def widen(self, extra: int) -> None:
        """Aim at so many connections more than usual: those that there are may hide something together."""

    def due(self, now: float) -> list[Endpoint]:
        """Whom to dial now. Each counts as taken until `lost` is reported."""

    def next_due(self, now: float) -> float:
        """Seconds until `due` can have something new, if nothing is reported before."""

    def accept(self, endpoint: Endpoint, info: PeerInfo, now: float) -> bool:
        """The handshake is done: whether to keep this peer."""

    def lost(self, endpoint: Endpoint, now: float, *, ban: bool = False, reason: str = "") -> None:
        """The connection ended, or could not be made. reason: why we ended it; ban: for breaking a rule."""

    def proved(self, endpoint: Endpoint, now: float) -> None:
        """The peer delivered filters that stood up to their filter headers."""

    def retire(self, now: float) -> Endpoint | None:
        """A peer to be let go, now and then, so that not the same few see all that this wallet does."""

    def woke(self, now: float) -> None:
        """The machine slept, or the network changed: nobody's failures of before count."""

    def couriers(self, count: int, now: float) -> list[Endpoint]:
        """Peers to hand a payment to over connections of their own: others than those that are connected, if any."""

    def bans(self, now: float) -> list[Ban]:
        """Who is kept away from, the longest first."""

    def heard(self, addresses: Iterable[PeerAddress], now: float, source: str = "") -> None:
        """A peer told addresses; source: its netgroup."""

    def wants_addresses(self) -> bool:
        """Whether to ask a peer for addresses."""

    def seeds_due(self, now: float) -> Sequence[str]:
        """DNS names to resolve now."""

    def seeded(self, name: str, endpoints: Iterable[Endpoint], now: float) -> None:
        """What a DNS seed answered."""

    def flush(self) -> None:
        """Write the book."""

    def close(self) -> None:
        """Write the book and close it."""


class ManualPeers:
    """These and no others: no DNS, no address book, nothing that peers tell."""

    manual = True

    def __init__(self, endpoints: Iterable[Endpoint], port: int = 0) -> None:
        self.port = port
        self._peers = {endpoint: _Backoff() for endpoint in endpoints}
        self._since: dict[Endpoint, float | None] = {}
        self._bans: dict[Endpoint, Ban] = {}

    @property
    def expected(self) -> int:
        """Those that are there, or may be any moment; one at the least."""
        there = (self._since.get(each) or backoff.failures < ABSENT_AFTER for each, backoff in self._peers.items())
        return max(1, sum(map(bool, there)))

    def widen(self, extra: int) -> None:
        """There are no others."""

    def due(self, now: float) -> list[Endpoint]:
        """Those that are free and whose pause is over."""
        found = [each for each, backoff in self._peers.items() if each not in self._since and backoff.due <= now]
        self._since.update(dict.fromkeys(found))
        return found

    def next_due(self, now: float) -> float:
        """Until the first pause is over."""
        waiting = [backoff.due for each, backoff in self._peers.items() if each not in self._since]
        return max(0.0, min(waiting) - now) if waiting else LONGEST_DELAY

    def accept(self, endpoint: Endpoint, _info: PeerInfo, now: float) -> bool:
        """Always: the user chose it."""
        self._since[endpoint] = now
        return True

    def lost(self, endpoint: Endpoint, now: float, *, ban: bool = False, reason: str = "") -> None:
        """Half a second's pause, doubled with every failure; ten minutes for who broke the rules."""
        since = self._since.pop(endpoint, None)
        backoff = self._peers[endpoint]
        if since is not None and now - since >= SETTLED:
            backoff.failures = 0
        backoff.failed(now)
        if ban:
            backoff.due = now + MANUAL_BAN_SECONDS
            self._bans[endpoint] = Ban(endpoint, backoff.due, reason)

    def proved(self, endpoint: Endpoint, now: float) -> None:
        """It is the user's choice anyway."""

    def retire(self, _now: float) -> Endpoint | None:
        """Nobody."""
        return None

    def woke(self, now: float) -> None:
        """All that are free are dialled at once, but for who broke the rules."""
        for endpoint, backoff in self._peers.items():
            if endpoint not in {ban.endpoint for ban in self.bans(now)}:
                backoff.due, backoff.failures = 0.0, 0

    def couriers(self, count: int, _now: float) -> list[Endpoint]:
        """There are no others; but one must be left that listens."""
        return list(self._peers)[: max(1, min(count, len(self._peers) - 1))]

    def bans(self, now: float) -> list[Ban]:
        """Of this run: the user may know better at the next."""
        return _longest_first(ban for ban in self._bans.values() if ban.until > now)

    def heard(self, addresses: Iterable[PeerAddress], now: float, source: str = "") -> None:
        """Passed over."""

    def wants_addresses(self) -> bool:
        """Never."""
        return False

    def seeds_due(self, _now: float) -> Sequence[str]:
        """None."""
        return ()

    def seeded(self, name: str, endpoints: Iterable[Endpoint], now: float) -> None:
        """Nothing was asked."""

    def flush(self) -> None:
        """There is no book."""

    def close(self) -> None:
        """There is no book."""


@dataclass(frozen=True, slots=True)
class KnownPeer:
    """One line of the address book. Times are Unix seconds, 0 for never.

    proven: when it last delivered filters that stood up to their filter headers; source: the netgroup of who told it.
    """

    endpoint: Endpoint
    services: int = 0
    last_seen: float = 0.0
    last_success: float = 0.0
    failures: int = 0
    banned_until: float = 0.0
    proven: float = 0.0
    ban_reason: str = ""
    source: str = ""

    @property
    def serves_filters(self) -> bool:
        return bool(self.services & Services.COMPACT_FILTERS)

    @property
    def tried(self) -> bool:
        """Whether it ever answered; the others are only heard of."""
        return self.last_success > 0


def _longest_first(bans: Iterable[Ban]) -> list[Ban]:
    return sorted(bans, key=lambda ban: ban.until, reverse=True)


class PeerBook(Protocol):
    """Where known peers outlive the program."""

    def load(self) -> Iterable[KnownPeer]:
        """All of them."""

    def save(self, changed: Iterable[KnownPeer], forgotten: Iterable[Endpoint]) -> None:
        """Write and delete lines, all or none."""

    def close(self) -> None:
        """Nothing more will be written."""


class NoBook:
    """A book that forgets: peers are found anew each time."""

    def load(self) -> Iterable[KnownPeer]:
        """Nothing."""
        return ()

    def save(self, changed: Iterable[KnownPeer], forgotten: Iterable[Endpoint]) -> None:
        """Forgotten."""

    def close(self) -> None:
        """Nothing to close."""
