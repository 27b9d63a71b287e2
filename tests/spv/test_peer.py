"""One peer's state machine: the handshake's table, liveness, and what makes a peer be dropped."""

from dataclasses import replace

import pytest

from wallet.bitcoin.hashes import BlockHash
from wallet.spv.fault import PeerFault
from wallet.spv.message import (
    Addr,
    AddrV2,
    CFilter,
    FeeFilter,
    GetAddr,
    Headers,
    Inv,
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
from wallet.spv.peer import AddressesHeard, Dialled, Peer, PeerReady, PeerState

NOW = 1_800_000_000.0
NONCE = 77
NOWHERE = NetworkAddress(0, bytes(16), 0)
THEIRS = Version(
    protocol=70016,
    services=Services.NETWORK | Services.WITNESS | Services.COMPACT_FILTERS,
    time=int(NOW) + 5,
    receiver=NOWHERE,
    sender=NOWHERE,
    nonce=1,
    user_agent=b"/Satoshi:29.0.0/",
    start_height=900_000,
    relay=True,
)
SOMEBODY = PeerAddress(0, 9, 1, bytes([8, 8, 8, 8]), 8333)


def new_peer() -> Peer:
    dialled = Dialled(id=3, address="1.2.3.4:8333", netgroup="1.2", manual=True, nonce=NONCE, ping_nonce=9)
    return Peer(dialled, own_nonces={NONCE}, now=NOW)


def ready_peer() -> Peer:
    peer = new_peer()
    for message in (THEIRS, WtxidRelay(), Verack()):
        peer.receive(message, NOW)
    peer.outbox()
    return peer


def the_pings(peer: Peer) -> list[Ping]:
    return [message for message in peer.outbox() if isinstance(message, Ping)]


def test_our_version_goes_first_and_tells_nothing_about_us() -> None:
    (ours,) = new_peer().outbox()

    assert isinstance(ours, Version)
    assert (ours.protocol, ours.services, ours.time, ours.nonce, ours.start_height) == (70016, 0, int(NOW), NONCE, 0)
    assert ours.user_agent == b"/Wren:0.1/"
    assert ours.relay
    assert ours.receiver == ours.sender == NOWHERE


def test_the_handshake_says_wtxidrelay_and_sendaddrv2_before_verack() -> None:
    peer = new_peer()
    peer.outbox()

    assert peer.receive(THEIRS, NOW) is None
    assert peer.outbox() == [WtxidRelay(), SendAddrV2(), Verack()]
    assert peer.receive(WtxidRelay(), NOW) is None
    assert peer.receive(SendAddrV2(), NOW) is None
    ready = peer.receive(Verack(), NOW)

    assert isinstance(ready, PeerReady)
    assert ready.info == peer.info
    assert (ready.info.id, ready.info.address, ready.info.version) == (3, "1.2.3.4:8333", 70016)
    assert (ready.info.user_agent, ready.info.start_height) == ("/Satoshi:29.0.0/", 900_000)
    assert ready.info.wtxid_relay
    assert ready.info.manual
    assert ready.info.serves_filters
    assert ready.info.serves_history
    assert len(the_pings(peer)) == 1
    assert peer.clock_offset == 5.0


def test_a_peer_without_wtxidrelay_is_ready_too() -> None:
    peer = new_peer()
    peer.receive(THEIRS, NOW)
    ready = peer.receive(Verack(), NOW)

    assert isinstance(ready, PeerReady)
    assert not ready.info.wtxid_relay


def test_features_that_are_not_known_are_passed_over_in_the_handshake() -> None:
    peer = new_peer()
    peer.receive(THEIRS, NOW)
    for message in (Unknown("sendtxrcncl"), SendCmpct(False, 2), SendHeaders()):
        assert peer.receive(message, NOW) is None

    assert isinstance(peer.receive(Verack(), NOW), PeerReady)


@pytest.mark.parametrize("message", [Verack(), Ping(1), WtxidRelay(), Headers(b"")])
def test_nothing_may_come_before_the_version(message: Message) -> None:
    with pytest.raises(PeerFault, match="out-of-turn"):
        new_peer().receive(message, NOW)


@pytest.mark.parametrize("message", [THEIRS, WtxidRelay(), SendAddrV2()])
def test_words_of_the_handshake_may_not_come_after_it(message: Message) -> None:
    with pytest.raises(PeerFault, match="out-of-turn"):
        ready_peer().receive(message, NOW)


def test_a_second_version_before_verack_is_refused() -> None:
    peer = new_peer()
    peer.receive(THEIRS, NOW)

    with pytest.raises(PeerFault, match="out-of-turn"):
        peer.receive(THEIRS, NOW)


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        (replace(THEIRS, nonce=NONCE), "self-connection"),
        (replace(THEIRS, protocol=70015), "old-protocol"),
        (replace(THEIRS, services=Services.NETWORK), "missing-services"),
        (replace(THEIRS, services=Services.WITNESS | Services.COMPACT_FILTERS), "missing-services"),
    ],
)
def test_a_version_that_is_of_no_use_is_refused(version: Version, rule: str) -> None:
    with pytest.raises(PeerFault) as fault:
        new_peer().receive(version, NOW)

    assert fault.value.rule == rule


