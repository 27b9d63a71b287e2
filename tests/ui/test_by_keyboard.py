"""The whole of a wallet's life by keyboard alone, against the real engine on a network of play money.

Nothing is clicked and nothing is set: a key goes to what has the focus. Widgets are read as a screen reader would.
"""

import asyncio
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog

from tests.ui.keyboard import Keyboard
from tests.ui.play import PASSWORD, Live
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.pages.mend import MendDialog
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.window import Window

D = TypeVar("D", bound=QDialog)
ALT = Qt.KeyboardModifier.AltModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def go(keys: Keyboard, window: Window, page: str) -> None:
    """To a page by Alt and its number."""
    assert window.shell is not None
    number = list(window.shell.sidebar.buttons).index(page) + 1
    keys.press(Qt.Key(Qt.Key.Key_0 + number), ALT)
    assert window.shell.stack.currentWidget() is window.shell.page(page)


def create(live: Live, keys: Keyboard, window: Window) -> str:
    """A new wallet. Answers its words as they stood on the screen."""
    keys.push("New wallet")
    page = window.create_page
    assert page is not None
    live.wait(lambda: page.words_step.words.words, "the words")
    keys.tab_to("Hold to show")
    keys.hold(Qt.Key.Key_Space)
    phrase = [line.split()[1] for line in page.words_step.words.shown]
    keys.let_go(Qt.Key.Key_Space)
    assert not set(phrase) & {line.split()[1] for line in page.words_step.words.shown}
    keys.push("I have written them")
    for place in page.check_step.places:
        keys.type(phrase[place])
        keys.press(Qt.Key.Key_Tab)
    keys.push("Continue")
    seal(live, keys, "first", "Create")
    live.wait(lambda: window.shell, "the new wallet")
    return " ".join(phrase)


def seal(live: Live, keys: Keyboard, name: str, finish: str) -> None:
    keys.fill("Name of the wallet", name)
    keys.fill("Password", PASSWORD)
    keys.fill("Password again", PASSWORD)
    keys.push(finish)


def statuses(live: Live) -> list[str]:
    return [row.status for row in live.ask(api.GetHistory())]


def wait_for(live: Live, expected: list[str]) -> None:
    for _ in range(600):
        if sorted(statuses(live)) == expected:
            live.settle()
            return
        live.run(asyncio.sleep(0.02))
    pytest.fail(f"{statuses(live)} is not {expected}")


def receive(live: Live, keys: Keyboard, window: Window) -> None:
    """Copy the address, be paid there, and see it proven."""
    go(keys, window, "receive")
    shell = window.shell
    assert shell is not None
    live.wait(lambda: shell.status is not None and shell.status.synced, "the window to be synced")
    keys.push("Copy address")
    address = QGuiApplication.clipboard().text()
    live.order(f"pay {address} 500000")
    wait_for(live, ["pending"])
    live.mine()
    wait_for(live, ["confirmed"])


def dialog_of(live: Live, keys: Keyboard, kind: type[D]) -> D:
    """The dialog that has come to the front."""
    live.wait(lambda: isinstance(keys.front, kind), kind.__name__)
    live.settle()
    dialog = keys.front
    assert isinstance(dialog, kind)
    return dialog


def open_newest(live: Live, keys: Keyboard, window: Window) -> TransactionDialog:
    """The newest payment, from the history's table."""
    go(keys, window, "history")
    keys.tab_to("Payments", whole=True)
    keys.press(Qt.Key.Key_Home, CONTROL)
    keys.press(Qt.Key.Key_Return)
    return dialog_of(live, keys, TransactionDialog)


def look_at_proof(live: Live, keys: Keyboard, window: Window) -> None:
    dialog = open_newest(live, keys, window)
    live.wait(lambda: dialog.proof.message.kind == "good", "the verdict")
    keys.push("Verify")
    live.wait(lambda: dialog.proof.message.kind == "good", "the verdict once more")
    keys.press(Qt.Key.Key_Escape)
    assert keys.front is window


def pay(live: Live, keys: Keyboard, window: Window) -> None:
    go(keys, window, "send")
    shell = window.shell
    assert shell is not None
    page = shell.page("send")
    assert isinstance(page, SendPage)
    keys.fill("Recipient", OUTSIDE)
    keys.fill("Amount", "120000")
    keys.fill("Label", "Bicycle")
    keys.push("Review")
    live.wait(lambda: page.review.shown, "the review")
    live.wait(page.review.send_button.isEnabled, "Send to arm")
    keys.type(PASSWORD)  # the focus is there already
    keys.push("Send")
    live.wait(lambda: page.steps.currentWidget() is page.sent, "the result")
    wait_for(live, ["confirmed", "pending"])


def speed_up(live: Live, keys: Keyboard, window: Window) -> None:
    open_newest(live, keys, window)
    keys.push("Speed up")
    dialog = dialog_of(live, keys, MendDialog)
    keys.push("Review")
    live.wait(lambda: dialog.review.shown, "the review")
    live.wait(dialog.review.send_button.isEnabled, "Send to arm")
    keys.type(PASSWORD)
    keys.push("Send")
    live.wait(lambda: dialog.steps.currentWidget() is dialog.sent, "the result")
    assert sorted(statuses(live)) == ["confirmed", "pending", "replaced"]
    keys.press(Qt.Key.Key_Escape)
    dialog_of(live, keys, TransactionDialog)
    keys.press(Qt.Key.Key_Escape)
    assert keys.front is window
    live.mine()
    wait_for(live, ["confirmed", "confirmed", "replaced"])


def lock_and_unlock(live: Live, keys: Keyboard, window: Window) -> None:
    keys.press(Qt.Key.Key_L, CONTROL)
    live.wait(lambda: window.shell is None, "the lock")
    keys.type("not the password")
    keys.press(Qt.Key.Key_Return)
    page = window.unlock_page
    assert page is not None
    live.wait(lambda: page.field.error, "the refusal")
    keys.type(PASSWORD)  # what was wrong is selected
    keys.press(Qt.Key.Key_Return)
    live.wait(lambda: window.shell, "the wallet to be shown again")
    live.settle()


def restore(live: Live, keys: Keyboard, window: Window, phrase: str) -> None:
    """The same words as a second wallet, from the settings of the first."""
    go(keys, window, "settings")
    keys.push("Open another wallet")
    live.wait(lambda: window.chooser is not None and window.chooser.isVisible(), "the choice of wallets")
    keys.push("Add a wallet")
    keys.push("Restore")
    page = window.restore_page
    assert page is not None
    keys.type(phrase)
    live.wait(lambda: page.check is not None and page.check.complete, "the judgement")
    keys.push("Continue")
    live.wait(page.seal.isVisible, "the password's page")
    keys.type(PASSWORD)  # the focus is there already
    keys.fill("Password again", PASSWORD)
    keys.press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    keys.press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    keys.press(Qt.Key.Key_A, CONTROL)
    keys.type("again")
    keys.push("Restore the wallet")
    live.wait(lambda: window.shell is not None and window.shell.wallet.name == "again", "the restored wallet")


def test_a_wallets_life_by_keyboard_alone(live: Live) -> None:
    window = live.window()
    keys = Keyboard(live, window)
    phrase = create(live, keys, window)
    receive(live, keys, window)
    look_at_proof(live, keys, window)
    pay(live, keys, window)
    speed_up(live, keys, window)
    balance = live.ask(api.GetBalance())
    lock_and_unlock(live, keys, window)
    restore(live, keys, window, phrase)
    wait_for(live, ["confirmed", "confirmed"])
    assert live.ask(api.GetBalance()) == balance
    assert balance.confirmed > 350_000
