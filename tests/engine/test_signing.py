"""The vault child behind its facade: what crosses the pipe, and what happens when nothing does."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import pytest

from wallet.engine import signing_child
from wallet.engine.api import WrenError
from wallet.engine.signing import Vault, VaultRef
from wallet.keys.backends import FileBackend
from wallet.keys.database_key import WrappedDatabaseKey
from wallet.keys.record import KdfCost, Secret
from wallet.keys.vault import store_secret

COST = (19 * 1024, 1, 1)
ROOT = Path(__file__).parents[2]
ENTROPY = bytes(range(16))
UUID = "0b8c6a3e-0000-4000-8000-000000000002"


@pytest.fixture
def vault() -> Vault:
    return Vault(COST)


@pytest.fixture
def stored(tmp_path: Path) -> VaultRef:
    """A wallet's folder with a vault in a file, its database key 32 times the byte 7."""
    folder = tmp_path / "wallets" / "main"
    opened = store_secret(FileBackend(folder / "vault.bin"), Secret("bip39", ENTROPY, "english"), "old", KdfCost(*COST))
    WrappedDatabaseKey(folder, UUID, "password").store(b"\7" * 32, opened.data_key)
    return VaultRef(folder, UUID, "file", "regtest")


async def code_of(call: Any) -> str:
    with pytest.raises(WrenError) as caught:
        await call
    return caught.value.code


async def test_the_database_key_comes_by_the_password_before_and_after_a_change(vault: Vault, stored: VaultRef) -> None:
    assert await vault.open_database(stored, "old") == b"\7" * 32
    assert await code_of(vault.open_database(stored, "new")) == "bad_password"
    await vault.change_password(stored, "old", "new")
    assert await vault.open_database(stored, "new") == b"\7" * 32
    assert await code_of(vault.open_database(stored, "old")) == "bad_password"
    assert await code_of(vault.open_database(stored, None)) == "bad_password"


async def test_a_deleted_vault_is_missing_and_leaves_no_file(vault: Vault, stored: VaultRef) -> None:
    await vault.delete(stored)
    assert list(stored.wallet_dir.iterdir()) == []
    assert await code_of(vault.open_database(stored, "old")) == "not_found"


async def test_errors_cross_the_pipe_with_code_and_line(vault: Vault, stored: VaultRef) -> None:
    (stored.wallet_dir / "vault.bin").write_bytes(b"nonsense")
    with pytest.raises(WrenError, match=r"vault\.bin") as caught:
        await vault.open_database(stored, "old")
    assert caught.value.code == "corrupt"


@pytest.mark.skipif(sys.platform != "linux", reason="without a session bus there is no keyring")
async def test_without_a_keyring_a_file_is_taken_unless_the_keyring_was_asked_for(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert await vault.probe("auto") == "file"
    assert await code_of(vault.probe("keyring")) == "vault_unavailable"


async def test_tasks_run_beside_one_another_and_the_loop_goes_on(vault: Vault, stored: VaultRef) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    keys = await asyncio.gather(*(vault.open_database(stored, "old") for _ in range(3)))
    counting.cancel()
    assert keys == [b"\7" * 32] * 3
    assert turns > 100


def children() -> list[int]:
    """The processes that this one has started and that still run (Linux), resource trackers apart."""
    found = []
    for path in Path("/proc/self/task").glob("*/children"):
        for pid in path.read_text().split():
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"spawn_main" in line:
                found.append(int(pid))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="stops a process and looks into /proc")
async def test_a_child_that_is_killed_is_reported(vault: Vault, stored: VaultRef) -> None:
    task = asyncio.create_task(vault.open_database(stored, "old"))
    await until(lambda: bool(children()))
    os.kill(children()[0], signal.SIGKILL)
    assert await code_of(task) == "vault_unavailable"


@pytest.mark.skipif(sys.platform != "linux", reason="stops a process and looks into /proc")
async def test_a_task_that_is_cancelled_takes_its_child_with_it(vault: Vault, stored: VaultRef) -> None:
    task = asyncio.create_task(vault.open_database(stored, "old"))
    await until(lambda: bool(children()))
    os.kill(children()[0], signal.SIGSTOP)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not children())


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("this should have happened by now")


async def test_an_unexpected_exception_crosses_without_its_words(
    monkeypatch: pytest.MonkeyPatch, vault: Vault, stored: VaultRef
) -> None:
    unknown = VaultRef(stored.wallet_dir, UUID, "file", "abandon ability able")
    with pytest.raises(RuntimeError, match="KeyError in ") as caught:
        await vault.open_database(unknown, "old")
    assert "abandon" not in str(caught.value)


def test_the_child_is_reached_without_qt_numpy_or_asyncio() -> None:
    program = (
        "import sys, wallet.engine.signing_child, wallet.engine.signing_home;"
        "print([name for name in ('asyncio', 'numpy', 'PySide6', 'keyring', 'coincurve') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    assert signing_child.__name__ == "wallet.engine.signing_child"


def test_the_facade_is_reached_without_what_knows_secrets() -> None:
    program = (
        "import sys, wallet.engine.signing;"
        "print([name for name in sys.modules if name.startswith(('wallet.keys', 'cryptography', 'keyring'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_process_that_cannot_be_started_is_said_in_words(
    vault: Vault, stored: VaultRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_process: SpawnProcess) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(SpawnProcess, "start", refuse)
    with pytest.raises(WrenError, match="could not be started: Resource temporarily") as failed:
        asyncio.run(vault.open_database(stored, "old"))
    assert failed.value.code == "vault_unavailable"
