"""The whole story through the window: its own engine process, a real node, every click a user's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.realnode.node import RealNode
from tests.ui.play import PASSWORD, QUICK_KDF, Play
from wallet.engine import api
from wallet.ui.models.history import Column
from wallet.ui.pages.create import PasswordStep
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.overview import OverviewPage
from wallet.ui.pages.receive import ReceivePage
from wallet.ui.pages.send import SendPage
from wallet.ui.shell import Shell
from wallet.ui.window import Window

COIN = 100_000_000
pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]


@pytest.fixture
def options(node: RealNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> api.EngineOptions:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")  # no keyring: never the user's own
    return api.EngineOptions("regtest", str(tmp_path), peers=(node.address,), kdf=QUICK_KDF)


@pytest.fixture
def begin(
    loop: qasync.QEventLoop, qapp: QApplication, qtbot: QtBot, options: api.EngineOptions, tmp_path: Path
) -> Iterator[Callable[[str], tuple[Play, Window]]]:
    """Start the program on a data folder of that name; everything ends with the test."""
    begun: list[Play] = []

    def start(folder: str) -> tuple[Play, Window]:
        play = Play(loop, qapp, replace(options, data_dir=str(tmp_path / folder)), qtbot)
        begun.append(play)
        return play, play.window()

    yield start
    for play in begun:
        play.end()


def choose_password(play: Play, seal: PasswordStep) -> None:
    play.type(seal.password.first, PASSWORD)
    play.type(seal.password.second, PASSWORD)
    seal.next.click()


def create(play: Play, window: Window) -> str:
    """Make a wallet by the pages; answers its words as they were read from the screen."""
    window.welcome.new_choice.click()
    page = window.create_page
    assert page is not None
    words = page.words_step.words
    play.wait(lambda: words.words, "the words")
    QTest.mousePress(words.button, Qt.MouseButton.LeftButton)
    phrase = [line.split()[1] for line in words.shown]
    QTest.mouseRelease(words.button, Qt.MouseButton.LeftButton)
    page.words_step.next.click()
    for box, place in zip(page.check_step.boxes, page.check_step.places, strict=True):
        play.type(box, phrase[place])
    page.check_step.next.click()
    choose_password(play, page.password_step)
    play.wait(lambda: window.shell, "the new wallet")
    return " ".join(phrase)


def restore(play: Play, window: Window, phrase: str) -> None:
    window.welcome.restore_choice.click()
    page = window.restore_page
    assert page is not None
    play.type(page.box, phrase)
    play.wait(lambda: page.check is not None and page.check.complete, "the judgement")
    page.continue_button.click()
    play.wait(page.seal.isVisible, "the password's page")
    choose_password(play, page.seal)
    play.wait(lambda: window.shell, "the restored wallet")


def shell_of(window: Window) -> Shell:
    assert window.shell is not None
    return window.shell


def overview_of(window: Window) -> OverviewPage:
    page = shell_of(window).page("overview")
    assert isinstance(page, OverviewPage)
    return page


def synced(play: Play, window: Window, node: RealNode) -> None:
    tip = node.rpc("getbestblockhash")

    def reached() -> bool:
        status = shell_of(window).status
        return status is not None and status.synced and status.tip == tip

    play.wait(reached, "the window to be synced")


def receive(play: Play, window: Window, node: RealNode) -> str:
    """Be paid at the address that the page shows, seen unverified first and proven by a block."""
    shell = shell_of(window)
    shell.sidebar.choose("receive")
    page = shell.page("receive")
    assert isinstance(page, ReceivePage)
    play.wait(lambda: not page.qr.image.isNull(), "the address and its code")
    address = page.address.address
    assert page.address.shown.replace(" ", "") == address
    synced(play, window, node)
    paid = node.fund(address, 500_000)
    shell.sidebar.choose("overview")
    overview = overview_of(window)
    play.wait(lambda: overview.arriving.sats == 500_000, "the payment, unverified")
    node.mine(1)
    play.wait(lambda: overview.balance.sats == 500_000 and not overview.arriving.isVisible(), "the payment, proven")
    shell.sidebar.choose("receive")
    play.wait(lambda: page.address.address != address, "another address: the first is used now")
    return paid


def look_at_proof(play: Play, window: Window, txid: str) -> None:
    dialog = shell_of(window).open_transaction(txid)
    play.wait(lambda: dialog.proof.message.text, "the verdict on the proof")
    assert dialog.proof.message.kind == "good"
    dialog.close()


def pay(play: Play, window: Window, node: RealNode) -> str:
    """Pay by form, review and password."""
    shell = shell_of(window)
    shell.sidebar.choose("send")
    page = shell.page("send")
    assert isinstance(page, SendPage)
    play.type(page.form.recipient, f"bitcoin:{node.own_address()}?amount=0.002")
    page.form.rate.setText("3")
    page.form.review_button.click()
    play.wait(lambda: page.review.shown is not None, "the review")
    play.wait(page.review.send_button.isEnabled, "Send to arm")
    play.type(page.review.password, "not the password")
    page.review.send_button.click()
    play.wait(lambda: page.review.password_field.error, "the wrong password to be told")
    page.review.password.clear()
    play.type(page.review.password, PASSWORD)
    page.review.send_button.click()
    play.wait(lambda: page.steps.currentWidget() is page.sent, "the result")
    txid = page.sent.txid.text()
    assert txid in node.rpc("getrawmempool")
    entry = node.rpc("getmempoolentry", txid)
    assert round(float(entry["fees"]["base"]) * COIN) == 3 * entry["vsize"]
    return txid


def history_of(play: Play, window: Window) -> list[tuple[object, ...]]:
    shell = shell_of(window)
    shell.sidebar.choose("history")
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    play.wait(lambda: page.model.rowCount() and not play.context.bridge.tasks, "the history")
    columns = (Column.STATUS, Column.AMOUNT)
    return [tuple(page.model.index(row, column).data() for column in columns) for row in range(page.model.rowCount())]


def test_create_receive_prove_pay_and_restore_through_the_window(
    node: RealNode, begin: Callable[[str], tuple[Play, Window]]
) -> None:
    node.mine(120)
    play, window = begin("first")
    phrase = create(play, window)
    paid = receive(play, window, node)
    look_at_proof(play, window, paid)
    txid = pay(play, window, node)
    fee = round(float(node.rpc("getmempoolentry", txid)["fees"]["base"]) * COIN)
    node.mine(1)
    left = 500_000 - 200_000 - fee
    shell_of(window).sidebar.choose("overview")
    overview = overview_of(window)
    play.wait(lambda: overview.balance.sats == left and not overview.leaving.isVisible(), "the proven change")
    synced(play, window, node)
    seen = history_of(play, window)
    assert [status for status, _ in seen] == ["Confirmed, proven"] * 2

    again, other = begin("second")
    restore(again, other, phrase)
    synced(again, other, node)
    again.wait(lambda: overview_of(other).balance.sats == left, "the same balance")
    assert history_of(again, other) == seen
