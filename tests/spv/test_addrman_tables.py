"""The address book's tables: who may push out whom, who is proven, who is let go, who is kept away from."""

import sqlite3
from pathlib import Path
from random import Random

import pytest

from tests.spv.test_addrman import BARE, FULL, NOW, Book, at, discovered, heard, info
from wallet.spv.addrman import BAN_SECONDS, Endpoint, KnownPeer, ManualPeers
from wallet.spv.addrman_discovery import (
    ENOUGH_KNOWN,
    MAX_KNOWN,
    MAX_PER_SOURCE,
    MAX_TRIED,
    DiscoveredPeers,
    Discovery,
)
from wallet.store.peers import PeerFile

HOUR = 3_600.0


def many(first: int, count: int) -> list[Endpoint]:
    """Endpoints of as many netgroups."""
    return [Endpoint(f"{20 + number // 250}.{number % 250}.0.1", 8333) for number in range(first, first + count)]


def test_one_netgroup_tells_of_no_more_than_its_share_of_the_book() -> None:
    peers = discovered()
    peers.heard([heard(each) for each in many(0, 3_000)], NOW, "66.6")
    assert len(peers._known) == MAX_PER_SOURCE
    peers.heard([heard(each) for each in many(3_000, 10)], NOW, "77.7")
    assert len(peers._known) == MAX_PER_SOURCE + 10


def test_what_was_tried_is_not_pushed_out_by_what_is_told() -> None:
    tried = [KnownPeer(each, FULL, NOW, last_success=NOW) for each in many(0, 50)]
    peers = discovered(*tried)
    for source in range(20):
        peers.heard([heard(each) for each in many(100 + 400 * source, 400)], NOW, f"66.{source}")
    assert len(peers._known) == MAX_KNOWN
    assert all(known.endpoint in peers._known for known in tried)


def test_there_is_room_for_so_many_that_were_tried_and_proven_ones_stay_longest() -> None:
    tried = [KnownPeer(each, FULL, NOW, last_success=NOW - 9) for each in many(0, MAX_TRIED)]
    tried[0] = KnownPeer(tried[0].endpoint, FULL, NOW, last_success=NOW - 99, proven=NOW - 99)
    peers = discovered(*tried)
    newcomer = many(5_000, 1)[0]
    peers._active[newcomer] = None
    assert peers.accept(newcomer, info(newcomer), NOW)
    assert sum(known.tried for known in peers._known.values()) == MAX_TRIED
    assert peers._known[tried[0].endpoint].proven
    assert len(peers._known) == MAX_TRIED + 1


def test_a_proven_filter_peer_comes_before_one_that_only_says_so() -> None:
    says = [KnownPeer(each, FULL, NOW, last_success=NOW) for each in many(0, 200)]
    proven = KnownPeer(at(1), FULL, NOW - 9, last_success=NOW - 99, proven=NOW - 99)
    peers = DiscoveredPeers(Discovery(8333), Book(*says, proven), Random(3))
    peers._anchors.clear()
    chosen = [peers._choose(list(peers._known.values()), set()) for _ in range(100)]
    assert chosen.count(at(1)) > 60


def test_what_is_proven_is_kept_in_the_book() -> None:
    book = Book(KnownPeer(at(1), FULL, NOW))
    peers = DiscoveredPeers(Discovery(8333), book, Random(1))
    assert peers.due(NOW) == [at(1)]
    peers.accept(at(1), info(at(1)), NOW)
    peers.proved(at(1), NOW + 5)
    peers.flush()
    assert book.lines[at(1)].proven == NOW + 5
    again = DiscoveredPeers(Discovery(8333), book, Random(1))
    assert again._anchors == [at(1)]


def test_many_addresses_of_one_netgroup_have_the_chance_of_one() -> None:
    crowd = [KnownPeer(at(1, last), FULL, NOW) for last in range(1, 17)]
    others = [KnownPeer(at(number), FULL, NOW) for number in range(2, 5)]
    peers = discovered(*crowd, *others)
    known = list(peers._known.values())
    chosen = [peers._choose(known, set()) for _ in range(400)]
    assert sum(each is not None and each.netgroup == "11.1" for each in chosen) < 160


def connected(count: int) -> DiscoveredPeers:
    peers = discovered(*(KnownPeer(at(number), FULL, NOW) for number in range(count)))
    for number, endpoint in enumerate(peers.due(NOW)):
        peers.accept(endpoint, info(endpoint), NOW + number)
    return peers


