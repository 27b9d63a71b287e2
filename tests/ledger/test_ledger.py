from dataclasses import replace

import pytest

from tests.ledger.world import (
    COIN,
    FOREIGN,
    TYPES,
    Chain,
    account,
    coinbase,
    make_block,
    new_ledger,
    outpoint,
    pay,
    sign,
)
from wallet.bitcoin.hashes import BlockHash, sha256
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import Transaction, TxOut
from wallet.ledger.changeset import Kind
from wallet.ledger.coverage import ScanTask
from wallet.ledger.history import Status
from wallet.ledger.keychain import FRESH_AHEAD
from wallet.ledger.labels import LabelError, LabelKind
from wallet.ledger.ledger import MAX_STRANGERS, Ledger
from wallet.ledger.payment import change_place
from wallet.ledger.record import Balance, PaymentRequest
from wallet.ledger.requests import RequestState


def script(ledger: Ledger, index: int, branch: int = 0, number: int = 0) -> bytes:
    return ledger.keychain.accounts[number].branches()[branch].script_at(index).script_pubkey


def statuses(ledger: Ledger, tip: int) -> dict[str, Status]:
    return {str(entry.txid): entry.status for entry in ledger.history(tip)}


def test_a_payment_in_a_block_is_confirmed_and_proven() -> None:
    ledger, chain = new_ledger(), Chain()
    payment = pay([(FOREIGN, 7), (script(ledger, 3), 5_000)])
    block = chain.add(pay([(FOREIGN, 1)]), payment, pay([(FOREIGN, 2)]))
    change = ledger.apply_block(block, 1)
    assert change.kinds >= {Kind.HISTORY, Kind.BALANCE, Kind.COINS, Kind.ADDRESSES}
    assert ledger.balance(1) == Balance(5_000, 0, 0)
    (entry,) = ledger.history(1)
    assert (entry.txid, entry.height, entry.amount, entry.fee) == (payment.txid, 1, 5_000, None)
    assert entry.status is Status.CONFIRMED
    assert entry.proven
    assert entry.time == block.header.time
    proof = ledger.proof(payment.txid)
    assert proof is not None
    proof.verify()
    assert (proof.txid, proof.position, proof.header) == (payment.txid, 2, block.header)
    ledger.commit()
    assert ledger.proof(payment.txid) == proof


def test_our_own_payment_shows_its_fee_and_its_net_amount() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    spend = pay([(FOREIGN, 6_000), (script(ledger, 0, branch=1), 3_500)], [outpoint(funding)])
    chain.add(funding)
    chain.add(spend)
    chain.scan(ledger)
    entry = ledger.entry(spend.txid, 2)
    assert (entry.amount, entry.fee, entry.outgoing) == (-6_500, 500, True)
    assert ledger.balance(2) == Balance(3_500, 0, 0)


def test_a_waiting_payment_takes_its_coin_away_until_the_change_is_proven() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    spend = pay([(FOREIGN, 6_000), (script(ledger, 0, branch=1), 3_500)], [outpoint(funding)])
    ledger.add_local(spend, 50, "rent")
    assert ledger.balance(1) == Balance(10_000, -6_500, 0)
    assert [coin.amount for coin in ledger.coins(1)] == [3_500]
    (reserved,) = [coin for coin in ledger.coins(1, reserved=True) if coin.reserved_by]
    assert (reserved.reserved_by, reserved.available) == (spend.txid, False)
    entry = ledger.entry(spend.txid, 1)
    assert (entry.status, entry.label, entry.time) == (Status.LOCAL, "rent", 50)
    ledger.mark_announced(spend.txid)
    assert ledger.status(spend.txid, 1) is Status.PENDING


def test_own_change_is_spendable_before_it_is_confirmed_and_a_strangers_payment_is_not() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    ledger.add_local(pay([(FOREIGN, 6_000), (script(ledger, 0, branch=1), 3_500)], [outpoint(funding)]), 50)
    gift = pay([(script(ledger, 5), 777)])
    ledger.apply_unconfirmed(gift, 60)
    spendable = {coin.amount: (coin.spendable, coin.available) for coin in ledger.coins(1)}
    assert spendable == {3_500: (True, True), 777: (False, True)}
    passed_on = pay([(script(ledger, 1, branch=1), 700)], [outpoint(gift)])
    ledger.add_local(passed_on, 70)
    assert not {coin.amount: coin.spendable for coin in ledger.coins(1)}[700], "still built on the stranger's payment"


