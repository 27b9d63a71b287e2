"""Hash functions of the protocol, and hashes whose type knows their byte order."""

import hashlib
import hmac
from typing import Self

from wallet.bitcoin.codec import ParseError, Reader
from wallet.bitcoin.ripemd160 import ripemd160
from wallet.override import override


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256d(data: bytes) -> bytes:
    """SHA-256 of SHA-256, 32 bytes."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256, 20 bytes."""
    digest = hashlib.sha256(data).digest()
    try:
        return hashlib.new("ripemd160", digest).digest()
    except ValueError:  # this machine's OpenSSL has none
        return ripemd160(digest)


def hmac_sha512(key: bytes, data: bytes) -> bytes:
    """HMAC with SHA-512, 64 bytes."""
    return hmac.digest(key, data, "sha512")


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 in the domain of a tag, 32 bytes (BIP340, "Design")."""
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


class Hash256(bytes):
    """32 bytes in wire order. `str()` is the display order (reversed hex), which is what people and RPCs see."""

    __slots__ = ()

    def __new__(cls, data: bytes) -> Self:
        if len(data) != 32:
            raise ParseError(f"a hash has 32 bytes, not {len(data)}")
        return super().__new__(cls, data)

    @classmethod
    def from_hex(cls, display: str) -> Self:
        """From 64 hex digits in display order; raises `ParseError`."""
        try:
            raw = bytes.fromhex(display)
        except ValueError:
            raise ParseError("a hash is written in hex digits") from None
        if len(display) != 64 or len(raw) != 32:
            raise ParseError("a hash is written in 64 hex digits")
        return cls(raw[::-1])

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """The next 32 bytes; raises `ParseError`."""
        return cls(reader.take(32))

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Exactly 32 bytes; raises `ParseError`."""
        return cls(raw)

    def serialize(self) -> bytes:
        """32 bytes in wire order."""
        return bytes(self)

    @override
    def __str__(self) -> str:
        return self[::-1].hex()

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class Txid(Hash256):
    """Hash of a transaction without its witness."""

    __slots__ = ()


class Wtxid(Hash256):
    """Hash of a transaction with its witness (BIP141)."""

    __slots__ = ()


class BlockHash(Hash256):
    """Hash of a block header."""

    __slots__ = ()


class MerkleRoot(Hash256):
    """Root of the tree over a block's transactions."""

    __slots__ = ()


class FilterHash(Hash256):
    """Hash of a compact filter (BIP157)."""

    __slots__ = ()


class FilterHeader(Hash256):
    """Hash of a filter's hash and the filter header before it (BIP157)."""

    __slots__ = ()


ZERO = Hash256(bytes(32))
