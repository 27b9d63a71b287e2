"""The contract that every parser of `wallet.bitcoin` keeps; a parser without a sample in `samples.py` fails here."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wallet.bitcoin
from tests.bitcoin.samples import CASES, BytesCase, TextCase

BYTES_CASES = {name: case for name, case in CASES.items() if isinstance(case, BytesCase)}
TEXT_CASES = {name: case for name, case in CASES.items() if isinstance(case, TextCase)}

bytes_cases = pytest.mark.parametrize("case", BYTES_CASES.values(), ids=BYTES_CASES.keys())
text_cases = pytest.mark.parametrize("case", TEXT_CASES.values(), ids=TEXT_CASES.keys())


def _is_parser(name: str) -> bool:
    return name == "parse" or name.startswith("parse_")


def _parsers_of(module: ModuleType) -> Iterator[str]:
    place = module.__name__.removeprefix("wallet.bitcoin.")
    for name, member in vars(module).items():
        if getattr(member, "__module__", None) != module.__name__ or name.startswith("_"):
            continue
        if inspect.isfunction(member) and _is_parser(name):
            yield f"{place}.{name}"
        elif inspect.isclass(member):
            yield from (
                f"{place}.{name}.{method}"
                for method, value in vars(member).items()
                if _is_parser(method) and isinstance(value, classmethod | staticmethod)
            )


def _all_parsers() -> set[str]:
    modules = pkgutil.walk_packages(wallet.bitcoin.__path__, "wallet.bitcoin.")
    return {parser for found in modules for parser in _parsers_of(importlib.import_module(found.name))}


def test_every_parser_has_a_sample_here() -> None:
    parsers = _all_parsers()
    assert "transaction.Transaction.parse" in parsers
    assert sorted(parsers - CASES.keys()) == [], "parsers without a sample in tests/bitcoin/samples.py"
    assert sorted(CASES.keys() - parsers) == [], "samples of parsers that are gone"


def test_a_new_parser_is_noticed() -> None:
    module = ModuleType("wallet.bitcoin.novel")
    code = """
class Thing:
    @classmethod
    def parse(cls, raw): ...
    @staticmethod
    def parse_text(text): ...
    def serialize(self): ...
def parse_thing(text): ...
def _parse_part(text): ...
"""
    exec(compile(code, "novel", "exec"), vars(module))  # noqa: S102 -- a module that exists nowhere else
    assert set(_parsers_of(module)) == {"novel.Thing.parse", "novel.Thing.parse_text", "novel.parse_thing"}


@bytes_cases
def test_bytes_come_back_as_they_were(case: BytesCase) -> None:
    for raw in case.samples:
        assert case.serialize(case.parse(raw)) == raw


@bytes_cases
def test_truncated_bytes_are_refused(case: BytesCase) -> None:
    for raw in case.samples:
        for length in range(len(raw)):
            _refuses(case, raw[:length])


@bytes_cases
def test_trailing_bytes_are_refused(case: BytesCase) -> None:
    for raw in case.samples:
        for junk in (b"\x00", b"\xff", b"\x00" * 36):
            _refuses(case, raw + junk)


def _refuses(case: BytesCase, raw: bytes) -> None:
    """One of the parser's errors; where the length comes from outside, other bytes may be another value."""
    if not case.delimited:
        _refuses_or_keeps(case, raw)
        return
    with pytest.raises(case.errors):
        case.parse(raw)


def _refuses_or_keeps(case: BytesCase, raw: bytes) -> None:
    """Damaged bytes raise one of the parser's errors, or they are another valid value that comes back the same."""
    try:
        value = case.parse(raw)
    except case.errors:
        return
    assert case.serialize(value) == raw


@bytes_cases
@given(data=st.data())
def test_damaged_bytes_raise_nothing_but_the_parsers_errors(case: BytesCase, data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(case.samples)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw)))
        removed = data.draw(st.integers(0, 4))
        raw[place : place + removed] = data.draw(st.binary(max_size=9))
    _refuses_or_keeps(case, bytes(raw))


@bytes_cases
@given(raw=st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_parsers_errors(case: BytesCase, raw: bytes) -> None:
    _refuses_or_keeps(case, raw)


@text_cases
def test_text_means_the_same_after_formatting(case: TextCase) -> None:
    for text in case.samples:
        value = case.parse(text)
        if case.format is not None:
            assert case.parse(case.format(value)) == value


@text_cases
@given(data=st.data())
def test_damaged_text_raises_nothing_but_the_parsers_errors(case: TextCase, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(case.samples))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        removed = data.draw(st.integers(0, 4))
        text = text[:place] + data.draw(st.text(max_size=4)) + text[place + removed :]
    _parse_or_refuse(case, text)


@text_cases
@given(text=st.text(max_size=200))
def test_random_text_raises_nothing_but_the_parsers_errors(case: TextCase, text: str) -> None:
    _parse_or_refuse(case, text)


def _parse_or_refuse(case: TextCase, text: str) -> None:
    try:
        value = case.parse(text)
    except case.errors:
        return
    if case.format is not None:
        assert case.parse(case.format(value)) == value


def test_errors_of_parsers_are_never_mere_programming_errors() -> None:
    for name, case in CASES.items():
        for error in case.errors:
            assert issubclass(error, ValueError), name
            assert error not in (ValueError, UnicodeError, Exception), f"{name}: too broad to notice a bug"