def test_a_coinbase_matures_with_a_hundred_blocks_on_top() -> None:
    ledger, chain = new_ledger(), Chain()
    block = chain.add(reward=script(ledger, 0))
    chain.scan(ledger)
    assert ledger.balance(1) == Balance(0, 0, 50 * COIN)
    assert ledger.history(100)[0].status is Status.IMMATURE
    assert not ledger.coins(100)[0].spendable
    assert ledger.balance(101) == Balance(50 * COIN, 0, 0)
    assert ledger.coins(101)[0].spendable
    ledger.undo_block(1, block.hash)
    assert ledger.balance(0) == Balance(0, 0, 0)
    assert ledger.history(0)[0].status is Status.ABANDONED


def test_a_reorganisation_turns_payments_back_to_pending_and_keeps_labels() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    ledger.apply_unconfirmed(funding, 12)
    chain.scan(ledger)
    ledger.set_label(ledger_kind(), str(funding.txid), "wages")
    (block,) = chain.undo(ledger, 1)
    entry = ledger.entry(funding.txid, 0)
    assert (entry.status, entry.time, entry.label, entry.proven) == (Status.PENDING, 12, "wages", False)
    assert ledger.proof(funding.txid) is None
    assert ledger.balance(0) == Balance(0, 10_000, 0)
    assert ledger.scan_height(0) == 0
    chain.add(branch=1)
    chain.add(funding)
    chain.scan(ledger)
    assert ledger.entry(funding.txid, 2).height == 2
    assert block.hash not in ledger.block_hashes().values()


def ledger_kind() -> LabelKind:
    return LabelKind.TRANSACTION


def test_blocks_are_not_replaced_without_being_undone() -> None:
    ledger, chain = new_ledger(), Chain()
    chain.add(pay([(script(ledger, 0), 10_000)]))
    chain.scan(ledger)
    other = make_block(1, branch=9)
    with pytest.raises(ValueError, match="was not undone"):
        ledger.apply_block(other, 1)
    with pytest.raises(ValueError, match="was not undone"):
        ledger.undo_block(1, other.hash)


def test_a_spend_that_is_read_before_its_funding_is_found_when_its_block_is_read_again() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    spend = pay([(FOREIGN, 9_000)], [outpoint(funding)])
    chain.add(funding)
    chain.add(spend)
    ledger.apply_block(chain.blocks[2], 2)
    assert ledger.balance(2) == Balance(0, 0, 0)
    ledger.apply_block(chain.blocks[1], 1)
    assert ledger.repeats() == [2]
    ledger.commit()
    again = Ledger(ledger._store, 30)
    assert again.repeats() == [2], "known after a restart, too"
    assert again.scan_height(0) < 2
    again.apply_block(chain.blocks[2], 2)
    assert again.repeats() == []
    assert again.balance(2) == Balance(0, 0, 0)
    assert {entry.amount for entry in again.history(2)} == {10_000, -10_000}


def test_a_spend_in_the_same_block_as_its_funding_is_found() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding, pay([(FOREIGN, 9_000)], [outpoint(funding)]))
    ledger.apply_block(chain.blocks[1], 1)
    assert ledger.balance(1).total == 0
    assert ledger.repeats() == []


def test_an_announced_spend_is_remembered_until_its_funding_comes() -> None:
    ledger = new_ledger()
    funding = pay([(script(ledger, 0), 10_000)])
    spend = sign(pay([(FOREIGN, 9_000)], [outpoint(funding)]), ledger, [funding])
    assert not ledger.apply_unconfirmed(spend, 5)
    ledger.apply_unconfirmed(funding, 6)
    assert statuses(ledger, 0) == {str(funding.txid): Status.PENDING, str(spend.txid): Status.PENDING}
    assert ledger.balance(0).total == 0


def test_a_confirmed_double_spend_replaces_the_waiting_one_until_it_is_undone() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    ours = pay([(FOREIGN, 9_000)], [outpoint(funding)])
    child = pay([(script(ledger, 7), 1_000)], [outpoint(ours)])
    ledger.add_local(ours, 5)
    ledger.apply_unconfirmed(child, 6)
    theirs = pay([(FOREIGN, 8_000)], [outpoint(funding)])
    chain.add(theirs)
    chain.scan(ledger)
    entry = ledger.entry(ours.txid, 2)
    assert (entry.status, entry.replaced_by) == (Status.REPLACED, theirs.txid)
    assert ledger.entry(child.txid, 2).replaced_by == theirs.txid
    assert ledger.balance(2) == Balance(0, 0, 0)
    chain.undo(ledger, 1)
    confirming = chain.add(ours, branch=1)
    ledger.apply_block(confirming, 2)
    assert ledger.status(ours.txid, 2) is Status.CONFIRMED
    assert ledger.entry(theirs.txid, 2).replaced_by == ours.txid
    assert ledger.status(child.txid, 2) is Status.PENDING


