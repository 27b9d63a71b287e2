"""Where sealed records are kept: two slots, A and B, in the operating system's keyring or in a file.

The keyring comes from an allow-list of exact types and is instantiated directly. The `keyring` library's own choice is
never asked: the environment or any installed package can turn it to a backend that swallows writes or stores them in
the clear. What is written is read back and compared before it counts as saved.

Calls into a keyring can block for ever (a stopped daemon behind D-Bus): run them in a process that can be ended.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from wallet.keys.record import VaultError, from_text, to_text

Slot = Literal["A", "B"]
SLOTS: Final[tuple[Slot, Slot]] = ("A", "B")
SERVICE: Final = "Wren"
KEYRING_CHARACTERS: Final = 1100  # a Windows credential ends at 2,560 bytes of UTF-16

_FILE_MAGIC: Final = b"WRENSLOT"
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

# Platform -> module and class of the one backend that is trusted there.
_ALLOWED: Final = {
    "linux": ("keyring.backends.SecretService", "Keyring"),
    "win32": ("keyring.backends.Windows", "WinVaultKeyring"),
    "darwin": ("keyring.backends.macOS", "Keyring"),
}
# What its calls can end in, beside the library's own errors and the system's.
_FAULTS: Final = {
    "linux": (("secretstorage.exceptions", "SecretStorageException"), ("jeepney", "DBusErrorResponse")),
    "win32": (("win32ctypes.pywin32.pywintypes", "error"),),
    "darwin": (("keyring.backends.macOS.api", "Error"),),
}


class NoKeyring(VaultError):
    """There is no keyring at all, as opposed to one that does not answer."""

    def __init__(self) -> None:
        super().__init__("vault_unavailable", "there is no keyring on this computer that Wren can use")


class SlotStore(Protocol):
    """Two named places for a record. Methods raise VaultError 'vault_unavailable' when the place does not answer."""

    def read(self, slot: Slot) -> bytes | None:
        """The record in a slot, or None where there is none."""

    def write(self, slot: Slot, record: bytes) -> None:
        """Store a record, read it back and compare; returns only when it is saved."""

    def delete(self, slot: Slot) -> None:
        """Empty a slot; an empty one is left alone."""

    def clear(self) -> None:
        """Empty both, whatever is in them, damaged or not."""


class KeyringItems:
    """The operating system's keyring as named texts of the service `Wren`.

    announce: called with True before, and with False after each call into the keyring, so that whoever waits for this
    process can tell a keyring that hangs from work that takes its time. Raises NoKeyring where the platform has none of
    the allow-list; `keyring` replaces the platform's, and must be of an allowed type.
    """

    def __init__(self, announce: Callable[[bool], None] = lambda _: None, keyring: object = None) -> None:
        self._announce = announce
        platform = sys.platform if sys.platform in _ALLOWED else "linux"
        try:
            self._faults = _load_faults(platform)
            allowed = _load_type(*_ALLOWED[platform])
        except ImportError as error:
            raise NoKeyring from error
        backend = allowed() if keyring is None else keyring
        if type(backend) is not allowed:
            raise VaultError("vault_unavailable", f"{type(backend).__name__} is not a keyring that Wren trusts")
        vars(backend).clear()  # properties that the environment set (KEYRING_PROPERTY_…)
        self._backend: Any = backend

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Around each call into the keyring: announce it, and turn what it can end in into VaultError."""
        self._announce(True)
        try:
            yield
        except self._faults as error:
            raise VaultError("vault_unavailable", _why(error)) from error
        finally:
            self._announce(False)

    def exists(self) -> bool:
        """Whether there is a keyring at all: a service that runs, or that the system can start."""
        with self._answering():
            try:
                return bool(type(self._backend).priority)
            except (RuntimeError, FileNotFoundError):  # no service known to the bus; not even the bus's socket
                return False

    def get(self, name: str) -> str | None:
        with self._answering():
            text: str | None = self._backend.get_password(SERVICE, name)
            return text

    def set(self, name: str, text: str) -> None:
        """Store, read back, compare. Raises VaultError 'refused' for what no keyring is sure to hold."""
        if len(text) > KEYRING_CHARACTERS or not text.isascii():
            raise VaultError("refused", "the secret is too large for the keyring; it can be kept in a file instead")
        with self._answering():
            self._backend.set_password(SERVICE, name, text)
        if self.get(name) != text:
            raise VaultError("vault_unavailable", "the keyring did not keep what it was given")

    def delete(self, name: str) -> None:
        if self.get(name) is None:
            return
        with self._answering():
            self._backend.delete_password(SERVICE, name)


def fits_keyring(size: int) -> bool:
    """Whether a record of so many bytes can be kept in the keyring of every platform."""
    return (size + 2) // 3 * 4 <= KEYRING_CHARACTERS


class KeyringBackend:
    """A wallet's slots as the keyring's items `vault:<uuid>:A` and `vault:<uuid>:B`."""

    def __init__(self, items: KeyringItems, uuid: str) -> None:
        self._items = items
        self._uuid = uuid

    def _name(self, slot: Slot) -> str:
        return f"vault:{self._uuid}:{slot}"

    def read(self, slot: Slot) -> bytes | None:
        text = self._items.get(self._name(slot))
        return None if text is None else from_text(text)

    def write(self, slot: Slot, record: bytes) -> None:
        self._items.set(self._name(slot), to_text(record))

    def delete(self, slot: Slot) -> None:
        self._items.delete(self._name(slot))

    def clear(self) -> None:
        for slot in SLOTS:
            self.delete(slot)


