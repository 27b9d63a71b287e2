"""Unconfirmed transactions: fetched once, from whoever has them, within bounds."""

import tracemalloc

import pytest

from tests.peers.chain import ChainBuilder
from wallet.bitcoin.hashes import Txid, sha256, sha256d
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.spv.fault import PeerFault
from wallet.spv.mempool import Ask, Mempool
from wallet.spv.message import Inv, InvType

NOW = 1_800_000_000.0
SCRIPT = bytes([0, 20]) + bytes(20)


@pytest.fixture(scope="module")
def payments() -> list[Transaction]:
    chain = ChainBuilder()
    chain.mine(3)
    return [chain.pay((SCRIPT, 1_000 + n)) for n in range(3)]


def watching(*peers: int) -> Mempool:
    mempool = Mempool()
    mempool.watch(True, NOW)
    for peer in peers:
        mempool.peer_ready(peer)
    return mempool


def by_wtxid(*transactions: Transaction) -> Inv:
    return Inv.of(*((InvType.WTX, transaction.wtxid) for transaction in transactions))


def by_txid(*transactions: Transaction) -> Inv:
    return Inv.of(*((InvType.TX, transaction.txid) for transaction in transactions))


def asked(asks: list[Ask]) -> list[tuple[int, int, bytes]]:
    """Peer, type and hash of everything that is asked for."""
    return [(ask.peer_id, kind, bytes(digest)) for ask in asks for kind, digest in ask.message]


