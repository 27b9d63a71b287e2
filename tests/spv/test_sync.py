"""Synchronizer against scripted peers in memory: honest ones, liars, silent ones, reorganisations, disconnections."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.peers.chain import ChainBuilder
from tests.spv.chains import MemoryStore
from wallet.bitcoin.blockfilter import build_filter, filter_elements, filter_hash, next_filter_header
from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS, Checkpoint, Checkpoints, FilterPin
from wallet.bitcoin.hashes import BlockHash, FilterHash, FilterHeader
from wallet.bitcoin.network import REGTEST, ChainParams
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.spv.chain import HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.message import (
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
    GetCFCheckpt,
    GetCFHeaders,
    GetCFilters,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvType,
    Message,
    NotFound,
    Services,
)
from wallet.spv.peer import PeerInfo
from wallet.spv.sync import (
    Action,
    BlockReady,
    ChainChanged,
    Drop,
    FiltersReady,
    FiltersRevoked,
    RequestFailed,
    Send,
    Synchronizer,
)

A = TypeVar("A", bound=Action)
FULL = int(Services.NETWORK | Services.WITNESS | Services.NETWORK_LIMITED | Services.COMPACT_FILTERS)
PAID = bytes.fromhex("0014") + bytes(range(20))


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(2310)
    builder.mine_payment(PAID, 5_000_000)
    builder.mine(9)
    return builder


def filter_without(builder: ChainBuilder, height: int, script: bytes) -> bytes:
    """The filter of a block with one script left out: what a liar would serve to hide a payment."""
    block = builder.blocks[height]
    paid = [output.script_pubkey for tx in block.transactions for output in tx.outputs]
    spent = [output.script_pubkey for output in block.spent]
    elements = filter_elements(paid, spent)
    assert script in elements
    return build_filter(block.hash, elements - {script})


class Node:
    """A full node in memory; `lies` replaces its filters by height, and it is consistent about them."""

    def __init__(self, chain: ChainBuilder, lies: dict[int, bytes] | None = None) -> None:
        self.lies = lies or {}
        self.silent: set[type] = set()
        self.asked: list[Message] = []
        self.services = FULL
        self.follow(chain)

    def follow(self, chain: ChainBuilder) -> None:
        self.chain = chain
        self.headers: list[FilterHeader] = []
        self.hashes: list[FilterHash] = []
        previous = FilterHeader(bytes(32))
        for height, block in enumerate(chain.blocks):
            lied = height in self.lies
            self.hashes.append(filter_hash(self.lies[height]) if lied else block.filter_hash)
            lying = lied or (height > 0 and previous != block.previous_filter_header)
            previous = next_filter_header(self.hashes[-1], previous) if lying else block.filter_header
            self.headers.append(previous)

    def answer(self, message: Message) -> Iterable[Message]:
        self.asked.append(message)
        if type(message) in self.silent:
            return
        if isinstance(message, GetHeaders):
            yield Headers(self._headers(message))
        elif isinstance(message, GetCFCheckpt | GetCFHeaders):
            yield self._filter_headers(message)
        elif isinstance(message, GetCFilters):
            for height in range(message.start_height, self._height(message.stop) + 1):
                block = self.chain.blocks[height]
                yield CFilter(block.hash, self.lies.get(height, block.filter))
        elif isinstance(message, GetData):
            for kind, digest in message:
                at = self.chain.height_of(digest)
                assert kind == InvType.WITNESS_BLOCK
                yield NotFound.of((kind, digest)) if at is None else BlockMessage(self.chain.blocks[at].raw)

    def _filter_headers(self, message: GetCFCheckpt | GetCFHeaders) -> Message:
        stop = self._height(message.stop)
        if isinstance(message, GetCFCheckpt):
            return CFCheckpt(message.stop, b"".join(self.headers[1000 : stop + 1 : 1000]))
        first = message.start_height
        previous = self.headers[first - 1] if first else FilterHeader(bytes(32))
        return CFHeaders(message.stop, previous, b"".join(self.hashes[first : stop + 1]))

    def _height(self, stop: BlockHash) -> int:
        height = self.chain.height_of(stop)
        assert height is not None, "asked for a block that this peer never announced"
        return height

    def _headers(self, message: GetHeaders) -> bytes:
        found = [self.chain.height_of(block_hash) for block_hash in message.locator]
        first = next((height for height in found if height is not None), 0) + 1
        stop = self.chain.height_of(message.stop)
        last = min(first + 1999, self.chain.height if stop is None else stop)
        return self.chain.raw_headers(first, last + 1 - first) if last >= first else b""


class World:
    """A Synchronizer, the peers that it talks to, and a clock that moves when nothing else does."""

    def __init__(
        self,
        nodes: dict[int, Node],
        params: ChainParams = REGTEST,
        points: Checkpoints = EMPTY_CHECKPOINTS,
        stores: tuple[MemoryStore, MemoryStore] | None = None,
    ) -> None:
        self.nodes = nodes
        self.now = 1_700_000_000.0
        self.actions: list[Action] = []
        self.queue: list[tuple[int, Message]] = []
        self.stores = stores or (MemoryStore(), MemoryStore(32))
        self.headers = HeaderChain(params, points, self.stores[0])
        self.filters = FilterHeaderChain(params, points.filters, self.stores[1], self.headers)
        self.sync = Synchronizer(params, self.headers, self.filters)
        self.connected: set[int] = set()

    def join(self, *ids: int) -> "World":
        for peer_id in ids:
            node = self.nodes[peer_id]
            info = PeerInfo(
                peer_id, f"10.0.0.{peer_id}:8333", 70016, node.services, "/node/", node.chain.height, manual=True
            )
            self.connected.add(peer_id)
            self.do(self.sync.peer_ready(info, self.now))
        return self

    def leave(self, peer_id: int) -> None:
        self.connected.discard(peer_id)
        self.do(self.sync.peer_gone(peer_id, self.now))

    def do(self, actions: list[Action]) -> None:
        self.actions += actions
        for action in actions:
            if isinstance(action, Send) and action.peer_id in self.connected:
                self.queue.append((action.peer_id, action.message))
            if isinstance(action, Drop):
                self.connected.discard(action.peer_id)
                self.do(self.sync.peer_gone(action.peer_id, self.now))

    def say(self, peer_id: int, message: Message) -> None:
        if peer_id in self.connected:
            self.do(self.sync.receive(peer_id, message, self.now))

    def deliver(self) -> bool:
        """Answer the oldest question; False when there is none."""
        if not self.queue:
            return False
        peer_id, question = self.queue.pop(0)
        for answer in self.nodes[peer_id].answer(question) if peer_id in self.connected else ():
            self.say(peer_id, answer)
        return True

    def run(self, seconds: int = 0) -> "World":
        """Until nothing is to be said, and then for some time more."""
        for _ in range(seconds + 1):
            while self.deliver():
                pass
            self.do(self.sync.tick(self.now))
            if self.queue:
                continue
            self.now += 1
        while self.deliver():
            pass
        return self

    def of(self, kind: type[A]) -> list[A]:
        return [action for action in self.actions if isinstance(action, kind)]

    @property
    def banned(self) -> set[int]:
        return {drop.peer_id for drop in self.of(Drop) if drop.ban}

    def filters_of(self, start: int, stop: int) -> list[bytes]:
        token = object()
        self.do(self.sync.request_filters(token, start, stop, self.now))
        self.run(40)
        (ready,) = [ready for ready in self.of(FiltersReady) if ready.token is token]
        assert ready.start == start
        assert list(ready.block_hashes) == self.headers.hashes(start, stop)
        return ready.filters


def nodes(chain: ChainBuilder, honest: int, *liars: dict[int, bytes]) -> dict[int, Node]:
    found = {number: Node(chain) for number in range(1, honest + 1)}
    found |= {10 + number: Node(chain, lies) for number, lies in enumerate(liars)}
    return found


def assert_synced(world: World, chain: ChainBuilder) -> None:
    assert world.headers.tip_hash == chain.tip.hash
    assert world.filters.tip_height == chain.height
    assert world.filters.header_at(chain.height) == chain.tip.filter_header
    assert world.sync.tips_reconciled()
    progress = world.sync.progress()
    assert (progress.header_height, progress.filter_height, progress.missing_headers) == (chain.height,) * 2 + (0,)


# --- honest peers


def test_syncs_headers_and_filter_headers_from_one_peer(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1)).join(1).run()
    assert_synced(world, chain)
    assert world.sync.progress().agreed_by == 1
    assert world.banned == set()
    connected = [(change.update.connected_from, change.update.connected_to) for change in world.of(ChainChanged)]
    assert connected == [(1, 2000), (2001, chain.height)]


def test_three_peers_share_the_work_and_agree(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 3)).join(1, 2, 3).run(2)
    assert_synced(world, chain)
    assert world.sync.progress().agreed_by == 3
    assert world.of(Drop) == []


def test_the_next_getheaders_leaves_before_the_batch_is_judged(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1)).join(1)
    before = len(world.actions)
    world.say(1, Headers(chain.raw_headers(1, 2000)))
    fresh = world.actions[before:]
    sent = next(at for at, act in enumerate(fresh) if isinstance(act, Send) and isinstance(act.message, GetHeaders))
    changed = next(at for at, act in enumerate(fresh) if isinstance(act, ChainChanged))
    assert sent < changed


def test_fetches_filters_and_blocks_on_demand(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2)).join(1, 2).run()
    assert world.filters_of(0, 999) == [block.filter for block in chain.blocks[:1000]]
    assert world.filters_of(2311, 2311) == [chain.blocks[2311].filter]
    world.do(world.sync.request_block("a", 2311, world.now))
    world.run()
    (ready,) = world.of(BlockReady)
    assert (ready.token, ready.height, ready.block.serialize()) == ("a", 2311, chain.blocks[2311].raw)


def test_orders_wait_for_a_peer_and_for_the_filter_headers(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1))
    world.do(world.sync.request_filters("early", 100, 400, world.now))
    world.join(1).run()
    (ready,) = world.of(FiltersReady)
    assert (ready.token, len(ready.filters)) == ("early", 301)


def test_new_blocks_come_by_headers_and_by_inv(chain: ChainBuilder) -> None:
    longer = chain.fork(chain.height, tag=b"x")
    world = World(nodes(chain, 2)).join(1, 2).run()
    longer.mine(1)
    for node in world.nodes.values():
        node.follow(longer)
    world.say(1, Headers(longer.raw_headers(longer.height, 1)))
    assert world.headers.tip_height == longer.height
    world.say(2, Inv.of((InvType.BLOCK, longer.tip.hash)))
    world.run(1)
    assert_synced(world, longer)
    assert world.sync.progress().agreed_by == 2
    longer.mine(3)
    world.say(2, Inv.of((InvType.BLOCK, longer.tip.hash)))
    assert not world.sync.tips_reconciled()
    for node in world.nodes.values():
        node.follow(longer)
    world.run(8)
    assert_synced(world, longer)


def test_a_node_whose_index_lags_is_asked_again_soon(chain: ChainBuilder) -> None:
    longer = chain.fork(chain.height, tag=b"lag")
    world = World(nodes(chain, 1)).join(1).run()
    longer.mine(1)
    node = world.nodes[1]
    node.silent = {GetCFHeaders}
    node.follow(longer)
    world.say(1, Headers(longer.raw_headers(longer.height, 1)))
    start = world.now
    world.run(1)
    node.silent = set()
    while world.filters.tip_height < longer.height:
        world.run()
    assert world.now - start <= 5


def test_after_a_restart_only_news_is_fetched(chain: ChainBuilder) -> None:
    first = World(nodes(chain, 1)).join(1).run()
    again = World(nodes(chain, 1), stores=first.stores).join(1).run()
    assert_synced(again, chain)
    assert again.of(ChainChanged) == []
    hashes = [m for m in again.nodes[1].asked if isinstance(m, GetCFHeaders)]
    assert all(message.start_height > 2000 for message in hashes)


# --- peers that keep still, or leave


@pytest.mark.parametrize("kind", [GetHeaders, GetCFCheckpt, GetCFHeaders])
def test_a_silent_peer_does_not_hold_up_the_others(chain: ChainBuilder, kind: type) -> None:
    world = World(nodes(chain, 2))
    world.nodes[1].silent = {kind}
    world.join(1, 2).run(60)
    assert_synced(world, chain)
    assert world.banned == set()


@pytest.mark.parametrize("kind", [GetCFilters, GetData])
def test_withheld_filters_and_blocks_come_from_others(chain: ChainBuilder, kind: type) -> None:
    world = World(nodes(chain, 3))
    world.nodes[1].silent = world.nodes[2].silent = {kind}
    world.join(1, 2, 3).run()
    assert len(world.filters_of(1000, 1999)) == 1000
    world.do(world.sync.request_block("b", 5, world.now))
    world.run(90)
    assert len(world.of(BlockReady)) == 1
    assert world.banned == set()


def test_a_disconnection_in_the_middle_is_made_up_for(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2)).join(1)
    world.deliver()
    world.deliver()
    assert world.headers.tip_height == 2000
    world.leave(1)
    world.join(2).run(2)
    assert_synced(world, chain)
    world.do(world.sync.request_filters("f", 0, 999, world.now))
    world.do(world.sync.request_block("b", 9, world.now))
    world.leave(2)
    world.join(1).run(2)
    assert [ready.token for ready in world.of(FiltersReady)] == ["f"]
    assert [ready.token for ready in world.of(BlockReady)] == ["b"]


def test_a_peer_that_never_answers_makes_room(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2))
    world.nodes[1].silent = {GetHeaders, GetCFCheckpt, GetCFHeaders, GetCFilters, GetData}
    world.join(1).run(60)
    assert [(drop.peer_id, drop.ban) for drop in world.of(Drop)] == [(1, False)]


def test_old_blocks_only_from_nodes_that_keep_them(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2))
    world.nodes[1].services = FULL & ~int(Services.NETWORK)
    world.join(1, 2).run()
    for height in (5, 100, 1500):
        world.do(world.sync.request_block(height, height, world.now))
    world.run()
    assert len(world.of(BlockReady)) == 3
    assert not any(isinstance(message, GetData) for message in world.nodes[1].asked)


def test_a_cancelled_order_is_not_answered(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1)).join(1).run()
    world.do(world.sync.request_filters("f", 0, 9, world.now))
    world.do(world.sync.cancel("f"))
    world.run()
    assert world.of(RequestFailed) == [RequestFailed("f", "cancelled")]
    assert world.of(FiltersReady) == []


# --- reorganisations


def test_a_reorganisation_while_filters_are_on_their_way(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2)).join(1, 2).run()
    branch = chain.fork(2300)
    branch.mine(25)
    world.do(world.sync.request_filters("high", 2290, 2310, world.now))
    world.do(world.sync.request_filters("low", 2200, 2290, world.now))
    world.do(world.sync.request_block("block", 2310, world.now))
    for node in world.nodes.values():
        node.follow(branch)
    world.queue.clear()
    world.say(1, Headers(branch.raw_headers(2301)))
    update = world.of(ChainChanged)[-1].update
    assert (update.connected_from, update.connected_to) == (2301, branch.height)
    assert update.disconnected[0] == (chain.height, chain.tip.hash)
    assert world.filters.tip_height == 2300
    world.say(2, Inv.of((InvType.BLOCK, branch.tip.hash)))
    world.run(15)
    assert_synced(world, branch)
    assert {failed.token for failed in world.of(RequestFailed)} == {"high", "block"}
    assert [ready.token for ready in world.of(FiltersReady)] == ["low"]
    assert world.banned == set()


def test_nothing_is_asked_of_a_peer_beyond_what_it_announced(chain: ChainBuilder) -> None:
    """Node._height asserts that each stop hash is known to the peer."""
    world = World(nodes(chain, 2))
    behind = chain.fork(2250)
    world.nodes[2].follow(behind)
    world.join(1, 2).run(20)
    assert world.headers.tip_hash == chain.tip.hash
    assert world.filters.tip_height == chain.height
    assert len(world.filters_of(2200, 2320)) == 121
    assert world.banned == set()


# --- liars about filters


def hiding(chain: ChainBuilder) -> dict[int, bytes]:
    return {2311: filter_without(chain, 2311, PAID)}


def early_lie(chain: ChainBuilder) -> dict[int, bytes]:
    script = chain.blocks[700].transactions[0].outputs[0].script_pubkey
    return {700: filter_without(chain, 700, script)}


@pytest.mark.parametrize("lie", [hiding, early_lie])
@pytest.mark.parametrize(("honest", "liars"), [(1, 1), (3, 1), (1, 4)])
def test_one_honest_peer_is_enough(
    chain: ChainBuilder, lie: Callable[[ChainBuilder], dict[int, bytes]], honest: int, liars: int
) -> None:
    world = World(nodes(chain, honest, *[lie(chain)] * liars))
    world.join(*sorted(world.nodes, reverse=True)).run(30)
    assert_synced(world, chain)
    assert world.banned == set(range(10, 10 + liars))
    assert world.filters_of(2311, 2311) == [chain.blocks[2311].filter]


def test_liars_of_different_kinds_at_once(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1, hiding(chain), early_lie(chain), {3: b"\x00"}, {2000: b"\x07junk"}))
    world.join(13, 12, 11, 10, 1).run(30)
    assert_synced(world, chain)
    assert world.banned == {10, 11, 12, 13}


def test_an_honest_peer_that_comes_late_unmasks_what_was_believed(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1, hiding(chain)))
    world.join(10).run(3)
    assert world.filters.tip_height == chain.height
    assert world.filters_of(2311, 2311) == [hiding(chain)[2311]]
    world.join(1).run(20)
    assert world.of(FiltersRevoked) == [FiltersRevoked(2311)]
    assert world.banned == {10}
    assert_synced(world, chain)
    assert world.filters_of(2311, 2311) == [chain.blocks[2311].filter]


def test_a_lie_is_unmasked_even_when_the_liar_has_left(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1, early_lie(chain)))
    world.join(10).run(3)
    world.leave(10)
    world.join(1).run(20)
    assert world.of(FiltersRevoked) == [FiltersRevoked(700)]
    assert_synced(world, chain)


def test_a_liar_that_comes_late_is_banned(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1, hiding(chain), early_lie(chain)))
    world.join(1).run(3)
    world.join(10, 11).run(20)
    assert world.banned == {10, 11}
    assert world.of(FiltersRevoked) == []
    assert_synced(world, chain)


def test_a_liar_that_will_not_show_its_filter_only_loses_its_voice(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1, hiding(chain)))
    world.nodes[10].silent = {GetCFilters}
    world.join(10, 1).run(60)
    assert_synced(world, chain)
    assert world.banned == set()
    assert world.sync.progress().agreed_by == 1


def test_all_liars_below_a_pinned_filter_header_are_found(chain: ChainBuilder) -> None:
    pins = Checkpoints(filters=(FilterPin(1000, chain.blocks[1000].filter_header),))
    world = World(nodes(chain, 1, early_lie(chain), early_lie(chain)), points=pins)
    world.join(10, 11).run(20)
    assert world.banned == {10, 11}
    assert world.filters.tip_height < 700
    world.join(1).run(5)
    assert_synced(world, chain)


def test_a_pin_between_claims_binds_too(chain: ChainBuilder) -> None:
    pins = Checkpoints(filters=(FilterPin(2315, chain.blocks[2315].filter_header),))
    world = World(nodes(chain, 1, hiding(chain)), points=pins)
    world.join(10).run(5)
    assert world.banned == {10}
    world.join(1).run(5)
    assert_synced(world, chain)


def test_a_filter_that_does_not_fit_its_header_is_refused(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2)).join(1, 2).run()
    world.nodes[1].lies = world.nodes[2].lies = {}
    world.do(world.sync.request_filters("f", 2311, 2311, world.now))
    (asked,) = {send.peer_id for send in world.of(Send) if isinstance(send.message, GetCFilters)}
    world.say(asked, CFilter(chain.blocks[2311].hash, hiding(chain)[2311]))
    assert world.banned == {asked}
    world.run(2)
    assert world.of(FiltersReady)[0].filters == [chain.blocks[2311].filter]


class Undecidable:
    """A chain with a block that spends something unknown, and an extra element that nothing in it can refute."""

    def __init__(self) -> None:
        self.chain = ChainBuilder()
        self.chain.mine(1990)
        key_path = self.chain.mine_payment(bytes.fromhex("5120") + bytes(range(32)), 100_000)
        self.height = self.chain.height + 1
        spent = OutPoint(key_path.txid, 0)
        self.chain.mine(transactions=[Transaction(2, (TxIn(spent, b"", 0, (bytes(64),)),), (TxOut(90_000, PAID),), 0)])
        self.chain.mine(1200)
        block = self.chain.blocks[self.height]
        outputs = [output.script_pubkey for tx in block.transactions for output in tx.outputs]
        self.lie = {self.height: build_filter(block.hash, filter_elements(outputs, [b"\x51" * 9]))}


@pytest.fixture(scope="module")
def undecidable() -> Undecidable:
    return Undecidable()


@pytest.mark.parametrize("order", [(1, 10), (10, 1), (1, 2, 10, 11)])
def test_what_nothing_proves_is_looked_at_and_bans_nobody(undecidable: Undecidable, order: tuple[int, ...]) -> None:
    chain, height = undecidable.chain, undecidable.height
    world = World(nodes(chain, 2, undecidable.lie, undecidable.lie))
    world.join(*order).run(20)
    assert world.filters.tip_height == chain.height
    assert world.filters.undecided == {height}
    assert world.banned == set()
    filters = world.filters_of(height - 2, height + 2)
    assert [bool(raw) for raw in filters] == [True, True, False, True, True]


def test_after_a_difference_that_nothing_proves_later_lies_are_still_found(undecidable: Undecidable) -> None:
    """Two liars lie at a block that decides nothing, one of them once more above: the difference is no cover."""
    chain, height = undecidable.chain, undecidable.height
    later = chain.height - 3
    script = chain.blocks[later].transactions[0].outputs[0].script_pubkey
    lies = undecidable.lie | {later: filter_without(chain, later, script)}
    world = World(nodes(chain, 1, undecidable.lie, lies))
    world.join(11, 10, 1).run(30)
    assert world.banned == {11}
    assert world.filters.tip_height == chain.height
    assert world.filters.undecided == {height}
    assert world.filters_of(later, later) == [chain.blocks[later].filter]


def test_a_peer_that_says_now_this_now_that_is_banned(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2, hiding(chain))).join(1, 2).run(3)
    liar, honest = world.nodes[10], world.nodes[1]
    answers = liar.answer
    turns = iter(range(100))

    def fickle(message: Message) -> Iterable[Message]:
        lies = isinstance(message, GetCFHeaders) and next(turns) % 2 == 0
        return answers(message) if lies else honest.answer(message)

    liar.answer = fickle  # type: ignore[method-assign]
    world.join(10).run(20)
    assert world.banned == {10}
    assert_synced(world, chain)


class TwoFaced(Node):
    """Lies about some kinds of questions and answers the others honestly."""

    def __init__(self, chain: ChainBuilder, lies: dict[int, bytes], *honest_about: type) -> None:
        super().__init__(chain, lies)
        self.honest = Node(chain)
        self.honest_about = honest_about

    def answer(self, message: Message) -> Iterable[Message]:
        return self.honest.answer(message) if isinstance(message, self.honest_about) else super().answer(message)


@pytest.mark.parametrize("kind", [GetCFCheckpt, GetCFHeaders, GetCFilters])
def test_a_peer_that_contradicts_itself_is_banned(chain: ChainBuilder, kind: type) -> None:
    world = World(nodes(chain, 1) | {10: TwoFaced(chain, early_lie(chain), kind)})
    world.join(10, 1).run(20)
    world.filters_of(0, 999)
    assert world.banned == {10} or (kind is GetCFHeaders and world.banned <= {10})
    assert world.of(FiltersRevoked) == []
    assert_synced(world, chain)


def test_a_peer_that_shows_another_filter_than_it_promised_is_banned(undecidable: Undecidable) -> None:
    world = World(nodes(undecidable.chain, 1) | {10: TwoFaced(undecidable.chain, undecidable.lie, GetCFilters)})
    world.join(10, 1).run(20)
    assert world.banned == {10}
    assert world.filters.undecided == set()


def test_a_peer_that_stays_on_the_old_branch_is_not_asked_about_the_new_one(chain: ChainBuilder) -> None:
    """Node._height asserts that each stop hash is known to the peer."""
    world = World(nodes(chain, 2)).join(2, 1).run()
    branch = chain.fork(2300)
    branch.mine(25)
    world.nodes[1].follow(branch)
    world.say(1, Headers(branch.raw_headers(2301)))
    world.run(15)
    assert world.filters.header_at(branch.height) == branch.tip.filter_header
    assert len(world.filters_of(2290, 2310)) == 21
    assert world.banned == set()
    assert world.sync.tips_reconciled()


def test_one_address_is_one_voice(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 3))
    for peer_id in (1, 2, 3):
        world.connected.add(peer_id)
        group = "10.0" if peer_id < 3 else "10.3"
        info = PeerInfo(peer_id, f"10.0.0.{peer_id}:8333", 70016, FULL, "", chain.height, netgroup=group)
        world.do(world.sync.peer_ready(info, world.now))
    world.run(5)
    assert world.sync.progress().agreed_by == 2


def test_blocks_are_checked_against_their_header(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 2)).join(1, 2).run()
    world.do(world.sync.request_block("b", 2311, world.now))
    (asked,) = {send.peer_id for send in world.of(Send) if isinstance(send.message, GetData)}
    other = chain.blocks[2312]
    world.say(asked, BlockMessage(chain.blocks[2311].raw[:80] + other.raw[80:]))
    assert world.banned == {asked}
    world.run(2)
    assert [ready.block.hash for ready in world.of(BlockReady)] == [chain.blocks[2311].hash]


# --- liars about headers


def test_a_peer_with_bad_headers_is_banned_and_the_honest_one_leads(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1)).join(1)
    raw = bytearray(chain.raw_headers(1, 5))
    raw[4 * 80 + 76] ^= 0xFF
    world.nodes[10] = Node(chain)
    world.join(10)
    world.say(10, Headers(bytes(raw)))
    world.run()
    assert_synced(world, chain)
    assert world.banned <= {10}


def test_a_shorter_chain_does_not_keep_us_from_the_longer_one(chain: ChainBuilder) -> None:
    short = ChainBuilder(tag=b"other")
    short.mine(50)
    world = World({1: Node(chain), 10: Node(short)})
    world.join(10).run()
    assert world.headers.tip_hash == short.tip.hash
    world.join(1).run(20)
    assert world.headers.tip_hash == chain.tip.hash
    assert world.filters.tip_height == chain.height
    assert world.filters.header_at(chain.height) == chain.tip.filter_header
    assert world.sync.tips_reconciled()


def test_headers_without_a_parent_are_asked_about_and_end_in_a_drop(chain: ChainBuilder) -> None:
    world = World(nodes(chain, 1)).join(1).run()
    stray = ChainBuilder(tag=b"stray")
    stray.mine(40)
    for height in range(2, 16):
        world.say(1, Headers(stray.raw_headers(height, 1)))
        world.queue.clear()
    assert [(drop.peer_id, drop.ban) for drop in world.of(Drop)] == [(1, False)]


# --- ranges below a checkpoint


def test_fills_down_to_the_birthday_from_several_peers() -> None:
    builder = ChainBuilder()
    builder.mine(5 * 2016)
    points = Checkpoints(
        headers=tuple(
            Checkpoint(height, builder.blocks[height].hash, REGTEST.pow_limit_bits, 2 * (height + 1))
            for height in (2015, 4031, 6047, 8063)
        ),
        filters=(FilterPin(5000, builder.blocks[5000].filter_header),),
    )
    world = World({1: Node(builder), 2: Node(builder)}, replace(REGTEST), points)
    world.join(1, 2).run()
    assert world.headers.base_height == 6048
    assert world.headers.tip_hash == builder.tip.hash
    assert world.filters.tip_height == -1
    world.do(world.sync.want_from(5200, world.now))
    assert world.sync.progress().missing_headers == 2016
    world.run(2)
    assert (world.headers.base_height, world.filters.base_height) == (4032, 5000)
    assert_synced(world, builder)
    world.do(world.sync.want_from(5000, world.now))
    world.run(2)
    assert (world.headers.base_height, world.filters.base_height) == (0, 0)
    assert len(world.filters_of(5000, 5001)) == 2
    assert_synced(world, builder)
    assert world.headers.hashes(0, builder.height) == [block.hash for block in builder.blocks]
    fetched = [
        sum(isinstance(m, GetHeaders) and m.stop != bytes(32) for m in node.asked) for node in world.nodes.values()
    ]
    assert all(fetched)
