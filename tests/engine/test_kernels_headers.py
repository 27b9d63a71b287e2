"""The header rules in numpy give the verdict of the plain ones."""

import dataclasses
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitcoin.easychain import (
    BIP94,
    COUNT,
    FIRST_HEIGHT,
    PLAIN,
    RULES,
    block_hash,
    broken,
    history,
    late_boundary,
    run,
)
from wallet.bitcoin import pow as plain
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import HeaderContext, HeaderFault
from wallet.engine import kernels

NOW = history(PLAIN, FIRST_HEIGHT)[0] + 100_000


def _same(params: ChainParams, raw: bytes, height: int, context: HeaderContext, now: int = NOW) -> HeaderFault | None:
    expected = plain.check_headers(params, raw, height, context, now)
    assert kernels.check_headers(params, raw, height, context, now) == expected
    return expected.fault


@pytest.mark.parametrize("params", RULES, ids=["main", "minimum", "bip94", "regtest"])
@pytest.mark.parametrize("known", [0, 1, 5, 10, 11])
def test_a_valid_run_is_judged_alike(params: ChainParams, known: int) -> None:
    made = run(params, 1)
    assert _same(params, b"".join(made.headers), FIRST_HEIGHT, made.context(known), NOW + 100_000) is None


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(RULES), st.integers(0, 5), st.integers(0, 11), st.randoms(use_true_random=False))
def test_a_broken_run_is_judged_alike(params: ChainParams, seed: int, known: int, rng: Random) -> None:
    made = run(params, seed)
    _same(params, broken(made, rng), FIRST_HEIGHT, made.context(known))


def test_the_broken_runs_reach_every_rule() -> None:
    seen = set()
    for seed in range(400):
        rng = Random(seed)
        params = RULES[seed % len(RULES)]
        made = run(params, seed % 5)
        fault = _same(params, broken(made, rng), FIRST_HEIGHT, made.context())
        seen.add(fault.rule if fault else None)
    assert seen >= {None, "linkage", "bits", "proof_of_work", "median_time", "version", "future"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RULES), st.integers(1, COUNT - 1), st.integers(0, 13), st.booleans())
def test_batches_cut_anywhere_are_judged_alike(params: ChainParams, cut: int, known: int, told: bool) -> None:
    made = run(params, 2)
    height = FIRST_HEIGHT + cut
    times = tuple(made.time_bits(at)[0] for at in range(height - known, height))
    below = made.time_bits if told else _nothing
    bits = made.time_bits(height)[1]
    context = HeaderContext(block_hash(made.headers[cut - 1]), times, below, None if told else bits)
    raw = b"".join(made.headers[cut:])
    fault = _same(params, raw, height, context, NOW + 100_000)
    if told:
        assert fault is None
    wrong = dataclasses.replace(context, first_bits=bits ^ 1)
    _same(params, raw, height, wrong, NOW + 100_000)
    _same(params, raw, height, dataclasses.replace(context, first_bits=None), NOW + 100_000)


def test_a_batch_over_several_boundaries_is_judged_alike() -> None:
    for params in RULES:
        made = run(params, 3, 4100)
        raw = b"".join(made.headers)
        assert _same(params, raw, FIRST_HEIGHT, made.context(), NOW + 10_000_000) is None
        for at in (39, 40, 41, 2055, 2056, 2057, 4071, 4072, 4073):
            damaged = bytearray(raw)
            damaged[80 * at + 72] ^= 1
            assert _same(params, bytes(damaged), FIRST_HEIGHT, made.context(), NOW + 10_000_000) is not None


def test_the_edges_of_the_rules_about_time_are_the_same() -> None:
    made = run(PLAIN, 4)
    raw, latest = b"".join(made.headers), max(made.time_bits(FIRST_HEIGHT + at)[0] for at in range(COUNT))
    for ahead, fault in ((7199, None), (7200, None), (7201, "future")):
        found = _same(PLAIN, raw, FIRST_HEIGHT, made.context(), latest - ahead)
        assert (found.rule if found else None) == fault
    for back, fault in ((599, None), (600, None), (601, "timewarp")):
        raw, context = late_boundary(40, back)
        found = _same(BIP94, raw, FIRST_HEIGHT, context, latest)
        assert (found.rule if found else None) == fault


def test_no_headers_and_pieces_of_headers() -> None:
    context = run(PLAIN, 1).context()
    assert _same(PLAIN, b"", FIRST_HEIGHT, context) is None
    for raw, height in ((bytes(79), 5), (bytes(80), 0)):
        with pytest.raises(ValueError, match="80 bytes"):
            kernels.check_headers(PLAIN, raw, height, context, NOW)


@given(st.binary(min_size=80, max_size=80), st.sampled_from(RULES))
def test_random_headers_are_judged_alike(raw: bytes, params: ChainParams) -> None:
    assert _same(params, raw, FIRST_HEIGHT, run(params, 0).context()) is not None


def test_importing_the_kernels_does_not_import_numpy() -> None:
    code = "import sys, wallet.engine.kernels as k; k.FilterMatcher([b'a']); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _nothing(height: int) -> tuple[int, int]:
    raise KeyError(height)
