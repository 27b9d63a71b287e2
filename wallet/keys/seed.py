"""Seed phrases (BIP39): made, checked with words for what is wrong, turned into seeds; and the paths of accounts.

The word lists come with the `mnemonic` package. Phrases are made in English, as the BIP urges; all ten languages of
its test vectors are read.
"""

import difflib
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from mnemonic import Mnemonic

from wallet.bitcoin.descriptor import Descriptor, single_key_descriptor
from wallet.bitcoin.hdkey import HARDENED, KeyOrigin
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType
from wallet.keys.hdprivate import ExtendedPrivateKey

__all__ = [
    "LANGUAGES",
    "PURPOSES",
    "ExtendedPrivateKey",
    "PhraseError",
    "PhraseReport",
    "account_descriptors",
    "account_path",
    "branches_at",
    "check_mnemonic",
    "entropy_to_words",
    "mnemonic_to_seed",
    "new_mnemonic",
    "wordlist",
]

LANGUAGES: Final = (
    "english",
    "chinese_simplified",
    "chinese_traditional",
    "czech",
    "french",
    "italian",
    "japanese",
    "korean",
    "portuguese",
    "spanish",
)
WORD_COUNTS: Final = (12, 15, 18, 21, 24)
PURPOSES: Final[Mapping[ScriptType, int]] = MappingProxyType(
    {ScriptType.P2PKH: 44, ScriptType.P2SH_P2WPKH: 49, ScriptType.P2WPKH: 84, ScriptType.P2TR: 86}
)
"""The first step of an account's path by its script type (BIP44, 49, 84, 86)."""

_ROUNDS = 2048
_MAX_LENGTH = 2000
_LATIN_ACCENTS = re.compile("[\u0300-\u036f]")


class PhraseError(ValueError):
    """A seed phrase that cannot be right; the message is for the one who typed it, and names the word."""

    code = "bad_phrase"


@dataclass(frozen=True, slots=True)
class PhraseReport:
    """A phrase whose checksum is right. words: as they stand in the list. entropy: 16 to 32 bytes."""

    language: str
    words: tuple[str, ...] = field(repr=False)
    entropy: bytes = field(repr=False)


@cache
def wordlist(language: str) -> tuple[str, ...]:
    """The 2,048 words of a language of LANGUAGES, NFKD-normalised, in order."""
    if language not in LANGUAGES:
        raise PhraseError(f"there is no word list for {language}")
    return tuple([unicodedata.normalize("NFKD", word) for word in Mnemonic(language).wordlist])


@cache
def _positions(language: str) -> dict[str, int]:
    """Numbers by word; words with Latin accents are known without them too."""
    words = wordlist(language)
    bare = {_LATIN_ACCENTS.sub("", word): number for number, word in enumerate(words)}
    return bare | {word: number for number, word in enumerate(words)}


