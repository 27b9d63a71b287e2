"""Sweeping a private key in the window: looked for, reviewed, moved; the key goes once it was used."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from tests.ui.fits import unfitting
from tests.ui.play import PASSWORD, Live
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.network import NETWORKS, REGTEST
from wallet.bitcoin.script import p2pkh, p2wpkh
from wallet.engine import api
from wallet.keys.wif import WifKey, format_wif
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.pages.sweep import SweepDialog
from wallet.ui.text import in_fours
from wallet.ui.window import Window

KEY = WifKey(bytearray((7).to_bytes(32, "big")), is_compressed=True)
WIF = format_wif(KEY, NETWORKS["regtest"])


def tool(live: Live) -> SweepDialog:
    _, shell = live.begin()
    shell.sidebar.choose("settings")
    live.settle()
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    page.tools.sweep_button.click()
    live.settle()
    dialog = page.tools.opened
    assert isinstance(dialog, SweepDialog)
    return dialog


def fill(live: Live, *amounts: int) -> None:
    """Put money on the key, on its old and its new address."""
    for script, amount in zip((p2wpkh(hash160(KEY.public_key)), p2pkh(hash160(KEY.public_key))), amounts, strict=False):
        address = address_from_script(script, REGTEST)
        assert address is not None
        live.order(f"pay {address} {amount}")
    live.mine()


def test_a_keys_coins_are_found_reviewed_and_moved(live: Live) -> None:
    dialog = tool(live)
    fill(live, 70_000, 30_000)
    assert dialog.key.key.echoMode() is QLineEdit.EchoMode.Password
    dialog.key.key.setText(f" {WIF} ")
    dialog.key.button.click()
    assert dialog.key.stop_button.isVisible()
    assert not dialog.key.key.isEnabled()
    live.wait(dialog.review.isVisible, "the review")
    review = dialog.review.shown
    assert review is not None
    assert (review.coins, review.amount + review.fee) == (2, 100_000)
    dialog.resize(520, 600)
    live.settle()
    assert unfitting(dialog) == []
    shown = "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())
    assert "Found: 2 coins" in shown
    assert in_fours(live.ask(api.GetReceiveAddress()).address) in shown
    button = dialog.review.send_button
    assert not button.isEnabled()
    live.until(button.isEnabled, "moving to be armed")
    button.click()
    live.wait(dialog.sent.isVisible, "the money to be moved")
    assert dialog.key.key.text() == ""
    assert dialog.review.shown is None
    (row,) = live.ask(api.GetHistory())
    assert (row.txid, row.amount) == (dialog.sent.txid.text(), review.amount)
    assert WIF not in QGuiApplication.clipboard().text()
    dialog.close()


def test_what_is_wrong_is_said_where_it_is_wrong(live: Live) -> None:
    dialog = tool(live)
    dialog.key.button.click()
    assert "Type or paste" in dialog.key.key_field.error
    dialog.key.key.setText(WIF[:-1] + ("a" if WIF[-1] != "a" else "b"))
    assert dialog.key.key_field.error == ""
    dialog.key.button.click()
    live.settle()
    assert dialog.key.key_field.error
    assert dialog.key.key.isEnabled()
    dialog.key.key.setText(WIF)
    dialog.key.button.click()
    live.settle()
    assert "No coin of this key" in dialog.key.message.text
    assert dialog.key.isVisible()
    dialog.close()
    assert dialog.key.key.text() == ""


@pytest.mark.parametrize("shown", [False, True])
def test_the_key_is_never_copied(live: Live, shown: bool) -> None:
    dialog = tool(live)
    QGuiApplication.clipboard().setText("before")
    box = dialog.key.key
    box.setText(WIF)
    if shown:
        box.actions()[0].trigger()
    for key in (Qt.Key.Key_A, Qt.Key.Key_C):
        live.press(box, key, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "before"
    assert box.text() == WIF
    dialog.close()


def test_the_search_can_be_stopped(live: Live) -> None:
    dialog = tool(live)
    dialog.key.key.setText(WIF)
    dialog.key.button.click()
    dialog.key.stop_button.click()
    live.settle()
    assert not dialog.key.button.is_busy
    assert dialog.key.key.isEnabled()
    assert dialog.key.isVisible()
    assert not dialog.key.stop_button.isVisible()
    dialog.close()


@pytest.mark.parametrize("how", ["locked", "another is opened"])
def test_a_search_ends_when_the_wallet_goes(live: Live, how: str) -> None:
    dialog = tool(live)
    (window,) = (each for each in QApplication.topLevelWidgets() if isinstance(each, Window))
    dialog.key.key.setText(WIF)
    dialog.key.button.click()
    live.run(asyncio.sleep(0))  # it has begun
    if how == "locked":
        window.lock()
    else:
        made = live.ask(api.CreateWallet("another", PASSWORD, vault="file"))
        live.run(window.enter(made.wallet))
    live.settle()  # with what it began left undone, and no fault
    assert window.findChild(SweepDialog) is None


def test_an_absurd_fee_stops_the_sweep_until_its_number_is_typed(live: Live) -> None:
    dialog = tool(live)
    fill(live, 900_000)
    dialog.key.key.setText(WIF)
    dialog.key.fees.rate.setText("600")
    dialog.key.button.click()
    live.wait(dialog.key.accept_field.isVisible, "the stop")
    assert "accept it by its number" in dialog.key.message.text
    fee = int(dialog.key.message.text.split("fee of ")[1].split()[0])
    dialog.key.accept.set_value(fee - 1)
    dialog.key.button.click()
    live.settle()
    assert not dialog.review.isVisible()
    dialog.key.accept.set_value(fee)
    dialog.key.button.click()
    live.wait(dialog.review.isVisible, "the review")
    assert dialog.review.shown is not None
    assert dialog.review.shown.fee == fee
    dialog.close()
