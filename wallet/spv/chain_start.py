"""Where a chain of headers may begin, and what of a store's content may be built on."""

from dataclasses import dataclass

from wallet.bitcoin.checkpoints import Checkpoint, Checkpoints
from wallet.bitcoin.hashes import ZERO, BlockHash
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import RETARGET_INTERVAL
from wallet.spv.chain_view import HeaderStore, hash_of, previous_of


@dataclass(frozen=True, slots=True)
class Anchor:
    """A height from which headers can be judged without those below it.

    parent: the hash below it; work: the total through the parent; bits: what its own bits must be (None: genesis).
    """

    height: int
    parent: BlockHash
    work: int
    bits: int | None


def anchors_of(checkpoints: Checkpoints) -> tuple[Anchor, ...]:
    """Genesis, and what follows each checkpoint that ends a period and tells work and next bits; ascending."""
    above = [
        Anchor(point.height + 1, point.block_hash, point.chain_work, point.next_bits)
        for point in checkpoints.headers
        if point.next_bits is not None and point.chain_work and (point.height + 1) % RETARGET_INTERVAL == 0
    ]
    return (Anchor(0, BlockHash(ZERO), 0, None), *above)


class Start:
    """Trims a store to what a chain can be built on.

    The topmost range that holds an anchor is the chain; ranges below it count where they end in a checkpoint. All else
    is dropped and fetched again: what lies above a hole, and what contradicts a checkpoint.
    """

    def __init__(self, params: ChainParams, checkpoints: Checkpoints, store: HeaderStore) -> None:
        self._params = params
        self._points = checkpoints.headers
        self._store = store
        self.anchors = anchors_of(checkpoints)

    def settle(self) -> tuple[Anchor, int]:
        """The chain's lowest anchor, and its tip's height, with the store trimmed to match.

        A new chain begins one checkpoint before the newest: so that the retarget and the median have their context by
        the newest one, of which no times are known. Without two such checkpoints it begins with genesis.
        """
        top: tuple[Anchor, int] | None = None
        for first, last in reversed(self._store.ranges):
            anchor = self._trim(first, last, last if top is None else None)
            if anchor is not None and top is None:
                top = anchor, self._store.ranges[-1][1]
        if top is not None:
            return top
        anchor = self.anchors[-2] if len(self.anchors) > 2 else self.anchors[0]
        if anchor.height == 0:
            self._store.apply(0, self._params.genesis_header)
            return anchor, 0
        return anchor, anchor.height - 1

    def _trim(self, first: int, last: int, open_end: int | None) -> Anchor | None:
        """Cut a range to begin at an anchor and, unless it is the topmost, to end below one. None: nothing is left."""
        starts = [anchor for anchor in self.anchors if first <= anchor.height <= last]
        anchor = next((start for start in starts if self._fits(start)), None)
        if anchor is None:
            self._store.drop(first, last)
            return None
        end = self._agreed_end(anchor.height, last)
        if open_end is None:
            end = max((a.height - 1 for a in self.anchors if a.height - 1 <= end), default=anchor.height - 1)
        if first < anchor.height:
            self._store.drop(first, anchor.height - 1)
        if end < last:
            self._store.drop(max(end + 1, anchor.height), last)
        return anchor if end >= anchor.height else None

    def _fits(self, anchor: Anchor) -> bool:
        raw = self._store.read(anchor.height, 1)
        if anchor.height == 0:
            return raw == self._params.genesis_header
        return previous_of(raw, 0) == anchor.parent

    def _agreed_end(self, first: int, last: int) -> int:
        """The height up to which a range agrees with the checkpoints."""
        agreed = first - 1
        for point in self._points:
            if first <= point.height <= last:
                if hash_of(self._store.read(point.height, 1), 0) != point.block_hash:
                    return agreed
                agreed = point.height
        return last


def points_between(points: tuple[Checkpoint, ...], first: int, last: int) -> list[Checkpoint]:
    """The checkpoints at the heights first…last."""
    return [point for point in points if first <= point.height <= last]