def test_an_announced_transaction_is_asked_for_and_handed_on_once(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    payment = payments[0]

    assert asked(mempool.announced(1, by_wtxid(payment), NOW)) == [(1, InvType.WTX, payment.wtxid)]
    assert mempool.announced(2, by_wtxid(payment), NOW) == []
    transaction, asks = mempool.received(1, payment.serialize(), NOW)

    assert transaction == payment
    assert asks == []
    assert mempool.received(1, payment.serialize(), NOW) == (None, [])
    assert mempool.announced(1, by_wtxid(payment), NOW) == []
    assert mempool.seen_by(payment.txid) == 2


def test_a_peer_without_wtxidrelay_is_asked_by_txid_with_witness(payments: list[Transaction]) -> None:
    mempool = watching(1)

    assert asked(mempool.announced(1, by_txid(payments[0]), NOW)) == [(1, InvType.WITNESS_TX, payments[0].txid)]
    assert mempool.received(1, payments[0].serialize(), NOW)[0] == payments[0]


def test_the_same_payment_by_txid_and_by_wtxid_is_handed_on_once_and_counted_together(
    payments: list[Transaction],
) -> None:
    mempool = watching(1, 2)
    mempool.announced(1, by_txid(payments[0]), NOW)
    mempool.announced(2, by_wtxid(payments[0]), NOW)

    assert mempool.received(1, payments[0].serialize(), NOW)[0] == payments[0]
    assert mempool.received(2, payments[0].serialize(), NOW)[0] is None
    assert mempool.seen_by(payments[0].txid) == 2


def test_nothing_is_asked_for_until_somebody_watches(payments: list[Transaction]) -> None:
    mempool = Mempool()
    mempool.peer_ready(1)

    assert mempool.announced(1, by_wtxid(payments[0]), NOW) == []
    assert mempool.tick(NOW + 60) == []
    assert asked(mempool.watch(True, NOW)) == [(1, InvType.WTX, payments[0].wtxid)]
    assert mempool.watch(True, NOW) == []
    mempool.watch(False, NOW)
    assert mempool.announced(1, by_wtxid(payments[1]), NOW) == []


def test_blocks_and_unknown_types_are_passed_over() -> None:
    mempool = watching(1)

    assert mempool.announced(1, Inv.of((InvType.BLOCK, bytes(32)), (99, bytes(32))), NOW) == []


def test_what_was_not_asked_for_is_dropped(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    mempool.announced(1, by_wtxid(payments[0]), NOW)

    assert mempool.received(1, payments[1].serialize(), NOW) == (None, [])
    assert mempool.received(2, payments[0].serialize(), NOW) == (None, [])
    assert mempool.received(3, payments[0].serialize(), NOW) == (None, [])


def test_bytes_that_are_no_transaction_are_a_fault() -> None:
    mempool = watching(1)
    mempool.announced(1, Inv.of((InvType.WTX, sha256d(b"nonsense"))), NOW)
    with pytest.raises(PeerFault, match="bad-transaction"):
        mempool.received(1, b"nonsense", NOW)


def test_what_nobody_asked_for_is_not_even_read() -> None:
    mempool = watching(1)
    assert mempool.received(1, b"nonsense", NOW) == (None, [])
    mempool.announced(1, Inv.of((InvType.WTX, bytes(32))), NOW)
    assert mempool.received(1, b"nonsense", NOW) == (None, [])


def test_what_is_too_large_to_travel_is_not_read_though_it_was_asked_for() -> None:
    mempool = watching(1)
    raw = bytes(400_001)
    mempool.announced(1, Inv.of((InvType.WTX, sha256d(raw))), NOW)
    assert mempool.received(1, raw, NOW) == (None, [])


def test_a_request_that_is_not_answered_goes_to_the_next_who_announced_it(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    mempool.announced(1, by_wtxid(payments[0]), NOW)
    mempool.announced(2, by_wtxid(payments[0]), NOW)

    assert mempool.tick(NOW + 30) == []
    assert asked(mempool.tick(NOW + 31)) == [(2, InvType.WTX, payments[0].wtxid)]
    assert mempool.received(1, payments[0].serialize(), NOW + 32) == (None, [])
    assert mempool.received(2, payments[0].serialize(), NOW + 32)[0] == payments[0]


def test_a_peer_that_leaves_hands_its_debts_to_the_next(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    mempool.announced(1, by_wtxid(*payments), NOW)
    mempool.announced(2, by_wtxid(*payments), NOW)

    assert len(asked(mempool.peer_gone(1, NOW))) == 3
    assert mempool.peer_gone(2, NOW) == []
    assert mempool.peer_gone(7, NOW) == []


def test_a_peer_that_has_it_no_more_hands_over_too(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    mempool.announced(1, by_wtxid(payments[0]), NOW)
    mempool.announced(2, by_wtxid(payments[0]), NOW)

    assert asked(mempool.not_found(1, [payments[0].wtxid], NOW)) == [(2, InvType.WTX, payments[0].wtxid)]
    assert mempool.not_found(1, [payments[0].wtxid, bytes(32)], NOW) == []
    assert mempool.not_found(9, [payments[0].wtxid], NOW) == []


def test_a_transaction_that_nobody_sent_is_asked_for_again_when_another_announces_it(
    payments: list[Transaction],
) -> None:
    mempool = watching(1, 2)
    mempool.announced(1, by_wtxid(payments[0]), NOW)
    mempool.tick(NOW + 31)

    assert asked(mempool.announced(2, by_wtxid(payments[0]), NOW + 32)) == [(2, InvType.WTX, payments[0].wtxid)]


def test_a_peer_is_asked_for_a_hundred_at_a_time_and_for_the_rest_later() -> None:
    mempool = watching(1)
    digests = [sha256(bytes([n])) for n in range(150)]
    first = asked(mempool.announced(1, Inv.of(*((InvType.WTX, digest) for digest in digests)), NOW))
    rest = asked(mempool.not_found(1, digests[:100], NOW))

    assert [digest for _, _, digest in first] == digests[:100]
    assert [digest for _, _, digest in rest] == digests[100:]


def test_a_flood_pushes_out_the_oldest_that_waits() -> None:
    mempool = Mempool()
    mempool.peer_ready(1)
    digests = [sha256(n.to_bytes(4, "big")) for n in range(1_500)]
    for at in range(0, 1_500, 500):
        mempool.announced(1, Inv.of(*((InvType.WTX, digest) for digest in digests[at : at + 500])), NOW)

    assert [digest for _, _, digest in asked(mempool.watch(True, NOW))] == digests[500:600]


def test_our_own_payment_is_counted_and_not_fetched(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    mempool.note_own(payments[0])

    assert mempool.announced(1, by_wtxid(payments[0]), NOW) == []
    assert mempool.announced(2, by_txid(payments[0]), NOW) == []
    assert mempool.seen_by(payments[0].txid) == 2


def test_a_million_announcements_take_less_than_ten_megabytes() -> None:
    mempool = watching(*range(8))
    tracemalloc.start()
    try:
        for batch in range(20):
            head = batch.to_bytes(4, "big")
            raw = b"".join(b"\x05\0\0\0" + head + n.to_bytes(4, "big") + bytes(24) for n in range(50_000))
            mempool.announced(batch % 8, Inv(raw), NOW)
            del raw
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert held < 10_000_000


def test_the_oldest_announcements_are_forgotten(payments: list[Transaction]) -> None:
    mempool = watching(*range(30))
    mempool.announced(0, by_wtxid(payments[0]), NOW)
    for peer in range(1, 30):
        digests = [sha256(bytes([peer]) + n.to_bytes(4, "big")) for n in range(1_000)]
        mempool.announced(peer, Inv.of(*((InvType.WTX, digest) for digest in digests)), NOW)

    # Peer 0 still owes it, but who announced it is known no more.
    assert mempool.received(0, payments[0].serialize(), NOW)[0] == payments[0]
    assert mempool.seen_by(payments[0].txid) == 0


def large(number: int) -> Transaction:
    """50 kB of witness that nobody wants."""
    spends = TxIn(OutPoint(Txid(sha256d(b"%d" % number)), 0), witness=(bytes(50_000),))
    return Transaction(2, (spends,), (TxOut(number, bytes(22)),))


def test_a_flood_of_transactions_costs_little_and_what_waited_comes_later() -> None:
    """Ten peers announce and send large transactions as quickly as they are asked: what is fetched is bounded."""
    peers = range(10)
    mempool = watching(*peers)
    known: dict[bytes, Transaction] = {}
    sent = number = 0
    for second in range(60):
        asks = list(mempool.tick(float(second)))
        for peer in peers:
            transactions = [large(number + each) for each in range(10)]
            number += 10
            known.update({transaction.wtxid: transaction for transaction in transactions})
            inventory = Inv.of(*((InvType.WTX, transaction.wtxid) for transaction in transactions))
            asks += mempool.announced(peer, inventory, float(second))
        while asks:
            ask = asks.pop()
            for _, digest in ask.message.pairs():
                raw = known[digest].serialize()
                sent += len(raw)
                asks += mempool.received(ask.peer_id, raw, float(second))[1]
    assert 1_000_000 < sent < 16_000_000
    later = mempool.tick(1_000.0)
    assert later, "what waited is fetched once there is room again"


def test_a_peer_that_floods_takes_nothing_from_the_others(payments: list[Transaction]) -> None:
    mempool = watching(1, 2)
    for second in range(100):
        flood = [large(100 * second + each) for each in range(100)]
        known = {bytes(transaction.wtxid): transaction for transaction in flood}
        for ask in mempool.announced(1, by_wtxid(*flood), NOW + second):
            for _, digest in ask.message.pairs():
                if digest in known:
                    mempool.received(1, known[digest].serialize(), NOW + second)
    asks = mempool.announced(2, by_wtxid(*payments), NOW + 99)
    assert asked(asks) == [(2, InvType.WTX, payment.wtxid) for payment in payments]


def test_who_comes_again_and_again_is_sent_no_more_in_all() -> None:
    mempool = watching()
    sent = number = 0
    for peer in range(100):
        mempool.peer_ready(peer)
        transactions = [large(number + each) for each in range(100)]
        number += 100
        known = {bytes(transaction.wtxid): transaction for transaction in transactions}
        for ask in mempool.announced(peer, by_wtxid(*transactions), NOW):
            for _, digest in ask.message.pairs():
                raw = known[digest].serialize()
                sent += len(raw)
                mempool.received(peer, raw, NOW)
        mempool.peer_gone(peer, NOW)
    assert 1_000_000 < sent < 6_000_000
