"""Which scripts were matched against which heights, and what is to be scanned next.

Every derived script must be matched against every block from the wallet's birthday to the tip, whatever the moment it
was derived at. So each range of scripts carries the heights it has behind it, stored in the same transaction as what
was found there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from wallet.ledger.keychain import BranchId, ScriptRange

SCAN_LIMIT = 1_000
"""How many blocks one task asks for at most: what one getcfilters may ask (BIP157)."""


@dataclass(frozen=True, slots=True, order=True)
class Coverage:
    """Scripts and the heights they were matched against, both ends included; to_height < from_height: none yet."""

    scripts: ScriptRange
    from_height: int = 0
    to_height: int = -1

    def next_height(self, birthday: int) -> int:
        """The first height from `birthday` on that is still to be matched."""
        if self.to_height < self.from_height or self.from_height > birthday:
            return birthday
        return max(birthday, self.to_height + 1)


@dataclass(frozen=True, slots=True)
class ScanTask:
    """Match the scripts of `ranges` against the blocks start..stop, both included."""

    start: int
    stop: int
    ranges: tuple[ScriptRange, ...]


class CoverageBook:
    """Coverage of every range, by branch, ascending, without holes."""

    def __init__(self) -> None:
        self._parts: dict[BranchId, list[Coverage]] = {}

    def __iter__(self) -> Iterator[Coverage]:
        return (part for parts in self._parts.values() for part in parts)

    def of(self, branch: BranchId) -> tuple[Coverage, ...]:
        """The coverage of one branch."""
        return tuple(self._parts.get(branch, ()))

    def load(self, parts: Iterable[Coverage]) -> None:
        """Take over what was stored."""
        for part in parts:
            self._parts.setdefault((part.scripts.account, part.scripts.branch), []).append(part)

    def add(self, scripts: ScriptRange) -> BranchId:
        """Newly derived scripts, matched against nothing yet."""
        branch = (scripts.account, scripts.branch)
        self._parts.setdefault(branch, []).append(Coverage(scripts))
        return branch

    def remove(self, branch: BranchId) -> None:
        """Forget a branch."""
        self._parts.pop(branch, None)

    def next_task(self, birthday: int, tip: int, limit: int = SCAN_LIMIT) -> ScanTask | None:
        """The lowest heights up to `tip` that some scripts still lack, with those scripts; None when all is done."""
        lacking = [(part.next_height(birthday), part.scripts) for part in self]
        start = min((height for height, _ in lacking), default=tip + 1)
        if start > tip:
            return None
        later = min((height for height, _ in lacking if height > start), default=tip + 1)
        stop = min(tip, later - 1, start + limit - 1)
        return ScanTask(start, stop, tuple(scripts for height, scripts in lacking if height == start))

    def scanned_to(self, birthday: int) -> int:
        """Every script was matched against every block from `birthday` to this height (birthday-1: none)."""
        return min((part.next_height(birthday) for part in self), default=birthday) - 1

    def extend(self, task: ScanTask) -> tuple[BranchId, ...]:
        """Note a task as done; the branches whose coverage changed."""
        changed = {(part.account, part.branch) for part in task.ranges} & self._parts.keys()
        for branch in changed:
            self._parts[branch] = [
                piece for part in self._parts[branch] for piece in _split(part, task.ranges, task.start, task.stop)
            ]
            self._join(branch)
        return tuple(changed)

    def truncate(self, height: int) -> tuple[BranchId, ...]:
        """Forget everything above `height`; the branches whose coverage changed."""
        changed = []
        for branch, parts in self._parts.items():
            cut = [replace(part, to_height=min(part.to_height, height)) for part in parts]
            if cut != parts:
                self._parts[branch] = cut
                self._join(branch)
                changed.append(branch)
        return tuple(changed)

    def _join(self, branch: BranchId) -> None:
        """Make one of neighbours with the same heights behind them."""
        joined: list[Coverage] = []
        for part in self._parts[branch]:
            tidy = part if part.to_height >= part.from_height else Coverage(part.scripts)
            last = joined[-1] if joined else None
            if last is not None and (last.from_height, last.to_height) == (tidy.from_height, tidy.to_height):
                joined[-1] = replace(last, scripts=replace(last.scripts, end=tidy.scripts.end))
            else:
                joined.append(tidy)
        self._parts[branch] = joined


def _split(part: Coverage, ranges: Iterable[ScriptRange], start: int, stop: int) -> Iterator[Coverage]:
    """A part with start..stop added where `ranges` overlap it: ranges may have been joined since a task was given."""
    own = part.scripts
    first = own.first
    for scripts in sorted(ranges):
        low, high = max(first, scripts.first), min(own.end, scripts.end)
        if (scripts.account, scripts.branch) != (own.account, own.branch) or low >= high:
            continue
        if first < low:
            yield replace(part, scripts=replace(own, first=first, end=low))
        yield _covered(replace(part, scripts=replace(own, first=low, end=high)), start, stop)
        first = high
    if first < own.end:
        yield replace(part, scripts=replace(own, first=first))


def _covered(part: Coverage, start: int, stop: int) -> Coverage:
    """Coverage with start..stop added. What would leave a hole is ignored; what lies below one begins anew."""
    if part.to_height < part.from_height or stop < part.from_height - 1:
        return replace(part, from_height=start, to_height=stop)
    if start > part.to_height + 1:
        return part
    return replace(part, from_height=min(part.from_height, start), to_height=max(part.to_height, stop))
