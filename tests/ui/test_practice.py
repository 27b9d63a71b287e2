"""Practice mode: a real window, its own engine process and the play network in a third; and the guide's rules alone."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from tests.ui.engine_double import history
from tests.ui.stage import Stage
from wallet.app import engine_main, practice_main
from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.network import REGTEST
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.practice.runner import PracticeClient
from wallet.ui.design.theme import Look, Theme
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.practice.band import PracticeBand, hint_of, name_of
from wallet.ui.practice.dialogs import LookAlikeDialog
from wallet.ui.practice.mode import PASSWORD, PracticeMode, sweep_leftovers
from wallet.ui.practice.parts import PracticeParts
from wallet.ui.practice.steps import SAME_HEAD, SAME_TAIL, Guide, Step, first_difference, look_alikes
from wallet.ui.widgets.clipboard import Clipboard
from wallet.ui.window import Window

T = TypeVar("T")
W = TypeVar("W", bound=QWidget)
ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


# --- the guide


def test_steps_are_ticked_off_by_what_the_history_shows() -> None:
    guide = Guide()
    received, sent = replace(history()[1], amount=5), replace(history()[0], amount=-5)
    assert not guide.look_at_history("one", [])
    assert guide.next is Step.RECEIVE
    assert guide.look_at_history("one", [received])
    assert str(guide.next) == "proof"
    assert guide.look_at_history("one", [received, sent])
    assert not guide.look_at_history("one", [received, sent])
    replaced = replace(sent, status="replaced", replaced_by="ab" * 32)
    assert guide.look_at_history("one", [received, replaced])
    assert guide.done == {Step.RECEIVE, Step.SEND, Step.SPEED_UP}
    assert guide.finish(Step.PROOF)
    assert not guide.finish(Step.PROOF)
    assert str(guide.next) == "look-alike"


def test_a_wallet_that_finds_anothers_payments_was_restored() -> None:
    guide = Guide()
    rows = history()
    guide.look_at_history("one", rows)
    assert Step.RESTORE not in guide.done
    guide.look_at_history("two", [replace(rows[1], txid="cd" * 32)])
    assert Step.RESTORE not in guide.done
    assert guide.look_at_history("three", rows[1:3])
    assert Step.RESTORE in guide.done


def test_look_alikes_begin_and_end_alike_and_are_no_addresses_of_anybody() -> None:
    found = look_alikes(ADDRESS, 2, Random(1))
    assert len(set(found)) == 2
    for other in found:
        assert other != ADDRESS
        assert (other[:SAME_HEAD], other[-SAME_TAIL:]) == (ADDRESS[:SAME_HEAD], ADDRESS[-SAME_TAIL:])
        group = first_difference(ADDRESS, other)
        assert group is not None
        assert ADDRESS[(group - 1) * 4 : group * 4] != other[(group - 1) * 4 : group * 4]
        with pytest.raises(AddressError):
            parse_address(other, REGTEST)
    assert first_difference(ADDRESS, ADDRESS) is None


@pytest.mark.parametrize("step", Step)
def test_every_step_has_words(step: Step) -> None:
    assert name_of(step)
    assert hint_of(step)


def test_the_band_says_what_to_try_next(stage: Stage) -> None:
    guide = Guide()
    band = PracticeBand(guide)
    stage.show(band)
    assert "PLAY MONEY" in band.badge.text()
    assert "Receive" in band.step.text()
    for step in Step:
        guide.finish(step)
    band.show_step()
    assert "done" in band.step.text()


def test_the_band_says_that_the_network_is_busy(stage: Stage, qapp: QApplication) -> None:
    theme = Theme(qapp, Look.LIGHT)
    band = PracticeBand(Guide())
    stage.show(band)
    button, asked = band.busy_button, list[bool]()
    band.busy.connect(asked.append)

    def inside() -> QColor:
        return button.grab().toImage().pixelColor(button.width() // 2, 5)

    calm = inside()
    activate(button)
    assert "on" in button.text().split()
    assert inside() != calm
    activate(button)
    assert inside() == calm
    assert button.text() == "&Busy network"
    assert asked == [True, False]
    theme.deleteLater()


def test_the_wrong_address_is_told_by_its_first_difference(stage: Stage) -> None:
    dialog = LookAlikeDialog(ADDRESS, Random(3), stage.window())
    solved: list[bool] = []
    dialog.solved.connect(lambda: solved.append(True))
    stage.show(dialog)
    dialog.check_button.click()
    assert dialog.message.kind == "warning"
    dialog.options[(dialog.right + 1) % 3].click()
    dialog.check_button.click()
    assert "group" in dialog.message.text
    assert not solved
    dialog.options[dialog.right].click()
    dialog.check_button.click()
    assert solved == [True]


def test_folders_of_killed_windows_are_swept_up_and_no_others(tmp_path: Path) -> None:
    gone, living, foreign = (
        tmp_path / name for name in ("wren-practice-4194000-x", f"wren-practice-{os.getpid()}-x", "wren-other")
    )
    for folder in (gone, living, foreign):
        folder.mkdir()
        (folder / "file").touch()
    sweep_leftovers(tmp_path)
    assert [folder.exists() for folder in (gone, living, foreign)] == [False, True, True]


# --- the real thing


@pytest.fixture
def mode(loop: qasync.QEventLoop, qapp: QApplication) -> Iterator[PracticeMode]:
    async def start_world() -> api.Practice:
        return await PracticeClient.start(practice_main)

    theme = Theme(qapp, Look.LIGHT)
    parts = PracticeParts(start_world, lambda options: RemoteEngine.start(engine_main, options))
    made = PracticeMode(parts, theme, Clipboard(qapp))
    yield made
    Pump(loop).run(made.close())
    theme.deleteLater()


class Pump:
    """Lets the loop work between the test's own clicks, as `Stage` does."""

    def __init__(self, loop: qasync.QEventLoop) -> None:
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            result: T = self._loop.run_until_complete(work)
            return result
        finally:
            asyncio.events._set_running_loop(self._loop)

    def until(self, reached: Callable[[], object], what: str) -> None:
        async def wait() -> None:
            for _ in range(3_000):
                if reached():
                    return
                await asyncio.sleep(0.01)
            pytest.fail(f"{what}: not within 30 s")

        self.run(wait())

    def found(self, window: Window, kind: type[W]) -> W:
        """The dialog of a kind, once it is there."""
        self.until(lambda: window.findChild(kind) is not None, kind.__name__)
        dialog: W | None = window.findChild(kind)
        assert dialog is not None
        return dialog


