"""Money has a unit and is never a float: satoshis, and fee rates in satoshis per 1,000 virtual bytes."""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Self, TypeAlias

from wallet.override import override

Sats: TypeAlias = int

COIN = 100_000_000
MAX_MONEY = 21_000_000 * COIN

_DECIMAL = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,8}))?")
_SATOSHIS = re.compile(r"([0-9]{1,16}) ?(?:sats?)?", re.IGNORECASE | re.ASCII)
_BITCOINS = re.compile(r"([0-9.]{1,32}) ?btc", re.IGNORECASE | re.ASCII)
_RATE = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,16})?")


class AmountError(ValueError):
    """A text that is not an amount or a fee rate, in words for the one who typed it."""


def _within_money(sats: Sats) -> Sats:
    if sats > MAX_MONEY:
        raise AmountError("there are never more than 21,000,000 bitcoins")
    return sats


def parse_btc(text: str) -> Sats:
    """Satoshis of a number of bitcoins: ASCII digits, at most 8 decimal places, at most 21 million."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise AmountError("an amount in bitcoins is written like 0.001, with at most 8 decimal places")
    return _within_money(int(match[1]) * COIN + int((match[2] or "").ljust(8, "0")))


def parse_amount(text: str) -> Sats:
    """Satoshis of what a person typed: "1500" is satoshis, "0.001btc" is bitcoins. Raises `AmountError`."""
    text = text.strip()
    if match := _SATOSHIS.fullmatch(text):
        return _within_money(int(match[1]))
    if match := _BITCOINS.fullmatch(text):
        return parse_btc(match[1])
    raise AmountError("an amount is a whole number of satoshis, like 1500, or bitcoins with their unit, like 0.001btc")


def format_btc(sats: Sats) -> str:
    """Bitcoins with all 8 decimal places, "-" in front when negative."""
    whole, rest = divmod(abs(sats), COIN)
    return f"{'-' if sats < 0 else ''}{whole}.{rest:08d}"


@dataclass(frozen=True, slots=True, order=True)
class FeeRate:
    """Satoshis per 1,000 virtual bytes, whole and never negative."""

    sat_per_kvb: int

    def __post_init__(self) -> None:
        if not 0 <= self.sat_per_kvb <= MAX_MONEY:
            raise AmountError("a fee rate is between nothing and all the money there is")

    @classmethod
    def from_sat_per_vb(cls, rate: Decimal | str | float) -> Self:
        """From satoshis per virtual byte; what is finer than 0.001 is rounded up. Raises `AmountError`."""
        text = rate if isinstance(rate, str) else format(Decimal(str(rate)), "f")
        if _RATE.fullmatch(text.strip()) is None:
            raise AmountError("a fee rate is a number of satoshis per virtual byte, like 12 or 1.5")
        return cls(int((Decimal(text) * 1000).to_integral_value(ROUND_CEILING)))

    @property
    def sat_per_vb(self) -> float:
        """Satoshis per virtual byte, to show."""
        return self.sat_per_kvb / 1000

    def fee(self, vsize: int) -> Sats:
        """The fee of `vsize` virtual bytes, rounded up to a whole satoshi."""
        if vsize < 0:
            raise ValueError(f"a size is never negative: {vsize}")
        return -(-self.sat_per_kvb * vsize // 1000)

    @override
    def __str__(self) -> str:
        return f"{self.sat_per_vb:.3f}".rstrip("0").rstrip(".") + " sat/vB"
