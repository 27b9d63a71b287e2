"""Coins of one address are spent together, and labels are kept apart, where that can be."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.ledger.test_payment import SCRIPTS, TIP
from tests.ledger.world import Chain, new_ledger, pay
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.script import op_return
from wallet.ledger.groups import MOST_TOGETHER, PRIVACY_PRICE, by_address
from wallet.ledger.ledger import Ledger
from wallet.ledger.payment import PaymentDraft, PaymentIntent, Recipient, build
from wallet.ledger.payment_errors import BadAmount, TooLarge
from wallet.ledger.record import Coin
from wallet.ledger.selection import Candidate

LOW = FeeRate(2_000)


def received(*addresses: Sequence[int]) -> Ledger:
    """A wallet that was paid these amounts: a list for each address."""
    ledger, chain = new_ledger(), Chain()
    for amounts in addresses:
        _, derived, _ = ledger.reveal(0)
        for amount in amounts:
            chain.add(pay([(derived.script_pubkey, amount)]))
    chain.scan(ledger)
    return ledger


def draft(ledger: Ledger, amount: int | None, rate: FeeRate = LOW, seed: int = 0, **others: Any) -> PaymentDraft:
    labels = others.pop("labels", {})
    assert isinstance(labels, dict)
    intent = PaymentIntent((Recipient(SCRIPTS[2], amount),), fee_rate=rate, **others)
    return build(intent, ledger, TIP, random.Random(seed), lambda coin: labels.get(coin.amount, ""))


def amounts(found: PaymentDraft) -> list[int]:
    return sorted(coin.amount for coin in found.coins)


def codes(found: PaymentDraft) -> set[str]:
    return {warning.code for warning in found.warnings}


@pytest.mark.parametrize("seed", range(10))
def test_the_coins_of_a_reused_address_are_spent_together(seed: int) -> None:
    ledger = received([40_000, 41_000, 42_000])
    found = draft(ledger, 20_000, seed=seed)
    assert amounts(found) == [40_000, 41_000, 42_000]
    assert "partial" not in codes(found)


def test_an_addresses_coins_that_cost_more_than_they_bring_stay_and_are_no_reason_to_warn_of() -> None:
    ledger = received([40_000, 300, 42_000])
    assert amounts(draft(ledger, 20_000, FeeRate(10_000))) == [40_000, 42_000]


def test_privacy_has_a_price_limit_and_what_stays_behind_is_said() -> None:
    many = 30
    ledger = received([40_000] * many)
    extra = FeeRate(20_000).fee(68 * (many - 2))
    assert extra > PRIVACY_PRICE
    found = draft(ledger, 20_000, FeeRate(20_000))
    assert len(found.coins) < 5
    assert "partial" in codes(found)
    assert len(draft(ledger, 20_000, FeeRate(1_000)).coins) == many


def test_frozen_coins_stay_where_they_are() -> None:
    ledger = received([40_000, 41_000, 42_000])
    frozen = next(coin.outpoint for coin in ledger.coins(TIP) if coin.amount == 41_000)
    ledger.freeze(frozen, True)
    found = draft(ledger, 20_000)
    assert amounts(found) == [40_000, 42_000]
    assert codes(found) == set()


def test_chosen_coins_are_spent_alone_and_that_is_said() -> None:
    ledger = received([40_000, 41_000])
    chosen = ledger.coins(TIP)[0]
    found = draft(ledger, 20_000, coins=(chosen.outpoint,))
    assert [coin.outpoint for coin in found.coins] == [chosen.outpoint]
    assert "partial" in codes(found)


def test_a_much_used_address_is_split() -> None:
    coins = received([5_000] * (MOST_TOGETHER + 20)).coins(TIP)
    groups = by_address([Candidate.of(coin, 272, LOW) for coin in coins])
    assert sorted(len(group.coins) for group in groups) == [20, MOST_TOGETHER]
    assert sum(group.amount for group in groups) == 5_000 * (MOST_TOGETHER + 20)


@pytest.mark.parametrize("seed", range(20))
def test_labels_are_kept_apart_where_one_is_enough(seed: int) -> None:
    ledger = received([40_000], [41_000], [60_000], [61_000], [9_000])
    labels = {40_000: "salary", 41_000: "salary", 60_000: "a friend", 61_000: "a friend"}
    found = draft(ledger, 75_000, seed=seed, labels=labels)
    assert len({labels[coin.amount] for coin in found.coins if coin.amount in labels}) == 1
    assert "links_labels" not in codes(found)


def test_labels_that_must_be_linked_are_named() -> None:
    ledger = received([40_000], [60_000])
    found = draft(ledger, 75_000, labels={40_000: "salary", 60_000: "a friend"})
    (warning,) = (each for each in found.warnings if each.code == "links_labels")
    assert "salary" in warning.text
    assert "a friend" in warning.text
    assert not warning.blocking
    assert codes(draft(ledger, 75_000, labels={40_000: "salary"})) == set()


def test_a_note_is_written_and_shares_no_fee() -> None:
    ledger = received([90_000])
    found = draft(ledger, 50_000, note=b"for ever", subtract_fee=True)
    (note,) = (output for output in found.transaction.outputs if output.amount == 0)
    assert note.script_pubkey == op_return(b"for ever")
    assert found.amount + found.fee == 50_000
    everything = draft(ledger, None, note=bytes(80))
    assert everything.amount + everything.fee == 90_000
    assert len(everything.transaction.outputs) == 2
    with pytest.raises(BadAmount, match="80 bytes"):
        draft(ledger, 50_000, note=bytes(81))


def test_more_coins_than_fit_are_refused_before_anything_is_signed() -> None:
    ledger = new_ledger()
    _, derived, _ = ledger.reveal(0)
    chain = Chain()
    for _ in range(3):
        chain.add(pay([(derived.script_pubkey, 10_000)] * 500))
    chain.scan(ledger)
    with pytest.raises(TooLarge, match="smaller amount"):
        draft(ledger, None, FeeRate(1_000))
    with pytest.raises(TooLarge):
        draft(ledger, 14_800_000, FeeRate(1_000))
    found = draft(ledger, 14_000_000, FeeRate(1_000))
    assert found.vsize <= 100_000


def test_the_coins_of_a_candidate_are_what_it_holds() -> None:
    coins: list[Coin] = received([10_000], [20_000]).coins(TIP)
    joined = Candidate.join([Candidate.of(coin, 272, LOW) for coin in coins])
    assert (joined.amount, joined.weight) == (30_000, 544)
    assert joined.value == 30_000 - 2 * LOW.fee(68)
