"""BIP158: vectors, round trips, and bytes that are no filter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import (
    MAX_ELEMENTS,
    M,
    build_filter,
    decode,
    filter_elements,
    filter_hash,
    hash_to_range,
    match_any,
    next_filter_header,
    split_filter,
)
from wallet.bitcoin.codec import ParseError, compact_size
from wallet.bitcoin.hashes import ZERO, BlockHash, FilterHeader
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.siphash import siphash

ENTRIES = load("bip158/testnet-19.json")["blocks"]
GENESIS_FILTERS = {
    "main": "017fa880",
    "testnet3": "019dfca8",
    "testnet4": "01976d88",
    "signet": "012e7640",
    "regtest": "014756c0",
}
GENESIS_SCRIPT = bytes.fromhex(
    "4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d"
    "578a4c702b6bf11d5fac"
)
TESTNET4_SCRIPT = b"\x21" + bytes(33) + b"\xac"
"""Testnet4's genesis pays to no key."""

elements = st.sets(st.binary(min_size=1, max_size=40), max_size=60)
hashes = st.binary(min_size=32, max_size=32)


# The SipHash paper's appendix A, and the reference implementation's src/test/hash_tests.cpp: key 00..0f, message 00...
@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, 0x726FDB47DD0E0E31), (1, 0x74F839C593DC67FD), (8, 0x93F5F5799A932462), (15, 0xA129CA6149BE45E5)],
)
def test_siphash_vectors(length: int, expected: int) -> None:
    assert siphash(bytes(range(16)), bytes(range(length))) == expected


def test_a_siphash_key_has_16_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        siphash(bytes(15), b"")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["height"]))
def test_vectors_of_the_bip(entry: dict[str, Any]) -> None:
    block = Block.parse(bytes.fromhex(entry["block"]))
    spent = [bytes.fromhex(script) for script in entry["spent_scripts"]]
    held = filter_elements(block.all_scripts, spent)
    raw = build_filter(block.hash, held)
    assert raw.hex() == entry["filter"]
    previous = FilterHeader.from_hex(entry["previous_filter_header"])
    assert str(next_filter_header(filter_hash(raw), previous)) == entry["filter_header"]
    assert decode(raw) == sorted(hash_to_range(block.hash, held, len(held)))
    for script in held:
        assert match_any(raw, block.hash, [b"\x51absent", script])
    assert not match_any(raw, block.hash, [b"\x51absent", b""])


@pytest.mark.parametrize("name", GENESIS_FILTERS)
def test_genesis_filters_and_filter_headers(name: str) -> None:
    params = NETWORKS[name]
    script = TESTNET4_SCRIPT if name == "testnet4" else GENESIS_SCRIPT
    raw = build_filter(params.genesis_hash, [script])
    assert raw.hex() == GENESIS_FILTERS[name]
    assert next_filter_header(filter_hash(raw), ZERO) == params.genesis_filter_header


def test_a_filter_holds_no_empty_script_and_no_op_return() -> None:
    assert filter_elements([b"", b"\x6a\x01\x02", b"\x51"], [b"", b"\x6a"]) == {b"\x51", b"\x6a"}


@given(hashes, elements)
def test_a_filter_gives_back_its_values_and_matches_its_elements(block_hash: bytes, held: set[bytes]) -> None:
    raw = build_filter(block_hash, held)
    assert decode(raw) == sorted(hash_to_range(block_hash, held, len(held)))
    assert match_any(raw, block_hash, held) == bool(held)
    for script in held:
        assert match_any(raw, block_hash, [script])


def test_a_repeated_element_counts_once() -> None:
    assert build_filter(bytes(32), [b"a", b"a", b"b"]) == build_filter(bytes(32), [b"b", b"a"])


def test_an_empty_filter_matches_nothing() -> None:
    assert build_filter(bytes(32), []) == b"\0"
    assert decode(b"\0") == []
    assert not match_any(b"\0", BlockHash(bytes(32)), [b"a"])


def _bits(text: str, count: int) -> bytes:
    text += "0" * (-len(text) % 8)
    return compact_size(count) + int(text, 2).to_bytes(len(text) // 8, "big")


ONE = "0" + "1" * 19


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0",
        b"\xfe\xff\xff\xff\xff",
        b"\xfe\xff\xff\xff\xff" + bytes(1000),
        b"\xff" + b"\xff" * 8 + bytes(1000),
        b"\xfd\x01\x00" + bytes(3),
        compact_size(MAX_ELEMENTS + 1) + bytes(300_000),
        compact_size(MAX_ELEMENTS) + bytes(249_999),
        compact_size(MAX_ELEMENTS) + b"\xff" * 260_000,
        compact_size(MAX_ELEMENTS) + b"\xff" * 3_900_000,
        compact_size(MAX_ELEMENTS) + b"\x7f" * 260_000,
        _bits(ONE, 1)[:-1],
        _bits(ONE, 1) + b"\0",
        _bits(ONE + "0001", 1),
        _bits("1" * 30, 1),
        _bits("11" + ONE, 1),
        _bits("1111" + ONE + ONE, 2),
    ],
    ids=lambda raw: f"{raw[:6].hex()}-{len(raw)}",
)
def test_what_cannot_be_a_filter_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError):
        decode(raw)
    with pytest.raises(ParseError):
        match_any(raw, bytes(32), [b"a"])


def test_most_bombs_are_refused_by_their_length_alone() -> None:
    for raw in (
        compact_size(100_000) + b"\xff" * 3_900_000,
        compact_size(2000) + b"\xff" * 10_000,
        b"\x05" + bytes(12),
    ):
        with pytest.raises(ParseError, match="elements in"):
            split_filter(raw)


def test_the_greatest_value_is_below_n_times_m() -> None:
    for value, possible in ((M - 1, True), (M, False)):
        raw = _bits("1" * (value >> 19) + f"0{value & 0x7FFFF:019b}", 1)
        if possible:
            assert decode(raw) == [value]
        else:
            with pytest.raises(ParseError):
                decode(raw)


@given(hashes, elements, st.data())
def test_a_damaged_filter_is_refused_or_read(block_hash: bytes, held: set[bytes], data: st.DataObject) -> None:
    raw = bytearray(build_filter(block_hash, held))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        values = decode(bytes(raw))
    except ParseError:
        return
    assert values == sorted(values)
    assert len(values) == split_filter(bytes(raw))[0]


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_parse_errors(raw: bytes) -> None:
    try:
        values = decode(raw)
    except ParseError:
        return
    assert all(0 <= value < len(values) * M for value in values)
