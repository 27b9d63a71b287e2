"""Peers that try to hold the synchroniser up, one trick each; an honest peer is there too, and must be enough."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.peers.chain import ChainBuilder
from tests.spv.chains import MemoryStore
from tests.spv.test_sync import PAID, Node, World, assert_synced, filter_without
from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS, Checkpoint, Checkpoints, FilterPin
from wallet.bitcoin.hashes import BlockHash, sha256d
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import (
    BlockMessage,
    CFilter,
    GetCFilters,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvType,
    Message,
    NotFound,
)
from wallet.spv.sync import BlockReady, Drop, FiltersReady


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(2310)
    builder.mine_payment(PAID, 5_000_000)
    builder.mine(9)
    return builder


def drops(world: World) -> dict[int, bool]:
    """Who was dropped, and whether it was banned."""
    return {drop.peer_id: drop.ban for drop in world.of(Drop)}


# --- headers


class Repeating(Node):
    """Answers every question for headers with the same full message."""

    def _headers(self, message: GetHeaders) -> bytes:
        return self.chain.raw_headers(1, 2000)


def test_the_same_headers_again_and_again_do_not_hold_the_lead(chain: ChainBuilder) -> None:
    world = World({10: Repeating(chain), 1: Node(chain)}).join(10, 1).run(5)
    assert_synced(world, chain)
    assert drops(world) == {10: False}


class FullThenSilent(Node):
    """After the first sync: one full message of old headers, as if more were to come, and then nothing."""

    tricking = False

    def answer(self, message: Message) -> Iterable[Message]:
        if self.tricking and isinstance(message, GetHeaders):
            self.asked.append(message)
            self.silent = {GetHeaders}
            return [Headers(self.chain.raw_headers(1, 2000))]
        return super().answer(message)


def test_a_promise_of_more_headers_does_not_stop_what_follows_headers(chain: ChainBuilder) -> None:
    trickster = FullThenSilent(chain)
    world = World({1: Node(chain), 10: trickster}).join(1, 10).run(3)
    trickster.tricking = True
    world.say(10, Inv.of((InvType.BLOCK, BlockHash(bytes(31) + b"\1"))))
    world.run(30)
    longer = chain.fork(chain.height, tag=b"more")
    longer.mine(3)
    world.nodes[1].follow(longer)
    world.say(1, Headers(longer.raw_headers(chain.height + 1)))
    world.run(10)
    assert world.filters.tip_height == longer.height
    assert world.sync.progress().headers_synced


def test_a_block_that_is_announced_and_never_shown_holds_nobody_up(chain: ChainBuilder) -> None:
    world = World({1: Node(chain), 10: Node(chain)}).join(1, 10).run(3)
    world.say(10, Inv.of((InvType.BLOCK, BlockHash(bytes(31) + b"\1"))))
    world.run(2)
    assert world.sync.tips_reconciled()


def test_who_announces_blocks_that_do_not_come_is_not_waited_for_and_has_to_go(chain: ChainBuilder) -> None:
    world = World({1: Node(chain), 10: Node(chain)}).join(1, 10).run(3)
    world.nodes[10].silent = {GetHeaders}
    for number in range(12):
        world.say(10, Inv.of((InvType.BLOCK, BlockHash(bytes(31) + bytes([number + 1])))))
        assert number < 4 or world.sync.tips_reconciled()
        world.run(9)
        world.say(10, Headers(b""))  # a sign of life, so that it does not count as silent
    assert drops(world) == {10: False}


def test_headers_on_stage_do_not_lock_others_out() -> None:
    """A branch that is easy to make, and ends, must not keep the way to the minimum of work occupied."""
    honest = ChainBuilder()
    honest.mine(120)
    params = replace(REGTEST, minimum_chain_work=2 * 100)
    easy = ChainBuilder(tag=b"easy")
    easy.mine(60)
    world = World({10: Node(easy), 1: Node(honest)}, params).join(10).run(2)
    assert (world.headers.tip_height, world.headers.frontier[0]) == (0, 60)
    world.join(1).run(5)
    assert world.headers.tip_hash == honest.tip.hash
    assert drops(world) == {}


def test_headers_that_nobody_asked_for_do_not_lock_the_leader_out() -> None:
    honest = ChainBuilder()
    honest.mine(120)
    params = replace(REGTEST, minimum_chain_work=2 * 100)
    easy = ChainBuilder(tag=b"easy")
    easy.mine(60)
    world = World({1: Node(honest), 10: Node(easy)}, params)
    world.nodes[10].silent = {GetHeaders}
    world.join(1, 10)
    world.say(10, Headers(easy.raw_headers(1)))
    world.run(5)
    assert world.headers.tip_hash == honest.tip.hash


def test_a_million_easy_headers_move_nothing_and_cost_nothing() -> None:
    """500 peers one after the other, each with a chain of 2,000: neither tip nor memory nor disk notice."""
    params = replace(REGTEST, minimum_chain_work=1 << 60)
    easy = ChainBuilder(tag=b"easy")
    easy.mine(2_000)
    raw = easy.raw_headers(1)
    stores = MemoryStore(), MemoryStore(32)
    world = World({}, params, stores=stores)
    for number in range(500):
        world.nodes = {number: Node(easy)}
        world.nodes[number].silent = {GetHeaders}
        world.join(number)
        world.say(number, Headers(raw))
        world.leave(number)
        world.actions.clear()
        world.queue.clear()
    assert world.headers.tip_height == 0
    assert not world.headers.work_sufficient
    assert stores[0].ranges == ((0, 0),)
    assert len(stores[0].records) <= 1 + 2_016
    assert len(world.headers._forks) == 0


def test_branches_of_many_peers_stay_bounded_and_go_with_them() -> None:
    base = ChainBuilder()
    base.mine(30)
    world = World({1: Node(base)}).join(1).run(2)
    most = 0
    for number in range(10, 60):
        branch = base.fork(5, tag=bytes([number]))
        branch.mine(24)
        world.nodes[number] = Node(branch)
        world.join(number).run()
        most = max(most, len(world.headers._forks))
        world.leave(number)
    assert world.headers.tip_hash == base.tip.hash
    assert most == 24
    assert len(world.headers._forks) == 0


class Dripping(Node):
    """Below a checkpoint, where 2,000 headers are due, gives one at a time."""

    def _headers(self, message: GetHeaders) -> bytes:
        raw = super()._headers(message)
        return raw[:80] if any(message.stop) else raw


def test_a_range_that_comes_in_drops_goes_to_another_peer() -> None:
    builder = ChainBuilder()
    builder.mine(3 * 2016)
    points = Checkpoints(
        headers=tuple(
            Checkpoint(height, builder.blocks[height].hash, REGTEST.pow_limit_bits, 2 * (height + 1))
            for height in (2015, 4031)
        ),
        filters=(FilterPin(2500, builder.blocks[2500].filter_header),),
    )
    world = World({10: Dripping(builder), 1: Node(builder)}, replace(REGTEST), points).join(10, 1).run()
    base = world.headers.base_height
    world.do(world.sync.want_from(0, world.now))
    world.run(5)
    assert base > world.headers.base_height == 0
    assert sum(isinstance(m, GetHeaders) and any(m.stop) for m in world.nodes[10].asked) <= 1
    assert drops(world) == {10: False}


# --- blocks and filters


def test_a_peer_that_never_has_the_block_is_not_asked_for_ever(chain: ChainBuilder) -> None:
    class Without(Node):
        def answer(self, message: Message) -> Iterable[Message]:
            if isinstance(message, GetData):
                self.asked.append(message)
                assert len(self.asked) < 100
                return [NotFound.of(*message)]
            return super().answer(message)

    world = World({10: Without(chain), 1: Node(chain)}).join(10).run(2)
    world.do(world.sync.request_block("b", 2311, world.now))
    world.run(2)
    assert drops(world) == {10: False}
    world.join(1).run(2)
    assert [ready.height for ready in world.of(BlockReady)] == [2311]


def test_six_that_withhold_a_block_cost_ten_seconds_each_at_the_most(chain: ChainBuilder) -> None:
    peers = {number: Node(chain) for number in (1, *range(10, 16))}
    world = World(peers).join(*range(10, 16), 1).run(3)
    for number in range(10, 16):
        peers[number].silent = {GetData}
    begun = world.now
    world.do(world.sync.request_block("b", 2311, world.now))
    while not world.of(BlockReady):
        world.run()
    assert world.now - begun <= 65
    begun = world.now
    world.do(world.sync.request_block("again", 2312, world.now))
    while len(world.of(BlockReady)) < 2:
        world.run()
    assert world.now - begun <= 1, "the one that answers is known by now"


class Trickling(Node):
    """Sends one filter of each batch, and the next one only after nine seconds."""

    def answer(self, message: Message) -> Iterable[Message]:
        if isinstance(message, GetCFilters):
            self.asked.append(message)
            return []
        return super().answer(message)

    def drip(self, height: int) -> CFilter:
        return CFilter(self.chain.blocks[height].hash, self.chain.blocks[height].filter)


def test_a_trickle_of_filters_holds_up_one_batch_once(chain: ChainBuilder) -> None:
    world = World({10: Trickling(chain), 1: Node(chain)}).join(10).run(3)
    trickler = world.nodes[10]
    assert isinstance(trickler, Trickling)
    world.do(world.sync.request_filters("first", 0, 999, world.now))
    world.join(1).run(3)
    begun = world.now
    for height in range(100):
        if world.of(FiltersReady):
            break
        world.say(10, trickler.drip(height))
        world.run(5)
    assert world.now - begun <= 20
    asked = len(trickler.asked)
    for token in range(8):
        world.do(world.sync.request_filters(token, 1000, 1999, world.now))
    world.run(3)
    assert len(world.of(FiltersReady)) == 9
    assert len(trickler.asked) == asked, "who was slow gets no batch while another has time"


def test_liars_that_keep_their_filter_to_themselves_cost_one_patience_together(chain: ChainBuilder) -> None:
    lie = {2311: filter_without(chain, 2311, PAID)}
    peers = {1: Node(chain)} | {number: Node(chain, lie) for number in range(10, 16)}
    for number in range(10, 16):
        peers[number].silent = {GetCFilters}
    world = World(peers)
    begun = world.now
    world.join(*range(10, 16), 1)
    while world.filters.tip_height < chain.height or world.sync.progress().agreed_by != 1:
        world.run()
        assert world.now - begun < 40
    assert_synced(world, chain)
    assert world.banned == set()


def test_blocks_that_nobody_asked_for_are_not_even_read(chain: ChainBuilder) -> None:
    world = World({1: Node(chain)}, REGTEST, EMPTY_CHECKPOINTS).join(1).run(2)
    junk = BlockMessage(chain.blocks[5].raw[:80] + bytes(100))
    world.say(1, junk)
    world.say(1, BlockMessage(bytes(80) + b"\xff" * 100))
    assert drops(world) == {}
    world.do(world.sync.request_block("b", 5, world.now))
    world.queue.clear()
    world.say(1, junk)
    assert drops(world) == {1: True}
    assert sha256d(junk.raw[:80]) == chain.blocks[5].hash
