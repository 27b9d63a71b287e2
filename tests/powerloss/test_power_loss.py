"""Whenever the power fails, every wallet opens, nothing that was done is undone, and no payment is lost.

Each run looks at a few of the states that may be left; `make soak` looks at all of them.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.kills import ACTIONS
from tests.needs import C_COMPILER, lacking
from tests.powerloss.disk import Disk, read_log
from tests.powerloss.victims import PAY, ROOT, build_shim

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the shim is for Linux")
LOOKS = 24


@pytest.fixture(autouse=True)
def _compiler() -> None:
    if not shutil.which("cc"):
        lacking(C_COMPILER)


def judged(folder: Path, action: str, *rest: str, seconds: float = 110) -> dict[str, Any]:
    """What was found of an action."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.powerloss.judge", action, str(folder), *rest],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("action", [PAY, *ACTIONS])
def test_whenever_the_power_fails_the_wallet_is_whole(tmp_path: Path, action: str) -> None:
    found = judged(tmp_path, action, str(LOOKS), "1")
    assert found["faults"] == []
    assert found["states"] > LOOKS // 3


# --- the disk that forgets


def careless(folder: Path, program: str) -> Disk:
    """What a small program does to an empty folder."""
    (work := folder / "work").mkdir()
    disk, log = Disk(work), folder / "log"
    environment = {**os.environ, "PL_ROOT": str(work), "PL_LOG": str(log), "LD_PRELOAD": str(build_shim(folder))}
    subprocess.run([sys.executable, "-S", "-c", f"import os\n{program}"], cwd=work, env=environment, check=True)
    disk.begin(read_log(log))
    return disk


def left_at_the_end(disk: Disk) -> list[dict[str, bytes | None]]:
    for _ in disk.happen():
        pass
    return [disk.least(), disk.most(), *(disk.some(random.Random(seed)) for seed in range(60))]


WRITE: str = "file = open('new', 'wb', buffering=0); file.write(b'whole')"
SYNC: str = "os.fsync(file.fileno())"
REPLACE: str = "os.replace('new', 'name')"
SYNC_FOLDER: str = "os.fsync(os.open('.', os.O_RDONLY))"


def test_what_was_synced_and_named_for_good_is_there(tmp_path: Path) -> None:
    for state in left_at_the_end(careless(tmp_path, f"{WRITE}\n{SYNC}\n{REPLACE}\n{SYNC_FOLDER}")):
        assert state == {"/name": b"whole"}


def test_a_name_that_was_not_synced_may_be_another_or_none(tmp_path: Path) -> None:
    states = left_at_the_end(careless(tmp_path, f"{WRITE}\n{SYNC}\n{REPLACE}"))
    assert {tuple(state) for state in states} == {(), ("/new",), ("/name",)}


def test_bytes_that_were_not_synced_may_be_gone_or_torn(tmp_path: Path) -> None:
    states = left_at_the_end(careless(tmp_path, f"{WRITE}\n{REPLACE}\n{SYNC_FOLDER}"))
    contents = {state["/name"] for state in states}
    assert {b"", b"whole"} < contents
    assert any(content not in (b"", b"whole") for content in contents)


def test_a_file_is_cut_and_grows_as_it_was_asked_to(tmp_path: Path) -> None:
    program = f"{WRITE}\nos.ftruncate(file.fileno(), 2)\nos.pwrite(file.fileno(), b'z', 4)\nos.mkdir('d')"
    assert left_at_the_end(careless(tmp_path, program))[1] == {"/new": b"wh\0\0z", "/d": None}
