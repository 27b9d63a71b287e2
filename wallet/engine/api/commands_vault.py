"""What may be known of a wallet's keys without opening them, and whether a password is right."""

from dataclasses import dataclass, field
from datetime import date

from wallet.engine.api.answers import VaultKind
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """The open wallet.

    kind: what it was made from, such as bip39 or xpub; fingerprint: of the master key, 8 hex digits, None where there
    is no master key; birthday: None where it is not known as a day.
    """

    wallet: str
    kind: str
    fingerprint: str | None
    birthday: date | None
    vault: VaultKind
    watch_only: bool


@dataclass(frozen=True, slots=True)
class GetWalletFacts(Command[WalletFacts]):
    pass


@dataclass(frozen=True, slots=True)
class CheckPassword(Command[None]):
    """Raise WrenError bad_password unless this opens the open wallet's keys; one that only watches has none."""

    password: str | None = field(repr=False)
