"""The addresses page, with the real engine on a network of play money; long lists are scripted."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.ui.engine_double import some_addresses
from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.models.addresses import LOOK_AHEAD, AddressFilter, accounts_of, arrange, use_words
from wallet.ui.models.pieces import PIECE
from wallet.ui.pages.addresses import AddressesPage
from wallet.ui.pages.receive import ReceivePage
from wallet.ui.shell import Shell
from wallet.ui.text import in_fours


def addresses_page(stage: Stage, shell: Shell) -> AddressesPage:
    shell.sidebar.choose("addresses")
    stage.settle()
    page = shell.page("addresses")
    assert isinstance(page, AddressesPage)
    return page


def listed(page: AddressesPage) -> list[str]:
    return [entry.address for entry in page.model.rows]


def test_addresses_are_listed_with_their_use_and_what_lies_on_them(live: Live) -> None:
    _, shell = live.begin()
    live.fund(60_000)
    live.fund(40_000)
    fresh = live.ask(api.GetReceiveAddress()).address
    page = addresses_page(live, shell)
    rows = {str(page.model.index(n, 0).data()): n for n in range(len(page.model.rows))}
    assert page.model.rows[0].address == fresh
    assert [str(page.model.index(n, 1).data()) for n in rows.values()] == [
        "Not used yet",
        *["Used: not offered again"] * (len(rows) - 1),
    ]
    assert {entry.balance for entry in page.model.rows if entry.used} == {40_000, 60_000}
    assert fresh not in {entry.address for entry in page.model.rows if entry.used}
    page.use.choose("holding")
    assert len(page.model.rows) == 2
    page.use.choose("unused")
    assert listed(page) == [fresh]
    page.use.choose("all")
    page.search.setText(fresh[-9:].upper())
    live.until(lambda: listed(page) == [fresh], "the search")
    page.search.setText("no such address")
    live.until(lambda: not page.model.rows, "the search")
    assert page.empty.text() == "No address fits."
    page.fresh.click()
    live.settle()
    receive = shell.stack.currentWidget()
    assert isinstance(receive, ReceivePage)
    assert receive.address.address == fresh


def test_change_is_kept_apart(live: Live) -> None:
    _, shell = live.begin()
    live.fund(100_000)
    outside = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
    review = live.ask(api.PreparePayment(((outside, 30_000),)))
    live.ask(api.SendPayment(review.id, PASSWORD))
    page = addresses_page(live, shell)
    assert review.change_address not in listed(page)
    page.branch.choose("change")
    assert listed(page) == [review.change_address]
    page.branch.choose("all")
    assert review.change_address in listed(page)
    assert len(page.model.rows) > 1


def test_an_address_opens_by_return_with_its_code_and_is_labelled(live: Live) -> None:
    _, shell = live.begin()
    live.fund(60_000)
    page = addresses_page(live, shell)
    page.use.choose("used")
    page.table.setFocus()
    page.table.selectRow(0)
    live.press(page.table, Qt.Key.Key_Return)
    dialog = page.dialog
    assert dialog is not None
    live.settle()
    (entry,) = page.model.rows
    assert dialog.address.shown == in_fours(entry.address)
    assert dialog.facts.said("path") == entry.path
    assert dialog.facts.said("type") == "Native SegWit"
    assert not dialog.qr.image.isNull()
    assert entry.address in dialog.qr.accessibleName()
    assert dialog.warning.text.startswith("It was paid before")
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == entry.address
    live.type(dialog.label.box, "Invoice 7")
    live.press(dialog.label.box, Qt.Key.Key_Return)
    live.settle()
    assert page.model.index(0, 0).data() == f"Invoice 7\n{entry.address}"
    assert dialog.isVisible()
    dialog.close()
    live.settle()
    assert page.dialog is None
    page.search.setText("invoice7")
    live.until(lambda: len(page.model.rows) == 1, "the label to be found")


def test_accounts_are_chosen_between_where_there_are_several(live: Live) -> None:
    _, shell = live.begin()
    live.ask(api.GetReceiveAddress())
    page = addresses_page(live, shell)
    assert page.account is None
    taproot = live.ask(api.GetReceiveAddress(type="p2tr")).address
    page.refresh()
    live.settle()
    assert page.account is not None
    (key,) = [key for key in page._accounts if key.startswith("p2tr")]
    page.account.choose(key)
    assert listed(page) == [taproot]
    page.refresh()
    live.settle()
    assert listed(page) == [taproot]
    live.ask(api.GetReceiveAddress(type="p2pkh"))
    page.refresh()
    live.settle()
    assert len(page._accounts) == 3
    assert listed(page) == [taproot]  # what was chosen stays, though there is a further choice
    page.account.choose("every")
    assert taproot in listed(page)
    assert len(listed(page)) > 1


def test_many_unused_ones_are_shown_when_asked_for(stage: Stage) -> None:
    stage.engine.addresses = some_addresses()
    page = addresses_page(stage, stage.shell())
    whole = [entry for entry in some_addresses() if not entry.change]
    arranged = arrange(some_addresses(), page.wanted)
    assert 0 < arranged.hidden == len(whole) - len(page.model.rows)
    assert page.more.text() == f"Show &all: {arranged.hidden} more unused"
    page.more.click()
    assert len(page.model.rows) == len(whole)
    assert not page.more.isVisible()


def test_long_lists_come_in_pieces_and_what_is_chosen_stays(stage: Stage) -> None:
    stage.engine.addresses = tuple(replace(entry, used=True) for entry in some_addresses(PIECE + 50))
    page = addresses_page(stage, stage.shell())
    page.branch.choose("all")
    assert len(page.model.rows) == PIECE + 50
    page.table.selectRow(7)
    chosen = page.table.selected()
    stage.engine.addresses += (replace(stage.engine.addresses[0], address="bcrt1qnew", path="m/84h/1h/0h/0/99999"),)
    stage.engine.announce(api.WalletChanged(frozenset({"addresses"})))
    stage.settle()
    assert len(page.model.rows) == PIECE + 51
    assert page.table.selected() == chosen
    page.copy.click()
    assert QGuiApplication.clipboard().text() == chosen[0].address


def test_words_of_labels_are_shown_literally_and_amounts_hidden(stage: Stage) -> None:
    entry = replace(some_addresses()[3], label="<i>x</i>\u202e")
    stage.engine.addresses = (entry,)
    page = addresses_page(stage, stage.shell())
    assert page.model.index(0, 0).data() == f"<i>x</i>⟨U+202E⟩\n{entry.address}"
    page.show_address(entry)
    stage.context.preferences.set_hidden(True)
    assert page.dialog is not None
    assert page.dialog.balance.text().startswith("•••••")
    assert str(page.model.index(0, 2).data()).startswith("•••••")
    page.dialog.close()


def test_a_label_that_is_refused_says_so_beside_its_field(stage: Stage) -> None:
    stage.engine.refuse[api.SetLabel] = api.WrenError("refused", "the disk is full")
    page = addresses_page(stage, stage.shell())
    page.show_address(page.model.rows[0])
    assert page.dialog is not None
    page.dialog.label.box.clear()
    stage.type(page.dialog.label.box, "x")
    stage.press(page.dialog.label.box, Qt.Key.Key_Return)
    stage.settle()
    assert page.dialog.label.field.error == "The disk is full."
    page.dialog.close()


def test_the_rules_of_which_addresses_are_shown() -> None:
    entries = some_addresses(200)
    arranged = arrange(entries, AddressFilter())
    assert arranged.hidden + len(arranged.shown) == 200
    unused = [entry for entry in arranged.shown if not entry.used and not entry.label and not entry.change]
    assert [sum(entry.type == kind for entry in unused) for kind in ("p2wpkh", "p2tr")] == [LOOK_AHEAD, 12]
    assert arranged.shown[0] == entries[-1]
    assert entries[100] in arranged.shown  # it has a label
    assert arrange(entries, AddressFilter(everything=True)).hidden == 0
    assert arrange(entries, AddressFilter(text="COFFEE withana")).shown == [entries[3]]
    assert arrange(entries, AddressFilter(text="bcrt 1q00 000")).shown
    assert {entry.type for entry in arrange(entries, AddressFilter(accounts_of(entries)[0])).shown} == {"p2tr"}
    words = {use_words(entry) for entry in entries}
    assert words == {"Used: not offered again", "Not used yet", "Change, not used yet"}
