"""The public half of hierarchical keys (BIP32): paths, key origins, extended public keys.

Path steps are numbers of 32 bits; HARDENED and above are hardened ones, written 0h (0' is read too).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self, TypeAlias

from wallet.bitcoin import base58
from wallet.bitcoin.codec import ParseError, Reader, u32
from wallet.bitcoin.curve import CurveError, parse_public_key, tweak_add
from wallet.bitcoin.hashes import hash160, hmac_sha512
from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.bitcoin.slip132 import VERSIONS
from wallet.override import override

Fingerprint: TypeAlias = bytes
"""The first 4 bytes of the hash160 of a public key."""

HARDENED = 0x80000000
MAX_DEPTH = 255

_STEP = re.compile(r"(0|[1-9][0-9]{0,9})([h']?)", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{8}", re.ASCII)
_EXTENDED_SIZE = 78


class DerivationError(ValueError):
    """A child key that does not exist, or that only the private key can derive."""


def parse_step(text: str) -> int:
    """One step of a path, like 84h, 84' or 0; raises `ParseError`."""
    match = _STEP.fullmatch(text)
    if match is None or int(match[1]) >= HARDENED:
        raise ParseError(
            f"a path step is a number below 2147483648, with h behind it when hardened: {text[:24]!r} is not"
        )
    return int(match[1]) + (HARDENED if match[2] else 0)


def parse_path(text: str) -> tuple[int, ...]:
    """The steps of "m/84h/0h/0h", of "84'/0'/0'", or of "m" (none); raises `ParseError`."""
    steps = text.split("/")
    if steps[0] == "m":
        steps = steps[1:]
    elif text == "":
        steps = []
    if len(steps) > MAX_DEPTH:
        raise ParseError(f"a path of {len(steps)} steps; there are at most {MAX_DEPTH}")
    return tuple([parse_step(step) for step in steps])


def format_step(step: int) -> str:
    """One step, with h when hardened."""
    return f"{step - HARDENED}h" if step >= HARDENED else str(step)


def format_path(path: Iterable[int]) -> str:
    """The path from the master key, like m/84h/0h/0h."""
    return "/".join(["m", *map(format_step, path)])


