"""HeaderChain: every rule on small chains, forks by most work, checkpoints, minimum work, a model of random forks."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spv.chains import EASY, EASY_BITS, NOW, SPACING, Chain, MemoryStore, Mined, mine, spoil
from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS, Checkpoint, Checkpoints
from wallet.bitcoin.network import REGTEST, ChainParams
from wallet.bitcoin.pow import block_work, median_time
from wallet.spv.chain import ChainUpdate, HeaderChain, MissingHeaders, UnconnectedHeaders
from wallet.spv.chain_view import WorkTally
from wallet.spv.fault import PeerFault
from wallet.store.headers import HeaderFile


def header_chain(params: ChainParams = EASY, points: Checkpoints = EMPTY_CHECKPOINTS) -> HeaderChain:
    return HeaderChain(params, points, MemoryStore())


def synced(chain: Chain, points: Checkpoints = EMPTY_CHECKPOINTS) -> HeaderChain:
    ours = header_chain(chain.params, points)
    feed(ours, chain)
    return ours


def feed(ours: HeaderChain, chain: Chain, first: int = 1, source: int = 0, batch: int = 2000) -> None:
    for start in range(first, chain.height + 1, batch):
        ours.connect(chain.raw(start, min(start + batch - 1, chain.height)), NOW, source)


def refused(ours: HeaderChain, raw: bytes) -> str:
    """The rule by which headers are refused; the chain must not have moved."""
    before = ours.tip_hash
    with pytest.raises(PeerFault) as caught:
        ours.connect(raw, NOW, 0)
    assert ours.tip_hash == before
    return caught.value.rule


@pytest.fixture(scope="module")
def two_periods() -> Chain:
    """A fast first period, so that the second one is four times as hard."""
    return Chain().add(2016 + 100, spacing=100)


# --- reading


def test_a_new_chain_is_genesis() -> None:
    ours = header_chain(REGTEST)
    assert (ours.tip_height, ours.base_height, ours.tip_hash) == (0, 0, REGTEST.genesis_hash)
    assert ours.tip_work == block_work(REGTEST.pow_limit_bits)
    assert ours.locator() == [REGTEST.genesis_hash]


def test_reads_back_what_was_connected(two_periods: Chain) -> None:
    ours = synced(two_periods)
    assert ours.tip_height == two_periods.height
    assert ours.tip_work == two_periods.work
    for height in (0, 1, 2015, 2016, 2017, two_periods.height):
        assert ours.hash_at(height) == two_periods.hash(height)
        assert ours.header_at(height).serialize() == two_periods.headers[height].raw
        assert ours.height_of(two_periods.hash(height)) == height
        times = [header.time for header in two_periods.headers[max(0, height - 10) : height + 1]]
        assert ours.median_time_past(height) == median_time(times)
    assert ours.hashes(3, 9) == [two_periods.hash(height) for height in range(3, 10)]
    assert ours.height_of(bytes(31) + b"\1") is None
    with pytest.raises(MissingHeaders):
        ours.hash_at(two_periods.height + 1)
    with pytest.raises(MissingHeaders):
        ours.header_at(-1)


def test_an_old_hash_is_found_by_search() -> None:
    chain = Chain(REGTEST).add(4500)
    ours = synced(chain)
    assert [ours.height_of(chain.hash(height)) for height in (0, 1, 300, 467, 468, 469)] == [0, 1, 300, 467, 468, 469]
    assert ours.recent_height_of(chain.hash(300)) is None


def test_the_locator_thins_out_and_ends_with_genesis(two_periods: Chain) -> None:
    ours = synced(two_periods)
    heights = [ours.height_of(block_hash) for block_hash in ours.locator()]
    tip = two_periods.height
    assert heights[:12] == [tip - step for step in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15)]
    assert heights[-1] == 0
    assert len(heights) < 30
    assert ours.locator(below=50)[0] == two_periods.hash(49)


def test_the_update_names_what_is_new(two_periods: Chain) -> None:
    ours = header_chain()
    assert ours.connect(two_periods.raw(1, 10), NOW, 0) == ChainUpdate(1, 10)
    assert ours.connect(two_periods.raw(5, 12), NOW, 0) == ChainUpdate(11, 12)
    assert ours.connect(two_periods.raw(5, 12), NOW, 0) == ChainUpdate()
    assert ours.connect(two_periods.raw(3, 4), NOW, 0) == ChainUpdate()
    assert ours.connect(b"", NOW, 0) == ChainUpdate()


def test_headers_without_a_known_parent_are_no_fault(two_periods: Chain) -> None:
    ours = header_chain()
    with pytest.raises(UnconnectedHeaders):
        ours.connect(two_periods.raw(5, 9), NOW, 0)


# --- rules


def test_refuses_a_hash_above_its_target() -> None:
    chain = Chain().add(3)
    bad = spoil(mine(chain.tip, chain.headers[-1].time + SPACING, EASY_BITS))
    assert refused(synced(chain), bad.raw) == "proof_of_work"


@pytest.mark.parametrize("bits", [EASY_BITS - 1, 0x207FFFFF, 0x1F00FFFF])
def test_refuses_other_bits_than_the_rule_demands(bits: int) -> None:
    chain = Chain().add(3)
    assert refused(synced(chain), mine(chain.tip, chain.headers[-1].time + SPACING, bits).raw) == "bits"


def test_refuses_headers_that_do_not_hang_together() -> None:
    chain = Chain().add(6)
    assert refused(synced(chain.fork(2)), chain.raw(3, 3) + chain.raw(5, 6)) == "linkage"


def test_time_must_pass_the_median_of_eleven() -> None:
    chain = Chain().add(20)
    median = median_time([header.time for header in chain.headers[-11:]])
    ours = synced(chain)
    assert refused(ours, mine(chain.tip, median, EASY_BITS).raw) == "median_time"
    assert ours.connect(mine(chain.tip, median + 1, EASY_BITS).raw, NOW, 0).connected_to == 21


def test_a_time_two_hours_ahead_waits_and_is_accepted_later() -> None:
    chain = Chain().add(3)
    ours = synced(chain)
    early = mine(chain.tip, NOW + 7201, EASY_BITS)
    update = ours.connect(early.raw, NOW, 0)
    assert update == ChainUpdate(deferred=True)
    assert ours.connect(early.raw, NOW + 1, 0) == ChainUpdate(4, 4)


def test_headers_before_one_that_waits_are_kept() -> None:
    chain = Chain().add(3)
    good = mine(chain.tip, NOW, EASY_BITS)
    early = mine(good.hash, NOW + 9000, EASY_BITS)
    assert synced(chain).connect(good.raw + early.raw, NOW, 0) == ChainUpdate(4, 4, deferred=True)


def test_a_version_below_the_soft_forks_is_refused() -> None:
    params = replace(EASY, version_heights=(2, 4, 6))
    chain = Chain(params)
    for height, version in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)):
        if version > 1:
            raw = mine(chain.tip, chain.headers[-1].time + SPACING, EASY_BITS, version - 1).raw
            assert refused(synced(chain), raw) == "version", height
        chain.add(version=version)
    assert synced(chain).tip_height == 6


def test_retargets_by_the_time_the_period_took(two_periods: Chain) -> None:
    assert two_periods.headers[2016].bits != EASY_BITS
    ours = synced(two_periods.fork(2015))
    time = two_periods.headers[2015].time + SPACING
    assert refused(ours, mine(two_periods.hash(2015), time, EASY_BITS).raw) == "bits"
    assert ours.connect(two_periods.raw(2016), NOW, 0).connected_to == two_periods.height


MIN_DIFFICULTY = replace(EASY, min_difficulty_blocks=True)


def test_minimum_difficulty_after_twenty_minutes_and_back() -> None:
    chain = Chain(MIN_DIFFICULTY).add(2016 + 5, spacing=100)
    hard = chain.headers[-1].bits
    assert hard != EASY_BITS
    time = chain.headers[-1].time
    ours = synced(chain)
    assert refused(ours, mine(chain.tip, time + 1200, EASY_BITS).raw) == "bits"
    assert refused(ours, mine(chain.tip, time + 1201, hard).raw) == "bits"
    easy = mine(chain.tip, time + 1201, EASY_BITS)
    ours.connect(easy.raw, NOW, 0)
    assert refused(ours, mine(easy.hash, time + 1801, EASY_BITS).raw) == "bits"
    assert ours.connect(mine(easy.hash, time + 1801, hard).raw, NOW, 0).connected_to == chain.height + 2


def test_the_first_block_of_a_period_never_uses_the_exception() -> None:
    chain = Chain(MIN_DIFFICULTY).add(2015, spacing=100)
    raw = mine(chain.tip, chain.headers[-1].time + 5000, EASY_BITS).raw
    assert refused(synced(chain), raw) == "bits"


def period_that_ends_easy(params: ChainParams) -> Chain:
    """A hard second period whose last block used the exception."""
    chain = Chain(params).add(2016 + 2015 - 1, spacing=300)
    return chain.add(1, spacing=1201)


def test_without_bip94_an_easy_last_block_carries_over() -> None:
    chain = period_that_ends_easy(MIN_DIFFICULTY)
    assert (chain.height, chain.headers[-1].bits) == (4031, EASY_BITS)
    ours = synced(chain)
    time = chain.headers[-1].time + 600
    hard = Chain(replace(MIN_DIFFICULTY, bip94=True), chain.headers).demanded(time)
    assert refused(ours, mine(chain.tip, time, hard).raw) == "bits"
    assert ours.connect(mine(chain.tip, time, chain.demanded(time)).raw, NOW, 0).connected_to == 4032


def test_bip94_takes_the_first_block_of_the_period_and_bounds_its_time() -> None:
    chain = period_that_ends_easy(replace(MIN_DIFFICULTY, bip94=True))
    ours = synced(chain)
    last = chain.headers[-1].time
    lax = Chain(MIN_DIFFICULTY, chain.headers).demanded(last)
    assert refused(ours, mine(chain.tip, last, lax).raw) == "bits"
    assert refused(ours, mine(chain.tip, last - 601, chain.demanded(last)).raw) == "timewarp"
    assert ours.connect(mine(chain.tip, last - 600, chain.demanded(last)).raw, NOW, 0).connected_to == 4032


def test_nothing_of_a_message_with_a_bad_header_is_kept() -> None:
    chain = Chain().add(5)
    bad = spoil(chain.headers[5])
    ours = header_chain()
    assert refused(ours, chain.raw(1, 4) + bad.raw) == "proof_of_work"
    assert ours.tip_height == 0


# --- forks


def test_most_work_wins_not_most_headers() -> None:
    chain = Chain(MIN_DIFFICULTY).add(2016 + 10, spacing=100)
    long = chain.fork(2017).add(20, spacing=1201)
    assert long.height > chain.height
    assert long.work < chain.work
    ours = synced(chain)
    assert ours.connect(long.raw(2018), NOW, 1) == ChainUpdate()
    assert ours.tip_hash == chain.tip
    other = synced(long)
    assert other.connect(chain.raw(2018), NOW, 1).connected_to == chain.height
    assert other.tip_work == chain.work


def test_a_longer_branch_replaces_and_the_update_says_what_left() -> None:
    chain = Chain(REGTEST).add(10)
    ours = synced(chain)
    branch = chain.fork(6).add(4, salt=7)
    assert ours.connect(branch.raw(7), NOW, 1) == ChainUpdate()
    branch.add(1, salt=7)
    update = ours.connect(branch.raw(11), NOW, 1)
    gone = tuple((height, chain.hash(height)) for height in (10, 9, 8, 7))
    assert update == ChainUpdate(7, 11, gone)
    assert [ours.hash_at(height) for height in range(12)] == [branch.hash(height) for height in range(12)]
    assert ours.height_of(chain.hash(8)) is None


def test_the_old_branch_can_come_back_without_being_sent_again() -> None:
    chain = Chain(REGTEST).add(10)
    ours = synced(chain)
    branch = chain.fork(6).add(5, salt=7)
    ours.connect(branch.raw(7), NOW, 1)
    assert ours.tip_hash == branch.tip
    chain.add(2)
    update = ours.connect(chain.raw(11), NOW, 0)
    assert update.connected_from == 7
    assert ours.tip_hash == chain.tip


def test_equal_work_keeps_the_first_seen() -> None:
    chain = Chain(REGTEST).add(5)
    ours = synced(chain)
    ours.connect(chain.fork(3).add(2, salt=1).raw(4), NOW, 1)
    assert ours.tip_hash == chain.tip


def test_a_deep_reorganisation_across_a_retarget(two_periods: Chain) -> None:
    ours = synced(two_periods)
    branch = two_periods.fork(2000).add(120, spacing=99, salt=1)
    update = ours.connect(branch.raw(2001), NOW, 1)
    assert update.connected_from == 2001
    assert ours.tip_hash == branch.tip
    assert ours.tip_work == branch.work


def test_rules_hold_inside_branches() -> None:
    chain = Chain().add(30)
    ours = synced(chain)
    branch = chain.fork(20).add(3, salt=1)
    ours.connect(branch.raw(21), NOW, 1)
    median = median_time([header.time for header in branch.headers[-11:]])
    assert refused(ours, mine(branch.tip, median, EASY_BITS).raw) == "median_time"
    assert refused(ours, spoil(mine(branch.tip, median + 1, EASY_BITS)).raw) == "proof_of_work"


def test_unproven_headers_are_bounded_for_each_peer() -> None:
    chain = Chain(REGTEST).add(3000)
    ours = synced(chain)
    branch = chain.fork(100).add(2500, salt=1)
    ours.connect(branch.raw(101, 2000), NOW, 1)
    with pytest.raises(PeerFault) as caught:
        ours.connect(branch.raw(2001, 2600), NOW, 1)
    assert (caught.value.rule, caught.value.ban) == ("too-many-unproven-headers", False)
    ours.connect(branch.raw(2001, 2050), NOW, 2)
    ours.forget(1)
    assert ours.is_known(branch.hash(2050))
    ours.forget(2)
    assert not ours.is_known(branch.hash(2000))


def test_work_is_summed_by_periods_and_counted_anew_above_a_cut() -> None:
    easy, hard = bytes(72) + struct.pack("<II", 0x207FFFFF, 0), bytes(72) + struct.pack("<II", EASY_BITS, 0)
    headers = [easy] * 7000

    def total(height: int) -> int:
        return 5 + sum(block_work(int.from_bytes(header[72:76], "little")) for header in headers[2016 : height + 1])

    tally = WorkTally(lambda first, count: b"".join(headers[first : first + count]), 2015, 5)
    for height in (2015, 2016, 4031, 4032, 6047, 6048, 6999):
        assert tally.at(height) == total(height)
    tally.cut(4020)
    headers[4021:] = [hard] * len(headers[4021:])
    for height in (6999, 4031, 4021, 4020, 2015):
        assert tally.at(height) == total(height)


# --- checkpoints


def test_a_checkpoint_binds_headers_that_extend() -> None:
    chain = Chain(REGTEST).add(10)
    points = Checkpoints(headers=(Checkpoint(5, chain.hash(5)),))
    other = chain.fork(3).add(7, salt=1)
    assert refused(header_chain(REGTEST, points), other.raw()) == "checkpoint"
    assert synced(chain, points).tip_height == 10


def test_no_branch_from_below_a_checkpoint() -> None:
    chain = Chain(REGTEST).add(10)
    ours = synced(chain, Checkpoints(headers=(Checkpoint(5, chain.hash(5)),)))
    assert refused(ours, chain.fork(4).add(20, salt=1).raw(5)) == "checkpoint"
    assert refused(ours, chain.fork(2).add(2, salt=1).raw(3)) == "checkpoint"
    assert ours.connect(chain.fork(5).add(20, salt=1).raw(6), NOW, 0).connected_from == 6


def checkpointed(chain: Chain, *heights: int) -> Checkpoints:
    points = [
        Checkpoint(height, chain.hash(height), chain.headers[height + 1].bits, chain.fork(height).work)
        for height in heights
    ]
    return Checkpoints(headers=tuple(points))


@pytest.fixture(scope="module")
def four_periods() -> Chain:
    return Chain().add(4 * 2016 + 30, spacing=500)


def test_begins_one_checkpoint_before_the_newest(four_periods: Chain) -> None:
    points = checkpointed(four_periods, 2015, 4031, 6047)
    ours = header_chain(EASY, points)
    assert (ours.tip_height, ours.tip_hash, ours.base_height) == (4031, four_periods.hash(4031), 4032)
    assert ours.locator() == [four_periods.hash(4031)]
    feed(ours, four_periods, 4032)
    assert (ours.tip_height, ours.tip_work) == (four_periods.height, four_periods.work)
    assert ours.hash_at(4031) == four_periods.hash(4031)
    with pytest.raises(MissingHeaders):
        ours.header_at(4031)


def test_the_first_bits_after_a_checkpoint_bind(four_periods: Chain) -> None:
    ours = header_chain(EASY, checkpointed(four_periods, 2015, 4031, 6047))
    raw = mine(four_periods.hash(4031), four_periods.headers[4032].time, EASY_BITS).raw
    assert refused(ours, raw) == "bits"


def test_the_median_waits_for_eleven_headers_after_a_checkpoint(four_periods: Chain) -> None:
    ours = header_chain(EASY, checkpointed(four_periods, 2015, 4031, 6047))
    bits = four_periods.headers[4032].bits
    header = mine(four_periods.hash(4031), 1, bits)
    headers = [header]
    for _ in range(10):
        header = mine(header.hash, 1, bits)
        headers.append(header)
    assert ours.connect(b"".join(h.raw for h in headers), NOW, 0).connected_to == 4042
    assert refused(ours, mine(header.hash, 1, bits).raw) == "median_time"


def test_fills_down_between_checkpoints(four_periods: Chain) -> None:
    points = checkpointed(four_periods, 2015, 4031, 6047)
    store = MemoryStore()
    ours = HeaderChain(EASY, points, store)
    feed(ours, four_periods, 4032)
    gaps = ours.gaps(0)
    assert [(gap.first, gap.last) for gap in gaps] == [(2016, 4031), (0, 2015)]
    assert [(gap.first, gap.last) for gap in ours.gaps(2016)] == [(2016, 4031)]
    assert ours.gaps(4032) == []
    lower, upper = ours.fill(gaps[1]), ours.fill(gaps[0])
    lower.add(four_periods.raw(1, 1500), NOW)
    lower.add(four_periods.raw(1501, 2600), NOW)
    assert lower.complete
    assert ours.base_height == 4032
    upper.add(four_periods.raw(2016, 3999), NOW)
    assert ours.base_height == 4032
    upper.add(four_periods.raw(4000, 4100), NOW)
    assert ours.base_height == 0
    assert ours.hashes(0, four_periods.height) == [h.hash for h in four_periods.headers]
    assert ours.gaps(0) == []
    again = HeaderChain(EASY, points, store)
    assert (again.base_height, again.tip_hash, again.tip_work) == (0, four_periods.tip, four_periods.work)


def test_a_range_that_ends_elsewhere_is_not_adopted(four_periods: Chain) -> None:
    store = MemoryStore()
    ours = HeaderChain(EASY, checkpointed(four_periods, 2015, 4031, 6047), store)
    fill = ours.fill(ours.gaps(0)[0])
    liar = four_periods.fork(4000).add(50, salt=1)
    fill.add(liar.raw(2016, 4010), NOW)
    with pytest.raises(PeerFault, match="checkpoint"):
        fill.add(liar.raw(4011, 4050), NOW)
    assert store.ranges == ()
    fill.add(four_periods.raw(2016, 4031), NOW)
    assert fill.complete


def test_what_lies_above_a_hole_is_dropped_or_refetched(four_periods: Chain) -> None:
    points = checkpointed(four_periods, 2015, 4031, 6047)
    for hole, base, tip in ((5000, 6048, four_periods.height), (7000, 4032, 6999), (4032, 6048, four_periods.height)):
        store = MemoryStore()
        feed(HeaderChain(EASY, points, store), four_periods, 4032)
        store.drop(hole, hole)
        again = HeaderChain(EASY, points, store)
        assert (again.base_height, again.tip_height) == (base, tip)
        assert again.tip_hash == four_periods.hash(tip)
        assert again.tip_work == four_periods.fork(tip).work


# --- minimum work


def test_easy_headers_move_no_tip_and_cost_nothing(tmp_path: Path) -> None:
    params = replace(REGTEST, minimum_chain_work=1 << 40)
    store = HeaderFile(tmp_path / "headers.dat")
    ours = HeaderChain(params, EMPTY_CHECKPOINTS, store)
    chain = Chain(params).add(2500)
    for _ in range(10):
        with pytest.raises(PeerFault, match="too-little-work"):
            feed(ours, chain, batch=1000)
        assert (ours.tip_height, ours.frontier[0]) == (0, 0)
        assert (tmp_path / "headers.dat").stat().st_size <= 80 * 2017
    assert not ours.work_sufficient
    store.close()


def test_headers_below_a_checkpoint_count_from_it_on() -> None:
    chain = Chain(REGTEST).add(400)
    params = replace(REGTEST, minimum_chain_work=chain.fork(380).work)
    points = Checkpoints(headers=(Checkpoint(100, chain.hash(100)), Checkpoint(300, chain.hash(300))))
    ours = header_chain(params, points)
    assert ours.connect(chain.raw(1, 60), NOW, 0) == ChainUpdate()
    assert ours.frontier == (60, chain.hash(60))
    assert ours.locator()[0] == chain.hash(60)
    assert ours.connect(chain.raw(61, 120), NOW, 0) == ChainUpdate(1, 100)
    assert ours.connect(chain.raw(121, 350), NOW, 0) == ChainUpdate(101, 300)
    assert ours.connect(chain.raw(351, 379), NOW, 0) == ChainUpdate()
    assert not ours.work_sufficient
    assert ours.connect(chain.raw(380, 400), NOW, 0) == ChainUpdate(301, 400)
    assert ours.work_sufficient


def test_a_liar_below_a_checkpoint_is_replaced() -> None:
    chain = Chain(REGTEST).add(200)
    params = replace(REGTEST, minimum_chain_work=chain.fork(150).work)
    ours = header_chain(params, Checkpoints(headers=(Checkpoint(100, chain.hash(100)),)))
    liar = chain.fork(50).add(100, salt=1)
    ours.connect(liar.raw(1, 90), NOW, 1)
    assert ours.connect(chain.raw(), NOW, 2) == ChainUpdate()
    with pytest.raises(PeerFault, match="checkpoint"):
        ours.connect(liar.raw(91), NOW, 1)
    assert ours.connect(chain.raw(), NOW, 2) == ChainUpdate(1, 200)


# --- a model of everything


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Steps of (which known chain to fork, depth below its tip, headers to add)."""
    step = st.tuples(st.integers(0, 50), st.integers(0, 12), st.integers(1, 9))
    return draw(st.lists(step, min_size=1, max_size=14))


