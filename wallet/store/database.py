"""Opening the encrypted wallet database: key, pragmas, migrations.

SQLCipher encrypts every page under a raw 32-byte key. One writer; readers see the last commit meanwhile (WAL). A
commit is on the disk when it returns (`synchronous=FULL`). `user_version` counts the migrations that were carried out;
each is one transaction, after a copy of the file was put beside it, and a file from a newer program is not touched.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlcipher3 import dbapi2 as sqlcipher

from wallet.store.errors import StoreError

KEY_SIZE = 32
BUSY_SECONDS = 10.0
_PRAGMAS = ("PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL", "PRAGMA fullfsync = ON")
# SQLCipher would write to stderr by itself what is raised here anyway.
_NO_LOG = "PRAGMA cipher_log_level = NONE"
# Fails unless the first page can be decrypted and is a database.
_PROBE = "SELECT count(*) FROM sqlite_schema"
_TRUNCATE_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"
# Waits for other writers, so that the version that is read next stays true.
_BEGIN = "BEGIN IMMEDIATE"


class DamagedDatabase(StoreError):
    """The file is damaged, or this is not its key: an encrypted file does not tell which."""

    code = "corrupt"


class NewerDatabase(StoreError):
    """The file was written by a newer version of the program."""

    code = "newer_version"


class Database:
    """A connection to one encrypted database. Errors of the file and of the disk are raised as StoreError."""

    def __init__(self, path: Path, connection: Any) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def create(cls, path: Path, key: bytes, migrations: Sequence[str]) -> Self:
        """A new database, readable and writable by its owner only. Raises StoreError when the file is there already."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreError(path, error.strerror or str(error)) from error
        database = cls._connect(path, key)
        database.start(migrations)
        sync_folder(path.parent)
        return database

    @classmethod
    def open(cls, path: Path, key: bytes, migrations: Sequence[str], read_only: bool = False) -> Self:
        """An existing database, brought up to date unless `read_only`.

        Raises DamagedDatabase, NewerDatabase, or StoreError.
        """
        if not path.is_file():
            raise StoreError(path, "no such file")
        database = cls._connect(path, key)
        database.start(migrations, read_only)
        return database

    @classmethod
    def _connect(cls, path: Path, key: bytes) -> Self:
        return cls(path, connect(path, key))

    def start(self, migrations: Sequence[str], read_only: bool = False) -> None:
        """Check the key, set the pragmas and migrate; `open` and `create` do it. Closes the connection on an error."""
        with self._closing_on_error():
            self._execute_all((_PROBE, *_PRAGMAS))
            if read_only:
                self._expect_version(len(migrations))
                self._execute_all(("PRAGMA query_only = ON",))
            else:
                self._execute_all(("PRAGMA journal_mode = WAL",))
                self._migrate(migrations)

    # --- use ---

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; all its rows."""
        with self._naming_the_file():
            return list(self._connection.execute(statement, values).fetchall())

    def execute_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Run one statement for every row of values."""
        if rows:
            with self._naming_the_file():
                self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the statements inside, or none."""
        self.execute(_BEGIN)
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already; then there is nothing left to roll back.
            if self._connection.in_transaction:
                self._connection.rollback()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let the questions inside see one and the same commit."""
        self.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            self._connection.rollback()

    def check(self) -> None:
        """Raise DamagedDatabase unless every page is what was written, and the tables agree with their indexes."""
        findings = self.execute("PRAGMA cipher_integrity_check") + self.execute("PRAGMA integrity_check")
        if findings != [("ok",)]:
            raise DamagedDatabase(self.path, f"the wallet file is damaged: {findings[0][0]}")

    def backup(self, target: Path) -> None:
        """Put a copy, under the same key, at `target`. It is complete or not there."""
        partial = target.with_name(target.name + ".part")
        try:
            if self.execute(_TRUNCATE_LOG)[0][0]:
                raise StoreError(self.path, "another program is reading the wallet file: try again")
            with self.transaction():
                _copy(self.path, partial)
            partial.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise StoreError(target, error.strerror or str(error)) from error

    def close(self) -> None:
        """Close the connection; the last one folds the log into the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- opening ---

    def _execute_all(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.execute(statement)

    def _version(self) -> int:
        return int(self.execute("PRAGMA user_version")[0][0])

    def _expect_version(self, newest: int) -> None:
        version = self._version()
        if version > newest:
            message = f"the wallet file is of version {version}, newer than this program's {newest}: update the program"
            raise NewerDatabase(self.path, message)
        if version < newest:
            raise StoreError(
                self.path, "the wallet file is from an older version: `wren sync`, or the window, brings it up to date"
            )

    def _migrate(self, migrations: Sequence[str]) -> None:
        version = self._version()
        if version > len(migrations):
            self._expect_version(len(migrations))
        if 0 < version < len(migrations):
            self.backup(self.path.with_name(f"{self.path.name}.version-{version}"))
        for number in range(version, len(migrations)):
            with self.transaction():
                for statement in statements_of(migrations[number]):
                    self.execute(statement)
                self.execute(f"PRAGMA user_version = {number + 1}")

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        try:
            yield
        except sqlcipher.OperationalError as error:
            raise StoreError(self.path, str(error)) from error
        except sqlcipher.DatabaseError as error:
            if type(error) is not sqlcipher.DatabaseError:
                raise  # a broken constraint and the like: our own fault, not the file's
            message = "the wallet file is damaged, or was made with another key"
            raise DamagedDatabase(self.path, f"{message} ({error})") from error


def connect(path: Path, key: bytes) -> Any:
    """A bare connection with the key set, in autocommit; the key is not tried yet. Raises StoreError."""
    if len(key) != KEY_SIZE:
        raise ValueError(f"a database key has {KEY_SIZE} bytes, not {len(key)}")
    try:
        connection = sqlcipher.connect(str(path), timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute(_NO_LOG)
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    except sqlcipher.Error as error:
        raise StoreError(path, str(error)) from error
    return connection


def statements_of(script: str) -> list[str]:
    """The statements of a script in which ";" ends statements and nothing else."""
    return [statement.strip() for statement in script.split(";") if statement.strip()]


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with source.open("rb") as reader, open(target, "xb", opener=_private) as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
