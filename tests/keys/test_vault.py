"""One wallet's vault: stored once, opened by its password, and never lost in a change of password."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wallet.keys.backends import FileBackend, Slot
from wallet.keys.record import KdfCost, Secret, VaultError, seal, unwrap_key
from wallet.keys.vault import change_password, open_data_key, open_vault, store_secret

CHEAP = KdfCost(19 * 1024, 1, 1)
SECRET = Secret("bip39", bytes(range(32)), "english")
# A change of password has these durable steps; a file's write has three of its own.
STEPS = [f"{part} {step}" for part in ("write", "delete") for step in ("temporary", "replaced", "synced")]


@pytest.fixture
def store(tmp_path: Path) -> FileBackend:
    return FileBackend(tmp_path / "vault.bin")


def code_of(store: FileBackend, password: str | None) -> str:
    with pytest.raises(VaultError) as caught:
        open_vault(store, password)
    return caught.value.code


def filled(store: FileBackend) -> list[Slot]:
    slots: tuple[Slot, Slot] = ("A", "B")
    return [slot for slot in slots if store.read(slot) is not None]


def test_a_stored_secret_opens_with_its_password_alone(store: FileBackend) -> None:
    stored = store_secret(store, SECRET, "old", CHEAP)
    assert open_vault(store, "old") == stored
    assert stored.secret == SECRET
    assert open_data_key(store, "old") == stored.data_key
    assert code_of(store, "new") == "bad_password"
    assert code_of(store, None) == "bad_password"


def test_a_missing_vault_is_told_from_a_wrong_password(store: FileBackend) -> None:
    assert code_of(store, "old") == "not_found"
    store_secret(store, SECRET, "old", CHEAP)
    store.clear()
    assert code_of(store, "old") == "not_found"


def test_a_damaged_vault_can_be_cleared_away(store: FileBackend, tmp_path: Path) -> None:
    (tmp_path / "vault.bin").write_bytes(b"nonsense")
    (tmp_path / "vault.bin.new").write_bytes(b"left behind")
    store.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_vault_is_never_written_over(store: FileBackend) -> None:
    store_secret(store, SECRET, "old", CHEAP)
    with pytest.raises(VaultError) as caught:
        store_secret(store, Secret("bip39", bytes(16)), "other", CHEAP)
    assert caught.value.code == "wallet_exists"
    assert open_vault(store, "old").secret == SECRET


def test_after_a_change_only_the_new_password_opens_and_the_data_key_is_another(store: FileBackend) -> None:
    keys = {bytes(store_secret(store, SECRET, "0", CHEAP).data_key)}
    for turn in range(3):
        change_password(store, str(turn), str(turn + 1), CHEAP)
        assert code_of(store, str(turn)) == "bad_password"
        opened = open_vault(store, str(turn + 1))
        assert (opened.secret, opened.counter) == (SECRET, turn + 2)
        keys.add(bytes(opened.data_key))
        assert len(keys) == turn + 2
        assert len(filled(store)) == 1


def test_a_password_can_be_given_up_and_taken_again_by_choice_only(store: FileBackend) -> None:
    store_secret(store, SECRET, "old", CHEAP)
    with pytest.raises(VaultError):
        change_password(store, "old", "", CHEAP)
    change_password(store, "old", None, CHEAP)
    assert open_vault(store, None).secret == SECRET
    change_password(store, None, "again", CHEAP)
    assert code_of(store, None) == "bad_password"
    assert open_vault(store, "again").secret == SECRET


def test_a_wrong_old_password_changes_nothing(store: FileBackend, tmp_path: Path) -> None:
    store_secret(store, SECRET, "old", CHEAP)
    before = (tmp_path / "vault.bin").read_bytes()
    with pytest.raises(VaultError) as caught:
        change_password(store, "wrong", "new", CHEAP)
    assert caught.value.code == "bad_password"
    assert (tmp_path / "vault.bin").read_bytes() == before


class Forgetful(FileBackend):
    """A store that says yes and keeps something else."""

    def write(self, slot: Slot, record: bytes) -> None:
        super().write(slot, record[:-1] + bytes([record[-1] ^ 1]))


def test_a_new_record_that_does_not_open_never_costs_the_old_one(tmp_path: Path) -> None:
    store_secret(FileBackend(tmp_path / "vault.bin"), SECRET, "old", CHEAP)
    with pytest.raises(VaultError):
        change_password(Forgetful(tmp_path / "vault.bin"), "old", "new", CHEAP)
    store = FileBackend(tmp_path / "vault.bin")
    assert open_vault(store, "old").secret == SECRET
    change_password(store, "old", "new", CHEAP)
    assert open_vault(store, "new").secret == SECRET


def interrupted(store: FileBackend) -> None:
    """The state between the new record's write and the old one's deletion."""
    store_secret(store, SECRET, "old", CHEAP)
    key = unwrap_key(store.read("A") or b"", "old")
    store.write("B", seal(SECRET, "new", CHEAP, counter=2, data_key=key))


def test_in_an_interrupted_change_either_password_opens_and_the_new_one_finishes_it(store: FileBackend) -> None:
    interrupted(store)
    assert open_vault(store, "old").secret == SECRET
    assert filled(store) == ["A", "B"]
    assert open_vault(store, "new").secret == SECRET
    assert filled(store) == ["B"]
    assert code_of(store, "old") == "bad_password"


def test_an_interrupted_change_can_be_made_again_from_the_old_password(store: FileBackend) -> None:
    interrupted(store)
    change_password(store, "old", "newest", CHEAP)
    assert open_vault(store, "newest").counter == 3
    assert len(filled(store)) == 1


def test_what_an_interrupted_change_left_is_gone_before_its_data_keys_wrapping_is(store: FileBackend) -> None:
    """Else the password of that record would open it, delete the older one, and find nothing wrapped for it."""
    interrupted(store)
    seen: list[tuple[str, list[Slot]]] = []

    class Wrapped:
        def add(self, old: bytes | bytearray, new: bytes | bytearray) -> None:
            seen.append(("add", filled(store)))

        def settle(self, new: bytes | bytearray) -> None:
            seen.append(("settle", filled(store)))

    change_password(store, "old", "newest", CHEAP, Wrapped())
    assert seen == [("add", ["A"]), ("settle", ["B"])]


def test_a_damaged_slot_does_not_hide_the_sound_one(store: FileBackend) -> None:
    interrupted(store)
    record = store.read("B") or b""
    store.write("B", record[:-1])
    assert open_vault(store, "old").secret == SECRET
    assert code_of(store, "new") == "bad_password"
    store.delete("A")
    assert code_of(store, "new") == "corrupt"


class Silent(FileBackend):
    """A store that does not answer any more."""

    def read(self, slot: Slot) -> bytes | None:
        raise VaultError("vault_unavailable", "gone")


def test_a_store_that_does_not_answer_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    assert code_of(Silent(tmp_path / "vault.bin"), "old") == "vault_unavailable"


def test_a_record_that_needs_more_memory_than_there_is_is_not_called_a_wrong_password(
    store: FileBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(store)

    def starved(*_: object) -> bytearray:
        raise VaultError("vault_unavailable", "needs more memory")

    monkeypatch.setattr("wallet.keys.vault.unseal", starved)
    assert code_of(store, "old") == "vault_unavailable"


CHANGE = """
import os, signal, sys
from pathlib import Path
from wallet.keys.backends import FileBackend
from wallet.keys.record import KdfCost
from wallet.keys.vault import change_password

