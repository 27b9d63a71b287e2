"""Payments of our own that no peer was seen to pass on are offered again, as long as the wallet is connected.

What was sent while nobody could be reached goes out soon after the next connection; what a peer swallowed is told to
others after each block and every few minutes, at times that chance decides, until somebody announces it or a block
holds it (SECURITY.md P15). What was announced back once, and is in no block for hours, may have been forgotten by all:
it is offered again, too.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from random import Random
from typing import Final

from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import Transaction
from wallet.engine.packages import oldest_first, package_of
from wallet.engine.parts import NetworkNode
from wallet.ledger.ledger import Ledger
from wallet.spv.broadcast import BroadcastReport

FIRST_SECONDS: Final = 5.0
EVERY_SECONDS: Final = (120.0, 300.0)
AFTER_BLOCK_SECONDS: Final = (2.0, 30.0)
FORGOTTEN_SECONDS: Final = (4 * 3_600.0, 12 * 3_600.0)
"""From the first to the second, evenly by chance: who listens to many wallets at once is told no rhythm."""
OFFER_SECONDS: Final = 10.0
_PEERS_POLL: Final = 1.0


async def offer(ledger: Ledger, node: NetworkNode, raw: bytes, seconds: float) -> BroadcastReport:
    """Announce a payment with what it builds on, and note what went out; the caller stores that."""
    transaction = Transaction.parse(raw)
    package = package_of(ledger, transaction, node.seen_by)
    report = await node.broadcast(raw, seconds, package)
    if report.sent_to or report.seen_from:
        for txid in (*(Transaction.parse(parent).txid for parent in package.parents), transaction.txid):
            if txid in ledger.transactions:
                ledger.mark_announced(txid)
    return report


class Offering:
    """The repeated offers of one open wallet. commit: stores what the ledger changed."""

    def __init__(self, ledger: Ledger, node: NetworkNode, commit: Callable[[], None], chance: Random) -> None:
        self._ledger = ledger
        self._node = node
        self._commit = commit
        self._chance = chance
        self._block = asyncio.Event()
        self._again: dict[Txid, float] = {}

    def block_came(self) -> None:
        """The chain grew: what is not in it should have been."""
        self._block.set()

    async def run(self) -> None:
        """Go on until cancelled.

        A payment that is new since the round before is left alone: whoever sends it is still announcing it.
        """
        known = set(self._waiting())
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            await self._some_peer()
            for txid in self._waiting():
                if txid in known and txid in self._ledger.transactions:
                    self._again.pop(txid, None)
                    await offer(self._ledger, self._node, self._ledger.transactions[txid].raw, OFFER_SECONDS)
            self._commit()
            known = set(self._waiting())
            await self._pause()

    async def _pause(self) -> None:
        self._block.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._chance.uniform(*EVERY_SECONDS)):
                await self._block.wait()
                await asyncio.sleep(self._chance.uniform(*AFTER_BLOCK_SECONDS))

    async def _some_peer(self) -> None:
        """Wait until a peer is connected; the node tells nobody but the network, so it is looked now and then."""
        while not self._node.status().peers:  # noqa: ASYNC110 - see above
            await asyncio.sleep(_PEERS_POLL)

    def _waiting(self) -> list[Txid]:
        """Ours that wait for a block and are to be offered, what is built on before what builds on it."""
        ours = [record.txid for record in self._ledger.unproven() if record.local]
        self._again = {txid: when for txid, when in self._again.items() if txid in ours}
        now = time.monotonic()
        return oldest_first(self._ledger, [txid for txid in ours if self._is_due(txid, now)])

    def _is_due(self, txid: Txid, now: float) -> bool:
        """Whether nobody announced it back, or that is so long ago that all may have forgotten it."""
        if not self._node.seen_by(txid):
            return True
        return self._again.setdefault(txid, now + self._chance.uniform(*FORGOTTEN_SECONDS)) <= now
