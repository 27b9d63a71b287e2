"""Several wallets: changing between them, and one that comes back from a backup's file."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from tests.ui.play import PASSWORD, Live
from wallet.engine import api
from wallet.ui.window import Window

OTHER = "seven blue stones"


def second_wallet(live: Live) -> None:
    """Another wallet beside the one that is open, which is open again afterwards."""
    live.ask(api.CreateWallet("second", OTHER, vault="file"))
    live.ask(api.OpenWallet("play", PASSWORD))


def choose(live: Live, window: Window, name: str) -> None:
    assert window.shell is not None
    window.shell.sidebar.wallets_button.click()
    live.settle()
    assert window.chooser is not None
    assert window.chooser.isVisible()
    next(choice for choice in window.chooser.choices if choice.accessibleName() == name).click()
    live.settle()


def test_another_wallet_is_opened_from_the_sidebar_and_the_open_one_stays_until_then(live: Live) -> None:
    window, shell = live.begin()
    second_wallet(live)
    shell.sidebar.wallets_button.click()
    live.settle()
    assert window.chooser is not None
    told = {choice.accessibleName(): choice.accessibleDescription() for choice in window.chooser.choices}
    assert told["play"].endswith("open now")
    assert "sealed file" in told["second"]
    assert live.ask(api.GetWalletFacts()).wallet == "play"
    window.chooser.choices[list(told).index("play")].click()
    live.settle()
    assert window.shell is shell
    assert shell.isVisible()

    choose(live, window, "second")
    unlock = window.unlock_page
    assert unlock is not None
    unlock.password.setText(PASSWORD)
    unlock.open.click()
    live.settle()
    assert unlock.field.error
    assert live.ask(api.GetWalletFacts()).wallet == "play"  # a wrong password leaves the open one open
    unlock.back_button.click()
    live.settle()
    choose(live, window, "play")
    assert shell.isVisible()

    choose(live, window, "second")
    unlock.password.setText(OTHER)
    unlock.open.click()
    live.wait(lambda: window.shell is not None and window.shell.wallet.name == "second", "the other wallet")
    live.settle()
    assert live.ask(api.GetWalletFacts()).wallet == "second"


def test_a_lock_while_another_wallet_is_being_chosen_locks_the_open_one(live: Live) -> None:
    window, shell = live.begin()
    second_wallet(live)
    shell.sidebar.wallets_button.click()
    live.settle()
    window.lock()
    live.settle()
    assert window.shell is None
    assert window.unlock_page is not None
    assert window.unlock_page.isVisible()
    with pytest.raises(api.WrenError, match="locked"):
        live.ask(api.GetBalance())


def test_a_wallet_comes_back_from_a_backup_in_a_file(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, shell = live.begin()
    address = live.ask(api.GetReceiveAddress()).address
    live.ask(api.SetLabel("addr", address, "Ana"))
    target = tmp_path / "copy.wren-backup"
    live.ask(api.BackUp(str(target), PASSWORD))
    live.ask(api.DeleteWallet("play", "play"))
    shell.sidebar.wallets_button.click()
    live.wait(lambda: window.shell is None and window.welcome.isVisible(), "the first screen")
    window.welcome.restore_choice.click()
    live.settle()
    page = window.restore_page
    assert page is not None
    page.backup_button.click()
    step = page.from_backup
    assert step.isVisible()
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"\xff\xfe")
    for path, is_text in ((nonsense, False), (tmp_path / "missing", False), (target, True)):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_, path=path: (str(path), "")))
        step.choose_button.click()
        live.settle()
        assert step.restore_button.isEnabled() == is_text
        assert step.message.isVisible() != is_text
    step.restore_button.click()
    assert step.name_field.error
    step.name.setText("again")
    step.password.setText("wrong")
    step.restore_button.click()
    live.settle()
    assert step.password_field.error
    step.password.setText(PASSWORD)
    step.restore_button.click()
    live.wait(lambda: window.shell is not None and window.shell.wallet.name == "again", "the wallet")
    live.settle()
    assert step.password.text() == ""
    assert address in {row.address for row in live.ask(api.GetAddresses()) if row.label == "Ana"}
