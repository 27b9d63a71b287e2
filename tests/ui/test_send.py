"""Paying: form, review, result."""

import asyncio
from dataclasses import replace

import pytest

from tests.ui.engine_double import ADDRESSES, PASSWORD
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.pages.review import ARM_MS
from wallet.ui.pages.send import SendPage
from wallet.ui.text import in_fours
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.message import Message

MAINNET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


@pytest.fixture
def page(stage: Stage) -> SendPage:
    shell = stage.shell()
    shell.sidebar.choose("send")
    stage.settle()
    found = shell.page("send")
    assert isinstance(found, SendPage)
    return found


def review(stage: Stage, page: SendPage) -> None:
    page.form.review_button.click()
    stage.settle()


def fill(stage: Stage, page: SendPage, amount: str = "50000") -> None:
    stage.type(page.form.recipient, ADDRESSES[1])
    stage.type(page.form.amount.box, amount)


def test_an_empty_form_says_beside_each_field_what_to_do(stage: Stage, page: SendPage) -> None:
    review(stage, page)
    assert "Paste the address" in page.form.recipient_field.error
    assert page.form.amount_field.error == "Type an amount."
    assert not stage.engine.commands(api.PreparePayment)
    fill(stage, page)
    assert not page.form.recipient_field.error
    assert not page.form.amount_field.error


