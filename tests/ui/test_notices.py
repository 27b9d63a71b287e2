"""What happens to payments is told: the rule by itself, then with the real engine on a network of play money."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.ui.engine_double import NOW, history
from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.engine import api
from wallet.ui.news import News, details, headline, seen, what_is_new
from wallet.ui.notices import Notices
from wallet.ui.preferences import Preferences
from wallet.ui.text import MINUS, Unit
from wallet.ui.tray import Tray
from wallet.ui.window import Window

(PENDING_OUT, PROVEN_IN, *_) = history()
PENDING_IN = replace(PROVEN_IN, status="pending", proven=False, height=None, time=None, seen_by=2)
NEW_IN = replace(PROVEN_IN, time=NOW - timedelta(hours=1), label="Salary")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ((), (PENDING_IN,), ("received", False)),
        ((), (NEW_IN,), ("received", True)),
        ((PENDING_IN,), (NEW_IN,), ("confirmed", True)),
        ((PENDING_OUT,), (replace(PENDING_OUT, status="confirmed", proven=True, time=NOW),), ("confirmed", True)),
        ((PENDING_IN,), (replace(PENDING_IN, status="replaced"),), ("replaced", False)),
        ((), (PENDING_OUT,), None),
        ((PENDING_IN,), (PENDING_IN,), None),
        ((NEW_IN,), (NEW_IN,), None),
        ((NEW_IN,), (PENDING_IN,), None),
        ((), (replace(NEW_IN, time=NOW - timedelta(days=30)),), None),
        ((), (replace(PENDING_IN, warning="dust_gift"),), None),
        ((PENDING_IN,), (replace(PENDING_IN, status="confirmed", time=NOW),), None),
        ((PENDING_IN,), (), None),
    ],
    ids=[
        *("received", "received and proven", "confirmed", "ours confirmed", "replaced", "sent by us", "still waiting"),
        *("still there", "undone by a reorganisation", "found by a search", "dust", "in a block, not proven", "gone"),
    ],
)
def test_what_is_news(
    before: tuple[api.HistoryRow, ...], now: tuple[api.HistoryRow, ...], told: tuple[str, bool] | None
) -> None:
    news = what_is_new(seen(before), now, NOW)
    assert [(entry.kind, entry.proven) for entry in news] == ([] if told is None else [told])


def test_the_words_leave_amounts_out_where_they_are_hidden() -> None:
    news = (News("received", "aa", 40_000, "Salary"), News("confirmed", "bb", -25_000), News("replaced", "cc", 5))
    assert headline(news[:1], Unit.SAT, hidden=False).startswith("40,000\u00a0sat on the way to you, unverified")
    assert details(news[:1], Unit.SAT, hidden=False) == "Salary"
    assert headline(news, Unit.SAT, hidden=False) == "News of 3 payments"
    shown = details(news, Unit.SAT, hidden=False)
    assert "25,000\u00a0sat sent: in a block now" in shown
    assert MINUS not in shown
    hidden = headline(news[:1], Unit.SAT, hidden=True) + headline(news, Unit.SAT, hidden=True)
    assert not any(figure in hidden + details(news, Unit.SAT, hidden=True) for figure in ("40", "25", "5"))
    assert "history" in details(news * 2, Unit.SAT, hidden=False)


class Ears:
    """Hears what would be a notification of the system's."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.there = True

    def tell(self, title: str, text: str) -> bool:
        if self.there:
            self.heard.append((title, text))
        return self.there


@pytest.fixture
def ears() -> Ears:
    return Ears()


def listening(live: Live, ears: Ears | None, sats: int = 0) -> Window:
    """A wallet whose news are told from now on, with as much in it."""
    window, _ = live.begin()
    if sats:
        live.fund(sats)
    Notices(window, ears)
    window.entered.emit("play")
    live.settle()
    return window


def test_a_payment_is_told_when_it_comes_and_when_it_is_proven(live: Live, ears: Ears) -> None:
    listening(live, ears)
    live.fund(40_000, mined=False)
    live.wait(lambda: len(ears.heard) == 1, "the payment to be told")
    assert "40,000\u00a0sat on the way to you" in ears.heard[0][0]
    live.mine()
    live.wait(lambda: len(ears.heard) == 2, "its proof to be told")
    assert "received: in a block now, and proven" in ears.heard[1][0]
    live.mine()
    live.settle()
    assert len(ears.heard) == 2


