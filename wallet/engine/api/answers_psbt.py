"""Answers about partially signed transactions."""

from dataclasses import dataclass

from wallet.engine.api.answers import PaymentWarning


@dataclass(frozen=True, slots=True)
class PsbtInputRow:
    """What an input spends, None where the PSBT does not say. own: None without a wallet.

    signatures: how many are there and right, of `needed` (None: of a kind that is not known here).
    """

    outpoint: str
    amount: int | None
    address: str | None
    own: bool | None
    signatures: int
    needed: int | None
    signed: bool


@dataclass(frozen=True, slots=True)
class PsbtOutputRow:
    """Whom an output pays. own: None without a wallet; change: on this wallet's branch for change."""

    address: str | None
    amount: int
    own: bool | None
    change: bool


@dataclass(frozen=True, slots=True)
class PsbtReview:
    """amount: what others get (all of it without a wallet). net: what comes to this wallet, negative when it pays.

    fee: None while it is not known, negative when impossible. vsize: once signed, about. A warning that is blocking
    keeps the wallet from signing.
    """

    txid: str
    version: int
    inputs: tuple[PsbtInputRow, ...]
    outputs: tuple[PsbtOutputRow, ...]
    amount: int
    net: int | None
    fee: int | None
    fee_rate: float | None
    vsize: int
    locktime: int
    complete: bool
    warnings: tuple[PaymentWarning, ...]
