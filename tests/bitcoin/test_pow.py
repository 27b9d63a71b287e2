"""Targets, work, retargets and the header rules."""

import dataclasses
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitcoin.easychain import (
    BIP94,
    BITS,
    COUNT,
    FIRST_HEIGHT,
    HEADER,
    MIN_DIFFICULTY,
    PLAIN,
    RULES,
    Run,
    block_hash,
    broken,
    history,
    late_boundary,
    mine,
    run,
)
from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import MAINNET, NETWORKS, REGTEST, SIGNET, TESTNET3, TESTNET4, ChainParams
from wallet.bitcoin.pow import (
    HeaderContext,
    HeaderFault,
    PowError,
    bits_from_target,
    block_work,
    check_headers,
    check_pow,
    median_time,
    minimum_version,
    next_bits,
    retarget,
    target_from_bits,
)

NOW = 2_000_000_000


# The reference implementation's src/test/arith_uint256_tests.cpp, "bignum_SetCompact".
@pytest.mark.parametrize(
    ("bits", "target"),
    [
        (0x01120000, 0x12),
        (0x02008000, 0x80),
        (0x03123456, 0x123456),
        (0x04123456, 0x12345600),
        (0x05009234, 0x92340000),
        (0x20123456, 0x123456 << 232),
        (0x1D00FFFF, 0xFFFF << 208),
    ],
)
def test_a_compact_target_is_what_it_says(bits: int, target: int) -> None:
    assert target_from_bits(bits) == target
    assert target_from_bits(bits_from_target(target)) == target


@pytest.mark.parametrize(
    ("bits", "why"),
    [
        (0x00000000, "zero"),
        (0x00123456, "zero"),
        (0x01003456, "zero"),
        (0x04000000, "zero"),
        (0x1D80FFFF, "negative"),
        (0x04923456, "negative"),
        (0xFF7FFFFF, "overflows"),
        (0xFF123456, "overflows"),
        (0x22000100, "overflows"),
    ],
)
def test_an_impossible_target_is_refused(bits: int, why: str) -> None:
    with pytest.raises(PowError, match=why):
        target_from_bits(bits)


@given(st.integers(1, (1 << 256) - 1))
def test_the_compact_form_rounds_down_by_less_than_its_last_digit(target: int) -> None:
    rounded = target_from_bits(bits_from_target(target))
    assert rounded <= target
    assert (target - rounded) << 15 < target
    assert bits_from_target(rounded) == bits_from_target(target)


def test_work_is_two_to_the_256_by_the_hashes_that_reach_the_target() -> None:
    assert block_work(0x1D00FFFF) == 0x100010001
    assert block_work(0x207FFFFF) == 2
    for bits in (0x1D00FFFF, 0x1C0168FD, 0x1703255B, 0x207FFFFF):
        target = target_from_bits(bits)
        assert block_work(bits) == ((1 << 256) - 1 - target) // (target + 1) + 1


@pytest.mark.parametrize("params", NETWORKS.values(), ids=NETWORKS.keys())
def test_every_genesis_header_reaches_its_target(params: ChainParams) -> None:
    header = BlockHeader.parse(params.genesis_header)
    check_pow(header.hash, header.bits, params)
    assert next_bits(params, 0, header.time, _never) == header.bits
    assert bits_from_target(params.pow_limit) == params.pow_limit_bits


def test_a_hash_above_its_target_and_a_target_above_the_limit_are_refused() -> None:
    edge = target_from_bits(0x1D00FFFF)
    check_pow(edge.to_bytes(32, "little"), 0x1D00FFFF, MAINNET)
    with pytest.raises(PowError, match="above the target"):
        check_pow((edge + 1).to_bytes(32, "little"), 0x1D00FFFF, MAINNET)
    with pytest.raises(PowError, match="limit"):
        check_pow(bytes(32), 0x1D01FFFF, MAINNET)


