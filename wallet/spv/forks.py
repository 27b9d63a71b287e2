"""Headers beside the active chain: kept in memory, few, and each on the account of the peer that sent it."""

from dataclasses import dataclass
from typing import Final

from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.pow import block_work
from wallet.spv.chain_view import SIZE, previous_of
from wallet.spv.fault import PeerFault

LIMIT: Final = 2016
"""Headers of one peer."""
TOTAL: Final = 16 * LIMIT
OURS: Final = -1
"""The source of headers that were in the active chain once."""


@dataclass(frozen=True, slots=True)
class ForkHeader:
    """A checked header of a branch. work: total, through this header."""

    raw: bytes
    height: int
    hash: BlockHash
    previous: BlockHash
    work: int
    source: int


def fork_headers(raw: bytes, first: int, work: int, source: int, hashes: bytes) -> list[ForkHeader]:
    """Checked headers from height `first` on, above a total of `work`; hashes: 32 bytes each."""
    found = []
    for position in range(len(raw) // SIZE):
        header = raw[position * SIZE : (position + 1) * SIZE]
        work += block_work(int.from_bytes(header[72:76], "little"))
        block_hash = BlockHash(hashes[32 * position : 32 * position + 32])
        found.append(ForkHeader(header, first + position, block_hash, previous_of(header, 0), work, source))
    return found


class Forks:
    """The branches: a tree that hangs on the active chain."""

    def __init__(self) -> None:
        self._headers: dict[bytes, ForkHeader] = {}
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self._headers)

    def get(self, block_hash: bytes) -> ForkHeader | None:
        """A header of a branch by its hash."""
        return self._headers.get(block_hash)

    def add(self, headers: list[ForkHeader]) -> None:
        """Keep headers of one source; PeerFault when that would be more than `LIMIT` of it. Our own are kept newest."""
        source = headers[0].source
        count = sum(header.source == source for header in self._headers.values())
        if source != OURS and (count + len(headers) > LIMIT or len(self) + len(headers) > TOTAL):
            raise PeerFault("too-many-unproven-headers", ban=False, detail=f"{count} and {len(headers)} more")
        self._headers.update((header.hash, header) for header in headers)

    def path(self, tip: bytes) -> list[ForkHeader]:
        """The branch that ends in `tip`, lowest first; empty when the hash is in no branch."""
        found = []
        header = self._headers.get(tip)
        while header is not None:
            found.append(header)
            header = self._headers.get(header.previous)
        return found[::-1]

    def remove(self, headers: list[ForkHeader]) -> None:
        """Take out headers that became part of the active chain."""
        for header in headers:
            self._headers.pop(header.hash, None)

    def forget(self, source: int) -> None:
        """A peer left: drop its headers, except those that one who is still here built on."""
        self._gone.add(source)
        self._keep([header for header in self._headers.values() if header.source not in self._gone])
        self._gone &= {header.source for header in self._headers.values()}

    def prune(self, height: int) -> None:
        """Drop whole branches whose tips lie below `height`."""
        self._keep([header for header in self._headers.values() if header.height >= height])

    def _keep(self, tips: list[ForkHeader]) -> None:
        """Drop what is neither one of these nor below one."""
        kept = set()
        for header in tips:
            step: ForkHeader | None = header
            while step is not None and step.hash not in kept:
                kept.add(step.hash)
                step = self._headers.get(step.previous)
        self._headers = {key: header for key, header in self._headers.items() if key in kept}
