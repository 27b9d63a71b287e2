"""Signed messages in words: which kind of signature an address gives, what a verdict says, what a text hides."""

from collections.abc import Iterable
from typing import Final, Literal

from PySide6.QtGui import QTextDocument

from wallet.bitcoin.address import Address
from wallet.bitcoin.script import ScriptType
from wallet.engine import api
from wallet.ui.text import safe_text, translate

MOST_OFFERED: Final = 12
LONGEST: Final = 1_000_000
_AS_TYPED: Final = str.maketrans({"\u2029": "\n", "\u2028": "\n", "\ufdd0": "\n", "\ufdd1": "\n"})


def typed_text(document: QTextDocument) -> str:
    """What stands in a box, character by character: `toPlainText` would turn a no-break space into a plain one."""
    return document.toRawText().translate(_AS_TYPED)


def kind_of_signature(address: Address) -> str:
    """What a signature of this address will be, and who can verify it."""
    if address.type is ScriptType.P2PKH:
        return translate("A signature in the old form (BIP137), which nearly every wallet verifies.")
    if address.type in {ScriptType.P2WPKH, ScriptType.P2TR, ScriptType.P2SH, ScriptType.P2WSH}:
        return translate("A signature in the new form (BIP322), which newer wallets verify; older ones may not.")
    return translate("Wren cannot sign for an address of this kind.")


def verdict(valid: bool) -> tuple[str, Literal["good", "error"]]:
    """What a verified signature tells, and what it does not."""
    if valid:
        return translate("The signature is right: whoever made it has the key of this address."), "good"
    text = translate(
        "The signature is wrong. Every space, line break and letter of the text counts, and the address must be the "
        "one that signed."
    )
    return text, "error"


def hidden_in(text: str) -> str:
    """How a text reads with what it hides written out; empty where it hides nothing."""
    shown = safe_text(text, lines=True)
    return "" if shown == text else shown


def offered(rows: Iterable[api.AddressRow]) -> list[api.AddressRow]:
    """Addresses of the wallet that somebody may ask a signature of: those known outside of it, newest first."""
    known = [row for row in rows if not row.change and (row.used or row.label)]
    return known[::-1][:MOST_OFFERED]
