"""Daily backups of the wallet database, and the way back to one; what is damaged is put aside, never deleted.

    wallets/<name>/backups/wallet.db.<date>     the last seven days on which the wallet was open
    wallets/<name>/damaged/wallet.db.<n>        what was put aside, with its log

A backup is one snapshot under the same key, written by SQLite's own `VACUUM INTO` on a connection of its own: it reads
(and so checks) every page, and neither waits for the writer nor makes it wait. A file that is damaged makes no backup,
and so never displaces a sound one.
"""

import os
import shutil
import threading
from datetime import date
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from wallet.store.database import DamagedDatabase, connect, sync_folder
from wallet.store.errors import StoreError
from wallet.store.folder import naming, private_folder

KEPT = 7
_STEPS = 20_000
"""Instructions of SQLite between two looks at whether to stop: some milliseconds."""
_PARTS = ("", "-wal", "-shm")
_CHECKS = ("cipher_integrity_check", "integrity_check")


class NoBackup(StoreError):
    """There is no backup that opens."""

    code = "not_found"


def back_up(database: Path, key: bytes, today: date, stop: threading.Event) -> bool:
    """Make today's backup unless it is there; whether one was made. For a thread of its own.

    stop: set by whoever cannot wait any longer; nothing half-made stays. Raises StoreError, DamagedDatabase.
    """
    folder = private_folder(database.parent / "backups")
    target = folder / f"{database.name}.{today.isoformat()}"
    if target.exists():
        return False
    partial = folder / f"{database.name}.part"
    with naming(partial):
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            if not _copy_snapshot(database, key, partial, stop):
                return False
            _sync(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(folder)
        for old in backups(database)[KEPT:]:
            old.unlink()
    return True


def backups(database: Path) -> list[Path]:
    """The backups of a database, newest first."""
    folder = database.parent / "backups"
    found = list(folder.glob(f"{database.name}.*-*-*")) if folder.is_dir() else []
    return sorted(found, key=lambda path: path.name, reverse=True)


def recover(database: Path, key: bytes) -> Path:
    """Put the newest backup that opens in the place of a database; which one. The old file is put aside.

    Killed at any step, the same call does it again. Raises NoBackup, and then nothing was moved.
    """
    backup = next((path for path in backups(database) if _is_sound(path, key)), None)
    if backup is None:
        raise NoBackup(database, "there is no daily backup that opens; the seed words bring the money back")
    partial = database.with_name(f"{database.name}.part")
    with naming(database):
        shutil.copyfile(backup, partial)
        partial.chmod(0o600)
        _sync(partial)
        _put_aside(database)
        partial.replace(database)
        sync_folder(database.parent)
    return backup


def _put_aside(database: Path) -> None:
    folder = private_folder(database.parent / "damaged")
    number = 1 + sum(1 for _ in folder.iterdir())
    for part in _PARTS:
        path = database.with_name(database.name + part)
        if path.exists():
            path.replace(folder / f"{database.name}.{number}{part}")
    sync_folder(folder)
    sync_folder(database.parent)


def _copy_snapshot(database: Path, key: bytes, target: Path, stop: threading.Event) -> bool:
    """Write a snapshot to an empty file; False where it was stopped on the way."""
    connection = connect(database, key)
    try:
        connection.set_progress_handler(stop.is_set, _STEPS)
        connection.execute("VACUUM INTO ?", (str(target),))
    except sqlcipher.OperationalError as error:
        if stop.is_set():
            return False
        raise StoreError(database, f"no backup was made: {error}") from error
    except sqlcipher.DatabaseError as error:
        raise DamagedDatabase(database, f"the wallet file is damaged ({error}); no backup was made of it") from error
    finally:
        connection.close()
    return True


def _is_sound(path: Path, key: bytes) -> bool:
    """Whether every page of a backup is what was written. Its version is left as it is."""
    connection = connect(path, key)
    try:
        findings = [connection.execute(f"PRAGMA {check}").fetchall() for check in _CHECKS]
    except sqlcipher.DatabaseError:
        return False
    finally:
        connection.close()
    return findings == [[], [("ok",)]]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
