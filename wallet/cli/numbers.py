"""Numbers as they are typed: ASCII digits, and no more of what Python takes for a number (1_000, 1e3, other digits)."""

import argparse
import re

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


def whole(text: str) -> int:
    """A whole number; what it may be, whoever uses it says."""
    if _WHOLE.fullmatch(text):
        return int(text)
    message = f"{text!r} is not a whole number"
    raise argparse.ArgumentTypeError(message)


def decimal(text: str) -> float | None:
    """A number like 12 or 1.5; None for anything else."""
    return float(text) if _DECIMAL.fullmatch(text) else None
