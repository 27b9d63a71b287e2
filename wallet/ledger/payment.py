"""From what the user wants to pay to a transaction ready for signing.

The fee is never below the rate for the size that the transaction has once signed, inputs less outputs are the fee, and
change that would be dust goes to the fee. Inputs and outputs come in random order; replacement is signalled (BIP125),
and the locktime is the tip, or now and then a little below it, so that nobody gains by mining the last block again.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wallet.bitcoin.amount import MAX_MONEY, FeeRate, Sats
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.script import ScriptType, classify, dust_threshold, is_unspendable
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.ledger.draft_psbt import build_psbt
from wallet.ledger.keychain import CHANGE, EXTERNAL, Account, AccountId, ScriptRef
from wallet.ledger.payment_errors import (
    BadAmount,
    CoinRefused,
    DustAmount,
    FeeTooHigh,
    InsufficientFunds,
    UnknownCoin,
)
from wallet.ledger.record import Coin
from wallet.ledger.selection import USUAL_RATE, Candidate, Goal, select
from wallet.ledger.sizes import input_weight, output_weight, signed_weight, vsize_of
from wallet.ledger.view import LedgerView
from wallet.ledger.warnings import FeeFacts, PaymentWarning, find_warnings, high_fee

SEQUENCE = 0xFFFFFFFD
"""Replaceable, and the locktime holds (BIP125, BIP68 not in use)."""
_LOCKTIME_REACH = 100
_ROOM = 2 + 8
"""Weight of the marker that comes with witnesses, and of a count of more than 252 inputs."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is paid; amount None: all that is left, which one recipient may have."""

    script_pubkey: bytes
    amount: Sats | None


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """What the user wants: exactly one of fee_rate and fee.

    account None: coins of all accounts; coins: spend exactly these; subtract_fee: the recipients pay the fee, in equal
    parts; accept_fee: a fee that was seen and is accepted although it is unusually high.
    """

    recipients: tuple[Recipient, ...]
    fee_rate: FeeRate | None = None
    fee: Sats | None = None
    account: AccountId | None = None
    coins: tuple[OutPoint, ...] = ()
    subtract_fee: bool = False
    spend_unconfirmed: bool = False
    accept_fee: Sats | None = None


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """A payment exactly as it will be, unsigned. vsize: once signed, at the most. recipients: with their amounts."""

    psbt: Psbt
    recipients: tuple[TxOut, ...]
    coins: tuple[Coin, ...]
    fee: Sats
    vsize: int
    change: TxOut | None
    change_ref: ScriptRef | None
    warnings: tuple[PaymentWarning, ...]

    @property
    def transaction(self) -> Transaction:
        """Without signatures."""
        return self.psbt.transaction

    @property
    def amount(self) -> Sats:
        """What the recipients get together."""
        return sum(output.amount for output in self.recipients)

    def check_accepted(self) -> None:
        """Raise `FeeTooHigh` unless the fee is in proportion, or was accepted by its number."""
        if any(warning.code == "fee_high" and warning.blocking for warning in self.warnings):
            raise FeeTooHigh(self.fee, high_fee(self.fee, self.vsize, self.amount))

    @property
    def fee_rate(self) -> float:
        """Satoshis per virtual byte."""
        return self.fee / self.vsize


def build(intent: PaymentIntent, ledger: LedgerView, tip_height: int, chance: random.Random) -> PaymentDraft:
    """Choose coins and put the payment together. Raises `PaymentError` for what the user must change."""
    _check(intent)
    return _Builder(intent, ledger, tip_height, chance).build()


def _check(intent: PaymentIntent) -> None:
    if not intent.recipients:
        raise BadAmount("nobody is paid: name a recipient")
    if sum(recipient.amount is None for recipient in intent.recipients) > 1:
        raise BadAmount("only one recipient can have all that is left")
    if (intent.fee_rate is None) == (intent.fee is None):
        raise BadAmount("say either the fee or the fee rate")
    if intent.fee is not None and not 0 <= intent.fee <= MAX_MONEY:
        raise BadAmount("a fee is between nothing and all the money there is")
    for recipient in intent.recipients:
        if recipient.amount is not None:
            _check_amount(recipient.amount, recipient.script_pubkey)
    if sum(recipient.amount or 0 for recipient in intent.recipients) > MAX_MONEY:
        raise BadAmount("there are never more than 21,000,000 bitcoins")


