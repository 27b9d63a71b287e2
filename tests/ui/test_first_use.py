"""What somebody meets who knows nothing but what the window shows: each was seen to go wrong by using it."""

import re
from datetime import UTC, datetime
from typing import Final

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QTableView, QWidget

from tests.ui.access import spoken
from tests.ui.paying import address_of, open_send, review, send
from tests.ui.play import PASSWORD, Live
from wallet.engine import api
from wallet.ui.models.history import Column, status_words, title_of
from wallet.ui.news import what_is_new
from wallet.ui.pages.address import AddressDialog
from wallet.ui.pages.coin import CoinDialog
from wallet.ui.pages.mend import MendDialog
from wallet.ui.pages.request import RequestDialog
from wallet.ui.pages.restore import RestorePage
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.practice.band import hint_of
from wallet.ui.practice.steps import Step
from wallet.ui.window import Window

FIGURES: Final = re.compile(r"\d[\d.,\s]*\s*(sat\b(?!/)|BTC|satoshi|%)")
CONTROL: Final = Qt.KeyboardModifier.ControlModifier
HIDE: Final = CONTROL | Qt.KeyboardModifier.ShiftModifier


def told(widget: QWidget) -> set[str]:
    """Everything that a window shows or says aloud, tables left out."""
    found: set[str] = set()
    for each in (widget, *widget.findChildren(QWidget)):
        if each.isVisible():
            found |= {spoken(each), each.toolTip(), each.accessibleDescription()}
            found |= {each.text()} if isinstance(each, QLabel | QAbstractButton) else set()
            found |= {each.placeholderText()} if isinstance(each, QLineEdit) else set()
    return found


def amounts(widget: QWidget) -> set[str]:
    return {text for text in told(widget) if FIGURES.search(text)}


# --- hidden amounts ---------------------------------------------------------------------------------------------------


