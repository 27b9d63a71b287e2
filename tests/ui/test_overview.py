"""The overview with the real engine: what arrives and leaves, how old the balance is, and its chart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.ui.engine_double import NOW, SYNCED
from tests.ui.play import PASSWORD, Live
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.models.balance import Range, as_of_words, chart_points
from wallet.ui.pages.overview import OverviewPage
from wallet.ui.text import MINUS


def test_what_arrives_and_what_leaves_stand_apart(live: Live) -> None:
    _, shell = live.begin()
    page = shell.page("overview")
    assert isinstance(page, OverviewPage)
    live.fund(60_000)
    assert not page.arriving.isVisible()
    live.fund(7_000, mined=False)
    sent = live.ask(api.SendPayment(live.ask(api.PreparePayment(((OUTSIDE, 10_000),))).id, PASSWORD))
    live.wait(lambda: page.leaving.isVisible() and page.arriving.isVisible(), "what is on its way")
    live.wait(lambda: page.arriving.text() == "+7,000\u00a0sat", "what arrives")
    assert page.leaving.text() == f"{MINUS}{10_000 + sent.fee:,}\u00a0sat"
    assert page.balance.sats == 67_000 - 10_000 - sent.fee
    live.mine()
    live.wait(lambda: not page.leaving.isVisible() and not page.arriving.isVisible(), "that all is proven")


def test_the_chart_shows_as_much_as_is_chosen_and_can_be_kept(live: Live, tmp_path: Path) -> None:
    _, shell = live.begin()
    page = shell.page("overview")
    assert isinstance(page, OverviewPage)
    assert not page.chart.isVisible()
    live.fund(60_000)
    live.fund(40_000)
    live.wait(page.chart.isVisible, "the chart")
    live.wait(lambda: "60,000 satoshis to 100,000" in page.chart.chart.accessibleName(), "both payments in it")
    page.chart.range.choose(Range.MONTH.value)
    live.settle()
    assert page.chart.range.isVisible()
    page.chart.chart.keep(tmp_path / "balance.png")
    assert "balance.png" in page.problem.text


def test_offline_the_last_known_balance_is_there_with_its_date(live: Live) -> None:
    _, shell = live.begin()
    live.fund(60_000)
    page = shell.page("overview")
    assert isinstance(page, OverviewPage)
    live.wait(lambda: page.balance.sats == 60_000, "the balance")
    assert not page.as_of.isVisible()
    live.ask(api.Disconnect())
    shell.show_sync(live.ask(api.GetSyncStatus()))
    assert page.as_of.isVisible()
    assert "Not connected" in page.as_of.text()
    assert f"{datetime.now().astimezone():%Y}" in page.as_of.text()
    assert page.balance.sats == 60_000


LATE = replace(SYNCED, synced=False, scan_height=571, scan_time=datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (SYNCED, ""),
        (replace(LATE, synced=True, stale=True), "As of 2 Mar 2026, 12:00, block 571. No newer block is known"),
        (replace(LATE, phase="offline", synced=True), "As of 2 Mar 2026, 12:00, block 571. Not connected"),
        (replace(LATE, phase="connecting"), "As of 2 Mar 2026, 12:00, block 571. Not connected"),
        (replace(LATE, phase="filters"), "As of 2 Mar 2026, 12:00, block 571. Newer blocks"),
        (replace(LATE, phase="headers", scan_height=None), "Looking for payments"),
        (replace(LATE, phase="offline", scan_time=None), "Not connected: what was paid"),
    ],
)
def test_a_balance_says_from_when_it_is(
    status: api.SyncStatus, words: str, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = as_of_words(status)
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_a_range_begins_so_many_days_ago() -> None:
    assert Range.ALL.since(NOW) is None
    assert Range.MONTH.since(NOW) == NOW - timedelta(days=30)
    assert chart_points((api.BalancePoint(NOW, 5),), NOW + timedelta(days=1)) == [
        (NOW, 5),
        (NOW + timedelta(days=1), 5),
    ]
    assert chart_points((), NOW) == []
