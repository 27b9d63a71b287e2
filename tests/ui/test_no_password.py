"""A wallet that was made without a password, its keys in a file: the window opens it by an empty box."""

from PySide6.QtCore import Qt

from tests.ui.play import PASSWORD, Live
from wallet.engine import api


def test_a_wallet_without_a_password_opens_by_an_empty_box(live: Live) -> None:
    live.ask(api.CreateWallet("plain", None, vault="file"))
    live.ask(api.CloseWallet())
    window = live.window()
    page = window.unlock_page
    assert page is not None
    assert page.isVisible()
    live.type(page.password, PASSWORD)
    live.press(page.password, Qt.Key.Key_Return)
    live.wait(lambda: page.field.error, "the password to be refused")
    assert "no password" in page.field.error
    page.password.clear()
    live.press(page.password, Qt.Key.Key_Return)
    live.wait(lambda: window.shell is not None, "the wallet")


def test_a_wallet_with_a_password_does_not(live: Live) -> None:
    live.ask(api.CreateWallet("sealed", PASSWORD, vault="file"))
    live.ask(api.CloseWallet())
    window = live.window()
    page = window.unlock_page
    assert page is not None
    live.press(page.password, Qt.Key.Key_Return)
    live.wait(lambda: page.field.error, "the empty box to be refused")
    assert window.shell is None
    live.type(page.password, PASSWORD)
    live.press(page.password, Qt.Key.Key_Return)
    live.wait(lambda: window.shell is not None, "the wallet")
