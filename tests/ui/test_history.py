"""The history: looked through, summed, labelled in place and exported, with the real engine; and its models alone."""

import asyncio
import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDate, QLocale, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from tests.ui.engine_double import history
from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.models.filters import Days, Period, days_of, query_of
from wallet.ui.models.history import Column, HistoryModel
from wallet.ui.models.paged import ASKED, KEPT, PAGE
from wallet.ui.pages.history import HistoryPage, sum_words
from wallet.ui.preferences import Preferences
from wallet.ui.shell import Shell

# --- with the real engine


def history_page(live: Live, shell: Shell) -> HistoryPage:
    shell.sidebar.choose("history")
    live.settle()
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    return page


def shown(page: HistoryPage) -> list[str]:
    return [row.txid for row in page.model.rows]


def pay(live: Live, sats: int) -> str:
    review = live.ask(api.PreparePayment(((OUTSIDE, sats),)))
    return live.ask(api.SendPayment(review.id, PASSWORD)).txid


def test_the_history_is_looked_through_by_side_and_by_text_and_summed(live: Live) -> None:
    _, shell = live.begin()
    first, second = live.fund(60_000), live.fund(40_000)
    sent = pay(live, 10_000)
    fee = live.ask(api.GetTransaction(sent)).row.fee or 0
    page = history_page(live, shell)
    live.wait(lambda: shown(page) == [sent, second, first], "all payments")
    live.wait(lambda: page.sum.text().startswith("3 payments · received 100,000"), "the sum")
    assert f"together +{100_000 - 10_000 - fee:,}" in page.sum.text()
    page.filters.side.choose("sent")
    live.wait(lambda: shown(page) == [sent], "what was sent")
    live.wait(lambda: page.sum.text() == f"1 payment · sent {10_000 + fee:,}\u00a0sat", "its sum")
    page.filters.side.choose("waiting")
    live.wait(lambda: shown(page) == [sent], "what waits")
    page.filters.side.choose("received")
    live.wait(lambda: shown(page) == [second, first], "what came")
    live.ask(api.SetLabel("tx", first, "Salary of May"))
    live.type(page.filters.search, "salary")
    live.wait(lambda: shown(page) == [first], "what is found")
    page.filters.search.clear()
    live.type(page.filters.search, "no such thing")
    live.wait(lambda: page.empty.isVisible() and not page.table.isVisible(), "that nothing is found")
    page.show_all.click()
    live.wait(lambda: shown(page) == [sent, second, first], "all payments again")
    live.context.preferences.set_hidden(True)
    assert "100,000" not in page.sum.text()
    live.context.preferences.set_hidden(False)


def test_a_payment_that_comes_in_appears_while_the_page_is_looked_at(live: Live) -> None:
    _, shell = live.begin()
    page = history_page(live, shell)
    assert page.empty.isVisible()
    txid = live.fund(25_000, mined=False)
    live.wait(lambda: shown(page) == [txid], "the payment")
    live.mine()
    live.wait(lambda: page.model.rows[0].proven, "its proof")


