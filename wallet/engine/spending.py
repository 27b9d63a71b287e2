"""Payments: prepared for review, signed in the vault child, stored, and only then handed to the network.

A review is sent once, however often it is asked for: its answer is kept. The signed transaction must be the reviewed
one, byte for byte but for the signatures; and it is in the database before the first peer hears of it.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from wallet.bitcoin.address import parse_address
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.engine import api
from wallet.engine.errors import translate
from wallet.engine.fees import DEFAULT_RATE, Fees
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.queries import SessionOf
from wallet.engine.reviews import payment_review
from wallet.engine.session import Prepared, Session
from wallet.engine.syncing import Syncing
from wallet.ledger.history import Status
from wallet.ledger.labels import LabelKind, clean_label
from wallet.ledger.payment import PaymentDraft, PaymentIntent, Recipient, build

log = logging.getLogger(__name__)

MAX_PREPARED: Final = 32

Handler = Callable[[Any], Awaitable[object]]


class Spending:
    """The commands that spend."""

    def __init__(self, parts: Parts, network: Network, syncing: Syncing, fees: Fees, session: SessionOf) -> None:
        self._parts = parts
        self._network = network
        self._syncing = syncing
        self._fees = fees
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {
            api.GetSpendable: self.spendable,
            api.PreparePayment: self.prepare,
            api.SendPayment: self.send,
            api.CheckReview: self.check,
        }

    # --- preparing ---

    async def spendable(self, _command: api.GetSpendable) -> tuple[api.Spendable, ...]:
        session = self._session()
        accounts = session.ledger.keychain.accounts
        sums: dict[int, int] = {}
        for coin in session.ledger.coins(self._network.tip_height):
            if coin.spendable:
                number = accounts[coin.ref.account].account
                sums[number] = sums.get(number, 0) + coin.amount
        return tuple(api.Spendable(number, amount) for number, amount in sorted(sums.items()))

    async def prepare(self, command: api.PreparePayment) -> api.PaymentReview:
        session = self._session()
        intent = self._intent(session, command)
        label, address_labels = clean_label(command.label), self._address_labels(command)
        if not command.offline:
            await self.catch_up(command.timeout)
        if command.fee is None and command.fee_rate is None:
            rate = await self._fees.usual_rate(0.0 if command.offline else command.timeout, command.preset)
            intent = replace(intent, fee_rate=FeeRate.from_sat_per_vb(rate))
        draft = build(intent, session.ledger, self._network.tip_height, self._parts.chance, session.view.origins())
        return self.offer(session, Prepared(draft, label, address_labels))

    def offer(self, session: Session, prepared: Prepared) -> api.PaymentReview:
        """Put a draft under review; of those that nobody sends only the newest are kept. Raises WrenError refused."""
        self.refuse_stuck(prepared.draft)
        number = secrets.token_hex(8)
        idle = [key for key, found in session.prepared.items() if found.sending is None]
        for key in idle[: max(0, len(idle) - MAX_PREPARED + 1)]:
            del session.prepared[key]
        session.prepared[number] = prepared
        return payment_review(number, session, prepared)

    def refuse_stuck(self, draft: PaymentDraft) -> None:
        """A fee that no peer passes on would leave the coins tied up in a payment that nobody ever sees."""
        floor = self._fees.report().floor
        if draft.fee < FeeRate.from_sat_per_vb(floor).fee(draft.vsize):
            message = (
                f"a fee of {draft.fee} satoshis is {draft.fee_rate:.3g} sat/vB, and peers pass on nothing below "
                f"{floor:.3g} sat/vB: the payment would never arrive"
            )
            raise api.WrenError("refused", message)

    async def rate(self, chosen: float | None, seconds: float, preset: api.Preset = "normal") -> float:
        """A fee rate in sat/vB: what was chosen, or the preset."""
        return await self._fees.usual_rate(seconds, preset) if chosen is None else chosen

    async def catch_up(self, seconds: float) -> None:
        """Coins that were spent elsewhere must be known before a payment is built on them."""
        await self._network.connect()
        try:
            await self._syncing.catch_up(seconds)
        except api.WrenError as error:
            if error.code != "timeout":
                raise
            message = f"nothing can be paid before Wren has caught up with the chain; try again then: {error.message}"
            raise api.WrenError("not_synced", message) from error

    def _intent(self, session: Session, command: api.PreparePayment) -> PaymentIntent:
        if command.fee is not None and command.fee_rate is not None:
            raise api.WrenError("bad_amount", "say either the fee or the fee rate, not both")
        rate = None
        if command.fee is None:
            rate = FeeRate.from_sat_per_vb(command.fee_rate if command.fee_rate is not None else DEFAULT_RATE)
        anywhere = bool(command.coins) and command.account is None
        return PaymentIntent(
            recipients=tuple(self._recipient(address, amount) for address, amount in command.recipients),
            fee_rate=rate,
            fee=command.fee,
            accounts=None if anywhere else session.paying_accounts(command.account),
            coins=tuple(parse_outpoint(text) for text in command.coins),
            subtract_fee=command.subtract_fee,
            spend_unconfirmed=command.spend_unconfirmed,
            accept_fee=command.accept_fee,
            note=_note(command.note),
        )

    def _recipient(self, address: str, amount: int | None) -> Recipient:
        return Recipient(parse_address(address, self._parts.params).script_pubkey, amount)

    def _address_labels(self, command: api.PreparePayment) -> tuple[tuple[str, str], ...]:
        params = self._parts.params
        return tuple(
            (parse_address(address, params).text, clean_label(label)) for address, label in command.address_labels
        )

    # --- sending ---

    async def check(self, command: api.CheckReview) -> None:
        """Nothing where a review still holds. Raises WrenError."""
        session = self._session()
        self._refuse_taken(session, self._under_review(session, command.review))

    @staticmethod
    def _under_review(session: Session, number: str) -> Prepared:
        prepared = session.prepared.get(number)
        if prepared is None:
            raise api.WrenError("not_found", "this payment is no longer under review: prepare it again")
        return prepared

    async def send(self, command: api.SendPayment) -> api.SendResult:
        session = self._session()
        prepared = self._under_review(session, command.review)
        if prepared.sending is None or _failed(prepared.sending):
            prepared.sending = asyncio.ensure_future(self._send(session, prepared, command))
        return await asyncio.shield(prepared.sending)

    async def _send(self, session: Session, prepared: Prepared, command: api.SendPayment) -> api.SendResult:
        """Once it is stored the payment is made: what goes wrong after that is no error, or it would be repeated."""
        draft = prepared.draft
        transaction = await self._sign_and_store(session, prepared, command.password)
        report = await self.announce(transaction, command.timeout) if command.broadcast else None
        return send_result(draft, transaction, report)

    async def _sign_and_store(self, session: Session, prepared: Prepared, password: str | None) -> Transaction:
        draft = prepared.draft
        draft.check_accepted()
        self._refuse_taken(session, prepared)
        transaction = await self._sign(session, draft, password)
        # While the vault was at work the wallet may have been closed, or a block may have come.
        if self._session() is not session:
            raise api.WrenError("refused", "the wallet was closed before the payment was made; nothing was sent")
        self._refuse_taken(session, prepared)
        inherited = _inheritance(session, prepared, transaction)
        session.ledger.add_local(transaction, int(self._parts.clock()), prepared.label)
        for kind, reference, label in inherited:
            session.ledger.set_label(kind, reference, label)
        try:
            self._network.commit()
        except BaseException:
            # Not stored, so not made: it must neither hold its coins nor go out with the next commit.
            session.ledger.abandon(transaction.txid)
            raise
        return transaction

    def _refuse_taken(self, session: Session, prepared: Prepared) -> None:
        """Two payments never use one coin: what was free when the draft was made must still be, and as certain.

        A replacement takes the coins of those that it replaces; its fee does not cover what builds on them since.
        """
        ledger, tip = session.ledger, self._network.tip_height
        for coin in prepared.draft.coins:
            now = ledger.coin(coin.outpoint, tip)
            free = now is not None and (now.available or now.reserved_by in prepared.replaces)
            if now is None or not free or (coin.trusted and not now.trusted):
                message = f"the coin {coin.outpoint} was spent or undone in the meantime: prepare the payment again"
                raise api.WrenError("refused", message)
        for txid in prepared.replaces:
            family = {txid, *(each.txid for each in ledger.offspring(txid))}
            if ledger.status(txid, tip) not in {Status.PENDING, Status.LOCAL} or not family <= prepared.replaces:
                raise api.WrenError("refused", f"{txid} is no longer as it was: prepare the payment again")

    async def _sign(self, session: Session, draft: PaymentDraft, password: str | None) -> Transaction:
        """The signed transaction, which must be the reviewed one but for the signatures."""
        signed = await self._parts.vault.sign(session.vault, password, draft.psbt.serialize())
        if not signed.complete:
            raise api.WrenError("refused", "not every coin could be signed for with this wallet's keys")
        psbt = Psbt.parse(signed.psbt)
        if psbt.transaction != draft.transaction:
            raise api.WrenError("refused", "the signed payment is not the reviewed one; nothing was sent")
        return psbt.finalize().extract()

    async def announce(self, transaction: Transaction, seconds: float) -> api.BroadcastReport:
        """Hand it out. It is stored: where nobody can be reached now, it is offered again later."""
        report = api.BroadcastReport(0, 0, 0, propagated=False)
        try:
            report = await self._syncing.announce(transaction.serialize(), seconds)
        except Exception as error:
            if translate(error, self._parts.storage_error) is None:
                log.exception("a payment is stored, but could not be announced by a bug of ours")
            else:
                log.warning("a payment is stored, but something went wrong when it was announced: %s", error)
        return report


def send_result(draft: PaymentDraft, transaction: Transaction, report: api.BroadcastReport | None) -> api.SendResult:
    """What is told of a payment once it is signed. report: None when it was not broadcast."""
    return api.SendResult(
        txid=str(transaction.txid),
        fee=draft.fee,
        fee_rate=round(draft.fee / transaction.vsize, 3),
        vsize=transaction.vsize,
        amount=draft.amount,
        change=0 if draft.change is None else draft.change.amount,
        hex=transaction.serialize().hex(),
        broadcast=report,
    )


def _inheritance(session: Session, prepared: Prepared, transaction: Transaction) -> list[tuple[LabelKind, str, str]]:
    """Labels that a new payment brings: its recipients', and those of the outputs that it has from the one it mends."""
    found = [(LabelKind.ADDRESS, address, label) for address, label in prepared.address_labels]
    old = None if prepared.mended is None else session.ledger.transactions[prepared.mended]
    places = {output.script_pubkey: index for index, output in enumerate(transaction.outputs)}
    for index, output in enumerate(() if old is None else old.outputs):
        label = session.ledger.label(LabelKind.OUTPUT, f"{prepared.mended}:{index}")
        if label and output.script_pubkey in places:
            found.append((LabelKind.OUTPUT, f"{transaction.txid}:{places[output.script_pubkey]}", label))
    return found


def parse_outpoint(text: str) -> OutPoint:
    """A coin as it is written. Raises WrenError not_found."""
    try:
        return OutPoint.parse_text(text)
    except ValueError as error:
        raise api.WrenError("not_found", f"{text!r} names no coin: it is TXID:N") from error


def _note(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise api.WrenError("refused", "the note has characters in it that no text has") from error


def _failed(task: "asyncio.Future[api.SendResult]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
