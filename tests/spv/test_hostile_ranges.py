"""Ranges of headers below the checkpoints, fetched from several peers at once, some of them hostile."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.peers.chain import ChainBuilder
from tests.spv.test_sync import Node, World
from wallet.bitcoin.checkpoints import Checkpoint, Checkpoints, FilterPin
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import GetHeaders, Headers, Message
from wallet.spv.sync import Drop
from wallet.store.headers import FilterHeaderFile, HeaderFile

ENDS = (2015, 4031, 6047, 8063)


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(5 * 2016)
    return builder


@pytest.fixture(scope="module")
def fake(chain: ChainBuilder) -> ChainBuilder:
    """A range that begins where the true one does and breaks no rule but that of the checkpoint at its end."""
    builder = chain.fork(4031, tag=b"fake")
    builder.mine(2016)
    return builder


def points(chain: ChainBuilder) -> Checkpoints:
    return Checkpoints(
        headers=tuple(
            Checkpoint(height, chain.blocks[height].hash, REGTEST.pow_limit_bits, 2 * (height + 1)) for height in ENDS
        ),
        filters=(FilterPin(2500, chain.blocks[2500].filter_header),),
    )


class Poisoner(Node):
    """Gives the beginning of a false range, and then not a word more of it."""

    def __init__(self, chain: ChainBuilder, fake: ChainBuilder, *, whole: bool = False) -> None:
        super().__init__(chain)
        self.fake = fake
        self.whole = whole

    def answer(self, message: Message) -> Iterable[Message]:
        if not isinstance(message, GetHeaders) or not any(message.stop):
            return super().answer(message)
        self.asked.append(message)
        first = self.fake.height_of(message.locator[0])
        if first is None or (first > 4031 and not self.whole):
            return []
        return [Headers(self.fake.raw_headers(first + 1, min(2000, self.fake.height - first)))]


def world_of(chain: ChainBuilder, **nodes: Node) -> World:
    return World({int(name[1:]): node for name, node in nodes.items()}, replace(REGTEST), points(chain))


def assert_filled(world: World, chain: ChainBuilder) -> None:
    assert world.headers.base_height == 0
    assert world.headers.hashes(0, chain.height) == [block.hash for block in chain.blocks]


def test_a_range_that_a_liar_began_is_begun_anew_by_an_honest_peer(chain: ChainBuilder, fake: ChainBuilder) -> None:
    """The honest ones do not know the liar's last header: they answer with something else, and must not pay for it."""
    world = world_of(chain, n10=Poisoner(chain, fake), n1=Node(chain), n2=Node(chain)).join(10).run(2)
    world.do(world.sync.want_from(0, world.now))
    world.run(2)
    world.join(1, 2).run(120)
    assert_filled(world, chain)
    assert {drop.peer_id for drop in world.of(Drop)} <= {10}


def test_a_range_with_a_false_end_bans_who_gave_all_of_it(chain: ChainBuilder, fake: ChainBuilder) -> None:
    world = world_of(chain, n10=Poisoner(chain, fake, whole=True), n1=Node(chain)).join(10).run(2)
    world.do(world.sync.want_from(0, world.now))
    world.join(1).run(60)
    assert_filled(world, chain)
    assert world.banned == {10}


def test_a_peer_that_stalls_in_one_range_holds_up_no_other(chain: ChainBuilder) -> None:
    stalling = Node(chain)
    world = world_of(chain, n10=stalling, n1=Node(chain)).join(10, 1).run(1)
    stalling.silent = {GetHeaders}
    world.do(world.sync.want_from(0, world.now))
    begun = world.now
    while world.headers.base_height > 0:
        world.run()
        assert world.now - begun < 12
    assert_filled(world, chain)
    assert world.of(Drop) == []


def opened(folder: Path, chain: ChainBuilder, open_files: contextlib.ExitStack) -> World:
    """A world whose chain is in files."""
    files = HeaderFile(folder / "h"), FilterHeaderFile(folder / "f")
    for file in files:
        open_files.callback(file.close)
    return World({1: Node(chain)}, replace(REGTEST), points(chain), stores=files)  # type: ignore[arg-type]


def test_after_a_crash_whole_ranges_are_kept_and_the_rest_is_fetched_again(chain: ChainBuilder, tmp_path: Path) -> None:
    """What a killed process leaves is what was written so far: copied while the ranges are under way."""
    with contextlib.ExitStack() as files:
        world = opened(tmp_path, chain, files).join(1).run(1)
        world.do(world.sync.want_from(0, world.now))
        while world.headers.base_height > 4032:
            assert world.deliver()
        world.deliver()  # the next range has begun
        left = tmp_path / "left"
        left.mkdir()
        for file in tmp_path.glob("[hf]*"):
            (left / file.name).write_bytes(file.read_bytes())
        again = opened(left, chain, files)
        assert again.headers.base_height == 4032
        again.join(1).do(again.sync.want_from(0, again.now))
        again.run(2)
        assert_filled(again, chain)
        asked = [each for each in again.nodes[1].asked if isinstance(each, GetHeaders) and any(each.stop)]
        assert len(asked) == 4, "two questions for each of the two ranges that were missing"


class SlowLine(World):
    """All share a line so slow that no answer is there within anybody's patience; but bytes come all the time."""

    def run_slowly(self, seconds: int) -> None:
        due: list[tuple[float, int, Message]] = []
        totals = dict.fromkeys(self.nodes, 0)
        for _ in range(seconds):
            for peer_id, question in self.queue:
                due += [(self.now + 25, peer_id, answer) for answer in self.nodes[peer_id].answer(question)]
            self.queue = []
            for when, peer_id, answer in list(due):
                totals[peer_id] += 5_000
                if when <= self.now:
                    due.remove((when, peer_id, answer))
                    self.say(peer_id, answer)
            self.sync.note_received(totals, self.now)
            self.do(self.sync.tick(self.now))
            self.now += 1


def test_on_a_slow_line_nobody_is_given_up_who_is_sending(chain: ChainBuilder) -> None:
    world = SlowLine({1: Node(chain), 2: Node(chain)}, replace(REGTEST), points(chain))
    world.join(1, 2)
    world.run_slowly(100)
    world.do(world.sync.want_from(0, world.now))
    world.run_slowly(300)
    assert_filled(world, chain)
    assert world.of(Drop) == []
    asked = [each for node in world.nodes.values() for each in node.asked if isinstance(each, GetHeaders)]
    assert len([each for each in asked if any(each.stop)]) == 6, "nothing is asked for twice"


def test_who_sends_headers_ever_so_slowly_loses_the_lead(chain: ChainBuilder) -> None:
    """It is sending all the while, so it is not silent; but the others need not wait for it."""
    world = World({10: Node(chain), 1: Node(chain)})
    slow = world.nodes[10]
    slow.silent = {GetHeaders}
    world.join(10, 1)
    begun, totals = world.now, {10: 0, 1: 0}
    while world.headers.tip_height < chain.height:
        totals[10] += 600
        world.sync.note_received(totals, world.now)
        world.run()
        assert world.now - begun < 12
    assert world.of(Drop) == []
