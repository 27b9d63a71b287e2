"""A wallet of 100,000 transactions and 50,000 coins: opening it, its history, a payment out of it (SECURITY.md R6).

Making the wallet takes a minute; each measurement runs in a process of its own.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bigwallet import TRANSACTIONS, Opened, write
from benchmarks.row import Row

RUNS = 3
GOALS = {
    "load": ("opened", 2.0),
    "history": ("its whole history", 1.0),
    "screen": ("the newest 200 of its history", 0.2),
    "prepare": ("a payment out of 50,000 coins prepared", 1.0),
}
MEMORY = 400


def rows() -> Iterator[Row]:
    """Seconds, and the most memory in MB; the best of three runs, for other programs take what they take."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wallet.db"
        write(path)
        runs = [_opened(path) for _ in range(RUNS)]
    for field, (name, goal) in GOALS.items():
        seconds = min(getattr(run, field) for run in runs)
        yield Row(f"a wallet of {TRANSACTIONS:,}: {name}", f"<= {goal:g} s", f"{seconds:.2f} s", seconds <= goal)
    memory = min(run.memory for run in runs)
    yield Row("  its memory", f"<= {MEMORY} MB", f"{memory:.0f} MB", memory <= MEMORY)


def _opened(path: Path) -> Opened:
    command = [sys.executable, "-m", "benchmarks.bigwallet", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return Opened(**json.loads(done.stdout))
