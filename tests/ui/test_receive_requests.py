"""Requests for payment: made, followed, opened again, put away and forgotten, with the real engine."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton

from tests.ui.asking import request_rows
from tests.ui.engine_double import NOW
from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.models import requests as words
from wallet.ui.pages.receive import ReceivePage
from wallet.ui.pages.request import RequestDialog
from wallet.ui.shell import Shell
from wallet.ui.text import Unit
from wallet.ui.widgets.qr import make_code

T = TypeVar("T")


def receive_page(live: Live, shell: Shell) -> ReceivePage:
    shell.sidebar.choose("receive")
    page = shell.page("receive")
    assert isinstance(page, ReceivePage)
    live.wait(lambda: page.address.address, "the address")
    live.settle()
    return page


def ask_for(live: Live, page: ReceivePage, label: str, amount: str) -> RequestDialog:
    """Make a request by hand, and see it opened."""
    live.type(page.label, label)
    live.type(page.amount.box, amount)
    page.form.make.click()
    live.wait(lambda: page.findChildren(RequestDialog), "the request")
    dialog = page.findChildren(RequestDialog)[-1]
    live.wait(lambda: dialog.request is not None and not dialog.qr.image.isNull(), "the request to be shown")
    live.settle()
    return dialog


def until(live: Live, command: api.Command[T], reached: Callable[[T], object]) -> None:
    """Wait until the engine's answer is such."""
    for _ in range(500):
        if reached(live.ask(command)):
            return
        live.run(asyncio.sleep(0.02))
    pytest.fail(f"no such answer to {command}")


def in_list(page: ReceivePage) -> list[tuple[str, str]]:
    model = page.requests.model
    return [(str(model.index(row, 0).data()), str(model.index(row, 1).data())) for row in range(model.rowCount())]


def is_code_of(image: QImage, text: str) -> bool:
    """Whether a picture is the code of a text, whatever its size."""
    wanted = make_code(text)
    scale = image.width() // wanted.width()
    assert (image.width(), image.height()) == (wanted.width() * scale, wanted.height() * scale)
    places = [(x, y) for x in range(wanted.width()) for y in range(wanted.height())]
    return all(image.pixel(x * scale, y * scale) == wanted.pixel(x, y) for x, y in places)


def test_a_request_is_seen_and_then_proven_as_it_is_paid(live: Live) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    offered = page.address.address
    page.form.expiry.choose("86400")
    dialog = ask_for(live, page, "Invoice 7", "150000")
    assert dialog.request is not None
    assert dialog.request.address == offered
    assert dialog.request.expires == dialog.request.created + timedelta(days=1)
    assert dialog.request.uri == f"bitcoin:{offered}?amount=0.0015&label=Invoice%207"
    assert is_code_of(dialog.qr.image, dialog.request.uri)
    assert page.address.address != offered
    assert not page.label.text()
    assert in_list(page) == [("Invoice 7", "Waiting")]

    txid = live.fund(150_000, mined=False, address=offered)
    live.wait(lambda: in_list(page) == [("Invoice 7", "Seen, not proven yet")], "the payment to be seen")
    live.wait(lambda: "no block yet" in dialog.explanation.text(), "the open request to say so")
    live.mine()
    live.wait(lambda: in_list(page) == [("Invoice 7", "Paid, proven")], "the payment to be proven")
    live.wait(lambda: dialog.state.text() == "Paid, proven", "the open request to say so")
    assert dialog.facts.said("proven") == "150,000\u00a0sat"
    live.wait(
        lambda: any(txid in button.accessibleName() for button in dialog.findChildren(QPushButton)), "its payment"
    )
    dialog.close()


