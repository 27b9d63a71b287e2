"""Amounts, change and fee that add up: from coins and outputs to a transaction.

The fee is never below what its rule asks for the size that the transaction has once signed, and inputs less outputs
are the fee. Coins that must be spent come first; what is missing is chosen from those that may be.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from wallet.bitcoin.amount import FeeRate, Sats
from wallet.bitcoin.script import dust_threshold
from wallet.bitcoin.transaction import Transaction, TxIn, TxOut
from wallet.ledger.groups import PRIVACY_PRICE, LabelOf, by_address, by_label, no_labels, price
from wallet.ledger.payment_errors import InsufficientFunds, TooLarge
from wallet.ledger.record import Coin
from wallet.ledger.selection import DEAR_RATE, USUAL_RATE, Candidate, Goal, InputCost, select
from wallet.ledger.sizes import MAX_WEIGHT, InputKind, input_weight, output_weight, signed_weight, vsize_of

SEQUENCE = 0xFFFFFFFD
"""Replaceable, and the locktime holds (BIP125, BIP68 not in use)."""
RELAY_INCREMENT = FeeRate(1_000)
"""What a replacement pays for its own way, beyond what it replaces (BIP125 rule 4). The reference node's default for
many years; its latest versions ask for less."""
_LOCKTIME_REACH = 100
_ROOM = 2 + 8
"""Weight of the marker that comes with witnesses, and of a count of more than 252 inputs."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a replacement pushes out. fees: of all that goes; fee, vsize: of the transaction that it conflicts with."""

    fees: Sats
    fee: Sats
    vsize: int

    def least(self, vsize: int) -> Sats:
        """What nodes ask of a replacement of this size: all the fees and the relay increment, and a higher rate."""
        return max(self.fees + RELAY_INCREMENT.fee(vsize), self.fee * vsize // self.vsize + 1)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What a transaction must pay: a rate, and beyond it `extra` satoshis; without a rate `extra` is the whole fee."""

    rate: FeeRate | None = None
    extra: Sats = 0
    replaced: Replaced | None = None

    def fee(self, vsize: int) -> Sats:
        """The fee of a transaction of this size."""
        fee = self.extra + (0 if self.rate is None else self.rate.fee(vsize))
        return fee if self.replaced is None else max(fee, self.replaced.least(vsize))

    def of(self, weight: int) -> Sats:
        """The fee of a transaction of this weight."""
        return self.fee(vsize_of(weight))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be put together.

    scripts, amounts: what is paid, an amount of None for all that is left; notes: outputs that take no part in sharing
    the fee; must, may: coins that are spent in any case, and those to choose from; shared_fee: the recipients pay the
    fee, in equal parts.
    """

    scripts: tuple[bytes, ...]
    amounts: tuple[Sats | None, ...]
    fee: FeeRule
    change_script: bytes
    change_kind: InputKind
    kind_of: Callable[[Coin], InputKind]
    must: tuple[Coin, ...] = ()
    may: tuple[Coin, ...] = ()
    notes: tuple[TxOut, ...] = ()
    shared_fee: bool = False
    version: int = 2
    label_of: LabelOf = no_labels

    @property
    def every_script(self) -> list[bytes]:
        """The scripts of all outputs but change."""
        return [*self.scripts, *(note.script_pubkey for note in self.notes)]

    @property
    def least_change(self) -> Sats:
        """Less than this is not worth an output of its own."""
        spend_later = USUAL_RATE.fee(vsize_of(input_weight(self.change_kind)))
        return max(dust_threshold(self.change_script), spend_later)


@dataclass(frozen=True, slots=True)
class Plan:
    """Coins and amounts that add up. amounts: of the outputs without notes; vsize: once signed, at the most."""

    coins: tuple[Coin, ...]
    amounts: tuple[Sats, ...]
    change: Sats
    fee: Sats
    vsize: int


class _Short(Exception):
    """The coins do not pay for the fee of the whole: so much is missing."""

    def __init__(self, missing: Sats) -> None:
        super().__init__(missing)
        self.missing = missing


def make_plan(terms: Terms, chance: random.Random) -> Plan:
    """Choose coins, and reckon amounts, change and fee. Raises InsufficientFunds and TooLarge."""
    planner = _Planner(terms, chance)
    plan = planner.everything() if None in terms.amounts else planner.chosen()
    scripts = [*terms.every_script, *([terms.change_script] if plan.change else [])]
    if signed_weight(list(map(terms.kind_of, plan.coins)), scripts) > MAX_WEIGHT:
        raise TooLarge(len(plan.coins))
    return plan


class _Planner:
    def __init__(self, terms: Terms, chance: random.Random) -> None:
        self._terms = terms
        self._chance = chance
        self._costs: dict[InputKind, InputCost] = {}
        self._paid = sum(amount or 0 for amount in terms.amounts) + sum(note.amount for note in terms.notes)

    def everything(self) -> Plan:
        """All coins that bring more than they cost; one output gets what the others and the fee leave."""
        terms = self._terms
        coins = [*terms.must, *(coin for coin in terms.may if self._candidate(coin).value > 0)]
        available = sum(coin.amount for coin in coins)
        vsize, fee = self._measure(coins, terms.every_script)
        rest = available - self._paid - fee
        if rest <= 0:
            raise InsufficientFunds(self._paid + fee + 1, available)
        amounts = tuple(rest if amount is None else amount for amount in terms.amounts)
        return Plan(tuple(coins), amounts, 0, fee, vsize)

    def chosen(self) -> Plan:
        """What must be spent, and more where that is not enough."""
        terms = self._terms
        try:
            if terms.must:
                return self._settle(terms.must)
        except _Short as short:
            if not terms.may:
                available = sum(coin.amount for coin in terms.must)
                raise InsufficientFunds(available + short.missing, available) from None
        return self._selected()

    def _selected(self) -> Plan:
        """Select for the amounts and the fee. What inputs cost together can differ by a little from their sum."""
        goal = self._goal()
        singles = [self._candidate(coin) for coin in self._terms.may]
        while True:
            picked = self._pick(singles, goal)
            if picked is None:
                raise self._insufficient(singles, goal)
            try:
                return self._settle([*self._terms.must, *(coin for each in picked for coin in each.coins)])
            except _Short as short:
                goal = replace(goal, target=goal.target + short.missing)

    def _pick(self, singles: Sequence[Candidate], goal: Goal) -> list[Candidate] | None:
        """The least wasteful choice that links no labels if there is one, else of all; whole addresses if not dear."""
        groups = by_address(singles)
        apart = [self._fitting(pool, goal) for pool in by_label(groups, goal, self._terms.label_of)]
        picked = min((each for each in apart if each), key=goal.waste, default=None) or self._fitting(groups, goal)
        if picked is None:  # not enough, or enough but not in whole addresses
            return select(singles, goal, self._chance)
        if any(len(group.coins) > 1 for group in picked):
            # Of the same addresses, or nothing would be won for privacy that the price was for.
            parts = {coin.outpoint for group in picked for coin in group.coins}
            fewer = self._fitting([each for each in singles if each.coins[0].outpoint in parts], goal)
            if fewer and price(picked) - price(fewer) > PRIVACY_PRICE:
                return fewer
        return picked

    def _fitting(self, candidates: Sequence[Candidate], goal: Goal) -> list[Candidate] | None:
        try:
            return select(candidates, goal, self._chance)
        except TooLarge:
            return None

    def _insufficient(self, singles: Sequence[Candidate], goal: Goal) -> InsufficientFunds:
        """How much is needed when all coins are spent, as if none of them cost more than it brings."""
        useful = [single for single in singles if single.value > 0]
        available = sum(single.amount for single in useful)
        held = sum(coin.amount for coin in self._terms.must)
        return InsufficientFunds(held + goal.target + price(useful), held + available)

    def _candidate(self, coin: Coin) -> Candidate:
        """A coin with what spending it costs, which is reckoned once for each kind: there may be many coins."""
        kind = self._terms.kind_of(coin)
        if (cost := self._costs.get(kind)) is None:
            rate = None if self._terms.shared_fee else self._terms.fee.rate
            cost = self._costs[kind] = InputCost.of(input_weight(kind), rate)
        return Candidate((coin,), coin.amount - cost.fee, cost.toll, cost.weight)

    def _goal(self) -> Goal:
        terms = self._terms
        kinds = [terms.kind_of(coin) for coin in terms.must]
        weight = signed_weight(kinds, terms.every_script) + _ROOM
        rate, fee, change_fee = terms.fee.rate, 0, 0
        if not terms.shared_fee:
            fee = terms.fee.of(weight)
            change_fee = 0 if rate is None else rate.fee(vsize_of(output_weight(terms.change_script)))
        target = max(1, self._paid + fee - sum(coin.amount for coin in terms.must))
        room = MAX_WEIGHT - weight - output_weight(terms.change_script)
        dear = rate is not None and rate > DEAR_RATE
        return Goal(target, change_fee, change_fee + terms.least_change, terms.least_change, room, dear)

    def _measure(self, coins: Sequence[Coin], scripts: Sequence[bytes]) -> tuple[int, Sats]:
        """The size once signed, and its fee."""
        weight = signed_weight([self._terms.kind_of(coin) for coin in coins], scripts)
        return vsize_of(weight), self._terms.fee.of(weight)

    def _settle(self, coins: Sequence[Coin]) -> Plan:
        """Amounts, change and fee for these coins; raises `_Short` when they are not enough."""
        terms = self._terms
        amounts = tuple(amount or 0 for amount in terms.amounts)
        spare = sum(coin.amount for coin in coins) - self._paid
        vsize, fee = self._measure(coins, [*terms.every_script, terms.change_script])
        change = spare if terms.shared_fee else spare - fee
        if change >= terms.least_change:
            return Plan(tuple(coins), self._less_fee(amounts, fee), change, fee, vsize)
        if not terms.every_script:
            raise _Short(terms.least_change - change)
        vsize, fee = self._measure(coins, terms.every_script)
        change = spare if terms.shared_fee else spare - fee
        if change < 0:
            raise _Short(-change)
        if terms.shared_fee:
            # What is too little for change goes to the fee, and the recipients pay the rest of it.
            return Plan(tuple(coins), self._less_fee(amounts, max(0, fee - spare)), 0, max(fee, spare), vsize)
        return Plan(tuple(coins), amounts, 0, spare, vsize)

    def _less_fee(self, amounts: tuple[Sats, ...], fee: Sats) -> tuple[Sats, ...]:
        """The amounts after the recipients paid the fee, in equal parts, the first the odd satoshis."""
        if not self._terms.shared_fee:
            return amounts
        part, odd = divmod(fee, len(amounts))
        return tuple(amount - part - (odd if number == 0 else 0) for number, amount in enumerate(amounts))


def make_transaction(
    terms: Terms, plan: Plan, tip_height: int, chance: random.Random
) -> tuple[Transaction, tuple[Coin, ...]]:
    """The unsigned transaction, inputs and outputs in random order, and its coins in their order.

    Replacement is signalled (BIP125), and the locktime is the tip, or now and then a little below it, so that nobody
    gains by mining the last block again, and delayed transactions of others look the same.
    """
    outputs = [*map(TxOut, plan.amounts, terms.scripts), *terms.notes]
    if plan.change:
        outputs.append(TxOut(plan.change, terms.change_script))
    coins = list(plan.coins)
    chance.shuffle(coins)
    chance.shuffle(outputs)
    back = 0 if chance.randrange(10) else chance.randrange(_LOCKTIME_REACH)
    inputs = tuple([TxIn(coin.outpoint, sequence=SEQUENCE) for coin in coins])
    transaction = Transaction(terms.version, inputs, tuple(outputs), max(0, tip_height - back))
    spent = sum(coin.amount for coin in coins) - sum(output.amount for output in outputs)
    if spent != plan.fee or plan.fee < terms.fee.fee(plan.vsize) or len({coin.outpoint for coin in coins}) < len(coins):
        raise AssertionError(f"the sums are wrong: inputs less outputs are {spent}, the fee is {plan.fee}")
    return transaction, tuple(coins)
