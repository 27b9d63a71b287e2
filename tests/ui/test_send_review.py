"""The review: everything that will be, everything worth a look, and a word when it no longer holds."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel

from tests.ui.paying import address_of, mined, open_send, review, send, warned
from tests.ui.play import Live
from wallet.bitcoin.psbt import Psbt
from wallet.engine import api
from wallet.ui.pages.psbt import PsbtDialog
from wallet.ui.pages.review import ARM_MS
from wallet.ui.pages.send import SendPage
from wallet.ui.text import Unit

XPUB = "tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M"
"""Of "abandon abandon … about", m/84h/1h/0h."""
KNOWN = "bcrt1q9q5j52ev95hz7vp3xgengdfkxuurjw3m58r49z"
LOOK_ALIKE = "bcrt1q9q5j52evqqqqqqqqqqqqqqqqqp79yw3mzhx49z"
"""Begins and ends like the known one."""


def texts(page: SendPage) -> list[str]:
    """What the review says, in plain spaces."""
    labels = page.review.findChildren(QLabel)
    return [label.text().replace("\u00a0", " ") for label in labels if label.isVisible()]


def fill(page: SendPage, address: str, amount: str = "30000") -> None:
    page.form.recipient.setText(address)
    page.form.amount.box.setText(amount)


def test_an_address_that_was_paid_and_one_of_ones_own_are_noticed(live: Live) -> None:
    page = open_send(live, 200_000)
    fill(page, address_of(live))
    review(live, page)
    assert warned(page) == []
    mined(live, send(live, page))
    page.sent.again.click()
    own = live.ask(api.GetReceiveAddress()).address
    fill(page, address_of(live))
    other = page.form.payees.add()
    other.recipient.setText(own)
    other.amount.box.setText("20000")
    review(live, page)
    assert warned(page) == [
        f"The address {address_of(live)} was paid before: a fresh one keeps both sides more private.",
        f"The address {own} is an address of this wallet.",
    ]
    assert "To an address of your own" in texts(page)


def test_a_high_fee_must_be_typed_and_what_is_too_little_for_change_is_told(live: Live) -> None:
    page = open_send(live, 200_000)
    fill(page, address_of(live), "100000")
    page.form.rate.setText("700")
    shown = review(live, page)
    assert any("more than 500 satoshis per virtual byte" in each for each in warned(page))
    live.run(asyncio.sleep((ARM_MS + 300) / 1_000))
    assert not page.review.send_button.isEnabled()
    page.review.accept.box.setText(str(shown.fee))
    page.review.accept_button.click()
    live.wait(lambda: page.review.shown is not shown, "the fee to be accepted")
    txid = send(live, page)
    paid = mined(live, txid)
    assert paid.row.fee == shown.fee
    page.sent.again.click()
    (coin,) = live.ask(api.GetCoins())
    fill(page, address_of(live, "Friend"), str(coin.amount - 300))
    page.form.rate.setText("1")
    review(live, page)
    assert any("too little for change" in each for each in warned(page))


def test_coins_of_two_labels_are_not_linked_without_a_word(live: Live) -> None:
    page = open_send(live, 50_000, 70_000)
    coins = live.ask(api.GetCoins())
    for coin, label in zip(coins, ("Salary", "Gift"), strict=True):
        live.ask(api.SetLabel("output", coin.outpoint, label))
    page.use_coins(tuple(coin.outpoint for coin in coins), 120_000)
    fill(page, address_of(live), "100000")
    review(live, page)
    assert any("“Gift”, “Salary”" in each for each in warned(page))
    assert "From 2 coins of yours, as chosen" in texts(page)


def test_a_look_alike_of_somebody_paid_is_named(live: Live) -> None:
    page = open_send(live, 200_000)
    live.ask(api.SetContact("Ana", KNOWN))
    fill(page, LOOK_ALIKE)
    review(live, page)
    assert any(f"{LOOK_ALIKE} only looks like {KNOWN}" in each for each in warned(page))


def test_the_figures_are_those_of_the_payment(live: Live) -> None:
    page = open_send(live, 200_000)
    fill(page, address_of(live))
    page.form.rate.setText("3")
    shown = review(live, page)
    assert shown.change == 200_000 - 30_000 - shown.fee
    said = texts(page)
    for amount in (30_000, shown.fee, 30_000 + shown.fee, shown.change, 200_000):
        assert f"{amount:,} sat" in said
    assert "0.00030000 BTC" in said
    assert any("3.00 sat/vB" in each and "% of the amount" in each for each in said)
    live.context.preferences.set_unit(Unit.BTC)
    live.settle()
    said = texts(page)
    assert "30,000 sat" in said
    assert any(f"{shown.fee} sat · 3.00 sat/vB" in each for each in said)
    live.context.preferences.set_hidden(True)
    live.settle()
    assert not [each for each in texts(page) if "30,000" in each or "0.0003" in each or f"{shown.fee} sat" in each]


def test_a_review_that_no_longer_holds_says_so_and_is_made_anew(live: Live) -> None:
    page = open_send(live, 50_000, 60_000)
    fill(page, address_of(live))
    shown = review(live, page)
    live.wait(page.review.send_button.isEnabled, "Send to arm")
    spent = shown.inputs[0].amount
    (coin,) = [coin for coin in live.ask(api.GetCoins()) if coin.amount == spent]
    live.ask(api.SetFrozen(coin.outpoint, True))
    live.wait(page.review.outdated.isVisible, "a word that it no longer holds")
    assert coin.outpoint in page.review.outdated.text
    assert not page.review.send_button.isEnabled()
    page.review.again_button.click()
    live.wait(lambda: page.review.shown is not shown, "another review")
    assert not page.review.outdated.isVisible()
    paid = mined(live, send(live, page))
    assert [end.amount for end in paid.inputs] == [110_000 - (spent or 0)]


def test_a_payment_that_comes_in_disturbs_no_review(live: Live) -> None:
    page = open_send(live, 50_000)
    fill(page, address_of(live))
    shown = review(live, page)
    live.fund(70_000)
    live.settle()
    assert page.review.shown is shown
    assert not page.review.outdated.isVisible()


def test_the_result_goes_on_to_tell_until_a_block_has_it(live: Live) -> None:
    page = open_send(live, 50_000)
    fill(page, address_of(live))
    review(live, page)
    txid = send(live, page)
    assert page.sent.message.text.startswith("Sent to 1 peer, not seen back yet")
    mined(live, txid)
    live.wait(lambda: page.sent.message.text == "A block has it, and Wren has checked the proof.", "the proof")
    opened: list[str] = []
    page.opened.connect(opened.append)
    page.sent.show_button.click()
    live.settle()
    assert opened == [txid]


def test_a_wallet_without_keys_hands_out_what_is_to_be_signed(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, _ = live.begin()
    live.ask(api.CloseWallet())
    made = live.ask(api.RestoreWallet("watch", XPUB, None, types=("p2wpkh",)))
    live.run(window.enter(made.wallet))
    shell = window.shell
    assert shell is not None
    live.wait(lambda: shell.status is not None and shell.status.synced, "the window to be synced")
    live.fund(90_000)
    shell.sidebar.choose("send")
    live.settle()
    page = shell.page("send")
    assert isinstance(page, SendPage)
    fill(page, address_of(live))
    shown = review(live, page)
    assert not page.review.send_button.isVisible()
    assert not page.review.password.isVisible()
    target = tmp_path / "payment.psbt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(target), "")))
    handout = page.review.handout
    handout.save_button.click()
    live.wait(lambda: handout.message.text, "the file")
    written = Psbt.parse(target.read_bytes())
    assert written == Psbt.from_base64(shown.psbt)
    assert 30_000 in [output.amount for output in written.transaction.outputs]
    handout.copy_button.click()
    handout.open_button.click()
    live.settle()
    (dialog,) = page.findChildren(PsbtDialog)
    assert dialog.psbt == written
    dialog.close()
