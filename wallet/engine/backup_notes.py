"""What a backup says of the user's notes: frozen coins, contacts, requests, and label records of other wallets."""

from collections.abc import Mapping
from typing import Any

from wallet.bitcoin.transaction import OutPoint
from wallet.ledger.contacts import Contact, ContactAddress
from wallet.ledger.keychain import ScriptRef
from wallet.ledger.labels import LineKey
from wallet.ledger.ledger import Ledger
from wallet.ledger.record import PaymentRequest


def notes_content(ledger: Ledger) -> dict[str, Any]:
    """The notes of a wallet as JSON types."""
    notes = ledger.notes
    return {
        "frozen": sorted(str(OutPoint.parse(outpoint)) for outpoint in ledger.frozen),
        "contacts": [
            [contact.name, contact.note, [[each.text, each.added] for each in contact.addresses]]
            for contact in notes.contacts.values()
        ],
        "requests": [
            [
                *(request.ref.account, request.ref.branch, request.ref.index),
                *(request.amount, request.label, request.created, request.expires, request.archived),
            ]
            for request in ledger.requests()
        ],
        "lines": [[key.kind, key.reference, key.origin, line] for key, line in notes.lines.items()],
    }


def fill_notes(ledger: Ledger, content: Mapping[str, Any]) -> None:
    """Take over the notes of a backup; one from before there were any has none.

    Raises what wrong types raise: KeyError, TypeError, ValueError, LookupError.
    """
    for outpoint in content.get("frozen", ()):
        ledger.freeze(OutPoint.parse_text(outpoint), True, unseen=True)
    for name, note, addresses in content.get("contacts", ()):
        found = tuple(ContactAddress(str(text), int(added)) for text, added in addresses)
        if not found:
            raise ValueError("a contact without an address")
        ledger.notes.put_contact(Contact(str(name), found, str(note)))
    for account, branch, index, *facts in content.get("requests", ()):
        ref = ScriptRef(int(account), int(branch), int(index))
        amount, label, created, expires, archived = facts
        script = ledger.keychain.script(ref)
        ledger.request(PaymentRequest(ref, script, amount, str(label), int(created), expires, bool(archived)))
    lines = {LineKey(*map(str, key)): str(line) for *key, line in content.get("lines", ())}
    if lines:
        ledger.notes.put_lines(lines)
