"""The sealed record: one secret under one password, as bytes for the keyring or for a file.

A random data key seals the secret; a key that Argon2id makes of the password wraps the data key. Both boxes carry the
whole header as associated data, so that no cost, counter or flag can be changed without the password. The plaintext
is padded to a multiple of 256 bytes: the number of seed words does not show in the length.

What else is wrapped under the data key, such as the database key, is wrapped under the old one and the new one while a
change of password is under way (`wallet.keys.vault`): the two files can be torn apart by nothing.

Layout, big-endian: magic 4, version 1, flags 1, KDF name 8, cipher 1, memory in KiB 4, iterations 4, lanes 1,
counter 8, salt 16, wrap nonce 12, blob nonce 12 | wrapped data key 32+16 | blob 256n+16 | first 8 bytes of SHA-256 of
all before.
The last field is no protection, it tells damage from a wrong password. Argon2id: RFC 9106; boxes: ChaCha20-Poly1305
(RFC 8439).
"""

import base64
import binascii
import hashlib
import secrets
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

VaultCode = Literal[
    "vault_unavailable",
    "bad_password",
    "bad_phrase",
    "corrupt",
    "newer_version",
    "not_found",
    "wallet_exists",
    "refused",
]
SecretKind = Literal["bip39", "electrum", "xprv", "wif", "descriptor", "watch"]
KINDS: Final[tuple[SecretKind, ...]] = ("bip39", "electrum", "xprv", "wif", "descriptor", "watch")

_HEADER: Final = struct.Struct(">4sBB8sBIIBQ16s12s12s")
_MAGIC: Final = b"WREN"
_VERSION: Final = 1
_KDF: Final = b"argon2id"
_CHACHA20_POLY1305: Final = 1
_NO_PASSWORD: Final = 1
_KEY: Final = 32
_TAG: Final = 16
_CHECK: Final = 8
_PADDING: Final = 256
_MIB: Final = 1024
_BLOB_AT: Final = _HEADER.size + _KEY + _TAG


class VaultError(Exception):
    """The vault cannot be opened or written. `code` is one of the command line's codes; the message holds no secret."""

    def __init__(self, code: VaultCode, message: str) -> None:
        super().__init__(message)
        self.code: VaultCode = code
        self.message = message


def wipe(buffer: bytearray) -> None:
    """Overwrite a buffer with zeros, as far as Python lets us: copies made on the way are out of reach."""
    buffer[:] = bytes(len(buffer))


@dataclass(frozen=True, slots=True)
class KdfCost:
    """What Argon2id costs. memory_kib: 19 MiB to 1 GiB; iterations: 1-10; lanes: 1-16. Raises ValueError outside."""

    memory_kib: int
    iterations: int
    lanes: int

    def __post_init__(self) -> None:
        if not 19 * _MIB <= self.memory_kib <= 1024 * _MIB:
            raise ValueError("the memory of the key derivation is out of bounds")
        if not 1 <= self.iterations <= 10 or not 1 <= self.lanes <= 16:
            raise ValueError("the passes or lanes of the key derivation are out of bounds")


DEFAULT_COST: Final = KdfCost(256 * _MIB, 4, 4)
FLOOR_COST: Final = KdfCost(64 * _MIB, 3, 4)
# Without a password there is nothing to stretch, and no reason to let anyone wait.
_NO_PASSWORD_COST: Final = KdfCost(19 * _MIB, 1, 1)


@dataclass(frozen=True, slots=True)
class Secret:
    """What the vault keeps. data: BIP39 entropy, or the text of an Electrum seed, a key, or descriptors, one a line.

    A wallet that only watches has a vault too, of kind 'watch': its record holds public keys, so that its database key
    has the same homes, and its password and backup the same ways, as those of any wallet. language: of BIP39, the word
    list; of Electrum, 'standard' or 'segwit'; of xprv, the script type that its notation says, if any; of watch, 'xpub'
    or 'descriptor'.
    """

    kind: SecretKind
    data: bytes = field(repr=False)
    language: str = ""
    birthday: date | None = None
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened record: the secret, the data key (32 bytes; wipe it after use) and the record's counter."""

    secret: Secret = field(repr=False)
    data_key: bytearray = field(repr=False)
    counter: int


