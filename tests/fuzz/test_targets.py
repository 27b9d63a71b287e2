"""Every fuzz target in short: two thousand hostile inputs each, the same in every run."""

from random import Random

import pytest

from tests.bitcoin.samples import CASES
from tests.fuzz.targets import TARGETS, Target, mutate
from wallet.bitcoin.codec import ParseError
from wallet.spv.message import COMMANDS

ROUNDS = 2_000


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_bytes_raise_nothing_but_the_declared_errors(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target(seed)
    chance = Random(name)
    for _ in range(ROUNDS):
        data = mutate(chance, target.seeds)
        try:
            target(data)
        except Exception as error:
            raise AssertionError(f"{name} fails on {data.hex()}") from error


def test_every_decoder_has_a_target() -> None:
    assert CASES.keys() <= TARGETS.keys()
    assert {f"message.{command}" for command in COMMANDS} <= TARGETS.keys()


def test_a_target_reports_what_is_not_declared() -> None:
    def wrong(data: bytes) -> None:
        raise (ParseError if len(data) < 3 else IndexError)

    target = Target(wrong, (), (ParseError,))
    target(b"")
    with pytest.raises(IndexError):
        target(b"1234")
