"""Output descriptors of a single key: pkh, sh(wpkh), wpkh and tr with the key path alone (BIP380-382, 386, 389).

What else descriptors can say is refused with the reason in words, never read halfway.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from wallet.bitcoin import script
from wallet.bitcoin.curve import taproot_output_key
from wallet.bitcoin.descriptor_text import (
    DescriptorError,
    KeyExpression,
    add_checksum,
    checksum,
    read_key_expression,
    strip_checksum,
)
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.hdkey import HARDENED, DerivationError, ExtendedPublicKey, KeyOrigin, format_step
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType
from wallet.override import override

__all__ = [
    "DerivedScript",
    "Descriptor",
    "DescriptorError",
    "add_checksum",
    "checksum",
    "single_key_descriptor",
]

_SHAPES = {
    ScriptType.P2PKH: "pkh({})",
    ScriptType.P2SH_P2WPKH: "sh(wpkh({}))",
    ScriptType.P2WPKH: "wpkh({})",
    ScriptType.P2TR: "tr({})",
}
_FUNCTION = re.compile(r"([a-z_0-9]+)\((.*)\)", re.ASCII)
_NOT_HANDLED = {
    "pk": "pk (a bare public key) is not supported",
    "wsh": "wsh (a script of its own behind the address) is not supported",
    "multi": "multi (several keys) is not supported",
    "sortedmulti": "sortedmulti (several keys) is not supported",
    "multi_a": "multi_a (several keys) is not supported",
    "sortedmulti_a": "sortedmulti_a (several keys) is not supported",
    "musig": "musig (several keys) is not supported",
    "combo": "combo (several kinds of addresses at once) is not supported; give one descriptor for each",
    "raw": "raw (a script without a key) is not supported",
    "addr": "addr (an address without a key) is not supported",
    "rawtr": "rawtr (an output key as it is) is not supported",
}


@dataclass(frozen=True, slots=True)
class DerivedScript:
    """An output script and what spending it takes.

    public_key: 33 bytes; for P2TR the internal key, x-only, 32 bytes. origin: the full path to that key.
    """

    script_pubkey: bytes
    public_key: bytes
    origin: KeyOrigin
    redeem_script: bytes | None
    type: ScriptType


@dataclass(frozen=True)
class Descriptor:
    """The scripts of one key, or of all children of one: `type` says which kind of script."""

    type: ScriptType
    key: KeyExpression
    params: ChainParams

    @classmethod
    def parse(cls, text: str, params: ChainParams) -> Self:
        """The descriptor that a text is; raises `DescriptorError`. A checksum may be missing, but not be wrong."""
        kind, key = _unwrap(strip_checksum(text.strip()))
        return cls(kind, read_key_expression(key, params, allow_xonly=kind is ScriptType.P2TR), params)

    @property
    def is_ranged(self) -> bool:
        """Whether there is a script for every index (the path ends in *)."""
        return self.key.is_ranged

    @property
    def is_multipath(self) -> bool:
        """Whether this is several descriptors in one, as by <0;1>: see `branches`."""
        return bool(self.key.alternatives)

    def branches(self) -> tuple["Descriptor", ...]:
        """What a multipath descriptor stands for, by convention (external, internal); else this one alone (BIP389)."""
        numbers = self.key.alternatives
        if not numbers:
            return (self,)
        return tuple([Descriptor(self.type, self.key.choose(number), self.params) for number in numbers])

    def script_at(self, index: int) -> DerivedScript:
        """The script of an index from 0 to 2^31-1 (0 alone when not ranged).

        Raises `DescriptorError` when the index is out of bounds, or the child key does not exist (1 in 2^127).
        """
        if not 0 <= index < (HARDENED if self.is_ranged else 1):
            raise DescriptorError(f"this descriptor has no script number {index}")
        branch, origin = self._branch
        if branch is None:
            return _derived(self.type, self.key.single, origin)
        if not self.is_ranged:
            return _derived(self.type, branch.public_key, origin)
        try:
            return _derived(self.type, branch.child_key(index), origin.child(index))
        except DerivationError as error:
            raise DescriptorError(str(error)) from error

    @cached_property
    def _branch(self) -> tuple[ExtendedPublicKey | None, KeyOrigin]:
        """The key that indices derive from (or the one key), and its origin."""
        key = self.key
        if key.extended is None:
            full = key.single if len(key.single) == 33 else b"\x02" + key.single
            return None, key.origin or KeyOrigin(hash160(full)[:4])
        if key.alternatives:
            raise DescriptorError("a descriptor with alternatives like <0;1> has scripts in each of its branches only")
        steps = [step for step in key.steps if isinstance(step, int)]
        origin = key.origin or KeyOrigin(key.extended.fingerprint)
        try:
            return key.extended.derive_path(steps), origin.child(*steps)
        except DerivationError as error:
            raise DescriptorError(str(error)) from error

    @override
    def __str__(self) -> str:
        return add_checksum(_SHAPES[self.type].format(self.key.to_text(self.params)))


def _derived(kind: ScriptType, public_key: bytes, origin: KeyOrigin) -> DerivedScript:
    if kind is ScriptType.P2TR:
        internal = public_key[-32:]
        return DerivedScript(script.p2tr(taproot_output_key(internal)[0]), internal, origin, None, kind)
    key_hash = hash160(public_key)
    if kind is ScriptType.P2PKH:
        return DerivedScript(script.p2pkh(key_hash), public_key, origin, None, kind)
    program = script.p2wpkh(key_hash)
    if kind is ScriptType.P2WPKH:
        return DerivedScript(program, public_key, origin, None, kind)
    return DerivedScript(script.p2sh(hash160(program)), public_key, origin, program, kind)


def _unwrap(body: str) -> tuple[ScriptType, str]:
    """The script type and the key expression inside; raises `DescriptorError`."""
    name, argument = _call(body)
    if name == "pkh":
        return ScriptType.P2PKH, _key_only(argument)
    if name == "wpkh":
        return ScriptType.P2WPKH, _key_only(argument)
    if name == "tr":
        if "," in argument:
            raise DescriptorError("tr with scripts beside the key is not supported")
        return ScriptType.P2TR, _key_only(argument)
    if name == "sh":
        inner, key = _call(argument)
        if inner == "wpkh":
            return ScriptType.P2SH_P2WPKH, _key_only(key)
        raise DescriptorError(_NOT_HANDLED.get(inner, f"{inner} inside sh is not supported; sh(wpkh(…)) is"))
    raise DescriptorError(_NOT_HANDLED.get(name, f"{name} is no kind of descriptor that is known here"))


def _call(text: str) -> tuple[str, str]:
    match = _FUNCTION.fullmatch(text)
    if match is None:
        raise DescriptorError("a descriptor is written like wpkh(xpub…/0/*)")
    return match[1], match[2]


def _key_only(argument: str) -> str:
    if "(" in argument or ")" in argument:
        raise DescriptorError("a key is expected inside, not a script")
    return argument


def single_key_descriptor(
    kind: ScriptType,
    origin: KeyOrigin | None,
    xpub: ExtendedPublicKey,
    branch: int | tuple[int, ...],
    params: ChainParams,
) -> Descriptor:
    """The descriptor kind([origin]xpub/branch/*); a tuple of branches makes it multipath. Raises `DescriptorError`."""
    if kind not in _SHAPES:
        raise DescriptorError(f"there is no descriptor of a single key for {kind}")
    numbers = branch if isinstance(branch, tuple) else (branch,)
    if any(not 0 <= number < HARDENED for number in numbers):
        raise DescriptorError(f"a public key has no branch {'/'.join(map(format_step, numbers))}")
    return Descriptor(kind, KeyExpression(origin, xpub, b"", (branch,), True), params)