@dataclass(frozen=True, slots=True)
class Header:
    """The plain part of a record; every field is authenticated by both boxes."""

    has_password: bool
    cost: KdfCost
    counter: int
    salt: bytes
    wrap_nonce: bytes
    blob_nonce: bytes

    def serialize(self) -> bytes:
        flags = 0 if self.has_password else _NO_PASSWORD
        cost = (self.cost.memory_kib, self.cost.iterations, self.cost.lanes)
        fixed = (_MAGIC, _VERSION, flags, _KDF, _CHACHA20_POLY1305)
        return _HEADER.pack(*fixed, *cost, self.counter, self.salt, self.wrap_nonce, self.blob_nonce)

    @classmethod
    def of(cls, raw: bytes) -> "Header":
        """Read the header of a whole record. Raises VaultError 'corrupt' or 'newer_version'; derives nothing."""
        if len(raw) < _HEADER.size or raw[:4] != _MAGIC:
            raise VaultError("corrupt", "the vault's record is damaged")
        if raw[4] > _VERSION:
            raise VaultError("newer_version", "this vault was written by a newer version of Wren")
        if _check(raw[:-_CHECK]) != raw[-_CHECK:] or (len(raw) - _BLOB_AT - _TAG - _CHECK) % _PADDING:
            raise VaultError("corrupt", "the vault's record is damaged")
        _, version, flags, kdf, cipher, memory, passes, lanes, counter, *random = _HEADER.unpack_from(raw)
        if (version, kdf, cipher) != (_VERSION, _KDF, _CHACHA20_POLY1305) or flags & ~_NO_PASSWORD:
            raise VaultError("corrupt", "the vault's record has a form that Wren does not know")
        try:
            cost = KdfCost(memory, passes, lanes)
        except ValueError as error:
            raise VaultError("corrupt", str(error)) from error
        return cls(not flags & _NO_PASSWORD, cost, counter, *random)


def seal(
    secret: Secret,
    password: str | None,
    cost: KdfCost,
    *,
    counter: int = 1,
    data_key: bytes | bytearray | None = None,
) -> bytes:
    """Seal a secret; the answer is the whole record. password None is the explicit choice of having none.

    data_key: 32 bytes, the one to go on with when a password changes; None makes a new one. Raises VaultError 'refused'
    for an empty password, which is never taken for that choice.
    """
    if password is not None and not password:
        raise VaultError("refused", "the password is empty")
    header = Header(
        password is not None,
        cost if password is not None else _NO_PASSWORD_COST,
        counter,
        secrets.token_bytes(16),
        secrets.token_bytes(12),
        secrets.token_bytes(12),
    )
    authenticated = header.serialize()
    key = bytearray(secrets.token_bytes(_KEY) if data_key is None else data_key)
    wrapping = _derive(header, password)
    plain = _pack(secret)
    try:
        wrapped = ChaCha20Poly1305(wrapping).encrypt(header.wrap_nonce, key, authenticated)
        blob = ChaCha20Poly1305(key).encrypt(header.blob_nonce, plain, authenticated + wrapped)
    finally:
        for buffer in (key, wrapping, plain):
            wipe(buffer)
    body = authenticated + wrapped + blob
    return body + _check(body)


def unwrap_key(raw: bytes, password: str | None) -> bytearray:
    """The data key of a record, without opening the secret. 32 bytes, to be wiped. Raises VaultError."""
    header = Header.of(raw)
    if header.has_password and password is None:
        raise VaultError("bad_password", "this wallet needs its password")
    if not header.has_password and password is not None:
        raise VaultError("bad_password", "this wallet has no password: leave it empty")
    wrapping = _derive(header, password)
    key = bytearray(_KEY)
    try:
        box = ChaCha20Poly1305(wrapping)
        box.decrypt_into(header.wrap_nonce, raw[_HEADER.size : _BLOB_AT], raw[: _HEADER.size], key)
    except InvalidTag as error:
        raise VaultError("bad_password", "the password is wrong") from error
    finally:
        wipe(wrapping)
    return key


