"""The restore box: what a text is, told by its form and its checksums, or why it is nothing that can be restored.

A phrase can be right by BIP39's checksum and by Electrum's version at once, by chance. BIP39 is taken then, unless
`electrum:` stands before the words; `bip39:` says the other. Nothing is corrected silently.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Final, Literal

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.codec import OtherNetwork, ParseError
from wallet.bitcoin.descriptor import Descriptor, DescriptorError
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.slip132 import read_slip132
from wallet.keys import seed
from wallet.keys.accounts import check_public_key
from wallet.keys.electrum import read_electrum_seed
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.phrase_help import repairs
from wallet.keys.private_descriptor import has_private_keys, publish
from wallet.keys.record import Secret
from wallet.keys.seed import PhraseError
from wallet.keys.wif import WifKey, parse_wif

RestoreKind = Literal["bip39", "electrum", "xprv", "xpub", "descriptor", "wif"]

_CHOSEN: Final = re.compile(r"\s*(electrum|bip39)\s*:(.*)", re.IGNORECASE | re.DOTALL)
_EXTENDED: Final = re.compile(r"[a-zA-Z](pub|prv)[0-9A-Za-z]{20,}")
_WIF: Final = re.compile(r"[59KLc][1-9A-HJ-NP-Za-km-z]{50,51}")
_BIP38: Final = re.compile(r"6P[1-9A-HJ-NP-Za-km-z]{56}")
_DESCRIPTOR: Final = re.compile(r"\s*[a-z_0-9]{2,12}\(.*", re.DOTALL)
_MOST_DESCRIPTORS: Final = 64
_LABELS: Final = {"standard": "legacy addresses", "segwit": "native segwit addresses"}


class OtherNetworkPhrase(PhraseError):
    """A key that is right, but of another network."""

    code = "wrong_network"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that can be restored from. message: what it is, in words; alternatives: as what else it could be read."""

    secret: Secret
    kind: RestoreKind
    message: str
    alternatives: tuple[RestoreKind, ...] = ()
    watch_only: bool = False
    words: tuple[str, ...] = field(default=(), repr=False)


def read(text: str, params: ChainParams) -> Reading:
    """What a text is. Raises `PhraseError` or `DescriptorError` that says what is wrong, and never repeats a key."""
    chosen = _CHOSEN.fullmatch(text)
    if chosen is not None:
        return _phrase(chosen[2], "electrum" if chosen[1].lower() == "electrum" else "bip39")
    bare = text.strip()
    if bare.startswith(("{", "[")):
        return _descriptors(_from_json(bare), params)
    if _DESCRIPTOR.fullmatch(bare):
        return _descriptors(bare.splitlines(), params)
    if len(bare.split()) == 1:
        found = _single_word(bare, params)
        if found is not None:
            return found
    return _phrase(text, None)


# --- keys ---


def _single_word(text: str, params: ChainParams) -> Reading | None:
    try:
        if _EXTENDED.fullmatch(text):
            return _extended(text, params)
        if _WIF.fullmatch(text):
            return _wif(text, params)
    except OtherNetwork as error:
        raise OtherNetworkPhrase(str(error)) from None
    except ParseError as error:
        raise PhraseError(str(error)) from None
    if _BIP38.fullmatch(text):
        raise PhraseError(
            "this is a private key under a password (BIP38), which Wren cannot open: open it where it was made, and "
            "give the private key itself"
        )
    if _is_address(text, params):
        raise PhraseError("this is an address: it holds no key, so nothing can be restored from it")
    return None


def _is_address(text: str, params: ChainParams) -> bool:
    try:
        parse_address(text, params)
    except AddressError as error:
        return error.code == "wrong_network"
    return True


def _extended(text: str, params: ChainParams) -> Reading:
    known, plain = read_slip132(text, params)
    what = "" if known.type is None else f" of {_TYPE_NAMES[known.type]} addresses ({known.name})"
    if known.is_private:
        ExtendedPrivateKey.parse_text(plain, params).wipe()
        secret = Secret("xprv", plain.encode(), "" if known.type is None else str(known.type))
        return Reading(secret, "xprv", f"an extended private key{what}")
    check_public_key(text, params)
    secret = Secret("watch", text.encode(), "xpub")
    return Reading(secret, "xpub", f"an extended public key{what}: it can watch, but not pay", watch_only=True)


_TYPE_NAMES: Final = {"p2wpkh": "native segwit", "p2sh-p2wpkh": "nested segwit"}


def read_single_key(text: str, params: ChainParams) -> WifKey:
    """The private key that a text is, to be wiped by who asked; raises `PhraseError` that never repeats the text."""
    try:
        return parse_wif(text, params)
    except OtherNetwork as error:
        raise OtherNetworkPhrase(str(error)) from None
    except ParseError as error:
        raise PhraseError(f"this is no private key in its usual form (WIF): {error}") from None