def test_a_newcomer_receives_looks_at_the_proof_and_leaves_without_a_trace(
    loop: qasync.QEventLoop, mode: PracticeMode
) -> None:
    pump = Pump(loop)
    pump.run(mode.open())
    window, band, folder = mode.window, mode.band, mode._folder
    assert window is not None
    assert band is not None
    assert folder is not None
    shell = window.shell
    assert shell is not None
    assert "play money" in window.windowTitle()
    assert "play money" in shell.sidebar.network.text()
    QTest.keyClick(band.faucet_button, Qt.Key.Key_Space)
    pump.until(lambda: Step.RECEIVE in mode.guide.done, "the payment")
    QTest.keyClick(band.mine_button, Qt.Key.Key_Space)
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    shell.sidebar.choose("history")
    pump.until(lambda: page.model.rows and page.model.rows[0].proven, "the proof")
    dialog = shell.open_transaction(page.model.rows[0].txid)
    pump.until(lambda: Step.PROOF in mode.guide.done, "the look at the proof")
    dialog.close()
    mode.lead_to(Step.SEND)
    send = shell.page("send")
    assert isinstance(send, SendPage)
    pump.until(lambda: send.form.recipient.text().startswith("bcrt1"), "the bakery's address")
    assert mode.guide.next is Step.SEND
    window.close()
    pump.until(lambda: not folder.exists() and mode.window is None, "the folder to go")


