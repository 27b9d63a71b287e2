"""The choice of coins for a payment.

Branch and bound looks for coins that need no change; a single random draw, a knapsack and, while fees are high, the
lightest coins make change. The least waste wins: what the inputs cost now beyond what they would cost at a usual rate,
and the price of change, or without change the excess that goes to the miner. Values are effective: a coin is worth its
amount less the fee of its input. Sources: M. Erhardt, "An Evaluation of Coin Selection Strategies" (2016); the
reference implementation's `wallet/coinselection.cpp` (branch and bound, coin grinder, single random draw, knapsack,
waste metric).
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from wallet.bitcoin.amount import FeeRate, Sats
from wallet.ledger.payment_errors import TooLarge
from wallet.ledger.record import Coin
from wallet.ledger.sizes import MAX_WEIGHT, vsize_of

USUAL_RATE = FeeRate(10_000)
"""What spending a coin later is reckoned with. Fixed, at the reference implementation's default for consolidating: the
wallet knows the fees of the last hour's blocks, which say nothing about the years in which its coins will be spent."""
DEAR_RATE = FeeRate(3 * USUAL_RATE.sat_per_kvb)
"""From here on the lightest coins are looked for, too: coins that are left over now will be cheaper to spend later."""
COMFORTABLE_CHANGE = 50_000
"""Change of at least this much is aimed at: smaller coins are a burden."""
_TRIES = 50_000
_KNAPSACK_STEPS = 200_000
_KNAPSACK_ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class InputCost:
    """What spending a coin costs. fee: now; toll: that less the fee at the usual rate; weight: of the signed input."""

    fee: Sats
    toll: Sats
    weight: int

    @classmethod
    def of(cls, weight: int, rate: FeeRate | None) -> "InputCost":
        """At a rate; without one an input costs nothing by itself."""
        if rate is None:
            return cls(0, 0, weight)
        fee = rate.fee(vsize_of(weight))
        return cls(fee, fee - USUAL_RATE.fee(vsize_of(weight)), weight)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Coins that may be chosen, all or none of them.

    value: effective, of all; toll: their inputs' fees now less those at the usual rate; weight: of the signed inputs.
    """

    coins: tuple[Coin, ...]
    value: Sats
    toll: Sats
    weight: int

    @classmethod
    def of(cls, coin: Coin, weight: int, rate: FeeRate) -> "Candidate":
        """A coin whose signed input has this weight."""
        cost = InputCost.of(weight, rate)
        return cls((coin,), coin.amount - cost.fee, cost.toll, weight)

    @classmethod
    def join(cls, parts: Sequence["Candidate"]) -> "Candidate":
        """Several as one."""
        return cls(
            tuple(coin for part in parts for coin in part.coins),
            sum(part.value for part in parts),
            sum(part.toll for part in parts),
            sum(part.weight for part in parts),
        )

    @property
    def amount(self) -> Sats:
        """What the coins hold."""
        return sum(coin.amount for coin in self.coins)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a choice must reach. target: amounts and the fee of everything but the inputs, without change.

    change_fee: of making change; change_cost: of making and later spending it; least_change: less is not made; room:
    weight that the inputs may have; dear: fees are so high that the lightest coins are worth a search.
    """

    target: Sats
    change_fee: Sats
    change_cost: Sats
    least_change: Sats
    room: int = MAX_WEIGHT
    dear: bool = False

    def waste(self, chosen: Sequence[Candidate]) -> Sats:
        """What a choice that reaches the target wastes."""
        excess = sum(candidate.value for candidate in chosen) - self.target
        makes_change = excess >= self.change_fee + self.least_change
        return sum(candidate.toll for candidate in chosen) + (self.change_cost if makes_change else excess)


def select(candidates: Iterable[Candidate], goal: Goal, chance: random.Random) -> list[Candidate] | None:
    """The choice that wastes least; None when all coins together do not reach the target.

    Raises `TooLarge` when they do, but would make a transaction that no peer passes on.
    """
    useful = sorted(
        (candidate for candidate in candidates if candidate.value > 0),
        key=lambda candidate: (-candidate.value, candidate.coins[0].outpoint.serialize()),
    )
    total = sum(candidate.value for candidate in useful)
    if total < goal.target:
        return None
    aims = [aim for aim in _aims(goal) if aim <= total] or [goal.target]
    found = [_without_change(useful, goal), _random_draw(useful, aims[0], chance), _knapsack(useful, aims[0], chance)]
    if goal.dear:
        found.append(_lightest(useful, aims[-1]))
    fitting = [choice for choice in found if choice and _weight(choice) <= goal.room]
    if not fitting:
        fitting = [_largest_first(useful, goal)]
    return min(fitting, key=lambda choice: (goal.waste(choice), -len(choice)))


def _weight(chosen: Iterable[Candidate]) -> int:
    return sum(candidate.weight for candidate in chosen)


def _aims(goal: Goal) -> tuple[Sats, ...]:
    change = goal.target + goal.change_fee
    return change + max(goal.least_change, COMFORTABLE_CHANGE), change + goal.least_change


def _largest_first(useful: Sequence[Candidate], goal: Goal) -> list[Candidate]:
    """As few coins as reach the target."""
    chosen: list[Candidate] = []
    value = weight = 0
    for candidate in useful:
        if value >= goal.target:
            break
        chosen.append(candidate)
        value += candidate.value
        weight += candidate.weight
        if weight > goal.room:
            raise TooLarge(sum(len(each.coins) for each in chosen))
    return chosen


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


def _lightest(useful: Sequence[Candidate], aim: Sats) -> list[Candidate] | None:
    """The coins of least weight that reach the aim, and of those of one weight the least in value.

    Depth first like branch and bound: a branch ends where as many coins as are still needed at the least, each as
    light as the lightest of all, would weigh no less than the best choice so far.
    """
    values = [candidate.value for candidate in useful]
    weights = [candidate.weight for candidate in useful]
    lightest = min(weights, default=0)
    rest = sum(values)
    value = weight = depth = 0
    chosen: list[int] = []
    best: list[int] | None = None
    best_score = (0, 0)
    for _ in range(_TRIES):
        short = aim - value
        if short <= 0 and (best is None or (weight, value) < best_score):
            best, best_score = list(chosen), (weight, value)
        hopeless = short > rest or (
            short > 0 and best is not None and weight + lightest * -(-short // values[depth]) > best_score[0]
        )
        if hopeless or short <= 0:
            if not chosen:
                break
            last = chosen.pop()
            rest += sum(values[last + 1 : depth])
            value -= values[last]
            weight -= weights[last]
            depth = last + 1
            continue
        rest -= values[depth]
        chosen.append(depth)
        value += values[depth]
        weight += weights[depth]
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
    needed: list[Candidate] = []
    for candidate in chosen:
        if value - candidate.value >= aim:
            value -= candidate.value
        else:
            needed.append(candidate)
    return needed, value