def test_what_is_refused_names_amounts_as_all_others_are_shown(live: Live) -> None:
    page = open_send(live, 200_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("99000000")
    page.form.review_button.click()
    field = page.form.payees.first.amount_field
    live.wait(lambda: field.error, "the refusal")
    assert "and 200,000\u00a0sat can be spent" in field.error
    live.press(page, Qt.Key.Key_H, HIDE)
    assert "can be spent" in field.error
    assert amounts(page) == set()
    live.press(page, Qt.Key.Key_H, HIDE)
    assert "and 200,000\u00a0sat can be spent" in field.error


def test_amounts_are_hidden_from_within_every_dialog(live: Live) -> None:
    page = open_send(live, 200_000, 90_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("120000")
    review(live, page)
    txid = send(live, page)
    payment = TransactionDialog(live.context, txid, page)
    payment.show()
    live.settle()
    mending = MendDialog(live.context, txid, "speed-up", payment)
    mending.show()
    live.settle()
    assert any("It pays" in text and "sat/vB now" in text.replace("\u00a0", " ") for text in told(mending))
    mending.rate.next.click()
    live.wait(lambda: mending.review.shown, "the review")
    (coin, *_) = live.ask(api.GetCoins())
    for dialog in (payment, mending, CoinDialog(live.context, coin, 0, page)):
        dialog.show()
        live.settle()
        assert amounts(dialog)
        live.press(dialog, Qt.Key.Key_H, HIDE)
        assert live.context.preferences.hidden
        assert amounts(dialog) == set()
        live.press(dialog, Qt.Key.Key_H, HIDE)
        assert not live.context.preferences.hidden


def test_a_code_is_not_read_out_with_its_amount(live: Live) -> None:
    _, shell = live.begin()
    asked = live.ask(api.GetReceiveAddress(label="Rent", amount=250_000))
    dialog = RequestDialog(live.context, asked.address, shell)
    dialog.show()
    live.wait(lambda: asked.address in spoken(dialog.qr), "the code")
    live.press(dialog, Qt.Key.Key_H, HIDE)
    assert not any("0.0025" in text or "250,000" in text for text in told(dialog))


def test_ctrl_l_locks_from_within_every_dialog(live: Live) -> None:
    window, shell = live.begin()
    live.ask(api.GetReceiveAddress())
    row = live.ask(api.GetAddresses())[0]
    dialog = AddressDialog(live.context, row, shell)
    dialog.show()
    live.settle()
    live.press(dialog, Qt.Key.Key_L, CONTROL)
    live.wait(lambda: window.shell is None, "the lock")


# --- what was asked for -----------------------------------------------------------------------------------------------


def test_what_a_request_was_for_stands_beside_the_payment_that_came(live: Live) -> None:
    """In the history, on the overview, where it is found, in its own window and in what is told of it."""
    _, shell = live.begin()
    asked = live.ask(api.GetReceiveAddress(label="Rent December", amount=250_000))
    txid = live.fund(250_000, address=asked.address)
    (row,) = live.ask(api.ListHistory()).rows
    assert (row.label, row.about) == ("", "Rent December")
    assert row in live.ask(api.GetHistory(1))
    shell.sidebar.choose("history")
    live.settle()
    table = shell.page("history").findChild(QTableView)
    assert isinstance(table, QTableView)
    assert table.model().index(0, Column.LABEL).data() == "Rent December"
    shell.sidebar.choose("overview")
    live.wait(lambda: "Rent December" in told(shell), "the overview")
    assert {hit.label for hit in live.ask(api.Search("250000")).hits if hit.kind == "tx"} == {"Rent December"}
    assert [news.label for news in what_is_new({}, [row], row.time or datetime.now(UTC))] == ["Rent December"]
    dialog = TransactionDialog(live.context, txid, shell)
    dialog.show()
    live.wait(lambda: dialog.label.placeholderText() == "Rent December", "the payment")
    assert not dialog.label.text()
    live.ask(api.SetLabel("tx", txid, "Paid at last"))
    (row,) = live.ask(api.ListHistory()).rows
    assert (row.label, row.about) == ("Paid at last", "")


# --- further wallets --------------------------------------------------------------------------------------------------


def test_a_further_wallet_is_offered_a_name_that_is_free_and_one_without_keys_is_told_so(live: Live) -> None:
    live.begin()
    xpub = re.search(r"[tuv]pub\w+", live.ask(api.GetDescriptors())[0].descriptor)
    assert xpub is not None
    live.ask(api.CreateWallet("Default", PASSWORD, vault="file"))
    page = RestorePage(live.context)
    live.show(page)
    assert page.seal.name.text() == "default-2"
    page.box.setPlainText(xpub[0])
    page.continue_button.click()
    live.wait(page.seal.isVisible, "the password's page")
    said = " ".join(told(page.seal))
    assert "gets no keys" in said
    assert not re.search("your keys|can spend|when you pay", said, re.IGNORECASE)
    page.seal.name.setText("play")
    page.seal.password.first.setText(PASSWORD)
    page.seal.password.second.setText(PASSWORD)
    page.seal.next.click()
    live.wait(lambda: page.seal.name_field.error, "the refusal")
    assert "--" not in page.seal.name_field.error


# --- paying -----------------------------------------------------------------------------------------------------------


def test_spendable_is_what_a_payment_can_take_now(live: Live) -> None:
    """Not what is frozen, nor what a payment that waits has taken; its change counts."""
    page = open_send(live, 200_000, 90_000, 40_000)
    assert page.form.available.sats == 330_000
    frozen = next(coin.outpoint for coin in live.ask(api.GetCoins()) if coin.amount == 40_000)
    live.ask(api.FreezeCoins((frozen,), frozen=True))
    live.wait(lambda: page.form.available.sats == 290_000, "the frozen coin to be left out")
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("50000")
    fee = review(live, page).fee
    send(live, page)
    page.sent.again.click()
    live.wait(lambda: page.form.available.sats == 240_000 - fee, "what was paid to be left out")


def test_a_payment_that_nobody_has_is_not_called_sent(live: Live) -> None:
    page = open_send(live, 200_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("50000")
    review(live, page)
    live.run(live.world.close())
    window = page.window()
    assert isinstance(window, Window)
    shell = window.shell
    assert shell is not None
    live.wait(lambda: shell.status is not None and not shell.status.peers, "the peer to be gone")
    shown = page.review.shown
    assert shown is not None
    result = live.ask(api.SendPayment(shown.id, PASSWORD, timeout=0.2))
    page.sent.show_result(result)
    page.steps.setCurrentWidget(page.sent)
    live.settle()
    assert "Not sent yet" in told(page.sent)
    assert "Sent" not in told(page.sent)
    (row, *_) = live.ask(api.GetHistory())
    assert (row.status, title_of(row)) == ("local", "To be sent")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "seen_by", "words"),
    [
        (5, 0, "Unverified, seen by 0 peers"),
        (5, 1, "Unverified, seen by 1 peer"),
        (-5, 0, "Sent, waiting"),
        (-5, 1, "Sent, seen by 1 peer"),
        (-5, 2, "Sent, seen by 2 peers"),
    ],
)
def test_one_peer_is_one_peer(amount: int, seen_by: int, words: str) -> None:
    row = api.HistoryRow("ab" * 32, None, None, amount, None, "", "pending", False, None, seen_by)
    assert status_words(row) == words


def test_the_guide_says_where_the_proof_and_the_bakery_are_to_be_had() -> None:
    assert "Mine a block" in hint_of(Step.PROOF)
    assert "Show me" in hint_of(Step.SEND)
