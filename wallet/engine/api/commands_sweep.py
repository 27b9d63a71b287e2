"""Commands that sweep a private key's coins into the open wallet."""

from dataclasses import dataclass, field
from datetime import date

from wallet.engine.api.answers import Preset, SendResult
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class SweepReview:
    """A sweep as it will be made: `coins` coins together, less the fee, go to `address` of the open wallet."""

    id: str
    coins: int
    address: str
    amount: int
    fee: int
    fee_rate: float
    vsize: int
    hex: str


@dataclass(frozen=True, slots=True)
class PrepareSweep(Command[SweepReview]):
    """Look for all coins of a private key (WIF). start: height or date, None for the beginning of the chain.

    fee_rate in sat/vB, None for the preset; timeout: seconds for all of it.
    accept_fee: the unusually high fee that the user has seen and accepts.
    """

    key: str = field(repr=False)
    fee_rate: float | None = None
    start: int | date | None = None
    label: str = ""
    timeout: float = 600.0
    preset: Preset = "normal"
    accept_fee: int | None = None


@dataclass(frozen=True, slots=True)
class SendSweep(Command[SendResult]):
    """Sign a sweep with the key, which is asked for again and kept nowhere; store it and broadcast it."""

    review: str
    key: str = field(repr=False)
    timeout: float = 30.0
    broadcast: bool = True
