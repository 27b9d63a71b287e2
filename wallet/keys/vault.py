"""The sealed vault of one wallet: a record in one of two slots, and how it is opened, changed, moved and removed.

A change of password writes the other slot with the next counter, reads it back, opens it, and only then deletes the
old one. Killed at any step, the old or the new password opens: while both slots are filled, either does, and opening
the newer one finishes what was interrupted. The data key is changed with the password: whoever knows the old one knows
nothing of what is wrapped from then on. What is wrapped under it is wrapped under both while both records stand.

A move to another home copies the record as it is, and opens the copy; the old one is deleted by a step of its own, once
the wallet's description names the new home.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from wallet.keys.backends import SLOTS, Slot, SlotStore
from wallet.keys.record import Header, KdfCost, Opened, Secret, VaultError, seal, unseal, unwrap_key, wipe

T = TypeVar("T")
Key = bytes | bytearray


class Rewrap(Protocol):
    """What is wrapped under the data key while that key changes. Both methods are durable when they return."""

    def add(self, old: Key, new: Key) -> None:
        """Wrap under the new key too, so that either opens."""

    def settle(self, new: Key) -> None:
        """Leave the new key's wrapping alone."""


def store_secret(store: SlotStore, secret: Secret, password: str | None, cost: KdfCost) -> Opened:
    """Seal a secret into an empty vault; the store has read it back and compared when this returns.

    The data key in the answer is to be wiped. Raises VaultError: 'wallet_exists' where a slot is filled, 'refused' for
    an empty password.
    """
    if any(store.read(slot) is not None for slot in SLOTS):
        raise VaultError("wallet_exists", "this wallet's vault is there already")
    data_key = bytearray(secrets.token_bytes(32))
    store.write(SLOTS[0], seal(secret, password, cost, data_key=data_key))
    return Opened(secret, data_key, 1)


def open_vault(store: SlotStore, password: str | None) -> Opened:
    """Open the newest record that the password opens. The data key in the answer is to be wiped.

    Raises VaultError: 'not_found' where both slots are empty, 'bad_password', 'corrupt', 'newer_version'.
    """
    return _open(store, password, unseal)[1]


def open_data_key(store: SlotStore, password: str | None) -> bytearray:
    """The data key alone, without opening the secret; 32 bytes, to be wiped. Raises as `open_vault`."""
    return _open(store, password, unwrap_key)[1]


def change_password(
    store: SlotStore, old: str | None, new: str | None, cost: KdfCost, rewrap: Rewrap | None = None
) -> None:
    """Seal the secret under another password and a fresh data key. rewrap: what else is wrapped under the data key.

    Raises VaultError; the old password then opens the vault as before, or the new one does too.
    """
    slot, opened = _open(store, old, unseal)
    other = SLOTS[1 - SLOTS.index(slot)]
    highest = max(header.counter for _, _, header in _headers(store)[0])
    fresh = bytearray(secrets.token_bytes(32))
    try:
        record = seal(opened.secret, new, cost, counter=highest + 1, data_key=fresh)
        # What an interrupted change left there would not find its data key's wrapping any more.
        store.delete(other)
        if rewrap is not None:
            rewrap.add(opened.data_key, fresh)
        store.write(other, record)
        _confirm(store, other, new, opened.secret)
        store.delete(slot)
        if rewrap is not None:
            with suppress(VaultError):  # the change is made; a wrapping too many goes with the next one
                rewrap.settle(fresh)
    finally:
        wipe(opened.data_key)
        wipe(fresh)


def copy_vault(source: SlotStore, target: SlotStore, password: str | None) -> Opened:
    """Copy the newest record that the password opens to another home, and open it there; the source is left as it is.

    What was in the target is cleared away. The data key in the answer is to be wiped. Raises VaultError.
    """
    record, opened = read_record(source, password)
    try:
        target.clear()
        target.write(SLOTS[0], record)
        _confirm(target, SLOTS[0], password, opened.secret)
    except BaseException:
        wipe(opened.data_key)
        raise
    return opened


def read_record(store: SlotStore, password: str | None) -> tuple[bytes, Opened]:
    """The newest record that the password opens, sealed and opened. The data key is to be wiped. Raises VaultError."""
    slot, opened = _open(store, password, unseal)
    record = store.read(slot)
    if record is None:
        wipe(opened.data_key)
        raise VaultError("not_found", "the vault went missing while it was read")
    return record, opened


def _confirm(store: SlotStore, slot: Slot, password: str | None, secret: Secret) -> None:
    """Raise VaultError unless what is in a slot now opens, and holds this secret."""
    found = unseal(store.read(slot) or b"", password)
    wipe(found.data_key)
    if found.secret != secret:
        raise VaultError("vault_unavailable", "what was stored is not what was to be kept: nothing was changed")


def _headers(store: SlotStore) -> tuple[list[tuple[Slot, bytes, Header]], list[VaultError]]:
    """The sound records of both slots, newest first, and what is wrong with the others."""
    sound: list[tuple[Slot, bytes, Header]] = []
    faults: list[VaultError] = []
    for slot in SLOTS:
        try:
            record = store.read(slot)
            if record is not None:
                sound.append((slot, record, Header.of(record)))
        except VaultError as error:
            if error.code == "vault_unavailable":
                raise
            faults.append(error)
    return sorted(sound, key=lambda found: found[2].counter, reverse=True), faults


def _open(store: SlotStore, password: str | None, how: Callable[[bytes, str | None], T]) -> tuple[Slot, T]:
    """Open the newest record that the password opens, with `how`; leave no older one behind it."""
    sound, faults = _headers(store)
    for position, (slot, record, _) in enumerate(sound):
        try:
            opened = how(record, password)
        except VaultError as error:
            if error.code == "vault_unavailable":
                raise
            faults.append(error)
            continue
        for older, _, _ in sound[position + 1 :]:
            with suppress(VaultError):  # it is tried again at the next opening
                store.delete(older)
        return slot, opened
    raise _worst(faults)


def _worst(faults: list[VaultError]) -> VaultError:
    """Which of the faults to report: what the user can act on first."""
    for code in ("newer_version", "bad_password", "corrupt"):
        for fault in faults:
            if fault.code == code:
                return fault
    return VaultError("not_found", "the vault is missing: the wallet's seed words bring it back")
