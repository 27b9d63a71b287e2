"""Output descriptors of one key, and of several that sign together (BIP380-383, 386, 389).

Of one key: pkh, sh(wpkh), wpkh, tr with the key path alone. Of several: multi and sortedmulti in wsh, sh(wsh) and sh.
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
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.hdkey import HARDENED, DerivationError, ExtendedPublicKey, KeyOrigin, format_step
from wallet.bitcoin.multisig import MAX_KEYS, MAX_P2SH_KEYS, MultisigPolicy, MultisigScript
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
_MULTISIG_SHAPES = {ScriptType.P2WSH: "wsh({})", ScriptType.P2SH_P2WSH: "sh(wsh({}))", ScriptType.P2SH: "sh({})"}
_NUMBER = re.compile(r"[1-9][0-9]?", re.ASCII)
_FUNCTION = re.compile(r"([a-z_0-9]+)\((.*)\)", re.ASCII)
_NOT_HANDLED = {
    "pk": "pk (a bare public key) is not supported",
    "multi": "multi (several keys) is supported inside wsh, sh(wsh) and sh",
    "sortedmulti": "sortedmulti (several keys) is supported inside wsh, sh(wsh) and sh",
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

    public_key: 33 bytes; for P2TR the internal key, x-only, 32 bytes. origin: the full path to that key. keys: all keys
    with their origins, in the descriptor's order; of several, public_key and origin are the first's.
    """

    script_pubkey: bytes
    public_key: bytes
    origin: KeyOrigin
    redeem_script: bytes | None
    type: ScriptType
    keys: tuple[tuple[bytes, KeyOrigin], ...]
    witness_script: bytes | None = None


@dataclass(frozen=True)
class Descriptor:
    """The scripts of one key, or of all children of one: `type` says which kind of script.

    multisig, others: for scripts of several keys how many must sign, and the keys after the first.
    """

    type: ScriptType
    key: KeyExpression
    params: ChainParams
    multisig: MultisigPolicy | None = None
    others: tuple[KeyExpression, ...] = ()

    @classmethod
    def parse(cls, text: str, params: ChainParams) -> Self:
        """The descriptor that a text is; raises `DescriptorError`. A checksum may be missing, but not be wrong."""
        kind, inside = _unwrap(strip_checksum(text.strip()))
        if kind in _SHAPES:
            return cls(
                kind, read_key_expression(_key_only(inside), params, allow_xonly=kind is ScriptType.P2TR), params
            )
        name, argument = _call(inside)
        policy, keys = _read_policy(name, argument.split(","), kind)
        expressions = [read_key_expression(_key_only(key), params, allow_xonly=False) for key in keys]
        _check_keys_agree(expressions)
        return cls(kind, expressions[0], params, policy, tuple(expressions[1:]))

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        """All keys, in the order written."""
        return (self.key, *self.others)

    @property
    def is_ranged(self) -> bool:
        """Whether there is a script for every index (the path ends in *)."""
        return any(key.is_ranged for key in self.keys)

    @property
    def is_multipath(self) -> bool:
        """Whether this is several descriptors in one, as by <0;1>: see `branches`."""
        return bool(self._alternatives)

    @property
    def _alternatives(self) -> tuple[int, ...]:
        return next((key.alternatives for key in self.keys if key.alternatives), ())

    def branches(self) -> tuple["Descriptor", ...]:
        """What a multipath descriptor stands for, by convention (external, internal); else this one alone (BIP389)."""
        numbers = self._alternatives
        return tuple([self._branch(place) for place in range(len(numbers))]) if numbers else (self,)

    def _branch(self, place: int) -> "Descriptor":
        first, *others = [key.choose(key.alternatives[place]) if key.alternatives else key for key in self.keys]
        return Descriptor(self.type, first, self.params, self.multisig, tuple(others))

    def script_at(self, index: int) -> DerivedScript:
        """The script of an index from 0 to 2^31-1 (0 alone when not ranged).

        Raises `DescriptorError` when the index is out of bounds, or the child key does not exist (1 in 2^127).
        """
        if not 0 <= index < (HARDENED if self.is_ranged else 1):
            raise DescriptorError(f"this descriptor has no script number {index}")
        derived = [_child(key, parent, index) for key, parent in zip(self.keys, self._parents, strict=True)]
        if self.multisig is None:
            return _derived(self.type, *derived[0])
        return _derived_multisig(self.type, self.multisig, tuple(derived))

    @cached_property
    def _parents(self) -> tuple[tuple[ExtendedPublicKey | bytes, KeyOrigin], ...]:
        """For each key what its indices derive from, or the one key, with the origin of that."""
        return tuple([_parent(key) for key in self.keys])

    @override
    def __str__(self) -> str:
        keys = ",".join(key.to_text(self.params) for key in self.keys)
        if self.multisig is None:
            return add_checksum(_SHAPES[self.type].format(keys))
        name = "sortedmulti" if self.multisig.is_sorted else "multi"
        return add_checksum(_MULTISIG_SHAPES[self.type].format(f"{name}({self.multisig.threshold},{keys})"))


