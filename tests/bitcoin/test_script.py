"""Output scripts: built, recognised, and the least amount worth sending to them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin import script
from wallet.bitcoin.script import ScriptType

HASH20 = bytes(range(20))
HASH32 = bytes(range(32))

STANDARD = [
    (script.p2pkh(HASH20), ScriptType.P2PKH, "76a914" + HASH20.hex() + "88ac"),
    (script.p2sh(HASH20), ScriptType.P2SH, "a914" + HASH20.hex() + "87"),
    (script.p2wpkh(HASH20), ScriptType.P2WPKH, "0014" + HASH20.hex()),
    (script.p2wsh(HASH32), ScriptType.P2WSH, "0020" + HASH32.hex()),
    (script.p2tr(HASH32), ScriptType.P2TR, "5120" + HASH32.hex()),
    (script.op_return(b"hello"), ScriptType.OP_RETURN, "6a0568656c6c6f"),
]


@pytest.mark.parametrize(("built", "kind", "raw"), STANDARD, ids=[kind.value for _, kind, _ in STANDARD])
def test_standard_scripts_are_built_and_recognised(built: bytes, kind: ScriptType, raw: str) -> None:
    assert built.hex() == raw
    assert script.classify(built) is kind


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "00",
        "0014" + HASH20.hex() + "00",  # one byte too many
        "0014" + HASH20.hex()[:-2],
        "0015" + HASH20.hex() + "00",  # version 0 of another length
        "5114" + HASH20.hex(),  # version 1 of another length
        "5120" + HASH32.hex() + "00",
        "51024e73",  # pay to anchor
        "5220" + HASH32.hex(),  # version 2
        "76a914" + HASH20.hex() + "88ad",
        "76a915" + HASH20.hex() + "88ac",
        "a914" + HASH20.hex() + "88",
        "a814" + HASH20.hex() + "87",
        "21" + "02" * 33 + "ac",  # a bare public key
        "4c14" + HASH20.hex(),
    ],
)
def test_scripts_of_no_standard_kind_are_unknown(raw: str) -> None:
    assert script.classify(bytes.fromhex(raw)) is ScriptType.UNKNOWN


def test_hashes_of_another_length_build_nothing() -> None:
    builders: list[tuple[Callable[[bytes], bytes], int]] = [
        (script.p2pkh, 20),
        (script.p2sh, 20),
        (script.p2wpkh, 20),
        (script.p2wsh, 32),
        (script.p2tr, 32),
    ]
    for build, size in builders:
        for wrong in (0, size - 1, size + 1):
            with pytest.raises(ValueError, match=f"{size} bytes expected"):
                build(bytes(wrong))


@given(st.integers(0, 16), st.binary(min_size=2, max_size=40))
def test_witness_programs_come_back(version: int, program: bytes) -> None:
    assert script.witness_program(script.witness(version, program)) == (version, program)


@pytest.mark.parametrize(("version", "size"), [(-1, 20), (17, 20), (0, 1), (0, 41), (16, 0)])
def test_what_is_no_witness_program_is_not_built(version: int, size: int) -> None:
    with pytest.raises(ValueError, match="no witness program"):
        script.witness(version, bytes(size))


@pytest.mark.parametrize(
    "raw", ["", "0002", "000151", "0002515151", "4f0251ff", "610251ff", "50025151", "0029" + "00" * 41]
)
def test_what_is_no_witness_program_is_not_read(raw: str) -> None:
    assert script.witness_program(bytes.fromhex(raw)) is None


@pytest.mark.parametrize(
    ("size", "prefix"),
    [
        (0, "00"),
        (1, "01"),
        (75, "4b"),
        (76, "4c4c"),
        (255, "4cff"),
        (256, "4d0001"),
        (65535, "4dffff"),
        (65536, "4e00000100"),
    ],
)
def test_data_is_pushed_with_the_shortest_prefix(size: int, prefix: str) -> None:
    assert script.push(bytes(size)) == bytes.fromhex(prefix) + bytes(size)


def test_scripts_that_nothing_can_spend() -> None:
    assert script.is_unspendable(b"\x6a")
    assert script.is_unspendable(script.op_return(b"data"))
    assert script.is_unspendable(bytes(10_001))
    assert not script.is_unspendable(bytes(10_000))
    assert not script.is_unspendable(b"")
    assert not script.is_unspendable(script.p2wpkh(HASH20))


@pytest.mark.parametrize(
    ("output", "sats"),
    [
        (script.p2pkh(HASH20), 546),
        (script.p2sh(HASH20), 540),
        (script.p2wpkh(HASH20), 294),
        (script.p2wsh(HASH32), 330),
        (script.p2tr(HASH32), 330),
        (bytes.fromhex("51024e73"), 240),
        (script.op_return(b"data"), 0),
        (b"", 3 * (9 + 148)),
        (bytes(300), 3 * (8 + 3 + 300 + 148)),
    ],
)
def test_dust_is_what_costs_more_to_spend_than_the_relay_rule_allows(output: bytes, sats: int) -> None:
    """Figures of the reference implementation's GetDustThreshold at 3,000 sat/kvB."""
    assert script.dust_threshold(output) == sats
