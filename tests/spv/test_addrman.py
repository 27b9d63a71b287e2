"""Whom to dial: manual peers and no others, or discovered ones kept apart by netgroup."""

from collections.abc import Iterable
from random import Random

import pytest

from wallet.spv.addrman import Endpoint, KnownPeer, ManualPeers
from wallet.spv.addrman_discovery import FILTER_PREFIX, DiscoveredPeers, Discovery
from wallet.spv.message import PeerAddress, Services
from wallet.spv.peer import PeerInfo

NOW = 1_800_000_000.0
FULL = int(Services.NETWORK | Services.WITNESS | Services.COMPACT_FILTERS)
BARE = int(Services.NETWORK | Services.WITNESS)
DISCOVERY = Discovery(port=8333, dns_seeds=("a.example", "b.example"), fixed_seeds=("9.9.9.9:8333", "8.8.8.8"))


class Book:
    """An address book in memory."""

    def __init__(self, *known: KnownPeer) -> None:
        self.closed = False
        self.lines = {each.endpoint: each for each in known}

    def load(self) -> Iterable[KnownPeer]:
        return list(self.lines.values())

    def save(self, changed: Iterable[KnownPeer], forgotten: Iterable[Endpoint]) -> None:
        self.lines.update({each.endpoint: each for each in changed})
        for endpoint in forgotten:
            self.lines.pop(endpoint, None)

    def close(self) -> None:
        self.closed = True


def discovered(*known: KnownPeer, discovery: Discovery = DISCOVERY) -> DiscoveredPeers:
    return DiscoveredPeers(discovery, Book(*known), Random(1))


def at(number: int, last: int = 1) -> Endpoint:
    """An endpoint of netgroup 11.<number>."""
    return Endpoint(f"11.{number}.0.{last}", 8333)


def info(endpoint: Endpoint, services: int = FULL) -> PeerInfo:
    return PeerInfo(1, str(endpoint), services=services, netgroup=endpoint.netgroup)


def heard(endpoint: Endpoint, services: int = FULL, time: float = NOW) -> PeerAddress:
    return PeerAddress(int(time), services, 1, bytes(map(int, endpoint.host.split("."))), endpoint.port)


# ---- endpoints


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("1.2.3.4:18444", "1.2.3.4", 18444),
        ("1.2.3.4", "1.2.3.4", 8333),
        (" Node.Example.org:1 ", "node.example.org", 1),
        ("[2001:db8::1]:8444", "2001:db8::1", 8444),
        ("[2001:db8::1]", "2001:db8::1", 8333),
        ("2001:db8::1", "2001:db8::1", 8333),
    ],
)
def test_an_endpoint_is_read_from_what_people_write(text: str, host: str, port: int) -> None:
    endpoint = Endpoint.parse(text, 8333)

    assert (endpoint.host, endpoint.port) == (host, port)
    assert Endpoint.parse(str(endpoint), 1) == endpoint


@pytest.mark.parametrize("text", ["", ":8333", "host:", "host:0", "host:65536", "host:http", "host:-1", "host:¹"])
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address of a peer"):
        Endpoint.parse(text, 8333)


def test_netgroups_are_what_one_operator_is_likely_to_hold() -> None:
    assert Endpoint("1.2.3.4", 1).netgroup == Endpoint("1.2.200.4", 2).netgroup != Endpoint("1.3.3.4", 1).netgroup
    assert Endpoint("2001:db8::1", 1).netgroup == Endpoint("2001:db8:ffff::2", 1).netgroup
    assert Endpoint("2001:db8::1", 1).netgroup != Endpoint("2001:db9::1", 1).netgroup
    assert Endpoint("abc.onion", 1).netgroup == Endpoint("axy.onion", 1).netgroup != Endpoint("bbc.onion", 1).netgroup
    assert Endpoint("node.example.org", 1).netgroup == "node.example.org"


# ---- manual peers

MANUAL = Endpoint("127.0.0.1", 18444)


def test_manual_peers_are_all_dialled_at_once_and_each_only_once() -> None:
    others = [Endpoint("127.0.0.1", 18445), Endpoint("127.0.0.1", 18446)]
    peers = ManualPeers([MANUAL, *others])

    assert peers.due(NOW) == [MANUAL, *others]
    assert peers.due(NOW) == []
    assert peers.expected == 3
    assert peers.next_due(NOW) == 30.0


def test_the_pauses_of_a_manual_peer_double_up_to_half_a_minute() -> None:
    peers = ManualPeers([MANUAL])
    now = NOW
    pauses = []
    for _ in range(9):
        assert peers.due(now) == [MANUAL]
        peers.lost(MANUAL, now)
        pauses.append(peers.next_due(now))
        assert peers.due(now + pauses[-1] - 0.01) == []
        now += pauses[-1]

    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_manual_peer_that_had_settled_is_dialled_again_at_once() -> None:
    peers = ManualPeers([MANUAL])
    for _ in range(5):
        peers.lost(MANUAL, NOW)
    peers.due(NOW + 100)
    assert peers.accept(MANUAL, info(MANUAL, BARE), NOW + 100)
    peers.lost(MANUAL, NOW + 106)

    assert peers.next_due(NOW + 106) == 0.5


