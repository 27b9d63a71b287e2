"""The pipe's bytes: every value of the seam comes back equal, and nothing else gets through."""

import json
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.engine import api, wire

TEXT = st.text(max_size=12)
NUMBER = st.integers(-(2**60), 2**60)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: NUMBER,
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    type(None): st.none(),
    object: st.recursive(
        st.none() | st.booleans() | NUMBER | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type as the seam's fields are annotated."""
    if hint in PLAIN:
        return PLAIN[hint]
    if is_dataclass(hint):
        return objects_of(hint)
    return compound(get_origin(hint), get_args(hint))


def compound(origin: Any, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([values_of(each) for each in arguments])
    if origin is tuple and arguments[-1:] == (...,):
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values_of(each) for each in arguments))
    if origin is frozenset:
        return st.frozensets(values_of(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(TEXT, values_of(arguments[1]), max_size=3)
    raise AssertionError(f"the seam holds a {origin} of {arguments}, which nobody has a strategy for")


def objects_of(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{part.name: values_of(hints[part.name]) for part in fields(kind)})


KINDS = [kind for _, kind in sorted(vars(api).items()) if isinstance(kind, type) and is_dataclass(kind)]


def test_the_seam_is_not_empty() -> None:
    assert {api.PreparePayment, api.SyncChanged, api.PeerRow, api.EngineOptions} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_value_of_the_seam_comes_back_equal(kind: Any, data: st.DataObject) -> None:
    value = data.draw(objects_of(kind))
    back = wire.loads(wire.dumps(value))
    assert type(back) is kind
    assert back == value
    assert wire.loads(wire.dumps((3, None, (value, value)))) == (3, None, (value, value))


@given(st.dictionaries(st.sampled_from(["$", "$set", "$time", "$map", "$date", "a"]), PLAIN[object]))
def test_a_document_can_never_turn_into_anything_else(document: dict[str, object]) -> None:
    value = api.VerifyProof(document)
    back = wire.loads(wire.dumps(value))
    assert back == value
    assert type(back.document) is dict


@dataclass(frozen=True)
class Stranger:
    number: int = 1


@dataclass(frozen=True)
class Balance:
    """Named as one of the seam, and yet another."""

    secret: int = 1


@pytest.mark.parametrize(
    "value",
    [b"bytes", Stranger(), Path("/"), {1, 2}, 3j, ValueError("x"), [b"inside"], float("nan"), float("inf")],
    ids=repr,
)
def test_what_does_not_belong_to_the_seam_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        wire.dumps(value)


def test_a_stranger_that_borrows_a_name_is_refused() -> None:
    with pytest.raises(TypeError, match="Balance"):
        wire.dumps(Balance())


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff", b'{"$": "Path"}', b'{"$": "Balance"}', b'{"x": 1}', b'{"$": "Balance", "nonsense": 1}'],
)
def test_what_nobody_wrote_is_not_read(raw: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        wire.loads(raw)


def test_times_keep_their_zone_and_secrets_stay_out_of_reprs() -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    status = api.SyncStatus("main", "synced", 100.0, 1, "00", moment, 1, 1, None, 8, synced=True, stale=False)
    assert wire.loads(wire.dumps(status)).tip_time == moment
    assert json.loads(wire.dumps(status))["tip_time"] == {"$time": "2026-05-04T03:02:01+00:00"}
    secrets = [
        api.RestoreWallet("a", "word word", "hunter2", passphrase="salted"),
        api.CreateWallet("a", "hunter2", phrase="word word", passphrase="salted"),
        api.OpenWallet("a", "hunter2"),
        api.SendPayment("id", "hunter2"),
        api.GetWords("hunter2"),
        api.GetDescriptors(private=True, password="hunter2"),
        api.SignPsbt("psbt", "hunter2"),
        api.CheckPhrase("word word"),
        api.CreatedWallet("a", "bip39", "file", None, None, mnemonic="word word"),
        api.DescriptorRow("word word", "p2wpkh", 0, change=False),
    ]
    for value in secrets:
        assert not {"hunter2", "word word", "salted"} & set(repr(value).split("'"))
