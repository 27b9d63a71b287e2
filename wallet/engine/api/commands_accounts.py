"""Commands about accounts, and about the search for what a restored wallet holds; and their answers."""

from dataclasses import dataclass, field
from datetime import date

from wallet.engine.api.answers import AccountInfo
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class SearchReport:
    """How the search for a wallet's payments stands.

    restored: the wallet was made from a secret that may have been used before; searching: not all places were looked
    at yet; found: the accounts that hold or held money; nothing_found: all was looked at, and there is no payment.
    """

    restored: bool
    searching: bool
    found: tuple[AccountInfo, ...]
    nothing_found: bool


@dataclass(frozen=True, slots=True)
class RescanReport:
    """What will be looked at again at the next synchronisation.

    from_height: the lowest height, None where headers that tell are missing; gap: unused addresses in a row, per
    account, that end the search; accounts: how many are searched, those that were never used included.
    """

    from_height: int | None
    gap: int
    accounts: int


@dataclass(frozen=True, slots=True)
class GetAccounts(Command[tuple[AccountInfo, ...]]):
    """The accounts with their balances; those that are only being searched are left out until something is found."""


@dataclass(frozen=True, slots=True)
class NewAccount(Command[AccountInfo]):
    """A further account, whose key the vault derives: so it takes the password."""

    password: str | None = field(repr=False)
    type: str = "p2wpkh"


@dataclass(frozen=True, slots=True)
class Rescan(Command[RescanReport]):
    """Look again for payments to every account, and to those that a restored wallet may have beside them.

    start: height or date from which on, None: from the birthday, and with a gap only what was not looked at yet; gap:
    how many unused addresses in a row end the search.
    """

    start: int | date | None = None
    gap: int | None = None


@dataclass(frozen=True, slots=True)
class GetSearch(Command[SearchReport]):
    pass
