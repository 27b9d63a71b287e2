"""The choice of coins for a payment.

Branch and bound looks for coins that need no change; a single random draw and a knapsack make change. The least waste
wins: what the inputs cost now beyond what they would cost at a usual rate, and the price of change, or without change
the excess that goes to the miner. Values are effective: a coin is worth its amount less the fee of its input.
Sources: M. Erhardt, "An Evaluation of Coin Selection Strategies" (2016); the reference implementation's
`wallet/coinselection.cpp` (branch and bound, single random draw, knapsack, waste metric).
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from wallet.bitcoin.amount import FeeRate, Sats
from wallet.ledger.record import Coin
from wallet.ledger.sizes import vsize_of

USUAL_RATE = FeeRate(10_000)
"""What spending a coin later is reckoned with."""
COMFORTABLE_CHANGE = 50_000
"""Change of at least this much is aimed at: smaller coins are a burden."""
_TRIES = 50_000
_KNAPSACK_STEPS = 200_000
_KNAPSACK_ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coin that may be chosen. value: effective; toll: its input's fee now less its fee at the usual rate."""

    coin: Coin
    value: Sats
    toll: Sats

    @classmethod
    def of(cls, coin: Coin, weight: int, rate: FeeRate) -> "Candidate":
        """A coin whose signed input has this weight."""
        fee = rate.fee(vsize_of(weight))
        return cls(coin, coin.amount - fee, fee - USUAL_RATE.fee(vsize_of(weight)))


@dataclass(frozen=True, slots=True)
class Goal:
    """What a choice must reach. target: amounts and the fee of everything but the inputs, without change.

    change_fee: of making change; change_cost: of making and later spending it; least_change: less is not made.
    """

    target: Sats
    change_fee: Sats
    change_cost: Sats
    least_change: Sats

    def waste(self, chosen: Sequence[Candidate]) -> Sats:
        """What a choice that reaches the target wastes."""
        excess = sum(candidate.value for candidate in chosen) - self.target
        makes_change = excess >= self.change_fee + self.least_change
        return sum(candidate.toll for candidate in chosen) + (self.change_cost if makes_change else excess)


def select(candidates: Iterable[Candidate], goal: Goal, chance: random.Random) -> list[Candidate] | None:
    """The choice that wastes least; None when all coins together do not reach the target."""
    useful = sorted(
        (candidate for candidate in candidates if candidate.value > 0),
        key=lambda candidate: (-candidate.value, candidate.coin.outpoint.serialize()),
    )
    total = sum(candidate.value for candidate in useful)
    if total < goal.target:
        return None
    found = [_without_change(useful, goal)]
    aim = next((aim for aim in _aims(goal) if aim <= total), goal.target)
    found += [choose(useful, aim, chance) for choose in (_random_draw, _knapsack)]
    return min((choice for choice in found if choice), key=lambda choice: (goal.waste(choice), -len(choice)))


def _aims(goal: Goal) -> tuple[Sats, ...]:
    change = goal.target + goal.change_fee
    return change + max(goal.least_change, COMFORTABLE_CHANGE), change + goal.least_change


def _without_change(useful: Sequence[Candidate], goal: Goal) -> list[Candidate] | None:
    """Branch and bound: the least wasteful choice between the target and the target plus the cost of change.

    Depth first over the coins by falling value, taking each before leaving it out; given up after a number of steps.
    """
    values = [candidate.value for candidate in useful]
    tolls = [candidate.toll for candidate in useful]
    dear = bool(useful) and tolls[0] > 0
    target, limit = goal.target, goal.target + goal.change_cost
    rest = sum(values)
    value = waste = depth = 0
    chosen: list[int] = []
    best: list[int] | None = None
    best_waste = 0
    for _ in range(_TRIES):
        excess = value - target
        hopeless = value + rest < target or value > limit or (dear and best is not None and waste > best_waste)
        if hopeless or excess >= 0:
            if not hopeless and (best is None or waste + excess <= best_waste):
                best, best_waste = list(chosen), waste + excess
            if not chosen:
                break
            last = chosen.pop()
            rest += sum(values[last + 1 : depth])
            value -= values[last]
            waste -= tolls[last]
            depth = last + 1
            continue
        rest -= values[depth]
        # After leaving out a coin, another one of the same value would only repeat what was tried.
        if not chosen or chosen[-1] == depth - 1 or values[depth] != values[depth - 1]:
            chosen.append(depth)
            value += values[depth]
            waste += tolls[depth]
        depth += 1
    return None if best is None else [useful[index] for index in best]


def _random_draw(useful: Sequence[Candidate], aim: Sats, chance: random.Random) -> list[Candidate] | None:
    """Coins in random order until there is enough."""
    order = list(useful)
    chance.shuffle(order)
    chosen: list[Candidate] = []
    value = 0
    for candidate in order:
        if value >= aim:
            break
        chosen.append(candidate)
        value += candidate.value
    return chosen


def _knapsack(useful: Sequence[Candidate], aim: Sats, chance: random.Random) -> list[Candidate] | None:
    """The smallest coin that is enough, or the closest sum of smaller ones that random rounds come upon."""
    enough = [candidate for candidate in useful if candidate.value >= aim]
    smaller = [candidate for candidate in useful if candidate.value < aim]
    best: list[Candidate] | None = enough[-1:] or None
    best_value = best[0].value if best else 0
    if sum(candidate.value for candidate in smaller) < aim:
        return best
    for _ in range(min(_KNAPSACK_ROUNDS, _KNAPSACK_STEPS // len(smaller) + 1)):
        chosen, value = _round(smaller, aim, chance.random)
        if best is None or value < best_value:
            best, best_value = chosen, value
        if best_value == aim:
            break
    return best


def _round(smaller: Sequence[Candidate], aim: Sats, draw: Callable[[], float]) -> tuple[list[Candidate], Sats]:
    """Toss for each coin, fill up with the rest, and drop again what is not needed."""
    chosen: list[Candidate] = []
    left: list[Candidate] = []
    value = 0
    for candidate in smaller:
        if value < aim and draw() < 0.5:
            chosen.append(candidate)
            value += candidate.value
        else:
            left.append(candidate)
    for candidate in reversed(left):
        if value >= aim:
            break
        chosen.append(candidate)
        value += candidate.value
    for candidate in list(chosen):
        if value - candidate.value >= aim:
            chosen.remove(candidate)
            value -= candidate.value
    return chosen, value
