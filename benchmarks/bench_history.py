"""The history of 100,000 payments in the window: how soon it is there, what it weighs, whether it ever stalls.

Making the wallet takes a minute; the window and its engine run in processes of their own.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import qasync
from PySide6.QtWidgets import QApplication

from benchmarks.bench_window import Probe, resident
from benchmarks.bigwallet import TRANSACTIONS, fill
from benchmarks.row import Row
from wallet import app
from wallet.engine import api
from wallet.engine.engine import WrenEngine
from wallet.engine.remote import RemoteEngine
from wallet.override import override
from wallet.ui.bridge import Bridge
from wallet.ui.main import make_window, use_resources
from wallet.ui.pages.history import HistoryPage
from wallet.ui.shell import Shell

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ROOT = Path(__file__).resolve().parent.parent
FIRST_GOAL, AGAIN_GOAL, FILTER_GOAL, STALL_GOAL, WEIGHT_GOAL = 1.0, 0.3, 1.0, 50.0, 20.0
PATIENCE: Final = 60.0
STEPS: Final = 400
"""Scrolled in so many steps to the end, then as many rows one by one."""


@dataclass(frozen=True)
class Stall:
    """Milliseconds that the loop was late at most, and that it worked without a break at most: others work, too."""

    late: float
    work: float


@dataclass(frozen=True)
class Seen:
    """Seconds, MiB added to the window, and the longest stalls."""

    rows: int
    first: float
    summed: float
    again: float
    searched: float
    found: float
    weight: float
    opening: "Stall"
    scrolling: "Stall"
    jumping: "Stall"


def rows() -> Iterator[Row]:
    """One window, one wallet, one walk through it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        _in_child(_make, folder)
        seen: Seen = _in_child(_look, folder)
    name = f"history of {seen.rows:,} in the window"
    yield _seconds(f"{name}: its first rows", seen.first, FIRST_GOAL, "the engine puts all in order for the first time")
    yield Row("  its sum", "", f"{seen.summed:.2f} s", None, "every payment's amount is reckoned for the first time")
    yield _seconds("  come to again", seen.again, AGAIN_GOAL)
    yield Row(
        "  filtered by a text, the first time", "", f"{seen.searched:.2f} s", None, "all addresses are written out"
    )
    yield _seconds("  filtered by another text", seen.found, FILTER_GOAL)
    for what, stall in (("opening", seen.opening), ("scrolling to the end", seen.scrolling), ("jumping", seen.jumping)):
        goal = f"<= {STALL_GOAL:.0f} ms"
        note = f"at most {stall.work:.1f} ms of work at a stretch"
        yield Row(f"  longest stall while {what}", goal, f"{stall.late:.1f} ms", stall.late <= STALL_GOAL, note)
    yield Row("  memory it adds", f"<= {WEIGHT_GOAL:.0f} MiB", f"{seen.weight:.1f} MiB", seen.weight <= WEIGHT_GOAL)


def _seconds(work: str, found: float, goal: float, note: str = "") -> Row:
    return Row(work, f"<= {goal:g} s", f"{found:.2f} s", found <= goal, note)


def _in_child(work: Callable[..., None], folder: str) -> Any:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, folder))
    process.start()
    theirs.close()
    answer = ours.recv()
    process.join()
    return answer


def _options(folder: str) -> api.EngineOptions:
    return api.EngineOptions("regtest", folder, offline=True, kdf=(19 * 1024, 1, 1))


def _make(out: "Connection[object, object]", folder: str) -> None:
    async def make() -> None:
        engine = WrenEngine(app._parts(_options(folder)))  # noqa: SLF001 - the wallet's own key is nobody else's
        await engine.run(api.CreateWallet("default", None, vault="file"))
        session = engine._session  # noqa: SLF001
        assert session is not None
        fill(session.store)
        await engine.close()

    asyncio.run(make())
    out.send(None)


def _look(out: "Connection[object, object]", folder: str) -> None:
    application = QApplication([])
    use_resources(ROOT / "resources")
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    bridge = Bridge(loop)
    window = make_window(application, bridge, _options(folder), None)

    async def run() -> Seen:
        window.show()
        bridge.attach(RemoteEngine.start(app.engine_main, _options(folder)))
        await bridge.run(api.OpenWallet("default"))
        await window.enter("default")
        assert window.shell is not None
        await asyncio.sleep(1.0)
        seen = await Walk(window.shell).through()
        await bridge.close()
        return seen

    with loop:
        out.send(loop.run_until_complete(run()))


async def _until(reached: Callable[[], object]) -> float:
    """Seconds until something is so."""
    begun = time.perf_counter()
    while not reached():
        if time.perf_counter() - begun > PATIENCE:
            raise TimeoutError
        await asyncio.sleep(0.002)
    return time.perf_counter() - begun


class WorkProbe(Probe):
    """Notes as well how long this thread worked between two ticks, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[float] = []
        self._worked = time.thread_time()

    @override
    def _tick(self) -> None:
        super()._tick()
        now = time.thread_time()
        self.work.append((now - self._worked) * 1000)
        self._worked = now


class Walk:
    """Through the history, as a user does."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        page = shell.page("history")
        assert isinstance(page, HistoryPage)
        self._page = page
        self._bar = page.table.verticalScrollBar()

    def _whole(self) -> bool:
        """Every row on the screen is there."""
        table, model = self._page.table, self._page.model
        if not model.rowCount():
            return False
        top = max(0, table.rowAt(0))
        bottom = table.rowAt(table.viewport().height() - 1)
        return all(model.is_here(model.index(row, 0)) for row in (top, max(top, bottom)))

    async def through(self) -> Seen:
        page = self._page
        before, probe = resident(), WorkProbe()
        probe.start()
        self._shell.sidebar.choose("history")
        first = await _until(self._whole)
        summed = first + await _until(lambda: page.sum.text() not in {"", "Looking…"})
        opening, scrolling = self._worst(probe), WorkProbe()
        scrolling.start()
        for step in range(STEPS):
            self._bar.setValue(self._bar.maximum() * (step + 1) // STEPS)
            await _until(self._whole)
        for _ in range(STEPS):
            self._bar.setValue(self._bar.value() - 1)
            await _until(self._whole)
        longest, jumping = self._worst(scrolling), WorkProbe()
        jumping.start()
        for place in (0, self._bar.maximum(), 0, self._bar.maximum() // 2):
            self._bar.setValue(place)
            await _until(self._whole)
        jumped = self._worst(jumping)
        weight = resident() - before
        self._shell.sidebar.choose("overview")
        await asyncio.sleep(0.2)
        self._shell.sidebar.choose("history")
        again = await _until(self._whole)
        searched, found = [await self._search(part) for part in ("abcd", "beef")]
        return Seen(TRANSACTIONS, first, summed, again, searched, found, weight, opening, longest, jumped)

    async def _search(self, part: str) -> float:
        """Seconds until the ids with these digits are shown, the wait for more keys included."""
        model = self._page.model
        self._page.filters.look_for(part)
        return await _until(lambda: self._whole() and all(part in row.txid for row in model.rows))

    @staticmethod
    def _worst(probe: "WorkProbe") -> Stall:
        probe.stop()
        return Stall(max(probe.late), max(probe.work))
