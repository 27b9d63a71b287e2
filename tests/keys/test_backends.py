"""The places where records are kept: what a file survives, and which keyrings are never trusted."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.backends.SecretService
import pytest

from wallet.keys.backends import FileBackend, KeyringBackend, KeyringItems, NoKeyring, probe, write_durably
from wallet.keys.database_key import KeyringDatabaseKey
from wallet.keys.record import KdfCost, Secret, VaultError, seal

RECORD = seal(Secret("bip39", bytes(16), "english"), "pw", KdfCost(19 * 1024, 1, 1))
Trusted = keyring.backends.SecretService.Keyring


class Lookalike(Trusted):
    """What an installed package could register: it has the right name and another mind."""


def test_a_file_keeps_both_slots_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "wallets" / "main" / "vault.bin"
    store = FileBackend(path)
    assert store.read("A") is None
    store.write("A", RECORD)
    store.write("B", b"other")
    assert FileBackend(path).read("A") == RECORD
    assert FileBackend(path).read("B") == b"other"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.delete("A")
    assert (store.read("A"), store.read("B")) == (None, b"other")
    store.delete("A")
    store.delete("B")
    assert list(path.parent.iterdir()) == []


def test_what_a_killed_write_left_behind_does_not_disturb_the_next(tmp_path: Path) -> None:
    leftover = tmp_path / "vault.bin.new"
    leftover.write_bytes(b"half of a rec")
    leftover.chmod(0o644)
    FileBackend(tmp_path / "vault.bin").write("A", RECORD)
    assert [path.name for path in tmp_path.iterdir()] == ["vault.bin"]
    assert stat.S_IMODE((tmp_path / "vault.bin").stat().st_mode) == 0o600


def test_a_file_cut_anywhere_is_called_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "vault.bin"
    FileBackend(path).write("A", b"1234")
    FileBackend(path).write("B", b"5678")
    whole = path.read_bytes()
    boundaries = {len(whole), len(whole) - 7, len(whole) - 14}
    for length in set(range(len(whole))) - boundaries:
        path.write_bytes(whole[:length])
        with pytest.raises(VaultError) as caught:
            FileBackend(path).read("A")
        assert caught.value.code == "corrupt"


@pytest.mark.parametrize("body", [b"C\0\1x", b"A\0\1xA\0\1y", b"A\0\0", b"\xff\0\1x"])
def test_slots_that_make_no_sense_are_called_corrupt(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "vault.bin"
    path.write_bytes(b"WRENSLOT" + body)
    with pytest.raises(VaultError) as caught:
        FileBackend(path).read("A")
    assert caught.value.code == "corrupt"


def test_a_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "folder"
    in_the_way.write_bytes(b"")
    with pytest.raises(VaultError, match="folder") as caught:
        write_durably(in_the_way / "vault.bin", b"content")
    assert caught.value.code == "vault_unavailable"
    with pytest.raises(VaultError, match=r"vault\.bin"):
        FileBackend(in_the_way / "vault.bin").read("A")
    (tmp_path / "vault.bin").mkdir()
    with pytest.raises(VaultError, match=r"vault\.bin") as caught:
        FileBackend(tmp_path / "vault.bin").read("A")
    assert caught.value.code == "vault_unavailable"


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "vault.bin"
    FileBackend(path).write("A", b"before")

    def disk_full(step: str) -> None:
        if step == "temporary":
            raise OSError(28, "No space left on device")

    with pytest.raises(VaultError, match="No space left"):
        FileBackend(path, disk_full).write("A", b"after")
    assert FileBackend(path).read("A") == b"before"
    assert [found.name for found in tmp_path.iterdir()] == ["vault.bin"]


@pytest.mark.skipif(sys.platform != "linux", reason="the allow-list differs by platform")
@pytest.mark.parametrize("backend", [keyring.backends.null.Keyring, keyring.backends.fail.Keyring, Lookalike])
def test_a_keyring_of_another_type_is_refused(backend: type[Any]) -> None:
    with pytest.raises(VaultError) as caught:
        KeyringItems(keyring=backend())
    assert caught.value.code == "vault_unavailable"


@pytest.mark.skipif(sys.platform != "linux", reason="the allow-list differs by platform")
@pytest.mark.parametrize("forced", ["keyring.backends.null.Keyring", "keyrings.alt.file.PlaintextKeyring"])
def test_the_environment_does_not_choose_the_keyring(monkeypatch: pytest.MonkeyPatch, forced: str) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", forced)
    monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "KeePassXC")
    items = KeyringItems()
    assert type(items._backend) is Trusted
    assert items._backend.scheme == "default"


@pytest.mark.skipif(sys.platform != "linux", reason="the allow-list differs by platform")
class TestKeyringThatMisbehaves:
    """The trusted type, with a service behind it that does not do what it is asked."""

    @pytest.fixture
    def kept(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        kept: dict[str, str] = {}
        monkeypatch.setattr(Trusted, "get_password", lambda _self, _service, name: kept.get(name))
        monkeypatch.setattr(Trusted, "set_password", lambda _self, _service, name, text: kept.update({name: text}))
        monkeypatch.setattr(Trusted, "delete_password", lambda _self, _service, name: kept.pop(name))
        return kept

    def test_records_are_named_by_wallet_and_slot(self, kept: dict[str, str]) -> None:
        store = KeyringBackend(KeyringItems(), "1234")
        store.write("A", RECORD)
        store.write("B", RECORD)
        assert set(kept) == {"vault:1234:A", "vault:1234:B"}
        assert store.read("A") == RECORD
        store.delete("A")
        store.delete("A")
        assert set(kept) == {"vault:1234:B"}

    @pytest.mark.usefixtures("kept")
    def test_a_write_that_is_swallowed_is_no_success(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Trusted, "set_password", lambda *_: None)
        with pytest.raises(VaultError, match="did not keep") as caught:
            KeyringBackend(KeyringItems(), "1234").write("A", RECORD)
        assert caught.value.code == "vault_unavailable"

    def test_what_is_too_large_for_some_keyring_is_refused_before_it_is_written(self, kept: dict[str, str]) -> None:
        large = seal(Secret("xprv", bytes(700)), "pw", KdfCost(19 * 1024, 1, 1))
        with pytest.raises(VaultError) as caught:
            KeyringBackend(KeyringItems(), "1234").write("A", large)
        assert caught.value.code == "refused"
        assert kept == {}

    def test_an_item_that_is_no_record_is_corrupt(self, kept: dict[str, str]) -> None:
        kept["vault:1234:A"] = "something else!"
        with pytest.raises(VaultError) as caught:
            KeyringBackend(KeyringItems(), "1234").read("A")
        assert caught.value.code == "corrupt"

    @pytest.mark.parametrize(
        ("fault", "says"),
        [
            (keyring.errors.KeyringLocked("x"), "locked"),
            (keyring.errors.PasswordSetError("the secret abandon"), "PasswordSetError"),
            (ConnectionResetError(), "ConnectionResetError"),
        ],
    )
    @pytest.mark.usefixtures("kept")
    def test_a_fault_is_reported_without_its_words(
        self, monkeypatch: pytest.MonkeyPatch, fault: Exception, says: str
    ) -> None:
        def fail(*_: object) -> None:
            raise fault

        monkeypatch.setattr(Trusted, "set_password", fail)
        with pytest.raises(VaultError, match=says) as caught:
            KeyringBackend(KeyringItems(), "1234").write("A", RECORD)
        assert caught.value.code == "vault_unavailable"
        assert "abandon" not in str(caught.value)

    def test_a_database_key_comes_back_and_anything_else_there_is_corrupt(self, kept: dict[str, str]) -> None:
        key = KeyringDatabaseKey(KeyringItems(), "1234")
        key.store(bytes(range(32)))
        assert set(kept) == {"database:1234"}
        assert key.load() == bytes(range(32))
        for wrong in ("no base64!", "c2hvcnQ=", "ünlesbar"):
            kept["database:1234"] = wrong
            with pytest.raises(VaultError) as caught:
                key.load()
            assert caught.value.code == "corrupt"

    def test_both_slots_are_cleared_even_when_damaged(self, kept: dict[str, str]) -> None:
        kept.update({"vault:1234:A": "no record", "vault:1234:B": "", "vault:5678:A": "another wallet's"})
        KeyringBackend(KeyringItems(), "1234").clear()
        assert set(kept) == {"vault:5678:A"}

    @pytest.mark.usefixtures("kept")
    def test_each_call_into_the_keyring_is_announced(self) -> None:
        calls: list[bool] = []
        KeyringItems(calls.append).set("name", "text")
        assert calls == [True, False, True, False]


def test_without_a_session_there_is_no_keyring_and_auto_takes_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert probe("file") == "file"
    if sys.platform == "linux":
        assert probe("auto") == "file"
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
        assert probe("auto") == "file"
        with pytest.raises(VaultError) as caught:
            probe("keyring")
        assert caught.value.code == "vault_unavailable"


@pytest.mark.skipif(sys.platform != "linux", reason="the allow-list differs by platform")
def test_where_the_keyring_cannot_even_be_imported_auto_takes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jeepney", None)
    assert probe("auto") == "file"
    with pytest.raises(NoKeyring):
        KeyringItems()


def test_a_file_that_does_not_keep_what_it_was_given_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "vault.bin"

    def meddle(step: str) -> None:
        if step == "synced":
            path.write_bytes(path.read_bytes().replace(b"given", b"other"))

    with pytest.raises(VaultError, match="did not keep"):
        FileBackend(path, meddle).write("A", b"given")


def test_a_temporary_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    seen: list[int] = []
    before = os.umask(0)
    try:
        write_durably(
            tmp_path / "vault.bin",
            b"content",
            lambda step: seen.append((tmp_path / "vault.bin.new").stat().st_mode) if step == "temporary" else None,
        )
    finally:
        os.umask(before)
    assert [stat.S_IMODE(mode) for mode in seen] == [0o600]