def test_a_manual_peer_that_is_lost_at_once_each_time_is_not_hammered() -> None:
    peers = ManualPeers([MANUAL])
    for _ in range(5):
        peers.due(NOW + 100)
        peers.accept(MANUAL, info(MANUAL), NOW + 100)
        peers.lost(MANUAL, NOW + 101)

    assert peers.next_due(NOW + 101) == 8


def test_a_manual_peer_that_lied_is_left_alone() -> None:
    peers = ManualPeers([MANUAL])
    peers.due(NOW)
    peers.lost(MANUAL, NOW, ban=True)

    assert peers.due(NOW + 599) == []
    assert peers.due(NOW + 600) == [MANUAL]


def test_manual_peers_mean_no_dns_no_book_and_nothing_that_peers_tell() -> None:
    peers = ManualPeers([MANUAL])
    peers.heard([heard(at(1))], NOW)
    peers.seeded("x", [at(2)], NOW)
    peers.flush()
    peers.close()

    assert peers.due(NOW) == [MANUAL]
    assert peers.seeds_due(NOW) == ()
    assert not peers.wants_addresses()


# ---- discovered peers


def test_eight_peers_of_eight_netgroups_are_dialled() -> None:
    peers = discovered(*(KnownPeer(at(n % 20, n), FULL) for n in range(1, 200)))

    chosen = peers.due(NOW)

    assert len(chosen) == 8
    assert len({endpoint.netgroup for endpoint in chosen}) == 8
    assert peers.due(NOW) == []


def test_a_thousand_addresses_of_one_netgroup_win_one_slot() -> None:
    book = Book(*(KnownPeer(at(n), FULL) for n in range(2, 5)))
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    peers.heard([heard(Endpoint(f"11.1.{n // 200}.{n % 200 + 1}", 8333)) for n in range(1_000)], NOW)

    chosen = peers.due(NOW)

    assert sum(endpoint.netgroup == "11.1" for endpoint in chosen) == 1
    assert len(chosen) == 4
    peers.flush()
    assert len(book.lines) == 3 + 16


def test_a_flood_of_addresses_does_not_grow_the_book_without_end() -> None:
    book = Book(KnownPeer(at(250), FULL, last_success=NOW))
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    for high in range(1, 100):
        peers.heard([heard(Endpoint(f"{high + 20}.{n}.0.1", 8333)) for n in range(1, 255)], NOW)
    peers.flush()

    assert len(book.lines) <= 4_000
    assert at(250) in book.lines


def test_the_two_peers_that_served_last_are_dialled_first() -> None:
    known = [KnownPeer(at(n), FULL, last_success=NOW - 1_000 * n) for n in range(1, 60)]

    for seed in range(5):
        chosen = DiscoveredPeers(DISCOVERY, Book(*known), Random(seed)).due(NOW)
        assert chosen[:2] == [at(1), at(2)]


def test_half_of_the_slots_are_for_peers_that_serve_filters() -> None:
    peers = discovered(*(KnownPeer(at(n), 0) for n in range(1, 30)))
    kept = [peers.accept(endpoint, info(endpoint, BARE), NOW) for endpoint in peers.due(NOW)]

    assert kept == [True] * 4 + [False] * 4


def test_peers_known_to_serve_filters_are_preferred() -> None:
    plain = [KnownPeer(at(n), BARE) for n in range(1, 100)]
    serving = [KnownPeer(at(n), FULL) for n in range(100, 120)]

    chosen = discovered(*plain, *serving).due(NOW)

    assert sum(endpoint in {each.endpoint for each in serving} for endpoint in chosen) >= 5


def test_a_lost_peer_rests_and_who_never_answers_is_forgotten() -> None:
    book = Book(KnownPeer(at(1), FULL), KnownPeer(at(2), FULL))
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    assert set(peers.due(NOW)) == {at(1), at(2)}
    peers.accept(at(2), info(at(2)), NOW)
    now = NOW
    for _ in range(4):
        peers.lost(at(1), now)
        assert peers.due(now + 59) == []
        now += 61
        peers.due(now)
    peers.flush()

    assert peers.due(now) == []
    assert set(book.lines) == {at(2)}


def test_a_night_without_a_network_costs_no_address() -> None:
    """Dialled again and again in vain, all of them: it is the network, and the book is whole when it comes back."""
    known = [KnownPeer(at(n), FULL, last_success=NOW - n) for n in range(1, 4)] + [KnownPeer(at(9), FULL)]
    book = Book(*known)
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    now = NOW
    for _ in range(10_000):
        for endpoint in peers.due(now):
            peers.lost(endpoint, now)
        now += 3
    peers.flush()

    assert set(book.lines) == {each.endpoint for each in known}
    assert len(peers.due(now + 5)) == 4, "and they are dialled within seconds, not minutes"


