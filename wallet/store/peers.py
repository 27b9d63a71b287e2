"""The address book of peers: a small SQLite file that may be deleted at any time.

What cannot be read is set aside and begun anew: nothing in here is worth stopping for. Writing does say when it fails.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from wallet.spv.addrman import Endpoint, KnownPeer
from wallet.store.errors import StoreError

VERSION: Final = 2
# One program owns the folder: whoever holds a lock on the book for longer is not one of ours.
LOCK_TIMEOUT: Final = 1.0
_PRAGMAS: Final = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS peers (
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    services INTEGER NOT NULL,
    last_seen REAL NOT NULL,
    last_success REAL NOT NULL,
    failures INTEGER NOT NULL,
    banned_until REAL NOT NULL,
    proven REAL NOT NULL DEFAULT 0,
    ban_reason TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (host, port)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""
_FROM_FIRST: Final = """
BEGIN;
ALTER TABLE peers ADD COLUMN proven REAL NOT NULL DEFAULT 0;
ALTER TABLE peers ADD COLUMN ban_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE peers ADD COLUMN source TEXT NOT NULL DEFAULT '';
PRAGMA user_version = 2;
COMMIT;
"""
_SELECT: Final = """
SELECT host, port, services, last_seen, last_success, failures, banned_until, proven, ban_reason, source FROM peers
"""
_REPLACE: Final = "REPLACE INTO peers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE: Final = "DELETE FROM peers WHERE host = ? AND port = ?"
# A service field has 64 bits and SQLite's integers have a sign.
_SERVICE_BITS: Final = 2**63 - 1


class PeerFile:
    """A PeerBook in a file. Raises StoreError when the file cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = _open(path)
        except sqlite3.OperationalError as error:
            raise StoreError(path, str(error)) from error
        except sqlite3.DatabaseError:
            self._database = _begin_anew(path)

    def load(self) -> list[KnownPeer]:
        """All lines of the book."""
        with _errors_of(self._path):
            rows = self._database.execute(_SELECT).fetchall()
        return [KnownPeer(Endpoint(host, port), *rest) for host, port, *rest in rows]

    def save(self, changed: Iterable[KnownPeer], forgotten: Iterable[Endpoint]) -> None:
        """Write and delete lines in one database transaction."""
        with _errors_of(self._path), self._database:
            self._database.executemany(_REPLACE, map(_row, changed))
            self._database.executemany(_DELETE, ((endpoint.host, endpoint.port) for endpoint in forgotten))

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _row(known: KnownPeer) -> tuple[object, ...]:
    where, services = known.endpoint, known.services & _SERVICE_BITS
    times = known.last_seen, known.last_success, known.failures, known.banned_until, known.proven
    return where.host, where.port, services, *times, known.ban_reason, known.source


def _open(path: Path) -> sqlite3.Connection:
    """Open or make the file; sqlite3.DatabaseError when it is none of ours, StoreError when it cannot be opened."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(path, error.strerror or str(error)) from error
    database = sqlite3.connect(path, timeout=LOCK_TIMEOUT)
    try:
        _prepare(database)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in (0, 1, VERSION):
        raise sqlite3.DatabaseError(f"an address book of version {version}")
    if version == 1:
        database.executescript(_FROM_FIRST)
    database.executescript(_PRAGMAS + _SCHEMA)
    if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("damaged")


def _begin_anew(path: Path) -> sqlite3.Connection:
    """Set a file aside that cannot be used, and make a new one."""
    for suffix in ("", "-wal", "-shm"):
        old = path.with_name(path.name + suffix)
        with contextlib.suppress(FileNotFoundError):
            old.replace(old.with_name(old.name + ".damaged"))
    with _errors_of(path):
        return _open(path)


@contextlib.contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from error