def test_of_two_waiting_ones_the_later_stands_with_all_it_builds_on() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    first = pay([(script(ledger, 1), 9_000)], [outpoint(funding)])
    second = pay([(script(ledger, 2), 8_000)], [outpoint(funding)])
    ledger.add_local(first, 100)
    ledger.add_local(second, 100)
    assert ledger.entry(first.txid, 1).replaced_by == second.txid
    ledger.abandon(second.txid)
    assert ledger.status(first.txid, 1) is Status.LOCAL
    assert ledger.status(second.txid, 1) is Status.ABANDONED
    ledger.apply_unconfirmed(second, 200)
    assert ledger.status(second.txid, 1) is Status.PENDING, "somebody announces it after all"


def test_a_stranger_who_pays_somebody_else_instead_is_seen() -> None:
    ledger = new_ledger()
    gift = pay([(script(ledger, 0), 10_000)])
    instead = pay([(FOREIGN, 9_000)], [gift.inputs[0].outpoint])
    ledger.apply_unconfirmed(gift, 1)
    ledger.apply_unconfirmed(instead, 2)
    (entry,) = ledger.history(0)
    assert (entry.status, entry.replaced_by) == (Status.REPLACED, instead.txid)
    assert ledger.coins(0) == []


def test_conflicts_with_an_ancestor_never_stand() -> None:
    ledger = new_ledger()
    parent = pay([(script(ledger, 0), 10_000)])
    impossible = sign(
        Transaction(2, (*parent.inputs, *pay([], [outpoint(parent)]).inputs), parent.outputs, 7), ledger, [parent]
    )
    ledger.apply_unconfirmed(parent, 1)
    ledger.apply_unconfirmed(impossible, 2)
    assert ledger.status(parent.txid, 0) is Status.PENDING
    assert ledger.status(impossible.txid, 0) is Status.REPLACED


def test_a_frozen_coin_is_not_spendable() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    ledger.freeze(outpoint(funding), True)
    assert not ledger.coins(1)[0].spendable
    ledger.freeze(outpoint(funding), False)
    assert ledger.coins(1)[0].spendable
    with pytest.raises(LookupError):
        ledger.freeze(outpoint(pay([(FOREIGN, 1)])), True)


def test_a_failed_commit_forgets_nothing() -> None:
    ledger, chain = new_ledger(), Chain()
    chain.add(pay([(script(ledger, 0), 10_000)]))
    store = ledger._store

    class Full:
        def apply(self, change: object) -> None:
            raise OSError("no space left")

    ledger._store = Full()  # type: ignore[assignment]
    ledger.apply_block(chain.blocks[1], 1)
    with pytest.raises(OSError, match="no space"):
        ledger.commit()
    ledger._store = store
    ledger.commit()
    assert Ledger(store, 30).balance(1) == Balance(10_000, 0, 0)


def test_a_gap_of_forty_is_found() -> None:
    ledger, chain = new_ledger(look_ahead=200), Chain()
    for index in (0, 41, 81, 121, 161):
        chain.add(pay([(account().external.script_at(index).script_pubkey, 1_000)]))
    chain.scan(ledger)
    assert ledger.balance(5).confirmed == 5_000


def test_change_of_payments_that_come_to_nothing_stays_where_a_restore_finds_it() -> None:
    """Each of them takes the next place for change; none of them is in a block that a restored wallet could read."""
    ledger, chain = new_ledger(look_ahead=200), Chain()
    places = []
    for number in range(FRESH_AHEAD + 3):
        ref, change = change_place(ledger, ledger.keychain.accounts[0])
        places.append(ref.index)
        ledger.add_local(pay([(change, 1_000)]), number)
    assert places == [*range(FRESH_AHEAD), *[FRESH_AHEAD - 1] * 3]
    chain.add(pay([(script(ledger, places[-1], branch=1), 5_000)]))
    chain.scan(ledger)
    assert change_place(ledger, ledger.keychain.accounts[0])[0].index == FRESH_AHEAD
    restored = new_ledger(look_ahead=200)
    chain.scan(restored)
    assert restored.balance(1).confirmed == 5_000


