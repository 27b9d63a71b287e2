"""Does something under the shim, saying what is done: `python -m tests.powerloss.victims ACTION FOLDER`.

The shim is told of by the environment (`run`). FOLDER has been prepared by `prepare`. What is written to the file MARKS
in it is on the log like all else, and so says what had been done when the power failed.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.engine import kills
from tests.powerloss import payments
from wallet.engine import api
from wallet.engine.engine import WrenEngine

ROOT = Path(__file__).parents[2]
MARKS = "/marks"
PAY = "pay"


def build_shim(folder: Path) -> Path:
    """Compile the shim. Raises FileNotFoundError without a C compiler."""
    shim = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(
        ["cc", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True
    )
    return shim


def run(shim: Path, action: str, folder: Path, log: Path) -> None:
    """Carry an action out in a process of its own, below which the shim takes notes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PL_ROOT": str(folder), "PL_LOG": str(log)}
    command = [sys.executable, "-m", "tests.powerloss.victims", action, str(folder)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr


async def done(engine: WrenEngine, action: str) -> bool:
    """Whether what was asked for is so."""
    names = {wallet.name for wallet in await engine.run(api.ListWallets())}
    if action == "delete":
        return "main" not in names
    if action in {"create", "restore"}:
        return "made" in names and await kills.unlocked(engine, "made", ("old",)) is not None
    if action.startswith("move-to-"):
        vaults = {wallet.name: wallet.vault for wallet in await engine.run(api.ListWallets())}
        return vaults["main"] == action.removeprefix("move-to-")
    return await kills.unlocked(engine, "main", ("new", "newest")) is not None


async def _look(engine: WrenEngine, action: str, marks: Sequence[str]) -> list[str]:
    was_done = await done(engine, action)
    faults = await kills.whole(engine, action)
    return [*faults, "what was done is not so"] if marks and not was_done else faults


def look(action: str, folder: Path, marks: Sequence[str]) -> list[str]:
    """What is wrong with what is left in a folder, where these marks had been made when the power failed."""
    report = folder / "report.json"

    def write() -> None:
        if action == PAY:
            faults = payments.look(folder, marks)
        else:
            faults = kills.on_engine(folder, lambda engine: _look(engine, action, marks))
        report.write_text(json.dumps(faults))

    ended = kills.forked(write)
    found: list[str] = json.loads(report.read_text()) if ended == 0 else [f"the look ended with {ended}"]
    return found


def prepare(action: str, folder: Path) -> None:
    """Make the folder that an action begins with."""
    if action == PAY:
        folder.mkdir()
    else:
        (made := folder.with_name("made")).mkdir()
        shutil.copytree(kills.make_base(made, action), folder)


def main() -> None:
    action, folder = sys.argv[1], Path(sys.argv[2])
    with (folder / MARKS.lstrip("/")).open("wb", buffering=0) as marks:

        def mark(text: str) -> None:
            marks.write(text.encode())

        if action == PAY:
            asyncio.run(payments.pay(folder, mark))
        else:
            kills.on_engine(folder, kills.ACTIONS[action][1])
            mark("done")


if __name__ == "__main__":
    main()
