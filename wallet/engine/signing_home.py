"""Where a wallet's secrets live, and what the vault child does there without knowing of seeds and signatures.

Tasks take the request of `wallet.engine.signing` (a mapping of text and numbers) and answer text and numbers; bytes are
hex. In the keyring live `vault:<uuid>:<A|B>` and `database:<uuid>`; in the wallet's folder `vault.bin` and `wallet.key`
where the vault is a file, and `recovery.key` always. Apart from `signing_tasks`, so that opening a wallet does not wait
for the curve and the word lists.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.keys.backends import FileBackend, KeyringBackend, KeyringItems, SlotStore, probe
from wallet.keys.database_key import KeyringDatabaseKey, WrappedDatabaseKey
from wallet.keys.record import KdfCost, Opened, Secret, VaultError, calibrate, wipe
from wallet.keys.vault import change_password, copy_vault, open_data_key, open_vault, read_record

Request = Mapping[str, Any]
Announce = Callable[[bool], None]
Task = Callable[[Request, Announce], Any]

ERRORS: Final = (VaultError,)
VAULT_FILE: Final = "vault.bin"


class Home:
    """Where one wallet's secrets are kept."""

    def __init__(self, request: Request, announce: Announce, kind: str | None = None) -> None:
        self.kind: str = kind or request["kind"]
        self.params: ChainParams = NETWORKS[request["network"]]
        folder, uuid = Path(request["folder"]), str(request["uuid"])
        self.recovery = WrappedDatabaseKey(folder, uuid, "recovery")
        self.slots: SlotStore
        self.daily: KeyringDatabaseKey | WrappedDatabaseKey
        if self.kind == "keyring":
            items = KeyringItems(announce)
            self.slots, self.daily = KeyringBackend(items, uuid), KeyringDatabaseKey(items, uuid)
        else:
            self.slots, self.daily = FileBackend(folder / VAULT_FILE), WrappedDatabaseKey(folder, uuid, "password")

    def store_database_key(self, key: bytes, opened: Opened) -> None:
        if isinstance(self.daily, KeyringDatabaseKey):
            self.daily.store(key)
        else:
            self.daily.store(key, opened.data_key)

    def load_database_key(self, password: str | None) -> bytes:
        """From the keyring without the password; from the file by it."""
        if isinstance(self.daily, KeyringDatabaseKey):
            return self.daily.load()
        data_key = open_data_key(self.slots, password)
        try:
            return self.daily.load(data_key)
        finally:
            wipe(data_key)

    def open(self, password: str | None) -> Secret:
        opened = open_vault(self.slots, password)
        wipe(opened.data_key)
        return opened.secret

    def change_password(self, old: str | None, new: str | None, cost: KdfCost) -> None:
        """Seal the vault anew; the database key's wrapping goes with it where it hangs on the vault."""
        rewrap = self.daily if isinstance(self.daily, WrappedDatabaseKey) else None
        change_password(self.slots, old, new, cost, rewrap)

    def clear(self) -> None:
        """Remove the vault and the daily database key from this home; the way back by the seed stays."""
        self.slots.clear()
        self.daily.delete()

    def delete(self) -> None:
        """Remove every secret of the wallet."""
        self.clear()
        self.recovery.delete()


def cost_of(request: Request) -> KdfCost:
    """The cost that was asked for, or what this computer can bear."""
    return KdfCost(*request["cost"]) if request["cost"] else calibrate(time.perf_counter)


def _probe(request: Request, announce: Announce) -> str:
    return probe(request["choice"], announce)


def _open_database(request: Request, announce: Announce) -> str:
    return Home(request, announce).load_database_key(request["password"]).hex()


def _check_password(request: Request, announce: Announce) -> None:
    wipe(open_data_key(Home(request, announce).slots, request["password"]))


def _change_password(request: Request, announce: Announce) -> None:
    Home(request, announce).change_password(request["password"], request["new"], cost_of(request))


def _copy(request: Request, announce: Announce) -> None:
    copy_home(Home(request, announce), Home(request, announce, request["to"]), request["password"])


def copy_home(source: Home, target: Home, password: str | None) -> None:
    """Copy vault and database key to another home, and open both there. The source is left as it is."""
    if target.kind == source.kind:
        raise VaultError("refused", f"the keys are in the {source.kind} already")
    if target.kind == "file" and password is None:
        raise VaultError("refused", "keys in a file need a password: choose one first (`wren password`)")
    key = source.load_database_key(password)
    target.clear()
    opened = copy_vault(source.slots, target.slots, password)
    try:
        target.store_database_key(key, opened)
    finally:
        wipe(opened.data_key)
    if target.load_database_key(password) != key:
        raise VaultError("vault_unavailable", "the copy of the database key is not the original: nothing was changed")


def _seal_backup(request: Request, announce: Announce) -> str:
    from wallet.keys.backup import seal_backup

    if request["password"] is None:
        raise VaultError("refused", "a backup without a password could be read by anyone: choose a password first")
    record, opened = read_record(Home(request, announce).slots, request["password"])
    try:
        return seal_backup(record, opened.data_key, request["content"])
    finally:
        wipe(opened.data_key)


def _clear(request: Request, announce: Announce) -> None:
    Home(request, announce).clear()


def _delete(request: Request, announce: Announce) -> None:
    Home(request, announce).delete()


TASKS: Final[Mapping[str, Task]] = {
    "probe": _probe,
    "open_database": _open_database,
    "check_password": _check_password,
    "change_password": _change_password,
    "copy": _copy,
    "seal_backup": _seal_backup,
    "clear": _clear,
    "delete": _delete,
}