def test_coinbases_outside_blocks_are_ignored() -> None:
    ledger = new_ledger()
    assert not ledger.apply_unconfirmed(coinbase(5, script(ledger, 0)), 1)
    assert ledger.history(0) == []


def test_accounts_are_found_again_after_a_restart() -> None:
    ledger = new_ledger(account(0), account(1))
    ref, derived, _ = ledger.reveal(1)
    ledger.commit()
    again = Ledger(ledger._store, 30)
    assert list(again.keychain.accounts) == [0, 1]
    assert again.keychain.scripts() == ledger.keychain.scripts()
    assert again.reveal(1)[0].index == ref.index + 1
    assert again.keychain.scripts()[derived.script_pubkey] == ref


@pytest.mark.parametrize("kind", TYPES)
def test_a_transaction_that_only_pretends_to_spend_our_coin_is_ignored(kind: ScriptType) -> None:
    ledger, chain = new_ledger(account(0, kind)), Chain()
    funding, other = pay([(script(ledger, 0), 10_000)]), pay([(script(ledger, 1), 10_000)])
    chain.add(funding, other)
    chain.scan(ledger)
    bare = pay([(FOREIGN, 9_000), (script(ledger, 5), 500)], [outpoint(funding), outpoint(other)])
    genuine = sign(bare, ledger)
    changed = replace(genuine, outputs=(TxOut(9_001, FOREIGN), genuine.outputs[1]))
    swapped = replace(genuine, inputs=(genuine.inputs[0], replace(genuine.inputs[0], outpoint=outpoint(other))))
    for forged in (bare, changed, swapped):
        assert not ledger.apply_unconfirmed(forged, 5)
    assert ledger.balance(1) == Balance(20_000, 0, 0)
    assert ledger.apply_unconfirmed(genuine, 6)
    assert ledger.balance(1) == Balance(20_000, -19_500, 0)


def test_a_forgery_that_came_before_the_coin_is_dropped_when_the_coin_is_found() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    forged = pay([(script(ledger, 5), 9_000)], [outpoint(funding)])
    silent = pay([(FOREIGN, 9_000)], [outpoint(funding)])
    assert not ledger.apply_unconfirmed(silent, 5)
    assert ledger.apply_unconfirmed(forged, 5), "it pays us, and whose coin it spends is not known yet"
    assert len(ledger.transactions) == 2
    ledger.commit()
    chain.add(funding)
    chain.scan(ledger)
    assert [entry.txid for entry in ledger.history(1)] == [funding.txid]
    assert ledger.balance(1) == Balance(10_000, 0, 0)
    assert ledger.keychain.peek(0, 0)[0].index == 1, "its address counts as unused again"
    again = Ledger(ledger._store, 30)
    assert again.history(1) == ledger.history(1)


def test_a_taproot_spend_together_with_unknown_coins_counts_once_it_is_in_a_block() -> None:
    ledger, chain = new_ledger(account(0, ScriptType.P2TR)), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    stranger = pay([(FOREIGN, 5)])
    joint = replace(stranger, inputs=(*stranger.inputs, *pay([], [outpoint(funding)]).inputs))
    assert not ledger.apply_unconfirmed(joint, 5)
    chain.add(joint)
    chain.scan(ledger)
    assert ledger.balance(2) == Balance(0, 0, 0)


def test_strangers_cannot_fill_the_wallet() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    for number in range(MAX_STRANGERS + 5):
        ledger.apply_unconfirmed(pay([(script(ledger, 1), 1_000 + number)]), 5)
    assert len(ledger.transactions) == MAX_STRANGERS + 1
    assert ledger.apply_unconfirmed(sign(pay([(FOREIGN, 9_000)], [outpoint(funding)]), ledger), 6)
    chain.add(pay([(script(ledger, 2), 77)]))
    chain.scan(ledger)
    assert ledger.balance(2).confirmed == 10_077


def test_only_the_hashes_of_the_last_thousand_scanned_blocks_are_kept() -> None:
    ledger = new_ledger()
    hashes = [BlockHash(sha256(b"%d" % height)) for height in range(2_500)]
    while (task := ledger.next_scan(0, 2_499)) is not None:
        ledger.scanned(task, hashes[task.start : task.stop + 1])
    ledger.commit()
    for kept in (ledger, Ledger(ledger._store, 30)):
        assert kept.block_hashes() == dict(enumerate(hashes[1_500:], 1_500))
        assert kept.scan_height(0) == 2_499
    ledger.rescan(2_000)
    assert ledger.scan_height(0) == 1_999
    with pytest.raises(ValueError, match="hashes for the heights"):
        ledger.scanned(ScanTask(2_000, 2_001, ()), hashes[:1])