def new_mnemonic(words: int = 12, language: str = "english") -> str:
    """A new phrase of 12, 15, 18, 21 or 24 words, from the operating system's randomness; raises `PhraseError`."""
    if words not in WORD_COUNTS:
        raise PhraseError(_count_message(words))
    return entropy_to_words(secrets.token_bytes(words * 4 // 3), language)


def entropy_to_words(entropy: bytes, language: str) -> str:
    """The phrase that entropy (16, 20, 24, 28 or 32 bytes) is; Japanese words stand apart by an ideographic space."""
    if len(entropy) * 3 // 4 not in WORD_COUNTS or len(entropy) % 4:
        raise PhraseError(f"entropy of {len(entropy)} bytes makes no phrase")
    checksum_bits = len(entropy) // 4
    value = int.from_bytes(entropy, "big") << checksum_bits | _checksum(entropy)
    count = len(entropy) * 3 // 4
    words = wordlist(language)
    chosen = [words[value >> 11 * place & 0x7FF] for place in reversed(range(count))]
    return ("\u3000" if language == "japanese" else " ").join(chosen)


def _checksum(entropy: bytes) -> int:
    """As many bits of the hash as the entropy has groups of 32."""
    return hashlib.sha256(entropy).digest()[0] >> 8 - len(entropy) // 4


def check_mnemonic(text: str) -> PhraseReport:
    """The phrase that a text is, words and checksum checked; raises `PhraseError` that says what is wrong.

    Case, spaces of any kind and missing Latin accents do not matter. Which of two languages is meant where both have
    all words is told by the checksum.
    """
    words = split_words(text)
    languages = languages_of(words)
    if not languages:
        raise PhraseError(_unknown_word_message(words))
    if len(words) not in WORD_COUNTS:
        raise PhraseError(_count_message(len(words)))
    for language in languages:
        if (report := decoded(words, language)) is not None:
            return report
    raise PhraseError(
        "the checksum is wrong: each word is in the list, but one of them is not the right one, or their order is not"
    )


def languages_of(words: Sequence[str]) -> list[str]:
    """The languages whose list has all of these words."""
    return [language for language in LANGUAGES if all(word in _positions(language) for word in words)]


def split_words(text: str) -> list[str]:
    """The words of a text. Chinese may be written without spaces, as every word is one character."""
    if len(text) > _MAX_LENGTH:
        raise PhraseError(f"a text of {len(text)} characters is no seed phrase")
    words = unicodedata.normalize("NFKD", text).lower().split()
    if not words:
        raise PhraseError("there are no words")
    if len(words) == 1 and len(words[0]) in WORD_COUNTS:
        for language in ("chinese_simplified", "chinese_traditional"):
            if all(character in _positions(language) for character in words[0]):
                return list(words[0])
    return words


def decoded(words: Sequence[str], language: str) -> PhraseReport | None:
    """The reading of a phrase whose words are all in a language's list; None where its checksum is wrong."""
    checksum_bits = len(words) // 3
    value = 0
    for word in words:
        value = value << 11 | _positions(language)[word]
    entropy = (value >> checksum_bits).to_bytes(len(words) * 4 // 3, "big")
    if _checksum(entropy) != value & (1 << checksum_bits) - 1:
        return None
    listed = wordlist(language)
    return PhraseReport(language, tuple([listed[_positions(language)[word]] for word in words]), entropy)


def _count_message(count: int) -> str:
    return f"a seed phrase has 12, 15, 18, 21 or 24 words, not {count}"


def _unknown_word_message(words: list[str]) -> str:
    """Names the first word that the likeliest language does not have, and where it stands."""
    language = max(LANGUAGES, key=lambda each: sum(word in _positions(each) for word in words))
    known = _positions(language)
    place, word = next((place, word) for place, word in enumerate(words, 1) if word not in known)
    title = language.replace("_", " ").title()
    message = f'word {place}, "{word[:40]}", is not in the {title} word list'
    elsewhere = [each for each in LANGUAGES if word in _positions(each)]
    if elsewhere:
        return f"{message}, but in the {elsewhere[0].replace('_', ' ').title()} one"
    similar = difflib.get_close_matches(word, wordlist(language), 1)
    return f'{message}; did you mean "{similar[0]}"?' if similar else message


def mnemonic_to_seed(words: str, passphrase: str = "") -> bytearray:
    """The seed, 64 bytes, of a phrase and a passphrase (BIP39, "From mnemonic to seed"). The phrase is not checked."""
    phrase = " ".join(unicodedata.normalize("NFKD", words).split())
    salt = unicodedata.normalize("NFKD", "mnemonic" + passphrase)
    return bytearray(hashlib.pbkdf2_hmac("sha512", phrase.encode(), salt.encode(), _ROUNDS))


def account_path(kind: ScriptType, account: int, params: ChainParams) -> tuple[int, ...]:
    """The path from the master key to an account: purpose, coin type and account number, all hardened (BIP44)."""
    if not 0 <= account < HARDENED:
        raise ValueError(f"there is no account {account}")
    return (PURPOSES[kind] + HARDENED, params.coin_type + HARDENED, account + HARDENED)


def account_descriptors(
    master: ExtendedPrivateKey, kind: ScriptType, account: int, params: ChainParams
) -> tuple[Descriptor, Descriptor]:
    """The external and the internal descriptor of an account, without secrets (BIP44, 49, 84, 86).

    A key that is no master key (its depth is not 0) is taken for the account's own, whatever the number.
    """
    path = account_path(kind, account, params) if master.depth == 0 else ()
    return branches_at(master, kind, path, params)


def branches_at(
    master: ExtendedPrivateKey, kind: ScriptType, path: tuple[int, ...], params: ChainParams
) -> tuple[Descriptor, Descriptor]:
    """The descriptors of the branches 0 and 1 below a path from a key, without secrets."""
    with master.derive_path(path) as key:
        xpub = key.public()
    origin = KeyOrigin(master.fingerprint, path)
    external, internal = (single_key_descriptor(kind, origin, xpub, branch, params) for branch in (0, 1))
    return external, internal
