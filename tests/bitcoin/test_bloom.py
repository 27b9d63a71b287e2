"""Bloom filters against the reference implementation's own cases, and what they promise for any elements."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin import script
from wallet.bitcoin.bloom import MAX_FILTER_SIZE, MAX_HASHES, BloomFilter, murmur3, script_element
from wallet.bitcoin.codec import u32, var_bytes

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "bip37.json").read_text())


@pytest.mark.parametrize(("expected", "seed", "data"), VECTORS["murmur3"])
def test_murmur3_is_the_reference_implementations(expected: str, seed: str, data: str) -> None:
    assert murmur3(bytes.fromhex(data), int(seed, 16)) == int(expected, 16)


@pytest.mark.parametrize("case", VECTORS["filters"], ids=lambda case: str(case["tweak"]))
def test_filters_are_the_reference_implementations(case: dict[str, Any]) -> None:
    elements = [bytes.fromhex(text) for text in case["elements"]]
    bloom = BloomFilter(3, 0.01, case["tweak"])
    for element in elements:
        assert element not in bloom
        bloom.add(element)
        assert element in bloom

    assert bytes.fromhex(str(case["absent"])) not in bloom
    wire = var_bytes(bloom.data) + u32(bloom.hashes) + u32(bloom.tweak) + b"\x01"
    assert wire.hex() == case["filterload"]


@given(st.sets(st.binary(min_size=1, max_size=36), max_size=40), st.integers(0, 2**32 - 1))
def test_no_member_is_ever_missed(elements: set[bytes], tweak: int) -> None:
    bloom = BloomFilter.of(elements, 1e-4, tweak)
    assert all(element in bloom for element in elements)


def test_few_others_match_by_chance() -> None:
    members = [n.to_bytes(20, "big") for n in range(500)]
    bloom = BloomFilter.of(members, 0.01, 7)
    others = sum((n.to_bytes(20, "big") in bloom) for n in range(10_000, 14_000))
    assert 10 < others < 80


def test_the_size_is_that_of_the_bip_and_never_above_its_bounds() -> None:
    # BIP37: 36,000 bytes are 20,000 items at 0.1 %, or 10,000 at 0.0001 %.
    assert 35_900 < len(BloomFilter(20_000, 0.001, 0).data) <= MAX_FILTER_SIZE
    assert 35_900 < len(BloomFilter(10_000, 0.000001, 0).data) <= MAX_FILTER_SIZE
    crowded = BloomFilter(1_000_000, 0.000001, 0)
    assert len(crowded.data) == MAX_FILTER_SIZE
    assert crowded.hashes == 1
    assert BloomFilter(1, 1e-30, 0).hashes <= MAX_HASHES


def test_what_makes_no_filter_is_refused() -> None:
    for capacity, share in ((0, 0.1), (1, 0.0), (1, 1.0)):
        with pytest.raises(ValueError, match="no filter"):
            BloomFilter(capacity, share, 0)
    with pytest.raises(ValueError, match="521 bytes"):
        BloomFilter(1, 0.1, 0).add(bytes(521))


def test_each_standard_script_has_the_one_element_that_nodes_test() -> None:
    twenty, thirty_two = bytes(range(20)), bytes(range(32))
    assert script_element(script.p2pkh(twenty)) == twenty
    assert script_element(script.p2sh(twenty)) == twenty
    assert script_element(script.p2wpkh(twenty)) == twenty
    assert script_element(script.p2wsh(thirty_two)) == thirty_two
    assert script_element(script.p2tr(thirty_two)) == thirty_two
    assert script_element(b"\x51") is None
    assert script_element(b"") is None