def test_the_proof_goes_with_the_block() -> None:
    ledger, chain = new_ledger(), Chain()
    payment = pay([(script(ledger, 0), 10_000)])
    chain.add(payment)
    chain.scan(ledger)
    assert ledger._store.proof(payment.txid) is not None
    chain.undo(ledger, 1)
    ledger.commit()
    assert ledger._store.proof(payment.txid) is None
    assert ledger.proof(payment.txid) is None


def test_requests_say_what_became_of_them() -> None:
    ledger, chain = new_ledger(), Chain()

    def state(amount: int | None = 5_000, now: int = 10) -> RequestState:
        return ledger.request_state(PaymentRequest(ref, derived.script_pubkey, amount, "", 1, expires=20), now)

    ref, derived, _ = ledger.reveal(0)
    ledger.request(PaymentRequest(ref, derived.script_pubkey, 5_000, " for \n the bike ", 1, expires=20))
    assert [request.label for request in ledger.requests()] == ["for the bike"]
    assert (state(), state(now=20)) == (RequestState.WAITING, RequestState.EXPIRED)
    first = pay([(derived.script_pubkey, 3_000)])
    ledger.apply_unconfirmed(first, 11)
    assert (state(), state(3_000), state(None), state(2_000)) == (
        RequestState.UNDERPAID,
        RequestState.SEEN,
        RequestState.SEEN,
        RequestState.SEEN,  # more than asked for, but nothing of it is certain yet
    )
    chain.add(first)
    chain.scan(ledger)
    assert state(3_000, now=99) is RequestState.PROVEN
    assert state(2_000) is RequestState.OVERPAID
    ledger.apply_unconfirmed(pay([(derived.script_pubkey, 2_000)]), 12)
    assert state() is RequestState.SEEN
    # What is proven stays so, whatever strangers add to it.
    assert (state(3_000), state(None)) == (RequestState.PROVEN, RequestState.PROVEN)


def test_addresses_show_what_lies_on_them() -> None:
    ledger, chain = new_ledger(), Chain()
    ledger.reveal(0)
    funding = pay([(script(ledger, 2), 10_000), (script(ledger, 2), 1)])
    chain.add(funding)
    chain.scan(ledger)
    ledger.add_local(pay([(FOREIGN, 4_000), (script(ledger, 0, branch=1), 5_000)], [outpoint(funding)]), 5)
    shown = [(entry.ref.branch, entry.ref.index, entry.used, entry.balance) for entry in ledger.addresses(1)]
    assert shown == [(0, 0, False, 0), (0, 1, False, 0), (0, 2, True, 1), (1, 0, True, 5_000)]


def test_a_label_is_one_line_of_bounded_length() -> None:
    ledger = new_ledger()
    ledger.set_label(LabelKind.ADDRESS, "a", "  two\nlines  ")
    assert ledger.label(LabelKind.ADDRESS, "a") == "two lines"
    with pytest.raises(LabelError, match="255"):
        ledger.set_label(LabelKind.ADDRESS, "a", "x" * 256)
    ledger.set_label(LabelKind.ADDRESS, "a", "")
    assert ledger.labels == {}


def test_a_payment_in_a_block_is_not_abandoned() -> None:
    ledger, chain = new_ledger(), Chain()
    payment = pay([(script(ledger, 0), 10_000)])
    chain.add(payment)
    chain.scan(ledger)
    with pytest.raises(ValueError, match="is in a block"):
        ledger.abandon(payment.txid)


def test_sending_the_same_payment_a_hundred_times_is_one_payment() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    spend = pay([(FOREIGN, 9_000)], [outpoint(funding)])
    assert ledger.add_local(spend, 5)
    assert not any(ledger.add_local(spend, 6 + again) for again in range(99))
    assert len(ledger.history(1)) == 2
    assert [record.txid for record in ledger.unproven()] == [spend.txid]
    ledger.abandon(spend.txid)
    assert ledger.unproven() == []
    assert ledger.add_local(spend, 200)
    assert ledger.status(spend.txid, 1) is Status.LOCAL


