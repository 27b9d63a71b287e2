"""The data folder: where wallets and network data live, who may write, and what a wallet may be called.

    <root>/lock                      held by the one writer
    <root>/settings.json
    <root>/wallets/<name>/           wallet.json, wallet.db, vault.bin, wallet.key, recovery.key, backups/
    <root>/deleted/<name>…/          what was in the way of a new wallet and was none: moved, not erased
    <root>/network/<chain>/          headers, filter headers, filters, peers: may be deleted at any time

Folders are the owner's alone (0700), files too (0600).
"""

import json
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from wallet.home import data_home, held
from wallet.store.database import sync_folder
from wallet.store.errors import StoreError

WALLET_VERSION = 1
MAX_NAME = 64

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
# Names that Windows keeps for devices, with any ending.
_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))))


class BadWalletName(ValueError):
    """A name that a wallet cannot have, with the reason in words."""


class WalletExists(StoreError):
    """There is a wallet of this name already."""

    code = "wallet_exists"


class NoWallet(StoreError):
    """There is no wallet of this name."""

    code = "no_wallet"


class NewerWallet(StoreError):
    """The wallet was written by a newer version of the program."""

    code = "newer_version"


class DamagedFile(StoreError):
    """A file does not hold what it should."""

    code = "corrupt"


class InUse(StoreError):
    """Another program writes to this data folder."""

    code = "in_use"


@dataclass(frozen=True, slots=True)
class WalletFile:
    """What is known of a wallet before it is opened (wallet.json). Nothing secret, nothing private.

    vault: 'keyring', 'file' or 'none'; locked: opening the database asks for the password; created: ISO date;
    leftover: the other home, 'keyring' or 'file', while secrets move from one to the other: what is there may go.
    """

    uuid: str
    network: str
    vault: str
    watch_only: bool = False
    locked: bool = False
    created: str = ""
    leftover: str = ""
    version: int = WALLET_VERSION


@dataclass(frozen=True, slots=True)
class WalletFolder:
    """One wallet's folder, and the files in it."""

    name: str
    path: Path

    @property
    def description(self) -> Path:
        return self.path / "wallet.json"

    @property
    def database(self) -> Path:
        return self.path / "wallet.db"

    @property
    def vault(self) -> Path:
        return self.path / "vault.bin"

    @property
    def key(self) -> Path:
        return self.path / "wallet.key"

    @property
    def recovery_key(self) -> Path:
        return self.path / "recovery.key"

    def load(self) -> WalletFile:
        """The description. Raises NewerWallet, DamagedFile or StoreError."""
        values = read_json(self.description)
        version = values.pop("version", None)
        if isinstance(version, int) and version > WALLET_VERSION:
            raise NewerWallet(self.description, "this wallet is from a newer version of the program: update it")
        try:
            return WalletFile(**values)
        except TypeError as error:
            raise DamagedFile(self.description, "this is not the description of a wallet") from error

    def save(self, description: WalletFile) -> None:
        """Write the description, whole or not at all."""
        write_atomically(self.description, json.dumps(asdict(description), indent=2).encode() + b"\n")


def check_name(name: str) -> str:
    """The name in its one spelling (NFC). Raises `BadWalletName` where some computer could not have such a folder."""
    plain = unicodedata.normalize("NFC", name)
    if not plain or len(plain) > MAX_NAME or len(plain.encode()) > 200:
        raise BadWalletName(f"a wallet's name has 1 to {MAX_NAME} characters")
    if _FORBIDDEN.search(plain) or not plain.isprintable():
        raise BadWalletName("a wallet's name cannot hold control characters or any of < > : \" / \\ | ? *")
    if plain[0] in ". -" or plain[-1] in ". ":
        raise BadWalletName("a wallet's name cannot begin with a dot, a dash or a space, nor end with a dot or a space")
    if plain.split(".")[0].strip().casefold() in _DEVICES:
        raise BadWalletName(f"{name!r} is reserved on some computers")
    return plain


class DataFolder:
    """A data folder. Reading needs nothing; whoever writes takes `lock` first."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else data_home(None)

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    def network(self, chain: str) -> Path:
        """The folder of a network's data, made if need be."""
        return private_folder(private_folder(private_folder(self.root) / "network") / chain)

    # --- wallets ---

    def wallets(self) -> list[WalletFolder]:
        """Every wallet, by name."""
        folder = self.root / "wallets"
        if not folder.is_dir():
            return []
        found = [WalletFolder(entry.name, entry) for entry in folder.iterdir() if (entry / "wallet.json").is_file()]
        return sorted(found, key=lambda wallet: wallet.name.casefold())

    def wallet(self, name: str) -> WalletFolder:
        """A wallet by its name, whatever the case. Raises NoWallet."""
        wanted = unicodedata.normalize("NFC", name).casefold()
        for wallet in self.wallets():
            if wallet.name == name or unicodedata.normalize("NFC", wallet.name).casefold() == wanted:
                return wallet
        raise NoWallet(self.root / "wallets", f"there is no wallet named {name!r}")

    def prepare_wallet(self, name: str) -> WalletFolder:
        """A folder for a new wallet; it becomes one when its description is saved, which is to be done last.

        What an interrupted creation left there is moved away. Raises WalletExists, BadWalletName.
        """
        plain = check_name(name)
        folder = private_folder(private_folder(self.root) / "wallets")
        for entry in folder.iterdir():
            if unicodedata.normalize("NFC", entry.name).casefold() != plain.casefold():
                continue
            if (entry / "wallet.json").exists():
                raise WalletExists(entry, f"there is a wallet named {entry.name!r} already")
            self._move_away(entry)
        return WalletFolder(plain, private_folder(folder / plain))

    def _move_away(self, path: Path) -> Path:
        folder = private_folder(self.root / "deleted")
        taken = {entry.name for entry in folder.iterdir()}
        number = next(n for n in range(1, len(taken) + 2) if f"{path.name}.{n}" not in taken)
        target = folder / f"{path.name}.{number}"
        with naming(path):
            path.rename(target)
            sync_folder(folder)
            sync_folder(path.parent)
        return target

    # --- the lock ---

    @contextmanager
    def lock(self) -> Iterator[Self]:
        """Be the one writer. Raises InUse at once when somebody else is. The lock ends with the process."""
        path = private_folder(self.root) / "lock"
        with ExitStack() as stack:
            with naming(path):
                is_ours = stack.enter_context(held(path))
            if not is_ours:
                raise InUse(path, "another Wren is running with this data folder")
            yield self


# --- files ---


def private_folder(path: Path) -> Path:
    """The folder; made for its owner alone when it is not there. One that is there keeps the modes it was given."""
    with naming(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises DamagedFile or StoreError."""
    with naming(path):
        raw = path.read_bytes()
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(path, "the file is damaged: it is not JSON") from error
    if not isinstance(values, dict):
        raise DamagedFile(path, "the file is damaged: it holds no object")
    return values


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by one with `data`: after a crash there is the old one or the new one. Raises StoreError."""
    partial = path.with_name(path.name + ".part")
    with naming(path):
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of the system as StoreError, with the path they are about."""
    try:
        yield
    except OSError as error:
        raise StoreError(path, error.strerror or str(error)) from error
