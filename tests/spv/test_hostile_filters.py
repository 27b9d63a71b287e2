"""Filter headers that were believed too early, and honest peers that must not pay for that."""

import pytest

from tests.peers.chain import ChainBuilder
from tests.spv.test_sync import FULL, PAID, Node, Undecidable, World, assert_synced, filter_without
from wallet.spv.message import GetCFCheckpt, GetCFilters
from wallet.spv.peer import PeerInfo
from wallet.spv.sync import Drop, FiltersReady, FiltersRevoked


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(2310)
    builder.mine_payment(PAID, 5_000_000)
    builder.mine(9)
    return builder


def liar(chain: ChainBuilder) -> Node:
    return Node(chain, {2311: filter_without(chain, 2311, PAID)})


def test_an_honest_peer_is_not_asked_for_filters_before_its_word_was_compared(chain: ChainBuilder) -> None:
    """Its true filters do not fit what a liar made us believe before it came: it would look like the liar."""
    world = World({10: liar(chain), 1: Node(chain)}).join(10).run(3)
    world.nodes[10].silent = {GetCFilters}
    for token in range(6):
        world.do(world.sync.request_filters(token, 2000, 2320, world.now))
    world.run()
    assert not world.of(FiltersReady)
    world.nodes[10].silent = set()
    world.join(1).run(30)
    assert world.banned == {10}
    assert world.of(FiltersRevoked) == [FiltersRevoked(2311)]
    assert_synced(world, chain)
    assert [each.filters[311] for each in world.of(FiltersReady)] == [chain.blocks[2311].filter] * 6


def test_a_filter_that_comes_from_a_peer_that_vouched_for_nothing_bans_nobody(chain: ChainBuilder) -> None:
    """An answer to a question of before: while it travelled, the peer's word was put in doubt."""
    world = World({10: liar(chain), 1: Node(chain)}).join(10).run(3)
    world.nodes[10].silent = {GetCFilters}
    world.do(world.sync.request_filters("batch", 2000, 2320, world.now))
    world.join(1)
    for answer in world.nodes[1].answer(GetCFilters(2311, chain.tip.hash)):
        world.say(1, answer)
    assert world.of(Drop) == []
    world.nodes[10].silent = set()
    world.run(30)
    assert world.banned == {10}
    assert_synced(world, chain)


def test_an_honest_peer_that_was_slow_gets_its_voice_back(chain: ChainBuilder) -> None:
    """Else who can slow it down for ten seconds decides alone what the wallet sees."""
    world = World({10: liar(chain), 1: Node(chain)})
    world.nodes[1].silent = {GetCFCheckpt}
    world.join(10, 1).run(15)
    assert world.filters.header_at(2320) != chain.tip.filter_header, "the liar is believed while nobody else speaks"
    world.nodes[1].silent = set()
    world.run(90)
    assert world.banned == {10}
    assert_synced(world, chain)


def test_when_all_were_silent_for_a_while_all_speak_again(chain: ChainBuilder) -> None:
    world = World({1: Node(chain), 2: Node(chain)})
    for node in world.nodes.values():
        node.silent = {GetCFCheckpt}
    world.join(1, 2).run(12)
    for node in world.nodes.values():
        node.silent = set()
    world.run(90)
    assert world.of(Drop) == []
    assert_synced(world, chain)
    assert world.sync.progress().agreed_by == 2


def test_who_never_explains_itself_is_asked_ever_more_rarely(chain: ChainBuilder) -> None:
    world = World({1: Node(chain), 10: liar(chain)})
    world.nodes[10].silent = {GetCFilters}
    world.join(1, 10).run(1_000)
    assert_synced(world, chain)
    asked = [each for each in world.nodes[10].asked if isinstance(each, GetCFilters) and each.start_height == 2311]
    assert 2 <= len(asked) <= 5
    assert world.banned == set()


