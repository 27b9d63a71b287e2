"""The window: how soon it is there, what it weighs, and how late its loop ever is while the wallet syncs."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import qasync
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.row import Row
from wallet.app import engine_main
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.ui.bridge import Bridge
from wallet.ui.main import make_window, use_resources

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from benchmarks.feeder import Feeder

ROOT = Path(__file__).resolve().parent.parent
RUNS = 7
QUIET_TIP = 200_000
PROBE_SECONDS = 0.004
START_GOAL, RATIO_GOAL, MEMORY_GOAL = 0.6, 1.8, 100
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
USUAL_GOAL, WORST_GOAL = 5.0, 16.0

BARE = """
import sys, time
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        print(time.monotonic() - float(sys.argv[1]), flush=True)
        app.exit()
app = QApplication([])
window = Window()
window.resize(1080, 720)
window.show()
app.exec()
"""

WREN = """
import os, sys, time
from wallet import app
from wallet.ui.window import Window
def shown(window, event):
    print(time.monotonic() - float(sys.argv[1]), flush=True)
    os._exit(0)
Window.paintEvent = shown
app.main(["--network", "regtest", "--offline", "--data-dir", sys.argv[2]])
"""


def rows() -> Iterator[Row]:
    """Start, then a sync through the window's own engine process."""
    from benchmarks.chains import DENSE, dense_chain, quiet_chain  # here: the window's process shall not weigh numpy
    from benchmarks.feeder import Feeder

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    yield from start_rows()
    for name, chain, tip in (("dense", dense_chain(), DENSE), ("quiet", quiet_chain(), QUIET_TIP)):
        with Feeder(chain, tip) as feeder, tempfile.TemporaryDirectory() as folder:
            yield from sync_rows(f"{tip:,} {name} blocks", feeder, folder)


# ---------------------------------------------------------------- start


def start_rows() -> Iterator[Row]:
    """Medians of several starts, the two programs taking turns."""
    bare: list[float] = []
    wren: list[float] = []
    for _ in range(RUNS):
        bare.append(first_paint(BARE))
        with tempfile.TemporaryDirectory() as folder:
            wren.append(first_paint(WREN, folder))
    usual, ours = median(bare), median(wren)
    yield Row("a bare PySide6 window", "", f"{usual:.2f} s", None)
    yield Row("start to window", f"< {START_GOAL} s", f"{ours:.2f} s", ours < START_GOAL)
    ratio = ours / usual
    yield Row("the same beside the bare window", f"<= {RATIO_GOAL}x", f"{ratio:.1f}x", ratio <= RATIO_GOAL)


def first_paint(program: str, *arguments: str) -> float:
    """Seconds from the process's start to the first paint of its window."""
    line = [sys.executable, "-c", program, str(time.monotonic()), *arguments]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return float(done.stdout.split()[-1])


# ---------------------------------------------------------------- a sync


def sync_rows(name: str, feeder: "Feeder", folder: str) -> Iterator[Row]:
    """A restore in a process of its own: two Qt applications in one are none."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_watch_in_child, args=(theirs, feeder.address, folder))
    process.start()
    theirs.close()
    late, weight, seconds = ours.recv()
    process.join()
    late.sort()
    usual, worst = late[int(len(late) * 0.999) - 1], late[-1]
    note = f"a restore in {seconds:.1f} s, {len(late):,} probes"
    loop = f"lateness of the window's loop over {name}"
    yield Row(f"{loop}, p99.9", f"<= {USUAL_GOAL:.0f} ms", f"{usual:.1f} ms", usual <= USUAL_GOAL, note)
    yield Row(f"{loop}, at most", f"<= {WORST_GOAL:.0f} ms", f"{worst:.1f} ms", worst <= WORST_GOAL)
    yield Row("memory of the window after it", f"<= {MEMORY_GOAL} MiB", f"{weight:.0f} MiB", weight <= MEMORY_GOAL)


def _watch_in_child(out: "Connection[object, object]", peer: str, folder: str) -> None:
    out.send(watch(peer, folder))


def watch(peer: str, folder: str) -> tuple[list[float], float, float]:
    """Lateness of a 4 ms timer in milliseconds, the window's resident memory in MiB, seconds of the sync."""
    app = QApplication([])
    use_resources(ROOT / "resources")
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    options = api.EngineOptions("regtest", folder, peers=(peer,), kdf=(19 * 1024, 1, 1))
    bridge = Bridge(loop)
    window = make_window(app, bridge, replace(options, offline=True), None)  # it connects when the probe runs
    probe = Probe()

    async def run() -> float:
        window.show()
        bridge.attach(RemoteEngine.start(engine_main, options))
        await bridge.run(api.RestoreWallet("default", PHRASE, "benchmark", vault="file"))
        await window.enter("default")
        await asyncio.sleep(0.5)
        started = time.monotonic()
        probe.start()
        await bridge.run(api.Synchronise())
        taken = time.monotonic() - started
        await asyncio.sleep(0.5)
        probe.stop()
        await bridge.close()
        return taken

    with loop:
        seconds = loop.run_until_complete(run())
    return probe.late, resident(), seconds


class Probe:
    """A timer that should come every 4 ms and notes by how much it came late."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(PROBE_SECONDS * 1000))
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, now - self._last - PROBE_SECONDS) * 1000)
        self._last = now


def resident() -> float:
    """MiB of this process, where the system says so."""
    with suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
        return int(found[1]) / 1024 if found else 0.0
    return 0.0