def test_after_half_an_hour_without_a_block_one_peer_more_is_dialled() -> None:
    peers = discovered(*(KnownPeer(at(n), FULL) for n in range(1, 30)))
    first = peers.due(NOW)
    assert len(first) == 8
    peers.widen(1)
    (extra,) = peers.due(NOW)

    assert extra.netgroup not in {endpoint.netgroup for endpoint in first}
    assert peers.due(NOW) == []
    peers.widen(0)
    peers.lost(extra, NOW)
    assert peers.due(NOW) == []


def test_manual_peers_that_cannot_be_reached_are_not_counted_on() -> None:
    peers = ManualPeers([MANUAL, at(1), at(2)])
    peers.due(NOW)
    peers.accept(MANUAL, info(MANUAL), NOW)
    for gone in (at(1), at(2)):
        assert peers.expected == 3
        peers.lost(gone, NOW)
    peers.due(NOW + 1)
    peers.lost(at(1), NOW + 1)
    peers.lost(at(2), NOW + 1)
    assert peers.expected == 1
    peers.widen(3)
    assert peers.due(NOW + 1) == []

    peers.due(NOW + 20)
    peers.accept(at(1), info(at(1)), NOW + 20)
    assert peers.expected == 2


def test_a_peer_that_served_is_not_forgotten_when_it_is_lost() -> None:
    book = Book(KnownPeer(at(1), 0))
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    for _ in range(6):
        (endpoint,) = peers.due(NOW)
        peers.accept(endpoint, info(endpoint), NOW)
        peers.lost(endpoint, NOW - 100)
    peers.flush()

    assert book.lines[at(1)].last_success == NOW
    assert book.lines[at(1)].services == FULL


def test_a_ban_outlives_the_program() -> None:
    book = Book(KnownPeer(at(1), FULL))
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    peers.due(NOW)
    peers.lost(at(1), NOW, ban=True)
    peers.flush()

    again = DiscoveredPeers(DISCOVERY, book, Random(1))

    assert again.due(NOW + 80_000) == []
    assert again.due(NOW + 90_000) == [at(1)]


def test_a_thin_book_asks_dns_seeds_with_and_without_the_service_prefix() -> None:
    peers = discovered()

    assert sorted(peers.seeds_due(NOW)) == ["a.example", "b.example", "x49.a.example", "x49.b.example"]
    assert peers.seeds_due(NOW + 1) == ()
    assert peers.due(NOW) == []
    peers.seeded(FILTER_PREFIX + "a.example", [at(1), Endpoint("192.168.0.1", 8333)], NOW)
    assert peers.due(NOW) == [at(1)]


def test_fixed_seeds_come_in_when_dns_seeds_do_not_answer() -> None:
    peers = discovered()
    peers.seeds_due(NOW)
    peers.seeds_due(NOW + 10)
    assert peers.due(NOW + 10) == []

    peers.seeds_due(NOW + 16)

    assert set(peers.due(NOW + 16)) == {Endpoint("9.9.9.9", 8333), Endpoint("8.8.8.8", 8333)}


def test_behind_a_proxy_no_seed_is_asked_and_hidden_services_are_dialled() -> None:
    onion = PeerAddress(int(NOW), FULL, 4, bytes(32), 8333)
    behind = Discovery(port=8333, dns_seeds=("a.example",), fixed_seeds=("9.9.9.9:8333",), proxied=True)
    peers, direct = discovered(discovery=behind), discovered()

    assert peers.seeds_due(NOW) == ()
    peers.heard([onion], NOW)
    direct.heard([onion], NOW)

    assert {endpoint.host for endpoint in peers.due(NOW)} == {"9.9.9.9", onion.host}
    assert direct.due(NOW) == []


def test_a_full_book_asks_nobody() -> None:
    peers = discovered(*(KnownPeer(at(n // 10, n % 10), FULL) for n in range(120)))

    assert peers.seeds_due(NOW) == ()
    assert peers.wants_addresses()


@pytest.mark.parametrize(
    "address",
    [
        heard(Endpoint("192.168.1.1", 8333)),
        heard(Endpoint("127.0.0.1", 8333)),
        heard(Endpoint("11.1.0.1", 0)),
        heard(at(1), services=int(Services.NETWORK)),
        PeerAddress(0, FULL, 5, bytes(32), 8333),
        PeerAddress(0, FULL, 6, b"\xfc" + bytes(15), 8333),
    ],
)
def test_addresses_that_are_of_no_use_are_passed_over(address: PeerAddress) -> None:
    peers = discovered()
    peers.heard([address], NOW)

    assert peers.due(NOW) == []


def test_hearsay_does_not_overwrite_what_a_peer_said_itself() -> None:
    book = Book(KnownPeer(at(1), BARE, last_success=NOW - 5))
    peers = DiscoveredPeers(DISCOVERY, book, Random(1))
    peers.heard([heard(at(1), FULL, NOW + 10_000)], NOW)
    peers.close()

    assert book.closed
    assert book.lines[at(1)].services == BARE
    assert book.lines[at(1)].last_seen == NOW
