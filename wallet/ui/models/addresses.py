"""The wallet's own addresses as a table, and the rules of which are shown."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject

from wallet.engine import api
from wallet.ui.models import table
from wallet.ui.preferences import Preferences
from wallet.ui.text import safe_text, translate

LOOK_AHEAD: Final = 20
"""Unused addresses in a row that other wallets look over (BIP44's gap limit); more of them are shown when asked for."""

Branch = Literal["all", "receive", "change"]
Use = Literal["all", "used", "unused", "holding"]


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """Which addresses are to be seen. account: type and path (`account_of`), None for every one; text: a part of it."""

    account: tuple[str, str] | None = None
    branch: Branch = "all"
    use: Use = "all"
    text: str = ""
    everything: bool = False

    def fits(self, entry: api.AddressRow) -> bool:
        """Whether an address is among those that are asked for."""
        wanted = self.text.casefold().replace(" ", "")
        return (
            self.account in {None, account_of(entry)}
            and self.branch in {"all", "change" if entry.change else "receive"}
            and self._fits_use(entry)
            and (not wanted or wanted in entry.address.casefold() or wanted in entry.label.casefold().replace(" ", ""))
        )

    def _fits_use(self, entry: api.AddressRow) -> bool:
        match self.use:
            case "all":
                return True
            case "holding":
                return entry.balance > 0
            case "used" | "unused":
                return entry.used == (self.use == "used")


@dataclass(frozen=True, slots=True)
class Arranged:
    """What is shown, newest first in each account, and how many unused ones are left out."""

    shown: list[api.AddressRow]
    hidden: int


def account_of(entry: api.AddressRow) -> tuple[str, str]:
    """The account that an address is of: its type, and the path up to the branch."""
    return entry.type, entry.path.rsplit("/", 2)[0]


def arrange(entries: Sequence[api.AddressRow], wanted: AddressFilter) -> Arranged:
    """What is to be seen of the addresses (by account, branch and index, as the engine tells them).

    Of unused ones without a label only the newest `LOOK_AHEAD` of each branch are shown, unless all are asked for.
    """
    counted: Counter[tuple[str, str, bool]] = Counter()
    shown, hidden = [], 0
    for entry in reversed(entries):
        if not wanted.fits(entry):
            continue
        if not (wanted.everything or entry.used or entry.label or entry.balance):
            counted[*account_of(entry), entry.change] += 1
            if counted[*account_of(entry), entry.change] > LOOK_AHEAD:
                hidden += 1
                continue
        shown.append(entry)
    return Arranged(shown, hidden)


def accounts_of(entries: Iterable[api.AddressRow]) -> list[tuple[str, str]]:
    """The accounts that there are addresses of, in the engine's order."""
    return list(dict.fromkeys(map(account_of, entries)))


def use_words(entry: api.AddressRow) -> str:
    """What became of an address, and whether it may be given to somebody."""
    if entry.change:
        return translate("Change, used") if entry.used else translate("Change, not used yet")
    return translate("Used: not offered again") if entry.used else translate("Not used yet")


def use_icon(entry: api.AddressRow) -> tuple[str, str]:
    """Icon and colour of the use; the words stand beside it."""
    if entry.balance:
        return "coins", "accent"
    return ("check", "muted") if entry.used else ("addresses", "muted")


def name_of(entry: api.AddressRow) -> str:
    """The label, and the address below it."""
    address = safe_text(entry.address)
    return f"{safe_text(entry.label)}\n{address}" if entry.label else address


class AddressesModel(table.TableModel[api.AddressRow]):
    """Addresses with their use and what lies on them."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        self._preferences = preferences
        super().__init__(self._columns(), lambda entry: entry.address, preferences, parent)

    def _columns(self) -> tuple[table.Column[api.AddressRow], ...]:
        return (
            table.Column(
                translate("Address"),
                name_of,
                icon=use_icon,
                spoken=lambda entry: ", ".join((*name_of(entry).splitlines(), use_words(entry))),
            ),
            table.Column(translate("Use"), use_words, 180, tone=lambda _: "muted"),
            table.Column(
                translate("Balance"),
                lambda entry: table.shown_amount(entry.balance, self._preferences) if entry.balance else "",
                160,
                140,
                spoken=lambda entry: table.said_amount(entry.balance, self._preferences),
                right=True,
                figures=True,
            ),
        )
