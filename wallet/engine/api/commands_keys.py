"""What the engine can be asked about a wallet's keys: passwords, homes, backups, repair, deleting, the lock."""

from dataclasses import dataclass, field

from wallet.engine.api.answers import CreatedWallet, VaultKind, WalletInfo
from wallet.engine.api.answers_keys import BackupReport, DeletedWallet, LockState, RecoveredDatabase
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class ChangePassword(Command[None]):
    """Seal the open wallet's keys under another password; None is the explicit choice of none."""

    old: str | None = field(repr=False)
    new: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class MoveVault(Command[WalletInfo]):
    """Move the open wallet's keys. to: 'keyring' or 'file'."""

    to: VaultKind
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class BackUp(Command[BackupReport]):
    """Write an encrypted backup of the open wallet to a new file at `path`, which must not be there yet."""

    path: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class RestoreBackup(Command[CreatedWallet]):
    """Make a wallet of a backup's text, under the password that opens it."""

    name: str
    document: str = field(repr=False)
    password: str | None = field(repr=False)
    vault: str = "auto"


@dataclass(frozen=True, slots=True)
class RepairVault(Command[WalletInfo]):
    """Make a wallet's lost vault anew from its words (or key), labels included, under a new password.

    The words of another wallet are refused, and nothing is touched.
    """

    name: str
    secret: str = field(repr=False)
    password: str | None = field(repr=False)
    passphrase: str = field(default="", repr=False)
    vault: str = "auto"


@dataclass(frozen=True, slots=True)
class DeleteWallet(Command[DeletedWallet]):
    """Delete a wallet: its keys in the keyring, its database, its files. confirm: its name once more."""

    name: str
    confirm: str


@dataclass(frozen=True, slots=True)
class RecoverDatabase(Command[RecoveredDatabase]):
    """Put the newest daily backup in the place of a damaged database, which is kept aside. The wallet is closed."""

    name: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LockWallet(Command[LockState]):
    """Sign nothing until `UnlockWallet`; hide: and answer no question about the wallet either."""

    hide: bool = True


@dataclass(frozen=True, slots=True)
class UnlockWallet(Command[LockState]):
    """Unlock with the wallet's password; None where it has none."""

    password: str | None = field(default=None, repr=False)
