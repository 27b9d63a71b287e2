"""A payment that waits is sped up, cancelled or abandoned from its own window; fees are chosen with their figures."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.ui.engine_double import PASSWORD
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.pages.mend import MendDialog, Mending
from wallet.ui.pages.review import ARM_MS
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.widgets.fees import FeeChoice


def opened(stage: Stage, number: int = 0) -> TransactionDialog:
    dialog = stage.shell().open_transaction(stage.engine.rows[number].txid)
    stage.settle()
    return dialog


def mend(stage: Stage, kind: Mending) -> MendDialog:
    dialog = MendDialog(stage.context, stage.engine.rows[0].txid, kind, stage.window())
    dialog.show()
    stage.settle()
    return dialog


def test_a_payment_that_waits_is_sped_up_from_its_own_window(stage: Stage) -> None:
    dialog = opened(stage)
    dialog.speed_up.click()
    stage.settle()
    mending = dialog.mending
    assert "12.0" in mending.rate.fees.figure.text()
    mending.rate.next.click()
    stage.settle()
    assert stage.engine.commands(api.PrepareBump) == [api.PrepareBump(stage.engine.rows[0].txid, preset="fast")]
    review = mending.review
    assert review.shown is not None
    stage.until(review.send_button.isEnabled, "Send to arm", seconds=ARM_MS / 1000 + 5)
    stage.type(review.password, PASSWORD)
    review.send_button.click()
    stage.settle()
    assert stage.engine.commands(api.SendPayment)[-1].review == "review-2"
    assert mending.steps.currentWidget() is mending.sent
    assert "propagated" in mending.sent.message.text
    mending.close()
    dialog.close()


def test_an_own_rate_is_taken_and_a_wrong_one_is_told_beside_its_field(stage: Stage) -> None:
    dialog = mend(stage, "cancel")
    fees = dialog.rate.fees
    fees.speed.choose("own")
    dialog.rate.next.click()
    assert fees.rate_field.error
    stage.type(fees.rate, "abc")
    dialog.rate.next.click()
    assert fees.rate_field.error
    assert stage.engine.commands(api.PrepareCancel) == []
    fees.rate.setText("7")
    stage.press(fees.rate, Qt.Key.Key_Return)
    stage.settle()
    assert stage.engine.commands(api.PrepareCancel)[0].fee_rate == 7.0
    assert dialog.review.shown is not None
    dialog.close()


def test_what_cannot_be_mended_says_why_and_the_rate_can_be_changed(stage: Stage) -> None:
    stage.engine.refuse[api.PrepareBump] = api.WrenError("insufficient_funds", "needs 900 satoshis more")
    dialog = mend(stage, "speed-up")
    dialog.rate.next.click()
    stage.settle()
    assert "900" in dialog.rate.message.text
    assert dialog.steps.currentWidget() is dialog.rate
    assert dialog.rate.next.isEnabled()
    dialog.close()


def test_a_payment_that_was_never_sent_can_be_abandoned(stage: Stage) -> None:
    first = stage.engine.rows[0]
    stage.engine.rows = (replace(first, status="local", seen_by=0), *stage.engine.rows[1:])
    dialog = opened(stage)
    dialog.abandon.click()
    stage.settle()
    assert stage.engine.commands(api.AbandonTransaction) == [api.AbandonTransaction(first.txid)]
    dialog.close()


def test_a_proven_payment_offers_no_mending(stage: Stage) -> None:
    dialog = opened(stage, 1)
    assert not hasattr(dialog, "speed_up")
    dialog.close()


def test_an_open_payment_follows_what_happens_and_keeps_what_is_typed(stage: Stage) -> None:
    dialog = opened(stage)
    assert not dialog.proof.isVisible()
    QTest.keyClicks(dialog.label, " for May")
    first = stage.engine.rows[0]
    stage.engine.rows = (replace(first, status="confirmed", height=900, proven=True), *stage.engine.rows[1:])
    stage.engine.announce(api.WalletChanged(frozenset({"history"})))
    stage.settle()
    stage.until(lambda: dialog.proof.isVisible() and dialog.proof.message.kind == "good", "the proof")
    assert dialog.label.text() == "Rent for May"
    dialog.close()
    stage.engine.announce(api.WalletChanged(frozenset({"history"})))
    stage.settle()


def test_the_choice_of_a_fee_says_what_it_costs_how_long_it_takes_and_why(stage: Stage) -> None:
    choice = FeeChoice()
    stage.show(choice)
    assert "within" in choice.figure.text()
    choice.show_report(stage.run(stage.engine.run(api.GetFees())))
    assert "5.50" in choice.figure.text()
    assert "6 blocks" in choice.basis.text()
    choice.speed.choose("slow")
    assert "2.00" in choice.figure.text()
    assert "4 h" in choice.figure.text()
    assert str(choice.preset) == "slow"
    choice.speed.choose("own")
    assert choice.rate.isVisible()
    choice.clear()
    assert str(choice.preset) == "normal"
    assert choice.read() is None
