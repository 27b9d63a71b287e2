"""The database key: a home for every day, and a way back from the seed."""

from pathlib import Path

import pytest

from wallet.keys.backends import FileBackend
from wallet.keys.database_key import KEY_FILE, RECOVERY_FILE, WrappedDatabaseKey, new_database_key
from wallet.keys.record import KdfCost, Secret, VaultError
from wallet.keys.vault import change_password, open_data_key, store_secret

CHEAP = KdfCost(19 * 1024, 1, 1)
MASTER = bytes(range(64))


def code_of(key: WrappedDatabaseKey, outer: bytes) -> str:
    with pytest.raises(VaultError) as caught:
        key.load(outer)
    return caught.value.code


def test_a_key_is_32_bytes_and_never_the_same() -> None:
    keys = {new_database_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {32}


def test_the_seed_brings_the_key_back_and_another_seed_does_not(tmp_path: Path) -> None:
    key = new_database_key()
    WrappedDatabaseKey(tmp_path, "1234", "recovery").store(key, MASTER)
    assert WrappedDatabaseKey(tmp_path, "1234", "recovery").load(MASTER) == key
    assert code_of(WrappedDatabaseKey(tmp_path, "1234", "recovery"), bytes(64)) == "bad_phrase"
    assert code_of(WrappedDatabaseKey(tmp_path, "5678", "recovery"), MASTER) == "bad_phrase"
    assert key not in (tmp_path / RECOVERY_FILE).read_bytes()


def test_the_password_opens_the_key_before_and_after_it_changes(tmp_path: Path) -> None:
    vault = FileBackend(tmp_path / "vault.bin")
    outer = store_secret(vault, Secret("bip39", bytes(16)), "old", CHEAP).data_key
    key = new_database_key()
    WrappedDatabaseKey(tmp_path, "1234", "password").store(key, outer)
    wrapped = WrappedDatabaseKey(tmp_path, "1234", "password")
    change_password(vault, "old", "new", CHEAP, wrapped)
    assert wrapped.load(open_data_key(vault, "new")) == key
    assert code_of(wrapped, bytes(outer)) == "corrupt"


def test_while_the_outer_key_changes_both_open_and_then_the_new_one_alone(tmp_path: Path) -> None:
    wrapped = WrappedDatabaseKey(tmp_path, "1234", "password")
    key, old, new = new_database_key(), bytes(32), bytes([1]) * 32
    wrapped.store(key, old)
    wrapped.add(old, new)
    assert (wrapped.load(old), wrapped.load(new)) == (key, key)
    assert code_of(wrapped, bytes([2]) * 32) == "corrupt"
    wrapped.settle(new)
    assert wrapped.load(new) == key
    assert code_of(wrapped, old) == "corrupt"


def test_any_changed_byte_is_refused(tmp_path: Path) -> None:
    wrapped = WrappedDatabaseKey(tmp_path, "1234", "password")
    wrapped.store(new_database_key(), MASTER)
    whole = (tmp_path / KEY_FILE).read_bytes()
    for at in range(len(whole)):
        (tmp_path / KEY_FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert code_of(wrapped, MASTER) == "corrupt"
    (tmp_path / KEY_FILE).write_bytes(whole[:-1])
    assert code_of(wrapped, MASTER) == "corrupt"


def test_one_purpose_does_not_open_the_other(tmp_path: Path) -> None:
    WrappedDatabaseKey(tmp_path, "1234", "recovery").store(new_database_key(), MASTER)
    (tmp_path / RECOVERY_FILE).rename(tmp_path / KEY_FILE)
    assert code_of(WrappedDatabaseKey(tmp_path, "1234", "password"), MASTER) == "corrupt"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wrapped = WrappedDatabaseKey(tmp_path, "1234", "recovery")
    assert code_of(wrapped, MASTER) == "not_found"
    wrapped.delete()
    wrapped.store(new_database_key(), MASTER)
    wrapped.delete()
    assert list(tmp_path.iterdir()) == []
