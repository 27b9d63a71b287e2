"""Names that the user gives to transactions, addresses and coins."""

from dataclasses import dataclass
from enum import StrEnum

MAX_LABEL = 255
"""Characters; what BIP329 readers can be expected to take."""


class LabelKind(StrEnum):
    """What a label names, in BIP329's words."""

    TRANSACTION = "tx"
    ADDRESS = "addr"
    OUTPUT = "output"
    INPUT = "input"
    PUBLIC_KEY = "pubkey"
    XPUB = "xpub"


class LabelError(ValueError):
    """A label that cannot be kept, in words for the user."""


@dataclass(frozen=True, slots=True)
class LabelKey:
    """What is named: a txid in display order, an address, "txid:n", or a key in its text form."""

    kind: LabelKind
    reference: str


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What an imported label record is about: BIP329's type, ref and origin, each as it stands in the record."""

    kind: str
    reference: str
    origin: str = ""


def clean_label(text: str) -> str:
    """The label as it is kept: one line, no spaces around; empty is none. Raises `LabelError`."""
    label = " ".join(text.split())
    if len(label) > MAX_LABEL:
        raise LabelError(f"a label has at most {MAX_LABEL} characters, this one has {len(label)}")
    return label
