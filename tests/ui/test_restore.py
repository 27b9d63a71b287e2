"""The restore box, and what an overview says of a restored wallet's search."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.ui.engine_double import PASSWORD, WORDS
from tests.ui.stage import Stage
from tests.ui.test_onboarding import restore_page
from wallet.engine import api
from wallet.ui.pages.overview import OverviewPage
from wallet.ui.widgets.found import account_name
from wallet.ui.window import Window

SAVINGS = api.AccountInfo(0, "p2wpkh", 0, "m/84h/1h/0h", "", 42_000_000, used=True)
ODD = api.AccountInfo(5, "p2pkh", 0, "m/0h", "BRD, Hive, MultiBit HD", 1_000, used=True)


def test_words_are_completed_by_the_keyboard(stage: Stage) -> None:
    page = restore_page(stage, stage.window())
    stage.settle()
    box = page.box
    QTest.keyClicks(box, "a")
    assert not box.popup.isVisible()
    QTest.keyClicks(box, "bs")
    assert box.popup.isVisible()
    QTest.keyClick(box.popup, Qt.Key.Key_Down)
    QTest.keyClick(box.popup, Qt.Key.Key_Return)
    assert box.toPlainText() in {"absorb ", "absent ", "abstract "}
    assert not box.popup.isVisible()
    before = box.toPlainText()
    QTest.keyClicks(box, "ab")
    assert box.popup.isVisible()
    QTest.keyClick(box.popup, Qt.Key.Key_Escape)
    assert not box.popup.isVisible()
    assert box.toPlainText() == before + "ab"
    assert page.isVisible()
    box.setPlainText("wpkh(ab")
    QTest.keyClicks(box, "o")
    assert not box.popup.isVisible()
    stage.settle()


def test_a_phrase_that_can_be_read_in_two_ways_is_asked_about(stage: Stage) -> None:
    page = restore_page(stage, stage.window())
    stage.type(page.box, WORDS)
    stage.settle()
    assert not page.reading_row.isVisibleTo(page)
    both = api.PhraseCheck("bip39", "right in two ways", complete=True, alternatives=("electrum",))
    stage.engine._CheckPhrase = lambda _: both  # type: ignore[method-assign,assignment]
    stage.type(page.box, " ")
    stage.settle()
    assert page.reading_row.isVisibleTo(page)
    assert page.box_field.control.accessibleDescription().startswith("Right in two ways")
    page.reading.choose("electrum")
    assert page.passphrase.accessibleName() == "Seed extension"
    page.continue_button.click()
    stage.settle()
    for box in (page.seal.password.first, page.seal.password.second):
        box.setText(PASSWORD)
    page.seal.next.click()
    stage.settle()
    (command,) = stage.engine.commands(api.RestoreWallet)
    assert command.secret == f"electrum: {WORDS}"


def overview(stage: Stage, report: api.SearchReport) -> OverviewPage:
    stage.engine.wallets = [api.WalletInfo("default", "regtest", "keyring", locked=False)]
    stage.engine.search = report
    shell = stage.shell()
    stage.settle()
    page = shell.findChild(OverviewPage)
    assert isinstance(page, OverviewPage)
    return page


def test_what_is_found_is_said_as_it_is_found(stage: Stage) -> None:
    page = overview(stage, api.SearchReport(True, True, (ODD, SAVINGS), nothing_found=False))
    assert page.search.isVisibleTo(page)
    said = page.search.found.text
    assert "Native SegWit, account 1" in said
    assert "Legacy (BRD, Hive, MultiBit HD)" in said
    assert said.index("Native") < said.index("Legacy")
    stage.engine.search = api.SearchReport(True, False, (ODD, SAVINGS), nothing_found=False)
    stage.engine.announce(api.WalletChanged(frozenset({"accounts"})))
    stage.settle()
    assert not page.search.isVisibleTo(page)


def test_nothing_found_names_four_causes_with_a_button_each(stage: Stage) -> None:
    page = overview(stage, api.SearchReport(True, False, (), nothing_found=True))
    card = page.search
    assert card.nothing.isVisibleTo(page)
    buttons = (card.passphrase, card.deeper, card.beginning, card.format)
    assert all(button.isVisibleTo(page) and button.isEnabled() for button in buttons)
    card.deeper.click()
    stage.settle()
    assert stage.engine.commands(api.Rescan) == [api.Rescan(gap=1_000)]
    assert not card.nothing.isVisibleTo(page)
    card.beginning.click()
    stage.settle()
    assert stage.engine.commands(api.Rescan)[-1] == api.Rescan(start=0)


def test_another_wallet_is_restored_from_there_and_back_leads_back(stage: Stage) -> None:
    page = overview(stage, api.SearchReport(True, False, (), nothing_found=True))
    window = page.window()
    assert isinstance(window, Window)
    for button in (page.search.passphrase, page.search.format):
        button.click()
        stage.settle()
        assert window.stack.currentWidget() is window.restore_page
        assert window.restore_page is not None
        window.restore_page.back_button.click()
        assert window.stack.currentWidget() is window.shell


def test_a_wallet_of_ones_own_making_says_nothing_of_a_search(stage: Stage) -> None:
    page = overview(stage, api.SearchReport(False, False, (), nothing_found=False))
    assert not page.search.isVisibleTo(page)


def test_accounts_have_names_that_people_use() -> None:
    assert account_name(SAVINGS) == "Native SegWit, account 1"
    assert account_name(api.AccountInfo(1, "p2tr", 4, "m/86h/1h/4h", "")) == "Taproot, account 5"
    assert account_name(ODD) == "Legacy (BRD, Hive, MultiBit HD)"