# The reference implementation's src/test/pow_tests.cpp.
@pytest.mark.parametrize(
    ("first_time", "height", "time", "bits", "expected"),
    [
        (1261130161, 32255, 1262152739, 0x1D00FFFF, 0x1D00D86A),
        (1231006505, 2015, 1233061996, 0x1D00FFFF, 0x1D00FFFF),
        (1279008237, 68543, 1279297671, 0x1C05A3F4, 0x1C0168FD),
        (1263163443, 46367, 1269211443, 0x1C387F6F, 0x1D00E1FD),
    ],
)
def test_a_period_of_other_length_moves_the_target(
    first_time: int, height: int, time: int, bits: int, expected: int
) -> None:
    held = {height - 2015: (first_time, bits), height: (time, bits)}
    assert next_bits(MAINNET, height + 1, time + 600, held.__getitem__) == expected


def test_bip94_starts_a_retarget_from_the_first_header_of_the_period() -> None:
    first, last = (1_000_000, 0x1C0FFFFF), (1_000_000 + 1209600, 0x1D00FFFF)
    assert retarget(TESTNET4, first, last) == 0x1C0FFFFF
    assert retarget(TESTNET3, first, last) == 0x1D00FFFF


@pytest.mark.parametrize("params", [TESTNET3, TESTNET4], ids=["testnet3", "testnet4"])
def test_after_twenty_minutes_a_test_network_takes_the_easiest_target(params: ChainParams) -> None:
    hard = 0x1B00FFFF
    held = {4032 + at: (1_700_000_000 + 600 * at, hard if at < 5 else 0x1D00FFFF) for at in range(10)}
    below = held[4041][0]
    assert next_bits(params, 4042, below + 1201, held.__getitem__) == 0x1D00FFFF
    assert next_bits(params, 4042, below + 1200, held.__getitem__) == hard


def test_the_easiest_target_of_a_periods_first_header_is_not_an_exception() -> None:
    held = {4032: (1_700_000_000, 0x1D00FFFF), 4033: (1_700_002_000, 0x1D00FFFF), 4031: (1_699_999_000, 0x1B00FFFF)}
    assert next_bits(TESTNET3, 4034, 1_700_002_001, held.__getitem__) == 0x1D00FFFF


def test_a_boundary_never_takes_the_exception() -> None:
    held = {2016: (1_700_000_000, 0x1B00FFFF), 4031: (1_700_000_000 + 1209600, 0x1B00FFFF)}
    assert next_bits(TESTNET3, 4032, 1_700_000_000 + 1209600 + 5000, held.__getitem__) == 0x1B00FFFF


def test_main_and_signet_have_no_exception() -> None:
    held = {4040: (1_700_000_000, 0x1B00FFFF)}
    for params in (MAINNET, SIGNET):
        assert next_bits(params, 4041, 1_700_009_000, held.__getitem__) == 0x1B00FFFF


def test_the_median_is_the_middle_or_the_upper_middle() -> None:
    assert median_time([5]) == 5
    assert median_time([9, 1]) == 9
    assert median_time([3, 1, 2]) == 2
    assert median_time(range(11)) == 5


def test_versions_rise_at_the_heights_of_bips_34_66_and_65() -> None:
    heights = (227930, 227931, 363724, 363725, 388380, 388381)
    assert [minimum_version(MAINNET, height) for height in heights] == [-(1 << 31), 2, 2, 3, 3, 4]
    assert minimum_version(SIGNET, 1) == 4


# ---------------------------------------------------------------- runs of headers


@pytest.mark.parametrize("params", RULES, ids=["main", "minimum", "bip94", "regtest"])
def test_a_valid_run_has_no_fault_and_its_work(params: ChainParams) -> None:
    made = run(params, 1)
    verdict = check_headers(params, b"".join(made.headers), FIRST_HEIGHT, made.context(), NOW)
    assert verdict.fault is None
    assert verdict.hashes == b"".join(map(block_hash, made.headers))
    assert verdict.work == sum(block_work(made.time_bits(FIRST_HEIGHT + at)[1]) for at in range(COUNT))


def _changed(made: Run, at: int, **changes: Any) -> bytes:
    """The run up to and with the header at `at`, some of its fields changed and mined again."""
    header = dataclasses.replace(BlockHeader.parse(made.headers[at]), **changes)
    fields = (header.version, header.previous, header.merkle_root, header.time, header.bits)
    return b"".join(made.headers[:at]) + mine(fields, target_from_bits(header.bits))


def _fault(params: ChainParams, raw: bytes, context: HeaderContext, now: int = NOW) -> HeaderFault | None:
    return check_headers(params, raw, FIRST_HEIGHT, context, now).fault


