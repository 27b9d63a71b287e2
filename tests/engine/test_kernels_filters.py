"""Filters matched in lockstep give the answers of the plain reference (BIP158)."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import M, P, build_filter, decode, hash_to_range, match_any, split_filter
from wallet.bitcoin.codec import ParseError, compact_size
from wallet.engine.kernels import FilterMatcher, match
from wallet.engine.kernels.golomb import PAIRS, Chunk, Lanes
from wallet.engine.kernels.match import _Table
from wallet.engine.kernels.siphash import ScriptHasher

ENTRIES = load("bip158/testnet-19.json")["blocks"]

seeds = st.integers(0, 2**32)


@pytest.fixture(params=["by cost", "lockstep"])
def paths(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches would be matched in plain Python: force them through the lanes too."""
    if request.param == "lockstep":
        monkeypatch.setattr(match, "_alone", lambda counts: 0)


def encode(values: list[int], count: int | None = None) -> bytes:
    """A filter that holds exactly these ascending values."""
    bits, last = [], 0
    for value in values:
        delta = value - last
        last = value
        bits.append("1" * (delta >> P) + f"0{delta & (1 << P) - 1:0{P}b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return compact_size(len(values) if count is None else count) + int(text, 2).to_bytes(len(text) // 8, "big")


def reference(filters: list[bytes], hashes: list[bytes], scripts: list[bytes]) -> tuple[list[int], list[int]]:
    """Hits and malformed ones by the plain reference."""
    hits, malformed = [], []
    for position, (raw, block_hash) in enumerate(zip(filters, hashes, strict=True)):
        try:
            if match_any(raw, block_hash, scripts):
                hits.append(position)
        except ParseError:
            malformed.append(position)
    return hits, malformed


def agree(filters: list[bytes], hashes: list[bytes], scripts: list[bytes]) -> list[int]:
    """Match both ways, expect the same, return the hits."""
    found = FilterMatcher(scripts).matches(filters, hashes)
    assert (found.hits, found.malformed) == reference(filters, hashes, scripts)
    assert FilterMatcher(scripts).match(filters, hashes) == sorted(found.hits + found.malformed)
    return found.hits


def decoded(filters: list[bytes]) -> list[list[int]]:
    """Every value of filters, longest first, as the lanes read them."""
    counts = [split_filter(raw)[0] for raw in filters]
    lanes = Lanes([raw[split_filter(raw)[1] :] for raw in filters], counts)
    values: list[list[int]] = [[] for _ in filters]
    for chunk in lanes.chunks():
        for lane, column in enumerate(chunk.values.T.tolist()):
            values[lane] += column
    assert lanes.malformed() == []
    return [column[:count] for column, count in zip(values, counts, strict=True)]


@given(
    st.lists(st.binary(max_size=100), min_size=1, max_size=12),
    st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5),
    st.integers(1, 100_000),
)
@settings(deadline=None)
def test_hashes_are_those_of_the_reference(scripts: list[bytes], hashes: list[bytes], count: int) -> None:
    keys = np.frombuffer(b"".join(one[:16] for one in hashes), "<u8").reshape(-1, 2).T.astype(np.uint64)
    counts = [max(1, count - 7 * at) for at in range(len(hashes))]
    values = ScriptHasher(scripts).values(keys, np.array([one * M for one in counts], np.uint64))
    for lane, block_hash in enumerate(hashes):
        assert values[:, lane].tolist() == hash_to_range(block_hash, scripts, counts[lane])


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 22, 23, 34, 255, 256, 300, 10_000])
def test_scripts_of_any_length_are_hashed(length: int) -> None:
    script = bytes(range(256)) * 40
    keys = np.array([[7], [9]], np.uint64)
    key = (7).to_bytes(8, "little") + (9).to_bytes(8, "little")
    values = ScriptHasher([script[:length]]).values(keys, np.array([M], np.uint64))
    assert values.tolist() == [hash_to_range(key, [script[:length]], 1)]


@pytest.mark.usefixtures("paths")
def test_vectors_of_the_bip() -> None:
    filters = [bytes.fromhex(entry["filter"]) for entry in ENTRIES]
    blocks = [Block.parse(bytes.fromhex(entry["block"])) for entry in ENTRIES]
    hashes: list[bytes] = [block.hash for block in blocks]
    for position, entry in enumerate(ENTRIES):
        for script in _held(entry, blocks[position]):
            assert position in agree(filters, hashes, [script, b"\x51absent"])
    assert agree(filters, hashes, [b"\x51absent", b""]) == []


