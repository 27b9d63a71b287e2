import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store.torture import BLOCKS, FIRST, KEY, NOTES, SECOND
from wallet.bitcoin.network import REGTEST
from wallet.store.database import DamagedDatabase, Database, NewerDatabase, statements_of
from wallet.store.errors import StoreError
from wallet.store.ledger import SqliteLedgerStore
from wallet.store.migrations import MIGRATIONS

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="forks and kills the POSIX way")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wallet.db"


def test_the_file_is_encrypted_and_the_owners_alone(path: Path) -> None:
    with Database.create(path, KEY, [FIRST]) as database:
        database.execute("INSERT INTO notes (text) VALUES ('the canary sings')")
        files = [found for found in path.parent.iterdir() if found.is_file()]
        assert {found.name for found in files} >= {"wallet.db", "wallet.db-wal"}
        for found in files:
            content = found.read_bytes()
            assert b"canary" not in content
            assert b"SQLite format" not in content
            if os.name == "posix":
                assert stat.S_IMODE(found.stat().st_mode) == 0o600, found


def test_it_is_durable_and_strict(path: Path) -> None:
    with Database.create(path, KEY, [FIRST]) as database:
        pragmas = {
            name: database.execute(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with SqliteLedgerStore.create(path.with_name("other.db"), KEY, REGTEST).database as database:
        tables = database.execute("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'")
        assert len(tables) > 10
        assert all(strict for _, strict in tables)


def test_another_key_opens_nothing_and_names_the_file(path: Path) -> None:
    Database.create(path, KEY, [FIRST]).close()
    with pytest.raises(DamagedDatabase, match="another key") as caught:
        Database.open(path, bytes(32), [FIRST])
    assert caught.value.code == "corrupt"
    assert caught.value.path == path
    with pytest.raises(ValueError, match="32 bytes"):
        Database.open(path, b"short", [FIRST])


def test_what_is_not_there_is_not_made_and_what_is_there_is_not_overwritten(path: Path) -> None:
    with pytest.raises(StoreError, match="no such file"):
        Database.open(path, KEY, [FIRST])
    assert not path.exists()
    Database.create(path, KEY, [FIRST]).close()
    with pytest.raises(StoreError, match="exists"):
        Database.create(path, KEY, [FIRST])


def open_and_check(path: Path) -> None:
    with Database.open(path, KEY, [FIRST]) as database:
        database.check()


def test_flipped_bytes_are_noticed(path: Path) -> None:
    with Database.create(path, KEY, [FIRST]) as database:
        database.execute_many("INSERT INTO notes (text) VALUES (?)", [("x" * 500,)] * 200)
        database.check()
    content = bytearray(path.read_bytes())
    for position in (40, len(content) // 2, len(content) - 100):
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(DamagedDatabase):
            open_and_check(path)
    path.write_bytes(content)
    open_and_check(path)


def write_and_fail(database: Database) -> None:
    with database.transaction():
        database.execute("INSERT INTO notes (text) VALUES ('half')")
        database.execute("INSERT INTO nowhere VALUES (1)")


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    with Database.create(path, KEY, [FIRST]) as database:
        with pytest.raises(StoreError):
            write_and_fail(database)
        assert database.execute("SELECT * FROM notes") == []
        with database.transaction():
            database.execute("INSERT INTO notes (text) VALUES ('whole')")
        assert database.execute("SELECT text FROM notes") == [("whole",)]


def test_a_newer_file_is_refused_and_not_touched(path: Path) -> None:
    Database.create(path, KEY, [FIRST, SECOND]).close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(NewerDatabase) as caught:
            Database.open(path, KEY, [FIRST], read_only)
        assert caught.value.code == "newer_version"
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == ["wallet.db"]


def test_a_migration_keeps_a_copy_of_what_was(path: Path) -> None:
    with Database.create(path, KEY, [FIRST]) as database:
        database.execute("INSERT INTO notes (text) VALUES ('kept')")
    with pytest.raises(StoreError, match="older version"):
        Database.open(path, KEY, [FIRST, SECOND], read_only=True)
    with Database.open(path, KEY, [FIRST, SECOND]) as database:
        assert database.execute("SELECT text, author FROM notes") == [("kept", "")]
    copy = path.with_name("wallet.db.version-1")
    with Database.open(copy, KEY, [FIRST]) as database:
        database.check()
        assert database.execute("SELECT text FROM notes") == [("kept",)]


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    Database.create(path, KEY, [FIRST]).close()
    with pytest.raises(StoreError):
        Database.open(path, KEY, [FIRST, SECOND + "; THIS IS NOT SQL"])
    with Database.open(path, KEY, [FIRST]) as database:
        assert database.execute("SELECT count(*) FROM pragma_table_info('notes')") == [(2,)]


def test_statements_are_told_apart() -> None:
    assert statements_of(SECOND) == [part.strip() for part in SECOND.split(";")]
    assert all(statement.startswith("CREATE") for statement in statements_of(MIGRATIONS[0]))


# --- kill -9 ---


def torture(way: str, path: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.torture", way, str(path)], check=True, stdout=subprocess.PIPE, cwd=ROOT
    )
    return list(json.loads(done.stdout))


@POSIX
def test_a_migration_killed_before_any_statement_is_carried_out_whole_the_next_time(path: Path) -> None:
    found = torture("migration", path)
    assert len(found) > 10
    assert [each["killed"] for each in found] == [True] * (len(found) - 1) + [False]
    assert all((each["notes"], each["more"]) == (NOTES, 0) for each in found)
    copies = [each["in_copy"] for each in found if each["copy"]]
    assert len(copies) > 5
    assert set(copies) == {NOTES}


@POSIX
def test_a_change_killed_before_any_statement_is_there_whole_or_not_at_all(path: Path) -> None:
    found = torture("commit", path)
    assert len(found) > 10
    assert [each.pop("killed") for each in found] == [True] * (len(found) - 1) + [False]
    for each in found:
        del each["status"]
    whole = found.pop()
    assert (whole["transactions"], whole["confirmed"], whole["blocks"]) == (2, 2_001, 3)
    assert all(each == found[0] for each in found)
    assert (found[0]["transactions"], found[0]["blocks"]) == (0, 0)
    assert found[0]["scripts"] < whole["scripts"]


@POSIX
def test_a_writer_killed_again_and_again_loses_nothing_that_it_said_was_stored(path: Path) -> None:
    found = torture("writer", path)
    assert len(found) == 31
    for each in found:
        assert each["transactions"] >= each["promised"]
        assert each["coins"] == each["transactions"]
    assert found[-1]["confirmed"] == sum(1_000 + number for number in range(BLOCKS))
    assert len({each["transactions"] for each in found}) > 10, "it was killed at different moments"
