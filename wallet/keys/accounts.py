"""The accounts of a secret: descriptors without private keys, and the keys that sign for them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from typing import Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor import Descriptor, DescriptorError, add_checksum, single_key_descriptor
from wallet.bitcoin.descriptor_text import KeyExpression, strip_checksum
from wallet.bitcoin.hdkey import HARDENED, DerivationError, ExtendedPublicKey, KeyOrigin, format_path
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.slip132 import read_slip132
from wallet.keys import electrum, seed
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.paths import known_paths
from wallet.keys.private_descriptor import has_private_keys, publish
from wallet.keys.record import Secret, VaultError, wipe
from wallet.keys.wif import parse_wif

ACCOUNT_TYPES: Final = (ScriptType.P2PKH, ScriptType.P2SH_P2WPKH, ScriptType.P2WPKH, ScriptType.P2TR)
RESERVE: Final = 20
"""How many accounts of each type have their public keys derived at once: all that a scan may go on to."""
_EXTERNAL: Final = re.compile(r"/0/\*(?=\)|,)")


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """The public side of an account. internal is None where change goes to the external branch."""

    type: str
    account: int
    origin_path: str
    external: str
    internal: str | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wallet begins with. kept: its accounts; search: where payments may lie as well; reserve: what follows.

    fingerprint: the master key's, 4 bytes, where it is known.
    """

    kept: tuple[AccountPlan, ...]
    search: tuple[AccountPlan, ...] = ()
    reserve: tuple[AccountPlan, ...] = ()
    fingerprint: bytes | None = None


# --- the keys that sign ---


@contextmanager
def signing_keys(secret: Secret, params: ChainParams) -> Iterator[tuple[ExtendedPrivateKey, ...]]:
    """The private keys that all of a secret derives from, wiped at the end of the block; none when it only watches."""
    keys: list[ExtendedPrivateKey] = []
    try:
        if secret.kind == "descriptor":
            for line in secret.data.decode().splitlines():
                publish(line, params, keys.append)
        elif secret.kind != "watch":
            keys.append(_only_key(secret, params))
        yield tuple(keys)
    finally:
        for key in keys:
            key.wipe()


def _only_key(secret: Secret, params: ChainParams) -> ExtendedPrivateKey:
    if secret.kind == "xprv":
        return ExtendedPrivateKey.parse_text(secret.data.decode(), params)
    if secret.kind == "wif":
        return ExtendedPrivateKey(parse_wif(secret.data.decode(), params).secret, bytes(32))
    if secret.kind == "electrum":
        stretched = electrum.electrum_seed(secret.data.decode(), secret.passphrase)
    else:
        words = seed.entropy_to_words(secret.data, secret.language)
        stretched = seed.mnemonic_to_seed(words, secret.passphrase)
    try:
        return ExtendedPrivateKey.from_seed(stretched)
    finally:
        wipe(stretched)


def key_at(keys: Sequence[ExtendedPrivateKey], origin: KeyOrigin, public_key: bytes) -> ExtendedPrivateKey:
    """The private key to a public one (33 bytes, or x-only 32), which the caller wipes; raises VaultError 'refused'."""
    for key in keys:
        if key.fingerprint != origin.fingerprint:
            continue
        with suppress(DerivationError):
            found = key.derive_path(origin.path)
            if found.public_key.endswith(public_key):
                return found
            found.wipe()
    raise VaultError("refused", "this wallet does not hold the private key of that address")


# --- accounts ---


