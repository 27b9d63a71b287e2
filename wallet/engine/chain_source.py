"""Where a scan gets its filters and blocks from."""

import asyncio
from typing import Final

from wallet.bitcoin.block import Block
from wallet.engine.parts import ChainFiles, NetworkNode
from wallet.spv.node_api import FilterBatch, Superseded

MISSING_SECONDS: Final = 0.5
"""How often it is looked whether a header that was lost has come again."""


class ChainSource:
    """Filters from the disk where they are, else from the network; blocks from the network."""

    def __init__(self, chain: ChainFiles, node: NetworkNode) -> None:
        self._chain = chain
        self._node = node

    async def fetch_filters(self, start: int, stop: int) -> FilterBatch:
        await self._expect(start, stop)
        hashes = tuple(self._chain.headers.hashes(start, stop))
        cache = self._chain.cache
        held = None if cache is None else cache.get(start, stop, hashes)
        if held is not None:
            return FilterBatch(start, hashes, held)
        batch = await self._node.fetch_filters(start, stop)
        if cache is not None:
            cache.put(start, batch.block_hashes, batch.filters)
        return batch

    async def fetch_block(self, height: int) -> Block:
        await self._expect(height, height)
        return await self._node.fetch_block(height)

    async def _expect(self, first: int, last: int) -> None:
        """Headers can be missing when the network's folder was deleted: then they come, and it is to be asked again."""
        headers = self._chain.headers
        if first < headers.base_height or last > headers.tip_height:
            await asyncio.sleep(MISSING_SECONDS)
            raise Superseded("the header is not there yet")
