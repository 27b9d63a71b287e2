"""The program around the window: it starts, says its faults, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui.conftest import ROOT
from tests.ui.engine_double import EngineDouble
from tests.ui.stage import Stage
from wallet.engine import api

PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from tests.ui.engine_double import EngineDouble
from wallet.engine import api
from wallet.ui import main, window

engine = EngineDouble(wallets=[api.WalletInfo("mine", "regtest", "keyring", locked=False)])

def make_engine():
    if "fail" in sys.argv:
        raise api.WrenError("in_use", "another Wren uses this folder: close it first")
    return engine

class Window(window.Window):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        QTimer.singleShot(400, self.look)

    def look(self):
        print("banner", self.banner.text, "shell", self.shell is not None)
        QTimer.singleShot(50, self.spoil)

    def spoil(self):
        QTimer.singleShot(50, self.say)
        raise ValueError("a slot's fault")

    def say(self):
        print("fault", self.banner.text)
        self.close()

main.Window = Window
code = main.run_window(make_engine, api.EngineOptions("regtest", sys.argv[1], offline=True), Path(sys.argv[2]))
print("code", code, "closed", engine.closed)
"""


def run(tmp_path: Path, *arguments: str) -> str:
    line = [sys.executable, "-c", PROGRAM, str(tmp_path), str(ROOT / "resources"), *arguments]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_opens_tells_a_fault_and_closes_its_engine(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "banner  shell True" in said
    assert "fault Wren met a fault of its own (ValueError)" in said
    assert "code 0 closed True" in said


def test_an_engine_that_cannot_start_is_told_in_the_window(tmp_path: Path) -> None:
    assert "banner Another Wren uses this folder: close it first." in run(tmp_path, "fail")


def test_a_fault_in_a_task_reaches_the_window(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.engine.wallets = [api.WalletInfo("mine", "regtest", "keyring", locked=False)]

    def spoilt(engine: EngineDouble, command: api.GetBalance) -> api.Balance:
        raise ZeroDivisionError

    monkeypatch.setattr(EngineDouble, "_GetBalance", spoilt)
    window = stage.window()
    assert "ZeroDivisionError" in window.banner.text
    assert [type(fault) for fault in stage.faults] == [ZeroDivisionError]
    stage.faults.clear()
    monkeypatch.undo()
    assert window.shell is not None
    window.shell.page("overview").refresh()
    stage.settle()
    assert not stage.faults
