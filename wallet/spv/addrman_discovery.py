"""Peers found by the program itself: address book, DNS seeds, fixed seeds, and what peers tell.

No two connections in one netgroup, at least half of them serving filters, and the two peers that served well last are
dialled first (anchors): who fills the book with addresses of his own wins one slot, not all.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from random import Random
from typing import Final

from wallet.spv.addrman import BAN_SECONDS, ONION, Endpoint, KnownPeer, PeerBook
from wallet.spv.message import PeerAddress, Services
from wallet.spv.peer import PeerInfo

MAX_KNOWN: Final = 4_000
MAX_PER_NETGROUP: Final = 16
MAX_FAILURES: Final = 4
ENOUGH_KNOWN: Final = 100
ANCHORS: Final = 2
PAUSE: Final = 60.0
# When nobody at all is connected, it is more likely the network that failed than each of the peers.
PAUSE_ALONE: Final = 5.0
SEED_PAUSE: Final = 600.0
# So long DNS seeds have to answer before the fixed seeds are used.
SEED_PATIENCE: Final = 15.0
SEEDS_AT_ONCE: Final = 3
# Now and then any candidate: otherwise nobody new would ever be tried.
EXPLORE: Final = 0.2
# NETWORK, WITNESS and COMPACT_FILTERS: what a DNS seed is asked for by the prefix x49.
FILTER_SERVICES: Final = Services.NETWORK | Services.WITNESS | Services.COMPACT_FILTERS
FILTER_PREFIX: Final = f"x{int(FILTER_SERVICES):x}."


@dataclass(frozen=True, slots=True)
class Discovery:
    """How peers are found. Behind a proxy (`proxied`) no DNS name is ever asked for."""

    port: int
    dns_seeds: tuple[str, ...] = ()
    fixed_seeds: tuple[str, ...] = ()
    max_outbound: int = 8
    proxied: bool = False


class DiscoveredPeers:
    """A PeerSource over an address book."""

    manual = False

    def __init__(self, discovery: Discovery, book: PeerBook, chance: Random) -> None:
        self._discovery = discovery
        self._book = book
        self._chance = chance
        self._known = {known.endpoint: known for known in book.load()}
        self._groups = Counter(endpoint.netgroup for endpoint in self._known)
        self._changed: set[Endpoint] = set()
        self._paused: dict[Endpoint, float] = {}
        self._active: dict[Endpoint, bool | None] = {}
        self._anchors = self._find_anchors()
        self._seeds_asked: float | None = None
        self._seeds_due = 0.0
        self._extra = 0
        self.port = discovery.port

    def _find_anchors(self) -> list[Endpoint]:
        served = [known for known in self._known.values() if known.last_success and known.serves_filters]
        served.sort(key=lambda known: known.last_success, reverse=True)
        return [known.endpoint for known in served[:ANCHORS]]

    # ---- whom to dial

    @property
    def expected(self) -> int:
        """As many as there are slots."""
        return self._discovery.max_outbound + self._extra

    def widen(self, extra: int) -> None:
        """So many slots more, from now on."""
        self._extra = extra

    def due(self, now: float) -> list[Endpoint]:
        """As many as there are free slots, each in a netgroup of its own."""
        free = self.expected - len(self._active)
        used = {endpoint.netgroup for endpoint in self._active}
        chosen: list[Endpoint] = []
        candidates = [known for known in self._known.values() if self._may_dial(known, now)] if free > 0 else []
        while len(chosen) < free and (endpoint := self._choose(candidates, used)) is not None:
            used.add(endpoint.netgroup)
            self._active[endpoint] = None
            chosen.append(endpoint)
        return chosen

    def next_due(self, _now: float) -> float:
        """A second: candidates come from many sides."""
        return 1.0

    def _choose(self, known_free: list[KnownPeer], used: set[str]) -> Endpoint | None:
        candidates = [known for known in known_free if known.endpoint.netgroup not in used]
        anchor = next((known.endpoint for known in candidates if known.endpoint in self._anchors), None)
        if anchor is not None:
            self._anchors.remove(anchor)
            return anchor
        if not candidates:
            return None
        if self._chance.random() >= EXPLORE:
            best = max(map(_worth, candidates))
            candidates = [known for known in candidates if _worth(known) == best]
        return self._chance.choice(candidates).endpoint

    def _may_dial(self, known: KnownPeer, now: float) -> bool:
        return known.banned_until <= now and self._paused.get(known.endpoint, 0.0) <= now

    # ---- what became of it

    def accept(self, endpoint: Endpoint, info: PeerInfo, now: float) -> bool:
        """Whether to keep the peer: at most half of the slots go to peers that serve no filters."""
        old = self._known.get(endpoint, KnownPeer(endpoint))
        self._put(replace(old, services=info.services, last_seen=now, last_success=now, failures=0))
        without = sum(serves is False for serves in self._active.values())
        if not info.serves_filters and without >= self._discovery.max_outbound // 2:
            return False
        self._active[endpoint] = info.serves_filters
        return True

    def lost(self, endpoint: Endpoint, now: float, *, ban: bool = False) -> None:
        """A minute's pause; who never answers is forgotten, who broke the rules is left alone for a day.

        While nobody is connected the network itself may be down: then nobody is forgotten, and pauses are short.
        """
        reached = self._active.pop(endpoint, None) is not None
        alone = all(serves is None for serves in self._active.values())
        self._paused[endpoint] = now + (PAUSE_ALONE if alone else PAUSE)
        known = self._known.get(endpoint)
        if known is None:
            return
        if ban:
            self._put(replace(known, banned_until=now + BAN_SECONDS))
        elif not reached:
            self._note_failure(known, alone)

    def _note_failure(self, known: KnownPeer, alone: bool) -> None:
        failures = known.failures + 1
        if not alone and failures >= MAX_FAILURES:
            self._forget(known.endpoint)
        elif not alone or failures <= MAX_FAILURES // 2:
            self._put(replace(known, failures=failures))

    # ---- where addresses come from

    def wants_addresses(self) -> bool:
        """Until the book holds a few hundred."""
        return len(self._known) < MAX_KNOWN // 4

    def heard(self, addresses: Iterable[PeerAddress], now: float) -> None:
        """Take those that can be dialled and serve blocks; what is known already changes nothing but its age."""
        for address in addresses:
            host = address.host
            useful = address.services & Services.WITNESS and address.port
            if host is None or not useful or not self._can_dial(host):
                continue
            self._learn(Endpoint(host, address.port), address.services, min(float(address.time), now))

    def seeds_due(self, now: float) -> Sequence[str]:
        """DNS names to ask when the book is thin; fixed seeds come in where DNS may not be asked or does not answer."""
        if len(self._known) >= ENOUGH_KNOWN:
            return ()
        if self._discovery.proxied or self._waited_for_seeds(now) or not self._discovery.dns_seeds:
            self._use_fixed_seeds()
        if self._discovery.proxied or now < self._seeds_due:
            return ()
        self._seeds_due = now + SEED_PAUSE
        self._seeds_asked = now
        seeds = list(self._discovery.dns_seeds)
        self._chance.shuffle(seeds)
        chosen = seeds[:SEEDS_AT_ONCE]
        return [FILTER_PREFIX + name for name in chosen] + chosen

    def _waited_for_seeds(self, now: float) -> bool:
        return not self._known and self._seeds_asked is not None and now - self._seeds_asked > SEED_PATIENCE

    def seeded(self, name: str, endpoints: Iterable[Endpoint], now: float) -> None:
        """What a DNS seed answered; under the prefix it vouches for the services."""
        services = int(FILTER_SERVICES) if name.startswith(FILTER_PREFIX) else 0
        for endpoint in endpoints:
            if self._can_dial(endpoint.host):
                self._learn(endpoint, services, now)

    def _use_fixed_seeds(self) -> None:
        for text in self._discovery.fixed_seeds:
            endpoint = Endpoint.parse(text, self._discovery.port)
            if self._can_dial(endpoint.host):
                self._learn(endpoint, 0, 0.0)

    def _can_dial(self, host: str) -> bool:
        if host.endswith(ONION):
            return self._discovery.proxied
        try:
            return ip_address(host).is_global
        except ValueError:
            return False

    # ---- the book

    def _learn(self, endpoint: Endpoint, services: int, seen: float) -> None:
        known = self._known.get(endpoint)
        if known is not None:
            services = known.services if known.last_success else known.services | services
            self._put(replace(known, services=services, last_seen=max(known.last_seen, seen)))
            return
        if self._groups[endpoint.netgroup] >= MAX_PER_NETGROUP:
            return
        if len(self._known) >= MAX_KNOWN:
            self._forget_one()
        self._put(KnownPeer(endpoint, services, seen))

    def _forget_one(self) -> None:
        """Any that never served: chance decides, so that nobody can choose what is pushed out."""
        unproven = [known.endpoint for known in self._known.values() if not known.last_success]
        self._forget(self._chance.choice(unproven or list(self._known)))

    def _put(self, known: KnownPeer) -> None:
        if known.endpoint not in self._known:
            self._groups[known.endpoint.netgroup] += 1
        self._known[known.endpoint] = known
        self._changed.add(known.endpoint)

    def _forget(self, endpoint: Endpoint) -> None:
        del self._known[endpoint]
        self._paused.pop(endpoint, None)
        self._groups[endpoint.netgroup] -= 1
        self._changed.add(endpoint)

    def flush(self) -> None:
        """Write what changed since the last time."""
        if self._changed:
            kept = [self._known[endpoint] for endpoint in self._changed if endpoint in self._known]
            self._book.save(kept, [endpoint for endpoint in self._changed if endpoint not in self._known])
            self._changed.clear()

    def close(self) -> None:
        """Write what changed, and close the book."""
        self.flush()
        self._book.close()


def _worth(known: KnownPeer) -> tuple[bool, bool, int]:
    """Filters first, then those that have served before, then the fewest failures."""
    return known.serves_filters, known.last_success > 0, -known.failures
