"""People are paid by name, at their newest address, and remembered after the first time."""

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel

from tests.ui.paying import address_of, mined, open_send, review, send
from tests.ui.play import Live
from tests.ui.stage import NO_KEYS
from wallet.engine import api
from wallet.ui.pages.contacts import ContactsDialog
from wallet.ui.pages.send import SendPage
from wallet.ui.text import in_fours

OLD = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


def test_a_name_pays_the_newest_address_which_is_shown_before(live: Live) -> None:
    page = open_send(live, 100_000)
    newest = address_of(live)
    for address in (OLD, newest):
        live.ask(api.SetContact("Ana Roth", address))
    live.settle()
    live.type(page.form.recipient, "ana")
    completer = page.form.recipient.completer()
    assert completer.completionCount() == 1
    assert completer.currentCompletion() == "Ana Roth"
    page.form.recipient.setText("ana roth")
    payee = page.form.payees.first
    assert payee.address.isVisible()
    assert payee.address.shown == in_fours(newest)
    page.form.amount.box.setText("30000")
    review(live, page)
    assert "To Ana Roth" in [label.text() for label in page.review.findChildren(QLabel)]
    paid = mined(live, send(live, page))
    assert (newest, 30_000) in [(end.address, end.amount) for end in paid.outputs]
    assert paid.row.label == "Ana Roth"
    assert page.sent.people == []


def test_a_name_that_nobody_has_is_refused_beside_the_field(live: Live) -> None:
    page = open_send(live)
    page.form.recipient.setText("Nobody")
    page.form.amount.box.setText("1000")
    page.form.review_button.click()
    live.settle()
    assert page.form.recipient_field.error
    assert page.steps.currentWidget() is page.form


def test_who_was_paid_can_be_remembered(live: Live) -> None:
    page = open_send(live, 100_000)
    page.form.recipient.setText(address_of(live))
    page.form.amount.box.setText("30000")
    review(live, page)
    send(live, page)
    (asked,) = page.sent.people
    asked.button.click()
    assert asked.field.error == "Type a name."
    live.type(asked.name, "The bakery")
    asked.button.click()
    live.settle()
    (contact,) = live.ask(api.GetContacts())
    assert (contact.name, contact.address) == ("The bakery", address_of(live))
    page.sent.again.click()
    page.form.recipient.setText("the bakery")
    assert page.form.payees.first.address.address == address_of(live)
    assert "paid before" in page.form.payees.first.whose.text()


def test_what_is_typed_stays_while_other_pages_are_looked_at(live: Live) -> None:
    page = open_send(live, 100_000)
    live.type(page.form.recipient, "not yet an addr")
    live.type(page.form.amount.box, "12,5")
    page.form.payees.add().label.setText("second")
    page.form.review_button.click()
    live.settle()
    shell = page.window().shell  # type: ignore[attr-defined]
    shell.sidebar.choose("history")
    live.fund(5_000)
    shell.sidebar.choose("send")
    live.settle()
    assert page.form.recipient.text() == "not yet an addr"
    assert page.form.amount.box.text() == "12,5"
    assert page.form.payees.edits[1].label.text() == "second"
    assert page.form.amount_field.error


def drop(page: SendPage, data: QMimeData) -> bool:
    """Let something be dropped on the page; answers whether it is taken."""
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(page.rect().center(), action, data, button, NO_KEYS)
    page.dragEnterEvent(enter)
    if enter.isAccepted():
        page.dropEvent(QDropEvent(QPointF(page.rect().center()), action, data, button, NO_KEYS))
    return enter.isAccepted()


def test_links_are_taken_where_they_are_dropped_and_files_are_left_to_the_window(live: Live) -> None:
    page = open_send(live)
    text = QMimeData()
    text.setText(f"bitcoin:{OLD}?amount=0.0002&label=Rent")
    assert drop(page, text)
    assert (page.form.recipient.text(), page.form.amount.value(), page.form.label.text()) == (OLD, 20_000, "Rent")
    file = QMimeData()
    file.setUrls([QUrl.fromLocalFile("proof.json")])
    assert not drop(page, file)


def test_somebody_chosen_from_the_contacts_is_paid(live: Live) -> None:
    page = open_send(live)
    live.ask(api.SetContact("Ana", OLD))
    page.form.contacts_button.click()
    live.settle()
    (dialog,) = page.findChildren(ContactsDialog)
    dialog.table.choose("Ana")
    dialog.form.pay.click()
    live.settle()
    assert page.form.recipient.text() == OLD