@settings(max_examples=60, deadline=None)
@given(stories(), st.randoms(use_true_random=False))
def test_any_story_of_forks_ends_with_the_most_work(story: list[tuple[int, int, int]], chance: object) -> None:
    store = MemoryStore()
    ours = HeaderChain(REGTEST, EMPTY_CHECKPOINTS, store)
    chains = [Chain(REGTEST)]
    best = chains[0]
    applied = [REGTEST.genesis_hash]
    for number, (which, depth, count) in enumerate(story):
        parent = chains[which % len(chains)]
        fork = max(parent.height - depth, 0)
        chain = parent.fork(fork).add(count, salt=number + 1)
        chains.append(chain)
        update = ours.connect(chain.raw(fork + 1), NOW, number % 3)
        if chain.work > best.work:
            best = chain
        for height, block_hash in update.disconnected:
            assert len(applied) == height + 1
            assert applied.pop() == block_hash
        if update.connected_from is not None and update.connected_to is not None:
            assert update.connected_from == len(applied)
            applied += ours.hashes(update.connected_from, update.connected_to)
        assert ours.tip_hash == best.tip
        assert applied == [header.hash for header in best.headers]
        assert ours.tip_work == best.work
    again = HeaderChain(REGTEST, EMPTY_CHECKPOINTS, store)
    assert (again.tip_hash, again.tip_work) == (best.tip, best.work)


