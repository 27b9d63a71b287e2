"""Attacks on what the window holds: what is typed, shown or begun must not outlive the lock, nor pay by itself."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.ui.engine_double import ADDRESSES, PASSWORD
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.bitcoin.merkle import ProofError
from wallet.bitcoin.psbt import PsbtError
from wallet.bitcoin.uri import parse_uri
from wallet.engine import api
from wallet.ui.pages.proof import read_proof
from wallet.ui.pages.psbt import read_file as read_psbt_file
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.pages.sweep import KeyBox
from wallet.ui.reading import PictureRefused, open_picture
from wallet.ui.widgets.password import PasswordBox
from wallet.ui.window import Window

CONTROL = Qt.KeyboardModifier.ControlModifier


def opened(stage: Stage) -> Window:
    window = stage.shell().window()
    assert isinstance(window, Window)
    return window


def send_page(stage: Stage) -> SendPage:
    shell = stage.shell()
    shell.sidebar.choose("send")
    stage.settle()
    page = shell.page("send")
    assert isinstance(page, SendPage)
    return page


def review(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(OUTSIDE)
    page.form.amount.box.setText("30000")
    page.form.review_button.click()
    stage.until(lambda: page.steps.currentWidget() is page.review)
    stage.settle()


@pytest.mark.parametrize("make", [PasswordBox, KeyBox])
def test_what_was_wiped_from_a_box_cannot_be_brought_back(stage: Stage, make: Callable[[], PasswordBox]) -> None:
    box = make()
    stage.show(box)
    stage.type(box, "quiet river stone")
    box.clear()
    box._eye.setChecked(True)
    stage.press(box, Qt.Key.Key_Z, CONTROL)
    box.undo()
    box.redo()
    assert box.text() == ""


def test_a_wiped_box_hides_what_is_typed_next(stage: Stage) -> None:
    box = PasswordBox()
    stage.show(box)
    box._eye.setChecked(True)
    box.clear()
    assert box.echoMode() is PasswordBox.EchoMode.Password


def test_a_lock_that_hides_nothing_still_wipes_passwords_and_words(stage: Stage) -> None:
    stage.context.preferences.set_lock_hides(False)
    page = send_page(stage)
    window = page.window()
    assert isinstance(window, Window)
    review(stage, page)
    stage.type(page.review.password, PASSWORD)
    assert window.shell is not None
    window.shell.sidebar.choose("settings")
    settings = window.shell.page("settings")
    assert isinstance(settings, SettingsPage)
    stage.settle()
    settings.words_card.password.setText(PASSWORD)
    settings.words_card.show_words.click()
    stage.settle()
    assert settings.words_card.words.words
    window.lock()
    stage.settle()
    assert page.review.password.text() == ""
    assert settings.words_card.words.words == ()


@pytest.mark.parametrize("leave", ["page", "lock"])
def test_words_that_come_late_are_not_laid_out(stage: Stage, leave: str) -> None:
    stage.context.preferences.set_lock_hides(False)
    window = opened(stage)
    assert window.shell is not None
    window.shell.sidebar.choose("settings")
    settings = window.shell.page("settings")
    assert isinstance(settings, SettingsPage)
    stage.settle()
    settings.words_card.password.setText(PASSWORD)
    settings.words_card.show_words.click()
    if leave == "page":
        window.shell.sidebar.choose("history")
    else:
        window.lock()
    stage.settle()
    assert settings.words_card.words.words == ()
    assert not settings.words_card.show_words.is_busy


def test_a_key_held_down_pays_nothing(stage: Stage) -> None:
    page = send_page(stage)
    review(stage, page)
    stage.until(page.review.send_button.isEnabled)
    for _ in range(5):
        held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", True)
        QApplication.sendEvent(page.review.password, held)
    stage.settle()
    assert stage.engine.commands(api.SendPayment) == []
    stage.press(page.review.password, Qt.Key.Key_Return)
    stage.settle()
    assert len(stage.engine.commands(api.SendPayment)) == 1


class Slow:
    """Holds back the engine's answers to one kind of command until they are let go."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: type[api.Command[Any]]) -> None:
        self._answers = asyncio.Event()
        answer = stage.engine.run

        async def run(command: api.Command[Any]) -> object:
            if isinstance(command, kind):
                stage.engine.asked.append(command)
                await self._answers.wait()
            return await answer(command)

        monkeypatch.setattr(stage.engine, "run", run)
        self._stage = stage

    def let_go(self) -> None:
        self._answers.set()
        self._stage.settle()


def test_a_link_that_comes_while_coins_are_chosen_is_what_is_reviewed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = send_page(stage)
    slow = Slow(stage, monkeypatch, api.PreparePayment)
    page.form.recipient.setText(OUTSIDE)
    page.form.amount.box.setText("30000")
    page.form.review_button.click()
    page.fill(parse_uri(f"bitcoin:{ADDRESSES[1]}?amount=0.0007", page.context.params))
    slow.let_go()
    assert page.steps.currentWidget() is page.form
    assert page.review.shown is None
    page.form.review_button.click()
    stage.settle()
    assert page.review.shown is not None
    assert [end.amount for end in page.review.shown.recipients] == [70_000]