def _held(entry: dict[str, Any], block: Block) -> list[bytes]:
    spent = [bytes.fromhex(script) for script in entry["spent_scripts"]]
    return [script for script in block.all_scripts if script and script[0] != 0x6A] + [
        script for script in spent if script
    ]


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 30), st.integers(1, 80), st.booleans())
def test_random_filters_are_matched_alike(seed: int, lanes: int, wanted: int, lockstep: bool) -> None:
    rng = Random(seed)
    pool = [rng.randbytes(rng.choice((22, 23, 25, 34, 1, 7, 8, 66))) for _ in range(300)]
    hashes = [rng.randbytes(32) for _ in range(lanes)]
    filters = [build_filter(one, rng.sample(pool, rng.choice((0, 1, 2, 31, 32, 33, 64, 100)))) for one in hashes]
    scripts = [*rng.sample(pool, wanted // 8), *(rng.randbytes(22) for _ in range(wanted)), b""]
    with pytest.MonkeyPatch.context() as patch:
        if lockstep:
            patch.setattr(match, "_alone", lambda counts: 0)
        agree(filters, hashes, scripts)


@settings(max_examples=60, deadline=None)
@given(seeds, st.lists(st.integers(1, match.FEW), min_size=1, max_size=6), st.integers(-1, 1))
def test_a_value_s_window_holds_the_hashes_that_become_it_and_no_other(seed: int, counts: list[int], off: int) -> None:
    """Filters of a few elements, one of them next to what our script becomes, or the same."""
    rng = Random(seed)
    script = rng.randbytes(22)
    hashes = [rng.randbytes(32) for _ in counts]
    filters = []
    for block_hash, count in zip(hashes, counts, strict=True):
        (ours,) = hash_to_range(block_hash, [script], count)
        near = min(max(ours + off, 0), count * M - 1)
        filters.append(encode(sorted([near, *(rng.choice((0, count * M - 1)) for _ in range(count - 1))])))
    agree(filters, hashes, [rng.randbytes(34), script])


def test_no_filters_and_no_scripts() -> None:
    assert FilterMatcher([b"a"]).match([], []) == []
    assert FilterMatcher([]).match([build_filter(bytes(32), [b"a"])], [bytes(32)]) == []
    assert FilterMatcher([b"", b""]).match([build_filter(bytes(32), [b"a"])], [bytes(32)]) == []


def test_what_nobody_could_judge_is_a_position_to_look_into() -> None:
    good = build_filter(bytes(32), [b"a"])
    assert FilterMatcher([b"b"]).match([good, b"", good], [bytes(32)] * 3) == [1]


def test_more_scripts_than_one_pass_takes_are_all_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "MAX_SCRIPTS", 10)
    monkeypatch.setattr(match, "MAX_LANES", 4)
    rng = Random(1)
    hashes = [rng.randbytes(32) for _ in range(11)]
    scripts = [rng.randbytes(22) for _ in range(35)]
    filters = [
        build_filter(one, [scripts[3 * at], *(rng.randbytes(22) for _ in range(40))]) for at, one in enumerate(hashes)
    ]
    assert agree(filters, hashes, scripts) == list(range(11))
    assert agree(filters, hashes, scripts[:20]) == list(range(7))


def test_marks_that_share_a_stretch_of_the_table_are_all_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "_alone", lambda counts: 0)
    monkeypatch.setattr(match, "TABLE_BYTES", 64)
    rng = Random(2)
    hashes = [rng.randbytes(32) for _ in range(16)]
    scripts = [rng.randbytes(22) for _ in range(64)]
    filters = [
        build_filter(one, [scripts[at], *(rng.randbytes(22) for _ in range(50))]) for at, one in enumerate(hashes)
    ]
    for at, script in enumerate(scripts):
        assert agree(filters, hashes, [script, *scripts[16:]]) == ([at] if at < 16 else [])


# ---------------------------------------------------------------- crafted filters


