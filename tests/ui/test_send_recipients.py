"""Several people are paid at once: each by its own address, amount and name, and the network gets just that."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.engine_double import ADDRESSES
from tests.ui.paying import address_of, open_send, pay, review, warned
from tests.ui.play import Live
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.pages.send import SendPage


@pytest.fixture
def page(stage: Stage) -> SendPage:
    shell = stage.shell()
    shell.sidebar.choose("send")
    stage.settle()
    found = shell.page("send")
    assert isinstance(found, SendPage)
    return found


def command(stage: Stage, page: SendPage) -> api.PreparePayment:
    page.form.review_button.click()
    stage.settle()
    return stage.engine.commands(api.PreparePayment)[-1]


def outputs(detail: api.TransactionDetail) -> dict[str | None, int | None]:
    return {end.address: end.amount for end in detail.outputs}


def test_two_people_are_paid_what_was_typed(live: Live) -> None:
    page = open_send(live, 200_000)
    first, second = address_of(live), address_of(live, "Friend")
    page.form.recipient.setText(first)
    page.form.amount.box.setText("30000")
    page.form.label.setText("Bread")
    page.form.payees.add_button.click()
    other = page.form.payees.edits[1]
    other.recipient.setText(f"bitcoin:{second}?amount=0.0005&label=Lunch")
    assert other.recipient.text() == second
    assert page.form.recipient.text() == first
    assert page.form.together.sats == 80_000
    paid = pay(live, page)
    assert outputs(paid)[first] == 30_000
    assert outputs(paid)[second] == 50_000
    assert sum(end.amount or 0 for end in paid.inputs) - sum(map(int, filter(None, outputs(paid).values()))) == (
        paid.row.fee
    )
    assert paid.row.label == "Bread, Lunch"
    assert len(page.form.payees.edits) == 1


def test_one_of_them_gets_all_that_is_left(live: Live) -> None:
    page = open_send(live, 200_000)
    first, second = address_of(live), address_of(live, "Friend")
    page.form.recipient.setText(first)
    page.form.max.click()
    other = page.form.payees.add()
    other.recipient.setText(second)
    other.max.click()
    assert not page.form.max.isChecked()
    page.form.amount.box.setText("30000")
    shown = review(live, page)
    assert {end.address: end.amount for end in shown.recipients} == {first: 30_000, second: 170_000 - shown.fee}
    assert not shown.change


def test_the_fee_comes_out_of_the_amounts_in_equal_parts(live: Live) -> None:
    page = open_send(live, 200_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("30000")
    page.form.options.fold.click()
    page.form.options.subtract_fee.setChecked(True)
    page.form.fees.rate.setText("2")
    paid = pay(live, page)
    assert outputs(paid)[address_of(live)] == 30_000 - (paid.row.fee or 0)
    assert not page.form.options.subtract_fee.isChecked()


def test_a_note_goes_into_the_chain_and_is_counted_in_bytes(live: Live) -> None:
    page = open_send(live, 200_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("30000")
    page.form.options.note.setText("é" * 41)
    assert page.form.options.note_field.error == "2 bytes too long: a note has at most 80."
    page.form.review_button.click()
    live.settle()
    assert page.steps.currentWidget() is page.form
    assert page.form.options.note.isVisible()
    page.form.options.note.setText("für Ana")
    assert "72 bytes are left" in page.form.options.note.accessibleDescription()
    assert page.form.options.fold.text() == "Advanced: 1 set"
    paid = pay(live, page)
    assert "für Ana".encode().hex() in paid.hex


def test_coins_that_no_block_has_are_spent_only_when_asked(live: Live) -> None:
    page = open_send(live)
    live.fund(60_000, mined=False)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("30000")
    page.form.review_button.click()
    live.wait(lambda: page.form.amount_field.error, "the engine's word")
    page.form.options.spend_unconfirmed.setChecked(True)
    shown = review(live, page)
    assert "unconfirmed" in [warning.code for warning in shown.warnings]
    assert any("not confirmed yet" in each for each in warned(page))


def test_what_is_wrong_is_said_beside_its_own_recipient(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(ADDRESSES[0])
    page.form.amount.box.setText("1000")
    other = page.form.payees.add()
    other.recipient.setText("nonsense")
    page.form.review_button.click()
    stage.settle()
    assert other.recipient_field.error
    assert other.amount_field.error == "Type an amount."
    assert not page.form.recipient_field.error
    assert not stage.engine.commands(api.PreparePayment)
    assert other.recipient.text() == "nonsense"


def test_removing_one_leaves_the_others_as_they_are(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText("the first")
    for text in ("the second", "the third"):
        page.form.payees.add().recipient.setText(text)
    page.form.payees.edits[1].remove_button.click()
    assert [edit.recipient.text() for edit in page.form.payees.edits] == ["the first", "the third"]
    page.form.payees.edits[0].remove_button.click()
    assert page.form.recipient.text() == "the third"
    assert not page.form.payees.first.head.isVisible()


def test_tab_goes_through_each_recipient_in_turn(stage: Stage, page: SendPage) -> None:
    page.form.payees.add_button.click()
    page.form.payees.add_button.click()
    page.form.payees.edits[1].remove_button.click()
    page.form.payees.add_button.click()
    stage.settle()
    expected: list[QWidget] = []
    for edit in page.form.payees.edits:
        expected += [edit.recipient, edit.scan_button, edit.amount.box, edit.max, edit.label, edit.remove_button]
    expected.append(page.form.payees.add_button)
    page.form.recipient.setFocus()
    seen: list[QWidget] = []
    for _ in range(len(expected) + len(page.form.payees.edits)):
        now = QApplication.focusWidget()
        assert now is not None
        seen.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    assert [widget for widget in seen if widget in expected] == expected


def test_each_keeps_its_label_in_the_wallet(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(ADDRESSES[0])
    page.form.amount.box.setText("1000")
    page.form.label.setText("Rent")
    other = page.form.payees.add()
    other.recipient.setText(ADDRESSES[1])
    other.amount.box.setText("2000")
    asked = command(stage, page)
    assert asked.recipients == ((ADDRESSES[0], 1_000), (ADDRESSES[1], 2_000))
    assert asked.address_labels == ((ADDRESSES[0], "Rent"),)
    assert asked.label == "Rent"


def test_a_dropped_link_fills_the_first_that_is_empty(stage: Stage, page: SendPage) -> None:
    page.take_text(f"bitcoin:{ADDRESSES[0]}?amount=0.0001")
    page.take_text(f" {ADDRESSES[1]}\n")
    assert [edit.recipient.text() for edit in page.form.payees.edits] == list(ADDRESSES)
    page.take_text("<b>nothing</b>")
    assert page.form.message.text.startswith("What was dropped cannot be paid:")
    assert len(page.form.payees.edits) == 2
