"""What the engine answers about the data that it uses."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DataUse:
    """Bytes received from peers today (UTC), the limit for a day, and whether announced transactions are fetched.

    limit: in bytes, None without one; paused: it is reached, and nothing is downloaded in bulk; a_day: what fetching
    announced transactions comes to in a day, in bytes; basis: whether that was measured since Wren started, or is
    reckoned from 500,000 transactions of 400 bytes, as mainnet has them on a usual day.
    """

    today: int
    limit: int | None
    paused: bool
    unconfirmed: bool
    a_day: int
    basis: Literal["measured", "usual"]
