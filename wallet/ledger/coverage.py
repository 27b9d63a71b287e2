"""Which scripts were matched against which heights, and what is to be scanned next.

Every script that is due must be matched against every block from the wallet's birthday to the tip, whatever the moment
it was derived at. So each range of scripts carries the heights it has behind it, stored in the same transaction as what
was found there. The newest heights come first: scripts that are derived on the way go along from there, and what they
missed is made up for afterwards, in one pass for all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wallet.ledger.keychain import BranchId, ScriptRange

SCAN_LIMIT = 1_000
"""How many blocks one task asks for at most: what one getcfilters may ask (BIP157)."""

Span: TypeAlias = tuple[int, int]
"""Heights first…last, both included."""


@dataclass(frozen=True, slots=True, order=True)
class Coverage:
    """Scripts and the heights they were matched against: ascending, apart from one another by a height at least."""

    scripts: ScriptRange
    spans: tuple[Span, ...] = ()

    def gaps(self, first: int, last: int) -> Iterator[Span]:
        """The heights from `first` to `last` that are still to be matched, ascending."""
        for start, stop in self.spans:
            if stop < first:
                continue
            if start > last:
                break
            if first < start:
                yield first, start - 1
            first = stop + 1
        if first <= last:
            yield first, last


@dataclass(frozen=True, slots=True)
class ScanTask:
    """Match the scripts of `ranges` against the blocks start..stop, both included.

    until: up to where all these scripts lack the blocks, so that they will be asked for next.
    """

    start: int
    stop: int
    ranges: tuple[ScriptRange, ...]
    until: int = field(default=-1, compare=False)


Due: TypeAlias = Callable[[BranchId], int]
"""How many scripts of a branch must be matched against everything."""


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

    def _due(self, due: Due) -> Iterator[Coverage]:
        """Coverage of the scripts that are due alone."""
        for branch, parts in self._parts.items():
            end = due(branch)
            for part in parts:
                if part.scripts.end <= end:
                    yield part
                elif part.scripts.first < end:
                    yield replace(part, scripts=replace(part.scripts, end=end))

    def next_task(self, birthday: int, tip: int, due: Due, limit: int = SCAN_LIMIT) -> ScanTask | None:
        """The next heights up to `tip` that some due scripts lack, with all that lack them; None when all is done."""
        gaps = [(gap, part.scripts) for part in self._due(due) for gap in part.gaps(birthday, tip)]
        start = max((first for (first, _), _ in gaps), default=None)
        if start is None:
            return None
        found = [(last, scripts) for (first, last), scripts in gaps if first <= start <= last]
        until = min(last for last, _ in found)
        return ScanTask(start, min(until, start + limit - 1), tuple([scripts for _, scripts in found]), until)

    def widened(self, task: ScanTask) -> ScanTask:
        """The same blocks, with every script that lacks one of them, due or not."""
        found = (part.scripts for part in self if any(part.gaps(task.start, task.stop)))
        return replace(task, ranges=tuple(found))

    def scanned_to(self, birthday: int, due: Due) -> int:
        """Every due script was matched against every block from `birthday` to this height (birthday-1: none)."""
        beyond = 1 << 62
        firsts = [next(part.gaps(birthday, beyond))[0] for part in self._due(due)]
        return min(firsts, default=birthday) - 1

    def share(self, birthday: int, tip: int, due: Due) -> float:
        """How much of all that is due was done, 0 to 1."""
        whole = lacking = 0
        for part in self._due(due):
            scripts = part.scripts.end - part.scripts.first
            whole += scripts * max(0, tip + 1 - birthday)
            lacking += scripts * sum(last + 1 - first for first, last in part.gaps(birthday, tip))
        return 1.0 - lacking / whole if whole else 0.0

    def extend(self, task: ScanTask) -> tuple[BranchId, ...]:
        """Note a task as done; the branches whose coverage changed."""
        changed = {(part.account, part.branch) for part in task.ranges} & self._parts.keys()
        for branch in changed:
            self._parts[branch] = [
                piece for part in self._parts[branch] for piece in _split(part, task.ranges, (task.start, task.stop))
            ]
            self._join(branch)
        return tuple(changed)

    def truncate(self, height: int) -> tuple[BranchId, ...]:
        """Forget everything above `height`; the branches whose coverage changed."""
        changed = []
        for branch, parts in self._parts.items():
            cut = [replace(part, spans=_below(part.spans, height)) for part in parts]
            if cut != parts:
                self._parts[branch] = cut
                self._join(branch)
                changed.append(branch)
        return tuple(changed)

    def _join(self, branch: BranchId) -> None:
        """Make one of neighbours with the same heights behind them."""
        joined: list[Coverage] = []
        for part in self._parts[branch]:
            last = joined[-1] if joined else None
            if last is not None and last.spans == part.spans:
                joined[-1] = replace(last, scripts=replace(last.scripts, end=part.scripts.end))
            else:
                joined.append(part)
        self._parts[branch] = joined


def _split(part: Coverage, ranges: Iterable[ScriptRange], span: Span) -> Iterator[Coverage]:
    """A part with a span added where `ranges` overlap it: ranges may have been joined since a task was given."""
    own = part.scripts
    first = own.first
    for scripts in sorted(ranges):
        low, high = max(first, scripts.first), min(own.end, scripts.end)
        if (scripts.account, scripts.branch) != (own.account, own.branch) or low >= high:
            continue
        if first < low:
            yield replace(part, scripts=replace(own, first=first, end=low))
        yield Coverage(replace(own, first=low, end=high), _with(part.spans, span))
        first = high
    if first < own.end:
        yield replace(part, scripts=replace(own, first=first))


def _with(spans: tuple[Span, ...], new: Span) -> tuple[Span, ...]:
    """Spans with one more, those that meet made one."""
    first, last = new
    met = [span for span in spans if span[0] <= last + 1 and span[1] >= first - 1]
    whole = (min([first, *(start for start, _ in met)]), max([last, *(stop for _, stop in met)]))
    return tuple(sorted([whole, *(span for span in spans if span not in met)]))


def _below(spans: tuple[Span, ...], height: int) -> tuple[Span, ...]:
    """What of spans is not above a height."""
    return tuple([(start, min(stop, height)) for start, stop in spans if start <= height])
