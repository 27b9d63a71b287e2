"""Mending a payment that is on its way: a higher fee for it, or taking it back.

What spends only our coins, and says that it may be replaced, is replaced: change shrinks first, then confirmed coins
are added, and what the recipients get stays as it is (BIP125). Everything else that pays us is sped up by spending it:
a child pays for its parents, all of the unconfirmed ones, up to the rate asked for. Nothing is ever replaced that a
payment to others builds on.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from wallet.bitcoin.amount import FeeRate, Sats
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.script import is_unspendable
from wallet.bitcoin.transaction import OutPoint, TxOut
from wallet.ledger.assembly import FeeRule, Replaced, Terms, make_plan
from wallet.ledger.groups import LabelOf
from wallet.ledger.history import Status
from wallet.ledger.keychain import ScriptRef
from wallet.ledger.payment import PaymentDraft, change_place, draft_of
from wallet.ledger.payment_errors import CannotMend, UnknownTransaction
from wallet.ledger.record import Coin, TransactionRecord
from wallet.ledger.view import LedgerView
from wallet.ledger.warnings import FeeFacts, PaymentWarning, about_fee, about_labels

MAX_PACKAGE = 25
"""Unconfirmed transactions that may build on one another, this one included (the reference node's rules)."""
_FINAL = 0xFFFFFFFE
"""From this sequence number on an input does not ask for replacement (BIP125)."""


@dataclass(frozen=True, slots=True)
class MendIntent:
    """Which transaction, and the rate that it shall come to. accept_fee: as in `PaymentIntent`."""

    txid: Txid
    rate: FeeRate
    accept_fee: Sats | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """A draft that mends. replaces: all that it pushes out; raises: the unconfirmed that it pays for."""

    draft: PaymentDraft
    method: Literal["rbf", "cpfp"]
    replaces: frozenset[Txid] = frozenset()
    raises: tuple[Txid, ...] = ()


class Mender:
    """Drafts that mend what is on its way. Each raises `PaymentError` where that cannot be, in words for the user."""

    def __init__(self, ledger: LedgerView, tip_height: int, chance: random.Random, label_of: LabelOf) -> None:
        self._ledger = ledger
        self._tip_height = tip_height
        self._chance = chance
        self._label_of = label_of

    # --- what is asked for ---

    def bump(self, intent: MendIntent) -> Repair:
        """The same payment at a higher rate, or a child that pays for it."""
        record = self._waiting(intent.txid)
        replaceable = self._is_ours(record) and _signals(record)
        if replaceable and not self._dependants(record):
            return self._speed_up(record, intent)
        return self._pay_for(record, intent)

    def cancel(self, intent: MendIntent) -> Repair:
        """Its coins back to an address of our own, at a higher fee."""
        record = self._waiting(intent.txid)
        if not self._is_ours(record):
            raise CannotMend(f"{record.txid} was not made by this wallet alone: only its sender can take it back")
        if not _signals(record):
            raise CannotMend(f"{record.txid} says that it is final: it can only be sped up")
        if all(self._is_own(output) for output in record.outputs):
            raise CannotMend(f"{record.txid} pays nobody but this wallet: there is nothing to take back")
        if found := self._dependants(record):
            raise CannotMend(f"{found[0].txid} spends what {record.txid} leaves over: cancel that first")
        coins = self._coins_of(record)
        home = max(coins, key=lambda coin: coin.amount).ref.account
        place = change_place(self._ledger, self._ledger.keychain.accounts[home])
        return self._replace(record, self._terms(coins, (), place, intent.rate), intent, place[0])

    def _waiting(self, txid: Txid) -> TransactionRecord:
        record = self._ledger.transactions.get(txid)
        if record is None:
            raise UnknownTransaction(f"this wallet has no transaction {txid}")
        status = self._ledger.status(txid, self._tip_height)
        if record.location is not None:
            raise CannotMend(f"{txid} is in a block already")
        if status not in {Status.PENDING, Status.LOCAL}:
            raise CannotMend(f"{txid} was {status}: there is nothing left to mend")
        return record

    # --- what can be done with it ---

    def _is_ours(self, record: TransactionRecord) -> bool:
        """Whether it spends our coins only."""
        owners = [self._ledger.owner(OutPoint.parse(outpoint)) for outpoint in record.inputs]
        return bool(owners) and None not in owners

    def _is_own(self, output: TxOut) -> bool:
        return output.script_pubkey in self._ledger.keychain.scripts()

    def _dependants(self, record: TransactionRecord) -> list[TransactionRecord]:
        """What builds on it and must not be undone: payments to others, and what others built."""
        return [
            child
            for child in self._ledger.offspring(record.txid)
            if not (self._is_ours(child) and all(map(self._is_own, child.outputs)))
        ]

    def _coins_of(self, record: TransactionRecord) -> list[Coin]:
        """The coins that it spends."""
        coins = [self._ledger.coin(OutPoint.parse(outpoint), self._tip_height) for outpoint in record.inputs]
        found = [coin for coin in coins if coin is not None]
        if len(found) < len(coins):
            raise CannotMend(f"{record.txid} spends a coin that is gone")
        return found

    def _cost(self, record: TransactionRecord) -> tuple[int, Sats | None]:
        """Its size, and its fee where that is known."""
        return record.transaction.vsize, self._ledger.entry(record.txid, self._tip_height).fee

    def _lacking(self, records: Iterable[TransactionRecord], rate: FeeRate) -> Sats:
        """What these pay less than the rate; what one pays more does not help another, which may wait longer."""
        costs = map(self._cost, records)
        return sum(max(0, rate.fee(vsize) - (fee or 0)) for vsize, fee in costs)

    # --- replacing ---

    def _speed_up(self, record: TransactionRecord, intent: MendIntent) -> Repair:
        lacking = self._lacking(self._ledger.parentage(record.txid), intent.rate)
        vsize, fee = self._cost(record)
        if fee is not None and fee >= intent.rate.fee(vsize) + lacking:
            raise CannotMend(f"{record.txid} pays {fee / vsize:.3g} sat/vB already: ask for more than that")
        coins = self._coins_of(record)
        change = self._change_of(record)
        outputs = [output for index, output in enumerate(record.outputs) if index != change]
        if change is None:
            home = max(coins, key=lambda coin: coin.amount).ref.account
            place = change_place(self._ledger, self._ledger.keychain.accounts[home])
        else:
            script = record.outputs[change].script_pubkey
            place = self._ledger.keychain.scripts()[script], script
        terms = self._terms(coins, outputs, place, intent.rate)
        terms = replace(terms, fee=FeeRule(intent.rate, lacking), version=record.transaction.version)
        return self._replace(record, terms, intent, place[0])

    def _change_of(self, record: TransactionRecord) -> int | None:
        """Which output may shrink: the largest change, or where all is ours the largest of all."""
        scripts = self._ledger.keychain.scripts()
        refs = {n: scripts.get(output.script_pubkey) for n, output in enumerate(record.outputs)}
        own = {n: ref for n, ref in refs.items() if ref is not None}
        shrinkable = [n for n, ref in own.items() if self._takes_change(ref)]
        if len(own) == len(record.outputs):
            shrinkable = shrinkable or [*own]
        return max(shrinkable, key=lambda n: record.outputs[n].amount, default=None)

    def _takes_change(self, ref: ScriptRef) -> bool:
        return ref.is_change or self._ledger.keychain.accounts[ref.account].internal is None

    def _terms(
        self, must: Sequence[Coin], outputs: Sequence[TxOut], place: tuple[ScriptRef, bytes], rate: FeeRate
    ) -> Terms:
        """Spend these coins, and confirmed ones of the same account where they are not enough."""
        accounts = self._ledger.keychain.accounts
        numbers = {accounts[coin.ref.account].account for coin in must}
        paid = [output for output in outputs if not is_unspendable(output.script_pubkey)]
        return Terms(
            scripts=tuple(output.script_pubkey for output in paid),
            amounts=tuple(output.amount for output in paid),
            fee=FeeRule(rate),
            change_script=place[1],
            change_kind=accounts[place[0].account].type,
            kind_of=lambda coin: accounts[coin.ref.account].type,
            must=tuple(must),
            may=tuple(
                coin
                for coin in self._ledger.coins(self._tip_height)
                if coin.spendable and coin.height is not None and accounts[coin.ref.account].account in numbers
            ),
            notes=tuple(output for output in outputs if is_unspendable(output.script_pubkey)),
            label_of=self._label_of,
        )

    def _replace(self, record: TransactionRecord, terms: Terms, intent: MendIntent, ref: ScriptRef) -> Repair:
        gone = [record, *self._ledger.offspring(record.txid)]
        costs = [self._cost(each) for each in gone]
        vsize, fee = costs[0]
        replaced = Replaced(sum(paid or 0 for _, paid in costs), fee or 0, vsize)
        terms = replace(terms, fee=replace(terms.fee, replaced=replaced))
        extra = []
        if len(gone) > 1:
            text = f"{len(gone) - 1} payments to this wallet itself that build on it are undone"
            extra.append(PaymentWarning("undoes", text))
        draft = self._draft(terms, intent, ref, extra)
        return Repair(draft, "rbf", replaces=frozenset(each.txid for each in gone))

    # --- a child that pays ---

    def _pay_for(self, record: TransactionRecord, intent: MendIntent) -> Repair:
        parent, coin = self._coin_to_spend(record)
        if parent is not record and self._pays_for_others(parent):
            return self._speed_up(parent, intent)
        package = [parent, *self._ledger.parentage(parent.txid)]
        if len(package) >= MAX_PACKAGE:
            raise CannotMend(
                f"{record.txid} builds on too many payments that wait: peers take no more until one confirms"
            )
        lacking = self._lacking(package, intent.rate)
        if not lacking:
            raise CannotMend(f"{record.txid} pays at least {intent.rate} already: ask for more than that")
        place = change_place(self._ledger, self._ledger.keychain.accounts[coin.ref.account])
        terms = self._terms((coin,), (), place, intent.rate)
        terms = replace(terms, fee=FeeRule(intent.rate, lacking), version=_child_version(package))
        extra = []
        if any(self._cost(each)[1] is None for each in package):
            text = "what the sender paid is not known here and counts as nothing: this may be more than needed"
            extra.append(PaymentWarning("unknown_fee", text))
        draft = self._draft(terms, intent, place[0], extra)
        return Repair(draft, "cpfp", raises=tuple(each.txid for each in package))

    def _pays_for_others(self, record: TransactionRecord) -> bool:
        """Whether it is a payment to ourselves that can be replaced: made to pay for its parents, it can pay more."""
        is_own = self._is_ours(record) and all(map(self._is_own, record.outputs))
        return is_own and _signals(record) and not self._dependants(record)

    def _coin_to_spend(self, record: TransactionRecord) -> tuple[TransactionRecord, Coin]:
        """The largest coin of ours that it makes and nobody spends yet, or that those make who build on it."""
        for family in ([record], self._ledger.offspring(record.txid)):
            coins = [
                (parent, coin)
                for parent in family
                for index in range(len(parent.outputs))
                if (coin := self._ledger.coin(OutPoint(parent.txid, index), self._tip_height)) is not None
                and coin.available
            ]
            if coins:
                return max(coins, key=lambda found: (found[1].amount, found[1].outpoint.serialize()))
        message = (
            f"{record.txid} leaves no coin to this wallet that a higher fee could be paid with, and cannot be replaced"
        )
        raise CannotMend(message)

    # --- the draft ---

    def _draft(
        self, terms: Terms, intent: MendIntent, change_ref: ScriptRef, extra: Sequence[PaymentWarning]
    ) -> PaymentDraft:
        """What only comes back to us is shown as paid to ourselves."""
        plan = make_plan(terms, self._chance)
        draft = draft_of(terms, plan, self._ledger, self._tip_height, self._chance, change_ref)
        if not draft.recipients and draft.change is not None:
            draft = replace(draft, recipients=(draft.change,), change=None)
        facts = FeeFacts(draft.fee, terms.fee.fee(draft.vsize), draft.vsize, intent.accept_fee)
        labels = about_labels(draft.coins, self._label_of) if len(draft.coins) > len(terms.must) else ()
        return replace(draft, warnings=(*about_fee(facts, draft.amount), *labels, *extra))


def _signals(record: TransactionRecord) -> bool:
    """Whether it asks to be replaceable itself (BIP125)."""
    return any(spent.sequence < _FINAL for spent in record.transaction.inputs)


def _child_version(package: Iterable[TransactionRecord]) -> int:
    """What builds on transactions of version 3 must be of version 3, too (BIP431)."""
    return 3 if any(each.transaction.version == 3 for each in package) else 2
