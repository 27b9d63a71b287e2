"""From what the user wants to pay to a transaction ready for signing.

The fee is never below the rate for the size that the transaction has once signed, and change that would be dust goes
to the fee (`assembly`). Coins of one address are spent together and labels are kept apart where that can be (`groups`).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wallet.bitcoin.amount import MAX_MONEY, FeeRate, Sats
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.script import ScriptType, classify, dust_threshold, is_unspendable, op_return
from wallet.bitcoin.transaction import OutPoint, Transaction, TxOut
from wallet.ledger.assembly import FeeRule, Plan, Terms, make_plan, make_transaction
from wallet.ledger.draft_psbt import build_psbt
from wallet.ledger.groups import LabelOf, no_labels
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
from wallet.ledger.view import LedgerView
from wallet.ledger.warnings import FeeFacts, PaymentWarning, find_warnings, high_fee

MAX_NOTE = 80
"""Bytes; peers pass on no more in an OP_RETURN output (the reference node's default up to version 29)."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is paid; amount None: all that is left, which one recipient may have."""

    script_pubkey: bytes
    amount: Sats | None


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """What the user wants: exactly one of fee_rate and fee.

    accounts None: coins of all accounts; coins: spend exactly these; subtract_fee: the recipients pay the fee, in equal
    parts; accept_fee: a fee that was seen and is accepted although it is unusually high; note: written into the chain
    for everybody to read, for ever (OP_RETURN).
    """

    recipients: tuple[Recipient, ...]
    fee_rate: FeeRate | None = None
    fee: Sats | None = None
    accounts: frozenset[AccountId] | None = None
    coins: tuple[OutPoint, ...] = ()
    subtract_fee: bool = False
    spend_unconfirmed: bool = False
    accept_fee: Sats | None = None
    note: bytes = b""


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


def build(
    intent: PaymentIntent,
    ledger: LedgerView,
    tip_height: int,
    chance: random.Random,
    label_of: LabelOf = no_labels,
) -> PaymentDraft:
    """Choose coins and put the payment together. Raises `PaymentError` for what the user must change."""
    _check(intent)
    return _Builder(intent, ledger, tip_height, chance).build(label_of)


def _check(intent: PaymentIntent) -> None:
    if not intent.recipients:
        raise BadAmount("nobody is paid: name a recipient")
    if sum(recipient.amount is None for recipient in intent.recipients) > 1:
        raise BadAmount("only one recipient can have all that is left")
    _check_fee(intent)
    if len(intent.note) > MAX_NOTE:
        raise BadAmount(f"a note has at most {MAX_NOTE} bytes, this one has {len(intent.note)}")
    for recipient in intent.recipients:
        if recipient.amount is not None:
            _check_amount(recipient.amount, recipient.script_pubkey)
    if sum(recipient.amount or 0 for recipient in intent.recipients) > MAX_MONEY:
        raise BadAmount("there are never more than 21,000,000 bitcoins")


def _check_fee(intent: PaymentIntent) -> None:
    if (intent.fee_rate is None) == (intent.fee is None):
        raise BadAmount("say either the fee or the fee rate")
    if intent.fee is not None and not 0 <= intent.fee <= MAX_MONEY:
        raise BadAmount("a fee is between nothing and all the money there is")


def _check_amount(amount: Sats, script_pubkey: bytes) -> None:
    if amount < 0 or amount > MAX_MONEY or (amount == 0 and not is_unspendable(script_pubkey)):
        raise BadAmount(f"{amount} satoshis cannot be paid")
    if amount < dust_threshold(script_pubkey):
        raise DustAmount(amount, dust_threshold(script_pubkey))


def draft_of(
    terms: Terms, plan: Plan, ledger: LedgerView, tip_height: int, chance: random.Random, change_ref: ScriptRef
) -> PaymentDraft:
    """The transaction of a plan with its PSBT, without warnings."""
    transaction, coins = make_transaction(terms, plan, tip_height, chance)
    change = TxOut(plan.change, terms.change_script) if plan.change else None
    return PaymentDraft(
        psbt=build_psbt(transaction, ledger, coins),
        recipients=tuple(map(TxOut, plan.amounts, terms.scripts)),
        coins=coins,
        fee=plan.fee,
        vsize=plan.vsize,
        change=change,
        change_ref=change_ref if change else None,
        warnings=(),
    )


def change_place(ledger: LedgerView, account: Account) -> tuple[ScriptRef, bytes]:
    """A script for change that was never used; after many payments that came to nothing, one that those used as well.

    The seed words alone must bring it back: a restored wallet does not look arbitrarily far.
    """
    branch = EXTERNAL if account.internal is None else CHANGE
    ref = ledger.within_reach(ledger.keychain.peek(account.id, branch)[0])
    return ref, ledger.keychain.script(ref)


class _Builder:
    def __init__(self, intent: PaymentIntent, ledger: LedgerView, tip_height: int, chance: random.Random) -> None:
        self._intent = intent
        self._ledger = ledger
        self._tip_height = tip_height
        self._chance = chance
        self._accounts = ledger.keychain.accounts

    def build(self, label_of: LabelOf) -> PaymentDraft:
        intent = self._intent
        coins = self._usable_coins()
        account = self._change_account(coins)
        change_ref, change_script = change_place(self._ledger, account)
        terms = Terms(
            scripts=tuple(recipient.script_pubkey for recipient in intent.recipients),
            amounts=tuple(recipient.amount for recipient in intent.recipients),
            fee=FeeRule(intent.fee_rate, intent.fee or 0),
            change_script=change_script,
            change_kind=account.input_kind,
            kind_of=lambda coin: self._accounts[coin.ref.account].input_kind,
            must=tuple(coins) if intent.coins else (),
            may=() if intent.coins else tuple(coins),
            notes=(TxOut(0, op_return(intent.note)),) if intent.note else (),
            shared_fee=intent.subtract_fee,
            label_of=label_of,
        )
        plan = make_plan(terms, self._chance)
        for amount, script in zip(plan.amounts, terms.scripts, strict=True):
            if amount < dust_threshold(script):
                raise DustAmount(max(0, amount), dust_threshold(script))
        draft = draft_of(terms, plan, self._ledger, self._tip_height, self._chance, change_ref)
        facts = FeeFacts(draft.fee, terms.fee.fee(draft.vsize), draft.vsize, intent.accept_fee)
        warnings = find_warnings(self._ledger, self._tip_height, draft.recipients, draft.coins, facts, label_of)
        return replace(draft, warnings=warnings)

    # --- which coins ---

    def _usable_coins(self) -> list[Coin]:
        intent = self._intent
        if intent.coins:
            return [self._chosen_coin(outpoint) for outpoint in dict.fromkeys(intent.coins)]
        return [
            coin
            for coin in self._ledger.coins(self._tip_height)
            if (coin.available if intent.spend_unconfirmed else coin.spendable)
            and (intent.accounts is None or coin.ref.account in intent.accounts)
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
        if self._intent.accounts is not None and coin.ref.account not in self._intent.accounts:
            raise CoinRefused(f"{outpoint} belongs to another account")
        return coin

    def _change_account(self, coins: Sequence[Coin]) -> Account:
        """The account for change: of the recipient's script type where there is one, so that change looks alike."""
        home = self._home_account(coins)
        if classify(change_place(self._ledger, home)[1]) is classify(self._intent.recipients[0].script_pubkey):
            return home
        wanted = classify(self._intent.recipients[0].script_pubkey)
        if wanted is ScriptType.P2SH:
            wanted = ScriptType.P2SH_P2WPKH
        alike = (found for found in self._accounts.values() if (found.type, found.account) == (wanted, home.account))
        return next(alike, home)

    def _home_account(self, coins: Sequence[Coin]) -> Account:
        """The account that most of the money is in."""
        if not coins:
            raise InsufficientFunds(sum(recipient.amount or 0 for recipient in self._intent.recipients), 0)
        values = dict.fromkeys(self._accounts, 0)
        for coin in coins:
            values[coin.ref.account] += coin.amount
        return self._accounts[max(values, key=lambda account: (values[account], -account))]
