"""How wallets come into the data folder and leave it, so that a crash at any moment leaves nothing behind for good.

A new wallet is made in a folder that nobody lists yet: vault first, then the database with its accounts, then the
folder becomes a wallet. A wallet that is deleted goes the same way backwards. The data folder's markers name what a
crash left in between; `tidy` clears it away at the next start, and nothing else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from wallet.engine.api import WrenError
from wallet.engine.parts import Parts, WalletEntry, WalletStore
from wallet.engine.session import Session, vault_ref
from wallet.engine.signing import CreatedVault, VaultHome, VaultRef
from wallet.ledger.ledger import Ledger

DATABASE = "wallet.db"
log = logging.getLogger(__name__)

Create = Callable[[VaultRef], Awaitable[CreatedVault]]
Fill = Callable[[WalletStore, CreatedVault], Ledger]


class Staging:
    """Makes, removes and tidies up, one at a time: what is being made must not be taken for what a crash left."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.lock = asyncio.Lock()

    async def make(self, name: str, vault: str, create: Create, fill: Fill) -> Session:
        """A new wallet, opened. vault: 'auto', 'keyring' or 'file'; create: stores its keys; fill: its accounts.

        What fails on the way leaves nothing behind, neither in the keyring nor on the disk.
        """
        async with self.lock:
            await self._tidy_staged()
            parts = self._parts
            entry = parts.folder.prepare(name, parts.params.name, await parts.vault.probe(vault))
            try:
                created = await create(vault_ref(entry))
                entry = replace(entry, vault=created.kind, watch_only=created.watch_only)
                store, ledger = self._make_database(entry, created, fill)
            except BaseException:
                await self._remove(entry)
                raise
        return Session(entry, store, ledger, parts.params)

    def _make_database(self, entry: WalletEntry, created: CreatedVault, fill: Fill) -> tuple[WalletStore, Ledger]:
        store = self._parts.create_store(entry.folder / DATABASE, created.database_key)
        try:
            ledger = fill(store, created)
            self._parts.folder.publish(entry)
        except BaseException:
            store.close()
            raise
        return store, ledger

    async def delete(self, entry: WalletEntry) -> bool:
        """Delete a wallet that is not open. Whether its keyring items are gone; if not, `tidy` goes on with it."""
        async with self.lock:
            self._parts.folder.unpublish(entry)
            return await self._remove(entry)

    async def tidy(self) -> None:
        """Clear away what crashes left in the keyring and on the disk. What does not answer is left for later."""
        async with self.lock:
            await self._tidy_staged()
            for entry in self._parts.folder.wallets():
                if entry.leftover is not None:
                    await self.clear_leftover(entry)

    async def clear_leftover(self, entry: WalletEntry) -> WalletEntry:
        """Clear the wallet's second home, if it has one, and note it; the wallet as it is then."""
        if entry.leftover is None or entry.leftover == entry.vault:
            return entry
        try:
            await self._parts.vault.clear(home_of(entry, entry.leftover))
            cleared = replace(entry, leftover=None)
            self._parts.folder.update(cleared)
        except WrenError as error:
            log.warning("what is left of %s in the %s is cleared later: %s", entry.name, entry.leftover, error)
            return entry
        return cleared

    async def _tidy_staged(self) -> None:
        for entry in self._parts.folder.staged():
            await self._remove(entry)

    async def _remove(self, entry: WalletEntry) -> bool:
        """Erase a staged wallet; where its keyring items stay for now, their marker does too."""
        cleared = True
        if "keyring" in (entry.vault, entry.leftover):
            cleared = False
            with suppress(WrenError):
                await self._parts.vault.clear(home_of(entry, "keyring"))
                cleared = True
        self._parts.folder.discard(entry, keep_marker=not cleared)
        return cleared


def home_of(entry: WalletEntry, home: VaultHome) -> VaultRef:
    """One of the homes where a wallet's secrets are, or are to be."""
    return VaultRef(entry.folder, entry.uuid, home, entry.network)
