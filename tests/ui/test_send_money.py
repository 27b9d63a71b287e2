"""Amounts in money of the user's own rate: shown and typed; satoshis are what is paid."""

from decimal import Decimal

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QLabel

from tests.ui.paying import address_of, mined, open_send, review, send
from tests.ui.play import Live
from wallet.bitcoin.amount import MAX_MONEY, AmountError
from wallet.engine import api
from wallet.ui.models.rate import Rate, format_worth, rate_of, read_money
from wallet.ui.pages.send import SendPage
from wallet.ui.text import Unit
from wallet.ui.widgets.amount import MONEY

EURO = Rate(Decimal(50_000), "EUR")


def open_with_rate(live: Live, rate: str) -> SendPage:
    """The page in a wallet whose owner has typed a rate."""
    live.ask(api.SetRate("hand", "EUR", (rate,)))
    page = open_send(live, 200_000)
    live.settle()
    return page


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_money_is_typed_and_satoshis_are_paid(live: Live) -> None:
    page = open_with_rate(live, "50000")
    page.form.recipient.setText(address_of(live))
    page.form.amount.units.choose(MONEY)
    live.type(page.form.amount.box, "12.50")
    assert plain(page.form.payees.first.worth.text()) == "= 25,000 sat"
    review(live, page)
    said = [plain(label.text()) for label in page.review.findChildren(QLabel)]
    assert "0.00025000 BTC · ≈ 12.50 EUR" in said
    paid = mined(live, send(live, page))
    assert 25_000 in [end.amount for end in paid.outputs]


def test_satoshis_stay_what_they_are_however_often_the_unit_is_changed(live: Live) -> None:
    page = open_with_rate(live, "61234.56")
    live.type(page.form.amount.box, "33333")
    assert plain(page.form.payees.first.worth.text()) == "≈ 20.41 EUR"
    page.form.amount.units.choose(MONEY)
    assert page.form.amount.box.text() == "20.41"
    page.form.amount.units.choose(Unit.BTC)
    page.form.amount.units.choose(Unit.SAT)
    assert page.form.amount.value() == 33_333


def test_nothing_is_said_of_money_where_there_is_no_rate(live: Live) -> None:
    page = open_with_rate(live, "50000")
    live.type(page.form.amount.box, "20000")
    page.form.amount.units.choose(MONEY)
    live.ask(api.SetRate("off"))
    page.hide()
    page.show()
    live.settle()
    assert page.form.amount.value() == 20_000
    assert not page.form.amount.in_money
    assert not page.form.payees.first.worth.isVisible()


def test_a_new_rate_keeps_the_money_that_was_typed(live: Live) -> None:
    page = open_with_rate(live, "50000")
    page.form.amount.units.choose(MONEY)
    live.type(page.form.amount.box, "10")
    assert page.form.amount.value() == 20_000
    live.ask(api.SetRate("hand", "EUR", ("40000",)))
    page.hide()
    page.show()
    live.settle()
    assert page.form.amount.box.text() == "10"
    assert page.form.amount.value() == 25_000


@pytest.mark.parametrize(("text", "sats"), [("1", 2_000), ("0.01", 20), ("12.5", 25_000), (" 1 000 ", 2_000_000)])
def test_money_is_read_to_the_satoshi(text: str, sats: int) -> None:
    assert read_money(text, EURO) == sats


@pytest.mark.parametrize("text", ["", "0", "0.00", "-1", "1,5", "1.234", "1e3", "٣", "9" * 20, "1050000000001"])
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        read_money(text, EURO)


def test_a_decimal_comma_is_one_where_it_is_the_custom() -> None:
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    assert read_money("12,5", EURO) == 25_000
    with pytest.raises(AmountError, match="decimal mark"):
        read_money("12.5", EURO)
    assert plain(format_worth(2_500_000_000, EURO)) == "≈ 1.250.000,00 EUR"


def test_all_the_money_there_is_is_worth_something() -> None:
    assert EURO.sats(EURO.worth(MAX_MONEY)) == MAX_MONEY


@pytest.mark.parametrize("rate", [None, "0", "-1", "nan", "inf", "words"])
def test_a_rate_that_is_none_is_none(rate: str | None) -> None:
    assert rate_of(api.RateReport("file", "EUR", rate, None, ("x",))) is None
