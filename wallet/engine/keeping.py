"""What is done with a wallet's keys as a whole: password, home, backup, repair, deleting.

Every step that changes where secrets are is noted in the wallet's description before it begins: `vault` names the home
that counts, which is complete at every moment, and `leftover` a second one, which may be cleared at any moment. So a
crash anywhere leaves a wallet that opens, and what is too much goes at the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from wallet.engine import api
from wallet.engine.backup import backup_content, fill_from_backup
from wallet.engine.onboarding import created_wallet, find_entry
from wallet.engine.parts import Parts, WalletEntry, WalletStore
from wallet.engine.session import Session, vault_ref, wallet_info
from wallet.engine.signing import CreatedVault, RestoreInput, VaultHome, VaultRef
from wallet.engine.staging import DATABASE, Staging, home_of
from wallet.ledger.ledger import Ledger

Handler = Callable[[Any], Awaitable[object]]
_HOMES: Final = ("keyring", "file")


class Keeping:
    """The commands about keys.

    session: the open wallet, or None; adopt: takes over a session that was opened; leave: closes a wallet, named by its
    uuid, if it is open.
    """

    def __init__(
        self,
        parts: Parts,
        staging: Staging,
        session: Callable[[], Session | None],
        adopt: Callable[[Session], None],
        leave: Callable[[str], Awaitable[None]],
    ) -> None:
        self._leave = leave
        self._parts = parts
        self._staging = staging
        self._open = session
        self._adopt = adopt

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {
            api.GetWalletFacts: self.facts,
            api.CheckPassword: self.check_password,
            api.ChangePassword: self.change_password,
            api.MoveVault: self.move,
            api.BackUp: self.back_up,
            api.RestoreBackup: self.restore_backup,
            api.RepairVault: self.repair,
            api.DeleteWallet: self.delete,
            api.RecoverDatabase: self.recover,
        }

    def _session(self) -> Session:
        session = self._open()
        if session is None:
            raise api.WrenError("no_wallet", "no wallet is open")
        return session

    async def facts(self, _command: api.GetWalletFacts) -> api.WalletFacts:
        session = self._session()
        made = created_wallet(session)
        return api.WalletFacts(
            wallet=made.wallet,
            kind=made.kind,
            fingerprint=made.fingerprint,
            birthday=made.birthday,
            vault=made.vault,
            watch_only=made.watch_only,
        )

    async def check_password(self, command: api.CheckPassword) -> None:
        session = self._session()
        if session.entry.vault in _HOMES:
            await self._parts.vault.check_password(session.vault, command.password)

    async def change_password(self, command: api.ChangePassword) -> None:
        async with self._staging.lock:
            session = self._session()
            # A copy in the other home would keep opening with the old password.
            session.entry = await self._staging.clear_leftover(session.entry)
            await self._parts.vault.change_password(session.vault, command.old, command.new)

    async def move(self, command: api.MoveVault) -> api.WalletInfo:
        """Copy the keys to their new home, open them there, note it, and clear the old home: in this order."""
        target = _home(command.to)
        async with self._staging.lock:
            session = self._session()
            entry = session.entry
            if entry.vault == target:
                return session.info
            if target == "keyring":
                await self._parts.vault.probe("keyring")
            source = home_of(entry, entry.vault)
            await self._settle(session, entry, target, lambda: self._parts.vault.copy(source, target, command.password))
            return session.info

    async def _settle(
        self, session: Session | None, entry: WalletEntry, target: VaultHome, work: Callable[[], Awaitable[object]]
    ) -> None:
        """Let `work` fill the target while the old home counts; then the target counts, and the old home is cleared."""
        begun = replace(entry, leftover=target)
        self._parts.folder.update(begun)
        try:
            await work()
        except BaseException:
            await self._staging.clear_leftover(begun)
            raise
        moved = replace(entry, vault=target, leftover=entry.vault)
        self._parts.folder.update(moved)
        if session is not None:
            session.entry = moved
        cleared = await self._staging.clear_leftover(moved)
        if session is not None:
            session.entry = cleared

    # --- backups ---

    async def back_up(self, command: api.BackUp) -> api.BackupReport:
        session = self._session()
        content = backup_content(session)
        document = await self._parts.vault.seal_backup(session.vault, command.password, content)
        self._parts.folder.write_new(command.path, document.encode())
        return api.BackupReport(session.entry.name, command.path, len(content["accounts"]), len(content["labels"]))

    async def restore_backup(self, command: api.RestoreBackup) -> api.CreatedWallet:
        """A new wallet with a backup's keys, accounts, labels and birthday; it scans for the rest."""
        self._parts.folder.check_name(command.name)
        content: Mapping[str, Any] = {}

        async def create(ref: VaultRef) -> CreatedVault:
            nonlocal content
            created, content = await self._parts.vault.create_from_backup(ref, command.document, command.password)
            return created

        def fill(store: WalletStore, created: CreatedVault) -> Ledger:
            return fill_from_backup(store, created, content, self._parts.params)

        session = await self._staging.make(command.name, command.vault, create, fill)
        self._adopt(session)
        return created_wallet(session)

    # --- repair, deleting ---

    async def repair(self, command: api.RepairVault) -> api.WalletInfo:
        """The vault anew from the words, where it was or where one can be kept now."""
        async with self._staging.lock:
            entry = find_entry(self._parts, command.name)
            target = await self._parts.vault.probe(command.vault)
            secret = RestoreInput(command.secret, command.passphrase)
            home = home_of(entry, target)
            session = self._open()
            session = session if session is not None and session.entry.uuid == entry.uuid else None
            if target == entry.vault:
                await self._parts.vault.repair(home, secret, command.password)
                return wallet_info(entry)
            await self._settle(session, entry, target, lambda: self._parts.vault.repair(home, secret, command.password))
            return wallet_info(find_entry(self._parts, command.name))

    async def recover(self, command: api.RecoverDatabase) -> api.RecoveredDatabase:
        """The newest daily backup in the place of a damaged database; what came since is found by scanning."""
        entry = find_entry(self._parts, command.name)
        key = await self._parts.vault.open_database(vault_ref(entry), command.password)
        await self._leave(entry.uuid)
        backup = await asyncio.to_thread(self._parts.recover_store, entry.folder / DATABASE, key)
        return api.RecoveredDatabase(entry.name, backup.name.rpartition(".")[2])

    async def delete(self, command: api.DeleteWallet) -> api.DeletedWallet:
        entry = find_entry(self._parts, command.name)
        if command.confirm != entry.name:
            message = "the name does not match: nothing was deleted. Only the seed words bring a deleted wallet back"
            raise api.WrenError("refused", message)
        await self._leave(entry.uuid)
        used_keyring = "keyring" in (entry.vault, entry.leftover)
        cleared = await self._staging.delete(entry)
        if not used_keyring:
            return api.DeletedWallet(entry.name, "none")
        return api.DeletedWallet(entry.name, "removed" if cleared else "later")


def _home(name: str) -> VaultHome:
    if name not in _HOMES:
        raise api.WrenError("refused", f"keys are kept in the keyring or in a file, not in {name!r}")
    return cast("VaultHome", name)
