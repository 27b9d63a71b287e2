"""Where a wallet has several accounts, the one that is chosen pays, and no other."""

from PySide6.QtWidgets import QLabel

from tests.ui.paying import address_of, mined, open_send, review, send
from tests.ui.play import PASSWORD, Live
from wallet.engine import api


def test_the_chosen_account_pays(live: Live) -> None:
    page = open_send(live, 80_000)
    assert not page.form.account_row.isVisible()
    live.ask(api.NewAccount(PASSWORD))
    live.fund(50_000, address=live.ask(api.GetReceiveAddress(account=1)).address)
    live.settle()
    assert page.form.account_row.isVisible()
    assert page.form.available.sats == 80_000
    page.form.account.choose("1")
    assert page.form.available.sats == 50_000
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("60000")
    page.form.review_button.click()
    live.wait(lambda: page.form.amount_field.error, "the engine's word")
    page.form.amount.box.setText("30000")
    review(live, page)
    assert "Account 2" in [label.text() for label in page.review.findChildren(QLabel) if label.isVisible()]
    paid = mined(live, send(live, page))
    assert [end.amount for end in paid.inputs] == [50_000]
    assert 30_000 in [end.amount for end in paid.outputs]


def test_chosen_coins_may_lie_anywhere(live: Live) -> None:
    page = open_send(live, 80_000)
    live.ask(api.NewAccount(PASSWORD))
    live.fund(50_000, address=live.ask(api.GetReceiveAddress(account=1)).address)
    live.settle()
    coins = live.ask(api.GetCoins())
    page.use_coins(tuple(coin.outpoint for coin in coins), 130_000)
    assert not page.form.account_row.isVisible()
    page.form.recipient.setText(address_of(live))
    page.form.max.click()
    shown = review(live, page)
    assert sorted(end.amount or 0 for end in shown.inputs) == [50_000, 80_000]
