"""The open wallet's pages, through their widgets."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from tests.ui.engine_double import ADDRESSES, BALANCE, PASSWORD, SYNCED, WORDS
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.models.history import Column, HistoryModel
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.overview import OverviewPage
from wallet.ui.pages.receive import ReceivePage
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.shell import PAGES, Shell
from wallet.ui.text import MINUS, Unit, in_fours
from wallet.ui.widgets.words import COVERED


def page_of(stage: Stage, shell: Shell, key: str) -> QWidget:
    shell.sidebar.choose(key)
    stage.settle()
    return shell.page(key)


def overview(stage: Stage) -> OverviewPage:
    page = stage.shell().page("overview")
    assert isinstance(page, OverviewPage)
    return page


def test_the_overview_shows_the_balance_and_what_is_on_its_way(stage: Stage) -> None:
    page = overview(stage)
    assert page.balance.text() == "1,209,567\u00a0sat"
    assert page.balance.accessibleName() == "1,209,567 satoshis"
    assert page.leaving.text() == f"{MINUS}25,000\u00a0sat"
    assert page.leaving.isVisible()
    assert not page.arriving.isVisible()
    assert not page.immature.isVisible()
    assert [line.txid for line in page.payments] == [row.txid for row in stage.engine.rows[:5]]


def test_a_latest_payment_opens_by_a_click_anywhere_on_it(stage: Stage) -> None:
    page = overview(stage)
    opened: list[str] = []
    page.opened.connect(opened.append)
    second = page.payments[1]
    QTest.mouseClick(second._name, Qt.MouseButton.LeftButton)
    assert opened == [second.txid]
    QTest.mouseClick(second.show_button, Qt.MouseButton.LeftButton)
    assert opened == [second.txid] * 2
    QTest.mouseClick(second._name, Qt.MouseButton.RightButton)
    QTest.mousePress(second._name, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(second._name, Qt.MouseButton.LeftButton, pos=second._name.rect().bottomLeft() + QPoint(0, 400))
    assert opened == [second.txid] * 2


def test_the_overview_asks_again_when_the_wallet_changed(stage: Stage) -> None:
    page = overview(stage)
    stage.engine.balance = replace(BALANCE, confirmed=2_000_000, pending=0)
    stage.engine.announce(api.WalletChanged(frozenset({"balance"})))
    stage.settle()
    assert page.balance.sats == 2_000_000
    stage.engine.rows = stage.engine.rows[1:]
    stage.engine.announce(api.WalletChanged(frozenset({"history"})))
    stage.settle()
    assert not page.leaving.isVisible()


def test_a_page_that_is_not_seen_asks_only_when_it_is(stage: Stage) -> None:
    shell = stage.shell()
    page_of(stage, shell, "history")
    page_of(stage, shell, "overview")
    asked = len(stage.engine.commands(api.ListHistory))
    stage.engine.announce(api.WalletChanged(frozenset({"history"})))
    stage.settle()
    assert len(stage.engine.commands(api.ListHistory)) == asked
    page_of(stage, shell, "history")
    assert len(stage.engine.commands(api.ListHistory)) == asked + 1


def test_an_old_balance_says_from_when_it_is(stage: Stage) -> None:
    page = overview(stage)
    assert not page.as_of.isVisible()
    old = replace(SYNCED, phase="filters", synced=False, scan_height=571, scan_time=datetime(2026, 3, 2, tzinfo=UTC))
    stage.engine.announce(api.SyncChanged(old))
    assert "2 Mar 2026" in page.as_of.text()
    assert "block 571" in page.as_of.text()
    stage.engine.announce(api.SyncChanged(SYNCED))
    assert not page.as_of.isVisible()


def test_amounts_can_be_hidden_everywhere_at_once(stage: Stage) -> None:
    page = overview(stage)
    shell = page.window().shell  # type: ignore[attr-defined]
    stage.press(page, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert page.balance.text() == "•••••\u00a0sat"
    assert page.balance.accessibleName() == "amount hidden"
    history = page_of(stage, shell, "history")
    assert isinstance(history, HistoryPage)
    assert "25" not in str(history.model.index(0, Column.AMOUNT).data())


def test_receive_shows_an_address_and_its_code_without_a_click(stage: Stage) -> None:
    page = page_of(stage, stage.shell(), "receive")
    assert isinstance(page, ReceivePage)
    stage.until(lambda: not page.qr.image.isNull(), "the QR code")
    assert page.address.shown == in_fours(ADDRESSES[0])
    assert ADDRESSES[0] in page.qr.accessibleName()


def test_label_and_amount_make_a_request(stage: Stage) -> None:
    page = page_of(stage, stage.shell(), "receive")
    assert isinstance(page, ReceivePage)
    assert not page.form.make.isEnabled()
    stage.type(page.label, "Rent & more")
    stage.type(page.amount.box, "150000")
    assert page.uri == f"bitcoin:{ADDRESSES[0]}?amount=0.0015&label=Rent%20%26%20more"
    stage.until(lambda: stage.engine.commands(api.SetLabel), "the label to be kept")
    assert stage.engine.commands(api.SetLabel)[-1] == api.SetLabel("addr", ADDRESSES[0], "Rent & more")
    assert page.form.make.isEnabled()
    page.copy_link.click()
    assert QGuiApplication.clipboard().text() == page.uri


def test_a_wrong_amount_is_told_beside_its_field_and_not_in_the_request(stage: Stage) -> None:
    page = page_of(stage, stage.shell(), "receive")
    assert isinstance(page, ReceivePage)
    stage.type(page.amount.box, "1,5")
    stage.settle()
    assert "whole" in page.amount_field.error
    assert "amount" not in page.uri


def test_another_address_is_asked_for(stage: Stage) -> None:
    page = page_of(stage, stage.shell(), "receive")
    assert isinstance(page, ReceivePage)
    page.new_button.click()
    stage.settle()
    assert page.address.address == ADDRESSES[1]
    assert stage.engine.commands(api.GetReceiveAddress)[-1].fresh


def test_a_warning_about_the_address_is_told_with_the_first_one(stage: Stage) -> None:
    stage.engine.address_warning = "many addresses were given out and never paid"
    page = page_of(stage, stage.shell(), "receive")
    assert isinstance(page, ReceivePage)
    assert page.warning.isVisible()
    assert "never paid" in page.warning.text
    stage.engine.address_warning = ""
    page.new_button.click()
    stage.settle()
    assert not page.warning.isVisible()


def test_history_is_a_table_that_speaks(stage: Stage) -> None:
    page = page_of(stage, stage.shell(), "history")
    assert isinstance(page, HistoryPage)
    model = page.model
    assert model.rowCount() == len(stage.engine.rows)
    texts = [model.index(0, column).data() for column in Column]
    assert texts == ["waiting", "Rent", "Sent, seen by 3 peers", f"{MINUS}25,000\u00a0sat"]
    spoken = model.index(1, Column.AMOUNT).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "received 40,000 satoshis"
    assert model.index(1, Column.STATUS).data() == "Confirmed, proven"


def test_a_label_from_outside_is_shown_literally(stage: Stage) -> None:
    rows = (replace(stage.engine.rows[0], label="<b>x</b>\u202egpj"),)
    model = HistoryModel(stage.context.preferences)
    model.set_rows(rows)
    assert model.index(0, Column.LABEL).data() == "<b>x</b>⟨U+202E⟩gpj"


def test_an_empty_history_says_what_will_be_there(stage: Stage) -> None:
    stage.engine.rows = ()
    page = page_of(stage, stage.shell(), "history")
    assert isinstance(page, HistoryPage)
    assert page.empty.isVisible()
    assert not page.table.isVisible()


def test_a_payment_opens_with_its_proof(stage: Stage) -> None:
    shell = stage.shell()
    dialog = shell.open_transaction(stage.engine.rows[1].txid)
    stage.settle()
    assert dialog.proof.isVisible()
    dialog.resize(400, 500)
    stage.settle()
    content = dialog.area.widget()
    assert content is not None
    assert content.width() <= dialog.area.viewport().width()
    assert "block 860" in dialog.proof.message.text
    assert dialog.proof.message.kind == "good"
    shown = [label.accessibleName() for label in dialog.proof.findChildren(QLabel)]
    assert str(dialog.proof.tree.nodes[-1].hash) in shown
    dialog.label.setText("Lunch")
    dialog.label.editingFinished.emit()
    stage.settle()
    assert stage.engine.commands(api.SetLabel) == [api.SetLabel("tx", stage.engine.rows[1].txid, "Lunch")]
    dialog.close()


def test_a_payment_that_waits_has_no_proof(stage: Stage) -> None:
    dialog = stage.shell().open_transaction(stage.engine.rows[0].txid)
    stage.settle()
    assert not dialog.proof.isVisible()
    dialog.close()


def test_seed_words_need_the_password_and_a_held_button(stage: Stage) -> None:
    shell = stage.shell()
    settings = page_of(stage, shell, "settings")
    assert isinstance(settings, SettingsPage)
    page = settings.words_card
    page.password.setText("wrong")
    page.show_words.click()
    stage.settle()
    assert "wrong" in page.password_field.error
    page.password.setText(PASSWORD)
    page.show_words.click()
    stage.settle()
    assert page.password.text() == ""
    assert all(COVERED in word for word in page.words.shown)
    QTest.mousePress(page.words.button, Qt.MouseButton.LeftButton)
    assert [word.split()[1] for word in page.words.shown] == WORDS.split()
    QTest.mouseRelease(page.words.button, Qt.MouseButton.LeftButton)
    assert all(COVERED in word for word in page.words.shown)
    page_of(stage, shell, "overview")
    assert page.words.words == ()


def test_the_unit_changes_every_amount(stage: Stage) -> None:
    page = overview(stage)
    stage.context.preferences.set_unit(Unit.BTC)
    assert page.balance.text() == "0.01209567\u00a0BTC"


def test_a_question_that_fails_is_told_on_its_page(stage: Stage) -> None:
    stage.engine.refuse[api.GetBalance] = api.WrenError("corrupt", "the wallet's file is damaged")
    page = overview(stage)
    assert page.problem.text == "The wallet's file is damaged."
    stage.engine.refuse.clear()
    page.refresh()
    stage.settle()
    assert not page.problem.isVisible()


@pytest.mark.parametrize("key", PAGES)
def test_every_label_is_plain_text_and_every_icon_button_has_a_name(stage: Stage, key: str) -> None:
    page = page_of(stage, stage.shell(), key)
    for label in page.window().findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText
    for button in page.window().findChildren(QWidget):
        if button.property("kind") in ("icon", "nav", "segment", "choice"):
            assert button.accessibleName()


@pytest.mark.parametrize(("number", "key"), list(enumerate(PAGES, 1)))
def test_alt_and_a_number_choose_a_page(stage: Stage, number: int, key: str) -> None:
    shell = stage.shell()
    stage.press(shell.window(), Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.AltModifier)
    stage.settle()
    assert shell.stack.currentWidget() is shell.page(key)


def test_tab_goes_through_the_form_as_it_is_read(stage: Stage) -> None:
    page = page_of(stage, stage.shell(), "send")
    assert isinstance(page, SendPage)
    form = page.form
    form.recipient.setFocus()
    choice = next(button for button in form.fees.speed.findChildren(QPushButton) if button.isChecked())
    order = (form.amount.box, form.max, form.label, choice, form.review_button)
    for expected in order:
        for _ in range(4):  # the unit's choice lies between
            QTest.keyClick(page.window().focusWidget(), Qt.Key.Key_Tab)
            if page.window().focusWidget() is expected:
                break
        assert page.window().focusWidget() is expected


@pytest.mark.parametrize("size", [(1024, 640), (585, 366)])
@pytest.mark.parametrize("key", PAGES)
def test_no_page_is_wider_than_the_window(stage: Stage, key: str, size: tuple[int, int]) -> None:
    shell = stage.shell()
    shell.window().resize(*size)
    page = page_of(stage, shell, key)
    assert shell.window().width() == size[0]
    content = page.widget()  # type: ignore[attr-defined]
    assert content.width() <= page.viewport().width()  # type: ignore[attr-defined]
    assert content.minimumSizeHint().width() <= page.viewport().width()  # type: ignore[attr-defined]