def test_too_little_and_too_much_are_told_in_figures_that_hide(live: Live) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    dialog = ask_for(live, page, "Desk", "100000")
    assert dialog.request is not None
    live.fund(40_000, mined=False, address=dialog.request.address)
    live.wait(lambda: dialog.state.text() == "Paid too little", "the state")
    assert dialog.explanation.text() == "60,000\u00a0sat is still missing."
    live.context.preferences.set_hidden(True)
    assert "60" not in dialog.explanation.text()
    assert "40" not in dialog.facts.said("seen")
    live.context.preferences.set_hidden(False)
    live.fund(90_000, address=dialog.request.address)
    live.wait(lambda: dialog.state.text() == "Paid too much, proven", "the state")
    assert "30,000" in dialog.explanation.text()
    dialog.close()
    live.settle()


def test_a_request_is_put_away_taken_back_and_forgotten_after_a_question(live: Live) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    dialog = ask_for(live, page, "Chair", "5000")
    address = dialog.copy_address._what()
    dialog.archive_button.click()
    live.wait(lambda: not in_list(page), "the request to be out of sight")
    assert page.requests.empty.isVisible()
    page.requests.show_away.setChecked(True)
    live.wait(lambda: in_list(page) == [("Chair", "Waiting")], "the request among those put away")
    page.requests.table.selectRow(0)
    live.press(page.requests.table, Qt.Key.Key_Delete)
    live.settle()
    page.requests.show_away.setChecked(False)
    live.wait(lambda: in_list(page) == [("Chair", "Waiting")], "the request to be back")

    dialog.forget_button.click()
    assert dialog.confirm.isVisible()
    dialog.confirm.no.click()
    live.settle()
    assert live.ask(api.GetRequests(archived=True))
    dialog.forget_button.click()
    dialog.confirm.yes.click()
    until(live, api.GetRequests(archived=True), lambda rows: not rows)
    live.wait(lambda: not in_list(page), "the list to be empty")
    assert address in {row.address for row in live.ask(api.GetAddresses())}
    assert page.address.address != address
    live.settle()


def test_return_in_the_list_opens_the_request_with_its_code_again(live: Live) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    ask_for(live, page, "Lamp", "7000").close()
    live.settle()
    page.requests.table.selectRow(0)
    page.requests.table.activated.emit(page.requests.table.currentIndex())
    (dialog,) = page.findChildren(RequestDialog)
    live.wait(lambda: not dialog.qr.image.isNull(), "the code")
    assert dialog.request is not None
    assert "amount=0.00007" in dialog.request.uri
    assert is_code_of(dialog.qr.image, dialog.request.uri)
    dialog.copy_link.click()
    assert QGuiApplication.clipboard().text() == dialog.request.uri


def test_another_kind_and_account_are_chosen_under_advanced(live: Live) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    assert page.kind.isVisible()
    assert not page.kind.fold.inside.isVisible()
    page.kind.fold.button.click()
    assert page.kind.types is not None
    assert page.kind.types.value == "p2wpkh"
    page.kind.types.choose("p2tr")
    live.wait(lambda: page.address.address.startswith("bcrt1p"), "a taproot address")
    dialog = ask_for(live, page, "Taproot", "9000")
    assert dialog.request is not None
    assert dialog.request.address.startswith("bcrt1p")
    dialog.close()
    live.fund(6_000, address=live.ask(api.GetReceiveAddress("p2wpkh")).address)
    live.ask(api.NewAccount(PASSWORD, "p2wpkh"))
    page.kind.types.choose("p2wpkh")
    live.wait(lambda: page.kind.numbers is not None, "the choice of accounts")
    before = page.address.address
    assert page.kind.numbers is not None
    page.kind.numbers.choose("1")
    live.wait(lambda: page.address.address != before, "an address of the other account")
    paths = {row.address: row.path for row in live.ask(api.GetAddresses())}
    assert paths[page.address.address].startswith("m/84h/1h/1h/0/")
    live.settle()


