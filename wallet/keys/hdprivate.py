"""The private half of hierarchical keys (BIP32).

An `ExtendedPrivateKey` holds its secret in a bytearray that `wipe`, or leaving its `with` block, overwrites.
"""

import hmac
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.curve import CurveError
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.hdkey import (
    HARDENED,
    MAX_DEPTH,
    DerivationError,
    ExtendedKeyFields,
    ExtendedPublicKey,
    Fingerprint,
    KeyOrigin,
    decode_extended_key,
    encode_extended_key,
    explain_version,
)
from wallet.bitcoin.network import ChainParams
from wallet.keys import secp
from wallet.override import override


class ExtendedPrivateKey:
    """A private key with the chain code that its children derive from. Never printed, never compared."""

    __slots__ = ("_secret", "chain_code", "child_number", "depth", "parent_fingerprint", "public_key")

    def __init__(
        self,
        secret: bytearray,
        chain_code: bytes,
        depth: int = 0,
        parent_fingerprint: Fingerprint = bytes(4),
        child_number: int = 0,
    ) -> None:
        """Take over `secret` (32 bytes), which is wiped with this object; raises `CurveError`."""
        self.public_key = secp.public_key(secret)
        self._secret = secret
        self.chain_code = chain_code
        self.depth = depth
        self.parent_fingerprint = parent_fingerprint
        self.child_number = child_number

    @classmethod
    def from_seed(cls, seed: bytes | bytearray) -> Self:
        """The master key of a seed of 16 to 64 bytes; raises `DerivationError` (with a chance of 1 in 2^127)."""
        if not 16 <= len(seed) <= 64:
            raise DerivationError(f"a seed has 16 to 64 bytes, not {len(seed)}")
        digest = bytearray(hmac.digest(b"Bitcoin seed", seed, "sha512"))
        try:
            return cls(digest[:32], bytes(digest[32:]))
        except CurveError:
            raise DerivationError("this seed has no master key") from None
        finally:
            secp.wipe(digest)

    @classmethod
    def parse_text(cls, text: str, params: ChainParams) -> Self:
        """From an xprv (tprv on test networks); raises `ParseError`, with the reason in words."""
        fields = decode_extended_key(text)
        if fields.version != params.bip32_private:
            raise ParseError(explain_version(fields.version, params.bip32_private))
        if fields.key_data[0] != 0:
            raise ParseError("an extended private key whose key does not begin with 00")
        secret = bytearray(fields.key_data[1:])
        try:
            return cls(secret, fields.chain_code, fields.depth, fields.parent_fingerprint, fields.child_number)
        except CurveError as error:
            raise ParseError(f"an extended private key with {error}") from None

    def to_text(self, params: ChainParams) -> str:
        """The xprv, or tprv on test networks. Text cannot be wiped: only to show to its owner."""
        return encode_extended_key(
            ExtendedKeyFields(
                params.bip32_private,
                self.depth,
                self.parent_fingerprint,
                self.child_number,
                self.chain_code,
                b"\x00" + self._secret,
            )
        )

    @property
    def fingerprint(self) -> Fingerprint:
        """The first 4 bytes of the hash160 of the public key."""
        return hash160(self.public_key)[:4]

    def public(self) -> ExtendedPublicKey:
        """The extended public key to this one."""
        return ExtendedPublicKey(
            self.depth, self.parent_fingerprint, self.child_number, self.chain_code, self.public_key
        )

    def private_key(self) -> bytearray:
        """A copy of the secret, 32 bytes, which the caller wipes."""
        return bytearray(self._secret)

    def derive(self, index: int) -> "ExtendedPrivateKey":
        """The child key of an index (hardened ones from HARDENED); raises `DerivationError`."""
        if not 0 <= index < 2 * HARDENED or self.depth >= MAX_DEPTH:
            raise DerivationError("there is no such child key")
        data = bytearray(b"\x00") + self._secret if index >= HARDENED else bytearray(self.public_key)
        data += index.to_bytes(4, "big")
        digest = bytearray(hmac.digest(self.chain_code, data, "sha512"))
        tweak, chain_code = digest[:32], bytes(digest[32:])
        secret = self.private_key()
        try:
            secp.tweak_add(secret, tweak)
            return ExtendedPrivateKey(secret, chain_code, self.depth + 1, self.fingerprint, index)
        except CurveError:
            secp.wipe(secret)
            raise DerivationError("this child key does not exist; take the next one") from None
        finally:
            for buffer in (data, digest, tweak):
                secp.wipe(buffer)

    def derive_path(self, path: Iterable[int]) -> "ExtendedPrivateKey":
        """The descendant at the end of a path, a new object also for an empty one; keys in between are wiped."""
        key = ExtendedPrivateKey(
            self.private_key(), self.chain_code, self.depth, self.parent_fingerprint, self.child_number
        )
        for index in path:
            parent = key
            try:
                key = parent.derive(index)
            finally:
                parent.wipe()
        return key

    def wipe(self) -> None:
        """Overwrite the secret; the object is of no use after."""
        secp.wipe(self._secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    @override
    def __repr__(self) -> str:
        return f"ExtendedPrivateKey(depth={self.depth}, fingerprint={self.fingerprint.hex()})"


class PlacedKey(ExtendedPrivateKey):
    """A key that is known by its place below a master key which we may not have: paths are those from that master."""

    __slots__ = ("origin",)

    def __init__(self, key: ExtendedPrivateKey, origin: KeyOrigin) -> None:
        """Take over `key`, which is of no use after."""
        secret = key.private_key()
        key.wipe()
        super().__init__(secret, key.chain_code, key.depth, key.parent_fingerprint, key.child_number)
        self.origin = origin

    @property
    @override
    def fingerprint(self) -> Fingerprint:
        """The master's fingerprint."""
        return self.origin.fingerprint

    @override
    def derive_path(self, path: Iterable[int]) -> ExtendedPrivateKey:
        """The key at a path from the master; raises `DerivationError` where it does not lie below this key."""
        steps, known = tuple(path), self.origin.path
        if steps[: len(known)] != known:
            raise DerivationError("this path does not lie below the key that we have")
        return super().derive_path(steps[len(known) :])
