"""Texts, amounts and times as people read and write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale

from wallet.bitcoin.amount import MAX_MONEY, AmountError
from wallet.ui.models.rate import Rate, read_money, typed_money
from wallet.ui.text import (
    MINUS,
    Unit,
    decimal_mark,
    format_amount,
    format_number,
    format_share,
    in_fours,
    read_amount,
    read_fee_rate,
    safe_text,
    sentence,
)
from wallet.ui.widgets.label import may_break


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("pay \u202eevil", "pay ⟨U+202E⟩evil"),
        ("a\nb\tc\0", "a⟨U+000A⟩b⟨U+0009⟩c⟨U+0000⟩"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("Grüße 雀", "Grüße 雀"),
    ],
)
def test_what_steers_or_hides_is_written_out(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_lines_of_our_own_stay_lines() -> None:
    assert safe_text("a\nb\u202e", lines=True) == "a\nb⟨U+202E⟩"


@given(st.text())
def test_no_text_keeps_a_steering_character(text: str) -> None:
    assert all(character.isprintable() or character.isspace() for character in safe_text(text))
    assert "\u202e" not in safe_text(text)


@given(st.text(alphabet="0123456789abcdef", min_size=1, max_size=80))
def test_groups_of_four_hold_the_whole_address(address: str) -> None:
    assert in_fours(address).replace(" ", "") == address
    assert all(len(group) == 4 for group in in_fours(address).split(" ")[:-1])


def test_amounts_always_have_their_unit() -> None:
    assert format_amount(1_234_567, Unit.SAT) == "1,234,567\u00a0sat"
    assert format_amount(-1_234_567, Unit.BTC) == f"{MINUS}0.01234567\u00a0BTC"
    assert format_amount(5, Unit.SAT, signed=True) == "+5\u00a0sat"


@given(st.integers(1, MAX_MONEY))
def test_what_is_shown_can_be_typed(sats: int) -> None:
    assert read_amount(format_number(sats, Unit.SAT).replace(",", ""), Unit.SAT) == sats
    assert read_amount(format_number(sats, Unit.BTC).replace(",", ""), Unit.BTC) == sats


@pytest.mark.parametrize(
    ("text", "unit", "sats"),
    [
        ("1500", Unit.SAT, 1500),
        (" 1 500 ", Unit.SAT, 1500),
        ("0.001", Unit.BTC, 100_000),
        (".5", Unit.BTC, 50_000_000),
        ("1.", Unit.BTC, 100_000_000),
        ("21000000", Unit.BTC, MAX_MONEY),
    ],
)
def test_plain_amounts_are_read(text: str, unit: Unit, sats: int) -> None:
    assert read_amount(text, unit) == sats


@pytest.mark.parametrize(
    ("text", "unit", "word"),
    [
        ("", Unit.SAT, "Type an amount"),
        ("1,500", Unit.SAT, "whole"),
        ("1.5", Unit.SAT, "whole"),
        ("1,500", Unit.BTC, "decimal mark or a thousand"),
        ("1.500.000", Unit.BTC, "decimal mark or a thousand"),
        ("0.123456789", Unit.BTC, "8 decimal"),
        ("21000001", Unit.BTC, "21 million"),
        ("2100000000000001", Unit.SAT, "21 million"),
        ("9" * 30, Unit.SAT, "21 million"),
        ("0", Unit.SAT, "zero"),
        ("0.000", Unit.BTC, "zero"),
        ("-5", Unit.SAT, "digits only"),
        ("1e3", Unit.SAT, "digits only"),
        ("٣", Unit.SAT, "digits only"),
        ("five", Unit.BTC, "digits only"),
        (".", Unit.BTC, "digits only"),
    ],
)
def test_an_ambiguous_or_impossible_amount_is_refused_with_a_reason(text: str, unit: Unit, word: str) -> None:
    with pytest.raises(AmountError, match=word):
        read_amount(text, unit)


def test_the_decimal_mark_is_the_locales() -> None:
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    assert read_amount("0,001", Unit.BTC) == 100_000
    with pytest.raises(AmountError, match="decimal mark or a thousand"):
        read_amount("0.001", Unit.BTC)
    assert format_number(123_456_789, Unit.BTC) == "1,23456789"
    assert read_fee_rate("1,5") == 1.5
    with pytest.raises(AmountError, match="1,5"):
        read_fee_rate("1.5")


def test_fee_rates() -> None:
    assert read_fee_rate("") is None
    assert read_fee_rate("12.5") == 12.5
    for text in ("abc", "-1", "1,5"):
        with pytest.raises(AmountError, match=r"like 1\.5"):
            read_fee_rate(text)
    with pytest.raises(AmountError, match="nobody"):
        read_fee_rate("0")


def test_a_share_is_never_rounded_to_nothing() -> None:
    assert format_share(282, 50_000) == "0.6\u00a0%"
    assert format_share(1, 10_000_000) == "<0.1\u00a0%"


@given(st.text())
def test_a_text_that_may_break_says_the_same(text: str) -> None:
    assert may_break(safe_text(text)).replace("\u200b", "") == safe_text(text)


def test_only_the_longest_words_may_break() -> None:
    assert may_break("an ordinary sentence of ours, with a Fernmeldeamtsleiter") == (
        "an ordinary sentence of ours, with a Fernmeldeamtsleiter"
    )
    assert may_break("x" * 30) == "\u200b".join(("x" * 12, "x" * 12, "x" * 6))


def test_a_sentence_begins_with_a_capital_but_an_address_stays_as_it_is() -> None:
    assert sentence("the coin was spent") == "The coin was spent."
    assert sentence("bcrt1qw508d is frozen: unfreeze it first") == "bcrt1qw508d is frozen: unfreeze it first."
    assert sentence("") == ""


@pytest.mark.parametrize("name", ["ar_EG", "fa_IR", "bn_BD", "de_DE", "fr_FR", "en_US"])
def test_in_every_locale_what_a_field_writes_can_be_read_and_nothing_is_guessed(name: str) -> None:
    QLocale.setDefault(QLocale(name))
    rate = Rate(Decimal(50_000), "EUR")
    mark = decimal_mark()
    assert read_amount(f"1{mark}50000001", Unit.BTC) == 150_000_001
    assert read_money(typed_money(Decimal("12.34")), rate) == 24_680
    assert read_fee_rate(f"1{mark}5") == 1.5
    other = "," if mark == "." else "."
    for text in (f"1{other}000", f"1{other}5", "1e3", "\uff11", "+1", "0x1", "\u0663\u066b\u0663\u066b\u0663", mark):
        for unit in Unit:
            with pytest.raises(AmountError):
                read_amount(text, unit)
        with pytest.raises(AmountError):
            read_money(text, rate)


def test_the_locales_own_digits_are_read() -> None:
    QLocale.setDefault(QLocale("ar_EG"))
    assert read_amount("\u0661\u0665\u0660\u0660", Unit.SAT) == 1_500
    assert read_amount("\u0660\u066b\u0660\u0661", Unit.BTC) == 1_000_000
    with pytest.raises(AmountError):
        read_amount("\u06f1\u06f5\u06f0\u06f0", Unit.SAT)  # Persian