def _wif(text: str, params: ChainParams) -> Reading:
    key = parse_wif(text, params)
    is_compressed = key.is_compressed
    key.wipe()
    if not is_compressed:
        raise PhraseError(
            "this is a private key of the old, uncompressed form: sweep its coins to a wallet of yours (`wren sweep`)"
        )
    message = "a private key for a single address: its payments are watched, and each payment to it shows they belong "
    return Reading(Secret("wif", text.encode()), "wif", message + "together; sweeping it to a wallet is better")


# --- descriptors ---


def _from_json(text: str) -> list[str]:
    """The descriptors of what a node's `listdescriptors` printed."""
    try:
        found = json.loads(text)
        rows = found["descriptors"] if isinstance(found, dict) else found
        return [str(row["desc"]) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DescriptorError("this is no list of descriptors as `listdescriptors` prints it") from None


def _descriptors(lines: list[str], params: ChainParams) -> Reading:
    texts = [line.strip() for line in lines if line.strip()]
    if len(texts) > _MOST_DESCRIPTORS:
        raise DescriptorError(f"{len(texts)} descriptors at once; Wren takes {_MOST_DESCRIPTORS}")
    private = [has_private_keys(line) for line in texts]
    if any(private) != all(private):
        raise DescriptorError("some of these descriptors have private keys and some have not: restore them separately")
    for number, line in enumerate(texts, 1):
        try:
            public = publish(line, params, ExtendedPrivateKey.wipe) if private[0] else line
            Descriptor.parse(public, params)
        except DescriptorError as error:
            where = f"descriptor {number}: " if len(texts) > 1 else ""
            raise DescriptorError(where + str(error)) from None
    data = "\n".join(texts).encode()
    what = "a descriptor" if len(texts) == 1 else f"{len(texts)} descriptors"
    if private[0]:
        return Reading(Secret("descriptor", data), "descriptor", f"{what} with private keys")
    message = f"{what} without private keys: the wallet can watch, but not pay"
    return Reading(Secret("watch", data, "descriptor"), "descriptor", message, watch_only=True)


# --- phrases ---


def _phrase(text: str, chosen: RestoreKind | None) -> Reading:
    if chosen == "bip39":
        return _bip39(text)
    electrum = _electrum(text, chosen)
    if chosen == "electrum":
        if electrum is None:
            raise PhraseError("these words are no Electrum seed: its version is not in their hash; check each word")
        return electrum
    try:
        bip39 = _bip39(text)
    except PhraseError as error:
        if electrum is not None:
            return electrum
        raise _with_help(text, error) from None
    if electrum is None:
        return bip39
    message = f"{bip39.message}. By chance it is right as {electrum.message} too: choose that if Electrum made it"
    return Reading(bip39.secret, "bip39", message, ("electrum",), words=bip39.words)


def _electrum(text: str, chosen: RestoreKind | None) -> Reading | None:
    """The phrase as a seed of Electrum's; None where it is none. Raises `PhraseError` for one that cannot be used."""
    try:
        own = read_electrum_seed(text)
    except PhraseError:
        # One BIP39 phrase in 2,000 has the hash of an Electrum seed that cannot be used: its checksum speaks for it.
        if chosen is None and _is_bip39(text):
            return None
        raise
    if own is None:
        return None
    kind, words = own
    message = f"an Electrum seed of {len(words.split())} words, for {_LABELS[kind]}"
    return Reading(Secret("electrum", words.encode(), kind), "electrum", message, words=tuple(words.split()))


def _is_bip39(text: str) -> bool:
    try:
        seed.check_mnemonic(text)
    except PhraseError:
        return False
    return True


def _bip39(text: str) -> Reading:
    report = seed.check_mnemonic(text)
    language = report.language.replace("_", " ").title()
    message = f"a seed phrase of {len(report.words)} words ({language}), its checksum is right"
    return Reading(Secret("bip39", report.entropy, report.language), "bip39", message, words=report.words)


def _with_help(text: str, error: PhraseError) -> PhraseError:
    """The error, with what would mend it, or with what else the words might be."""
    words = seed.split_words(text)
    languages = seed.languages_of(words)
    found = [said for language in languages for said in repairs(words, language)]
    if found:
        return PhraseError(f"{error}. It would hold with {', or with '.join(found)}: look at what you wrote down")
    if not languages and len(words) in {12, 24} and all(word.isascii() and word.isalpha() for word in words):
        return PhraseError(f"{error}. Electrum's seeds from before version 2.0 (2014) cannot be restored here")
    return error
