"""Blots out of a text what is nobody else's business, so that it can be kept in a log, or given to somebody who helps.

A pure function over text. It rather blots too much: what looks like a key, a seed phrase, an address, a transaction, a
figure of money, a place on this computer or on the network goes; so do the words that the caller names.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

# Extended private keys, WIF keys, and runs of twelve and more words that look like a seed phrase: 3-9 small letters
# each (prose seldom goes so far without a shorter word), or words of another script.
SECRETS: Final = re.compile(
    r"\b[a-z]prv[1-9A-HJ-NP-Za-km-z]{100,}"
    r"|\b[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}\b"
    r"|\b(?:[a-z\u00e0-\u017f]{3,9} +){11,}[a-z\u00e0-\u017f]{3,9}\b"
    r"|(?:[^\x00-\x7f]+[ \u3000]+){11,}[^\x00-\x7f]+"
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
        (r"(?i)\b(?:bc|tb|bcrt)1[02-9ac-hj-np-z]{8,}", "(address)"),
        (rf"\b[123mn][{_BASE58}]{{25,34}}\b", "(address)"),
        (r"\b[0-9a-fA-F]{64}\b(?::\d+)?", "(id)"),
        (r"\b[0-9a-fA-F]{40,}\b", "(data)"),
        (r"[A-Za-z0-9+/_-]{60,}={0,2}", "(data)"),
        (r"\b[a-z2-7]{16,56}\.(?:onion|i2p)\b(?::\d+)?", "(peer)"),
        (r"\[[0-9a-fA-F:.]{2,45}(?:%\w+)?\](?::\d+)?", "(peer)"),
        (r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])(?::\d+)?", "(peer)"),
        (r"[-+\u2212]?\d[\d.,\u00a0\u202f ]*(?:sats?\b|satoshis?\b|BTC\b|btc\b|bitcoins?\b)", "(amount)"),
        (r'(?<!File )"[^"\n]*"|“[^”\n]*”|(?<!\w)\'[^\'\n]*\'(?!\w)', "(words)"),
        (r"\b(wallets|deleted)([/\\])[^/\\\s]+", r"\1\2(wallet)"),
        (r"(?i)(?:/home/|/users/|[a-z]:\\users\\)[^/\\\s\"']+", "~"),
    )
)
_COLONS: Final = re.compile(r"(?<![\w.:])(?=[0-9a-fA-F]*:[0-9a-fA-F]*:)[0-9a-fA-F:.]{2,45}")


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
    """Figures and colons: an IPv6 address, or a time of day."""
    figures = found[0].rstrip(":.")
    try:
        ipaddress.IPv6Address(figures)
    except ValueError:
        return found[0]
    return f"(peer){found[0][len(figures) :]}"
