"""One window for a data folder: real processes, real sockets, and hostile callers at the door."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.ui.conftest import ROOT
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.bitcoin.uri import MAX_SIZE
from wallet.engine import api
from wallet.ui import instance
from wallet.ui.instance import GREETING, Doorbell, hand_over, socket_name, the_only_window
from wallet.ui.pages.send import SendPage

LINK = f"bitcoin:{OUTSIDE}?amount=0.0002&label=Tea"
WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from tests.ui.engine_double import EngineDouble
from wallet.engine import api
from wallet.ui import main, window

class Window(window.Window):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        QTimer.singleShot(0, lambda: print("open", flush=True))

    def visit(self, link=""):
        print("visited", link, flush=True)
        super().visit(link)
        if "stay" not in sys.argv:
            QTimer.singleShot(0, self.close)

main.Window = Window
options = api.EngineOptions("regtest", sys.argv[1], offline=True)
link = sys.argv[3] if len(sys.argv) > 3 and sys.argv[3] != "stay" else None
code = main.run_window(EngineDouble, options, Path(sys.argv[2]), link)
print("code", code, flush=True)
"""


class Program:
    """A start of Wren's window, in a process of its own, on an engine's double."""

    def __init__(self, home: Path, *arguments: str) -> None:
        line = [sys.executable, "-c", WINDOW, str(home), str(ROOT / "resources"), *arguments]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        self.process = subprocess.Popen(
            line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        program.end()


def test_a_second_start_hands_its_link_to_the_first_and_ends(tmp_path: Path, programs: list[Program]) -> None:
    first = Program(tmp_path)
    programs.append(first)
    assert first.says() == "open"
    second = Program(tmp_path, LINK)
    programs.append(second)
    assert first.says() == f"visited {LINK}"
    assert second.says() == "code 0"
    assert second.process.wait(20) == 0
    assert first.says() == "code 0"


def test_two_data_folders_are_two_programs(tmp_path: Path, programs: list[Program]) -> None:
    programs += [Program(tmp_path / "one"), Program(tmp_path / "two")]
    assert [program.says() for program in programs] == ["open", "open"]


def test_one_that_was_killed_is_in_nobodys_way(tmp_path: Path, programs: list[Program]) -> None:
    first = Program(tmp_path)
    programs.append(first)
    assert first.says() == "open"
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    assert Path(socket_name(tmp_path, "regtest")).exists()  # nobody took it away
    second = Program(tmp_path)
    programs.append(second)
    assert second.says() == "open"
    third = Program(tmp_path)
    programs.append(third)
    assert second.says() == "visited"
    assert third.says() == "code 0"


def test_of_many_starts_at_once_one_stays(tmp_path: Path, programs: list[Program]) -> None:
    programs += [Program(tmp_path, "stay") for _ in range(6)]
    said = [program.says() for program in programs]
    assert sorted(said) == ["code 0"] * 5 + ["open"]


@pytest.fixture
def door(stage: Stage, tmp_path: Path) -> Iterator[tuple[Doorbell, list[str], str]]:
    name = socket_name(tmp_path, "regtest")
    doorbell = Doorbell(name)
    rung: list[str] = []
    doorbell.rung.connect(rung.append)
    assert doorbell.listens
    yield doorbell, rung, name
    doorbell.close()


def call(stage: Stage, name: str, data: bytes, hang_up: bool = False) -> bytes:
    """What the door answers to these bytes until it hangs up."""
    heard = bytearray()

    def talk() -> None:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(10)
            caller.connect(name)
            try:
                caller.sendall(data)
                if hang_up:
                    return
                while part := caller.recv(100):
                    heard.extend(part)
            except (BrokenPipeError, ConnectionResetError):
                return

    thread = threading.Thread(target=talk)
    thread.start()
    stage.until(lambda: not thread.is_alive(), "the caller to be sent away")
    thread.join()
    return bytes(heard)


@pytest.mark.parametrize(
    ("data", "heard"),
    [
        (b"\n", [""]),
        (LINK.encode() + b"\n", [LINK]),
        (b"x" * MAX_SIZE + b"\n", ["x" * MAX_SIZE]),
        (b"x" * (MAX_SIZE + 1) + b"\n", []),
        (b"x" * 1_000_000, []),
        (b"\xff\xfe\n", []),
        (LINK.encode() + b"\nbitcoin:second\n", [LINK]),
    ],
    ids=["knock", "link", "longest", "too long", "endless", "no text", "two lines"],
)
def test_the_door_takes_one_line_and_no_more(
    stage: Stage, door: tuple[Doorbell, list[str], str], data: bytes, heard: list[str]
) -> None:
    doorbell, rung, name = door
    assert call(stage, name, data) == (GREETING if heard else b"")
    assert rung == heard
    stage.until(lambda: doorbell.callers == 0, "the caller to be forgotten")


def test_who_says_nothing_is_sent_away_and_who_hangs_up_is_forgotten(
    stage: Stage, door: tuple[Doorbell, list[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    doorbell, rung, name = door
    monkeypatch.setattr(instance, "_PATIENCE_MS", 50)
    assert call(stage, name, b"bitcoin:") == b""
    call(stage, name, b"bitc", hang_up=True)
    stage.until(lambda: doorbell.callers == 0, "the callers to be forgotten")
    assert rung == []


def test_a_crowd_at_the_door_is_bounded(stage: Stage, door: tuple[Doorbell, list[str], str]) -> None:
    doorbell, rung, name = door
    crowd = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    for caller in crowd:
        caller.setblocking(False)
        caller.connect_ex(name)
    stage.run(asyncio.sleep(0.1))
    assert doorbell.callers <= 8
    for caller in crowd:
        caller.close()
    stage.until(lambda: doorbell.callers == 0, "the crowd to be gone")
    assert call(stage, name, b"\n") == GREETING
    assert rung == [""]


def test_who_comes_while_the_first_ends_becomes_the_first(tmp_path: Path) -> None:
    with ExitStack() as first:
        assert first.enter_context(the_only_window(tmp_path, "regtest", None)) == socket_name(tmp_path, "regtest")
        leaving = threading.Timer(0.5, first.close)  # it listens no more, and its process is about to end
        leaving.start()
        with the_only_window(tmp_path, "regtest", LINK) as listens_at:
            assert listens_at == socket_name(tmp_path, "regtest")
        leaving.join()


def test_only_the_user_may_ring(stage: Stage, door: tuple[Doorbell, list[str], str]) -> None:
    assert Path(door[2]).stat().st_mode & 0o077 == 0


def test_nobody_is_there(tmp_path: Path) -> None:
    assert not hand_over(socket_name(tmp_path, "regtest"), LINK)
    assert not hand_over("", LINK)


def test_a_folder_with_a_long_name_has_its_socket_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 100)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    name = socket_name(deep, "main")
    assert name.startswith("/run/user/1000/wren-")
    assert name != socket_name(deep, "signet")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    assert socket_name(deep, "main") == ""


def test_a_link_brings_the_window_forward_and_waits_for_a_wallet(stage: Stage) -> None:
    window = stage.window()
    window.showMinimized()
    window.visit(LINK)
    stage.settle()
    assert not window.windowState() & Qt.WindowState.WindowMinimized
    stage.engine.wallets = [api.WalletInfo("default", "regtest", "keyring", locked=False)]
    stage.run(window.begin())
    stage.settle()
    shell = window.shell
    assert shell is not None
    page = shell.page("send")
    assert isinstance(page, SendPage)
    assert page.form.recipient.text().endswith(OUTSIDE)
    window.visit("file:///etc/passwd")
    assert "begins with bitcoin:" in window.banner.text
