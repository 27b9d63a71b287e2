"""Where a scan gets its filters and blocks from."""

import asyncio
from typing import Final

from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import BlockHash
from wallet.engine.datause import DataUse
from wallet.engine.parts import ChainFiles, NetworkNode
from wallet.spv.node_api import FilterBatch, Superseded

MISSING_SECONDS: Final = 0.5
"""How often it is looked whether a header that was lost has come again."""

NEWEST: Final = 144
"""A day of blocks: what a wallet in daily use lacks is never held back."""


def held_hash(chain: ChainFiles, height: int) -> BlockHash | None:
    """The chain's hash at a height, None where no header is held."""
    headers = chain.headers
    if not headers.base_height - 1 <= height <= headers.tip_height:
        return None
    try:
        return headers.hash_at(height)
    except LookupError:
        return None


class ChainSource:
    """Filters from the disk where they are, else from the network; blocks from the network."""

    def __init__(self, chain: ChainFiles, node: NetworkNode, use: DataUse) -> None:
        self._chain = chain
        self._node = node
        self._use = use

    async def fetch_filters(self, start: int, stop: int) -> FilterBatch:
        await self._expect(start, stop)
        hashes = tuple(self._chain.headers.hashes(start, stop))
        cache = self._chain.cache
        held = None if cache is None else cache.get(start, stop, hashes)
        if held is not None:
            return FilterBatch(start, hashes, held)
        await self._allowed(start)
        batch = await self._node.fetch_filters(start, stop)
        if cache is not None:
            cache.put(start, batch.block_hashes, batch.filters)
        return batch

    async def fetch_block(self, height: int) -> Block:
        await self._expect(height, height)
        await self._allowed(height)
        return await self._node.fetch_block(height)

    async def _allowed(self, height: int) -> None:
        """Wait while the day's data limit is reached; never for the newest blocks, which payments hang on."""
        if height > self._chain.headers.tip_height - NEWEST:
            return
        status = self._node.status()
        self._use.note(status.bytes_received, status.transaction_bytes)
        await self._use.allowed()

    async def _expect(self, first: int, last: int) -> None:
        """Headers can be missing when the network's folder was deleted: then they come, and it is to be asked again."""
        headers = self._chain.headers
        if first < headers.base_height or last > headers.tip_height:
            await asyncio.sleep(MISSING_SECONDS)
            raise Superseded("the header is not there yet")
