"""A payment's way out: whom it is told, and what proves that it travelled."""

from random import Random

import pytest

from tests.peers.chain import ChainBuilder
from wallet.bitcoin.transaction import Transaction
from wallet.spv.broadcast import Broadcaster, BroadcastReport, Tell
from wallet.spv.message import GetData, Inv, InvType, NotFound, Ping, Tx
from wallet.spv.peer import PeerInfo

SCRIPT = bytes([0, 20]) + bytes(20)


@pytest.fixture(scope="module")
def payments() -> list[Transaction]:
    chain = ChainBuilder()
    chain.mine(3)
    return [chain.pay((SCRIPT, 1_000 + n)) for n in range(3)]


@pytest.fixture
def payment(payments: list[Transaction]) -> Transaction:
    return payments[0]


def peer(number: int, *, wtxid_relay: bool = True, relay: bool = True, announces: bool = True) -> PeerInfo:
    return PeerInfo(number, f"10.0.0.{number}:8333", wtxid_relay=wtxid_relay, relay=relay, announces=announces)


def with_peers(*infos: PeerInfo) -> Broadcaster:
    broadcaster = Broadcaster(Random(1))
    for info in infos:
        broadcaster.peer_ready(info)
    return broadcaster


def announcement(transaction: Transaction) -> Inv:
    return Inv.of((InvType.WTX, transaction.wtxid))


def told(tells: list[Tell]) -> set[int]:
    return {tell.peer_id for tell in tells if isinstance(tell.message, Inv)}


@pytest.mark.parametrize(("peers", "few", "most"), [(2, 1, 1), (3, 2, 2), (7, 4, 6), (8, 4, 6), (16, 4, 12)])
def test_a_few_are_told_then_more_and_never_all(payment: Transaction, peers: int, few: int, most: int) -> None:
    broadcaster = with_peers(*map(peer, range(peers)))

    found = told(broadcaster.start(payment))
    assert len(found) == few
    for second in range(100):
        found |= told(broadcaster.tick(float(second)))
        assert second > 0 or len(found) == few
    assert len(found) == most


def test_only_those_are_told_who_would_take_the_fee(payment: Transaction) -> None:
    filters = {1: 0, 2: 1_000, 3: 5_500, 4: 5_501, 5: 90_000}
    broadcaster = Broadcaster(Random(1), lambda number: filters[number])
    for number in filters:
        broadcaster.peer_ready(peer(number))
    found = told(broadcaster.start(payment, fee_rate=5_000))
    for second in range(100):
        found |= told(broadcaster.tick(float(second)))
    assert found == {1, 2, 3}
    filters[4] = 4_000
    assert told(broadcaster.tick(100.0)) == {4}


def test_when_nobody_would_take_the_fee_nobody_is_told(payment: Transaction) -> None:
    broadcaster = Broadcaster(Random(1), lambda _number: 5_000)
    broadcaster.peer_ready(peer(1))
    assert broadcaster.start(payment, fee_rate=4_500) == []
    assert broadcaster.finish(payment.txid) == BroadcastReport(0, 0, 0, propagated=False)


def test_what_a_payment_builds_on_goes_first_and_to_the_same_peers(payments: list[Transaction]) -> None:
    *parents, payment = payments
    broadcaster = with_peers(*map(peer, range(4)))
    tells = broadcaster.start(payment, parents)
    for tell in tells:
        assert tell.message == Inv.of(*((InvType.WTX, each.wtxid) for each in payments))
        asked = broadcaster.requested(tell.peer_id, GetData.of((InvType.WITNESS_TX, parents[0].txid)))
        assert asked[0].message == Tx(parents[0].serialize())
    (listener,) = {0, 1, 2, 3} - told(tells)
    refused = broadcaster.requested(listener, GetData.of((InvType.WTX, parents[0].wtxid)))
    assert isinstance(refused[0].message, NotFound)
    broadcaster.finish(payment.txid)
    assert told(broadcaster.peer_ready(peer(9))) == set()


def test_a_parent_on_its_own_is_announced_to_nobody(payments: list[Transaction]) -> None:
    broadcaster = with_peers()
    broadcaster.start(payments[1], [payments[0]])
    (tell,) = broadcaster.peer_ready(peer(1))
    assert tell.message == Inv.of(*((InvType.WTX, each.wtxid) for each in payments[:2]))


def test_a_single_peer_is_told_and_can_prove_nothing(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1))

    assert told(broadcaster.start(payment)) == {1}
    handed, ping = broadcaster.requested(1, GetData.of((InvType.WTX, payment.wtxid)))
    assert handed == Tell(1, Tx(payment.serialize()))
    assert isinstance(ping.message, Ping)
    assert not broadcaster.delivered(payment.txid)
    assert not broadcaster.ponged(1, ping.message.nonce ^ 1)
    assert not broadcaster.ponged(2, ping.message.nonce)
    assert broadcaster.ponged(1, ping.message.nonce)
    assert broadcaster.delivered(payment.txid)
    assert not broadcaster.announced(1, announcement(payment))
    assert broadcaster.finish(payment.txid) == BroadcastReport(1, 1, 0, propagated=False)