def plan_accounts(secret: Secret, params: ChainParams, types: Sequence[str] = ()) -> Plan:
    """The accounts of a secret; `types` keeps to these script types. Raises `PhraseError`, `DescriptorError`."""
    wanted = tuple([ScriptType(name) for name in types]) or ACCOUNT_TYPES
    if secret.kind == "watch":
        return _watched(secret, params, wanted)
    with signing_keys(secret, params) as keys:
        if secret.kind == "descriptor":
            return _of_descriptors(secret.data.decode().splitlines(), params)
        key = keys[0]
        if secret.kind == "wif":
            return Plan(tuple([_single(key, kind, params) for kind in wanted]))
        if secret.kind == "electrum":
            kind, path = electrum.PATHS[secret.language]
            return Plan((account_at(key, kind, path, params),), fingerprint=key.fingerprint)
        if secret.kind == "xprv" and secret.language:
            wanted = (ScriptType(secret.language),)
        if key.depth:
            kept = tuple([account_at(key, kind, (), params) for kind in wanted])
            return Plan(kept, fingerprint=key.parent_fingerprint if key.depth == 1 else None)
        return _of_master(key, params, wanted, with_root=secret.kind == "xprv")


def _of_master(key: ExtendedPrivateKey, params: ChainParams, wanted: Sequence[ScriptType], with_root: bool) -> Plan:
    numbered = {
        number: tuple([standard_account(key, kind, number, params) for kind in wanted]) for number in range(RESERVE)
    }
    odd = [
        account_at(key, known.type, known.path, params, known.name)
        for known in known_paths(params)
        if known.type in wanted
    ]
    if with_root:
        odd += [account_at(key, kind, (), params, "at the root of the key") for kind in wanted]
    return Plan(
        kept=numbered[0],
        search=(*numbered[1], *odd),
        reserve=tuple([plan for number in range(2, RESERVE) for plan in numbered[number]]),
        fingerprint=key.fingerprint,
    )


def standard_account(key: ExtendedPrivateKey, kind: ScriptType, number: int, params: ChainParams) -> AccountPlan:
    """An account of a master key by BIP44, 49, 84 or 86."""
    return account_at(key, kind, seed.account_path(kind, number, params), params)


def account_at(
    key: ExtendedPrivateKey, kind: ScriptType, path: tuple[int, ...], params: ChainParams, label: str = ""
) -> AccountPlan:
    """The account whose branches 0 and 1 lie at a path below a key."""
    external, internal = seed.branches_at(key, kind, path, params)
    number = path[-1] if path else key.child_number
    account = number - HARDENED if number >= HARDENED else 0
    return AccountPlan(str(kind), account, format_path(path), str(external), str(internal), label)


def _single(key: ExtendedPrivateKey, kind: ScriptType, params: ChainParams) -> AccountPlan:
    shapes = {
        ScriptType.P2PKH: "pkh({})",
        ScriptType.P2SH_P2WPKH: "sh(wpkh({}))",
        ScriptType.P2WPKH: "wpkh({})",
        ScriptType.P2TR: "tr({})",
    }
    text = shapes[kind].format(key.public_key.hex())
    return AccountPlan(str(kind), 0, "m", str(Descriptor.parse(text, params)), None)


# --- what only watches ---


def _watched(secret: Secret, params: ChainParams, wanted: Sequence[ScriptType]) -> Plan:
    text = secret.data.decode()
    if secret.language != "xpub":
        return _of_descriptors(text.splitlines(), params)
    known, plain = read_slip132(text, params)
    xpub = ExtendedPublicKey.parse_text(plain, params)
    number = xpub.child_number - HARDENED if xpub.depth == 3 and xpub.child_number >= HARDENED else 0
    kept = []
    for kind in wanted if known.type is None else (known.type,):
        external, internal = (str(single_key_descriptor(kind, None, xpub, branch, params)) for branch in (0, 1))
        kept.append(AccountPlan(str(kind), number, "m", external, internal))
    fingerprints = {0: xpub.fingerprint, 1: xpub.parent_fingerprint}
    return Plan(tuple(kept), fingerprint=fingerprints.get(xpub.depth))