def test_a_label_stays_with_the_address_that_it_was_typed_for(live: Live) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    first = page.address.address
    live.type(page.label, "Ana")
    page.new_button.click()
    live.wait(lambda: page.address.address != first, "another address")

    def labels(rows: tuple[api.AddressRow, ...]) -> dict[str, str]:
        return {row.address: row.label for row in rows}

    until(live, api.GetAddresses(), lambda rows: labels(rows)[first] == "Ana")
    assert labels(live.ask(api.GetAddresses()))[page.address.address] == ""


def test_the_code_fills_the_window_and_goes_with_a_key_and_with_the_lock(live: Live) -> None:
    window, shell = live.begin()
    page = receive_page(live, shell)
    live.wait(lambda: not page.qr.image.isNull(), "the code")
    page.qr.setFocus()
    live.press(page.qr, Qt.Key.Key_Return)
    large = page.qr.large
    assert large is not None
    assert large.size() == window.size()
    picture = large.grab().toImage()
    assert picture.pixelColor(2, 2).lightness() == 255
    pixels = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    assert min(pixels.pixelColor(x, window.height() // 3).lightness() for x in range(window.width())) < 30
    live.press(large, Qt.Key.Key_Tab)
    window.resize(1000, 700)
    assert large.size() == window.size()
    live.press(large, Qt.Key.Key_Escape)
    assert page.qr.large is None
    QTest.mouseClick(page.qr, Qt.MouseButton.LeftButton)
    assert page.qr.large is not None
    window.lock()
    live.settle()
    assert window.shell is None
    assert not window.findChildren(type(large))


def test_the_code_is_kept_as_a_picture_that_readers_read(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shell = live.begin()
    page = receive_page(live, shell)
    live.wait(lambda: not page.qr.image.isNull(), "the code")
    target = tmp_path / "code"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(target), "")))
    page.save_code.click()
    assert str(target.with_suffix(".png")) in page.message.text
    saved = QImage(str(target.with_suffix(".png")))
    assert is_code_of(saved, page.uri)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(tmp_path / "no" / "x.png"), "")))
    page.save_code.click()
    assert page.message.kind == "error"


def test_locking_closes_a_request_that_is_open_by_the_keys_in_it(live: Live) -> None:
    window, shell = live.begin()
    page = receive_page(live, shell)
    dialog = ask_for(live, page, "Secret lover", "100")
    closed: list[bool] = []
    dialog.destroyed.connect(lambda: closed.append(True))
    live.press(dialog, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    live.wait(lambda: closed, "the request to close")
    assert window.shell is None


@pytest.mark.parametrize("row", request_rows(), ids=lambda row: row.state)
def test_every_state_has_words_an_icon_and_an_explanation(stage: Stage, row: api.RequestRow) -> None:
    preferences = stage.context.preferences
    assert words.state_words(row)
    assert words.explanation(row, preferences).endswith(".")
    promises = "proven" in words.state_words(row).replace("not proven", "")
    assert promises == (words.state_icon(row)[0] == "shield") == (row.state in {"proven", "overpaid"})
    assert ("after the request" in words.explanation(row, preferences)) == row.late


def test_the_next_end_is_that_of_a_request_that_waits() -> None:
    waiting = replace(request_rows()[0], expires=NOW)
    later = replace(waiting, expires=NOW + timedelta(hours=1))
    paid = replace(waiting, state="proven", expires=NOW - timedelta(hours=1))
    assert words.next_expiry([later, paid, waiting]) == NOW
    assert words.next_expiry([paid]) is None


def test_a_wrong_amount_makes_no_request(stage: Stage) -> None:
    shell = stage.shell()
    shell.sidebar.choose("receive")
    stage.settle()
    page = shell.page("receive")
    assert isinstance(page, ReceivePage)
    page.amount.units.choose(Unit.BTC.value)
    stage.type(page.amount.box, "1,5")
    page.form.make.click()
    stage.settle()
    assert page.amount_field.error
    assert not [command for command in stage.engine.commands(api.GetReceiveAddress) if command.amount]
