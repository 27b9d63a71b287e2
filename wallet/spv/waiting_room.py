"""Where whoever broadcasts a payment waits for news of it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from wallet.bitcoin.hashes import Txid
from wallet.spv.broadcast import Broadcaster

# The reference node asks inbound peers for a transaction after up to 4 s; who has not asked then has it, or refuses it.
SINGLE_PEER_PATIENCE: Final = 6.0


class WaitingRoom:
    """expected: how many connections to count on; clock: seconds."""

    def __init__(self, broadcaster: Broadcaster, clock: Callable[[], float], expected: Callable[[], int]) -> None:
        self._broadcaster = broadcaster
        self._clock = clock
        self._expected = expected
        self._news = asyncio.Event()

    def tell(self) -> None:
        """There may be news: wake everybody."""
        self._news.set()
        self._news = asyncio.Event()

    async def wait_for(self, txid: Txid, seconds: float) -> None:
        """Return when a payment was announced back, or can get no further with a single peer; at the latest in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._travelled(txid)

    async def _travelled(self, txid: Txid) -> None:
        told_at: float | None = None
        while not (report := self._broadcaster.report(txid)).propagated:
            if report.sent_to and told_at is None:
                told_at = self._clock()
            alone = self._expected() == 1 and told_at is not None
            given_up = not report.requested_by and self._clock() - (told_at or 0.0) > SINGLE_PEER_PATIENCE
            if alone and (given_up or self._broadcaster.delivered(txid)):
                return
            await self._news.wait()
