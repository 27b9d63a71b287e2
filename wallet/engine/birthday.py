"""From a birthday to the first height that must be scanned.

A birthday is a height, a date, or None for the beginning. A date is turned into a height only where headers are held to
read their times from: never "the tip at first sync", which would hide a payment made before it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from wallet.bitcoin.checkpoints import MAINNET_TIMES, Checkpoints
from wallet.bitcoin.network import ChainParams, Checkpoint

Birthday = int | date | None
TimeOf = Callable[[int], int]
"""Height -> header time in Unix seconds."""

_SLACK_SECONDS = 2 * 86_400
"""Header times may run two hours ahead and are only ordered by their medians; two days are far more than that."""


def moment(birthday: date) -> int:
    """Midnight UTC at the beginning of that day, in Unix seconds."""
    return int(datetime(birthday.year, birthday.month, birthday.day, tzinfo=UTC).timestamp())


def lowest_needed(birthday: Birthday, times: Sequence[tuple[int, int]]) -> int:
    """A height that surely lies at or below the birthday, from well-known (height, time) pairs, ascending.

    Says how far down headers must be held before `first_height` can answer exactly.
    """
    if birthday is None:
        return 0
    if isinstance(birthday, int):
        return birthday
    wanted = moment(birthday) - _SLACK_SECONDS
    return max((height for height, time in times if time <= wanted), default=0)


def first_height(birthday: Birthday, base: int, tip: int, time_of: TimeOf) -> int | None:
    """The first height to scan among the headers base..tip; None when lower headers, or any at all, are needed first.

    A date after the newest header gives the height above the tip: nothing below it can hold our transactions.
    """
    if birthday is None:
        return 0
    if isinstance(birthday, int):
        return birthday
    wanted = moment(birthday) - _SLACK_SECONDS
    if base > 0 and (tip < base or time_of(base) > wanted):
        return None
    low, high = base, tip + 1
    while low < high:
        middle = (low + high) // 2
        if time_of(middle) >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def checkpoint_times(checkpoints: Sequence[Checkpoint]) -> tuple[tuple[int, int], ...]:
    """The (height, time) pairs that the checkpoints know."""
    return tuple((point.height + 1, point.next_time) for point in checkpoints if point.next_time is not None)


def known_times(checkpoints: Checkpoints, params: ChainParams) -> tuple[tuple[int, int], ...]:
    """All well-known (height, time) pairs of a network, ascending."""
    known = dict(checkpoint_times(checkpoints.headers))
    if params.name == "main":
        known.update(MAINNET_TIMES)
    return tuple(sorted(known.items()))
