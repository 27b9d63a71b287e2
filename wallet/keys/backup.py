"""A wallet in one file that opens anywhere with its password: the sealed record, and what is to be known of the wallet.

One JSON object, so that it can be mailed, printed or typed into `restore`: `wren_backup` (the version), `record` (as
the vault keeps it, base64), `nonce`, and `content` (base64 of a ChaCha20-Poly1305 box, RFC 8439). The box's key is
HKDF-SHA256 (RFC 5869) of the record's data key with the nonce as salt; its associated data is the version and the
record, so no part can be exchanged for another backup's. The content is a JSON object, padded to a multiple of 1,024
bytes: how many labels there are shows roughly only.
"""

import base64
import json
import secrets
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wallet.keys.record import Opened, VaultError, unseal, wipe

VERSION: Final = 1
LIMIT: Final = 32_000_000
"""Characters; a backup of 100,000 labels has a third of that."""

_NAME: Final = "wren_backup"
_PADDING: Final = 1024
_NONCE: Final = 12

Content = dict[str, Any]


def seal_backup(record: bytes, data_key: bytes | bytearray, content: Content) -> str:
    """The text of a backup. record: the sealed record that `data_key` belongs to; content: plain JSON values."""
    nonce = secrets.token_bytes(_NONCE)
    plain = json.dumps(content, separators=(",", ":")).encode()
    plain += b" " * (-len(plain) % _PADDING)
    key = _box_key(data_key, nonce)
    try:
        box = ChaCha20Poly1305(key).encrypt(nonce, plain, _authenticated(record))
    finally:
        wipe(key)
    parts = {"record": record, "nonce": nonce, "content": box}
    document = {_NAME: VERSION} | {name: base64.b64encode(part).decode() for name, part in parts.items()}
    return json.dumps(document, indent=1) + "\n"


def open_backup(text: str, password: str | None) -> tuple[Opened, Content]:
    """The secret and the content of a backup. The data key is to be wiped.

    Raises VaultError 'bad_password', 'corrupt' or 'newer_version'.
    """
    record, nonce, box = _parse(text)
    opened = unseal(record, password)
    key = _box_key(opened.data_key, nonce)
    try:
        content = json.loads(ChaCha20Poly1305(key).decrypt(nonce, box, _authenticated(record)))
    except (InvalidTag, ValueError, RecursionError) as error:
        wipe(opened.data_key)
        raise _damaged() from error
    finally:
        wipe(key)
    if not isinstance(content, dict):
        raise _damaged()
    return opened, content


def _parse(text: str) -> tuple[bytes, bytes, bytes]:
    try:
        document = json.loads(text) if len(text) <= LIMIT else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get(_NAME), int):
        raise VaultError("corrupt", "this is not a backup of Wren, or it is damaged")
    if document[_NAME] > VERSION:
        raise VaultError("newer_version", "this backup was written by a newer version of Wren")
    try:
        parts = [base64.b64decode(document[name], validate=True) for name in ("record", "nonce", "content")]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged() from error
    if document[_NAME] != VERSION or len(parts[1]) != _NONCE:
        raise _damaged()
    return parts[0], parts[1], parts[2]


def _authenticated(record: bytes) -> bytes:
    return f"{_NAME} {VERSION}\n".encode() + record


def _box_key(data_key: bytes | bytearray, nonce: bytes) -> bytearray:
    key = bytearray(32)
    HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"Wren backup").derive_into(data_key, key)
    return key


def _damaged() -> VaultError:
    return VaultError("corrupt", "the backup is damaged")
