"""From the first screen to an open wallet."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from tests.ui.engine_double import ADDRESSES, PASSWORD, WORDS
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.pages.create import CreatePage
from wallet.ui.pages.restore import RestorePage
from wallet.ui.pages.send import SendPage
from wallet.ui.widgets.password import estimate
from wallet.ui.widgets.words import COVERED
from wallet.ui.window import Window


def create_page(stage: Stage, window: Window) -> CreatePage:
    window.welcome.new_choice.click()
    stage.settle()
    assert window.create_page is not None
    return window.create_page


def restore_page(stage: Stage, window: Window) -> RestorePage:
    window.welcome.restore_choice.click()
    stage.settle()
    assert window.restore_page is not None
    return window.restore_page


def test_a_new_wallet_from_the_words_to_its_first_page(stage: Stage) -> None:
    window = stage.window()
    assert window.stack.currentWidget() is window.welcome
    page = create_page(stage, window)
    words = page.words_step.words
    assert all(COVERED in word for word in words.shown)
    assert not page.words_step.next.isEnabled()
    QTest.keyPress(words.button, Qt.Key.Key_Space)
    assert [word.split()[1] for word in words.shown] == WORDS.split()
    QTest.keyRelease(words.button, Qt.Key.Key_Space)
    assert all(COVERED in word for word in words.shown)
    page.words_step.next.click()
    check = page.check_step
    assert len(set(check.places)) == 3
    for box, place in zip(check.boxes, check.places, strict=True):
        stage.type(box, WORDS.split()[place])
    check.next.click()
    page.password_step.password.first.setText(PASSWORD)
    page.password_step.password.second.setText(PASSWORD)
    page.password_step.next.click()
    stage.settle()
    assert stage.engine.commands(api.CreateWallet) == [api.CreateWallet("default", PASSWORD, WORDS)]
    assert window.shell is not None
    assert window.stack.currentWidget() is window.shell
    assert stage.engine.commands(api.Connect)
    assert page.words_step.words.words == () or not page.holds_words()
    assert QGuiApplication.clipboard().text() not in WORDS.split()


def test_a_wrong_word_is_named_and_stops(stage: Stage) -> None:
    page = create_page(stage, stage.window())
    page.words_step.words.button.released.emit()
    page.words_step.next.click()
    check = page.check_step
    for box in check.boxes:
        box.setText(WORDS.split()[(check.places[0] + 5) % 12])
    check.next.click()
    assert page.steps.currentWidget() is check


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [("short", "short", "at least 8"), ("long enough one", "long enough two", "differ")],
)
def test_a_password_is_asked_for_properly(stage: Stage, first: str, second: str, where: str) -> None:
    page = create_page(stage, stage.window())
    page._to_password()
    step = page.password_step
    step.password.first.setText(first)
    step.password.second.setText(second)
    step.next.click()
    stage.settle()
    assert where in step.password._first_field.error + step.password._second_field.error
    assert not stage.engine.commands(api.CreateWallet)


def test_no_password_is_an_explicit_choice(stage: Stage) -> None:
    page = create_page(stage, stage.window())
    page._to_password()
    page.password_step.password.none.setChecked(True)
    page.password_step.next.click()
    stage.settle()
    assert stage.engine.commands(api.CreateWallet)[0].password is None


def test_a_name_that_is_taken_is_told_beside_the_name(stage: Stage) -> None:
    stage.engine.refuse[api.CreateWallet] = api.WrenError("wallet_exists", "there is a wallet named default already")
    page = create_page(stage, stage.window())
    page._to_password()
    page.password_step.password.none.setChecked(True)
    page.password_step.next.click()
    stage.settle()
    assert "already" in page.password_step.name_field.error
    assert page.password_step.next.isEnabled()


def test_restoring_judges_live_and_names_the_wrong_word(stage: Stage) -> None:
    window = stage.window()
    page = restore_page(stage, window)
    stage.type(page.box, "abandon abel")
    stage.until(lambda: page.box_field.error, "the judgement")
    assert page.box_field.error == "“abel” is in no word list."
    assert len(page.box.extraSelections()) == 1
    page.box.setPlainText(WORDS)
    stage.until(lambda: page.check is not None and page.check.complete, "the judgement")
    assert not page.box_field.error
    page.continue_button.click()
    stage.settle()
    assert page.seal.isVisible()
    page.birthday.known.setChecked(True)
    page.seal.password.first.setText(PASSWORD)
    page.seal.password.second.setText(PASSWORD)
    page.seal.next.click()
    stage.settle()
    (command,) = stage.engine.commands(api.RestoreWallet)
    assert (command.secret, command.password, command.passphrase) == (WORDS, PASSWORD, "")
    assert command.birthday is not None
    assert window.shell is not None
    assert page.box.toPlainText() == ""


def test_continue_is_never_grey_and_says_what_is_missing(stage: Stage) -> None:
    page = restore_page(stage, stage.window())
    page.continue_button.click()
    stage.settle()
    assert "Type or paste" in page.box_field.error
    page.box.setPlainText("abandon ability")
    page.continue_button.click()
    stage.settle()
    assert "2 words so far" in page.box_field.error


def test_escape_and_back_discard_nothing(stage: Stage) -> None:
    window = stage.window()
    page = restore_page(stage, window)
    page.box.setPlainText(WORDS)
    stage.press(page.box, Qt.Key.Key_Escape)
    stage.press(window, Qt.Key.Key_Escape)
    page.back_button.click()
    window.welcome.restore_choice.click()
    stage.settle()
    assert page.box.toPlainText() == WORDS


def test_closing_over_typed_words_asks_first(stage: Stage) -> None:
    window = stage.window()
    page = restore_page(stage, window)
    page.box.setPlainText(WORDS)
    stage.settle()
    closed = []
    window.closing.connect(lambda: closed.append(True))
    assert not window.close()
    assert "No wallet has been made" in window.banner.text
    assert not closed
    assert window.close()
    assert closed


def test_one_wallet_opens_at_once(stage: Stage) -> None:
    stage.engine.wallets = [api.WalletInfo("mine", "regtest", "keyring", locked=False)]
    window = stage.window()
    assert window.shell is not None
    assert window.shell.sidebar.wallet.text() == "mine"
    assert stage.engine.commands(api.OpenWallet) == [api.OpenWallet("mine", None)]


def test_a_locked_wallet_asks_for_its_password(stage: Stage) -> None:
    stage.engine.wallets = [api.WalletInfo("mine", "regtest", "file", locked=True)]
    window = stage.window()
    page = window.unlock_page
    assert page is not None
    assert window.shell is None
    page.password.setText("wrong")
    page.open.click()
    stage.settle()
    assert "wrong" in page.field.error
    page.password.setText(PASSWORD)
    page.password.returnPressed.emit()
    stage.settle()
    assert window.shell is not None
    assert page.password.text() == ""


def test_several_wallets_are_offered_and_other_networks_are_not(stage: Stage) -> None:
    stage.engine.wallets = [
        api.WalletInfo("one", "regtest", "keyring", locked=False),
        api.WalletInfo("<b>two</b>", "regtest", "keyring", locked=False),
        api.WalletInfo("real", "main", "keyring", locked=False),
    ]
    window = stage.window()
    assert window.chooser is not None
    assert [choice.accessibleName() for choice in window.chooser.choices] == ["one", "<b>two</b>"]
    window.chooser.choices[1].click()
    stage.settle()
    assert window.shell is not None
    assert window.shell.wallet.name == "<b>two</b>"


def test_offline_means_no_connection(stage: Stage) -> None:
    stage.engine.wallets = [api.WalletInfo("mine", "regtest", "keyring", locked=False)]
    object.__setattr__(
        stage.context, "options", api.EngineOptions("regtest", stage.context.options.data_dir, offline=True)
    )
    window = stage.window()
    assert window.shell is not None
    assert not stage.engine.commands(api.Connect)


def test_a_link_waits_until_the_wallet_is_open(stage: Stage) -> None:
    stage.engine.wallets = [api.WalletInfo("mine", "regtest", "keyring", locked=False)]
    window = stage.window(f"bitcoin:{ADDRESSES[1]}?amount=0.001")
    assert window.shell is not None
    page = window.shell.page("send")
    assert isinstance(page, SendPage)
    assert page.form.recipient.text() == ADDRESSES[1]
    assert page.form.amount.value() == 100_000


def test_an_engine_that_fails_is_told_and_the_window_goes_on(stage: Stage) -> None:
    window = stage.window()
    stage.engine.announce(api.EngineFailed("corrupt", "the disk is full"))
    assert window.banner.text == "The disk is full."
    window.banner.close_button.click()
    assert not window.banner.isVisible()


def test_strength_rises_with_what_is_hard_to_guess() -> None:
    levels = [
        estimate(text).level
        for text in ("", "password1", "aaaaaaaaaaaaaaaa", "horse battery", "tiger-Melon7 quay&frost")
    ]
    assert levels[0] == 0
    assert levels[1] == 1
    assert levels[2] == 1
    assert levels[3] >= 2
    assert levels[4] == 4
