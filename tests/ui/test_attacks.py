"""Attacks on what the window holds: what is typed, shown or begun must not outlive the lock, nor pay by itself."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.ui.engine_double import PASSWORD
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.pages.sweep import KeyBox
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
def test_what_was_wiped_from_a_password_box_cannot_be_brought_back(stage: Stage, make: Callable[[], PasswordBox]) -> None:
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
    settings.password.setText(PASSWORD)
    settings.show_words.click()
    stage.settle()
    assert settings.words.words
    window.lock()
    stage.settle()
    assert page.review.password.text() == ""
    assert settings.words.words == ()


@pytest.mark.parametrize("leave", ["page", "lock"])
def test_words_that_come_late_are_not_laid_out(stage: Stage, leave: str) -> None:
    stage.context.preferences.set_lock_hides(False)
    window = opened(stage)
    assert window.shell is not None
    window.shell.sidebar.choose("settings")
    settings = window.shell.page("settings")
    assert isinstance(settings, SettingsPage)
    stage.settle()
    settings.password.setText(PASSWORD)
    settings.show_words.click()
    if leave == "page":
        window.shell.sidebar.choose("history")
    else:
        window.lock()
    stage.settle()
    assert settings.words.words == ()
    assert not settings.show_words.is_busy


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
