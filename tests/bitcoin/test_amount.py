"""Satoshis and fee rates."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin.amount import COIN, MAX_MONEY, AmountError, FeeRate, format_btc, parse_amount, parse_btc


@pytest.mark.parametrize(
    ("text", "sats"),
    [
        ("0", 0),
        ("1500", 1500),
        (" 1500\n", 1500),
        ("1500sat", 1500),
        ("1500 sats", 1500),
        ("0.001btc", 100_000),
        ("0.001 BTC", 100_000),
        ("1btc", COIN),
        ("0.00000001btc", 1),
        ("21000000btc", MAX_MONEY),
        (str(MAX_MONEY), MAX_MONEY),
    ],
)
def test_amounts_that_people_type(text: str, sats: int) -> None:
    assert parse_amount(text) == sats


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "0.5",
        "1e3",
        "1_000",
        "1,000",
        "1 000",
        "0x10",
        "\u0661\u0665",  # digits, but not ASCII
        "\uff11\uff15",
        "1.btc",
        ".5btc",
        "1..5btc",
        "0.000000001btc",
        "1mbtc",
        "1 bits",
        "btc",
        "nanbtc",
        "max",
        str(MAX_MONEY + 1),
        "21000000.00000001btc",
        "9" * 400,
    ],
)
def test_what_is_not_plainly_an_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text)


def test_a_long_s_is_no_unit() -> None:
    """Case folding beyond ASCII would let other letters through."""
    with pytest.raises(AmountError):
        parse_amount("1 \u017fat")


@given(st.integers(0, MAX_MONEY))
def test_bitcoins_come_back_to_the_satoshi(sats: int) -> None:
    assert parse_btc(format_btc(sats)) == sats
    assert parse_amount(format_btc(sats) + "btc") == sats


def test_bitcoins_show_eight_places() -> None:
    assert format_btc(1) == "0.00000001"
    assert format_btc(-150_000_000) == "-1.50000000"
    assert format_btc(-1) == "-0.00000001"
    assert format_btc(0) == "0.00000000"


@pytest.mark.parametrize(
    ("rate", "sat_per_kvb"),
    [
        ("1", 1000),
        ("1.5", 1500),
        (12, 12_000),
        (0.1, 100),
        (Decimal("2.0001"), 2001),
        ("0.0000001", 1),
        ("0", 0),
        (1e-7, 1),
    ],
)
def test_fee_rates_are_read_exactly_and_never_rounded_down(rate: Decimal | str | float, sat_per_kvb: int) -> None:
    assert FeeRate.from_sat_per_vb(rate).sat_per_kvb == sat_per_kvb


@pytest.mark.parametrize(
    "rate", ["", "-1", "nan", "inf", "1e3", "1_0", "\u0661", "1,5", float("nan"), float("inf"), -0.5, "9" * 16]
)
def test_what_is_no_fee_rate_is_refused(rate: str | float) -> None:
    with pytest.raises(AmountError):
        FeeRate.from_sat_per_vb(rate)


def test_a_fee_rate_is_never_negative() -> None:
    with pytest.raises(AmountError):
        FeeRate(-1)
    with pytest.raises(AmountError):
        FeeRate(MAX_MONEY + 1)
    with pytest.raises(ValueError, match="never negative"):
        FeeRate(1000).fee(-1)


def test_fees_round_up() -> None:
    assert FeeRate(1000).fee(141) == 141
    assert FeeRate(1001).fee(141) == 142
    assert FeeRate(1).fee(1) == 1
    assert FeeRate(0).fee(1000) == 0
    assert FeeRate(1500).fee(0) == 0


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_fee_is_the_least_that_reaches_the_rate(rate: int, vsize: int) -> None:
    assert FeeRate(rate).fee(vsize) == ceil(Fraction(rate * vsize, 1000))


def test_fee_rates_are_ordered_and_readable() -> None:
    assert FeeRate(999) < FeeRate(1000) <= FeeRate(1000)
    assert max(FeeRate(5), FeeRate(7)) == FeeRate(7)
    assert FeeRate(1500).sat_per_vb == 1.5
    assert str(FeeRate(1500)) == "1.5 sat/vB"
    assert str(FeeRate(12_345_678)) == "12345.678 sat/vB"
