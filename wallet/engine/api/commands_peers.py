"""Commands about peers, beside `GetPeers`; and their answers."""

from dataclasses import dataclass
from datetime import datetime

from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class BanRow:
    """An address that is kept away from, for breaking a rule. reason: in words, with figures that a peer sent."""

    address: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class GetBans(Command[tuple[BanRow, ...]]):
    """Who is kept away from, the longest first. Nobody is for keeping still, or for a network that failed."""
