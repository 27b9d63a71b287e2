"""Electrum's own seed phrases: told by a version in their hash, stretched with a salt of their own.

Unlike BIP39 there is no checksum and no list that the words must be in: the HMAC-SHA512 of the normalised phrase begins
with the digits of a version ("Electrum Seed Version System", in Electrum's documentation). Standard seeds make P2PKH
addresses at m/0 and m/1, segwit ones P2WPKH addresses at m/0h/0 and m/0h/1.
"""

import hashlib
import hmac
import re
import unicodedata
from typing import Final, Literal

from wallet.bitcoin.hdkey import HARDENED
from wallet.bitcoin.script import ScriptType
from wallet.keys.seed import LANGUAGES, PhraseError, wordlist

SeedType = Literal["standard", "segwit", "2fa", "2fa_segwit"]

_VERSIONS: Final[tuple[tuple[str, SeedType], ...]] = (
    ("01", "standard"),
    ("100", "segwit"),
    ("101", "2fa"),
    ("102", "2fa_segwit"),
)
PATHS: Final[dict[str, tuple[ScriptType, tuple[int, ...]]]] = {
    "standard": (ScriptType.P2PKH, ()),
    "segwit": (ScriptType.P2WPKH, (HARDENED,)),
}
"""Script type of each kind of seed, and the path below which the branches 0 and 1 lie."""
_LEAST_WORDS: Final = 12
_ROUNDS: Final = 2048
_HEX_SEED: Final = re.compile(r"[0-9a-f]{32}([0-9a-f]{32})?")
# Between two characters of East Asian writing spaces are dropped. Electrum's table of intervals, joined where they
# touch: radicals to Yi, Hangul, compatibility and full-width forms, and the planes above the first.
_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u2ff0-\u2fff\u3040-\u319f\u31a0-\u31bf\u31c0-\u31ef\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua000-\ua4ff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
    "\U00016f00-\U00016f9f\U0001b000-\U0001b0ff\U00020000-\U0002a6df\U0002a700-\U0002b81f\U0002f800-\U0002fa1f"
    "\U000e0100-\U000e01ef]"
)
_OLD: Final = (
    "this is the seed of an Electrum wallet made before version 2.0 (2014), which Wren cannot read: restore it in "
    "Electrum and send the coins to an address of a new wallet here"
)
_TWO_FACTOR: Final = (
    "this is the seed of an Electrum wallet with two-factor authentication, whose coins need more keys than it holds: "
    "restore it in Electrum, choose to disable two-factor authentication, and send the coins to a new wallet here"
)


def normalise(text: str) -> str:
    """A phrase or passphrase as it is hashed: decomposed, lower case, bare of accents, spaces made single or none."""
    decomposed = unicodedata.normalize("NFKD", text).lower()
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    spaced = " ".join(bare.split())
    kept = [
        character
        for place, character in enumerate(spaced)
        if character != " " or not (_EAST_ASIAN.match(spaced[place - 1]) and _EAST_ASIAN.match(spaced[place + 1]))
    ]
    return "".join(kept)


def version_of(text: str) -> SeedType | None:
    """The kind of seed that the hash of a text says; one text in about 230 says one by accident."""
    digits = hmac.digest(b"Seed version", normalise(text).encode(), "sha512").hex()
    return next((kind for prefix, kind in _VERSIONS if digits.startswith(prefix)), None)


def read_electrum_seed(text: str) -> tuple[SeedType, str] | None:
    """The kind of an Electrum seed and its words; None where it is none.

    So that a mistyped phrase does not pass by accident, all words must be in one list of BIP39: those are Electrum's
    lists too. Raises `PhraseError` for Electrum's seeds that Wren cannot use, saying what to do.
    """
    words = unicodedata.normalize("NFKD", text).lower().split()
    if _HEX_SEED.fullmatch("".join(words)):
        raise PhraseError(_OLD)
    if len(words) < _LEAST_WORDS or not _are_listed(words):
        return None
    kind = version_of(text)
    if kind in {"2fa", "2fa_segwit"}:
        raise PhraseError(_TWO_FACTOR)
    return None if kind is None else (kind, " ".join(words))


def _are_listed(words: list[str]) -> bool:
    bare = [normalise(word) for word in words]
    return any({normalise(word) for word in wordlist(language)}.issuperset(bare) for language in LANGUAGES)


def electrum_seed(text: str, passphrase: str = "") -> bytearray:
    """The seed, 64 bytes, of a phrase and a passphrase. The phrase is not checked."""
    salt = b"electrum" + normalise(passphrase).encode()
    return bytearray(hashlib.pbkdf2_hmac("sha512", normalise(text).encode(), salt, _ROUNDS))
