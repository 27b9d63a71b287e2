"""Hundreds of kills -9 at random durable steps, several in a row on one wallet, over everything that is done with keys.

The usual tests kill once at every step (`tests/engine/test_kills.py`); here what one kill left is the next one's
beginning. WREN_SOAK_ROUNDS: how many looks at each wallet; WREN_SOAK_SEED: which steps.
"""

import os
from pathlib import Path

import pytest

from tests.engine.test_kills import kill_at_every_step, run

ROUNDS = os.environ.get("WREN_SOAK_ROUNDS", "150")
SEED = os.environ.get("WREN_SOAK_SEED", "1")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("action", ["password-keyring", "password-file", "move-to-file", "move-to-keyring"])
def test_no_row_of_kills_locks_anybody_out(tmp_path: Path, action: str) -> None:
    results = run(tmp_path, action, str(tmp_path), ROUNDS, SEED, seconds=3000)
    assert [result for result in results if result["faults"]] == []
    assert sum(result["kills"] for result in results) >= int(ROUNDS) * 4 // 3


def test_restoring_from_a_backup_is_killed_before_every_step(tmp_path: Path) -> None:
    kill_at_every_step(tmp_path, "restore")
