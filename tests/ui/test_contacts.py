"""The list of people, with the real engine: added, changed, called otherwise, paid, forgotten."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.ui.access import activate
from tests.ui.engine_double import ADDRESSES
from tests.ui.play import Live
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.models.contacts import about, name_error
from wallet.ui.pages.contacts import ContactsDialog
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.send import SendPage
from wallet.ui.shell import Shell


def dialog_of(live: Live, shell: Shell) -> ContactsDialog:
    shell.sidebar.choose("history")
    live.settle()
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    page.contacts.click()
    live.settle()
    (dialog,) = [each for each in shell.findChildren(ContactsDialog) if each.isVisible()]
    return dialog


def names(dialog: ContactsDialog) -> list[str]:
    return [row.name for row in dialog.model.rows]


def test_somebody_is_added_changed_and_forgotten(live: Live) -> None:
    _, shell = live.begin()
    live.fund(60_000)
    own = live.ask(api.GetReceiveAddress()).address
    dialog = dialog_of(live, shell)
    form = dialog.form
    assert dialog.empty.isVisible()
    form.save.click()
    assert "what to call" in form.name_field.error
    live.type(form.name, "Ana")
    live.type(form.address, "bcrt1qnonsense")
    form.save.click()
    live.wait(lambda: form.address_field.error, "what is wrong with the address")
    assert not form.name_field.error
    form.address.setText(OUTSIDE)
    live.type(form.note, "the baker")
    form.save.click()
    live.wait(lambda: names(dialog) == ["Ana"], "her")
    live.settle()
    assert dialog.contact is not None
    assert not form.address_field.error
    form.name.setText("Ana Winter")
    form.address.setText(own)
    form.save.click()
    live.wait(lambda: names(dialog) == ["Ana Winter"], "her other name")
    live.wait(lambda: form.heading.text() == "Ana Winter", "her in the form")
    assert live.ask(api.GetContacts())[0].earlier == (OUTSIDE,)
    assert live.ask(api.GetContacts())[0].note == "the baker"
    assert "of this wallet" in form.advice.text
    assert OUTSIDE in form.about.text()
    form.another.click()
    live.type(form.name, "ANA winter")
    form.save.click()
    assert "choose them in the list" in form.name_field.error
    dialog.table.choose("Ana Winter")
    form.remove.click()
    assert "Ana Winter" in form.sure.text()
    form.keep.click()
    assert names(dialog) == ["Ana Winter"]
    form.remove.click()
    form.really.click()
    live.wait(dialog.empty.isVisible, "that she is forgotten")
    assert live.ask(api.GetContacts()) == ()


def test_who_was_found_is_chosen_and_can_be_paid(live: Live) -> None:
    _, shell = live.begin()
    live.ask(api.SetContact("Bob", OUTSIDE))
    live.ask(api.SetContact("Ana", live.ask(api.GetReceiveAddress()).address))
    activate(shell.window())
    live.press(shell, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    live.settle()
    box = QApplication.focusWidget()
    assert box is not None
    live.type(box, "bob")
    live.press(box, Qt.Key.Key_Return)
    live.wait(lambda: shell.findChildren(ContactsDialog), "the contacts")
    (dialog,) = shell.findChildren(ContactsDialog)
    live.wait(lambda: dialog.form.heading.text() == "Bob", "him")
    dialog.form.address.setText("something that is being typed")
    dialog.form.pay.click()
    live.settle()
    page = shell.page("send")
    assert isinstance(page, SendPage)
    assert shell.stack.currentWidget() is page
    assert OUTSIDE in page.form.recipient.text().replace(" ", "")


ANA = api.ContactRow("Ana", ADDRESSES[0], "", 0, "")


@pytest.mark.parametrize(
    ("name", "chosen", "wrong"),
    [
        ("", "", "call them"),
        (" \t", "Ana", "call them"),
        ("ana", "", "of this name"),
        ("ANA", "Ana", ""),
        ("Bob", "", ""),
        ("Ana", "Bob", "of this name"),
    ],
)
def test_a_name_stands_for_one(name: str, chosen: str, wrong: str, qapp: QApplication) -> None:
    said = name_error(name, chosen, (ANA,))
    assert wrong in said
    assert bool(said) == bool(wrong)


def test_what_is_known_of_somebody_is_said(qapp: QApplication) -> None:
    assert about(ANA) == ""
    paid = api.ContactRow("Ana", ADDRESSES[0], "", 2, "", ("bcrt1q\u202e",))
    assert about(paid) == "Newest address: paid 2 times. Earlier addresses: bcrt1q⟨U+202E⟩"
