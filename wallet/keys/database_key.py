"""The key of the encrypted wallet file: 32 random bytes that can read the wallet and spend nothing.

It has a home for every day and a way back. The home: an item of its own in the keyring, so that the wallet opens
without a question; or, where the vault is a file, `wallet.key`, wrapped under the vault's data key and so behind its
password. While the vault changes its data key the file holds the key twice, under the old and under the new one, so
that two files never have to change at once. The way back: `recovery.key` beside the database, wrapped under a key
derived from the seed, so that the seed words bring the same wallet back, labels included, when the keyring or the vault
is lost.

Wrapped form: magic 8, version 1, nonce 12, wrapped key 32+16. The wrapping key is HKDF-SHA256 (RFC 5869) of the outer
key with the wallet's identity as salt; the box is ChaCha20-Poly1305 with everything before it as associated data. A
file has one of these, or two.
"""

import base64
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wallet.keys.backends import KeyringItems, read_file, remove_durably, write_durably
from wallet.keys.record import VaultError, wipe

Purpose = Literal["password", "recovery"]
Key = bytes | bytearray
KEY_FILE: Final = "wallet.key"
RECOVERY_FILE: Final = "recovery.key"

_MAGIC: Final = b"WRENDBK\x01"
_KEY: Final = 32
_NONCE_AT: Final = len(_MAGIC)
_BOX_AT: Final = _NONCE_AT + 12
_SIZE: Final = _BOX_AT + _KEY + 16


def new_database_key() -> bytes:
    """32 fresh random bytes."""
    return secrets.token_bytes(_KEY)


class KeyringDatabaseKey:
    """The database key as the keyring's item `database:<uuid>`. Methods raise VaultError."""

    def __init__(self, items: KeyringItems, uuid: str) -> None:
        self._items = items
        self._name = f"database:{uuid}"

    def store(self, key: bytes) -> None:
        self._items.set(self._name, base64.b64encode(key).decode("ascii"))

    def load(self) -> bytes:
        """The key. Raises VaultError: 'not_found' where the keyring does not know this wallet, 'corrupt'."""
        text = self._items.get(self._name)
        if text is None:
            message = "the vault is missing: the keyring does not know this wallet, and its seed words bring it back"
            raise VaultError("not_found", message)
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise VaultError("corrupt", "the keyring's item is not a key of Wren") from error
        if len(key) != _KEY:
            raise VaultError("corrupt", "the keyring's item is not a key of Wren")
        return key

    def delete(self) -> None:
        self._items.delete(self._name)


class WrappedDatabaseKey:
    """The database key in a file of the wallet's folder, wrapped for one purpose. Methods raise VaultError.

    The outer key: for 'password' the vault's data key, for 'recovery' the master's private key and chain code.
    """

    def __init__(self, folder: Path, uuid: str, purpose: Purpose) -> None:
        self._path = folder / (KEY_FILE if purpose == "password" else RECOVERY_FILE)
        self._uuid = uuid.encode()
        self._purpose = purpose

    def store(self, key: bytes, outer: Key) -> None:
        write_durably(self._path, self._wrap(key, outer))

    def add(self, old: Key, new: Key) -> None:
        """Wrap the key under a second outer key too. Raises as `load`."""
        key = self.load(old)
        write_durably(self._path, self._wrap(key, old) + self._wrap(key, new))

    def settle(self, new: Key) -> None:
        """Leave the wrapping under this outer key alone. Raises as `load`."""
        self.store(self.load(new), new)

    def load(self, outer: Key) -> bytes:
        """The key. Raises VaultError: 'not_found', 'corrupt', or 'bad_phrase' where the words are another wallet's."""
        raw = read_file(self._path)
        if raw is None:
            raise VaultError("not_found", f"{self._path} is missing: the seed words bring it back")
        if len(raw) not in (_SIZE, 2 * _SIZE) or not raw.startswith(_MAGIC):
            raise VaultError("corrupt", f"{self._path} is damaged: the seed words bring it back")
        for start in range(0, len(raw), _SIZE):
            with suppress(InvalidTag):
                return self._unwrap(raw[start : start + _SIZE], outer)
        if self._purpose == "recovery":
            raise VaultError("bad_phrase", "these words belong to another wallet")
        raise VaultError("corrupt", f"{self._path} is damaged, or belongs to another vault: the seed words mend it")

    def _wrap(self, key: bytes, outer: Key) -> bytes:
        head = _MAGIC + secrets.token_bytes(_BOX_AT - _NONCE_AT)
        wrapping = self._wrapping_key(outer)
        try:
            return head + ChaCha20Poly1305(wrapping).encrypt(head[_NONCE_AT:], key, head)
        finally:
            wipe(wrapping)

    def _unwrap(self, raw: bytes, outer: Key) -> bytes:
        wrapping = self._wrapping_key(outer)
        try:
            return ChaCha20Poly1305(wrapping).decrypt(raw[_NONCE_AT:_BOX_AT], raw[_BOX_AT:], raw[:_BOX_AT])
        finally:
            wipe(wrapping)

    def delete(self) -> None:
        remove_durably(self._path)

    def _wrapping_key(self, outer: Key) -> bytearray:
        wrapping = bytearray(_KEY)
        info = f"Wren database key, {self._purpose}".encode()
        HKDF(algorithm=SHA256(), length=_KEY, salt=self._uuid, info=info).derive_into(outer, wrapping)
        return wrapping
