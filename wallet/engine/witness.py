"""With what filter headers a wallet was scanned, kept in the wallet: a lie is found out by every wallet, not by one.

Filter headers belong to the network and are replaced when peers turn out to have lied. The wallet that is open then is
told. Any other learns it when it is opened next: a filter header commits to all filters below it, so if the chain has
another one for the same block than the wallet remembers, something of what the wallet was matched with was false.
"""

from dataclasses import dataclass
from typing import Final, Self

from wallet.bitcoin.hashes import BlockHash, FilterHeader
from wallet.engine.parts import ChainFiles
from wallet.engine.session import Session

META: Final = "scanned_with"
EVERY: Final = 1_000
"""Blocks after which a long scan notes anew what it rests on."""


@dataclass(frozen=True, slots=True)
class _Note:
    """The filter header of a block."""

    height: int
    block_hash: BlockHash
    filter_header: FilterHeader

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """None where nothing was noted."""
        if not text:
            return None
        height, block_hash, header = text.split(":")
        return cls(int(height), BlockHash(bytes.fromhex(block_hash)), FilterHeader(bytes.fromhex(header)))

    def text(self) -> str:
        return f"{self.height}:{bytes(self.block_hash).hex()}:{bytes(self.filter_header).hex()}"


class Witness:
    """The memory of one open wallet."""

    def __init__(self, session: Session, files: ChainFiles) -> None:
        self._session = session
        self._files = files
        self._unchecked = _Note.parse(session.store.meta(META))
        self._noted: _Note | None = None

    def follow(self, filter_tip: int, *, complete: bool) -> int | None:
        """To be called before anything is matched with the filters up to `filter_tip`, as often as one likes.

        complete: that is the chain's tip. Returns the height from which on the wallet must be scanned again, if any.
        Raises StoreError.
        """
        if self._unchecked is not None:
            if filter_tip < self._unchecked.height:
                return None
            note, self._unchecked = self._unchecked, None
            self._noted = note
            if (now := self._at(note.height)) is not None and now.block_hash == note.block_hash and now != note:
                return self._files.filters.start_for(note.height)
        self._note(filter_tip, complete=complete)
        return None

    def _note(self, height: int, *, complete: bool) -> None:
        old = self._noted
        if old is not None and 0 <= height - old.height < (1 if complete else EVERY):
            return
        fresh = self._at(height)
        if fresh is not None and fresh != old:
            self._session.store.set_meta(META, fresh.text())
            self._noted = fresh

    def forget(self) -> None:
        """The wallet was told of a lie, or is being scanned again for one: what is matched from now on counts."""
        self._session.store.set_meta(META, "")
        self._unchecked = self._noted = None

    def _at(self, height: int) -> _Note | None:
        headers, filters = self._files.headers, self._files.filters
        if not filters.base_height <= height <= min(filters.tip_height, headers.tip_height) or height < 0:
            return None
        return _Note(height, headers.hash_at(height), filters.header_at(height))
