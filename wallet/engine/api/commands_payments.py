"""What the engine can be asked about payments that are on their way, and about coins."""

from dataclasses import dataclass

from wallet.engine.api.answers import PaymentReview, Preset
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class PrepareBump(Command[PaymentReview]):
    """Have a transaction confirm sooner: a replacement, or a child that pays for it; `SendPayment` sends the review.

    fee_rate: what it shall come to, in sat/vB, with all that it builds on; None is a preset of `GetFees`, or half as
    much again as it pays where that is more. The other fields are those of `PreparePayment`.
    """

    txid: str
    fee_rate: float | None = None
    accept_fee: int | None = None
    offline: bool = False
    timeout: float = 30.0
    preset: Preset = "fast"


@dataclass(frozen=True, slots=True)
class PrepareCancel(Command[PaymentReview]):
    """Take a payment back that is in no block: its coins return to an address of this wallet. Fields as above."""

    txid: str
    fee_rate: float | None = None
    accept_fee: int | None = None
    offline: bool = False
    timeout: float = 30.0
    preset: Preset = "fast"


@dataclass(frozen=True, slots=True)
class AbandonTransaction(Command[tuple[str, ...]]):
    """Give up what never went out, with all that builds on it; answers what was given up. It is back when it confirms.

    force: also what was handed to peers, who may have it still.
    """

    txid: str
    force: bool = False


@dataclass(frozen=True, slots=True)
class SetFrozen(Command[None]):
    """Keep a coin ("txid:n") out of payments, or let it back in."""

    outpoint: str
    frozen: bool


@dataclass(frozen=True, slots=True)
class CheckReview(Command[None]):
    """Whether a review can still be paid as it was prepared. Raises WrenError refused, or not_found, which say why."""

    review: str
