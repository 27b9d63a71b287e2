"""Nobody is locked out, and nothing is left lying about, whatever durable step a kill -9 comes before."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.kills import ACTIONS

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, and kills with SIGKILL")

# At which files a kill must have come close, so that a change of the order is noticed here.
STEPS = {
    "create": ("staged.json.part", "recovery.key.new", "wallet.db", "wallet.json.part", "staged.json"),
    "restore": ("staged.json.part", "recovery.key.new", "wallet.db", "wallet.json.part", "staged.json"),
    "password-keyring": (".part",),
    "password-file": ("wallet.key.new", "vault.bin.new"),
    "move-to-file": ("wallet.json.part", "vault.bin.new", "wallet.key.new"),
    "move-to-keyring": ("wallet.json.part", ".part", "vault.bin", "wallet.key"),
    "delete": ("staged.json.part", "wallet.json", "wallet.db", "recovery.key", "main"),
    "repair": ("wallet.json.part", "vault.bin.new", "wallet.key.new"),
}


def run(folder: Path, *arguments: str, seconds: float = 110) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.engine.kills", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=seconds
    )
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "restore"])  # that one soaks
def test_killed_before_any_durable_step_a_wallet_opens_and_nothing_is_left_lying_about(
    tmp_path: Path, action: str
) -> None:
    kill_at_every_step(tmp_path, action)


def kill_at_every_step(tmp_path: Path, action: str) -> None:
    results = run(tmp_path, action, str(tmp_path))
    assert [result for result in results if result["faults"]] == []
    assert {result["ended"] for result in results[:-1]} == {-signal.SIGKILL}
    assert results[-1]["ended"] == 0
    places = {result["died_at"].split()[-1] for result in results[:-1]}
    assert places >= set(STEPS[action])


@pytest.mark.parametrize("action", ["password-file", "move-to-file"])
def test_killed_several_times_in_a_row_a_wallet_still_opens(tmp_path: Path, action: str) -> None:
    results = run(tmp_path, action, str(tmp_path), "12", "7")
    assert [result for result in results if result["faults"]] == []
    assert sum(result["kills"] for result in results) >= 6
