"""Estimates from blocks whose fees are known exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.blocks import block_of
from wallet.bitcoin.amount import COIN
from wallet.bitcoin.block import Block, height_push
from wallet.bitcoin.hashes import ZERO, BlockHash, Txid, sha256d
from wallet.bitcoin.network import MAINNET, REGTEST
from wallet.bitcoin.transaction import NULL_INDEX, OutPoint, Transaction, TxIn, TxOut
from wallet.spv.fees import (
    FAST,
    HIGHEST,
    LEAST_SAMPLE,
    NORMAL,
    SLOW,
    SPAN,
    BlockFees,
    FeeEstimator,
    output_amounts,
    relay_floor,
    subsidy,
)

TARGETS = (FAST, NORMAL, SLOW)
PADDING = b"\x6a" + bytes(99_000)
"""As much as makes ten payments a full block."""


def coinbase(height: int, fees: int) -> Transaction:
    spends = TxIn(OutPoint(Txid(ZERO), NULL_INDEX), height_push(height) + b"\x00")
    return Transaction(2, (spends,), (TxOut(subsidy(height, REGTEST) + fees, b"\x51"),))


def payment(*coins: OutPoint, pays: tuple[int, ...] = (1_000,), padding: bytes = b"") -> Transaction:
    outputs = tuple(TxOut(amount, b"\x00\x14" + bytes(20)) for amount in pays)
    return Transaction(2, tuple(TxIn(coin) for coin in coins), (*outputs, *([TxOut(0, padding)] if padding else ())))


def foreign(number: int) -> OutPoint:
    return OutPoint(Txid(sha256d(b"coin %d" % number)), 1)


class Chain:
    """Blocks one after the other, handed to an estimator."""

    def __init__(self, height: int = 300) -> None:
        self.estimator = FeeEstimator(REGTEST)
        self.height = height
        self.tip = BlockHash(ZERO)
        self.hashes: dict[int, BlockHash] = {}

    def build(self, payments: list[Transaction], fees: int) -> Block:
        block = block_of([coinbase(self.height, fees), *payments])
        raw = block.serialize()
        return Block.parse(raw[:4] + self.tip + raw[36:])

    def add(self, payments: list[Transaction], fees: int) -> BlockFees:
        block = self.build(payments, fees)
        assert self.estimator.add(block, self.height)
        self.hashes[self.height] = self.tip = block.hash
        self.height += 1
        return self.estimator.blocks[-1]

    def full(self, rate: int) -> BlockFees:
        """A block without room whose payments pay `rate` sat/vB on average."""
        payments = [payment(foreign(self.height * 100 + i), padding=PADDING) for i in range(10)]
        return self.add(payments, rate * sum(one.weight for one in payments) // 4)

    def rates(self, *fee_filters: int) -> list[float]:
        found = self.estimator.estimate(fee_filters)
        assert found is not None
        return [found.rates[target].sat_per_vb for target in TARGETS]


@pytest.mark.parametrize(
    ("height", "expected"),
    [(0, 50 * COIN), (149, 50 * COIN), (150, 25 * COIN), (300, 1_250_000_000), (150 * 33, 0), (150 * 64, 0)],
)
def test_regtest_halves_every_150_blocks(height: int, expected: int) -> None:
    assert subsidy(height, REGTEST) == expected


@pytest.mark.parametrize(
    ("height", "expected"), [(209_999, 50 * COIN), (210_000, 25 * COIN), (840_000, 312_500_000), (10**8, 0)]
)
def test_mainnet_halves_every_210_000_blocks(height: int, expected: int) -> None:
    assert subsidy(height, MAINNET) == expected


def test_a_block_tells_its_fees_over_the_weight_of_its_payments_alone() -> None:
    payments = [payment(foreign(1)), payment(foreign(2), foreign(3), pays=(5, 6, 7))]
    found = Chain().add(payments, 12_345)
    weight = sum(one.weight for one in payments)
    assert (found.fees, found.weight, found.average) == (12_345, weight, 12_345 * 4_000 // weight)


def test_a_coinbase_that_claims_less_than_it_may_is_a_block_without_fees() -> None:
    assert Chain().add([payment(foreign(1))], -1_000).average == 0
    assert Chain().add([], 0).average == 0


def test_the_amounts_of_outputs_are_read_from_the_block_as_from_the_transactions() -> None:
    witness = Transaction(2, (TxIn(foreign(4), witness=(b"\x01" * 300,)),), (TxOut(77, b""), TxOut(88, PADDING)))
    block = Chain().build([payment(foreign(1), pays=(1, 2, 2**40), padding=bytes(300)), witness], 0)
    for position, transaction in enumerate(block.transactions):
        assert output_amounts(block, position) == [output.amount for output in transaction.outputs]


def test_full_blocks_cost_what_was_paid_in_them() -> None:
    chain = Chain()
    for _ in range(SPAN):
        chain.full(20)
    assert chain.rates(1_000) == pytest.approx([20, 20, 20], abs=0.002)
    found = chain.estimator.estimate([1_000])
    assert found is not None
    assert (found.source, found.blocks, found.floor.sat_per_vb) == ("blocks", SPAN, 1.0)


def test_who_wants_to_be_quick_keeps_up_with_the_dearer_blocks_but_not_with_the_dearest() -> None:
    chain = Chain()
    for rate in (10, 400, 30, 20, 50, 40):
        chain.full(rate)
    assert chain.rates() == pytest.approx([50, 30, 20], abs=0.002)


def test_blocks_with_room_left_cost_the_floor_whatever_was_paid_in_them() -> None:
    chain = Chain()
    for _ in range(SPAN):
        chain.add([payment(foreign(chain.height))], 100_000)
    assert chain.rates(3_000) == [3, 3, 3]
    found = chain.estimator.estimate([3_000])
    assert found is not None
    assert found.source == "floor"


def test_nothing_is_known_without_a_block() -> None:
    assert FeeEstimator(REGTEST).estimate([1_000]) is None


def test_no_estimate_is_absurd() -> None:
    chain = Chain()
    for _ in range(SPAN):
        chain.full(4_000)
    assert chain.rates() == [HIGHEST / 1000] * 3


@pytest.mark.parametrize(
    ("said", "floor"),
    [
        ([], 1_000),
        ([0, 0], 1_000),
        ([100], 100),
        ([1], 100),
        ([5_000, 1_000, 1_000], 1_000),
        ([21 * 10**14, 2_000], 2_000),
        ([21 * 10**14], 1_000),
    ],
)
def test_the_floor_is_what_half_of_the_peers_relay(said: list[int], floor: int) -> None:
    assert relay_floor(said) == floor


# ---------------------------------------------------------------- the sample


def test_single_payments_count_where_what_they_spend_was_paid_in_a_known_block() -> None:
    chain = Chain()
    outputs = 2 * LEAST_SAMPLE
    source = payment(foreign(1), pays=(100_000,) * outputs)
    chain.add([source], 0)
    filling = [payment(foreign(50 + i), padding=PADDING) for i in range(10)]
    cheap = [payment(OutPoint(source.txid, i), pays=(99_000,)) for i in range(LEAST_SAMPLE)]
    dear = [payment(OutPoint(source.txid, i), pays=(98_000,)) for i in range(LEAST_SAMPLE, outputs)]
    weight = sum(one.weight for one in [*filling, *cheap, *dear])
    found = chain.add([*filling, *cheap, *dear], 50 * weight // 4)
    rate = 1_000 * 4_000 // cheap[0].weight
    assert found.sample == {SLOW: rate, NORMAL: rate, FAST: 2 * 1_000 * 4_000 // cheap[0].weight}


def test_too_small_a_sample_is_not_used() -> None:
    chain = Chain()
    source = payment(foreign(1), pays=(100_000,) * LEAST_SAMPLE)
    chain.add([source], 0)
    some = [payment(OutPoint(source.txid, i), pays=(99_000,)) for i in range(LEAST_SAMPLE - 1)]
    assert chain.add([*some, payment(foreign(9))], 50_000).sample is None


def test_a_sample_that_paid_more_than_the_block_is_lowered_to_agree_with_it() -> None:
    chain = Chain()
    source = payment(foreign(1), pays=(100_000,) * LEAST_SAMPLE)
    chain.add([source], 0)
    some = [payment(OutPoint(source.txid, i), pays=(90_000,)) for i in range(LEAST_SAMPLE)]
    others = [payment(foreign(10 + i)) for i in range(LEAST_SAMPLE // 2)]
    found = chain.add([*some, *others], 10_000 * LEAST_SAMPLE)
    assert found.sample is not None
    assert found.sample[NORMAL] == pytest.approx(found.average, abs=1)
    assert found.average < 10_000 * 4_000 // some[0].weight


def test_payments_that_spend_one_another_in_one_block_are_no_sample() -> None:
    chain = Chain()
    source = payment(foreign(1), pays=(100_000,) * LEAST_SAMPLE)
    chain.add([source], 0)
    some = [payment(OutPoint(source.txid, i), pays=(99_000,)) for i in range(LEAST_SAMPLE)]
    child = payment(OutPoint(some[0].txid, 0), pays=(1_000,))
    assert chain.add([*some, child], 1_000_000).sample is None


# ---------------------------------------------------------------- which blocks


def test_the_newest_blocks_are_asked_for_oldest_first_and_then_each_new_one() -> None:
    chain, asked = Chain(), []
    for tip in (310, 311):
        chain.height = max(chain.height, tip - SPAN + 1)
        while (height := chain.estimator.follow(chain.hashes.get, 0, tip)) is not None:
            asked.append(height)
            assert height == chain.height
            chain.add([], 0)
    assert asked == [305, 306, 307, 308, 309, 310, 311]
    assert [block.height for block in chain.estimator.blocks] == [306, 307, 308, 309, 310, 311]


def test_the_first_block_of_a_chain_is_never_asked_for() -> None:
    assert FeeEstimator(REGTEST).follow(lambda _: None, 0, 3) == 1
    assert FeeEstimator(REGTEST).follow(lambda _: None, 0, 0) is None


def test_blocks_that_left_the_chain_are_forgotten() -> None:
    chain = Chain(300)
    for _ in range(SPAN):
        chain.add([], 0)
    chain.hashes[304] = chain.hashes[305] = BlockHash(bytes([1] * 32))
    assert chain.estimator.follow(chain.hashes.get, 0, 305) == 304
    assert [block.height for block in chain.estimator.blocks] == [300, 301, 302, 303]
    assert chain.estimator.follow(chain.hashes.get, 0, 400) == 395
    assert not chain.estimator.blocks


def test_a_block_that_does_not_follow_the_last_is_refused() -> None:
    chain = Chain()
    chain.add([], 0)
    other = block_of([coinbase(chain.height, 0)])
    assert not chain.estimator.add(other, chain.height)
    assert not chain.estimator.add(chain.build([], 0), chain.height + 1)
    assert len(chain.estimator.blocks) == 1


SAMPLES = st.lists(st.integers(0, 10**9), min_size=3, max_size=3).map(
    lambda rates: dict(zip((SLOW, NORMAL, FAST), sorted(rates), strict=True))
)
BLOCKS = st.builds(
    BlockFees,
    height=st.integers(1, 10**6),
    hash=st.just(BlockHash(ZERO)),
    fees=st.integers(0, 10**12),
    weight=st.integers(0, 4_000_000),
    share=st.floats(0, 1),
    sample=st.none() | SAMPLES,
)


@given(st.lists(BLOCKS, min_size=1, max_size=SPAN), st.lists(st.integers(0, 2**63 - 1), max_size=8))
def test_who_waits_longer_never_pays_more_and_nobody_pays_less_than_the_floor(
    blocks: list[BlockFees], filters: list[int]
) -> None:
    estimator = FeeEstimator(REGTEST)
    estimator._blocks = blocks
    found = estimator.estimate(filters)
    assert found is not None
    fast, normal, slow = (found.rates[target].sat_per_kvb for target in TARGETS)
    assert HIGHEST >= fast >= normal >= slow >= found.floor.sat_per_kvb >= 100
    assert found.blocks == len(blocks)