def test_asked_twice_it_opens_once_and_leaves_nothing(loop: qasync.QEventLoop, mode: PracticeMode) -> None:
    started: list[api.Practice] = []
    start = mode._parts.start_world

    async def count() -> api.Practice:
        started.append(await start())
        return started[-1]

    mode._parts = replace(mode._parts, start_world=count)

    async def twice() -> None:
        await asyncio.gather(mode.open(), mode.open())

    Pump(loop).run(twice())
    folder = mode._folder
    assert folder is not None
    assert len(started) == 1
    assert [each for each in folder.parent.glob(f"wren-practice-{os.getpid()}-*") if each != folder] == []


def test_closed_while_it_opens_it_leaves_nothing(loop: qasync.QEventLoop, mode: PracticeMode) -> None:
    worlds: list[api.Practice] = []
    start = mode._parts.start_world

    begun = asyncio.Event()

    async def keep() -> api.Practice:
        begun.set()
        worlds.append(await start())
        return worlds[-1]

    mode._parts = replace(mode._parts, start_world=keep)

    async def close_soon() -> None:
        opening = asyncio.create_task(mode.open())
        await begun.wait()
        folder = mode._folder
        assert folder is not None
        await mode.close()
        await opening
        assert not folder.exists()

    Pump(loop).run(close_soon())
    assert (mode.window, mode._world, mode._folder) == (None, None, None)
    (world,) = worlds
    assert isinstance(world, PracticeClient)
    assert not world._process.is_alive()


def activate(button: QAbstractButton) -> None:
    """Press a button by the keyboard, as one who came to it with Tab."""
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.text()
    assert button.isVisible(), button.text()
    assert button.isEnabled(), button.text()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)


def page_by_key(pump: Pump, window: Window, number: int) -> None:
    """Alt and a number turns to a page."""
    window.activateWindow()
    pump.until(window.isActiveWindow, "the window to be in front")
    QTest.keyClick(window, Qt.Key(Qt.Key.Key_0.value + number), Qt.KeyboardModifier.AltModifier)


def pay_the_bakery(pump: Pump, mode: PracticeMode, window: Window, rate: str) -> None:
    shell = window.shell
    assert shell is not None
    mode.lead_to(Step.SEND)
    page = shell.page("send")
    assert isinstance(page, SendPage)
    pump.until(lambda: page.form.recipient.text().startswith("bcrt1"), "the bakery's address")
    QTest.keyClicks(page.form.amount.box, "50000")
    page.form.fees.speed.choose("own")
    QTest.keyClicks(page.form.rate, rate)
    QTest.keyClick(page.form.rate, Qt.Key.Key_Return)
    pump.until(lambda: page.review.shown is not None and page.review.send_button.isEnabled(), "the review")
    QTest.keyClicks(page.review.password, PASSWORD)
    QTest.keyClick(page.review.password, Qt.Key.Key_Return)
    pump.until(lambda: page.steps.currentWidget() is page.sent, "the payment")
    activate(page.sent.again)


def speed_up(pump: Pump, window: Window, txid: str) -> None:
    shell = window.shell
    assert shell is not None
    dialog = shell.open_transaction(txid)
    pump.until(lambda: hasattr(dialog, "speed_up"), "the payment's window")
    activate(dialog.speed_up)
    mending = dialog.mending
    mending.rate.fees.speed.choose("own")
    QTest.keyClicks(mending.rate.fees.rate, "60")
    QTest.keyClick(mending.rate.fees.rate, Qt.Key.Key_Return)
    review = mending.review
    pump.until(lambda: review.shown is not None and review.send_button.isEnabled(), "the review of the replacement")
    QTest.keyClicks(review.password, PASSWORD)
    QTest.keyClick(review.password, Qt.Key.Key_Return)
    pump.until(lambda: mending.steps.currentWidget() is mending.sent, "the replacement")
    mending.close()
    dialog.close()


