"""The wallet's descriptors as they are handed on: by account, and all together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wallet.engine import api
from wallet.ui.text import translate

ONE_CODE: Final = 700
"""Characters that a code still shows legibly (QR's version 18 in bytes)."""
_NAMES: Final = {"p2wpkh": "Native SegWit", "p2tr": "Taproot", "p2sh-p2wpkh": "Nested SegWit", "p2pkh": "Legacy"}


@dataclass(frozen=True, slots=True)
class Share:
    """Descriptors that go together, a line each."""

    key: str
    name: str
    text: str

    @property
    def fits_one_code(self) -> bool:
        return len(self.text) <= ONE_CODE


def shares_of(rows: Iterable[api.DescriptorRow]) -> list[Share]:
    """Each account with both its branches; all of them first, where there are several."""
    accounts: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        accounts.setdefault((row.type, row.account), []).append(row.descriptor)
    shares = [
        Share(f"{kind}/{number}", _name(kind, number), "\n".join(lines)) for (kind, number), lines in accounts.items()
    ]
    if len(shares) > 1:
        shares.insert(0, Share("all", translate("All"), "\n".join(share.text for share in shares)))
    return shares


def _name(kind: str, number: int) -> str:
    name = _NAMES.get(kind, kind)
    return name if not number else f"{name} {number}"