def _of_descriptors(lines: Iterable[str], params: ChainParams) -> Plan:
    """Accounts of descriptors: a multipath one is a pair, and so are two that differ in /0/* and /1/* alone.

    One that ends in /0/* alone is given its other half: wallets that print the receiving branch change to /1/*.
    """
    branches: list[tuple[Descriptor, ...]] = []
    for line in lines:
        public = publish(line, params, ExtendedPrivateKey.wipe) if has_private_keys(line) else line
        branches.append(Descriptor.parse(public, params).branches())
    singles = {str(pair[0]) for pair in branches if len(pair) == 1}
    pairs: dict[str, AccountPlan] = {}
    for found in branches:
        external = str(found[0])
        internal = str(found[1]) if len(found) > 1 else _other_half(external)
        if len(found) > 2:
            raise DescriptorError("a descriptor with more than two alternatives: Wren knows receiving and change only")
        if len(found) == 1 and _receiving_half(external) in singles:
            continue
        if internal is not None:
            Descriptor.parse(internal, params)
        pairs.setdefault(external, _plan_of(found[0], external, internal))
    return Plan(tuple(pairs.values()), fingerprint=_common_fingerprint([found[0] for found in branches]))


def _plan_of(descriptor: Descriptor, external: str, internal: str | None) -> AccountPlan:
    origin = descriptor.key.origin
    path = () if origin is None else origin.path
    number = path[-1] - HARDENED if path and path[-1] >= HARDENED else 0
    return AccountPlan(str(descriptor.type), number, format_path(path), external, internal)


def _other_half(external: str) -> str | None:
    """The change descriptor to a receiving one; None where it does not end in /0/*."""
    body = strip_checksum(external)
    return add_checksum(_EXTERNAL.sub("/1/*", body)) if _EXTERNAL.search(body) else None


def _receiving_half(internal: str) -> str | None:
    body = strip_checksum(internal)
    changed = re.sub(r"/1/\*(?=\)|,)", "/0/*", body)
    return add_checksum(changed) if changed != body else None


def _common_fingerprint(descriptors: Sequence[Descriptor]) -> bytes | None:
    """The one master key that all keys come from, where there is one."""
    keys = [key for one in descriptors for key in one.keys]
    origins = {None if key.origin is None else key.origin.fingerprint for key in keys}
    return origins.pop() if len(origins) == 1 else None


# --- private descriptors ---


def private_form(public: str, keys: Sequence[ExtendedPrivateKey], params: ChainParams) -> str:
    """A descriptor of ours with its private key in the place of the public one; raises VaultError without one."""
    descriptor = Descriptor.parse(public, params)
    shown = [text for one in descriptor.keys for text in _private_key(one, keys, params)]
    if not shown:
        raise VaultError("refused", "this wallet has no private key for one of its descriptors")
    for known, private in shown:
        public = _replaced(public, known, private)
    return public


def _private_key(
    shown: KeyExpression, keys: Sequence[ExtendedPrivateKey], params: ChainParams
) -> Iterator[tuple[str, str]]:
    """The text of a public key and of its private one, where we have that."""
    paths = ((),) if shown.origin is None else (shown.origin.path, ())
    for key, path in product(keys, paths):
        try:
            derived = key.derive_path(path)
        except DerivationError:
            continue
        with derived:
            if shown.extended is not None and derived.public() == shown.extended:
                yield shown.extended.to_text(params), derived.to_text(params)
                return
            if shown.extended is None and derived.public_key.endswith(shown.single):
                yield shown.single.hex(), _wif(derived, params)
                return


def _replaced(text: str, public: str, private: str) -> str:
    return add_checksum(strip_checksum(text).replace(public, private))


def _wif(key: ExtendedPrivateKey, params: ChainParams) -> str:
    from wallet.keys.wif import WifKey, format_wif

    return format_wif(WifKey(key.private_key(), is_compressed=True), params)


def check_public_key(text: str, params: ChainParams) -> None:
    """Raise `ParseError` unless a text is an extended public key of this network, in whatever notation."""
    known, plain = read_slip132(text, params)
    if known.is_private:
        raise ParseError("this extended key is private, a public one is needed")
    ExtendedPublicKey.parse_text(plain, params)