class FileBackend:
    """A wallet's slots in one file, replaced as a whole, so that a crash leaves the state before or the one after.

    Layout: magic 8, then for each filled slot its letter, the record's length (2 bytes, big-endian) and the record.
    on_step: called with the name of each durable step as it is done.
    """

    def __init__(self, path: Path, on_step: Callable[[str], None] = lambda _: None) -> None:
        self._path = path
        self._on_step = on_step

    def read(self, slot: Slot) -> bytes | None:
        return self._load().get(slot)

    def write(self, slot: Slot, record: bytes) -> None:
        self._store(self._load() | {slot: record})
        if self.read(slot) != record:
            raise VaultError("vault_unavailable", f"{self._path} did not keep what was written")

    def delete(self, slot: Slot) -> None:
        slots = self._load()
        if slot not in slots:
            return
        del slots[slot]
        if slots:
            self._store(slots)
        else:
            self.clear()

    def clear(self) -> None:
        remove_durably(_temporary(self._path))
        remove_durably(self._path)

    def _load(self) -> dict[str, bytes]:
        raw = read_file(self._path)
        if raw is None:
            return {}
        if not raw.startswith(_FILE_MAGIC):
            raise VaultError("corrupt", f"{self._path} is not a vault of Wren, or it is damaged")
        slots: dict[str, bytes] = {}
        at = len(_FILE_MAGIC)
        while at < len(raw):
            end = at + 3 + int.from_bytes(raw[at + 1 : at + 3], "big")
            slot = raw[at : at + 1].decode("ascii", "replace")
            if end > len(raw) or end == at + 3 or slot not in SLOTS or slot in slots:
                raise VaultError("corrupt", f"{self._path} is damaged")
            slots[slot] = raw[at + 3 : end]
            at = end
        return slots

    def _store(self, slots: dict[str, bytes]) -> None:
        parts = [slot.encode() + len(record).to_bytes(2, "big") + record for slot, record in sorted(slots.items())]
        write_durably(self._path, _FILE_MAGIC + b"".join(parts), self._on_step)


def probe(choice: str, announce: Callable[[bool], None] = lambda _: None) -> Literal["keyring", "file"]:
    """Decide where a new vault goes. choice: 'auto', 'keyring' or 'file'.

    'auto' is the keyring when it answers and a file when there is none at all. Raises VaultError 'vault_unavailable'
    when a keyring is there but locked or broken (one that hangs blocks: end the process), and when 'keyring' has none.
    """
    if choice == "file":
        return "file"
    items = _find(announce)
    if items is not None:
        items.get("probe")
        return "keyring"
    if choice == "auto":
        return "file"
    raise NoKeyring


def _find(announce: Callable[[bool], None]) -> KeyringItems | None:
    try:
        items = KeyringItems(announce)
    except NoKeyring:
        return None
    return items if items.exists() else None


def read_file(path: Path) -> bytes | None:
    """The content of a file, or None where there is none. Raises VaultError 'vault_unavailable', naming the path."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultError("vault_unavailable", f"cannot read {path}: {error.strerror}") from error


def write_durably(path: Path, content: bytes, on_step: Callable[[str], None] = lambda _: None) -> None:
    """Replace a file as a whole, for its owner's eyes only: temporary file, fsync, rename, fsync of the folder.

    Raises VaultError 'vault_unavailable', naming the path; the file is then as it was before.
    """
    temporary = _temporary(path)
    try:
        _write_private(temporary, content)
        on_step("temporary")
        temporary.replace(path)
        on_step("replaced")
        _sync_folder(path.parent)
        on_step("synced")
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise VaultError("vault_unavailable", f"cannot write {path}: {error.strerror}") from error


def remove_durably(path: Path) -> None:
    """Delete a file if it is there. Raises VaultError 'vault_unavailable', naming the path."""
    try:
        path.unlink(missing_ok=True)
        if path.parent.exists():
            _sync_folder(path.parent)
    except OSError as error:
        raise VaultError("vault_unavailable", f"cannot delete {path}: {error.strerror}") from error


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _make_private(folder: Path) -> None:
    """Make a folder and those above it, for their owner alone: `mkdir(parents=True)` opens the ones above to all."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _write_private(path: Path, content: bytes) -> None:
    _make_private(path.parent)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, _CREATE, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load_type(module: str, name: str) -> type:
    found: type = getattr(importlib.import_module(module), name)
    return found


def _load_faults(platform: str) -> tuple[type[BaseException], ...]:
    own = _load_type("keyring.errors", "KeyringError")
    return (own, OSError, ValueError, KeyError, RuntimeError, *(_load_type(*fault) for fault in _FAULTS[platform]))


def _why(error: BaseException) -> str:
    if type(error).__name__ in ("KeyringLocked", "LockedException", "PromptDismissedException"):
        return "the keyring is locked: unlock it and try again"
    return f"the keyring does not answer as it should ({type(error).__name__})"