def test_who_matched_by_a_lie_is_told_before_it_is_forgotten(chain: ChainBuilder) -> None:
    """A crash in between must find the lie still there, to be unmasked again, or the wallet knowing of it."""
    told: list[tuple[int, int]] = []
    world = World({10: liar(chain), 1: Node(chain)}).join(10).run(3)
    world.sync.before_revoke(lambda height: told.append((height, world.stores[1].tip or 0)))
    world.join(1).run(20)
    assert told == [(2311, 2320)]
    assert_synced(world, chain)


def test_a_lie_that_the_block_alone_cannot_prove_yields_when_its_teller_has_left(chain: ChainBuilder) -> None:
    """A payment in it spends what the wallet does not know; and nobody is there any more who could show the lie."""
    world = World({10: liar(chain), 1: Node(chain)}).join(10).run(3)
    world.leave(10)
    world.join(1).run(20)
    assert world.of(FiltersRevoked) == [FiltersRevoked(2311)]
    assert world.filters.undecided <= {2311}
    assert_synced(world, chain)


def test_a_liar_alone_does_not_get_through_what_the_block_contradicts(chain: ChainBuilder) -> None:
    """The other way round: what is held is true, and its tellers have left."""
    world = World({10: liar(chain), 1: Node(chain)}).join(1).run(3)
    world.leave(1)
    world.join(10).run(20)
    assert world.of(FiltersRevoked) == []
    assert world.banned == {10}
    assert world.filters.header_at(2320) == chain.tip.filter_header


@pytest.mark.parametrize("stays", [True, False])
def test_a_difference_that_nothing_proves_is_no_cover_for_lies_that_were_believed_before(*, stays: bool) -> None:
    """A liar that was there first lies where nothing can be proven, and hides something above it."""
    undecidable = Undecidable()
    chain, height = undecidable.chain, undecidable.height
    hidden = chain.height - 300
    script = chain.blocks[hidden].transactions[0].outputs[0].script_pubkey
    lies = undecidable.lie | {hidden: filter_without(chain, hidden, script)}
    world = World({10: Node(chain, lies), 1: Node(chain)}).join(10).run(5)
    assert world.filters.tip_height == chain.height
    if not stays:
        world.leave(10)
    world.join(1).run(60)
    assert world.banned == ({10} if stays else set())
    assert min(revoked.from_height for revoked in world.of(FiltersRevoked)) in {height, hidden}
    assert world.filters_of(hidden, hidden) == [chain.blocks[hidden].filter]
    assert world.filters.tip_height == chain.height


def discovered(world: World, peer_id: int, netgroup: str) -> None:
    world.connected.add(peer_id)
    height = world.nodes[peer_id].chain.height
    info = PeerInfo(peer_id, f"10.0.0.{peer_id}:8333", 70016, FULL, "", height, netgroup=netgroup)
    world.do(world.sync.peer_ready(info, world.now))


def test_among_discovered_peers_a_single_voice_waits_a_minute_for_a_second(chain: ChainBuilder) -> None:
    world = World({10: liar(chain), 11: liar(chain), 1: Node(chain)})
    discovered(world, 10, "10.1")
    discovered(world, 11, "10.1")
    world.run(30)
    assert world.filters.tip_height == 0, "two of one netgroup are one voice"
    discovered(world, 1, "10.2")
    world.run(10)
    assert world.banned == {10, 11}
    assert world.filters.tip_height < chain.height
    world.run(60)
    assert_synced(world, chain)


def test_a_peer_that_comes_after_a_difference_was_left_open_is_not_asked_about_it_for_ever() -> None:
    undecidable = Undecidable()
    chain = undecidable.chain
    world = World({number: Node(chain) for number in (1, 2)} | {n: Node(chain, undecidable.lie) for n in (10, 11)})
    world.join(1, 10).run(20)
    assert world.filters.undecided == {undecidable.height}
    world.join(2, 11).run(20)
    before = sum(len(node.asked) for node in world.nodes.values())
    world.run(100)
    assert sum(len(node.asked) for node in world.nodes.values()) == before
    assert world.filters.tip_height == chain.height
    assert world.sync.progress().agreed_by == 4