def test_f2_edits_a_label_in_place_and_changes_wait_until_it_is_typed(live: Live) -> None:
    _, shell = live.begin()
    txid = live.fund(25_000)
    page = history_page(live, shell)
    live.wait(lambda: page.model.rows, "the payment")
    page.table.setFocus()
    page.table.selectRow(0)
    live.press(page.table, Qt.Key.Key_F2)
    editor = page.table.viewport().findChild(QLineEdit)
    assert editor is not None
    live.type(editor, "Rent & more")
    other = live.fund(30_000, mined=False)
    live.settle()
    assert editor.text() == "Rent & more"
    assert shown(page) == [txid]
    live.press(editor, Qt.Key.Key_Return)
    live.wait(lambda: [row.label for row in page.model.rows] == ["", "Rent & more"], "the label")
    assert shown(page) == [other, txid]
    live.press(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(QApplication.clipboard().text()) == 64


def test_a_label_that_is_refused_says_so_and_stays_as_it_was(stage: Stage) -> None:
    stage.engine.refuse[api.SetLabel] = api.WrenError("refused", "a label has at most 255 characters")
    shell = stage.shell()
    shell.sidebar.choose("history")
    stage.settle()
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    page.model.setData(page.model.index(0, Column.LABEL), "New")
    stage.settle()
    assert "255" in page.problem.text
    assert page.model.index(0, Column.LABEL).data() == "Rent"


def test_a_change_never_leaves_another_payment_chosen(stage: Stage) -> None:
    shell = stage.shell()
    shell.sidebar.choose("history")
    stage.settle()
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    first, *rest = stage.engine.rows
    page.table.selectRow(0)
    stage.engine.rows = (first, replace(first, txid="ff" * 32, label="came between"), *rest)
    stage.engine.announce(api.WalletChanged(frozenset({"history"})))
    stage.settle()
    assert [row.label for row in page.table.selected()] == ["Rent"]
    assert page.table.currentIndex().row() == 0
    stage.engine.rows = tuple(rest)
    stage.engine.announce(api.WalletChanged(frozenset({"history"})))
    stage.settle()
    assert page.table.selected() == []


def test_days_are_chosen_and_exported(live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, shell = live.begin()
    txid = live.fund(25_000)
    page = history_page(live, shell)
    path = tmp_path / "table.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))

    def export() -> list[dict[str, str]]:
        page.message.clear()
        page.export.click()
        live.wait(lambda: page.message.text, "the file")
        with path.open(newline="") as file:
            return list(csv.DictReader(file))

    assert [row["txid"] for row in export()] == [txid]
    assert "1 payment is in" in page.message.text
    assert str(path) in page.message.text
    page.filters.period.choose(Period.OWN.value)
    page.filters.first.setDate(QDate(2009, 2, 1))
    page.filters.last.setDate(QDate(2009, 3, 1))
    live.wait(page.empty.isVisible, "that nothing was paid then")
    assert "these days" in page.export.text()
    assert [row["status"] for row in export()] == ["opening", "closing"]
    page.filters.last.setDate(QDate(2009, 1, 15))
    assert "comes after" in page.filters.wrong.text()
    assert page.filters.days(date(2026, 5, 4)) == Days()
    path = tmp_path / "nowhere" / "table.csv"
    page.message.clear()
    page.export.click()
    live.wait(lambda: page.message.kind == "error", "that it cannot be written")
    assert page.export.isEnabled()


def test_an_answer_to_an_older_question_never_comes_over_a_newer_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = stage.shell()
    shell.sidebar.choose("history")
    stage.settle()
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    answer, waiting = stage.engine.run, asyncio.Event()

    async def slow(command: api.Command[Any]) -> Any:
        found = await answer(command)
        if isinstance(command, api.ListHistory) and command.filter.text == "r":
            await waiting.wait()
        return found

    monkeypatch.setattr(stage.engine, "run", slow)
    page.filters.look_for("r")
    stage.run(asyncio.sleep(0.02))
    page.filters.look_for("rent")
    stage.until(lambda: [row.label for row in page.model.rows] == ["Rent"], "the newer answer")
    waiting.set()
    stage.settle()
    assert [row.label for row in page.model.rows] == ["Rent"]


# --- models alone


@pytest.fixture
def model(qtbot: QtBot, tmp_path: Path) -> HistoryModel:
    return HistoryModel(Preferences(str(tmp_path)))


def numbered(page: int, length: int = PAGE) -> tuple[api.HistoryRow, ...]:
    (row, *_) = history(2)[1:]
    return tuple(
        api.HistoryRow(f"{number:064x}", number, row.time, 1_000, None, f"label {number}", "confirmed", True, None)
        for number in range(page * PAGE, page * PAGE + length)
    )


def test_rows_are_asked_for_when_they_are_looked_at_and_not_before(model: HistoryModel) -> None:
    missed: list[int | None] = []
    model.missing.connect(lambda: missed.append(model.next_missing()))
    model.show(100_000, {0: numbered(0)})
    assert model.rowCount() == 100_000
    assert model.index(5, Column.LABEL).data() == "label 5"
    assert missed == []
    far = model.index(99_999, Column.LABEL)
    assert far.data() == "…"
    assert far.data(Qt.ItemDataRole.AccessibleTextRole) == "still to come"
    assert model.index(99_999, Column.AMOUNT).data() is None
    assert missed == [999]
    with pytest.raises(LookupError):
        model.row_at(far)
    changed: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    model.put(999, numbered(999))
    assert changed == [(99_900, 99_999)]
    assert far.data() == "label 99999"
    assert model.next_missing() is None
    assert model.place_of(f"{99_950:064x}") == 99_950


def test_what_was_scrolled_past_is_not_fetched_and_old_pages_go(model: HistoryModel) -> None:
    model.show(100_000, {0: numbered(0)})
    for page in range(50):
        model.index(page * PAGE, 0).data()
    asked = []
    while (wanted := model.next_missing()) is not None:
        asked.append(wanted)
        model.put(wanted, numbered(wanted))
    assert asked == [49, 48, 47, 46][:ASKED]
    for page in range(200, 200 + KEPT):
        model.put(page, numbered(page))
    assert model.index(0, 0).data() is None
    assert model.next_missing() == 0
    model.give_up()
    assert model.next_missing() is None


def test_a_list_that_grew_at_its_top_keeps_the_rows_below_in_place(model: HistoryModel) -> None:
    model.show(250, {0: numbered(0)})
    counts: list[tuple[str, int, int]] = []
    model.rowsInserted.connect(lambda _, first, last: counts.append(("in", first, last)))
    model.modelReset.connect(lambda: counts.append(("anew", 0, 0)))
    model.renew(252, {0: numbered(0)})
    model.renew(251, {0: numbered(0)})
    model.renew(251, {0: numbered(1)})
    assert counts == [("in", 0, 1), ("anew", 0, 0)]
    assert model.index(0, Column.LABEL).data() == "label 100"
    assert model.recent() == [0]


def test_only_labels_that_are_here_can_be_edited(model: HistoryModel) -> None:
    typed: list[tuple[str, str]] = []
    model.labelled.connect(lambda *label: typed.append(label))
    model.show(500, {0: numbered(0)})
    editable = Qt.ItemFlag.ItemIsEditable
    assert [bool(model.index(0, column).flags() & editable) for column in Column] == [False, True, False, False]
    assert not model.index(400, Column.LABEL).flags() & editable
    model.setData(model.index(3, Column.LABEL), "  a   new one ")
    model.setData(model.index(4, Column.LABEL), "label 4")
    assert not model.setData(model.index(400, Column.LABEL), "x")
    assert typed == [(f"{3:064x}", "a new one")]


TODAY = date(2026, 5, 4)


@pytest.mark.parametrize(
    ("period", "days"),
    [
        (Period.ALL, Days()),
        (Period.MONTH, Days(date(2026, 5, 1))),
        (Period.YEAR, Days(date(2026, 1, 1))),
        (Period.OWN, Days(date(2025, 2, 3), date(2025, 2, 28))),
    ],
)
def test_a_period_is_so_many_days(period: Period, days: Days) -> None:
    assert days_of(period, TODAY, Days(date(2025, 2, 3), date(2025, 2, 28))) == days


def test_days_begin_and_end_at_midnight_here() -> None:
    since, until = Days(TODAY, TODAY).moments()
    assert since is not None
    assert until is not None
    assert since.astimezone().replace(tzinfo=None) == datetime(2026, 5, 4)  # noqa: DTZ001 - the wall clock's
    assert until.astimezone().replace(tzinfo=None) == datetime(2026, 5, 5)  # noqa: DTZ001
    assert (since.astimezone(UTC), Days().moments()) == (since, (None, None))


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        ("en_GB", "+1,234,567\u00a0sat", "1234567"),
        ("en_GB", "\u221225,000 sat", "25000"),
        ("en_GB", "0.015 BTC", "0.015"),
        ("en_GB", "4 May 2026", "2026-05-04"),
        ("en_GB", "2026-05", "2026-05"),
        ("en_GB", "0,015", "0,015"),
        ("en_GB", "1,2,3", "1,2,3"),
        ("en_GB", "rent  of May 5", "rent of May 5"),
        ("en_GB", "+", "+"),
        ("de_DE", "1.000", "1000"),
        ("de_DE", "0,015", "0.015"),
        ("fr_FR", "12\u202f345", "12345"),
        ("hi_IN", "12,34,567 sat", "1234567"),
    ],
)
def test_amounts_and_days_are_found_as_they_are_written(language: str, typed: str, meant: str) -> None:
    QLocale.setDefault(QLocale(language))
    assert query_of(typed) == meant


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (api.HistorySum(0, 0, 0, 0), "0 payments"),
        (api.HistorySum(1, 5_000, 0, 0), "1 payment · received 5,000 sat"),
        (api.HistorySum(2, 5_000, 7_000, 0), "2 payments · received 5,000 sat · sent 7,000 sat · together −2,000 sat"),  # noqa: RUF001
        (api.HistorySum(3, 0, 7_000, 2), "3 payments · sent 7,000 sat · 2 replaced or abandoned, not counted"),
    ],
)
def test_a_sum_is_told_in_words(
    found: api.HistorySum, words: str, tmp_path: Path, qapp: Callable[[], QApplication]
) -> None:
    assert sum_words(found, Preferences(str(tmp_path))).replace("\u00a0", " ") == words
