"""Coins that were chosen on another page pay this payment, and no other."""

import pytest
from PySide6.QtWidgets import QLabel

from tests.ui.paying import address_of, open_send, pay, review
from tests.ui.play import Live
from wallet.engine import api
from wallet.ui.pages.send import SendPage


@pytest.fixture
def page(live: Live) -> SendPage:
    return open_send(live, 30_000, 50_000, 70_000)


def outpoints(live: Live, *amounts: int) -> tuple[str, ...]:
    return tuple(coin.outpoint for coin in live.ask(api.GetCoins()) if coin.amount in amounts)


def test_chosen_coins_pay_and_no_others(live: Live, page: SendPage) -> None:
    chosen = outpoints(live, 30_000, 70_000)
    page.form.label.setText("already typed")
    page.use_coins(chosen, 100_000)
    assert page.form.coins.text.replace("\u00a0", " ") == "Pays with 2 chosen coins (100,000 sat)"
    assert page.form.available.sats == 100_000
    assert page.form.label.text() == "already typed"
    page.form.recipient.setText(address_of(live))
    page.form.max.click()
    paid = pay(live, page)
    assert sorted(end.amount or 0 for end in paid.inputs) == [30_000, 70_000]
    (output,) = paid.outputs
    assert output.amount == 100_000 - (paid.row.fee or 0)
    assert [coin.amount for coin in live.ask(api.GetCoins())] == [50_000]
    page.sent.again.click()
    assert not page.form.coins.outpoints
    assert not page.form.coins.isVisible()


def test_the_choice_can_be_dropped(live: Live, page: SendPage) -> None:
    page.use_coins(outpoints(live, 30_000), 30_000)
    assert "1 chosen coin (" in page.form.coins.text
    page.form.coins.drop_button.click()
    assert not page.form.coins.isVisible()
    assert page.form.available.sats == 150_000
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("120000")
    paid = pay(live, page)
    assert 120_000 in [end.amount for end in paid.outputs]


def test_the_review_says_which_coins_were_chosen(live: Live, page: SendPage) -> None:
    page.use_coins(outpoints(live, 50_000), 50_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("20000")
    prepared = review(live, page)
    assert "From 1 coin of yours, as chosen" in [label.text() for label in page.review.findChildren(QLabel)]
    assert [end.amount for end in prepared.inputs] == [50_000]


def test_coins_that_are_too_few_are_said_beside_the_amount(live: Live, page: SendPage) -> None:
    page.use_coins(outpoints(live, 30_000), 30_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("40000")
    page.form.review_button.click()
    live.wait(lambda: page.form.amount_field.error, "the engine's word")
    assert page.form.coins.outpoints
    assert page.form.amount.value() == 40_000
