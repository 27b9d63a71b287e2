"""`make demo` does the main job by itself and leaves its pictures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.timeout(180)
def test_the_demo_does_the_main_job_and_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all figures agree" in done.stdout
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "1-received.png",
        "2-proof.png",
        "3-review.png",
        "4-paid.png",
        "5-restored.png",
    }
