"""Peers found by the program itself: address book, DNS seeds, fixed seeds, and what peers tell.

No two connections in one netgroup, at least half of them serving filters, and the two peers that served well last are
dialled first (anchors): who fills the book with addresses of his own wins one slot, not all. The book has peers that
answered once (tried) and others that were heard of (new): of the new ones so many for each netgroup, and so many from
each netgroup that tells; a tried one is never pushed out by a new one. Filter peers that delivered are the proven ones,
and come before those that only claim to serve filters. Now and then a peer is let go for another.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from random import Random
from typing import Final

from wallet.spv.addrman import BAN_SECONDS, ONION, Ban, Endpoint, KnownPeer, PeerBook
from wallet.spv.message import PeerAddress, Services
from wallet.spv.peer import PeerInfo

MAX_KNOWN: Final = 4_000
MAX_TRIED: Final = 1_000
MAX_PER_NETGROUP: Final = 16
# What one netgroup may tell of: an eighth of the book.
MAX_PER_SOURCE: Final = 500
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
# After so long without anybody the book is as good as empty.
LONELY_AFTER: Final = 60.0
# A peer is let go after so long, evenly by chance, if it has been there for an hour.
ROTATE_SECONDS: Final = (1_800.0, 5_400.0)
STAY_SECONDS: Final = 3_600.0
# A filter peer's proof is noted anew after so long.
PROOF_SECONDS: Final = 600.0
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
        self._sources = Counter(known.source for known in self._known.values() if not known.tried)
        self._changed: set[Endpoint] = set()
        self._paused: dict[Endpoint, float] = {}
        self._active: dict[Endpoint, bool | None] = {}
        self._since: dict[Endpoint, float] = {}
        self._rotate_at: float | None = None
        self._company: float | None = None
        self._anchors = self._find_anchors()
        self._seeds_asked: float | None = None
        self._seeds_due = 0.0
        self._extra = 0
        self.port = discovery.port

    def _find_anchors(self) -> list[Endpoint]:
        served = [known for known in self._known.values() if known.tried and known.serves_filters]
        served.sort(key=lambda known: (known.proven, known.last_success), reverse=True)
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
        # A netgroup first: who has many addresses in one has no better chance than who has one.
        groups = sorted({known.endpoint.netgroup for known in candidates})
        group = self._chance.choice(groups)
        return self._chance.choice([known for known in candidates if known.endpoint.netgroup == group]).endpoint

    def _may_dial(self, known: KnownPeer, now: float) -> bool:
        return known.banned_until <= now and self._paused.get(known.endpoint, 0.0) <= now

    # ---- what became of it

    def accept(self, endpoint: Endpoint, info: PeerInfo, now: float) -> bool:
        """Whether to keep the peer: at most half of the slots go to peers that serve no filters."""
        old = self._known.get(endpoint, KnownPeer(endpoint))
        self._put(replace(old, services=info.services, last_seen=now, last_success=now, failures=0, ban_reason=""))
        self._bound_tried()
        without = sum(serves is False for serves in self._active.values())
        if not info.serves_filters and without >= self._discovery.max_outbound // 2:
            return False
        self._active[endpoint] = info.serves_filters
        self._since[endpoint] = now
        return True

    def proved(self, endpoint: Endpoint, now: float) -> None:
        """It belongs to the proven ones, and has no failures."""
        known = self._known.get(endpoint)
        if known is not None and now - known.proven >= PROOF_SECONDS:
            self._put(replace(known, proven=now, failures=0))

    def retire(self, now: float) -> Endpoint | None:
        """One of those that have been there for an hour, by chance; the two that have been there longest stay."""
        if self._rotate_at is None or now < self._rotate_at:
            self._rotate_at = self._rotate_at or now + self._chance.uniform(*ROTATE_SECONDS)
            return None
        self._rotate_at = now + self._chance.uniform(*ROTATE_SECONDS)
        if len(self._since) < self.expected:
            return None
        longest = sorted(self._since, key=lambda endpoint: self._since[endpoint])[ANCHORS:]
        able = [endpoint for endpoint in longest if now - self._since[endpoint] >= STAY_SECONDS]
        return self._chance.choice(able) if able else None

    def woke(self, _now: float) -> None:
        """Nobody is passed over for what happened before."""
        self._paused.clear()

    def couriers(self, count: int, now: float) -> list[Endpoint]:
        """Some that answered before and are not connected, each in a netgroup of its own; else some that are."""
        able = [known.endpoint for known in self._known.values() if known.tried and self._may_dial(known, now)]
        free = [endpoint for endpoint in able if endpoint not in self._active]
        chosen: dict[str, Endpoint] = {}
        for some in (free, list(self._active)):
            self._chance.shuffle(some)
            for endpoint in some:
                if len(chosen) < count:
                    chosen.setdefault(endpoint.netgroup, endpoint)
        return list(chosen.values())

    def bans(self, now: float) -> list[Ban]:
        """All of the book."""
        banned = [known for known in self._known.values() if known.banned_until > now]
        banned.sort(key=lambda known: known.banned_until, reverse=True)
        return [Ban(known.endpoint, known.banned_until, known.ban_reason) for known in banned]

    def lost(self, endpoint: Endpoint, now: float, *, ban: bool = False, reason: str = "") -> None:
        """A minute's pause; who never answers is forgotten, who broke the rules is left alone for a day.

        Who had to be let go for keeping still comes after others.

        While nobody is connected the network itself may be down: then nobody is forgotten, and pauses are short.
        """
        reached = self._active.pop(endpoint, None) is not None
        self._since.pop(endpoint, None)
        alone = all(serves is None for serves in self._active.values())
        self._paused[endpoint] = now + (PAUSE_ALONE if alone else PAUSE)
        known = self._known.get(endpoint)
        if known is None:
            return
        if ban:
            self._put(replace(known, banned_until=now + BAN_SECONDS, ban_reason=reason, proven=0.0))
        elif not reached:
            self._note_failure(known, alone)
        elif reason:
            self._put(replace(known, failures=known.failures + 1))

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

    def heard(self, addresses: Iterable[PeerAddress], now: float, source: str = "") -> None:
        """Take those that can be dialled and serve blocks; what is known already changes nothing but its age."""
        for address in addresses:
            host = address.host
            useful = address.services & Services.WITNESS and address.port
            if host is None or not useful or not self._can_dial(host):
                continue
            seen = min(float(address.time), now)
            self._learn(KnownPeer(Endpoint(host, address.port), address.services, seen, source=source))

    def seeds_due(self, now: float) -> Sequence[str]:
        """DNS names to ask when the book is thin; fixed seeds come in where DNS may not be asked or does not answer."""
        if len(self._known) >= ENOUGH_KNOWN and not self._extra and not self._is_lonely(now):
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

    def _is_lonely(self, now: float) -> bool:
        """Whether all of the book seems to be gone; or all that are there may hide something together (`_extra`)."""
        if self._company is None or any(serves is not None for serves in self._active.values()):
            self._company = now
        return now - self._company > LONELY_AFTER

    def _waited_for_seeds(self, now: float) -> bool:
        return not self._known and self._seeds_asked is not None and now - self._seeds_asked > SEED_PATIENCE

    def seeded(self, name: str, endpoints: Iterable[Endpoint], now: float) -> None:
        """What a DNS seed answered; under the prefix it vouches for the services."""
        services = int(FILTER_SERVICES) if name.startswith(FILTER_PREFIX) else 0
        for endpoint in endpoints:
            if self._can_dial(endpoint.host):
                self._learn(KnownPeer(endpoint, services, now, source=name))

    def _use_fixed_seeds(self) -> None:
        for text in self._discovery.fixed_seeds:
            endpoint = Endpoint.parse(text, self._discovery.port)
            if self._can_dial(endpoint.host):
                self._learn(KnownPeer(endpoint))

    def _can_dial(self, host: str) -> bool:
        if host.endswith(ONION):
            return self._discovery.proxied
        try:
            return ip_address(host).is_global
        except ValueError:
            return False

    # ---- the book

    def _learn(self, new: KnownPeer) -> None:
        known = self._known.get(new.endpoint)
        if known is not None:
            services = known.services if known.tried else known.services | new.services
            self._put(replace(known, services=services, last_seen=max(known.last_seen, new.last_seen)))
            return
        if self._groups[new.endpoint.netgroup] >= MAX_PER_NETGROUP or self._is_full(new.source):
            return
        if len(self._known) >= MAX_KNOWN:
            self._forget_one()
        self._put(new)

    def _is_full(self, source: str) -> bool:
        return bool(source) and self._sources[source] >= MAX_PER_SOURCE

    def _forget_one(self) -> None:
        """Any that never served: chance decides, so that nobody can choose what is pushed out."""
        unproven = [known.endpoint for known in self._known.values() if not known.tried]
        self._forget(self._chance.choice(unproven or list(self._known)))

    def _bound_tried(self) -> None:
        """Who answered longest ago is one of the new again, so that there is room for these."""
        tried = [known for known in self._known.values() if known.tried]
        if len(tried) > MAX_TRIED:
            oldest = min(tried, key=lambda known: (known.proven > 0, known.last_success))
            self._put(replace(oldest, last_success=0.0, proven=0.0))

    def _put(self, known: KnownPeer) -> None:
        self._count(self._known.get(known.endpoint), -1)
        self._count(known, 1)
        self._known[known.endpoint] = known
        self._changed.add(known.endpoint)

    def _forget(self, endpoint: Endpoint) -> None:
        self._count(self._known.pop(endpoint), -1)
        self._paused.pop(endpoint, None)
        self._changed.add(endpoint)

    def _count(self, known: KnownPeer | None, step: int) -> None:
        if known is not None:
            self._groups[known.endpoint.netgroup] += step
            self._sources[known.source] += 0 if known.tried else step

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


def _worth(known: KnownPeer) -> tuple[bool, bool, bool, int]:
    """Filters first, then those that have delivered them before, or answered at least; then the fewest failures."""
    return known.serves_filters, known.proven > 0, known.tried, -known.failures
