"""The guided path: which steps there are, and what shows that one was really taken. No Qt, no engine."""

from collections.abc import Iterable
from enum import StrEnum
from random import Random
from typing import Final

from wallet.engine import api

_HEX_LIKE: Final = "023456789acdefghjklmnpqrstuvwxyz"
"""The characters of an address that carry data (BIP173)."""
SAME_HEAD, SAME_TAIL = 10, 5
"""What people look at: so much of a look-alike's beginning and end is the real address's."""


class Step(StrEnum):
    """In the order in which they are proposed."""

    RECEIVE = "receive"
    PROOF = "proof"
    SEND = "send"
    SPEED_UP = "speed-up"
    LOOK_ALIKE = "look-alike"
    RESTORE = "restore"


class Guide:
    """Ticks steps off as the user does them, in whatever order."""

    def __init__(self) -> None:
        self.done: set[Step] = set()
        self._seen: dict[str, set[str]] = {}

    @property
    def next(self) -> Step | None:
        """The first step that is not done."""
        return next((step for step in Step if step not in self.done), None)

    def finish(self, step: Step) -> bool:
        """Tick a step off; whether it is news."""
        news = step not in self.done
        self.done.add(step)
        return news

    def look_at_history(self, wallet: str, rows: Iterable[api.HistoryRow]) -> bool:
        """Learn from a wallet's history what was done; whether that is news."""
        before = len(self.done)
        rows = list(rows)
        if any(row.amount > 0 for row in rows):
            self.done.add(Step.RECEIVE)
        if any(row.amount < 0 for row in rows):
            self.done.add(Step.SEND)
        if any(row.status == "replaced" and row.replaced_by for row in rows):
            self.done.add(Step.SPEED_UP)
        self._note_wallet(wallet, {row.txid for row in rows if row.proven})
        return len(self.done) > before

    def _note_wallet(self, wallet: str, txids: set[str]) -> None:
        """A second wallet that finds payments of another one was restored from its words."""
        if any(txids & others for name, others in self._seen.items() if name != wallet):
            self.done.add(Step.RESTORE)
        self._seen.setdefault(wallet, set()).update(txids)


def look_alikes(address: str, count: int, chance: Random) -> list[str]:
    """Texts that begin and end like an address and differ in between, as address poisoners make them."""
    found: list[str] = []
    middle = len(address) - SAME_HEAD - SAME_TAIL
    while len(found) < count:
        between = "".join(chance.choice(_HEX_LIKE) for _ in range(middle))
        other = address[:SAME_HEAD] + between + address[-SAME_TAIL:]
        if other != address and other not in found:
            found.append(other)
    return found


def first_difference(one: str, other: str) -> int | None:
    """The group of four, from 1, in which two addresses first differ."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at // 4 + 1
    return None
