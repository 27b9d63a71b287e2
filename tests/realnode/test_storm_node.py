"""The storm with the real node as the only honest peer: Wren and it agree in the end, whatever happens in between.

Six scripted peers lie about the same filters, each in a way of its own about the rest; the chain reorganises, the
engine and the node are ended in the middle and started again. The node counts for itself, by its set of coins.
"""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.peers.chain import ChainBuilder
from tests.realnode.node import RealNode
from tests.spv.test_security import Hands
from tests.spv.test_storm import Storm, opened
from wallet.engine import api

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(300)]
COIN = 100_000_000


class NodeStorm(Storm):
    """The chain goes to the node block by block, which checks it by all the rules; the honest script stays silent."""

    def __init__(self, folder: Path, node: RealNode) -> None:
        super().__init__(folder)
        self.node = node
        self.given = 0

    @property
    def peers(self) -> tuple[str, ...]:
        return (*(liar.address for liar in self.liars), self.node.address)

    def options(self, *, offline: bool = False) -> api.EngineOptions:
        options = super().options(offline=True)
        if offline:
            return options
        return api.EngineOptions("regtest", str(self.folder), peers=self.peers, kdf=options.kdf)

    def give(self, first: int) -> None:
        """Hand the node the chain from a height on."""
        for block in self.chain.blocks[first:]:
            assert self.node.submitblock(block.raw.hex()) in {None, "inconclusive"}
        assert self.node.getbestblockhash() == str(self.chain.tip.hash)
        self.node.wait_for_filters()

    def go_on(self, chain: ChainBuilder, first: int) -> None:
        self.chain = chain
        self.give(first)
        self.follow(chain)

    async def agreed(self, engine: Any) -> None:
        """Wait for the balance, then ask the node what it thinks of all that."""
        await self.settled(engine)
        status = await engine.run(api.GetSyncStatus())
        assert status.tip == self.node.getbestblockhash()
        coins = self.node.scantxoutset("start", [f"raw({self.script.hex()})"])
        rows = await engine.run(api.GetHistory())
        assert all(row.proven or row.height is None for row in rows)
        assert int(Decimal(str(coins["total_amount"])) * COIN) == self.paid
        mine = await engine.run(api.GetCoins())
        assert {coin.outpoint for coin in mine if coin.height is not None} == {
            f"{each['txid']}:{each['vout']}" for each in coins["unspents"]
        }


@pytest.fixture
async def storm(
    real_node_command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[NodeStorm]:
    Hands(monkeypatch).pace = 3.0
    with RealNode(real_node_command, "-maxtipage=1000000000") as node:
        made = NodeStorm(tmp_path, node)
        await made.prepare()
        made.give(1)
        for peer in made.liars:
            await peer.start()
        yield made
        for peer in made.liars:
            await peer.stop()


async def test_wren_and_the_node_agree_after_a_storm(storm: NodeStorm) -> None:
    for seconds in (0.1, 0.4, 0.9, 1.6):  # ended in the middle of whatever it is doing
        async with opened(storm):
            await asyncio.sleep(seconds)
    async with opened(storm) as engine:
        await storm.agreed(engine)

        branch = storm.chain.fork(storm.chain.height - 8)  # the second payment leaves the chain …
        branch.mine(4)
        branch.mine(8, [branch.pay((storm.script, 20_000))])  # … and another of the same amount comes in its place
        storm.go_on(branch, branch.height - 11)
        await storm.agreed(engine)

        storm.node.stop()
        await asyncio.sleep(0.3)
        storm.node.start()
        storm.pay(3_000)
        storm.go_on(storm.chain, storm.chain.height)
        await storm.agreed(engine)

    storm.pay(400)
    storm.go_on(storm.chain, storm.chain.height)
    async with opened(storm):
        await asyncio.sleep(0.2)
    fork = storm.chain.height - 100  # a deep one, while nobody looks
    deep = storm.chain.fork(fork)
    storm.paid = 1_000_000
    deep.mine(101)
    deep.mine_payment(storm.script, 55_000)
    storm.paid += 55_000
    storm.go_on(deep, fork + 1)
    async with opened(storm) as engine:
        await storm.agreed(engine)
