"""Blots out of a text what is nobody else's business, so that it can be kept in a log, or given to somebody who helps.

A pure function over text. It rather blots too much: what looks like a key, a seed phrase, an address, a transaction, a
figure of money, a place on this computer or on the network goes; so do the words that the caller names.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

# Extended private keys, WIF keys, and runs of twelve and more words that look like a seed phrase, however they are
# capitalised, numbered and set apart: 3-9 letters each (prose seldom goes so far without a shorter word), or words of
# another script.
_WORD: Final = r"[a-zA-Z\u00c0-\u017f]{3,9}"
_APART: Final = r"(?:[\s.,;'\"\[\]-]|\d:?){1,12}"  # a colon ends a number; elsewhere prose comes before it
SECRETS: Final = re.compile(
    r"[a-zA-Z]prv[1-9A-HJ-NP-Za-km-z]{100,}"
    r"|(?<![a-zA-Z0-9])[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}(?![a-zA-Z0-9])"
    rf"|(?<![a-zA-Z\u00c0-\u017f])(?:{_WORD}{_APART}){{11,}}{_WORD}(?![a-zA-Z\u00c0-\u017f])"
    r"|(?:[^\x00-\x7f\u3000]+[ \u3000]+){11,}[^\x00-\x7f\u3000]+"
)

SHORTEST: Final = 3
"""Words that are named and shorter than this would blot half the text."""

_BASE58: Final = "1-9A-HJ-NP-Za-km-z"
_PATTERNS: Final = tuple(
    (re.compile(pattern), blot)
    for pattern, blot in (
        (r"(?i)\bbitcoin:\S+", "(link)"),
        (rf"\b[a-zA-Z]p(?:ub|rv)[{_BASE58}]{{20,}}", "(key)"),
        (r"\[[0-9a-fA-F]{8}(?:/\d+[hH']?)*\]", "(key)"),
        (r"(?i)(?<![a-z0-9])(?:bc|tb|bcrt)1[02-9ac-hj-np-z]{8,}", "(address)"),
        (r"(?i)(?<![a-z0-9])(?:bc1[a-z0-9]|tb1[a-z0-9]|bcrt)(?: [a-z0-9]{4}){5,}(?: [a-z0-9]{1,3}\b)?", "(address)"),
        (rf"(?<![a-zA-Z0-9])[123mn][{_BASE58}]{{25,34}}(?![a-zA-Z0-9])", "(address)"),
        (r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])(?::\d+)?", "(id)"),
        (r"(?<![0-9a-fA-F])[0-9a-fA-F]{32,}", "(data)"),
        (r"[A-Za-z0-9+/_-]{60,}={0,2}", "(data)"),
        (r"(?i)[a-z2-7]{16,56}\.(?:onion|i2p)(?![a-z0-9])(?::\d+)?", "(peer)"),
        (r"\[[0-9a-fA-F:.]{2,45}(?:%\w+)?\](?::\d+)?", "(peer)"),
        (r"(?<![a-zA-Z0-9])(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?![a-zA-Z0-9]|\.\d)(?::\d+)?", "(peer)"),
        (r"(?i)(?<![\w.-])(?=[\d.-]*[a-z])[\w.-]{1,253}:\d{4,5}\b", "(peer)"),
        (r"[-+\u2212]?\d[\d.,_\u00a0\u202f ]{0,40}(?:sats?\b|satoshis?\b|BTC\b|btc\b|bitcoins?\b)", "(amount)"),
        (r'(?<!File )"[^"\n]*"|“[^”\n]*”|(?<!\w)\'[^\'\n]*\'(?!\w)', "(words)"),
        (r"\b(wallets|deleted)([/\\])[^/\\\s]+", r"\1\2(wallet)"),
        (r"(?i)(?:/home/|/users/|/media/|/volumes/|[a-z]:\\users\\)[^/\\\s\"']+", "~"),
    )
)
_MOST_OF_A_TIME: Final = 3
"""Colons."""
_COLONS: Final = re.compile(r"(?<![\w.])(?=[0-9a-fA-F]*:[0-9a-fA-F]*:)[0-9a-fA-F:.]{2,45}")


def without_secrets(text: str) -> str:
    """The text without private keys and seed phrases."""
    return SECRETS.sub("(secret)", text)


def redact(text: str, words: Iterable[str] = (), places: Iterable[str] = ()) -> str:
    """The text without what is private. words: labels, names and hosts of the user's; places: folders of the user's."""
    for place in sorted(filter(None, places), key=len, reverse=True):
        text = text.replace(place, "~")
    text = without_secrets(text)
    named = sorted({word.strip() for word in words if len(word.strip()) >= SHORTEST}, key=len, reverse=True)
    if named:
        text = re.sub(
            "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in named), "(words)", text, flags=re.IGNORECASE
        )
    for pattern, blot in _PATTERNS:
        text = pattern.sub(blot, text)
    return _COLONS.sub(_without_address, text)


def _without_address(found: re.Match[str]) -> str:
    """Figures and colons: an IPv6 address, what is as long as one, or a time of day."""
    figures = found[0].rstrip(":.")
    try:
        ipaddress.IPv6Address(figures)
    except ValueError:
        if figures.count(":") <= _MOST_OF_A_TIME:
            return found[0]
    return f"(peer){found[0][len(figures) :]}"
