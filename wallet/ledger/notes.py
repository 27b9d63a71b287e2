"""What the user notes beside the money: people, requests that are done with, and label records of other wallets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from wallet.ledger.changeset import ChangeSet
from wallet.ledger.contacts import Contact, ContactError
from wallet.ledger.keychain import ScriptRef
from wallet.ledger.labels import LabelKey, LineKey, clean_label
from wallet.ledger.record import PaymentRequest

MAX_CONTACTS = 10_000

Noter = Callable[[ChangeSet], ChangeSet]


class Notes:
    """The notes of one ledger, which hands in how a change is noted, and the requests and labels that it keeps."""

    def __init__(self, note: Noter, requests: dict[ScriptRef, PaymentRequest], labels: dict[LabelKey, str]) -> None:
        self._note = note
        self._requests = requests
        self._labels = labels
        self._contacts: dict[str, Contact] = {}
        self._lines: dict[LineKey, str] = {}

    def load(self, state: ChangeSet) -> None:
        """Take over what was stored."""
        self._contacts.update((name, found) for name, found in state.contacts.items() if found is not None)
        self._lines.update(state.lines)

    # --- people ---

    @property
    def contacts(self) -> Mapping[str, Contact]:
        """All contacts by name."""
        return MappingProxyType(self._contacts)

    def put_contact(self, contact: Contact) -> ChangeSet:
        """Keep a contact, in the place of one of the same name. Raises `ContactError` when there are too many."""
        if contact.name not in self._contacts and len(self._contacts) >= MAX_CONTACTS:
            raise ContactError(f"there are {MAX_CONTACTS} contacts already: remove one first")
        self._contacts[contact.name] = contact
        return self._note(ChangeSet(contacts={contact.name: contact}))

    def remove_contact(self, name: str) -> ChangeSet:
        """Forget a contact. Raises LookupError."""
        del self._contacts[name]
        return self._note(ChangeSet(contacts={name: None}))

    # --- requests ---

    def archive_request(self, ref: ScriptRef, archived: bool) -> ChangeSet:
        """Put a request out of sight, or back. Raises LookupError."""
        self._requests[ref] = changed = replace(self._requests[ref], archived=archived)
        return self._note(ChangeSet(requests={ref: changed}))

    def delete_request(self, ref: ScriptRef) -> ChangeSet:
        """Forget a request; its address stays given out. Raises LookupError."""
        del self._requests[ref]
        return self._note(ChangeSet(requests={ref: None}))

    # --- labels in bulk, and records of other wallets ---

    def put_labels(self, labels: Mapping[LabelKey, str]) -> ChangeSet:
        """Set many labels in one step; empty ones are removed. Raises LabelError, and then nothing is changed."""
        clean = {key: clean_label(text) for key, text in labels.items()}
        for key, label in clean.items():
            if label:
                self._labels[key] = label
            else:
                self._labels.pop(key, None)
        return self._note(ChangeSet(labels=clean))

    @property
    def lines(self) -> Mapping[LineKey, str]:
        """Imported label records that say more than a label, as they were written."""
        return MappingProxyType(self._lines)

    def put_lines(self, lines: Mapping[LineKey, str]) -> ChangeSet:
        """Keep label records as they were written."""
        self._lines.update(lines)
        return self._note(ChangeSet(lines=dict(lines)))