def test_a_pruned_node_is_taken_but_serves_no_history() -> None:
    peer = new_peer()
    peer.receive(replace(THEIRS, services=Services.NETWORK_LIMITED | Services.WITNESS), NOW)
    ready = peer.receive(Verack(), NOW)

    assert isinstance(ready, PeerReady)
    assert not ready.info.serves_history
    assert not ready.info.serves_filters


def test_a_user_agent_shows_only_printable_characters() -> None:
    peer = new_peer()
    peer.receive(replace(THEIRS, user_agent=b"/\x1b[31m\xe2\x80\xaeevil\n/"), NOW)

    assert peer.info.user_agent == "/?[31m???evil?/"


def test_the_handshake_may_take_a_minute() -> None:
    peer = new_peer()
    peer.tick(NOW + 60)

    with pytest.raises(PeerFault, match="handshake-timeout"):
        peer.tick(NOW + 60.1)


def test_a_handshake_that_stops_half_way_times_out_too() -> None:
    peer = new_peer()
    peer.receive(THEIRS, NOW + 50)

    with pytest.raises(PeerFault, match="handshake-timeout"):
        peer.tick(NOW + 61)


def test_a_ping_is_answered() -> None:
    peer = ready_peer()

    assert peer.receive(Ping(5), NOW) is None
    assert peer.outbox() == [Pong(5)]


def test_a_pong_gives_the_latency() -> None:
    peer = new_peer()
    peer.receive(THEIRS, NOW)
    peer.receive(Verack(), NOW)
    (ping,) = the_pings(peer)

    assert peer.receive(Pong(ping.nonce + 1), NOW + 0.1) == Pong(ping.nonce + 1)
    assert peer.latency is None
    peer.receive(Pong(ping.nonce), NOW + 0.25)

    assert peer.latency == pytest.approx(0.25)


def test_two_unanswered_pings_end_it() -> None:
    peer = ready_peer()
    peer.tick(NOW + 20)
    assert len(the_pings(peer)) == 1

    with pytest.raises(PeerFault, match="silent"):
        peer.tick(NOW + 40)


def test_a_peer_that_answers_stays() -> None:
    peer = new_peer()
    peer.receive(THEIRS, NOW)
    peer.receive(Verack(), NOW)
    now = NOW
    for _ in range(10):
        (ping,) = the_pings(peer)
        peer.receive(Pong(ping.nonce), now)
        now += 20
        peer.tick(now)


def test_a_peer_that_is_sending_a_block_is_not_silent_for_five_minutes() -> None:
    peer = ready_peer()
    now = NOW
    while now < NOW + 300:
        peer.note_bytes(100_000)
        peer.tick(now)
        now += 20

    with pytest.raises(PeerFault, match="silent"):
        peer.tick(now)


def test_drops_by_drops_do_not_count_as_life() -> None:
    peer = ready_peer()
    peer.tick(NOW + 20)
    peer.note_bytes(40)

    with pytest.raises(PeerFault, match="silent"):
        peer.tick(NOW + 40)


def test_what_concerns_the_layers_above_is_handed_on_and_the_rest_is_not() -> None:
    peer = ready_peer()
    wanted: list[Message] = [Headers(b""), Inv(b""), CFilter(BlockHash(bytes(32)), b"\0")]
    unwanted: list[Message] = [Unknown("what"), SendCmpct(True, 1), SendHeaders(), GetAddr(), Verack()]

    for message in wanted:
        assert peer.receive(message, NOW) is message
    for message in unwanted:
        assert peer.receive(message, NOW) is None
    assert peer.receive(FeeFilter(1_234), NOW) is None
    assert peer.fee_filter == 1_234


def test_addresses_come_through_a_bucket() -> None:
    peer = ready_peer()
    many = AddrV2((SOMEBODY,) * 1_000)

    assert peer.receive(many, NOW) == AddressesHeard((SOMEBODY,))
    assert peer.receive(many, NOW) is None
    assert peer.receive(Addr((SOMEBODY,) * 1_000), NOW + 30) == AddressesHeard((SOMEBODY,) * 3)


def test_who_is_asked_for_addresses_may_tell_a_thousand() -> None:
    peer = ready_peer()
    peer.send(GetAddr())

    heard = [peer.receive(AddrV2((SOMEBODY,) * 1_000), NOW) for _ in range(3)]

    assert sum(len(each.addresses) for each in heard if isinstance(each, AddressesHeard)) <= 1_001
    assert peer.outbox() == [GetAddr()]


def test_a_peer_starts_by_waiting_for_the_version() -> None:
    assert new_peer().state is PeerState.AWAIT_VERSION


def test_after_a_sleep_the_answer_to_one_ping_is_waited_for_and_not_long() -> None:
    peer = ready_peer()
    now = NOW + 8 * 3_600
    peer.wake(now)
    peer.tick(now)
    assert len(the_pings(peer)) == 1
    peer.tick(now + 9)
    with pytest.raises(PeerFault, match="silent"):
        peer.tick(now + 10)


def test_after_a_sleep_any_sign_of_life_will_do() -> None:
    peer = ready_peer()
    now = NOW + 8 * 3_600
    peer.wake(now)
    peer.note_bytes(1)
    peer.tick(now + 10)
    assert len(the_pings(peer)) == 2
