"""Wallets on their way into the data folder and out of it: what a crash leaves can be told from what is a wallet.

A folder is *staged* while it holds `staged.json` and no `wallet.json`. A new wallet is staged before anything is put
into the keyring for it, and becomes a wallet when its description is written; a wallet that is deleted is staged again
before anything of it is removed. So whatever a crash leaves in the keyring is named by a marker on the disk, and
nothing that was not marked is ever removed. The marker names the data folder that it was made in: in a copy of that
folder it means nothing, since the copy's keyring items are those of the original.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from wallet.store.database import sync_folder
from wallet.store.errors import StoreError
from wallet.store.folder import DataFolder, WalletFile, WalletFolder, naming, read_json, write_atomically

MARKER = "staged.json"


def stage(folder: DataFolder, wallet: WalletFolder, description: WalletFile) -> None:
    """Mark a folder as no wallet yet, or no longer one, durably."""
    values = {**asdict(description), "root": _identity(folder)}
    write_atomically(wallet.path / MARKER, json.dumps(values, indent=2).encode() + b"\n")


def publish(wallet: WalletFolder, description: WalletFile) -> None:
    """Make a staged folder a wallet."""
    wallet.save(description)
    with naming(wallet.path):
        (wallet.path / MARKER).unlink(missing_ok=True)


def unpublish(folder: DataFolder, wallet: WalletFolder, description: WalletFile) -> None:
    """Make a wallet a staged folder: from here on it is not listed, and what is left of it may go."""
    stage(folder, wallet, description)
    with naming(wallet.path):
        wallet.description.unlink()
        sync_folder(wallet.path)


def sweep(folder: DataFolder) -> None:
    """Take away markers of what is a wallet all the same, and folders with nothing in them. Raises StoreError.

    A wallet that kept its marker would be taken for a staged folder if its description were ever lost.
    """
    wallets = folder.root / "wallets"
    for path in sorted(wallets.iterdir()) if wallets.is_dir() else []:
        with naming(path):
            if (path / "wallet.json").exists():
                (path / MARKER).unlink(missing_ok=True)
            elif path.is_dir() and {entry.name for entry in path.iterdir()} <= {f"{MARKER}.part"}:
                erase(WalletFolder(path.name, path))


def staged(folder: DataFolder) -> list[tuple[WalletFolder, WalletFile]]:
    """What this data folder staged and did not publish, those included that were moved out of the way meanwhile."""
    found = []
    for parent in (folder.root / "wallets", folder.root / "deleted"):
        entries = sorted(parent.iterdir()) if parent.is_dir() else []
        for path in entries:
            wallet = WalletFolder(path.name, path)
            description = None if wallet.description.exists() else _marked(folder, wallet)
            if description is not None:
                found.append((wallet, description))
    return found


def erase(wallet: WalletFolder, keep_marker: bool = False) -> None:
    """Delete the files of a staged folder; its marker goes last. Raises StoreError."""
    with naming(wallet.path):
        for entry in wallet.path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != MARKER:
                entry.unlink()
        sync_folder(wallet.path)
        if not keep_marker:
            (wallet.path / MARKER).unlink(missing_ok=True)
            wallet.path.rmdir()
            sync_folder(wallet.path.parent)


def _marked(folder: DataFolder, wallet: WalletFolder) -> WalletFile | None:
    """What a marker of ours says; None where there is none, or none of this folder's."""
    try:
        values = read_json(wallet.path / MARKER)
        if values.pop("root", None) != _identity(folder):
            return None
        return WalletFile(**values)
    except (StoreError, TypeError):
        return None


def _identity(folder: DataFolder) -> str:
    return str(Path(folder.root).resolve())
