"""A payment's way out over connections of its own, made through the proxy for this alone and closed afterwards.

Each has a login of its own, so Tor leads it over a circuit of its own: whoever gets the payment there cannot tell which
of the wallets that it serves filters to made it. The ordinary peers are told nothing, and only listen.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from wallet.bitcoin.transaction import Transaction
from wallet.spv.addrman import Endpoint, ManualPeers
from wallet.spv.broadcast import Broadcaster, BroadcastReport, Tell
from wallet.spv.connection import Proxy
from wallet.spv.links import Links
from wallet.spv.message import GetData, Message, Pong
from wallet.spv.peer import PeerInfo

log = logging.getLogger(__name__)

CARRY_SECONDS: Final = 25.0
"""Dialling through Tor takes some, and the reference node asks after up to 4 s."""
COURIERS: Final = 2
HANGING_UP_SECONDS: Final = 3.0
LEAST_SECONDS: Final = 10.0
"""Who waits for less than this has no time for it: the ordinary peers are told."""


@dataclass(frozen=True, slots=True)
class Courier:
    """How to make such connections. clock: Unix seconds."""

    magic: bytes
    proxy: Proxy
    clock: Callable[[], float]
    chance: Random
    user_agent: str

    async def carry(
        self, endpoint: Endpoint, transaction: Transaction, parents: Sequence[Transaction]
    ) -> BroadcastReport:
        """Hand a payment to a peer; what became of that: told, asked for it."""
        broadcaster = Broadcaster(self.chance)
        broadcaster.start(transaction, parents)
        hands = _Hands(broadcaster, transaction)
        links = Links(
            self.magic,
            ManualPeers([endpoint]),
            hands,
            self.clock,
            proxy=self.proxy,
            user_agent=self.user_agent,
        )
        hands.send = links.send
        links.start()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CARRY_SECONDS):
                    await hands.done.wait()
        finally:
            await links.stop()
        return broadcaster.finish(transaction.txid)


class _Hands:
    """What happens on such a connection (LinkHandler)."""

    def __init__(self, broadcaster: Broadcaster, transaction: Transaction) -> None:
        self._broadcaster = broadcaster
        self._transaction = transaction
        self.done = asyncio.Event()
        self.send: Callable[[int, Message], None] = lambda _peer_id, _message: None

    def _tell(self, tells: Iterable[Tell]) -> None:
        for tell in tells:
            self.send(tell.peer_id, tell.message)

    def peer_ready(self, info: PeerInfo) -> None:
        self._tell(self._broadcaster.peer_ready(info))

    def peer_gone(self, peer_id: int) -> None:
        self._broadcaster.peer_gone(peer_id)

    def message(self, peer_id: int, message: Message) -> None:
        match message:
            case GetData():
                self._tell(self._broadcaster.requested(peer_id, message))
            case Pong(nonce):
                self._broadcaster.ponged(peer_id, nonce)
                if self._broadcaster.delivered(self._transaction.txid):
                    self.done.set()
            case _:
                pass

    def tick(self, now: float) -> None:
        pass

    def failed(self, error: BaseException) -> None:
        log.warning("a payment could not be carried: %s", error)
        self.done.set()
