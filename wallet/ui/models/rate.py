"""Amounts in money of the user's own rate, shown and typed; what is paid is always satoshis."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from PySide6.QtCore import QLocale

from wallet.bitcoin.amount import COIN, MAX_MONEY, AmountError, Sats
from wallet.engine import api
from wallet.ui.text import NO_BREAK, decimal_mark, read_decimal, safe_text, translate

_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rate:
    """What one bitcoin is worth."""

    value: Decimal
    currency: str

    def worth(self, sats: Sats) -> Decimal:
        """What satoshis are worth, to the hundredth."""
        return (self.value * sats / COIN).quantize(_CENT, ROUND_HALF_EVEN)

    def sats(self, money: Decimal) -> Sats:
        """How many satoshis are worth about so much. Raises `AmountError` for more than there are, and for none."""
        found = int((money * COIN / self.value).to_integral_value(ROUND_HALF_EVEN))
        if found > MAX_MONEY:
            raise AmountError(translate("There are never more than 21 million bitcoins."))
        if found == 0:
            raise AmountError(translate("The amount is zero."))
        return found


def rate_of(report: api.RateReport) -> Rate | None:
    """The rate that a report tells; None where it is off, or its source says nothing."""
    if report.rate is None:
        return None
    try:
        value = Decimal(report.rate)
    except InvalidOperation:
        return None
    return Rate(value, safe_text(report.currency)) if value.is_finite() and value > 0 else None


def typed_money(money: Decimal) -> str:
    """Money as one would type it."""
    return format(money, "f").replace(".", decimal_mark())


def read_money(text: str, rate: Rate) -> Sats:
    """The satoshis of the money that a person typed. Raises `AmountError`, whose text says what to type instead."""
    whole, rest = read_decimal(text)
    if len(rest) > 2:
        raise AmountError(translate("Type at most 2 decimal places."))
    if len(whole) > 16:
        raise AmountError(translate("There are never more than 21 million bitcoins."))
    return rate.sats(Decimal(f"{whole or '0'}.{rest or '0'}"))


def format_worth(sats: Sats, rate: Rate) -> str:
    """About what satoshis are worth: ≈ 31.02 EUR."""
    whole, _, rest = format(rate.worth(sats), "f").partition(".")
    return f"≈{NO_BREAK}{QLocale().toString(int(whole))}{QLocale().decimalPoint()}{rest}{NO_BREAK}{rate.currency}"