def test_a_listener_that_announces_it_proves_that_it_travelled(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1), peer(2))
    (sender,) = told(broadcaster.start(payment))
    listener = 3 - sender
    broadcaster.requested(sender, GetData.of((InvType.WTX, payment.wtxid)))

    assert not broadcaster.report(payment.txid).propagated
    assert broadcaster.announced(listener, announcement(payment))
    assert not broadcaster.announced(listener, announcement(payment))
    assert broadcaster.report(payment.txid) == BroadcastReport(1, 1, 1, propagated=True)


def test_a_pong_of_a_peer_that_is_gone_counts_no_more(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1))
    broadcaster.start(payment)
    ping = broadcaster.requested(1, GetData.of((InvType.WTX, payment.wtxid)))[1].message
    broadcaster.peer_gone(1)

    assert isinstance(ping, Ping)
    assert not broadcaster.ponged(1, ping.nonce)


def test_an_announcement_by_txid_proves_it_too(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1, wtxid_relay=False), peer(2, wtxid_relay=False))
    (tell,) = broadcaster.start(payment)

    assert tell.message == Inv.of((InvType.TX, payment.txid))
    assert broadcaster.announced(3 - tell.peer_id, Inv.of((InvType.TX, payment.txid)))


def test_a_peer_that_we_told_proves_nothing_even_when_it_comes_back_under_another_number(
    payment: Transaction,
) -> None:
    broadcaster = with_peers(peer(1))
    broadcaster.start(payment)
    broadcaster.peer_gone(1)
    again = PeerInfo(9, peer(1).address, wtxid_relay=True)
    broadcaster.peer_ready(again)

    assert not broadcaster.announced(9, announcement(payment))


def test_a_peer_that_joins_is_told_first_and_listens_second(payment: Transaction) -> None:
    broadcaster = with_peers()
    assert broadcaster.start(payment) == []

    assert told(broadcaster.peer_ready(peer(1))) == {1}
    assert told(broadcaster.peer_ready(peer(2))) == set()
    (second,) = told(broadcaster.peer_ready(peer(3)))
    assert not broadcaster.announced(second, announcement(payment))
    assert broadcaster.announced(5 - second, announcement(payment))


def test_when_everybody_who_was_told_is_gone_the_listener_is_told(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1), peer(2))
    (sender,) = told(broadcaster.start(payment))
    broadcaster.peer_gone(sender)

    assert told(broadcaster.start(payment)) == {3 - sender}


def test_announcing_again_tells_the_same_peers_and_spares_the_listener(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1), peer(2), peer(3))
    first = told(broadcaster.start(payment))
    broadcaster.finish(payment.txid)

    assert told(broadcaster.start(payment)) == first


def test_after_the_end_new_peers_are_not_told_but_who_was_told_may_ask(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1))
    broadcaster.start(payment)
    broadcaster.finish(payment.txid)

    assert broadcaster.peer_ready(peer(2)) == []
    assert broadcaster.requested(1, GetData.of((InvType.WITNESS_TX, payment.txid)))[0].message == Tx(
        payment.serialize()
    )


def test_nobody_gets_what_we_did_not_tell_him_of(payments: list[Transaction]) -> None:
    broadcaster = with_peers(peer(1), peer(2))
    (sender,) = told(broadcaster.start(payments[0]))
    listener = 3 - sender
    ours, block = (InvType.WTX, payments[0].wtxid), (InvType.BLOCK, bytes(32))

    assert broadcaster.requested(listener, GetData.of(ours, block)) == [Tell(listener, NotFound.of(ours, block))]
    assert broadcaster.requested(99, GetData.of(ours)) == []
    assert broadcaster.report(payments[0].txid).requested_by == 0


def test_a_peer_that_takes_no_transactions_is_neither_told_nor_heard(payment: Transaction) -> None:
    broadcaster = with_peers(peer(1, relay=False), peer(2), peer(3))

    assert len(told(broadcaster.start(payment))) == 1
    assert not broadcaster.announced(1, announcement(payment))


def test_who_would_announce_it_back_is_told_last(payment: Transaction) -> None:
    broadcaster = with_peers(*(peer(number, announces=number in (3, 6)) for number in range(8)))

    found = told(broadcaster.start(payment))
    assert len(found) == 4
    for second in range(100):
        found |= told(broadcaster.tick(float(second)))
    assert found == {0, 1, 2, 4, 5, 7}
    assert broadcaster.announced(3, announcement(payment))


def test_who_would_announce_it_back_is_told_where_nobody_else_takes_it(payment: Transaction) -> None:
    filters = {1: 0, 2: 90_000, 3: 90_000}
    broadcaster = Broadcaster(Random(1), filters.__getitem__)
    for number in filters:
        broadcaster.peer_ready(peer(number, announces=number == 1))

    assert told(broadcaster.start(payment, fee_rate=5_000)) == {1}


def test_the_oldest_of_many_payments_is_offered_no_more() -> None:
    chain = ChainBuilder()
    chain.mine(101)
    many = [chain.pay((SCRIPT, 1_000 + n)) for n in range(101)]
    broadcaster = with_peers(peer(1))
    for payment in many:
        broadcaster.start(payment)

    for payment, kind in ((many[0], NotFound), (many[1], Tx)):
        tell = broadcaster.requested(1, GetData.of((InvType.WTX, payment.wtxid)))[0]
        assert isinstance(tell.message, kind)
