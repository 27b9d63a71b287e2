"""Contacts: whom the user pays, with what to think of before paying them again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from wallet.bitcoin.address import Address, parse_address
from wallet.bitcoin.uri import parse_uri
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.session import Session
from wallet.ledger.contacts import Contact, ContactAddress, clean_name, clean_note, find_contact, name_key, owners
from wallet.ledger.guards import look_alikes, similar_scripts

Handler = Callable[[Any], Awaitable[object]]


class People:
    """The commands about contacts."""

    def __init__(self, parts: Parts, network: Network, session: Callable[[], Session]) -> None:
        self._parts = parts
        self._network = network
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {
            api.GetContacts: self.list,
            api.SetContact: self.set,
            api.RenameContact: self.rename,
            api.RemoveContact: self.remove,
        }

    async def list(self, _command: api.GetContacts) -> tuple[api.ContactRow, ...]:
        session = self._session()
        contacts = sorted(session.ledger.notes.contacts.values(), key=lambda contact: name_key(contact.name))
        return tuple(self._row(session, contact) for contact in contacts)

    async def set(self, command: api.SetContact) -> api.ContactRow:
        session, now = self._session(), int(self._parts.clock())
        address = self._address(command.address).text
        name = clean_name(command.name)
        known = find_contact(session.ledger.notes.contacts, name)
        note = clean_note(command.note) if command.note is not None else ("" if known is None else known.note)
        if known is None:
            contact = Contact(name, (ContactAddress(address, now),), note)
        else:
            contact = Contact(known.name, known.moved_to(address, now).addresses, note)
        session.ledger.notes.put_contact(contact)
        self._network.commit()
        return self._row(session, contact)

    async def rename(self, command: api.RenameContact) -> api.ContactRow:
        session, name = self._session(), clean_name(command.new_name)
        known = _known(session, command.name)
        other = find_contact(session.ledger.notes.contacts, name)
        if other is not None and other is not known:
            raise api.WrenError("refused", f"there is another contact of the name {other.name}")
        session.ledger.notes.remove_contact(known.name)
        contact = Contact(name, known.addresses, known.note)
        session.ledger.notes.put_contact(contact)
        self._network.commit()
        return self._row(session, contact)

    async def remove(self, command: api.RemoveContact) -> None:
        session = self._session()
        known = _known(session, command.name)
        session.ledger.notes.remove_contact(known.name)
        self._network.commit()

    def _address(self, text: str) -> Address:
        """An address, or that of a payment link; of this network. Raises AddressError, UriError."""
        params = self._parts.params
        if text.strip()[:8].lower() == "bitcoin:":
            return parse_uri(text, params).address
        return parse_address(text, params)

    def _row(self, session: Session, contact: Contact) -> api.ContactRow:
        script = parse_address(contact.address, self._parts.params).script_pubkey
        paid = len(session.ledger.receipts(script))
        advice = self._advice(session, contact, script, paid)
        return api.ContactRow(contact.name, contact.address, contact.note, paid, advice, contact.earlier)

    def _advice(self, session: Session, contact: Contact, script: bytes, paid: int) -> str:
        ledger, params = session.ledger, self._parts.params
        if script in ledger.keychain.scripts():
            return "this is an address of this wallet"
        contacts = ledger.notes.contacts
        others = [other.name for other, _ in owners(contacts, contact.address) if other.name != contact.name]
        if others:
            return f"{others[0]} gave the same address"
        known = [each.text for other in contacts.values() for each in other.addresses]
        scripts = (*ledger.known_scripts(), *ledger.keychain.scripts())
        alike = [*look_alikes(contact.address, known, params), *similar_scripts(script, scripts, params)]
        if alike:
            return f"this only looks like {alike[0]}: compare every character"
        return "this address was paid before: ask for a fresh one before you pay it again" if paid else ""


def _known(session: Session, name: str) -> Contact:
    """The contact of a name. Raises WrenError not_found."""
    known = find_contact(session.ledger.notes.contacts, name)
    if known is None:
        raise api.WrenError("not_found", "there is no contact of this name: see `wren contacts list`")
    return known
