"""People that the user pays: a name, and the addresses that they gave, the newest of which is theirs now."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_NAME = 100
MAX_NOTE = 1_000
MAX_ADDRESSES = 100


class ContactError(ValueError):
    """A contact that cannot be kept, in words for the user."""


@dataclass(frozen=True, slots=True)
class ContactAddress:
    """An address that somebody gave; added: Unix seconds."""

    text: str
    added: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody with the addresses that they gave, oldest first."""

    name: str
    addresses: tuple[ContactAddress, ...]
    note: str = ""

    @property
    def address(self) -> str:
        """Where to pay them now."""
        return self.addresses[-1].text

    @property
    def earlier(self) -> tuple[str, ...]:
        """Addresses that they have replaced, newest first."""
        return tuple(each.text for each in reversed(self.addresses[:-1]))

    def moved_to(self, address: str, now: int) -> "Contact":
        """The contact with `address` as the newest; one that they had before moves to the end."""
        others = tuple(each for each in self.addresses if each.text != address)
        kept = next((each for each in self.addresses if each.text == address), ContactAddress(address, now))
        return Contact(self.name, (*others, kept)[-MAX_ADDRESSES:], self.note)


def clean_name(text: str) -> str:
    """A contact's name in its one spelling (NFC, one line). Raises `ContactError`."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 0 < len(name) <= MAX_NAME:
        raise ContactError(f"a contact's name has 1 to {MAX_NAME} characters")
    if not name.isprintable():
        raise ContactError("a contact's name cannot hold characters that do not show")
    return name


def clean_note(text: str) -> str:
    """A note as it is kept: one line. Raises `ContactError`."""
    note = " ".join(text.split())
    if len(note) > MAX_NOTE:
        raise ContactError(f"a note has at most {MAX_NOTE} characters, this one has {len(note)}")
    if not note.isprintable():
        raise ContactError("a note cannot hold characters that do not show")
    return note


def name_key(name: str) -> str:
    """What two names that count as one have in common."""
    return unicodedata.normalize("NFC", name).casefold()


def find_contact(contacts: Mapping[str, Contact], name: str) -> Contact | None:
    """The contact of a name, capitals or not."""
    wanted = name_key(clean_name(name))
    return next((contact for contact in contacts.values() if name_key(contact.name) == wanted), None)


def owners(contacts: Mapping[str, Contact], address: str) -> Iterator[tuple[Contact, bool]]:
    """Who gave an address, and whether it is theirs still."""
    for contact in contacts.values():
        if any(each.text == address for each in contact.addresses):
            yield contact, contact.address == address