def test_long_runs_are_decoded_again_and_right() -> None:
    """Values on a few heaps: between heaps the runs are longer than a window."""
    rng = Random(3)
    honest = sorted(rng.randrange(200 * M) for _ in range(200))
    heaps = sorted(heap * 50 * M + rng.randrange(1000) for heap in range(4) for _ in range(50))
    gaps = sorted(at // 2 * 2 * M + at % 2 * 25 * (1 << P) for at in range(150)) + [165 * M + at for at in range(20)]
    end = [*range(199), 200 * M - 1]
    start = [200 * M - 200 + at for at in range(200)]
    filters = [encode(values) for values in (honest, heaps, end, start, gaps)]
    assert decoded(filters) == [honest, heaps, end, start, gaps] == [decode(raw) for raw in filters]


@pytest.mark.parametrize("count", [1, 2, 3, 2 * PAIRS - 1, 2 * PAIRS, 2 * PAIRS + 1, 4 * PAIRS])
def test_lanes_that_end_at_any_place_of_a_chunk(count: int) -> None:
    rng = Random(count)
    lengths = sorted({count, max(1, count - 1), max(1, count // 2), 1}, reverse=True)
    values = [sorted(rng.randrange(length * M) for _ in range(length)) for length in lengths]
    assert decoded([encode(one) for one in values]) == values


def test_what_a_lane_reads_behind_its_end_is_nothing_to_it() -> None:
    """The second lane ends early in a chunk; behind it comes a run of ones that no window holds."""
    rng = Random(4)
    long, short = (sorted(rng.randrange(count * M) for _ in range(count)) for count in (64, 33))
    late = [31 * M + at for at in range(32)]
    assert decoded([encode(values) for values in (long, short, late)]) == [long, short, late]


def test_a_value_behind_a_lanes_end_is_no_hit() -> None:
    marks = np.array([[70, 70]], np.uint64)
    chunk = Chunk(32, np.array([[50, 50], [60, 60], [70, 70], [80, 80]], np.uint64))
    table = _Table(marks, np.array([36, 34]))
    table.probe(chunk)
    assert table.found.tolist() == [True, False]


def test_equal_values_are_all_read() -> None:
    assert decoded([encode([5] * 40), encode([0] * 7)]) == [[5] * 40, [0] * 7]


@pytest.mark.usefixtures("paths")
@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 100])
def test_malformed_filters_are_reported_and_hide_nobody(count: int) -> None:
    rng = Random(count)
    hashes = [rng.randbytes(32) for _ in range(12)]
    scripts = [rng.randbytes(22) for _ in range(5)]
    good = [
        build_filter(one, [scripts[at % 5], *(rng.randbytes(22) for _ in range(count - 1))])
        for at, one in enumerate(hashes)
    ]
    code = len(good[0]) - len(compact_size(count))
    bad = {
        1: good[1] + b"\0",
        2: good[2][:-1],
        3: good[3][:-1] + bytes([good[3][-1] ^ 1]) if count != 1 else good[3] + b"\1",
        4: compact_size(count) + b"\xff" * code,
        5: compact_size(count) + b"\xff" * (code // 2) + bytes(code - code // 2),
        6: b"",
        7: b"\xff" * 9,
        8: encode([*range(count - 1), count * M]),
        9: compact_size(count) + bytes(code // 2) + b"\xff" * (code - code // 2),
    }
    filters = [bad.get(at, raw) for at, raw in enumerate(good)]
    assert set(agree(filters, hashes, scripts)) >= {0, 10, 11}


@settings(max_examples=150, deadline=None)
@given(seeds, st.sampled_from([1, 2, 5, 33, 64, 90]))
def test_damaged_filters_are_judged_alike(seed: int, count: int) -> None:
    rng = Random(seed)
    hashes = [rng.randbytes(32) for _ in range(6)]
    scripts = [rng.randbytes(22) for _ in range(20)]
    filters = []
    for one in hashes:
        raw = bytearray(build_filter(one, [rng.choice(scripts), *(rng.randbytes(22) for _ in range(count - 1))]))
        for _ in range(rng.choice((0, 1, 2, 10))):
            raw[rng.randrange(1, len(raw))] = rng.choice((0, 255, rng.randrange(256)))
        filters.append(bytes(raw))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match, "_alone", lambda counts: 0)
        agree(filters, hashes, scripts)


def test_a_long_filter_among_short_ones_is_read_alone() -> None:
    assert match._alone([100_000, *[5000] * 500]) == 1
    assert match._alone([5000] * 500) == 0
    assert match._alone([5000] * 3) == 3
    assert match._alone([5000]) == 1