folder, last = Path(sys.argv[1]), sys.argv[2]
part = "write"

class Store(FileBackend):
    def delete(self, slot):
        global part
        part = "delete" if self.read(slot) is not None else part
        super().delete(slot)

def step(name):
    print(part, name, flush=True)
    if f"{part} {name}" == last:
        os.kill(os.getpid(), signal.SIGKILL)

change_password(Store(folder / "vault.bin", step), "old", "new", KdfCost(19 * 1024, 1, 1))
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("stored") / "vault.bin"
    store_secret(FileBackend(path), SECRET, "old", CHEAP)
    return path.read_bytes()


def change_killed_at(folder: Path, step: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHANGE, str(folder), step]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_of_a_change_the_old_or_the_new_password_opens(
    tmp_path: Path, stored: bytes, step: str
) -> None:
    (tmp_path / "vault.bin").write_bytes(stored)
    done = change_killed_at(tmp_path, step)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.splitlines() == STEPS[: STEPS.index(step) + 1]

    store = FileBackend(tmp_path / "vault.bin")
    written = STEPS.index(step) > 0
    deleted = STEPS.index(step) > 3
    for password, opens in (("old", not deleted), ("new", written)):
        if opens:
            assert open_vault(store, password).secret == SECRET
        else:
            assert code_of(store, password) == "bad_password"


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_a_change_that_is_not_killed_takes_exactly_these_steps(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "vault.bin").write_bytes(stored)
    done = change_killed_at(tmp_path, "none")
    assert (done.returncode, done.stdout.splitlines()) == (0, STEPS)