def _check_amount(amount: Sats, script_pubkey: bytes) -> None:
    if amount < 0 or amount > MAX_MONEY or (amount == 0 and not is_unspendable(script_pubkey)):
        raise BadAmount(f"{amount} satoshis cannot be paid")
    if amount < dust_threshold(script_pubkey):
        raise DustAmount(amount, dust_threshold(script_pubkey))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Coins and amounts that add up."""

    coins: tuple[Coin, ...]
    amounts: tuple[Sats, ...]
    change: Sats
    fee: Sats
    vsize: int


class _Short(Exception):
    """The chosen coins do not pay for the fee of the whole: so much is missing."""

    def __init__(self, missing: Sats) -> None:
        super().__init__(missing)
        self.missing = missing


class _Builder:
    def __init__(self, intent: PaymentIntent, ledger: LedgerView, tip_height: int, chance: random.Random) -> None:
        self._intent = intent
        self._ledger = ledger
        self._tip_height = tip_height
        self._chance = chance
        self._accounts = ledger.keychain.accounts
        self._scripts = [recipient.script_pubkey for recipient in intent.recipients]
        self._coins = self._usable_coins()
        account = self._change_account()
        branch = EXTERNAL if account.internal is None else CHANGE
        self._change_ref, derived = ledger.keychain.peek(account.id, branch)
        self._change_script = derived.script_pubkey
        spend_later = USUAL_RATE.fee(vsize_of(input_weight(account.type)))
        self._least_change = max(dust_threshold(self._change_script), spend_later)

    def build(self) -> PaymentDraft:
        plan = self._plan()
        for amount, script in zip(plan.amounts, self._scripts, strict=True):
            if amount < dust_threshold(script):
                raise DustAmount(max(0, amount), dust_threshold(script))
        return self._draft(plan)

    # --- which coins ---

    def _usable_coins(self) -> list[Coin]:
        intent = self._intent
        if intent.coins:
            return [self._chosen_coin(outpoint) for outpoint in dict.fromkeys(intent.coins)]
        return [
            coin
            for coin in self._ledger.coins(self._tip_height)
            if (coin.available if intent.spend_unconfirmed else coin.spendable)
            and intent.account in (None, coin.ref.account)
        ]

    def _chosen_coin(self, outpoint: OutPoint) -> Coin:
        coin = self._ledger.coin(outpoint, self._tip_height)
        if coin is None:
            raise UnknownCoin(f"{outpoint} is not an unspent coin of this wallet")
        if coin.reserved_by is not None:
            raise CoinRefused(f"{outpoint} is being spent by {coin.reserved_by} already")
        if coin.frozen:
            raise CoinRefused(f"{outpoint} is frozen: unfreeze it first")
        if coin.immature:
            raise CoinRefused(f"{outpoint} is newly mined and cannot be spent yet")
        if not coin.trusted and not self._intent.spend_unconfirmed:
            raise CoinRefused(f"{outpoint} is not confirmed yet, and others can still take it back")
        return coin

    def _change_account(self) -> Account:
        """The account for change: of the recipient's script type where there is one, so that change looks alike."""
        home = self._home_account()
        wanted = classify(self._scripts[0])
        if wanted is ScriptType.P2SH:
            wanted = ScriptType.P2SH_P2WPKH
        alike = (found for found in self._accounts.values() if (found.type, found.account) == (wanted, home.account))
        return next(alike, home)

    def _home_account(self) -> Account:
        if self._intent.account is not None:
            return self._accounts[self._intent.account]
        if not self._coins:
            raise InsufficientFunds(sum(recipient.amount or 0 for recipient in self._intent.recipients), 0)
        values = dict.fromkeys(self._accounts, 0)
        for coin in self._coins:
            values[coin.ref.account] += coin.amount
        return self._accounts[max(values, key=lambda account: (values[account], -account))]

    def _kind(self, coin: Coin) -> ScriptType:
        return self._accounts[coin.ref.account].type

    # --- how much ---

    def _fee(self, weight: int) -> Sats:
        rate = self._intent.fee_rate
        return (self._intent.fee or 0) if rate is None else rate.fee(vsize_of(weight))

    def _plan(self) -> _Plan:
        if any(recipient.amount is None for recipient in self._intent.recipients):
            return self._plan_all()
        if self._intent.coins:
            try:
                return self._settle(self._coins)
            except _Short as short:
                available = sum(coin.amount for coin in self._coins)
                raise InsufficientFunds(available + short.missing, available) from None
        return self._plan_selection()

    def _plan_all(self) -> _Plan:
        """Everything to one recipient, what the others get and the fee taken off."""
        coins = list(self._coins)
        if not self._intent.coins:
            coins = [coin for coin in coins if self._candidate(coin).value > 0]
        available = sum(coin.amount for coin in coins)
        vsize, fee = self._measure(coins, self._scripts)
        fixed = sum(recipient.amount or 0 for recipient in self._intent.recipients)
        rest = available - fixed - fee
        if rest <= 0:
            raise InsufficientFunds(fixed + fee + 1, available)
        amounts = tuple(rest if recipient.amount is None else recipient.amount for recipient in self._intent.recipients)
        return _Plan(tuple(coins), amounts, 0, fee, vsize)

    def _plan_selection(self) -> _Plan:
        """Select for the amounts and the fee. What inputs cost together can differ by a little from their sum."""
        goal = self._goal()
        candidates = [self._candidate(coin) for coin in self._coins]
        while True:
            chosen = select(candidates, goal, self._chance)
            if chosen is None:
                raise self._insufficient(candidates, goal)
            try:
                return self._settle([candidate.coin for candidate in chosen])
            except _Short as short:
                goal = replace(goal, target=goal.target + short.missing)

    def _insufficient(self, candidates: Sequence[Candidate], goal: Goal) -> InsufficientFunds:
        """How much is needed when all coins are spent, as if none of them cost more than it brings."""
        useful = [candidate for candidate in candidates if candidate.value > 0]
        available = sum(candidate.coin.amount for candidate in useful)
        return InsufficientFunds(goal.target + available - sum(candidate.value for candidate in useful), available)

    def _candidate(self, coin: Coin) -> Candidate:
        rate = self._intent.fee_rate
        if rate is None or self._intent.subtract_fee:
            return Candidate(coin, coin.amount, 0)
        return Candidate.of(coin, input_weight(self._kind(coin)), rate)

    def _goal(self) -> Goal:
        amounts = sum(recipient.amount or 0 for recipient in self._intent.recipients)
        change_fee = fee = 0
        if not self._intent.subtract_fee:
            fee = self._fee(signed_weight((), self._scripts) + _ROOM)
            change_fee = 0 if self._intent.fee_rate is None else self._fee(output_weight(self._change_script))
        return Goal(max(1, amounts + fee), change_fee, change_fee + self._least_change, self._least_change)

    def _measure(self, coins: Sequence[Coin], scripts: Sequence[bytes]) -> tuple[int, Sats]:
        """The size once signed, and its fee."""
        weight = signed_weight([self._kind(coin) for coin in coins], scripts)
        return vsize_of(weight), self._fee(weight)

    def _settle(self, coins: Sequence[Coin]) -> _Plan:
        """Amounts, change and fee for these coins; raises `_Short` when they are not enough."""
        amounts = tuple(recipient.amount or 0 for recipient in self._intent.recipients)
        spare = sum(coin.amount for coin in coins) - sum(amounts)
        subtract = self._intent.subtract_fee
        vsize, fee = self._measure(coins, [*self._scripts, self._change_script])
        change = spare if subtract else spare - fee
        if change >= self._least_change:
            return _Plan(tuple(coins), self._less_fee(amounts, fee), change, fee, vsize)
        vsize, fee = self._measure(coins, self._scripts)
        change = spare if subtract else spare - fee
        if change < 0:
            raise _Short(-change)
        if subtract:
            # What is too little for change goes to the fee, and the recipients pay the rest of it.
            return _Plan(tuple(coins), self._less_fee(amounts, max(0, fee - spare)), 0, max(fee, spare), vsize)
        return _Plan(tuple(coins), amounts, 0, spare, vsize)

    def _less_fee(self, amounts: tuple[Sats, ...], fee: Sats) -> tuple[Sats, ...]:
        """The amounts after the recipients paid the fee, in equal parts, the first the odd satoshis."""
        if not self._intent.subtract_fee:
            return amounts
        part, odd = divmod(fee, len(amounts))
        return tuple(amount - part - (odd if number == 0 else 0) for number, amount in enumerate(amounts))

    # --- the transaction ---

    def _draft(self, plan: _Plan) -> PaymentDraft:
        recipients = tuple(map(TxOut, plan.amounts, self._scripts))
        change = TxOut(plan.change, self._change_script) if plan.change else None
        outputs = [*recipients, change] if change else list(recipients)
        coins = list(plan.coins)
        self._chance.shuffle(coins)
        self._chance.shuffle(outputs)
        transaction = Transaction(
            version=2,
            inputs=tuple(TxIn(coin.outpoint, sequence=SEQUENCE) for coin in coins),
            outputs=tuple(outputs),
            locktime=self._locktime(),
        )
        draft = PaymentDraft(
            psbt=build_psbt(transaction, self._ledger, coins),
            recipients=recipients,
            coins=tuple(coins),
            fee=plan.fee,
            vsize=plan.vsize,
            change=change,
            change_ref=self._change_ref if change else None,
            warnings=(),
        )
        spent = sum(coin.amount for coin in coins) - sum(output.amount for output in outputs)
        if spent != plan.fee or plan.fee < self._fee(4 * plan.vsize):
            raise AssertionError(f"the sums are wrong: inputs less outputs are {spent}, the fee is {plan.fee}")
        return replace(draft, warnings=self._warnings(draft))

    def _locktime(self) -> int:
        """The tip, one time in ten a little below it: delayed transactions of others look the same."""
        if self._chance.randrange(10):
            return max(0, self._tip_height)
        return max(0, self._tip_height - self._chance.randrange(_LOCKTIME_REACH))

    def _warnings(self, draft: PaymentDraft) -> tuple[PaymentWarning, ...]:
        facts = FeeFacts(draft.fee, self._fee(4 * draft.vsize), draft.vsize, self._intent.accept_fee)
        return find_warnings(self._ledger, draft.recipients, draft.coins, facts)