def test_a_link_that_comes_while_a_payment_is_sent_waits_for_its_result(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = send_page(stage)
    review(stage, page)
    stage.until(page.review.send_button.isEnabled)
    slow = Slow(stage, monkeypatch, api.SendPayment)
    page.review.password.setText(PASSWORD)
    page.review.send_button.click()
    page.fill(parse_uri(f"bitcoin:{ADDRESSES[1]}?amount=0.0007", page.context.params))
    assert page.steps.currentWidget() is page.review
    slow.let_go()
    assert page.steps.currentWidget() is page.sent
    page.sent.again.click()
    assert page.form.recipient.text() == ADDRESSES[1]
    assert page.form.amount.value() == 70_000


def test_a_review_is_not_called_outdated_for_the_one_before_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = send_page(stage)
    review(stage, page)
    stage.engine.refuse[api.CheckReview] = api.WrenError("refused", "the coin was spent")
    slow = Slow(stage, monkeypatch, api.CheckReview)
    page.changed(frozenset(("coins",)))
    page.review.again.emit()
    stage.until(lambda: len(stage.engine.commands(api.PreparePayment)) == 2)
    stage.until(lambda: page.context.bridge.tasks <= 1)
    slow.let_go()
    assert not page.review.outdated.isVisible()


@pytest.mark.parametrize("hides", [True, False])
@pytest.mark.parametrize("kind", [api.PreparePayment, api.SendPayment])
def test_what_is_at_work_when_the_lock_comes_ends_without_a_fault(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: type[api.Command[Any]], hides: bool
) -> None:
    stage.context.preferences.set_lock_hides(hides)
    page = send_page(stage)
    window = page.window()
    assert isinstance(window, Window)
    if kind is api.SendPayment:
        review(stage, page)
        stage.until(page.review.send_button.isEnabled)
        page.review.password.setText(PASSWORD)
    slow = Slow(stage, monkeypatch, kind)
    if kind is api.SendPayment:
        page.review.send_button.click()
    else:
        page.form.recipient.setText(OUTSIDE)
        page.form.amount.box.setText("30000")
        page.form.review_button.click()
    stage.run(asyncio.sleep(0.05))
    window.lock()
    stage.run(asyncio.sleep(0.05))
    slow.let_go()
    assert stage.faults == []
    assert "fault" not in window.banner.text


@pytest.mark.parametrize("name", [OUTSIDE, OUTSIDE.upper()])
def test_a_contact_that_is_called_like_an_address_does_not_stand_for_it(stage: Stage, name: str) -> None:
    """Else what is shown below the field and what is paid would be two."""
    page = send_page(stage)
    page.form.payees.set_contacts((api.ContactRow(name, ADDRESSES[1], "", 0, ""),))
    page.form.recipient.setText(OUTSIDE)
    assert not page.form.payees.first.contact.isVisible()
    payee = page.form.payees.first
    payee.amount.box.setText("1000")
    read = payee.read()
    assert read is not None
    assert (read.address, read.name) == (OUTSIDE, "")


@pytest.mark.parametrize("hides", [True, False])
def test_words_of_another_wallet_do_not_outlive_the_lock_of_the_open_one(stage: Stage, hides: bool) -> None:
    """From the page that asks for the password one gets to these pages without any."""
    stage.context.preferences.set_lock_hides(hides)
    window = opened(stage)
    window._show_create()
    stage.settle()
    window._show_restore()
    stage.settle()
    create, restore = window.create_page, window.restore_page
    assert create is not None
    assert restore is not None
    shown = create.words_step.words.words
    assert shown
    stage.type(restore.box, "abandon ability able")
    stage.type(restore.passphrase, "extra")
    window.lock()
    stage.settle()
    restore.box.undo()
    assert restore.box.toPlainText() == ""
    assert restore.passphrase.text() == ""
    assert create.words_step.words.words == ()


@pytest.mark.parametrize("hides", [True, False])
def test_a_wallet_that_is_made_while_the_lock_comes_is_locked_too(stage: Stage, hides: bool) -> None:
    stage.context.preferences.set_lock_hides(hides)
    window = opened(stage)
    window.lock()
    stage.run(window.enter("default"))
    stage.settle()
    assert len(stage.engine.commands(api.LockWallet)) == 2
    assert window._locked is not None
    assert (window.shell is None) is hides


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize(
    ("read", "refusal"), [(read_psbt_file, PsbtError), (read_proof, ProofError), (open_picture, PictureRefused)]
)
def test_a_pipe_for_a_file_is_not_waited_for(
    tmp_path: Path, read: Callable[[Path], object], refusal: type[Exception]
) -> None:
    """Whoever reads one waits until somebody writes, and Wren could not end meanwhile."""
    os.mkfifo(pipe := tmp_path / "payment.psbt")
    feeder = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    os.write(feeder, b"x" * 4_000)
    ending = threading.Timer(0.2, os.close, (feeder,))
    ending.start()
    with pytest.raises(refusal, match="no file"):
        read(pipe)
    ending.join()
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")