def _child(
    expression: KeyExpression, parent: tuple[ExtendedPublicKey | bytes, KeyOrigin], index: int
) -> tuple[bytes, KeyOrigin]:
    """The key of an index, and its origin."""
    key, origin = parent
    if isinstance(key, bytes):
        return key, origin
    if not expression.is_ranged:
        return key.public_key, origin
    try:
        return key.child_key(index), origin.child(index)
    except DerivationError as error:
        raise DescriptorError(str(error)) from error


def _parent(key: KeyExpression) -> tuple[ExtendedPublicKey | bytes, KeyOrigin]:
    if key.extended is None:
        full = key.single if len(key.single) == 33 else b"\x02" + key.single
        return key.single, key.origin or KeyOrigin(hash160(full)[:4])
    if key.alternatives:
        raise DescriptorError("a descriptor with alternatives like <0;1> has scripts in each of its branches only")
    steps = [step for step in key.steps if isinstance(step, int)]
    origin = key.origin or KeyOrigin(key.extended.fingerprint)
    try:
        return key.extended.derive_path(steps), origin.child(*steps)
    except DerivationError as error:
        raise DescriptorError(str(error)) from error


def _derived(kind: ScriptType, public_key: bytes, origin: KeyOrigin) -> DerivedScript:
    redeem_script = None
    if kind is ScriptType.P2TR:
        public_key = public_key[-32:]
        script_pubkey = script.p2tr(taproot_output_key(public_key)[0])
    elif kind is ScriptType.P2PKH:
        script_pubkey = script.p2pkh(hash160(public_key))
    else:
        script_pubkey = script.p2wpkh(hash160(public_key))
    if kind is ScriptType.P2SH_P2WPKH:
        redeem_script, script_pubkey = script_pubkey, script.p2sh(hash160(script_pubkey))
    return DerivedScript(script_pubkey, public_key, origin, redeem_script, kind, ((public_key, origin),))


def _derived_multisig(
    kind: ScriptType, policy: MultisigPolicy, keys: tuple[tuple[bytes, KeyOrigin], ...]
) -> DerivedScript:
    raw = [key for key, _ in keys]
    several = MultisigScript(policy.threshold, tuple(sorted(raw) if policy.is_sorted else raw)).serialize()
    redeem_script = witness_script = None
    if kind is ScriptType.P2SH:
        redeem_script, script_pubkey = several, script.p2sh(hash160(several))
    else:
        witness_script, script_pubkey = several, script.p2wsh(sha256(several))
    if kind is ScriptType.P2SH_P2WSH:
        redeem_script, script_pubkey = script_pubkey, script.p2sh(hash160(script_pubkey))
    return DerivedScript(script_pubkey, *keys[0], redeem_script, kind, keys, witness_script)


_WRAPPERS = {
    ("pkh",): ScriptType.P2PKH,
    ("wpkh",): ScriptType.P2WPKH,
    ("tr",): ScriptType.P2TR,
    ("sh", "wpkh"): ScriptType.P2SH_P2WPKH,
    ("wsh",): ScriptType.P2WSH,
    ("sh", "wsh"): ScriptType.P2SH_P2WSH,
    ("sh",): ScriptType.P2SH,
}
_SEVERAL = {"multi", "sortedmulti"}


def _unwrap(body: str) -> tuple[ScriptType, str]:
    """The script type and what stands inside: a key, or a call of several; raises `DescriptorError`."""
    name, argument = _call(body)
    if name == "sh" and (inner := _call(argument))[0] in {"wpkh", "wsh"}:
        return _checked(("sh", inner[0]), inner[1])
    return _checked((name,), argument)


def _checked(names: tuple[str, ...], argument: str) -> tuple[ScriptType, str]:
    kind = _WRAPPERS.get(names)
    if kind is None:
        raise DescriptorError(_NOT_HANDLED.get(names[-1], f"{names[-1]} is no kind of descriptor that is known here"))
    if kind is ScriptType.P2TR and "," in argument:
        raise DescriptorError("tr with scripts beside the key is not supported")
    if kind in _MULTISIG_SHAPES and (name := _call(argument)[0]) not in _SEVERAL:
        known = _NOT_HANDLED.get(name, f"{name} inside {names[-1]} is not supported")
        raise DescriptorError(f"{known}; {names[-1]}(sortedmulti(…)) is")
    return kind, argument


def _read_policy(name: str, parts: list[str], kind: ScriptType) -> tuple[MultisigPolicy, list[str]]:
    """How many of the keys must sign, and the keys' texts; raises `DescriptorError`."""
    threshold, *keys = parts
    most = MAX_P2SH_KEYS if kind is ScriptType.P2SH else MAX_KEYS
    if not 1 <= len(keys) <= most:
        raise DescriptorError(f"{name} takes 1 to {most} keys here, not {len(keys)}")
    if _NUMBER.fullmatch(threshold) is None or not 1 <= int(threshold) <= len(keys):
        raise DescriptorError(f"{name} begins with how many keys must sign, 1 to {len(keys)}")
    return MultisigPolicy(int(threshold), len(keys), name == "sortedmulti"), keys


def _check_keys_agree(keys: list[KeyExpression]) -> None:
    """The same number of branches, and each key once; raises `DescriptorError`."""
    if len({len(key.alternatives) for key in keys if key.alternatives}) > 1:
        raise DescriptorError("the keys have different numbers of alternatives like <0;1>")
    if len({(key.extended, key.single, key.steps) for key in keys}) < len(keys):
        raise DescriptorError("the same key stands there twice")


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
