"""What was typed into the restore box when it is neither a seed phrase nor a master key: said in words."""

import re
from typing import Final

_KINDS: Final = (
    (re.compile(r"[xyzvtuYZUV]pub[1-9A-HJ-NP-Za-km-z]{50,}"), "an extended public key: it can watch, but not pay"),
    (re.compile(r"[yzuvYZUV]prv[1-9A-HJ-NP-Za-km-z]{50,}"), "an extended private key in another notation (SLIP132)"),
    (re.compile(r"[a-z]{2,6}\(.*", re.DOTALL), "a descriptor"),
    (re.compile(r"[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}"), "a private key for a single address (WIF)"),
)


def other_kind(text: str) -> str | None:
    """What to say about a text that cannot be restored from yet; None when it may be a phrase or a master key."""
    word = text.strip()
    for pattern, name in _KINDS:
        if pattern.fullmatch(word):
            return f"this is {name}; Wren restores from seed words or a master key (xprv) only, so far"
    return None
