"""Logs: warnings to stderr; in the data folder the last of what happened, bounded, and without what is private.

The wallet's database is encrypted; a log beside it must not tell what is in it.
"""

import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from wallet.override import override
from wallet.redaction import redact, without_secrets

FOLDER: Final = "logs"
BYTES: Final = 256_000
"""Each log's size; one older file of the same size is kept."""
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


class SecretFormatter(logging.Formatter):
    """Secrets are blotted out, wherever they came from: a second line of defence, none should ever get there."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class _Private(logging.Formatter):
    """For what stays on the disk."""

    def __init__(self, places: tuple[str, ...]) -> None:
        super().__init__(_FORMAT)
        self._places = places

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), places=self._places)


class LogFile(RotatingFileHandler):
    """A log by size, for its owner's eyes; where it cannot be written it is given up, and that is said once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=BYTES, backupCount=1, encoding="utf-8", delay=True)
        self.setFormatter(_Private((str(path.parent.parent), str(Path.home()))))
        self.setLevel(logging.INFO)

    @override
    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")

    @override
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's own name
        del record
        logging.getLogger().removeHandler(self)
        log.warning("the log file cannot be written: %s", sys.exception())


def start(level: str, home: Path | None = None, name: str = "") -> None:
    """Log to stderr from this level up; with a home, from "info" up to its file of that name too."""
    console = logging.StreamHandler()
    console.setFormatter(SecretFormatter(_FORMAT))
    console.setLevel(level.upper())
    handlers: list[logging.Handler] = [console]
    if home is not None:
        handlers += _files(home, name)
    least = min(handler.level for handler in handlers)
    logging.basicConfig(level=least, handlers=handlers, force=False)


def _files(home: Path, name: str) -> list[logging.Handler]:
    folder = home / FOLDER
    try:
        for made in (
            home,
            folder,
        ):  # one by one: parents are made with the usual modes, and these are the owner's alone
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        log.warning("no log is kept: %s", error)
        return []
    return [LogFile(folder / f"{name}.log")]


def tail(home: Path, name: str, size: int) -> str:
    """The end of a log, at most so many bytes, from the beginning of a line. Empty where there is none."""
    try:
        with (home / FOLDER / f"{name}.log").open("rb") as file:
            file.seek(0, os.SEEK_END)
            start_at = max(0, file.tell() - size)
            file.seek(start_at)
            text = file.read(size).decode(errors="replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if start_at else text