def test_a_payment_that_is_replaced_is_told(live: Live, ears: Ears) -> None:
    listening(live, ears, 300_000)
    review = live.ask(api.PreparePayment(((OUTSIDE, 100_000),)))
    sent = live.ask(api.SendPayment(review.id, PASSWORD))
    live.settle()
    assert ears.heard == []
    cancel = live.ask(api.PrepareCancel(sent.txid))
    live.ask(api.SendPayment(cancel.id, PASSWORD))
    live.wait(lambda: ears.heard, "the replaced payment to be told")
    assert "replaced by another payment" in ears.heard[0][0]


def test_without_a_tray_the_window_tells_it(live: Live, ears: Ears) -> None:
    ears.there = False
    window = listening(live, ears)
    live.context.preferences.set_hidden(True)
    live.fund(40_000, mined=False)
    live.wait(lambda: window.banner.text, "the banner")
    assert window.banner.text.startswith("A payment on the way to you")
    assert "40" not in window.banner.text


def test_who_wants_no_notices_gets_none(live: Live, ears: Ears) -> None:
    window = listening(live, ears)
    live.context.preferences.set_notices(False)
    live.fund(40_000)
    live.settle()
    assert (ears.heard, window.banner.text) == ([], "")


def test_a_locked_and_hidden_wallet_tells_nothing_until_it_is_unlocked(live: Live, ears: Ears) -> None:
    window = listening(live, ears)
    address = live.ask(api.GetReceiveAddress()).address
    height = live.ask(api.GetSyncStatus()).height
    statuses: list[api.SyncStatus] = []
    live.context.bridge.sync_changed.connect(statuses.append)
    window.lock()
    live.settle()
    live.order(f"pay {address} 40000")
    live.mine()
    live.wait(lambda: statuses and statuses[-1].synced and statuses[-1].height > height, "the block")
    live.settle()
    assert ears.heard == []
    live.run(window._unlock(window._locked, PASSWORD))  # type: ignore[arg-type]  # it was locked above
    live.wait(lambda: ears.heard, "what came meanwhile")
    assert "received" in ears.heard[0][0]


def test_what_a_wallet_held_before_is_no_news(live: Live, ears: Ears) -> None:
    listening(live, ears, 50_000)
    live.mine()
    live.settle()
    assert ears.heard == []


@pytest.mark.qt_log_ignore("systemTrayWindowChanged", "propagateSizeHints")  # said where there is no screen
def test_the_tray_opens_locks_and_quits_and_can_be_switched_off(stage: Stage) -> None:
    window = stage.window()
    preferences: Preferences = stage.context.preferences
    tray = Tray(window, preferences)
    asked: list[str] = []
    tray.wanted.connect(lambda: asked.append("open"))
    tray.lock.connect(lambda: asked.append("lock"))
    tray.leave.connect(lambda: asked.append("quit"))
    for action in tray.menu.actions():
        action.trigger()
    assert asked == ["open", "lock", "quit"]
    tray.icon.activated.emit(tray.icon.ActivationReason.Trigger)
    tray.icon.messageClicked.emit()
    assert asked[3:] == ["open", "open"]
    assert tray.icon.isVisible()
    preferences.set_tray(False)
    assert not tray.icon.isVisible()
    assert not tray.tell("Received", "")
    assert not Preferences(stage.context.options.data_dir).tray


def test_what_another_wallet_holds_is_no_news(stage: Stage, ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    window = stage.shell().window()
    assert isinstance(window, Window)
    notices = Notices(window, ears)
    asked, changed = asyncio.Event(), asyncio.Event()
    answer = stage.engine.run

    async def run(command: api.Command[Any]) -> object:
        if not isinstance(command, api.GetHistory):
            return await answer(command)
        if changed.is_set():
            return (PENDING_IN,)
        asked.set()
        await changed.wait()
        return (PENDING_OUT,)

    monkeypatch.setattr(stage.engine, "run", run)
    window.entered.emit("one")
    stage.run(asked.wait())
    window.entered.emit("another")
    changed.set()
    stage.settle()
    assert notices._before == seen((PENDING_IN,))
    assert ears.heard == []
