"""Files that the user names for an export or an import: written whole or not at all, for the owner alone."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from wallet.engine.api import WrenError

_PEEK = 4_096


def write_export(path: str, data: bytes, is_ours: Callable[[bytes], bool], *, overwrite: bool) -> None:
    """Write a file, mode 0600. Raises WrenError `refused`, and then nothing is changed.

    A file that is there is replaced when it is empty or an earlier export (`is_ours`, given its first bytes), and any
    other file only with `overwrite`. What is no file, such as a device, is never replaced.
    """
    target = Path(path).expanduser()
    try:
        _check_target(target, is_ours, overwrite=overwrite)
        partial = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except (OSError, ValueError) as error:
        raise WrenError("refused", f"cannot write {path[:500]}: {_reason(error)}") from error


def read_import(path: str, most: int) -> bytes:
    """What a file holds. Raises WrenError `not_found`, and `refused` for one of more than `most` bytes."""
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise WrenError("not_found", f"cannot read {path[:500]}: {_reason(error)}") from error
    if len(data) > most:
        raise WrenError("refused", f"{path[:500]} is larger than {most} bytes")
    return data


def _check_target(target: Path, is_ours: Callable[[bytes], bool], *, overwrite: bool) -> None:
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise WrenError("refused", f"{target} is not a file")
    if overwrite:
        return
    with target.open("rb") as file:
        head = file.read(_PEEK)
    if head and not is_ours(head):
        raise WrenError("refused", f"{target} is there already and is no such export: add --overwrite to replace it")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _sync_folder(folder: Path) -> None:
    """Make the name durable, where the system knows such a thing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
