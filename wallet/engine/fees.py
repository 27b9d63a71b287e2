"""Fee presets: the newest blocks, fetched while nothing else is to be done, and what is reckoned from them.

Where the chain is followed for an open wallet, and its scan is complete, the newest blocks are fetched one after the
other, and then each new one (about 1.6 MB in ten minutes on mainnet). Otherwise nothing is fetched unless somebody asks
for fees and waits, or prepares a payment without a rate.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from wallet.bitcoin.network import ChainParams
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.parts import NetworkNode
from wallet.spv.fees import FAST, HIGHEST, NORMAL, SLOW, FeeEstimator, relay_floor
from wallet.spv.node_api import NodeStopped, Superseded

log = logging.getLogger(__name__)

DEFAULT_RATE: Final = 5.0
"""sat/vB, where nothing better is known."""
LEAST_BLOCKS: Final = 3
"""With fewer blocks a payment whose rate nobody chose pays the default, unless these cost more."""
MAX_RATE: Final = HIGHEST / 1000
PATIENCE: Final = 10.0
"""Seconds that a payment waits for the blocks that its fee rests on."""
_POLL: Final = 0.05
_TARGETS: Final[dict[api.Preset, int]] = {"fast": FAST, "normal": NORMAL, "slow": SLOW}


class Fees:
    """The fee presets. wanted: whether blocks are to be fetched before anybody asks."""

    def __init__(self, params: ChainParams, network: Network, wanted: Callable[[], bool]) -> None:
        self._network = network
        self._wanted = wanted
        self._estimator = FeeEstimator(params)
        self._fetching: asyncio.Task[None] | None = None
        self._failed_at: int | None = None

    # --- blocks ---

    def heard(self, event: api.Event) -> None:
        """An event of the engine: where the wallet has caught up, go on to look at the newest blocks."""
        if isinstance(event, api.SyncChanged) and event.status.synced and self._wanted():
            self._fetch()

    def _fetch(self) -> None:
        """Fetch what is missing in the background, unless that is being done, or a block could not be read."""
        node = self._network.node
        busy = self._fetching is not None and not self._fetching.done()
        if node is None or busy or self._failed_at == self._network.tip_height or self._missing() is None:
            return
        self._fetching = asyncio.create_task(self._take_in(node))
        self._fetching.add_done_callback(self._fetched)

    def _missing(self) -> int | None:
        """The height of the block to fetch next, None if all are there; what is out of date is forgotten."""
        return self._estimator.follow(
            self._network.hash_at, self._network.files.headers.base_height, self._network.tip_height
        )

    async def _take_in(self, node: NetworkNode) -> None:
        while (height := self._missing()) is not None:
            try:
                block = await node.fetch_block(height)
            except Superseded:
                await asyncio.sleep(0)
                continue
            except NodeStopped:
                return
            # A reorganisation may have come in between: then this is not the block that is missing now.
            if self._network.hash_at(height) == block.hash and self._missing() == height:
                self._estimator.add(block, height)

    def _fetched(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("the newest blocks tell no fees: %s", error)
            self._failed_at = self._network.tip_height

    async def close(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    # --- answers ---

    async def get(self, command: api.GetFees) -> api.FeeReport:
        """The presets, from what is known within the time given. Raises WrenError no_peers when nobody answers."""
        if command.timeout > 0:
            await self._network.connect()
            complete = await self._complete(command.timeout)
            if (failure := self._network.failure) is not None:
                raise failure
            if not complete and not self._network.status().peers:
                message = "no peer answered: check the connection, and your own node if you named one"
                raise api.WrenError("no_peers", message)
        return self.report()

    async def usual_rate(self, seconds: float, preset: api.Preset = "normal") -> float:
        """The rate of a payment for which none was typed, in sat/vB: a preset, or the default."""
        await self._complete(min(seconds, PATIENCE))
        report = self.report()
        rate = {estimate.target: estimate.sat_per_vb for estimate in report.estimates}[_TARGETS[preset]]
        return min(MAX_RATE, rate if report.blocks >= LEAST_BLOCKS else max(rate, DEFAULT_RATE))

    async def _complete(self, seconds: float) -> bool:
        """Wait until the newest blocks are taken in, as long as there is hope; whether they are."""
        deadline = time.monotonic() + seconds
        while (node := self._network.node) is not None and self._network.failure is None:
            if self._headers_complete(node):
                self._fetch()
                if self._missing() is None:
                    return True
            if time.monotonic() >= deadline or self._failed_at == self._network.tip_height:
                return False
            await asyncio.sleep(_POLL)
        return False

    @staticmethod
    def _headers_complete(node: NetworkNode) -> bool:
        status = node.status()
        return status.peers > 0 and status.headers_synced and node.tips_reconciled()

    def report(self) -> api.FeeReport:
        """The presets from what is known now."""
        self._missing()
        node = self._network.node
        filters = [] if node is None else [peer.fee_filter for peer in node.peers()]
        found = self._estimator.estimate(filters)
        if found is None:
            floor = relay_floor(filters) / 1000
            rate = max(DEFAULT_RATE, floor)
            return api.FeeReport("fixed", 0, floor, tuple(api.FeeEstimate(each, rate) for each in (FAST, NORMAL, SLOW)))
        estimates = tuple(api.FeeEstimate(target, rate.sat_per_vb) for target, rate in found.rates.items())
        return api.FeeReport(found.source, found.blocks, found.floor.sat_per_vb, estimates)
