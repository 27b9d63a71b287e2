"""What somebody meets who knows nothing but what the window shows: each was seen to go wrong by using it."""

import re
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from tests.ui.access import spoken
from tests.ui.paying import address_of, open_send, review, send
from tests.ui.play import Live
from wallet.engine import api
from wallet.ui.pages.address import AddressDialog
from wallet.ui.pages.coin import CoinDialog
from wallet.ui.pages.mend import MendDialog
from wallet.ui.pages.transaction import TransactionDialog

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


def test_ctrl_l_locks_from_within_every_dialog(live: Live) -> None:
    window, shell = live.begin()
    live.ask(api.GetReceiveAddress())
    row = live.ask(api.GetAddresses())[0]
    dialog = AddressDialog(live.context, row, shell)
    dialog.show()
    live.settle()
    live.press(dialog, Qt.Key.Key_L, CONTROL)
    live.wait(lambda: window.shell is None, "the lock")
