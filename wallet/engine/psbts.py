"""Partially signed transactions: judged, completed with what we know, and signed in the vault child."""

from collections.abc import Callable

from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.engine import api
from wallet.engine.parts import Parts
from wallet.engine.queries import SessionOf
from wallet.engine.session import Session
from wallet.engine.views import address_text
from wallet.ledger.draft_psbt import with_own_inputs_known
from wallet.ledger.payment_errors import FeeTooHigh
from wallet.ledger.psbt_review import PsbtReview, review_psbt


class Psbts:
    """The commands about PSBTs. open_session: the open wallet, where there is one."""

    def __init__(self, parts: Parts, session: SessionOf, open_session: Callable[[], Session | None]) -> None:
        self._parts = parts
        self._session = session
        self._open_session = open_session

    async def review(self, command: api.ReviewPsbt) -> api.PsbtReview:
        """What a PSBT would do; without a wallet nobody says whose an address is."""
        psbt = Psbt.from_base64(command.psbt)
        session = self._open_session()
        judged = review_psbt(psbt, None) if session is None else _judge(psbt, session)
        return self._answer(psbt, judged)

    def _answer(self, psbt: Psbt, judged: PsbtReview) -> api.PsbtReview:
        params = self._parts.params
        return api.PsbtReview(
            txid=str(psbt.transaction.txid),
            version=psbt.version or 0,
            inputs=tuple(
                api.PsbtInputRow(
                    outpoint=str(each.outpoint),
                    amount=None if each.output is None else each.output.amount,
                    address=None if each.output is None else address_text(each.output.script_pubkey, params),
                    own=each.own,
                    signatures=each.signatures,
                    needed=each.needed,
                    signed=each.signed,
                )
                for each in judged.inputs
            ),
            outputs=tuple(
                api.PsbtOutputRow(
                    address=address_text(each.output.script_pubkey, params),
                    amount=each.output.amount,
                    own=each.own,
                    change=each.change,
                )
                for each in judged.outputs
            ),
            amount=judged.amount,
            net=judged.net,
            fee=judged.fee,
            fee_rate=None if judged.fee is None else round(judged.fee / judged.vsize, 3),
            vsize=judged.vsize,
            locktime=psbt.transaction.locktime,
            complete=bool(judged.inputs) and all(each.signed for each in judged.inputs),
            warnings=tuple(api.PaymentWarning(each.code, each.text, each.blocking) for each in judged.warnings),
        )

    async def sign(self, command: api.SignPsbt) -> api.SignedPsbt:
        """Sign what is ours in somebody's PSBT, once its fee is known and in proportion, or accepted by its number."""
        session = self._session()
        psbt = with_own_inputs_known(Psbt.from_base64(command.psbt), session.ledger)
        _refuse_to_lose(_judge(psbt, session), command.accept_fee)
        signed = await self._parts.vault.sign(session.vault, command.password, psbt.serialize())
        answer = Psbt.parse(signed.psbt)
        if answer.transaction != psbt.transaction:
            raise api.WrenError("refused", "the signed transaction is not the one that was asked for")
        return api.SignedPsbt(answer.to_base64(), signed.signed, signed.complete)


def _judge(psbt: Psbt, session: Session) -> PsbtReview:
    return review_psbt(psbt, session.ledger, frozenset(account.id for account in session.accounts()))


def _refuse_to_lose(judged: PsbtReview, accepted: int | None) -> None:
    """Raise where money would be lost: an unknown, negative or absurd fee, nobody paid, half a transaction signed."""
    for warning in judged.warnings:
        if warning.code == "fee_high" and judged.fee is not None:
            if accepted is None or judged.fee > accepted:
                raise FeeTooHigh(judged.fee, judged.high_fee)
        elif warning.blocking:
            raise PsbtError(f"{warning.text}: refused")