def test_each_rule_names_the_header_that_breaks_it() -> None:
    made = run(PLAIN, 2)
    context = made.context()
    times = [history(PLAIN, FIRST_HEIGHT - 11 + at)[0] for at in range(11)]
    times += [made.time_bits(FIRST_HEIGHT + at)[0] for at in range(20)]
    median = median_time(times[-11:])
    assert _fault(PLAIN, _changed(made, 20, previous=bytes(32)), context) == HeaderFault(20, "linkage")
    assert _fault(PLAIN, _changed(made, 20, bits=BITS - 1), context) == HeaderFault(20, "bits")
    assert _fault(PLAIN, _changed(made, 20, time=median), context) == HeaderFault(20, "median_time")
    assert _fault(PLAIN, _changed(made, 20, time=median + 1), context) is None
    assert _fault(PLAIN, _changed(made, 20, version=2), context) == HeaderFault(20, "version")
    assert _fault(PLAIN, _changed(made, 20, version=3), context) is None
    assert _fault(PLAIN, _changed(made, 20, version=-4), context) == HeaderFault(20, "version")
    time = made.time_bits(FIRST_HEIGHT + 20)[0]
    below = max(times[-20:])
    assert below < time + 40_000
    raw = _changed(made, 20, time=time + 40_000)
    assert _fault(PLAIN, raw, context, time + 40_000 - 7200) is None
    assert _fault(PLAIN, raw, context, time + 40_000 - 7201) == HeaderFault(20, "future", permanent=False)


def test_a_header_without_proof_of_work_is_refused() -> None:
    made = run(PLAIN, 3)
    fields = HEADER.unpack(made.headers[7])[:5]
    nonce = next(n for n in range(100) if block_hash(HEADER.pack(*fields, n))[31] >= 0x20)
    raw = b"".join(made.headers[:7]) + HEADER.pack(*fields, nonce)
    assert _fault(PLAIN, raw, made.context()) == HeaderFault(7, "proof_of_work")


def test_bip94_bounds_the_step_back_at_a_boundary() -> None:
    made = run(BIP94, 4)
    at = 40
    assert (FIRST_HEIGHT + at) % 2016 == 0
    below = made.time_bits(FIRST_HEIGHT + at - 1)[0]
    low = _changed(made, at, time=below - 601)
    assert _fault(BIP94, low, made.context()) in (HeaderFault(at, "timewarp"), HeaderFault(at, "median_time"))
    for back, expected in ((600, None), (601, HeaderFault(at, "timewarp"))):
        run_with_gap = late_boundary(at, back)
        assert _fault(BIP94, *run_with_gap) == expected


def test_the_median_waits_until_its_headers_are_known() -> None:
    made = run(PLAIN, 6)
    early = _changed(made, 5, time=history(PLAIN, FIRST_HEIGHT - 11)[0])
    late = _changed(made, 9, time=history(PLAIN, FIRST_HEIGHT - 11)[0])
    for known in (0, 4):
        assert _fault(PLAIN, early, made.context(known)) is None
    assert _fault(PLAIN, early, made.context(6)) == HeaderFault(5, "median_time")
    assert _fault(PLAIN, late, made.context(1)) is None
    assert _fault(PLAIN, late, made.context(2)) == HeaderFault(9, "median_time")


def test_near_genesis_the_median_is_that_of_all_headers() -> None:
    genesis = BlockHeader.parse(REGTEST.genesis_header)
    context = HeaderContext(genesis.hash, (genesis.time,), {0: (genesis.time, genesis.bits)}.__getitem__)
    target = target_from_bits(genesis.bits)
    same = mine((4, genesis.hash, bytes(32), genesis.time, genesis.bits), target)
    assert check_headers(REGTEST, same, 1, context, NOW).fault == HeaderFault(0, "median_time")
    later = mine((4, genesis.hash, bytes(32), genesis.time + 1, genesis.bits), target)
    assert check_headers(REGTEST, later, 1, context, NOW).fault is None


