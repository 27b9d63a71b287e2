"""Coins that belong together: on one address, or under one label.

Whoever sees two coins spent together knows that they have one owner. So the coins of an address that was used several
times are spent all at once, where that does not cost much more, and coins that the user has labelled differently are
kept apart where each label's coins are enough.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from wallet.bitcoin.amount import Sats
from wallet.ledger.record import Coin
from wallet.ledger.selection import Candidate, Goal

LabelOf = Callable[[Coin], str]
"""Where a coin comes from in the user's words, empty without."""

MOST_TOGETHER = 100
"""Coins of one address that are spent together at the most, as the reference implementation has it."""
PRIVACY_PRICE = 10_000
"""Satoshis that spending an address's coins all at once may cost more than spending as few as will do."""
_LABELS_TRIED = 4


def no_labels(_coin: Coin) -> str:
    """For wallets without labels."""
    return ""


def by_address(singles: Iterable[Candidate]) -> list[Candidate]:
    """The coins of each address as one, without those that cost more than they bring."""
    found: dict[bytes, list[Candidate]] = {}
    for single in singles:
        if single.value > 0:
            found.setdefault(single.coins[0].script_pubkey, []).append(single)
    groups = []
    for coins in found.values():
        if len(coins) == 1:
            groups += coins
            continue
        coins.sort(key=lambda single: single.coins[0].outpoint.serialize())
        groups += [Candidate.join(coins[at : at + MOST_TOGETHER]) for at in range(0, len(coins), MOST_TOGETHER)]
    return groups


def by_label(groups: Sequence[Candidate], goal: Goal, label_of: LabelOf) -> Iterator[list[Candidate]]:
    """Choices of groups that link no labels and are enough: one label's, and those without, the richest labels first.

    Nothing where all groups together link none.
    """
    labels = [frozenset(label for coin in group.coins if (label := label_of(coin))) for group in groups]
    every: dict[str, Sats] = {}
    for group, found in zip(groups, labels, strict=True):
        for label in found:
            every[label] = every.get(label, 0) + group.value
    if len(every) < 2:
        return
    for label in sorted(every, key=lambda label: (-every[label], label))[:_LABELS_TRIED]:
        pool = [group for group, found in zip(groups, labels, strict=True) if found <= {label}]
        if sum(group.value for group in pool) >= goal.target:
            yield pool


def price(chosen: Iterable[Candidate]) -> Sats:
    """What the inputs of a choice cost now."""
    return sum(candidate.amount - candidate.value for candidate in chosen)