@pytest.mark.parametrize("first", [0, 1])
def test_a_spend_of_two_coins_that_came_before_both_is_entered_whichever_is_found_first(first: int) -> None:
    ledger = new_ledger(account(0), account(1, ScriptType.P2TR))
    coins = [pay([(script(ledger, 0, number=number), 10_000)]) for number in (0, 1)]
    spend = sign(pay([(FOREIGN, 19_000)], [outpoint(coin) for coin in coins]), ledger, coins)
    for transaction in (spend, coins[first], coins[1 - first]):
        ledger.apply_unconfirmed(transaction, 5)
    assert len(ledger.history(0)) == 3
    assert ledger.balance(0).total == 0


@pytest.mark.parametrize("tail", [b"\x00", b"\x05", b"\x03", b"\x01\x01"])
def test_a_taproot_signature_for_something_else_is_a_forgery(tail: bytes) -> None:
    ledger, chain = new_ledger(account(0, ScriptType.P2TR)), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    genuine = sign(pay([(FOREIGN, 9_000)], [outpoint(funding)]), ledger)
    signature = genuine.inputs[0].witness[0]
    forged = replace(genuine, inputs=(replace(genuine.inputs[0], witness=(signature + tail,)),))
    assert not ledger.apply_unconfirmed(forged, 5)


def test_a_payment_to_a_script_that_is_derived_later_is_remembered() -> None:
    ledger = new_ledger()
    assert not ledger.apply_unconfirmed(pay([(script(ledger, 40), 300)]), 5)
    ledger.apply_unconfirmed(pay([(script(ledger, 20), 1_000)]), 6)
    assert ledger.balance(0).pending == 1_300


def test_all_that_builds_on_a_replaced_payment_falls_with_it() -> None:
    ledger, chain = new_ledger(), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    chain.add(funding)
    chain.scan(ledger)
    parent = pay([(script(ledger, 1), 4_000), (script(ledger, 2), 5_000)], [outpoint(funding)])
    child = pay([(script(ledger, 3), 8_000)], [outpoint(parent), outpoint(parent, 1)])
    grandchild = pay([(script(ledger, 4), 7_000)], [outpoint(child)])
    for number, transaction in enumerate((parent, child, grandchild)):
        ledger.add_local(transaction, number)
    rival = pay([(FOREIGN, 9_000)], [outpoint(funding)])
    chain.add(rival)
    chain.scan(ledger)
    assert {ledger.entry(found.txid, 2).replaced_by for found in (parent, child, grandchild)} == {rival.txid}
    assert ledger.balance(2).total == 0
    assert ledger.owner(outpoint(parent)) is not None
    ledger.mark_announced(grandchild.txid)
    assert not ledger.mark_announced(grandchild.txid)


@pytest.mark.parametrize("spend_first", [True, False])
def test_a_spend_that_nothing_vouches_for_does_not_count_whichever_comes_first(spend_first: bool) -> None:
    ledger = new_ledger(account(0), account(1, ScriptType.P2TR))
    coins = [pay([(script(ledger, 0, number=number), 10_000)]) for number in (0, 1)]
    spend = sign(pay([(script(ledger, 1), 19_000)], [outpoint(coin) for coin in coins]), ledger, coins)
    for transaction in (spend, coins[1]) if spend_first else (coins[1], spend):
        ledger.apply_unconfirmed(transaction, 5)
    assert [entry.txid for entry in ledger.history(0)] == [coins[1].txid]
    ledger.apply_unconfirmed(coins[0], 6)
    assert ledger.balance(0).total == 19_000


def test_what_was_in_a_block_stays_when_the_block_goes() -> None:
    ledger, chain = new_ledger(account(0, ScriptType.P2TR)), Chain()
    funding = pay([(script(ledger, 0), 10_000)])
    stranger = pay([(FOREIGN, 5)])
    joint = replace(
        stranger,
        inputs=(*stranger.inputs, *pay([], [outpoint(funding)]).inputs),
        outputs=(TxOut(5, script(ledger, 3)),),
    )
    chain.add()
    block = chain.add(joint)
    ledger.apply_block(block, 2)
    ledger.undo_block(2, block.hash)
    ledger.apply_unconfirmed(funding, 5)
    assert ledger.status(joint.txid, 1) is Status.PENDING


def test_the_newest_of_a_history_are_those_that_all_of_it_begins_with() -> None:
    ledger, chain = new_ledger(), Chain()
    for index in range(1, 6):
        chain.add(pay([(script(ledger, index), 1_000 * index)]))
    chain.scan(ledger)
    ledger.apply_unconfirmed(pay([(script(ledger, 9), 77)]), 5)
    whole = ledger.history(5)
    assert len(whole) == 6
    for limit in range(len(whole) + 2):
        assert ledger.history(5, limit) == whole[:limit]
