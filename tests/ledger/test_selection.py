import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.world import FOREIGN
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.hashes import Txid, sha256
from wallet.bitcoin.transaction import OutPoint
from wallet.ledger.keychain import ScriptRef
from wallet.ledger.payment_errors import TooLarge
from wallet.ledger.record import Coin
from wallet.ledger.selection import Candidate, Goal, _knapsack, _lightest, _random_draw, _without_change, select


def coin(amount: int, number: int = 0) -> Coin:
    txid = Txid(sha256(b"%d %d" % (amount, number)))
    return Coin(OutPoint(txid, number), amount, FOREIGN, ScriptRef(0, 0, number), 1, 0, False, False, None, True)


def candidates(values: list[int], toll: int = 10) -> list[Candidate]:
    found = [Candidate((coin(value, number),), value, toll, 272) for number, value in enumerate(values)]
    return sorted(found, key=lambda candidate: (-candidate.value, candidate.coins[0].outpoint.serialize()))


def value(chosen: list[Candidate]) -> int:
    return sum(candidate.value for candidate in chosen)


goals = st.builds(
    Goal,
    target=st.integers(1, 5_000),
    change_fee=st.integers(0, 50),
    change_cost=st.integers(50, 200),
    least_change=st.integers(1, 100),
)


@given(st.lists(st.integers(-10, 2_000), max_size=30), goals, st.integers(0, 2**32))
def test_a_choice_is_enough_and_none_means_that_nothing_is(values: list[int], goal: Goal, seed: int) -> None:
    chosen = select(candidates(values), goal, random.Random(seed))
    if chosen is None:
        assert sum(found for found in values if found > 0) < goal.target
        return
    assert value(chosen) >= goal.target
    assert all(candidate.value > 0 for candidate in chosen)
    assert len({candidate.coins[0].outpoint for candidate in chosen}) == len(chosen)


@given(st.lists(st.integers(1, 500), max_size=9), goals, st.sampled_from([10, 0, -10]))
def test_branch_and_bound_finds_the_least_waste_without_change(values: list[int], goal: Goal, toll: int) -> None:
    useful = candidates(values, toll)
    wastes = [
        sum(each.toll for each in subset) + value(list(subset)) - goal.target
        for size in range(1, len(useful) + 1)
        for subset in combinations(useful, size)
        if goal.target <= value(list(subset)) <= goal.target + goal.change_cost
    ]
    chosen = _without_change(useful, goal)
    if chosen is None:
        assert not wastes
        return
    assert goal.target <= value(chosen) <= goal.target + goal.change_cost
    waste = sum(each.toll for each in chosen) + value(chosen) - goal.target
    # A minimal choice is found; padding one with coins that are cheap today is not looked for.
    assert waste == min(wastes) if toll >= 0 else waste in wastes


@pytest.mark.parametrize("seed", range(20))
def test_the_draw_and_the_knapsack_reach_their_aim(seed: int) -> None:
    chance = random.Random(seed)
    useful = candidates([chance.randrange(1, 10_000) for _ in range(40)])
    aim = chance.randrange(1, value(useful))
    for choose in (_random_draw, _knapsack):
        chosen = choose(useful, aim, chance)
        assert chosen is not None
        assert value(chosen) >= aim


def test_the_knapsack_prefers_the_closest_sum() -> None:
    chosen = _knapsack(candidates([100_000, 600, 500, 400]), 1_000, random.Random(1))
    assert chosen is not None
    assert value(chosen) == 1_000


def test_an_exact_match_needs_no_change() -> None:
    goal = Goal(target=7_000, change_fee=31, change_cost=100, least_change=300)
    chosen = select(candidates([50_000, 4_000, 3_000, 2_000, 900]), goal, random.Random(2))
    assert chosen is not None
    assert sorted(candidate.value for candidate in chosen) == [3_000, 4_000]


def test_a_coin_that_costs_more_than_it_brings_is_left_alone() -> None:
    dust = Candidate.of(coin(600), 272, FeeRate(10_000))
    assert dust.value < 0
    assert select([dust], Goal(1, 0, 0, 1), random.Random(0)) is None


def test_the_same_chance_makes_the_same_choice() -> None:
    useful = candidates([random.Random(5).randrange(1, 10_000) for _ in range(60)])
    goal = Goal(123_457, 31, 100, 300)
    assert select(useful, goal, random.Random(3)) == select(useful, goal, random.Random(3))


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 3)), min_size=1, max_size=9), st.integers(1, 2_000))
def test_the_lightest_coins_are_found(coins: list[tuple[int, int]], aim: int) -> None:
    useful = [
        Candidate((coin(amount, number),), amount, 10, 100 * weight) for number, (amount, weight) in enumerate(coins)
    ]
    useful.sort(key=lambda candidate: -candidate.value)
    scores = [
        (sum(each.weight for each in subset), value(list(subset)))
        for size in range(1, len(useful) + 1)
        for subset in combinations(useful, size)
        if value(list(subset)) >= aim
    ]
    chosen = _lightest(useful, aim)
    if chosen is None:
        assert not scores
        return
    assert sum(each.weight for each in chosen) == min(scores)[0]
    assert value(chosen) == min(scores)[1]


def test_while_fees_are_high_few_coins_are_spent_and_while_they_are_low_many() -> None:
    coins = [coin(20_000, number) for number in range(40)] + [coin(900_000, 40)]

    def inputs(rate: FeeRate, dear: bool) -> int:
        useful = [Candidate.of(each, 272, rate) for each in coins]
        fee = rate.fee(31)
        chosen = select(useful, Goal(400_000, fee, fee + 680, 680, dear=dear), random.Random(1))
        assert chosen is not None
        return len(chosen)

    assert inputs(FeeRate(100_000), dear=True) == 1
    assert inputs(FeeRate(1_000), dear=False) > 20


def test_a_choice_fits_into_a_transaction_or_is_refused() -> None:
    useful = candidates([*[10] * 2_000, 5_000])
    goal = Goal(5_500, 0, 0, 10, room=272 * 60)
    chosen = select(useful, goal, random.Random(0))
    assert chosen is not None
    assert sum(each.weight for each in chosen) <= goal.room
    with pytest.raises(TooLarge) as caught:
        select(useful, Goal(6_000, 0, 0, 10, room=272 * 60), random.Random(0))
    assert caught.value.coins == 61
