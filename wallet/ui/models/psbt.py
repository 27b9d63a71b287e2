"""What a partially signed transaction is in words: where it stands, what each end is, what may be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.psbt_fields import LOCKTIME_THRESHOLD
from wallet.engine import api
from wallet.ui.text import format_time_of, translate
from wallet.ui.widgets.flow import Stream, streams_in, streams_out

HIGH_FEE = "fee_high"
"""The one blocking warning that the user's word about the very number lifts."""


@dataclass(frozen=True, slots=True)
class End:
    """One input or output as it is shown. note: whose it is, and how far signed. foreign: somebody else's."""

    amount: Sats | None
    address: str | None
    note: str
    foreign: bool


def standing(review: api.PsbtReview) -> str:
    """How far it is signed."""
    if review.complete:
        return translate("Every signature is there. It can be sent.")
    signed = sum(row.signed for row in review.inputs)
    return translate("{n} of {all} inputs are signed.").format(n=signed, all=len(review.inputs))


def can_be_signed(review: api.PsbtReview) -> bool:
    """Whether an input of the open wallet still lacks signatures."""
    return any(row.own and not row.signed for row in review.inputs)


def stops(review: api.PsbtReview) -> bool:
    """Whether something is wrong with it that nobody's word lifts."""
    return any(warning.blocking and warning.code != HIGH_FEE for warning in review.warnings)


def needs_fee_accepted(review: api.PsbtReview) -> bool:
    """Whether its fee is so high that it must be typed."""
    return any(warning.code == HIGH_FEE for warning in review.warnings)


def valid_from(locktime: int) -> str:
    """From when on a block may have it; empty where that is at once."""
    if not locktime:
        return ""
    if locktime < LOCKTIME_THRESHOLD:
        return translate("valid from block {n} on").format(n=QLocale().toString(locktime))
    return translate("valid from {time} on").format(time=format_time_of(locktime))


def _whose(own: bool | None, change: bool = False) -> str:
    if own is None:
        return translate("no wallet says whose")
    if change:
        return translate("change, yours")
    return translate("yours") if own else translate("not yours")


def _signatures(row: api.PsbtInputRow) -> str:
    if row.signed:
        return translate("signed")
    if row.needed is None:
        return translate("a kind that Wren cannot judge")
    if row.needed == 1:
        return translate("not signed")
    return translate("{n} of {needed} signatures").format(n=row.signatures, needed=row.needed)


def inputs_of(review: api.PsbtReview) -> list[End]:
    """The inputs in their order."""
    return [
        End(row.amount, row.address, f"{_whose(row.own)} · {_signatures(row)}", not row.own) for row in review.inputs
    ]


def outputs_of(review: api.PsbtReview) -> list[End]:
    """The outputs, what others get first: nothing that leaves the wallet hides behind what comes back."""
    ends = [End(row.amount, row.address, _whose(row.own, row.change), not row.own) for row in review.outputs]
    return sorted(ends, key=lambda end: not end.foreign)


def flow_of(review: api.PsbtReview) -> tuple[list[Stream], list[Stream]] | None:
    """The streams to draw; None where there is nothing that adds up."""
    if not review.inputs or not review.outputs or (review.fee is not None and review.fee < 0):
        return None
    inputs = [api.TransactionEnd(row.address, row.amount, own=bool(row.own)) for row in review.inputs]
    outputs = [
        api.TransactionEnd(row.address, row.amount, own=bool(row.own), change=row.change) for row in review.outputs
    ]
    return streams_in(inputs), streams_out(outputs, review.fee)


def split(ends: Sequence[End], most: int) -> tuple[Sequence[End], str]:
    """The first of many ends, and what is to be said of the others."""
    rest = ends[most:]
    if not rest:
        return ends, ""
    foreign = sum(end.foreign for end in rest)
    text = translate("and {n} more, {foreign} of them not yours; the amounts above count them all")
    return ends[:most], text.format(n=len(rest), foreign=foreign)
