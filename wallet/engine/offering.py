"""Payments of our own that no peer was seen to pass on are offered again, as long as the wallet is connected.

What was sent while nobody could be reached goes out soon after the next connection; what a peer swallowed is told to
others every few minutes, until somebody announces it or a block holds it (SECURITY.md P15).
"""

import asyncio
from collections.abc import Callable
from typing import Final

from wallet.engine.parts import NetworkNode
from wallet.ledger.ledger import Ledger
from wallet.ledger.record import TransactionRecord

FIRST_SECONDS: Final = 5.0
EVERY_SECONDS: Final = 120.0
OFFER_SECONDS: Final = 10.0
_PEERS_POLL: Final = 1.0


async def offer_again(ledger: Ledger, node: NetworkNode, commit: Callable[[], None]) -> None:
    """Go on until cancelled. commit: stores what the ledger changed.

    A payment that is new since the round before is left alone: whoever sends it is still announcing it.
    """
    known = {record.txid for record in _waiting(ledger, node)}
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        await _some_peer(node)
        for record in _waiting(ledger, node):
            if record.txid in known:
                await _offer(ledger, node, record)
        commit()
        known = {record.txid for record in _waiting(ledger, node)}
        await asyncio.sleep(EVERY_SECONDS)


async def _some_peer(node: NetworkNode) -> None:
    """Wait until a peer is connected; the node tells nobody but the network, so it is looked now and then."""
    while not node.status().peers:  # noqa: ASYNC110
        await asyncio.sleep(_PEERS_POLL)


def _waiting(ledger: Ledger, node: NetworkNode) -> list[TransactionRecord]:
    return [record for record in ledger.unproven() if record.local and not node.seen_by(record.txid)]


async def _offer(ledger: Ledger, node: NetworkNode, record: TransactionRecord) -> None:
    report = await node.broadcast(record.raw, OFFER_SECONDS)
    if report.sent_to and record.txid in ledger.transactions:
        ledger.mark_announced(record.txid)
