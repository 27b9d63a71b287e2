"""The window: how soon it is there, what it weighs, and how late its loop ever is while the wallet syncs."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

import qasync
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.row import Row
from tests.realnode.node import RealNode
from tools.fetch_node import find_node
from wallet.app import engine_main, make_engine
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.ui.bridge import Bridge
from wallet.ui.main import make_window, use_resources

ROOT = Path(__file__).resolve().parent.parent
RUNS = 7
BLOCKS = 2_500
PAID = 60
PROBE_SECONDS = 0.004
START_GOAL, RATIO_GOAL, MEMORY_GOAL = 0.6, 1.8, 100
USUAL_GOAL, WORST_GOAL = 5.0, 16.0
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

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
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    yield from start_rows()
    command = find_node()
    if command is None:
        yield Row("lateness of the window's loop in a full sync", f"max <= {WORST_GOAL:.0f} ms", "-", None, "no node")
        return
    with RealNode(shlex.split(command)) as node, tempfile.TemporaryDirectory() as folder:
        prepare(node)
        yield from sync_rows(node, folder)


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


def prepare(node: RealNode) -> None:
    """A chain with payments to the test phrase's first addresses."""
    address = first_address()
    node.mine(110)
    for number in range(PAID):
        node.fund(address, 10_000 + number)
        if number % 5 == 0:
            node.mine(1)
    while node.getblockcount() < BLOCKS:
        node.mine(min(500, BLOCKS - node.getblockcount()))
    node.wait_for_filters()


def first_address() -> str:
    """The first native address of the test phrase, asked of the wallet itself."""

    async def ask() -> str:
        with tempfile.TemporaryDirectory() as folder:
            engine = make_engine(api.EngineOptions("regtest", folder, offline=True, kdf=(19 * 1024, 1, 1)))
            try:
                await engine.run(api.RestoreWallet("default", PHRASE, "benchmark", vault="file"))
                return (await engine.run(api.GetReceiveAddress())).address
            finally:
                await engine.close()

    return asyncio.run(ask())


def sync_rows(node: RealNode, folder: str) -> Iterator[Row]:
    late, weight, seconds = watch(node, folder)
    late.sort()
    usual, worst = late[int(len(late) * 0.999) - 1], late[-1]
    note = f"{BLOCKS:,} blocks, {PAID} payments in {seconds:.1f} s, {len(late):,} probes"
    yield Row(
        "lateness of the window's loop in a sync, p99.9",
        f"<= {USUAL_GOAL:.0f} ms",
        f"{usual:.1f} ms",
        usual <= USUAL_GOAL,
        note,
    )
    yield Row("the same, at most", f"<= {WORST_GOAL:.0f} ms", f"{worst:.1f} ms", worst <= WORST_GOAL)
    yield Row("memory of the window after it", f"<= {MEMORY_GOAL} MiB", f"{weight:.0f} MiB", weight <= MEMORY_GOAL)


def watch(node: RealNode, folder: str) -> tuple[list[float], float, float]:
    """Lateness of a 4 ms timer in milliseconds, the window's resident memory in MiB, seconds of the sync."""
    app = QApplication([])
    use_resources(ROOT / "resources")
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    options = api.EngineOptions("regtest", folder, peers=(node.address,), kdf=(19 * 1024, 1, 1))
    bridge = Bridge(loop)
    window = make_window(app, bridge, replace(options, offline=True), None)  # it connects when the probe runs
    probe = Probe()

    async def run() -> float:
        window.show()
        engine = RemoteEngine.start(engine_main, options)
        bridge.attach(engine)
        await bridge.run(api.RestoreWallet("default", PHRASE, "benchmark", vault="file"))
        await window.enter("default")
        await asyncio.sleep(0.5)
        started = time.monotonic()
        probe.start()
        await bridge.run(api.Synchronise())
        await asyncio.sleep(0.5)
        probe.stop()
        taken = time.monotonic() - started - 0.5
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