def restore_again(pump: Pump, window: Window, words: str) -> None:
    page = window.restore_page
    assert page is not None
    QTest.keyClicks(page.box, words)
    pump.until(lambda: page.check is not None and page.check.complete, "the judgement")
    activate(page.continue_button)
    pump.until(page.seal.isVisible, "the password's page")
    page.seal.name.setText("again")
    QTest.keyClicks(page.seal.password.first, PASSWORD)
    QTest.keyClicks(page.seal.password.second, PASSWORD)
    activate(page.seal.next)


@pytest.mark.timeout(240)
def test_the_whole_path_is_walked_against_the_real_engine(loop: qasync.QEventLoop, mode: PracticeMode) -> None:
    """Buttons and fields are worked by keys; the guide's "Show me", choices of speed and the words by calls."""
    pump = Pump(loop)
    pump.run(mode.open())
    window, band, guide = mode.window, mode.band, mode.guide
    assert window is not None
    assert band is not None
    shell = window.shell
    assert shell is not None
    activate(band.faucet_button)
    pump.until(lambda: Step.RECEIVE in guide.done, "the payment")
    activate(band.mine_button)
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    page_by_key(pump, window, 4)
    pump.until(lambda: page.isVisible() and page.model.rows and page.model.rows[0].proven, "the history")
    page.table.setFocus()
    page.table.selectRow(0)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    dialog = pump.found(window, TransactionDialog)
    pump.until(lambda: Step.PROOF in guide.done, "the look at the proof")
    dialog.close()

    activate(band.busy_button)
    pay_the_bakery(pump, mode, window, "1")
    pump.until(lambda: Step.SEND in guide.done, "the payment to be noticed")
    activate(band.mine_button)
    height = shell.status.height if shell.status else 0
    pump.until(lambda: shell.status is not None and shell.status.height > height, "a block that passes it over")
    page_by_key(pump, window, 4)
    pump.until(lambda: page.model.rows[0].amount < 0 and page.model.rows[0].status == "pending", "what is stuck")
    speed_up(pump, window, page.model.rows[0].txid)
    activate(band.mine_button)
    pump.until(lambda: Step.SPEED_UP in guide.done, "the replacement to be noticed")
    pump.until(lambda: any(row.proven and row.amount < 0 for row in page.model.rows), "its proof")

    mode.lead_to(Step.LOOK_ALIKE)
    question = pump.found(window, LookAlikeDialog)
    question.options[0].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(question.options[0], Qt.Key.Key_Space)
    for number in range(question.right):
        QTest.keyClick(question.options[number], Qt.Key.Key_Down)
    assert question.group.checkedId() == question.right
    activate(question.check_button)
    assert Step.LOOK_ALIKE in guide.done
    question.close()

    words = pump.run(window.context.bridge.run(api.GetWords(PASSWORD)))
    mode.lead_to(Step.RESTORE)
    activate(window.welcome.restore_choice)
    restore_again(pump, window, words)
    pump.until(lambda: guide.next is None, "every step to be ticked off")
    assert "done" in band.step.text()


def test_a_network_that_does_not_start_leaves_nothing(loop: qasync.QEventLoop, qapp: QApplication) -> None:
    async def fail() -> api.Practice:
        raise OSError("no more processes")

    theme = Theme(qapp, Look.LIGHT)
    made = PracticeMode(PracticeParts(fail, lambda _: pytest.fail("no engine")), theme, Clipboard(qapp))
    with pytest.raises(OSError, match="processes"):
        loop.run_until_complete(made.open())
    assert made.window is None
    assert made._folder is None
    theme.deleteLater()
