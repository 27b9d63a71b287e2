"""Long loops in numpy: matching many filters, checking many headers.

numpy is imported when the first of them runs, not before: the window and the command line never wait for it.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import HeaderContext, HeaderVerdict

if TYPE_CHECKING:
    from wallet.engine.kernels.match import Matcher, Matches

__all__ = ["FilterMatcher", "check_headers"]


def check_headers(
    params: ChainParams, raw: bytes, first_height: int, context: HeaderContext, now: int
) -> HeaderVerdict:
    """What `wallet.bitcoin.pow.check_headers` says, sooner."""
    from wallet.engine.kernels import headers

    return headers.check_headers(params, raw, first_height, context, now)


class FilterMatcher:
    """Scripts to find in compact filters (BIP158)."""

    def __init__(self, scripts: Iterable[bytes]) -> None:
        self._scripts = tuple(scripts)
        self._matcher: Matcher | None = None

    def match(self, filters: Sequence[bytes], block_hashes: Sequence[bytes]) -> list[int]:
        """Positions, ascending, of the blocks to look into: filters that match, and what is not a filter at all.

        `block_hashes` in wire order. Empty bytes, for a filter that nobody could judge, count as no filter.
        """
        matches = self.matches(filters, block_hashes)
        return sorted([*matches.hits, *matches.malformed])

    def matches(self, filters: Sequence[bytes], block_hashes: Sequence[bytes]) -> "Matches":
        """The same, with those that match and those that are malformed apart."""
        from wallet.engine.kernels.match import Matcher

        if self._matcher is None:
            self._matcher = Matcher(self._scripts)
        return self._matcher.match(filters, block_hashes)