def test_another_networks_address_is_named(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(MAINNET)
    page.form.amount.box.setText("1000")
    review(stage, page)
    assert "Mainnet" in page.form.recipient_field.error
    assert not stage.engine.commands(api.PreparePayment)


def test_a_pasted_link_fills_the_form_and_its_words_are_literal(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(f"bitcoin:{ADDRESSES[1]}?amount=0.0005&label=%E2%80%AECaf%C3%A9")
    assert page.form.recipient.text() == ADDRESSES[1]
    assert page.form.amount.value() == 50_000
    assert page.form.label.text() == "⟨U+202E⟩Café"


def test_a_link_that_is_typed_is_taken_when_it_is_whole(stage: Stage, page: SendPage) -> None:
    stage.type(page.form.recipient, f"bitcoin:{ADDRESSES[1]}?amount=0.0005")
    assert not page.form.recipient_field.error
    review(stage, page)
    assert stage.engine.commands(api.PreparePayment)[-1].recipients == ((ADDRESSES[1], 50_000),)


def test_a_bad_link_is_refused_in_words(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(f"bitcoin:{ADDRESSES[1]}?amount=1&amount=2")
    assert "twice" in page.form.recipient_field.error


def test_the_amount_is_converted_with_its_unit(stage: Stage, page: SendPage) -> None:
    page.form.amount.box.setText("150000000")
    page.form.amount.units.choose("BTC")
    assert page.form.amount.box.text() == "1.5"
    assert page.form.amount.value() == 150_000_000
    page.form.amount.units.choose("sat")
    assert page.form.amount.box.text() == "150000000"


def test_everything_can_be_sent(stage: Stage, page: SendPage) -> None:
    page.form.recipient.setText(ADDRESSES[1])
    page.form.max.click()
    assert not page.form.amount.isEnabled()
    review(stage, page)
    assert stage.engine.commands(api.PreparePayment)[-1].recipients == ((ADDRESSES[1], None),)


def test_the_engines_refusal_stands_beside_its_field(stage: Stage, page: SendPage) -> None:
    fill(stage, page, "99999999")
    review(stage, page)
    assert page.form.amount_field.error == "Needs 99,999,999\u00a0sat, has 1,234,567\u00a0sat."
    assert page.form.review_button.isEnabled()
    stage.engine.refuse[api.PreparePayment] = api.WrenError("no_peers", "no peer answers")
    review(stage, page)
    assert page.form.message.text == "No peer answers."


def test_the_review_shows_the_whole_address_and_every_figure(stage: Stage, page: SendPage) -> None:
    stage.engine.warnings = (api.PaymentWarning("reused", "This address was paid before."),)
    fill(stage, page)
    page.form.rate.setText("2.5")
    review(stage, page)
    assert page.steps.currentWidget() is page.review
    (address,) = page.review.findChildren(AddressLabel)
    assert address.shown == in_fours(ADDRESSES[1])
    texts = " ".join(label.text() for label in page.review.findChildren(type(page.form.available)))
    for figure in ("50,000\u00a0sat", "282\u00a0sat", "50,282\u00a0sat", "1,184,285\u00a0sat"):
        assert figure in texts
    assert "This address was paid before." in [message.text for message in page.review.findChildren(Message)]
    assert stage.engine.commands(api.PreparePayment)[-1].fee_rate == 2.5


def test_send_arms_after_a_moment_and_pays_once(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    assert not page.review.send_button.isEnabled()
    page.review.password.setText(PASSWORD)
    page.review.password.returnPressed.emit()
    assert not stage.engine.commands(api.SendPayment)
    stage.until(page.review.send_button.isEnabled, "Send to arm")
    for _ in range(20):
        page.review.send_button.click()
        page.review.password.returnPressed.emit()
    stage.settle()
    assert stage.engine.commands(api.SendPayment) == [api.SendPayment("review-1", PASSWORD)]
    assert page.steps.currentWidget() is page.sent
    assert page.sent.message.text == "Sent to 4 peers, seen back from 2: propagated. A block will prove it."
    assert page.review.password.text() == ""


def test_a_wrong_password_is_told_and_can_be_typed_again(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    stage.until(page.review.send_button.isEnabled, "Send to arm")
    page.review.password.setText("wrong")
    page.review.send_button.click()
    stage.settle()
    assert "wrong" in page.review.password_field.error
    assert page.review.send_button.isEnabled()
    page.review.password.setText(PASSWORD)
    page.review.send_button.click()
    stage.settle()
    assert page.steps.currentWidget() is page.sent


def test_an_unusual_fee_must_be_typed(stage: Stage, page: SendPage) -> None:
    stage.engine.warnings = (api.PaymentWarning("fee_high", "The fee is very high.", blocking=True),)
    fill(stage, page)
    review(stage, page)
    assert page.review.accept_field.isVisible()
    page.review.accept.box.setText("281")
    page.review.accept_button.click()
    assert "not the fee" in page.review.accept_field.error
    page.review.accept.box.setText("282")
    page.review.accept_button.click()
    stage.settle()
    assert stage.engine.commands(api.PreparePayment)[-1].accept_fee == 282
    assert not page.review.accept_field.isVisible()
    stage.until(page.review.send_button.isEnabled, "Send to arm")


def test_what_was_not_seen_is_not_claimed(stage: Stage, page: SendPage) -> None:
    result = api.SendResult("cd" * 32, 1, 1.0, 1, 1, 0, "", None)
    page.sent.show_result(result)
    assert page.sent.message.text.startswith("Signed and stored.")
    page.sent.show_result(
        api.SendResult("cd" * 32, 1, 1.0, 1, 1, 0, "", api.BroadcastReport(4, 1, 0, propagated=False))
    )
    assert "not seen back yet" in page.sent.message.text


def test_changing_something_keeps_the_form(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    page.review.back_button.click()
    assert page.steps.currentWidget() is page.form
    assert page.form.recipient.text() == ADDRESSES[1]


def test_no_step_scrolls_on_into_nothing(stage: Stage, page: SendPage) -> None:
    page.form.payees.add()
    page.form.payees.add()
    stage.settle()
    assert page.verticalScrollBar().maximum() > 0
    page.sent.show_result(api.SendResult("cd" * 32, 1, 1.0, 1, 1, 0, "", None))
    page._go(page.sent)
    stage.settle()
    assert page.verticalScrollBar().maximum() == 0


def test_what_was_begun_ends_with_the_page(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    page.form.review_button.click()
    page.leave()
    stage.settle()
    assert page.review.shown is None


def test_going_back_forgets_the_password(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    page.review.password.setText(PASSWORD)
    page.review.back_button.click()
    assert page.review.password.text() == ""
    assert page.review.shown is None


def test_a_payment_that_is_refused_can_be_looked_at_anew(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    stage.until(page.review.send_button.isEnabled, "Send to arm")
    stage.engine.refuse[api.SendPayment] = api.WrenError("refused", "the coin was spent: prepare the payment again")
    page.review.send_button.click()
    stage.settle()
    assert page.review.outdated.text == "The coin was spent: prepare the payment again."
    assert not page.review.send_button.isEnabled()
    del stage.engine.refuse[api.SendPayment]
    page.review.again_button.click()
    stage.settle()
    assert not page.review.outdated.isVisible()
    stage.until(page.review.send_button.isEnabled, "Send to arm again")


def test_a_review_that_must_be_accepted_is_not_armed_by_the_one_before(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    stage.engine.warnings = (api.PaymentWarning("fee_high", "The fee is very high.", blocking=True),)
    page.review.again.emit()
    stage.settle()
    stage.run(asyncio.sleep((ARM_MS + 200) / 1_000))
    assert not page.review.send_button.isEnabled()


def test_the_word_on_an_older_review_does_not_stop_a_newer_one(stage: Stage, page: SendPage) -> None:
    fill(stage, page)
    review(stage, page)
    stage.engine.refuse[api.CheckReview] = api.WrenError("refused", "the coin was spent")
    page.changed(frozenset({"coins"}))
    older = page.review.shown
    assert older is not None
    page.review.shown = replace(older, id="another")
    stage.settle()
    assert not page.review.outdated.isVisible()
    page.changed(frozenset({"coins"}))
    stage.settle()
    assert page.review.outdated.isVisible()
