"""Ctrl+F: a search from any page, by keys alone, with the real engine."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.ui.access import activate
from tests.ui.play import Live
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.models.hits import kind_of, reason_of, title_of
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.search import SearchDialog
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.shell import Shell
from wallet.ui.text import in_fours

CONTROL = Qt.KeyboardModifier.ControlModifier


def open_search(stage: Stage, shell: Shell) -> SearchDialog:
    activate(shell.window())
    stage.press(shell, Qt.Key.Key_F, CONTROL)
    stage.settle()
    (dialog,) = [found for found in shell.findChildren(SearchDialog) if found.isVisible()]
    return dialog


def titles(dialog: SearchDialog) -> list[str]:
    return [title_of(hit) for hit in dialog.model.rows]


def test_return_opens_what_was_found(live: Live) -> None:
    _, shell = live.begin()
    txid = live.fund(60_000)
    live.ask(api.SetLabel("tx", txid, "Salary of May"))
    live.ask(api.SetContact("May Winter", OUTSIDE))
    dialog = open_search(live, shell)
    assert dialog.focusWidget() is dialog.box
    live.type(dialog.box, "may")
    live.wait(lambda: titles(dialog) == ["May Winter", "Salary of May"], "the hits")
    live.press(dialog.box, Qt.Key.Key_Down)
    assert dialog.focusWidget() is dialog.table
    live.press(dialog.table, Qt.Key.Key_Down)
    live.press(dialog.table, Qt.Key.Key_Return)
    live.settle()
    (shown,) = shell.findChildren(TransactionDialog)
    live.wait(lambda: shown.label.text() == "Salary of May", "the payment")
    shown.close()
    dialog = open_search(live, shell)
    live.type(dialog.box, "60,000 sat")
    live.press(dialog.box, Qt.Key.Key_Return)  # before there is an answer: it is opened when there is
    live.wait(lambda: [each for each in shell.findChildren(TransactionDialog) if each.isVisible()], "the payment")


def test_an_address_leads_to_its_payments_and_the_history_searches_in_place(live: Live) -> None:
    _, shell = live.begin()
    address = live.ask(api.GetReceiveAddress()).address
    txid = live.fund(60_000, address=address)
    live.fund(20_000)
    live.ask(api.SetLabel("addr", address, "Shop"))
    dialog = open_search(live, shell)
    live.type(dialog.box, "shop")
    live.wait(lambda: titles(dialog) == ["Shop"], "the address")
    live.press(dialog.box, Qt.Key.Key_Return)
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    live.wait(lambda: [row.txid for row in page.model.rows] == [txid], "its payments")
    assert page.filters.search.text() == address
    activate(shell.window())
    shell.sidebar.buttons["history"].setFocus()
    live.press(shell, Qt.Key.Key_F, CONTROL)
    assert shell.window().focusWidget() is page.filters.search
    assert page.filters.search.selectedText() == address
    assert not [found for found in shell.findChildren(SearchDialog) if found.isVisible()]


def test_what_fits_nothing_and_what_fails_is_said(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    _, shell = live.begin()
    dialog = open_search(live, shell)
    assert "Type part" in dialog.words.text()
    live.type(dialog.box, "no such thing")
    live.wait(lambda: "Nothing" in dialog.words.text(), "that nothing fits")
    live.press(dialog.box, Qt.Key.Key_Return)
    live.settle()
    assert dialog.isVisible()
    live.press(dialog.box, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert QApplication.focusWidget() is not dialog.box


HIT = api.SearchHit("tx", "ab" * 32, "label", "Rent")


def test_only_the_answer_to_what_stands_in_the_box_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = stage.shell()
    answer, late = stage.engine.run, asyncio.Event()

    async def slow(command: api.Command[Any]) -> Any:
        if isinstance(command, api.Search):
            if command.text == "r":
                await late.wait()
                return api.SearchAnswer((HIT, HIT), more=True)
            return api.SearchAnswer((HIT,), more=True)
        return await answer(command)

    monkeypatch.setattr(stage.engine, "run", slow)
    dialog = open_search(stage, shell)
    dialog.box.setText("r")
    dialog._ask()
    stage.run(asyncio.sleep(0.01))
    dialog.box.setText("rent")
    late.set()
    stage.settle()
    assert titles(dialog) == []
    stage.until(lambda: dialog.model.rows, "the newer answer")
    assert titles(dialog) == ["Rent"]
    assert "type more" in dialog.words.text()
    listed: list[str] = []
    dialog.listed.connect(listed.append)
    dialog.in_history.click()
    assert listed == ["rent"]


@pytest.mark.parametrize(
    ("hit", "words"),
    [
        (HIT, ("Rent", "Payment", "by its label")),
        (
            api.SearchHit("tx", "ab" * 32, "date", "", -5, datetime(2026, 5, 4, 12, tzinfo=UTC)),
            ("Sent", "Payment", "4 May 2026, by its date"),
        ),
        (api.SearchHit("contact", "Ana\u202e", "name"), ("Ana⟨U+202E⟩", "Contact", "by name or note")),
        (api.SearchHit("addr", OUTSIDE, "address"), (in_fours(OUTSIDE), "Address", "by its address")),
        (api.SearchHit("output", "ab:1", "label", "<b>"), ("<b>", "Coin", "by its label")),
    ],
)
def test_a_hit_says_what_it_is_and_why(hit: api.SearchHit, words: tuple[str, str, str], qapp: QApplication) -> None:
    assert (title_of(hit), kind_of(hit), reason_of(hit)) == words
