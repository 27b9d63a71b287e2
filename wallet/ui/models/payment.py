"""What a payment form says, as the engine is asked for it. No widgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from wallet.bitcoin.amount import Sats
from wallet.engine import api

MAX_NOTE: Final = 80
"""Bytes of a note in the chain."""
MAX_LABEL: Final = 255


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid. amount None: all there is; name: the contact whose address this is."""

    address: str
    amount: Sats | None
    label: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """What the user calls it: the label, else whose address it is."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Terms:
    """How a payment is made, whoever is paid. coins: chosen by hand; account None: the wallet's first."""

    fee_rate: float | None = None
    preset: api.Preset = "normal"
    coins: tuple[str, ...] = ()
    account: int | None = None
    subtract_fee: bool = False
    spend_unconfirmed: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says."""

    payees: tuple[Payee, ...]
    terms: Terms = Terms()

    @property
    def label(self) -> str:
        """The payment's: what all its recipients are called."""
        words = dict.fromkeys(payee.words for payee in self.payees if payee.words)
        return ", ".join(words)[:MAX_LABEL]

    def command(self, accept_fee: Sats | None = None) -> api.PreparePayment:
        """accept_fee: the unusual fee that the user has typed to accept it."""
        terms = self.terms
        several = len(self.payees) > 1
        return api.PreparePayment(
            tuple((payee.address, payee.amount) for payee in self.payees),
            fee_rate=terms.fee_rate,
            subtract_fee=terms.subtract_fee and all(payee.amount is not None for payee in self.payees),
            coins=terms.coins,
            spend_unconfirmed=terms.spend_unconfirmed,
            accept_fee=accept_fee,
            label=self.label,
            preset=terms.preset,
            account=None if terms.coins else terms.account,
            address_labels=tuple((payee.address, payee.words) for payee in self.payees if several and payee.words),
            note=terms.note,
        )


@dataclass(frozen=True, slots=True)
class Means:
    """What a review repeats of the form. account: in words, empty where there is one only; names: by address."""

    coins_chosen: bool = False
    account: str = ""
    note: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    watch_only: bool = False


def note_room(text: str) -> int:
    """How many bytes of a note are left; below zero when it is too long."""
    return MAX_NOTE - len(text.encode("utf-8", "replace"))


def find_contact(contacts: tuple[api.ContactRow, ...], typed: str) -> api.ContactRow | None:
    """The contact of that name, however it is capitalised."""
    name = " ".join(typed.split()).casefold()
    return next((contact for contact in contacts if contact.name.casefold() == name), None) if name else None


def spendables(accounts: tuple[api.AccountInfo, ...], found: tuple[api.Spendable, ...]) -> dict[int, Sats]:
    """What can be spent from each account, by number: one account may have several types of address."""
    sums = {each.account: each.amount for each in found}
    return {number: sums.get(number, 0) for number in sorted({row.account for row in accounts})}
