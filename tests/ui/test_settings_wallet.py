"""What the settings do with the open wallet, through their forms, with the real engine."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from tests.ui.play import PASSWORD, Live
from tests.ui.settingsforms import form_of, settings_page, submit
from wallet.bitcoin.descriptor_text import checksum
from wallet.engine import api
from wallet.ui.pages.descriptors import DescriptorsDialog
from wallet.ui.settings.about import NewAccountDialog
from wallet.ui.settings.backup import BackupDialog
from wallet.ui.settings.delete import DeleteDialog
from wallet.ui.settings.home import MoveDialog
from wallet.ui.settings.labels import LabelsDialog
from wallet.ui.settings.password import PasswordDialog

OTHER = "seven blue stones"


def choose_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, staticmethod(lambda *_, **__: (str(path), "")))


def test_the_password_is_changed_and_only_the_new_one_unlocks(live: Live) -> None:
    window, shell = live.begin()
    page = settings_page(live, shell)
    page.password_card.change_button.click()
    form = form_of(page.password_card, PasswordDialog)
    form.password.setText("wrong")
    form.new.first.setText(OTHER)
    form.new.second.setText("seven blue stoned")
    submit(live, form)
    assert "differ" in form.new._second_field.error
    form.new.second.setText(OTHER)
    submit(live, form)
    assert "password" in form.password_field.error
    assert form.isVisible()
    form.password.setText(PASSWORD)
    submit(live, form)
    assert "changed" in page.password_card.message.text
    window.lock()
    live.settle()
    unlock = window.unlock_page
    assert unlock is not None
    for text, opens in ((PASSWORD, False), (OTHER, True)):
        unlock.password.setText(text)
        unlock.open.click()
        live.settle()
        assert (window.shell is not None) == opens


def test_a_password_is_never_left_in_a_form_or_on_the_page(live: Live) -> None:
    window, shell = live.begin()
    page = settings_page(live, shell)
    page.password_card.change_button.click()
    form = form_of(page.password_card, PasswordDialog)
    boxes = (form.password, form.new.first, form.new.second)
    for box in boxes:
        box.setText(PASSWORD)
    left: list[str] = []
    form.finished.connect(lambda: left.extend(box.text() for box in boxes))
    live.press(form, Qt.Key.Key_Escape)
    assert left == [""] * 3
    page.password_card.change_button.click()
    again = form_of(page.password_card, PasswordDialog)
    boxes = (again.password, again.new.first, again.new.second)
    again.finished.connect(lambda: left.extend(box.text() for box in boxes))
    for box in boxes:
        box.setText(PASSWORD)
    words = page.words_card
    words.password.setText(PASSWORD)
    shell.sidebar.choose("overview")
    live.settle()
    assert words.password.text() == ""
    shell.sidebar.choose("settings")
    words.password.setText(PASSWORD)
    words.show_words.click()
    live.settle()
    assert len(words.words.words) == 12
    live.context.preferences.set_lock_hides(False)
    live.press(again, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    live.settle()
    assert left == [""] * 6
    assert window.shell is shell  # what is not secret stays in sight: that was chosen
    assert not words.words.words
    assert page.isVisible()


def test_a_lock_in_the_midst_of_a_password_change_does_not_cut_it_short(live: Live) -> None:
    window, shell = live.begin()
    page = settings_page(live, shell)
    page.password_card.change_button.click()
    form = form_of(page.password_card, PasswordDialog)
    form.password.setText(PASSWORD)
    form.new.first.setText(OTHER)
    form.new.second.setText(OTHER)
    form.submit_button.click()
    live.press(form, Qt.Key.Key_Escape)
    assert form.isVisible()  # it is at work
    window.lock()
    live.settle()
    assert window.shell is None
    assert live.ask(api.UnlockWallet(OTHER)).locked is False


def test_a_backup_opens_in_a_fresh_place_with_labels(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shell = live.begin()
    address = live.ask(api.GetReceiveAddress()).address
    live.ask(api.SetLabel("addr", address, "Ana"))
    page = settings_page(live, shell)
    target = tmp_path / "copy.wren-backup"
    choose_file(monkeypatch, target)
    page.backup.backup_button.click()
    form = form_of(page.backup, BackupDialog)
    form.password.setText(PASSWORD)
    submit(live, form)
    assert str(target) in page.backup.message.text
    document = target.read_text()
    assert "Ana" not in document
    live.ask(api.RestoreBackup("again", document, PASSWORD, "file"))
    assert address in {row.address for row in live.ask(api.GetAddresses()) if row.label == "Ana"}
    page.backup.backup_button.click()
    again = form_of(page.backup, BackupDialog)
    again.password.setText(PASSWORD)
    submit(live, again)
    assert str(target) in again.message.text  # nothing is written over
    assert target.read_text() == document
    again.close()


def test_labels_that_differ_are_shown_before_they_are_taken(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shell = live.begin()
    address = live.ask(api.GetReceiveAddress()).address
    live.ask(api.SetLabel("addr", address, "Ana"))
    page = settings_page(live, shell)
    target = tmp_path / "labels.jsonl"
    choose_file(monkeypatch, target)
    page.backup.export_button.click()
    live.settle()
    assert "1 labels" in page.backup.message.text
    target.write_text(target.read_text().replace("Ana", "Berta") + '{"type": "addr", "ref": "nonsense", "label": 3}\n')
    page.backup.import_button.click()
    live.settle()
    form = form_of(page.backup, LabelsDialog)
    shown = " ".join(label.text() for label in form.findChildren(type(page.home.place)))
    assert "here: Ana · in the file: Berta" in shown
    assert "Line 2" in shown
    submit(live, form)
    assert form.problem_message.isVisible()
    form.skip.setChecked(True)
    form.rule.choose("replace")

    def label() -> str:
        return next(row.label for row in live.ask(api.GetAddresses()) if row.address == address)

    assert label() == "Ana"
    submit(live, form)
    assert label() == "Berta"


def test_a_new_account_is_in_the_list_with_the_password_only(live: Live) -> None:
    _, shell = live.begin()
    page = settings_page(live, shell)
    assert re.fullmatch("[0-9a-f]{8}", page.about.facts.said("fingerprint"))
    before = page.about.accounts.count()
    page.about.new_account.click()
    form = form_of(page.about, NewAccountDialog)
    form.type.choose("p2sh-p2wpkh")
    form.password.setText("wrong")
    submit(live, form)
    assert form.password_field.error
    form.password.setText(PASSWORD)
    submit(live, form)
    assert page.about.message.text == "Nested SegWit account 1 is there."
    assert ("p2sh-p2wpkh", 1) in {(account.type, account.account) for account in live.ask(api.GetAccounts())}
    live.wait(lambda: page.about.accounts.count() == before + 1, "the account in the list")
    live.settle()


def test_descriptors_are_public_and_copied_with_their_checksums(live: Live) -> None:
    _, shell = live.begin()
    page = settings_page(live, shell)
    page.about.descriptors.click()
    dialog = page.about.opened
    assert isinstance(dialog, DescriptorsDialog)
    live.wait(lambda: "#" in dialog.text.toPlainText(), "the descriptors")
    live.settle()
    dialog.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines
    for line in lines:
        body, _, check = line.partition("#")
        assert checksum(body) == check
        assert "prv" not in line
    dialog.close()
    live.settle()


def test_keys_that_no_keyring_takes_stay_where_they_are(live: Live) -> None:
    _, shell = live.begin()
    page = settings_page(live, shell)
    assert "sealed file" in page.home.place.text()
    page.home.move_button.click()
    form = form_of(page.home, MoveDialog)
    form.password.setText(PASSWORD)
    submit(live, form)
    assert "stay where they are" in form.message.text
    assert live.ask(api.GetWalletFacts()).vault == "file"
    form.close()


def test_deleting_takes_name_and_password_and_leaves_no_file(live: Live, tmp_path: Path) -> None:
    window, shell = live.begin()
    page = settings_page(live, shell)
    folder = tmp_path / "wallets" / "play"
    assert folder.exists()
    page.delete.delete_button.click()
    form = form_of(page.delete, DeleteDialog)
    form.password.setText(PASSWORD)
    form.name.setText("Play")
    submit(live, form)
    assert form.name_field.error
    form.name.setText("play")
    form.password.setText("wrong")
    submit(live, form)
    assert form.password_field.error
    assert folder.exists()
    form.password.setText(PASSWORD)
    submit(live, form)
    live.wait(lambda: window.shell is None, "the wallet to be gone from the window")
    live.settle()
    assert window.welcome.isVisible()
    assert not folder.exists()
    assert not [path for path in (tmp_path / "wallets").rglob("*") if path.is_file()]


def test_a_wallet_that_only_watches_has_a_password_and_neither_words_nor_new_accounts(live: Live) -> None:
    window, shell = live.begin()
    watched = live.ask(api.GetDescriptors())[0].descriptor
    live.ask(api.RestoreWallet("eye", watched, OTHER))
    live.run(window.enter("eye"))
    assert window.shell is not None
    assert window.shell is not shell
    page = settings_page(live, window.shell)
    assert "only watches" in page.about.facts.said("keys")
    for part in (page.words_card, page.about.new_account):
        assert not part.isVisible()
    page.password_card.change_button.click()
    change = form_of(page.password_card, PasswordDialog)
    change.password.setText(OTHER)
    change.new.first.setText(PASSWORD)
    change.new.second.setText(PASSWORD)
    submit(live, change)
    assert "changed" in page.password_card.message.text
    page.delete.delete_button.click()
    form = form_of(page.delete, DeleteDialog)
    form.name.setText("eye")
    form.password.setText(OTHER)
    submit(live, form)
    assert form.password_field.error
    form.password.setText(PASSWORD)
    submit(live, form)
    live.wait(
        lambda: window.chooser is not None and window.chooser.isVisible(), "the choice of the wallets that are left"
    )
    live.settle()
    assert [wallet.name for wallet in live.ask(api.ListWallets())] == ["play"]
