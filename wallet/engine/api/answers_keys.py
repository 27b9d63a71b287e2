"""What the engine answers about a wallet's keys. Units as in `wallet.engine.api`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was written. labels, accounts: how many of them it holds."""

    wallet: str
    path: str
    accounts: int
    labels: int


@dataclass(frozen=True, slots=True)
class DeletedWallet:
    """A wallet that is gone. keyring: what became of its items there; "later": as soon as the keyring answers."""

    wallet: str
    keyring: Literal["removed", "none", "later"]


@dataclass(frozen=True, slots=True)
class RecoveredDatabase:
    """A wallet whose database is a daily backup again. backup: its day, an ISO date."""

    wallet: str
    backup: str


@dataclass(frozen=True, slots=True)
class LockState:
    """Whether the open wallet is locked: nothing is signed; hidden: and nothing is shown."""

    locked: bool
    hidden: bool