@dataclass(frozen=True, slots=True)
class KeyOrigin:
    """Where a key comes from: the fingerprint of the master key and the path from there.

    The text is that of descriptors ("d34db33f/84h/0h", BIP380), the bytes are those of PSBTs (BIP174).
    """

    fingerprint: Fingerprint
    path: tuple[int, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From a fingerprint and steps of 4 bytes, little-endian; raises `ParseError`."""
        if len(raw) % 4 or not 4 <= len(raw) <= 4 * (MAX_DEPTH + 1):
            raise ParseError(f"a key origin of {len(raw)} bytes")
        reader = Reader(raw)
        return cls(reader.take(4), tuple([reader.u32() for _ in range(len(raw) // 4 - 1)]))

    @classmethod
    def parse_text(cls, text: str) -> Self:
        """From "d34db33f/84h/0h"; raises `ParseError`."""
        fingerprint, slash, path = text.partition("/")
        if _FINGERPRINT.fullmatch(fingerprint) is None:
            raise ParseError("a key origin begins with a fingerprint of 8 hex digits")
        if slash and not path:
            raise ParseError("a key origin ends in a slash")
        return cls(bytes.fromhex(fingerprint), tuple(map(parse_step, path.split("/"))) if path else ())

    def serialize(self) -> bytes:
        return self.fingerprint + b"".join(map(u32, self.path))

    def child(self, *steps: int) -> Self:
        """The origin of a key derived further."""
        return type(self)(self.fingerprint, self.path + steps)

    @override
    def __str__(self) -> str:
        return "/".join([self.fingerprint.hex(), *map(format_step, self.path)])


class ExtendedKeyFields(NamedTuple):
    """What the text of an extended key holds (BIP32, "Serialization format"). `key_data` has 33 bytes."""

    version: bytes
    depth: int
    parent_fingerprint: Fingerprint
    child_number: int
    chain_code: bytes
    key_data: bytes


def decode_extended_key(text: str) -> ExtendedKeyFields:
    """The fields of an xpub or xprv of any network; raises `ParseError`. Private or public is not looked at."""
    payload = base58.decode_check(text)
    if len(payload) != _EXTENDED_SIZE:
        raise ParseError(f"an extended key has {_EXTENDED_SIZE} bytes, not {len(payload)}")
    fields = ExtendedKeyFields(
        payload[:4], payload[4], payload[5:9], int.from_bytes(payload[9:13], "big"), payload[13:45], payload[45:]
    )
    if fields.depth == 0 and (any(fields.parent_fingerprint) or fields.child_number):
        raise ParseError("an extended key at depth 0 that claims to have a parent")
    return fields


def encode_extended_key(fields: ExtendedKeyFields) -> str:
    """The text of an extended key."""
    return base58.encode_check(
        b"".join(
            (
                fields.version,
                bytes((fields.depth,)),
                fields.parent_fingerprint,
                fields.child_number.to_bytes(4, "big"),
                fields.chain_code,
                fields.key_data,
            )
        )
    )


def explain_version(version: bytes, wanted: bytes) -> str:
    """Why an extended key's version bytes are not the `wanted` ones, in words."""
    other = VERSIONS.get(version)
    if other is not None and (other.type is not None or other.several_keys):
        return f"a {other.name} says its script type by itself: a descriptor takes the same key as xpub or tpub"
    kinds = {params.bip32_public: "public" for params in NETWORKS.values()}
    kinds |= {params.bip32_private: "private" for params in NETWORKS.values()}
    if version not in kinds:
        return "an extended key of an unknown kind"
    if kinds[version] != kinds[wanted]:
        return f"this extended key is {kinds[version]}, a {kinds[wanted]} one is needed"
    is_main = version in {NETWORKS["main"].bip32_public, NETWORKS["main"].bip32_private}
    return f"this extended key belongs to {'the main network' if is_main else 'a test network'}"


@dataclass(frozen=True)
class ExtendedPublicKey:
    """A public key (33 bytes) with the chain code (32 bytes) that its children derive from."""

    depth: int
    parent_fingerprint: Fingerprint
    child_number: int
    chain_code: bytes
    public_key: bytes

    @classmethod
    def parse_text(cls, text: str, params: ChainParams) -> Self:
        """From an xpub (tpub on test networks); raises `ParseError`, with the reason in words."""
        fields = decode_extended_key(text)
        if fields.version != params.bip32_public:
            raise ParseError(explain_version(fields.version, params.bip32_public))
        try:
            public_key = parse_public_key(fields.key_data)
        except CurveError as error:
            raise ParseError(f"an extended public key with {error}") from None
        return cls(fields.depth, fields.parent_fingerprint, fields.child_number, fields.chain_code, public_key)

    def to_text(self, params: ChainParams) -> str:
        """The xpub, or tpub on test networks."""
        return encode_extended_key(
            ExtendedKeyFields(
                params.bip32_public,
                self.depth,
                self.parent_fingerprint,
                self.child_number,
                self.chain_code,
                self.public_key,
            )
        )

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The first 4 bytes of the hash160 of the public key."""
        return hash160(self.public_key)[:4]

    def child_key(self, index: int) -> bytes:
        """The public key (33 bytes) of a child, without the rest of it; raises `DerivationError`."""
        return self._child(index)[0]

    def derive(self, index: int) -> "ExtendedPublicKey":
        """The child of a number below HARDENED; raises `DerivationError` (with a chance of 1 in 2^127 for others)."""
        public_key, chain_code = self._child(index)
        return ExtendedPublicKey(self.depth + 1, self.fingerprint, index, chain_code, public_key)

    def derive_path(self, path: Iterable[int]) -> "ExtendedPublicKey":
        """The descendant at the end of a path; raises `DerivationError`."""
        key = self
        for index in path:
            key = key.derive(index)
        return key

    def _child(self, index: int) -> tuple[bytes, bytes]:
        if index >= HARDENED:
            raise DerivationError(f"{format_step(index)} is hardened: only the private key can derive it")
        if index < 0 or self.depth >= MAX_DEPTH:
            raise DerivationError("there is no such child key")
        digest = hmac_sha512(self.chain_code, self.public_key + index.to_bytes(4, "big"))
        try:
            return tweak_add(self.public_key, digest[:32]), digest[32:]
        except CurveError:
            raise DerivationError(f"the child key {index} does not exist; take the next one") from None