def test_now_and_then_one_is_let_go_and_never_the_two_that_were_there_first() -> None:
    peers = connected(8)
    longest = sorted(peers._since, key=lambda each: peers._since[each])[:2]
    gone = [peers.retire(NOW + second) for second in range(0, int(30 * HOUR), 10)]
    found = {each for each in gone if each is not None}
    assert len([each for each in gone if each is not None]) in range(10, 62)
    assert len(found) > 3
    assert not found & set(longest)
    assert not any(gone[: int(HOUR // 10)])


def test_nobody_is_let_go_while_there_are_few() -> None:
    peers = connected(7)
    assert not any(peers.retire(NOW + second) for second in range(0, int(30 * HOUR), 10))


def test_a_ban_has_a_reason_and_an_end_and_outlives_the_program(tmp_path: Path) -> None:
    file = PeerFile(tmp_path / "peers.db")
    peers = DiscoveredPeers(Discovery(8333), file, Random(1))
    peers.heard([heard(at(1)), heard(at(2))], NOW, "5.5")
    for endpoint in peers.due(NOW):
        peers.accept(endpoint, info(endpoint), NOW)
    peers.lost(at(1), NOW, ban=True, reason="filter-lie at 7: omits a script of the block")
    peers.lost(at(2), NOW, reason="silent")
    peers.close()
    again = DiscoveredPeers(Discovery(8333), PeerFile(tmp_path / "peers.db"), Random(1))
    (ban,) = again.bans(NOW + 10)
    assert (ban.endpoint, ban.until) == (at(1), NOW + BAN_SECONDS)
    assert ban.reason == "filter-lie at 7: omits a script of the block"
    assert again.due(NOW + 10) == [at(2)], "silence is no crime"
    assert again.bans(NOW + BAN_SECONDS + 1) == []
    again.close()


def test_a_peer_that_the_user_named_is_banned_for_a_while_too() -> None:
    peers = ManualPeers([at(1)])
    peers.due(NOW)
    peers.lost(at(1), NOW, ban=True, reason="bad-pow")
    peers.woke(NOW + 1)
    assert [ban.reason for ban in peers.bans(NOW + 1)] == ["bad-pow"]
    assert peers.due(NOW + 1) == []
    assert peers.due(NOW + 601) == [at(1)]
    assert peers.bans(NOW + 601) == []


def test_an_address_book_of_the_first_version_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    database = sqlite3.connect(path)
    database.executescript(
        """
        CREATE TABLE peers (host TEXT NOT NULL, port INTEGER NOT NULL, services INTEGER NOT NULL,
        last_seen REAL NOT NULL, last_success REAL NOT NULL,
        failures INTEGER NOT NULL, banned_until REAL NOT NULL, PRIMARY KEY (host, port))
        STRICT, WITHOUT ROWID;
        INSERT INTO peers VALUES ('11.1.0.1', 8333, 73, 5.0, 6.0, 1, 7.0);
        PRAGMA user_version = 1;
        """
    )
    database.close()
    file = PeerFile(path)
    assert file.load() == [KnownPeer(at(1), 73, 5.0, 6.0, 1, 7.0)]
    file.save([KnownPeer(at(1), 73, 5.0, 6.0, 1, 7.0, 8.0, "why", "9.9")], [])
    file.close()
    file = PeerFile(path)
    assert file.load() == [KnownPeer(at(1), 73, 5.0, 6.0, 1, 7.0, 8.0, "why", "9.9")]
    file.close()


def full_book() -> DiscoveredPeers:
    known = [KnownPeer(each, FULL, NOW) for each in many(0, ENOUGH_KNOWN + 50)]
    return discovered(*known, discovery=Discovery(8333, dns_seeds=("a.example",)))


def test_when_a_whole_book_is_out_of_date_the_seeds_are_asked_again() -> None:
    peers = full_book()
    assert peers.seeds_due(NOW) == ()
    assert peers.seeds_due(NOW + 30) == ()
    assert peers.seeds_due(NOW + 61) != ()
    assert peers.seeds_due(NOW + 62) == ()


def test_while_somebody_is_there_a_full_book_is_enough() -> None:
    peers = full_book()
    first = peers.due(NOW)[0]
    peers.accept(first, info(first), NOW)
    assert not any(peers.seeds_due(NOW + second) for second in range(0, 600, 10))
    peers.widen(1)
    assert peers.seeds_due(NOW + 601) != (), "all that there are may hide something together"


@pytest.mark.parametrize("services", [FULL, BARE])
def test_after_a_sleep_nobody_is_passed_over(services: int) -> None:
    peers = discovered(KnownPeer(at(1), services, NOW))
    assert peers.due(NOW) == [at(1)]
    peers.lost(at(1), NOW)
    assert peers.due(NOW + 1) == []
    peers.woke(NOW + 1)
    assert peers.due(NOW + 1) == [at(1)]
