"""BBQr: the published figures and codes, any order, bounds, and what is refused."""

import zlib
from random import Random
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin import bbqr
from wallet.bitcoin.bbqr import BbqrError, BbqrPart, BbqrSeries, split_bbqr

VECTORS = load("bbqr.json")


def join(codes: tuple[str, ...] | list[str]) -> BbqrSeries:
    series = BbqrSeries()
    for code in codes:
        series.add(BbqrPart.parse(code))
    return series


def pack(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -10)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("case", VECTORS["series"], ids=lambda case: case["codes"][0])
def test_codes_of_other_implementations_are_read(case: dict[str, Any]) -> None:
    series = join(case["codes"][::-1])
    assert (series.file_type, series.data().hex()) == (case["type"], case["data"])
    assert [str(BbqrPart.parse(code)) for code in case["codes"]] == case["codes"]


def test_the_example_of_the_specification() -> None:
    example = VECTORS["example"]
    codes = [code + "5A" * (digits // 2) for code, digits in zip(example["codes"], example["digits"], strict=True)]
    series = join(codes)
    assert series.file_type == bbqr.PSBT
    assert len(series.data()) == example["bytes"]


@pytest.mark.parametrize(("version", "payload"), [(int(key), size) for key, size in VECTORS["payload"].items()])
def test_each_version_holds_what_the_specification_says(version: int, payload: int) -> None:
    code = str(BbqrPart("H", "P", 1, 0, bytes(payload)))
    assert bbqr.version_for(len(code)) == version
    assert bbqr.version_for(len(code) + 2) > version if version < 40 else len(code) <= bbqr.MAX_CHARACTERS


@pytest.mark.parametrize("version", range(1, 41))
def test_the_capacities_are_those_of_the_code_that_is_drawn(version: int) -> None:
    full = "A" * bbqr._CAPACITY[version]
    assert segno.make(full, error="l", boost_error=False, micro=False).version == version
    if version < 40:
        assert segno.make(full + "A", error="l", boost_error=False, micro=False).version == version + 1


@given(st.binary(max_size=3_000), st.sampled_from([2, 5, 11, 17, 40]), st.randoms())
def test_what_is_split_is_joined_again_in_any_order(data: bytes, version: int, chance: Random) -> None:
    codes = list(split_bbqr(data, bbqr.TEXT, version))
    assert all(bbqr.version_for(len(code)) <= version for code in codes)
    again = codes * 2
    chance.shuffle(again)
    series = join(again)
    assert series.is_complete
    assert series.data() == data


def test_the_codes_of_a_series_are_about_equal() -> None:
    data = Random(1).randbytes(2_600)
    lengths = [len(code) for code in split_bbqr(data, bbqr.PSBT, 11)]
    assert len(lengths) == 10
    assert len(set(lengths[:-1])) == 1
    assert lengths[0] - lengths[-1] < 80


def test_what_packs_is_packed_and_what_does_not_is_not() -> None:
    assert split_bbqr(bytes(5_000), bbqr.PSBT, 11)[0].startswith("B$ZP0100")
    assert split_bbqr(Random(2).randbytes(100), bbqr.PSBT, 11)[0].startswith("B$2P0100")


def test_more_than_the_format_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        split_bbqr(Random(3).randbytes(20_000), bbqr.PSBT, 1)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("", "no code"),
        ("B$HP01", "no code"),
        ("A$HP0100AA", "no code"),
        ("B$HP0100" + "A" * 4_290, "no code"),
        ("B$QP0100AA", "encoding 'Q'"),
        ("B$Hp0100AA", "kind of file"),
        ("B$HP0a00AA", "digits and capital letters"),
        ("B$HP01-1AA", "digits and capital letters"),
        ("B$HP\u06601\u06600AA", "digits and capital letters"),
        ("B$HP0101AA", "code 2 of 1 cannot be"),
        ("B$HP0000AA", "code 1 of 0 cannot be"),
        ("B$HP0100A", "damaged"),
        ("B$HP0100aa", "damaged"),
        ("B$HP0100A A", "damaged"),
        ("B$2P0100A", "damaged"),
        ("B$2P0100AB", "damaged"),  # bits that no byte has
        ("B$2P0100AA======", "damaged"),
    ],
)
def test_what_is_no_code_is_refused_in_words(code: str, says: str) -> None:
    with pytest.raises(BbqrError, match=says):
        BbqrPart.parse(code)


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (["B$HP0200AA", "B$HU0201AA"], "another series"),
        (["B$HP0200AA", "B$HP0301AA"], "another series"),
        (["B$HP0200AA", "B$HP0200BB"], "another series"),
        (["B$HP0300AA", "B$HP0301AABB"], "lengths"),
        (["B$HP0200AA", "B$HP0201AABB"], "lengths"),
        (["B$HP0201AABB", "B$HP0200AA"], "lengths"),
    ],
)
def test_codes_that_do_not_go_together_are_refused(codes: list[str], says: str) -> None:
    with pytest.raises(BbqrError, match=says):
        join(codes)
    (kept, *_) = codes
    assert join([kept, kept]).read == 1


def test_an_incomplete_series_says_how_far_it_is() -> None:
    series = BbqrSeries()
    assert (series.total, series.file_type, series.is_complete) == (0, "", False)
    assert series.add(BbqrPart.parse("B$HP0301AA"))
    assert not series.add(BbqrPart.parse("B$HP0301AA"))
    with pytest.raises(BbqrError, match="1 of 3 codes"):
        series.data()


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (pack(bytes(bbqr.MAX_SIZE + 1)), "unpack to more than"),
        (pack(b"x" * 100)[:-2], "cannot be unpacked"),
        (pack(b"x" * 100) + b"y", "cannot be unpacked"),
        (b"\xff" * 20, "cannot be unpacked"),
    ],
    ids=["a bomb", "cut off", "something behind", "noise"],
)
def test_what_does_not_unpack_is_refused(packed: bytes, says: str) -> None:
    size = 2_600
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    series = join([str(BbqrPart("Z", "P", len(chunks), at, chunk)) for at, chunk in enumerate(chunks)])
    with pytest.raises(BbqrError, match=says):
        series.data()


def test_a_series_that_would_be_too_large_is_refused_at_its_first_code() -> None:
    with pytest.raises(BbqrError, match="larger than"):
        BbqrSeries().add(BbqrPart("2", "P", bbqr.MAX_PARTS, 0, bytes(2_600)))
