"""Mending payments: speeding up, taking back, giving up; and coins that are kept out of payments."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.hashes import Txid
from wallet.engine import api
from wallet.engine.fees import Fees
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.queries import SessionOf, parse_txid
from wallet.engine.session import Prepared, Session
from wallet.engine.spending import Spending, parse_outpoint
from wallet.ledger.history import Status
from wallet.ledger.labels import LabelKind
from wallet.ledger.mending import Mender, MendIntent, Repair

Handler = Callable[[Any], Awaitable[object]]
_FASTER_PER_MILLE: Final = 1_500
"""What a payment that is sped up by a preset pays at least, in thousandths of what it paid."""


class Mending:
    """The commands for what is on its way. Drafts are reviewed and sent like any payment (`Spending`)."""

    def __init__(self, parts: Parts, network: Network, fees: Fees, spending: Spending, session: SessionOf) -> None:
        self._parts = parts
        self._network = network
        self._fees = fees
        self._spending = spending
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """The handlers by command."""
        return {
            api.PrepareBump: self.bump,
            api.PrepareCancel: self.cancel,
            api.AbandonTransaction: self.abandon,
            api.SetFrozen: self.set_frozen,
            api.FreezeCoins: self.freeze_coins,
        }

    async def bump(self, command: api.PrepareBump) -> api.PaymentReview:
        session, intent = await self._intent(command)
        if command.fee_rate is None:
            intent = replace(intent, rate=self._faster(session, intent))
        return self._offer(session, intent.txid, self._mender(session).bump(intent))

    async def cancel(self, command: api.PrepareCancel) -> api.PaymentReview:
        session, intent = await self._intent(command)
        return self._offer(session, intent.txid, self._mender(session).cancel(intent))

    async def _intent(self, command: api.PrepareBump | api.PrepareCancel) -> tuple[Session, MendIntent]:
        session, txid = self._session(), parse_txid(command.txid)
        if not command.offline:
            await self._spending.catch_up(command.timeout)
        rate = command.fee_rate
        if rate is None:
            rate = await self._fees.usual_rate(0.0 if command.offline else command.timeout, command.preset)
        return session, MendIntent(txid, FeeRate.from_sat_per_vb(rate), command.accept_fee)

    def _faster(self, session: Session, intent: MendIntent) -> FeeRate:
        """The preset's rate; where the payment pays about that already, half as much again as it pays."""
        record = session.ledger.transactions.get(intent.txid)
        fee = None if record is None else session.ledger.entry(intent.txid, self._network.tip_height).fee
        if record is None or fee is None:
            return intent.rate
        return max(intent.rate, FeeRate(_FASTER_PER_MILLE * fee // record.transaction.vsize))

    def _mender(self, session: Session) -> Mender:
        return Mender(session.ledger, self._network.tip_height, self._parts.chance, session.view.origins())

    def _offer(self, session: Session, txid: Txid, repair: Repair) -> api.PaymentReview:
        mended = txid if txid in repair.replaces else next(iter(repair.replaces), None)
        label = "" if mended is None else session.ledger.label(LabelKind.TRANSACTION, str(mended))
        prepared = Prepared(
            repair.draft, label, method=repair.method, mended=mended, replaces=repair.replaces, raises=repair.raises
        )
        return self._spending.offer(session, prepared)

    async def abandon(self, command: api.AbandonTransaction) -> tuple[str, ...]:
        session, txid = self._session(), parse_txid(command.txid)
        record = session.ledger.transactions.get(txid)
        if record is None:
            raise api.WrenError("not_found", f"this wallet has no transaction {txid}")
        if record.location is not None:
            raise api.WrenError("refused", f"{txid} is in a block: nobody can undo it")
        status = session.ledger.status(txid, self._network.tip_height)
        if status in {Status.REPLACED, Status.ABANDONED}:
            raise api.WrenError("refused", f"{txid} was {status} already")
        family = [record, *session.ledger.offspring(txid)]
        if not command.force and any(each.announced for each in family):
            message = (
                f"{txid} was handed to peers, and may be paid still: take it back with `cancel`, "
                "or abandon it all the same with --force"
            )
            raise api.WrenError("refused", message)
        for each in family:
            session.ledger.abandon(each.txid)
        self._network.commit()
        return tuple(str(each.txid) for each in family)

    async def set_frozen(self, command: api.SetFrozen) -> None:
        self._freeze((command.outpoint,), command.frozen)

    async def freeze_coins(self, command: api.FreezeCoins) -> None:
        self._freeze(command.outpoints, command.frozen)

    def _freeze(self, outpoints: tuple[str, ...], frozen: bool) -> None:
        """Every one is looked at before the first is frozen."""
        session, found = self._session(), [parse_outpoint(outpoint) for outpoint in outpoints]
        for outpoint in found:
            if session.ledger.coin(outpoint, self._network.tip_height) is None:
                raise api.WrenError("not_found", f"{outpoint} is not an unspent coin of this wallet")
        for outpoint in found:
            session.ledger.freeze(outpoint, frozen)
        self._network.commit()