def unseal(raw: bytes, password: str | None) -> Opened:
    """Open a record. Raises VaultError 'bad_password', 'corrupt' or 'newer_version'."""
    key = unwrap_key(raw, password)
    header = Header.of(raw)
    blob = raw[_BLOB_AT:-_CHECK]
    plain = bytearray(len(blob) - _TAG)
    try:
        ChaCha20Poly1305(key).decrypt_into(header.blob_nonce, blob, raw[:_BLOB_AT], plain)
        return Opened(_unpack(plain), key, header.counter)
    except InvalidTag as error:
        wipe(key)
        raise VaultError("corrupt", "the vault's record is damaged") from error
    finally:
        wipe(plain)


def open_record(raw: bytes, password: str | None) -> Secret:
    """Open a record for its secret alone. Raises as `unseal`."""
    opened = unseal(raw, password)
    wipe(opened.data_key)
    return opened.secret


def to_text(raw: bytes) -> str:
    """A record as printable ASCII, for a keyring that stores text."""
    return base64.b64encode(raw).decode("ascii")


def from_text(text: str) -> bytes:
    """Read what `to_text` wrote. Raises VaultError 'corrupt'."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VaultError("corrupt", "the keyring's item is not a record of Wren") from error


def sealed_size(secret: Secret) -> int:
    """How many bytes the record of a secret has, under any password."""
    return _BLOB_AT + len(_pack(secret)) + _TAG + _CHECK


def calibrate(clock: Callable[[], float], seconds: float = 1.0) -> KdfCost:
    """The cost that takes about this long on this computer: 256 MiB with 3-10 passes, less memory on a slow one.

    Measured with two runs at the floor, of which the shorter counts, and with patience for twice the time before any
    memory is saved: a busy moment must not weaken a vault for ever. Never less than FLOOR_COST.
    """
    runs = []
    for _ in range(2):
        start = clock()
        wipe(_stretch(b"calibration", bytes(16), FLOOR_COST))
        runs.append(clock() - start)
    one_pass = max(min(runs), 1e-6) / (FLOOR_COST.memory_kib * FLOOR_COST.iterations)
    for memory in (DEFAULT_COST.memory_kib, DEFAULT_COST.memory_kib // 2):
        if one_pass * memory * FLOOR_COST.iterations <= 2 * seconds:
            passes = int(seconds / (one_pass * memory))
            return KdfCost(memory, min(max(passes, FLOOR_COST.iterations), 10), DEFAULT_COST.lanes)
    return FLOOR_COST


def _derive(header: Header, password: str | None) -> bytearray:
    text = unicodedata.normalize("NFKC", password or "")
    return _stretch(text.encode("utf-8", "surrogatepass"), header.salt, header.cost)


def _stretch(password: bytes, salt: bytes, cost: KdfCost) -> bytearray:
    key = bytearray(_KEY)
    kdf = Argon2id(salt=salt, length=_KEY, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib)
    try:
        kdf.derive_into(password, key)
    except MemoryError as error:
        need = cost.memory_kib // _MIB
        raise VaultError("vault_unavailable", f"opening the vault needs {need} MiB of free memory") from error
    return key


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_CHECK]


def _pack(secret: Secret) -> bytearray:
    """Five fields with a 2-byte length each (kind, data, language, birthday, passphrase), zeros up to the padding."""
    birthday = secret.birthday.isoformat() if secret.birthday else ""
    passphrase = secret.passphrase.encode("utf-8", "surrogatepass")
    plain = bytearray()
    for part in (secret.kind.encode(), secret.data, secret.language.encode(), birthday.encode(), passphrase):
        if len(part) > 0xFFFF:
            raise VaultError("refused", "the secret is too long to be kept")
        plain += len(part).to_bytes(2, "big") + part
    return plain + bytes(-len(plain) % _PADDING)


def _unpack(plain: bytearray) -> Secret:
    parts: list[bytes] = []
    at = 0
    for _ in range(5):
        length = int.from_bytes(plain[at : at + 2], "big")
        parts.append(bytes(plain[at + 2 : at + 2 + length]))
        at += 2 + length
    kind = next((known for known in KINDS if known.encode() == parts[0]), None)
    if kind is None or at > len(plain) or any(plain[at:]):
        raise VaultError("newer_version", "the vault holds a kind of secret that this version of Wren does not know")
    birthday = date.fromisoformat(parts[3].decode()) if parts[3] else None
    return Secret(kind, parts[1], parts[2].decode(), birthday, parts[4].decode("utf-8", "surrogatepass"))
