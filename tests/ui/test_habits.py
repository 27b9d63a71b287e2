"""Habits of the platform that no other test is about: clipboard, place on the screen, leaving, live theme, links."""

import ast

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from tests.ui.access import faint
from tests.ui.conftest import ROOT
from tests.ui.play import Live
from tests.ui.stage import Stage
from tests.ui.walk import Walk, fill
from wallet.ui.design.colours import DARK, colours_now
from wallet.ui.design.theme import Look, Theme
from wallet.ui.widgets import clipboard
from wallet.ui.window import MINIMUM, Window


def test_a_copy_is_taken_back_after_a_minute(stage: Stage) -> None:
    assert clipboard.CLEAR_AFTER_MS == 60_000
    board = QGuiApplication.clipboard()
    copies = stage.context.clipboard
    assert copies._timer.interval() == clipboard.CLEAR_AFTER_MS
    copies._timer.setInterval(30)
    assert copies.copy("bcrt1qours")
    assert board.text() == "bcrt1qours"
    stage.until(lambda: board.text() == "", "the copy to be taken back")
    copies.copy("bcrt1qours")
    board.setText("somebody else's")
    stage.until(lambda: not copies._timer.isActive(), "the minute to be over")
    assert board.text() == "somebody else's"


def test_a_copy_does_not_outlive_the_window(stage: Stage) -> None:
    window = stage.window()
    stage.context.clipboard.copy("bcrt1qours")
    window.close()
    assert QGuiApplication.clipboard().text() == ""


@pytest.mark.parametrize(
    "place", [QRect(30_000, 20_000, 1000, 700), QRect(-9_000, -9_000, 900, 600), QRect(10, 10, 9_000, 9_000)]
)
def test_a_remembered_place_that_is_gone_is_no_place(stage: Stage, place: QRect) -> None:
    first = stage.window()
    first.move(place.topLeft())
    first.resize(place.size())
    first.close()
    again = Window(stage.context)
    stage.qtbot.addWidget(again)
    again.show()
    screen = again.screen().availableGeometry()
    assert screen.intersects(again.geometry())
    assert again.height() <= screen.height()
    assert again.width() <= screen.width()
    assert again.geometry().top() >= screen.top()


def test_a_remembered_place_is_kept(stage: Stage) -> None:
    first = stage.window()
    first.setGeometry(QRect(QPoint(40, 60), QSize(*MINIMUM)))
    first.close()
    again = Window(stage.context)
    stage.qtbot.addWidget(again)
    assert again.size() == QSize(*MINIMUM)


def test_the_usual_key_leaves(stage: Stage) -> None:
    window = stage.window()
    window.activateWindow()
    closed: list[bool] = []
    window.closing.connect(lambda: closed.append(True))
    stage.press(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert closed == [True]


def test_pages_that_are_there_follow_the_systems_scheme_live(
    live: Live, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, _ = live.begin()
    fill(live)
    walk = Walk(live, window)
    live.context.theme.choose(Look.SYSTEM)
    assert [*walk.pages()]
    # Off screen there is no system that could change: its answer is given, its signal is real.
    monkeypatch.setattr(Theme, "system_scheme", lambda theme: Qt.ColorScheme.Dark)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert colours_now() is DARK
    assert {name: problems for name, shown in walk.pages() if (problems := faint(shown))} == {}


def test_no_link_ever_opens() -> None:
    """Whatever a peer, a label or a payment link says: nothing in the window opens an address of the web."""
    openers = {
        "QDesktopServices",
        "setOpenExternalLinks",
        "setOpenLinks",
        "QWebEngineView",
        "QTextBrowser",
        "webbrowser",
    }
    for source in sorted((ROOT / "wallet" / "ui").rglob("*.py")):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & openers, source
