"""A walk through everything that a window shows: each page as it is, and whatever its buttons and tables open.

Pages and buttons are found, not listed: what is added to the window is walked through without a word here.
"""

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple, TypeVar

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton, QTableView, QWidget
from shiboken6 import isValid

from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.pages.send import SendPage
from wallet.ui.practice.band import PracticeBand
from wallet.ui.practice.dialogs import LookAlikeDialog, StepsDialog
from wallet.ui.practice.steps import Guide
from wallet.ui.shell import Shell
from wallet.ui.window import Window

W = TypeVar("W", bound=QWidget)
MOST_BUTTONS: Final = 80
OUTSIDE: Final = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
NORMAL: Final = (1024, 640)


class Surface(NamedTuple):
    """Something on the screen: what tests call it, and the window or dialog that shows it."""

    name: str
    window: QWidget


def shown(root: QWidget, kind: type[W]) -> list[W]:
    """The widgets of a kind that are on in a window, scrolled out of sight or not."""
    found = [widget for widget in root.findChildren(kind) if widget.isVisible()]
    return [widget for widget in found if widget.window() is root.window()]


def place(widget: QWidget, root: QWidget) -> QRect:
    """Where a widget lies in a window."""
    return QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())


def called(widget: QWidget) -> str:
    """What tests call a widget."""
    text = getattr(widget, "text", "")
    words = str(text() if callable(text) else text) or widget.accessibleName()
    return f"{type(widget).__name__} “{words[:60]}”"


def no_file_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every question for a file be answered with none."""
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, staticmethod(lambda *_, **__: ("", "")))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *_, **__: ([], "")))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_, **__: ""))


def fill(live: Live, label: str = "Rent") -> None:
    """Give the wallet something of everything: proven, waiting and sent payments, labels, a contact, a request."""
    for sats in (600_000, 250_000, 40_000):
        live.fund(sats)
    for row in live.ask(api.GetHistory()):
        live.ask(api.SetLabel("tx", row.txid, label))
    review = live.ask(api.PreparePayment(((OUTSIDE, 100_000),), label=label))
    live.ask(api.SendPayment(review.id, PASSWORD))
    live.fund(7_000, mined=False)
    live.ask(api.SetContact(label, OUTSIDE))
    live.ask(api.SetFrozen(live.ask(api.GetCoins())[0].outpoint, True))
    address = live.ask(api.GetReceiveAddress(fresh=True, amount=5_000, label=label)).address
    live.ask(api.SetLabel("addr", address, label))


class Walk:
    """Takes a wallet's window from page to page. Every surface is complete and settled when it is handed out."""

    def __init__(self, live: Live, window: Window) -> None:
        self.live = live
        self.window = window
        self._known: set[frozenset[str]] = set()
        self._entered: set[type[QWidget]] = set()

    @property
    def shell(self) -> Shell:
        assert self.window.shell is not None
        return self.window.shell

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.shell.sidebar.buttons)

    def settle(self) -> None:
        self.live.run(asyncio.sleep(0.01))
        self.live.settle()

    def go(self, key: str) -> QWidget:
        self.shell.sidebar.choose(key)
        self.settle()
        return self.shell.page(key)

    def pages(self) -> Iterator[Surface]:
        """Each page, as it is when it is come to."""
        for key in self.keys:
            self.go(key)
            yield Surface(key, self.window)

    def everything(self, key: str) -> Iterator[Surface]:
        """A page, then what each of its tables and buttons opens; each button is pressed once."""
        self.go(key)
        self._is_new()
        yield Surface(key, self.window)
        for table in shown(self.shell.page(key), QTableView):
            if table.model().rowCount():
                table.selectRow(0)
                table.activated.emit(table.model().index(0, 0))
                yield from self._opened(f"{key}: a row")
        pressed: set[str] = set()
        for _ in range(MOST_BUTTONS):
            button = self._next_button(key, pressed)
            if button is None:
                return
            pressed.add(name := called(button))
            button.click()
            yield from self._opened(f"{key}: {name}")
        pytest.fail(f"{key} has more than {MOST_BUTTONS} buttons")

    def _next_button(self, key: str, pressed: set[str]) -> QPushButton | None:
        self.go(key)
        for button in shown(self.shell.page(key), QPushButton):
            usable = button.isEnabled() and not button.isCheckable() and button.menu() is None
            if usable and called(button) not in pressed:
                return button
        return None

    def _opened(self, name: str) -> Iterator[Surface]:
        """What is there now that was not: dialogs, another step of the page, another page; then all is as before."""
        dialogs = self._dialogs()
        for dialog in dialogs:
            yield Surface(name, dialog)
            yield from self._beyond(name, dialog)
            dialog.close()
        if not dialogs and self._is_new():
            yield Surface(name, self.window)
        self.come_back()

    def _dialogs(self) -> list[QWidget]:
        self.settle()
        return [top for top in QApplication.topLevelWidgets() if top.isVisible() and top is not self.window]

    def _beyond(self, name: str, dialog: QWidget) -> Iterator[Surface]:
        """What a kind of dialog leads to: the buttons that promise more are pressed, the first time that it is met."""
        if type(dialog) in self._entered:
            return
        self._entered.add(type(dialog))
        promising = [button for button in shown(dialog, QPushButton) if button.text().endswith("…")]
        for button in promising:
            if isValid(button) and button.isVisible() and button.isEnabled():
                called_so = called(button)
                button.click()
                for further in self._dialogs():
                    if further is not dialog:
                        yield Surface(f"{name}: {called_so}", further)
                        further.close()

    def search(self) -> Surface:
        """The search over everything, with something found."""
        self.shell.search()
        (dialog,) = self._dialogs()
        self.live.type(dialog.findChildren(QLineEdit)[0], "r")
        self.live.run(asyncio.sleep(0.4))
        self.settle()
        return Surface("search", dialog)

    def _is_new(self) -> bool:
        """Whether the window shows anything that it has not shown before on this walk."""
        look = frozenset(called(widget) for widget in shown(self.window, QWidget))
        fresh = look not in self._known
        self._known.add(look)
        return fresh

    def come_back(self) -> None:
        """To the open wallet, wherever a button led."""
        if self.window.shell is None:
            self.live.run(self.window._open("play", PASSWORD))
        self.window._show(self.shell)
        self.settle()

    # --- what a button alone does not lead to ---

    def review(self) -> Surface:
        """A payment that waits for its password."""
        page = self.go("send")
        assert isinstance(page, SendPage)
        self.live.type(page.form.recipient, OUTSIDE)
        self.live.type(page.form.amount.box, "20000")
        page.form.review_button.click()
        self.live.wait(lambda: page.review.shown is not None, "the review")
        self.settle()
        return Surface("review", self.window)

    def locked(self) -> Surface:
        self.window.lock()
        self.settle()
        return Surface("locked", self.window)


