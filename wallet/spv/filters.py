"""The chain of filter headers above a pinned one (BIP157): 32 bytes a block, kept beside the headers.

It begins at genesis or at a pin, so all of it hangs on something known; pins above bind. Which peer's word goes into it
is the business of `wallet.spv.sync_filterheaders`. Filter headers do not name their block: so they are cut before the
headers are, whenever blocks leave the chain.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from wallet.bitcoin.checkpoints import FilterPin
from wallet.bitcoin.hashes import FilterHeader
from wallet.bitcoin.network import ChainParams
from wallet.spv.chain import HeaderChain
from wallet.spv.chain_view import HeaderStore

SIZE: Final = 32
NONE: Final = FilterHeader(bytes(SIZE))
"""What stands for the filter header below genesis."""

FilterHeaderStore = HeaderStore
"""The same, with records of 32 bytes."""


class MissingFilterHeaders(LookupError):
    """A height whose filter header is not held."""


def chain_filter_hashes(previous: bytes, hashes: bytes) -> bytes:
    """The filter headers over filter hashes (32 bytes each) above `previous`, back to back (BIP157)."""
    found = []
    for at in range(0, len(hashes), SIZE):
        previous = sha256(sha256(hashes[at : at + SIZE] + previous).digest()).digest()
        found.append(previous)
    return b"".join(found)


class FilterHeaderChain:
    """Filter headers of the active chain, from `base_height` to `tip_height` (both -1 while there are none)."""

    def __init__(
        self, params: ChainParams, pins: tuple[FilterPin, ...], store: FilterHeaderStore, headers: HeaderChain
    ) -> None:
        self._pins = {0: params.genesis_filter_header} | {pin.height: pin.filter_header for pin in pins}
        self._store = store
        self._headers = headers
        self.undecided: set[int] = set()
        """Heights at which peers' filters differ and nothing proves one of them: blocks to look at in any case."""
        self.agreed_by = 0
        """How many peers agreed on the newest filter header."""
        self._settle()
        headers.before_cut = self.truncate
        self.before_revoke: Callable[[int], None] = lambda _height: None
        """Called with the height from which on filter headers turned out to be lies, before the store forgets them: who
        does not note it then would not learn it after a crash."""

    # --- reading

    @property
    def base_height(self) -> int:
        return self._store.ranges[-1][0] if self._store.ranges else -1

    @property
    def tip_height(self) -> int:
        return -1 if self._store.tip is None else self._store.tip

    def covers(self, first: int, last: int) -> bool:
        """Whether the filters of these heights can be checked."""
        return self.base_height >= 0 and last <= self.tip_height and (first > self.base_height or first == 0)

    def header_at(self, height: int) -> FilterHeader:
        """NONE below genesis; MissingFilterHeaders where it is not held."""
        return FilterHeader(self.raw(height, 1)) if height >= 0 else NONE

    def raw(self, first: int, count: int) -> bytes:
        """Filter headers back to back; MissingFilterHeaders where they are not held."""
        if not self._store.ranges or first < self.base_height or first + count - 1 > self.tip_height:
            raise MissingFilterHeaders(f"{first} to {first + count - 1}; held: {self.base_height} to {self.tip_height}")
        return self._store.read(first, count)

    def pin_at(self, height: int) -> FilterHeader | None:
        """The filter header that is known beforehand for a height."""
        return self._pins.get(height)

    @property
    def highest_pin(self) -> int:
        """Above it, peers' word is all there is."""
        return max(height for height in self._pins if height <= self._headers.tip_height)

    def start_for(self, wanted: int) -> int:
        """The highest height below `wanted` (or genesis) whose filter header is known beforehand.

        Below, because a filter is checked against its own filter header and the one before it.
        """
        return max(height for height in self._pins if height <= max(wanted - 1, 0))

    # --- changing

    def reach_down_to(self, height: int) -> None:
        """Begin at the highest known filter header below a height, unless the chain begins there or lower already.

        Does nothing where the headers do not reach down that far yet.
        """
        start = self.start_for(min(height, self._headers.tip_height))
        if start < self._headers.base_height - 1 or 0 <= self.base_height <= start:
            return
        if self.tip_height >= 0:
            self._store.drop(self.base_height, self.tip_height)
        self._store.apply(start, self._pins[start])

    def extend(self, first: int, raw: bytes) -> None:
        """Let filter headers that were agreed on stand right above the tip."""
        if first != self.tip_height + 1 or self.tip_height < 0:
            raise ValueError(f"filter headers from {first} above {self.tip_height}")
        self._store.apply(first, raw)

    def contradicts_pin(self, first: int, raw: bytes) -> bool:
        """Whether filter headers from `first` on differ from one that is known beforehand."""
        heights = [height for height in self._pins if first <= height < first + len(raw) // SIZE]
        return any(raw[(height - first) * SIZE :][:SIZE] != self._pins[height] for height in heights)

    def agree(self, first: int, hashes: bytes) -> bool:
        """Whether filter hashes (32 bytes each) from a held height on lead to the filter headers that are held."""
        return chain_filter_hashes(self.header_at(first - 1), hashes) == self.raw(first, len(hashes) // SIZE)

    def truncate(self, height: int) -> None:
        """Forget the filter headers above `height`."""
        self.undecided = {decided for decided in self.undecided if decided <= height}
        if self.tip_height > height:
            self._store.drop(height + 1, self.tip_height)

    def revoke(self, height: int) -> None:
        """Forget the filter headers from a height on: they were lies, and so was what was matched by them."""
        self.before_revoke(height)
        self.truncate(height - 1)

    def flush(self) -> None:
        """Make the chain safe against power loss."""
        self._store.flush()

    def _settle(self) -> None:
        """Trim the store to one range that begins at a pin, agrees with the pins, and has headers below it."""
        kept = False
        for first, last in reversed(self._store.ranges):
            start = None if kept else self._agreed_start(first, last)
            if start is None:
                self._store.drop(first, last)
                continue
            if start > first:
                self._store.drop(first, start - 1)
            kept = True
        self.truncate(self._headers.tip_height)

    def _agreed_start(self, first: int, last: int) -> int | None:
        inside = sorted(height for height in self._pins if first <= height <= last)
        if not inside or any(self._store.read(height, 1) != self._pins[height] for height in inside):
            return None
        return inside[0] if inside[0] <= self._headers.tip_height else None
