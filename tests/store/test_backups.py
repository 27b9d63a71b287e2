"""Daily backups: seven kept, sound or not there at all, and the way back to one."""

import os
import stat
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from wallet.store.backups import NoBackup, back_up, backups, recover
from wallet.store.database import DamagedDatabase, Database

KEY = bytes(range(32))
FIRST = "CREATE TABLE notes (text TEXT NOT NULL) STRICT"
DAY = date(2026, 5, 4)
GO = threading.Event()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Database.create(tmp_path / "wallet.db", KEY, [FIRST]) as database:
        note(database, "first")
        database.execute_many("INSERT INTO notes VALUES (?)", [("x" * 900,)] * 400)
    return tmp_path / "wallet.db"


def note(database: Database, text: str) -> None:
    database.execute("INSERT INTO notes VALUES (?)", (text,))


def notes(path: Path, key: bytes = KEY) -> list[str]:
    with Database.open(path, key, [FIRST]) as database:
        return [row[0] for row in database.execute("SELECT text FROM notes") if len(row[0]) < 900]


def test_one_a_day_and_seven_are_kept(path: Path) -> None:
    for number in range(10):
        assert back_up(path, KEY, DAY + timedelta(days=number), GO)
        assert not back_up(path, KEY, DAY + timedelta(days=number), GO)
    assert [backup.name for backup in backups(path)] == [f"wallet.db.2026-05-{day:02}" for day in range(13, 6, -1)]
    assert sorted(entry.name for entry in (path.parent / "backups").iterdir()) == [
        backup.name for backup in reversed(backups(path))
    ]


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_a_backup_is_the_owners_alone_and_under_the_same_key(path: Path) -> None:
    before = os.umask(0)
    try:
        back_up(path, KEY, DAY, GO)
    finally:
        os.umask(before)
    (backup,) = backups(path)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700
    assert b"first" not in backup.read_bytes()
    assert notes(backup) == ["first"]
    with pytest.raises(DamagedDatabase):
        notes(backup, bytes(32))


def test_the_writer_goes_on_meanwhile_and_what_is_not_committed_is_not_in_it(path: Path) -> None:
    with Database.open(path, KEY, [FIRST]) as database, database.transaction():
        note(database, "not yet")
        assert back_up(path, KEY, DAY, GO)
    assert notes(backups(path)[0]) == ["first"]
    assert notes(path) == ["first", "not yet"]


def test_a_backup_that_is_stopped_leaves_nothing(path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with Database.open(path, KEY, [FIRST]) as database:
        database.execute_many("INSERT INTO notes VALUES (?)", [("x" * 900,)] * 20_000)
        assert not back_up(path, KEY, DAY, stop)
    assert list((path.parent / "backups").iterdir()) == []


def damage(path: Path) -> bytes:
    raw = bytearray(path.read_bytes())
    for at in range(5_000, len(raw), 4_096):
        raw[at] ^= 1
    path.write_bytes(raw)
    return bytes(raw)


def test_a_damaged_file_makes_no_backup_and_displaces_none(path: Path) -> None:
    back_up(path, KEY, DAY, GO)
    damage(path)
    with pytest.raises(DamagedDatabase):
        back_up(path, KEY, DAY + timedelta(days=1), GO)
    assert [entry.name for entry in (path.parent / "backups").iterdir()] == ["wallet.db.2026-05-04"]


def test_the_newest_sound_backup_takes_the_place_of_a_damaged_file_which_is_kept(path: Path) -> None:
    back_up(path, KEY, DAY, GO)
    with Database.open(path, KEY, [FIRST]) as database:
        note(database, "second")
    back_up(path, KEY, DAY + timedelta(days=1), GO)
    back_up(path, KEY, DAY + timedelta(days=2), GO)
    damage(backups(path)[0])
    raw = damage(path)
    path.with_name("wallet.db-wal").write_bytes(b"a log")
    assert recover(path, KEY).name == "wallet.db.2026-05-05"
    assert notes(path) == ["first", "second"]
    assert (path.parent / "damaged" / "wallet.db.1").read_bytes() == raw
    assert (path.parent / "damaged" / "wallet.db.1-wal").read_bytes() == b"a log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_sound_backup_nothing_is_moved(path: Path) -> None:
    back_up(path, KEY, DAY, GO)
    damage(backups(path)[0])
    raw = damage(path)
    with pytest.raises(NoBackup):
        recover(path, KEY)
    assert path.read_bytes() == raw


@pytest.mark.parametrize("renames", range(5))
def test_a_way_back_that_breaks_off_anywhere_is_gone_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    back_up(path, KEY, DAY, GO)
    damage(path)
    path.with_name("wallet.db-wal").write_bytes(b"a log")
    left, replace = renames, Path.replace

    def breaks(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", breaks)
        if renames < 3:
            with pytest.raises(KeyboardInterrupt):
                recover(path, KEY)
    recover(path, KEY)
    assert notes(path) == ["first"]
