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
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.conftest import Stage
from tests.ui.engine_double import history
from wallet.app import engine_main, practice_main
from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.network import REGTEST
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.practice.runner import PracticeClient
from wallet.ui.design.theme import Look, Theme
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.send import SendPage
from wallet.ui.practice.band import PracticeBand, hint_of, name_of
from wallet.ui.practice.dialogs import LookAlikeDialog
from wallet.ui.practice.mode import PracticeMode, sweep_leftovers
from wallet.ui.practice.parts import PracticeParts
from wallet.ui.practice.steps import SAME_HEAD, SAME_TAIL, Guide, Step, first_difference, look_alikes
from wallet.ui.widgets.clipboard import Clipboard

T = TypeVar("T")
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
