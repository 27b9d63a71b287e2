"""Recent compact filters, so that new scripts are matched without another download. A cache: it may go at any time.

Filters lie in chunks, as they came. Each is found by its block's hash, so those of blocks that left the chain are never
given out. What was put in first is the first to go when there is more than the limit.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Final

from wallet.store.errors import StoreError

LIMIT: Final = 256_000_000
"""Bytes of filters, some 12,000 of today's mainnet blocks."""
_HASH: Final = 32

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS chunk (
        id INTEGER PRIMARY KEY,     -- ascending: the order of arrival
        first INTEGER NOT NULL,     -- heights first…last
        last INTEGER NOT NULL,
        hashes BLOB NOT NULL,       -- 32 bytes a block, wire order
        lengths BLOB NOT NULL,      -- 4 bytes a filter, little-endian
        filters BLOB NOT NULL,
        checksum INTEGER NOT NULL   -- CRC-32 of the three above
    ) STRICT
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS chunk_last ON chunk (last)"
# Newest first: a chunk that came later wins over one of a branch that left the chain.
_SELECT: Final = """
    SELECT first, hashes, lengths, filters, checksum FROM chunk WHERE last >= ? AND first <= ? ORDER BY id DESC
"""
_INSERT: Final = "INSERT INTO chunk (first, last, hashes, lengths, filters, checksum) VALUES (?, ?, ?, ?, ?, ?)"
_DELETE_ABOVE: Final = "DELETE FROM chunk WHERE last > ?"
_TOTAL: Final = "SELECT COALESCE(SUM(LENGTH(filters) + LENGTH(hashes)), 0) FROM chunk"
_DELETE_OLDEST: Final = "DELETE FROM chunk WHERE id = (SELECT MIN(id) FROM chunk)"
_LENGTH: Final = Struct("<I")
# The machine's troubles: all other errors mean that the file is not what it should be.
_TROUBLES: Final = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


class FilterCache:
    """Filters of recent blocks in a file, bounded by `limit` bytes. A damaged file is begun anew.

    Raises StoreError where the file system fails.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._total = 0
        self._database = self._open()

    def get(self, start: int, stop: int, block_hashes: Sequence[bytes]) -> list[bytes] | None:
        """The filters of the heights start…stop with these hashes; None unless all of them are held."""
        found: dict[int, bytes] = {}
        wanted = stop + 1 - start
        with self._errors():
            for row in self._database.execute(_SELECT, (start, stop)):
                for height, block_hash, raw in _unpacked(*row):
                    if start <= height <= stop and block_hash == block_hashes[height - start]:
                        found.setdefault(height, raw)
                if len(found) == wanted:
                    return [found[height] for height in range(start, stop + 1)]
        return None

    def put(self, start: int, block_hashes: Sequence[bytes], filters: Sequence[bytes]) -> None:
        """Keep checked filters of consecutive heights. Where one is empty, which stands for none, nothing is kept."""
        if not filters or not all(filters):
            return
        hashes, joined = b"".join(block_hashes), b"".join(filters)
        lengths = b"".join(_LENGTH.pack(len(raw)) for raw in filters)
        checksum = zlib.crc32(hashes + lengths + joined)
        with self._errors():
            self._database.execute(_INSERT, (start, start + len(filters) - 1, hashes, lengths, joined, checksum))
            self._total += len(hashes) + len(joined)
            while self._total > self._limit:
                self._database.execute(_DELETE_OLDEST)
                self._total = self._database.execute(_TOTAL).fetchone()[0]

    def truncate(self, height: int) -> None:
        """Forget filters above a height, and those that lie in one chunk with them."""
        with self._errors():
            self._database.execute(_DELETE_ABOVE, (height,))
            self._total = self._database.execute(_TOTAL).fetchone()[0]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """A damaged cache is replaced by an empty one; anything else is the machine's fault."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            self._raise_trouble(error)
            self._database.close()
            self._remove()
            self._database = self._open()

    def _raise_trouble(self, error: sqlite3.DatabaseError) -> None:
        if error.sqlite_errorcode & 0xFF in _TROUBLES:
            raise StoreError(self.path, str(error)) from error

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(self.path, error.strerror or str(error)) from error
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            self._raise_trouble(error)
            self._remove()
            return self._open()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(_SCHEMA)
            database.execute(_INDEX)
            self._total = database.execute(_TOTAL).fetchone()[0]
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def _unpacked(
    first: int, hashes: bytes, lengths: bytes, filters: bytes, checksum: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """(height, block hash, filter) of a chunk; nothing where it is damaged."""
    if zlib.crc32(hashes + lengths + filters) != checksum:
        return
    at = 0
    for place, (length,) in enumerate(_LENGTH.iter_unpack(lengths)):
        yield first + place, hashes[place * _HASH :][:_HASH], filters[at : at + length]
        at += length