def before_a_wallet(live: Live) -> Iterator[Surface]:
    """The pages from the first start to a wallet's first password."""
    window = live.window()
    yield Surface("welcome", window)
    window.welcome.new_choice.click()
    live.settle()
    page = window.create_page
    assert page is not None
    yield Surface("new words, covered", window)
    words = page.words_step.words
    QTest.mousePress(words.button, Qt.MouseButton.LeftButton)
    yield Surface("new words", window)
    phrase = [line.split()[1] for line in words.shown]
    QTest.mouseRelease(words.button, Qt.MouseButton.LeftButton)
    page.words_step.next.click()
    page.check_step.next.click()
    live.settle()
    yield Surface("check, wrong", window)
    for box, at in zip(page.check_step.boxes, page.check_step.places, strict=True):
        box.setText(phrase[at])
    page.check_step.next.click()
    live.type(page.password_step.password.first, "horse battery")
    page.password_step.next.click()
    live.settle()
    yield Surface("password, not repeated", window)
    window.welcome.restore_choice.click()
    restore = window.restore_page
    assert restore is not None
    live.settle()
    yield Surface("restore, empty", window)
    live.type(restore.box, "abandon ability abel about")
    live.run(asyncio.sleep(0.4))
    live.settle()
    yield Surface("restore, wrong", window)
    restore.forget()  # else the window would not close: words are at risk
    page.forget()


def practice(stage: Stage) -> Iterator[Surface]:
    """What practice mode adds to the window: its band, the steps, and the question of the look-alikes."""
    window = stage.window()
    guide = Guide()
    band = PracticeBand(guide)
    window.add_band(band)
    stage.settle()
    yield Surface("practice", window)
    for dialog in (StepsDialog(guide, window), LookAlikeDialog(OUTSIDE, Random(1), window)):
        dialog.show()
        stage.settle()
        yield Surface(type(dialog).__name__, dialog)
        dialog.close()
