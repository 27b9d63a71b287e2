"""Which blocks the engine fetches for its fee presets, when, and what a payment without a rate pays."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import FOREIGN, ScriptedNode, World
from tests.peers.chain import ChainBuilder
from tests.peers.scripted import until
from wallet.engine import api
from wallet.engine.fees import DEFAULT_RATE


@dataclass
class Peer:
    """As much of a peer as fees depend on."""

    fee_filter: int


class FeeNode(ScriptedNode):
    """A node that notes the blocks asked for, and whose peers say what they relay."""

    filters: tuple[int, ...] = (2_000,)

    def peers(self) -> list[Any]:
        return [Peer(rate) for rate in self.filters][: self.peer_count]


class FeeWorld(World):
    """The engine, and every height that was fetched."""

    def __init__(self, folder: Path, chain: ChainBuilder) -> None:
        super().__init__(folder, chain)
        self.fetched: list[int] = []
        self.peer_count = 1
        self.parts = replace(self.parts, make_node=self._make)
        self.start(self.parts)

    def _make(self, files: Any, listener: Any, _known: object) -> FeeNode:
        node = FeeNode(self.chain, files, listener, peer_count=self.peer_count)
        node.on_block = self.fetched.append
        self.nodes.append(node)
        return node


def chain_of(blocks: int) -> ChainBuilder:
    chain = ChainBuilder()
    chain.mine(blocks)
    return chain


def story(tmp_path: Path, chain: ChainBuilder, tell: Callable[[FeeWorld], Awaitable[None]]) -> None:
    async def run() -> None:
        world = FeeWorld(tmp_path, chain)
        try:
            await asyncio.wait_for(tell(world), 30)
        finally:
            await world.engine.close()

    asyncio.run(run())


def test_who_asks_and_waits_gets_the_newest_blocks_without_a_wallet(tmp_path: Path) -> None:
    async def tell(world: FeeWorld) -> None:
        report = await world.engine.run(api.GetFees(timeout=10.0))
        assert world.fetched == [5, 6, 7, 8, 9, 10]
        estimates = tuple(api.FeeEstimate(target, 2.0) for target in (2, 6, 24))
        assert report == api.FeeReport("floor", 6, 2.0, estimates)

    story(tmp_path, chain_of(10), tell)


def test_who_does_not_wait_gets_the_defaults_and_nothing_is_fetched(tmp_path: Path) -> None:
    async def tell(world: FeeWorld) -> None:
        report = await world.engine.run(api.GetFees())
        assert (report.source, report.blocks, report.floor) == ("fixed", 0, 1.0)
        assert {estimate.sat_per_vb for estimate in report.estimates} == {DEFAULT_RATE}
        assert not world.nodes

    story(tmp_path, chain_of(10), tell)


def test_without_peers_it_says_so_when_the_time_is_over(tmp_path: Path) -> None:
    async def tell(world: FeeWorld) -> None:
        world.peer_count = 0
        with pytest.raises(api.WrenError) as failed:
            await world.engine.run(api.GetFees(timeout=0.2))
        assert failed.value.code == "no_peers"
        assert not world.fetched

    story(tmp_path, chain_of(10), tell)


def test_an_open_wallet_that_follows_the_chain_looks_at_each_new_block(tmp_path: Path) -> None:
    async def tell(world: FeeWorld) -> None:
        await world.create()
        await world.engine.run(api.Connect())
        await until(lambda: world.fetched == [5, 6, 7, 8, 9, 10], what="the newest blocks")
        world.chain.mine()
        world.node.feed()
        await until(lambda: world.fetched[6:] == [11], what="the new block")
        assert (await world.engine.run(api.GetFees())).blocks == 6

    story(tmp_path, chain_of(10), tell)


def test_a_sync_alone_fetches_no_blocks_for_fees(tmp_path: Path) -> None:
    async def tell(world: FeeWorld) -> None:
        await world.create()
        await world.sync()
        await asyncio.sleep(0.5)
        assert not world.fetched

    story(tmp_path, chain_of(10), tell)


def test_after_a_reorganisation_the_new_branch_is_looked_at(tmp_path: Path) -> None:
    async def tell(world: FeeWorld) -> None:
        await world.engine.run(api.GetFees(timeout=10.0))
        world.fetched.clear()
        world.chain = world.node.chain = world.chain.fork(8)
        world.chain.mine(3)
        headers = world.node.files.headers
        raw = world.chain.raw_headers(9)
        world.node.listener.chain_changed(headers.connect(raw, world.chain.tip.header.time, 1))
        report = await world.engine.run(api.GetFees(timeout=10.0))
        assert world.fetched == [9, 10, 11]
        assert report.blocks == 6

    story(tmp_path, chain_of(10), tell)


@pytest.mark.parametrize(("blocks", "rate"), [(20, 2.0), (1, DEFAULT_RATE), (0, DEFAULT_RATE)])
def test_a_payment_without_a_rate_pays_the_normal_preset_or_the_default_where_too_little_is_known(
    tmp_path: Path, blocks: int, rate: float
) -> None:
    async def tell(world: FeeWorld) -> None:
        await world.create()
        await world.fund(100_000)
        order = api.PreparePayment(((FOREIGN, 20_000),))
        if not blocks:
            order = replace(order, offline=True)
        review = await world.engine.run(order)
        assert review.fee_rate == pytest.approx(rate, rel=0.02)

    story(tmp_path, chain_of(blocks or 20), tell)