def test_above_a_checkpoint_its_bits_are_the_expected_ones() -> None:
    made = run(PLAIN, 7)
    start = 40
    raw = b"".join(made.headers[start:])
    bits = made.time_bits(FIRST_HEIGHT + start)[1]
    context = HeaderContext(block_hash(made.headers[start - 1]), (), _never, bits)
    assert check_headers(PLAIN, raw, FIRST_HEIGHT + start, context, NOW).fault is None
    other = dataclasses.replace(context, first_bits=bits - 1)
    assert check_headers(PLAIN, raw, FIRST_HEIGHT + start, other, NOW).fault == HeaderFault(0, "bits")
    nothing = dataclasses.replace(context, first_bits=None)
    expected = HeaderFault(0, "context", permanent=False)
    assert check_headers(PLAIN, raw, FIRST_HEIGHT + start, nothing, NOW).fault == expected


def test_pieces_of_headers_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="80 bytes"):
        check_headers(PLAIN, bytes(81), FIRST_HEIGHT, run(PLAIN, 8).context(), NOW)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(RULES), st.integers(0, 7), st.randoms(use_true_random=False))
def test_a_changed_run_breaks_the_rule_that_a_plain_reading_finds(params: ChainParams, seed: int, rng: Random) -> None:
    made = run(params, seed, 60)
    raw = broken(made, rng)
    fault = _fault(params, raw, made.context(), START_OF_FUTURE)
    assert (None if fault is None else (fault.index, fault.rule)) == _plain_reading(params, raw)


START_OF_FUTURE = 1_500_000_000 + 500 * FIRST_HEIGHT + 80_000


def _plain_reading(params: ChainParams, raw: bytes) -> tuple[int, str] | None:
    """The rules once more, slowly: each header against the whole list below it."""
    made = Run(params, [])
    times = [history(params, FIRST_HEIGHT - 11 + at)[0] for at in range(11)]
    previous = BlockHash(bytes(32))
    for at in range(len(raw) // 80):
        header = BlockHeader.parse(raw[80 * at : 80 * at + 80])
        height = FIRST_HEIGHT + at
        rules = {
            "linkage": header.previous == previous,
            "bits": header.bits == next_bits(params, height, header.time, made.time_bits),
            "proof_of_work": _reaches(header, params),
            "median_time": header.time > sorted(times[-11:])[5],
            "timewarp": not params.bip94 or height % 2016 != 0 or header.time >= times[-1] - 600,
            "version": header.version >= minimum_version(params, height),
            "future": header.time <= START_OF_FUTURE + 7200,
        }
        for rule, kept in rules.items():
            if not kept:
                return at, rule
        made.headers.append(header.serialize())
        times.append(header.time)
        previous = header.hash
    return None


def _reaches(header: BlockHeader, params: ChainParams) -> bool:
    try:
        check_pow(header.hash, header.bits, params)
    except PowError:
        return False
    return True


def _never(height: int) -> tuple[int, int]:
    raise KeyError(height)


def test_minimum_difficulty_networks_keep_the_standing_target_across_batches() -> None:
    made = run(MIN_DIFFICULTY, 9)
    for cut in (1, 2, 3, 17, 39, 40, 41, 60):
        height = FIRST_HEIGHT + cut
        times = tuple(made.time_bits(height - 11 + at)[0] for at in range(11))
        context = HeaderContext(block_hash(made.headers[cut - 1]), times, made.time_bits)
        assert check_headers(MIN_DIFFICULTY, b"".join(made.headers[cut:]), height, context, NOW).fault is None


def test_a_boundary_at_the_limit_is_what_stands_after_it() -> None:
    """The period's retarget reaches the limit: its bits stand, not the harder ones of the period before."""
    hard, limit = 0x203FFFFF, REGTEST.pow_limit_bits
    held = {height: (1_500_000_000 + 1300 * height, hard) for height in range(2016, 4032)}
    clock, previous, raw = held[4031][0], bytes(32), b""
    for _ in range(3):
        clock += 600
        made = mine((4, previous, bytes(32), clock, limit), target_from_bits(limit))
        previous = block_hash(made)
        raw += made
    context = HeaderContext(bytes(32), tuple(held[height][0] for height in range(4021, 4032)), held.__getitem__)
    params = dataclasses.replace(MIN_DIFFICULTY, version_heights=(1, 1, 1))
    assert check_headers(params, raw, 4032, context, NOW).fault is None
