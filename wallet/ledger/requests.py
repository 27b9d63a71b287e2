"""What became of a request for payment.

The words are careful in the reader's favour: `proven` and `overpaid` are said only of money that is in blocks, so that
nobody hands out goods for what can still be taken back; `underpaid` is said at once, of all that was seen. Money that
comes after the request has ended counts as well. What no longer stands, such as a replaced payment, does not.
"""

from collections.abc import Sequence
from enum import StrEnum

from wallet.bitcoin.amount import Sats
from wallet.ledger.record import PaymentRequest, TransactionRecord


class RequestState(StrEnum):
    """What became of a request for payment."""

    WAITING = "waiting"
    SEEN = "seen"
    PROVEN = "proven"
    EXPIRED = "expired"
    OVERPAID = "overpaid"
    UNDERPAID = "underpaid"


Receipts = Sequence[tuple[TransactionRecord, Sats]]
"""The standing transactions that pay the request's address, with how much, the earliest first."""


def state_of(request: PaymentRequest, receipts: Receipts, now: int) -> RequestState:
    """What became of a request by now (Unix seconds)."""
    seen, proven = received(receipts)
    if not seen:
        expired = request.expires is not None and now >= request.expires
        return RequestState.EXPIRED if expired else RequestState.WAITING
    if request.amount is None:
        return RequestState.PROVEN if proven else RequestState.SEEN
    if seen < request.amount:
        return RequestState.UNDERPAID
    if proven < request.amount:
        return RequestState.SEEN
    return RequestState.PROVEN if proven == request.amount else RequestState.OVERPAID


def received(receipts: Receipts) -> tuple[Sats, Sats]:
    """All that was seen, and the part of it that is in blocks."""
    proven = sum(amount for record, amount in receipts if record.location is not None)
    return sum(amount for _, amount in receipts), proven


def is_late(request: PaymentRequest, receipts: Receipts) -> bool:
    """Whether some of the money came after the request had ended."""
    return request.expires is not None and any(record.time >= request.expires for record, _ in receipts)
