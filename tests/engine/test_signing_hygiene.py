"""What a process with keys owes to its user."""

import ctypes
import io
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from wallet.engine import hygiene
from wallet.logs import SecretFormatter

PR_GET_DUMPABLE = 3
PR_GET_PDEATHSIG = 2
SECONDS = 20.0


def report(connection: "Connection[Any, Any]") -> None:
    """In a spawned child: take the measures and tell what the system says about them."""
    import resource

    hygiene.end_with_parent()
    hygiene.keep_secrets_in()
    prctl = ctypes.CDLL(None).prctl
    death = ctypes.c_int()
    prctl(PR_GET_PDEATHSIG, ctypes.byref(death), 0, 0, 0)
    connection.send((prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), death.value, resource.getrlimit(resource.RLIMIT_CORE)))


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel in Linux's way")
def test_a_child_leaves_no_core_shows_no_memory_and_ends_with_its_parent() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=report, args=(theirs,))
    child.start()
    assert ours.poll(SECONDS)
    assert ours.recv() == (0, signal.SIGKILL, (0, 0))
    child.join(SECONDS)


PARENT = """
import multiprocessing, sys, time
from tests.engine.test_signing_hygiene import linger

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=linger, args=(sys.argv[1] == "kernel",))
    child.start()
    time.sleep(600)
"""


def linger(kernel: bool) -> None:
    """In a spawned child: end with the parent, by the thread alone unless the `kernel` may help."""
    if not kernel:
        sys.platform = "somewhere"
    hygiene.end_with_parent()
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    time.sleep(600)


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["kernel", "thread"])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, how: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, str(script), how], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
        deadline = time.monotonic() + SECONDS
        while is_running(child) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not is_running(child)


@pytest.mark.parametrize(
    "secret",
    [
        "abandon ability able about above absent absorb abstract absurd abuse access accident",
        "あいこくしん あいさつ あいだ あおぞら あかちゃん あきる あけがた あける あこがれる あさい あさひ あしあと",
        "xprv" + "A" * 107,
        "K" + "x" * 51,
    ],
)
def test_a_secret_in_a_log_line_is_blotted_out(secret: str) -> None:
    assert logged("restoring: %s.", secret) == "restoring: (secret).\n"


def test_a_plain_log_line_stays_as_it_is() -> None:
    line = "block %d is connected, and the wallet has scanned all of its filters up to this height since it was made"
    assert logged(line, 7) == line % 7 + "\n"


def logged(line: str, *arguments: object) -> str:
    """What a line becomes in a log."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(SecretFormatter())
    log = logging.Logger("wren.test")  # noqa: LOG001 - one of its own, so that no other handler comes first
    log.addHandler(handler)
    log.warning(line, *arguments)
    return written.getvalue()


def test_an_exception_that_quotes_a_secret_is_blotted_out_too() -> None:
    words = "abandon " * 11 + "about"
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(SecretFormatter())
    log = logging.Logger("wren.test")  # noqa: LOG001 - one of its own, so that no other handler comes first
    log.addHandler(handler)
    try:
        int(words)
    except ValueError:
        log.exception("it failed")
    last = written.getvalue().splitlines()[-1]
    assert "abandon" not in written.getvalue()
    assert last == "ValueError: invalid literal for int() (secret)'"  # "with base 10: '" may be part of a phrase
