"""Commands about partially signed transactions."""

from dataclasses import dataclass, field

from wallet.engine.api.answers import SignedPsbt
from wallet.engine.api.answers_psbt import PsbtReview
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class ReviewPsbt(Command[PsbtReview]):
    """What a PSBT (base64) would do, judged by the open wallet; without one it is not said whose an address is."""

    psbt: str


@dataclass(frozen=True, slots=True)
class SignPsbt(Command[SignedPsbt]):
    """Sign what is ours in a PSBT (base64). accept_fee: the unusually high fee that the user has seen and accepts."""

    psbt: str
    password: str | None = field(repr=False)
    accept_fee: int | None = None