class BrokenStore(MemoryStore):
    broken = False

    def apply(self, first: int, raw: bytes) -> None:
        if self.broken:
            self.drop(first, 1 << 30)
            raise OSError("disk full")
        super().apply(first, raw)


def test_after_a_failing_store_the_chain_is_what_the_store_has() -> None:
    chain = Chain(REGTEST).add(10)
    store = BrokenStore()
    ours = HeaderChain(REGTEST, EMPTY_CHECKPOINTS, store)
    feed(ours, chain)
    store.broken = True
    branch = chain.fork(6).add(6, salt=1)
    with pytest.raises(OSError, match="disk full"):
        ours.connect(branch.raw(7), NOW, 0)
    assert (ours.tip_height, ours.tip_hash) == (6, chain.hash(6))
    store.broken = False
    assert ours.connect(branch.raw(7), NOW, 0) == ChainUpdate(7, 12)


def test_headers_of_another_network_are_refused() -> None:
    other = Mined(struct.pack("<i32s32sIII", 1, bytes(32), bytes(32), 1, 0x207FFFFF, 0))
    ours = header_chain(REGTEST)
    with pytest.raises((UnconnectedHeaders, PeerFault)):
        ours.connect(mine(other.hash, 2, 0x207FFFFF).raw, NOW, 0)
