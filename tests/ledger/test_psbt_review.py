"""Damaged PSBTs through every step after reading: judged, signed, finished, converted; nothing but a `PsbtError`."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from tests.keys.test_signer_multisig import MASTERS, derived, spending
from tests.ledger.world import account, new_ledger
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import TxOut
from wallet.keys.signer import sign_psbt
from wallet.ledger.draft_psbt import with_own_inputs_known
from wallet.ledger.keychain import CHANGE
from wallet.ledger.psbt_review import review_psbt

LEDGER = new_ledger(account())
KINDS = (ScriptType.P2WSH, ScriptType.P2SH)
SAMPLES = [
    *(base64.b64decode(row["psbt"]) for name in ("174", "370", "371") for row in load(f"bip{name}.json")["valid"]),
    *(spending(derived(kind), version=version).serialize() for kind in KINDS for version in (0, 2)),
]


def every_step(raw: bytes) -> None:
    """Raises nothing but `PsbtError`, and what is read comes back the same."""
    psbt = Psbt.parse(raw)
    assert psbt.serialize() == raw
    for version in (0, 2):
        converted = psbt.to_version(version)
        assert Psbt.parse(converted.serialize()) == converted
        assert converted.transaction == psbt.transaction
    review_psbt(psbt, None)
    review_psbt(with_own_inputs_known(psbt, LEDGER), LEDGER)
    assert psbt.combine(psbt) == psbt
    assert Psbt.parse(psbt.finalize().serialize()).transaction == psbt.transaction
    sign_psbt(psbt, MASTERS[0], REGTEST)


@given(data=st.data())
def test_damaged_ones_raise_nothing_but_their_own_error(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[place] ^= data.draw(st.integers(1, 255))
        else:
            raw[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=5))
    try:
        every_step(bytes(raw))
    except PsbtError as error:
        assert " " in str(error)  # noqa: PT017 -- an error is allowed, not expected


@pytest.mark.parametrize("raw", SAMPLES, ids=range(len(SAMPLES)))
def test_whole_ones_go_through_or_say_why_not(raw: bytes) -> None:
    try:
        every_step(raw)
    except PsbtError as error:
        assert "input" in str(error)  # noqa: PT017 -- an error is allowed, not expected


def test_a_million_inputs_are_not_waited_for() -> None:
    for count in (b"\xfe\xff\xff\xff\x01", b"\xfe\x00\x09\x3d\x00", b"\xff" + b"\xff" * 8):
        value = bytes((len(count),)) + count
        head = (
            b"psbt\xff\x01\x02\x04\x02\x00\x00\x00\x01\x04"
            + value
            + b"\x01\x05\x01\x01\x01\xfb\x04\x02\x00\x00\x00\x00"
        )
        with pytest.raises(PsbtError, match=r"cannot fit|above"):
            Psbt.parse(head + bytes(1000))


def test_amounts_beyond_all_money_are_refused() -> None:
    psbt = spending(derived(ScriptType.P2WSH), version=2)
    raw = psbt.serialize()
    amount = psbt.transaction.outputs[0].amount.to_bytes(8, "little")
    for wrong in (-1, -(2**63), 2_100_000_000_000_001, 2**63 - 1):
        with pytest.raises(PsbtError, match="satoshis"):
            Psbt.parse(raw.replace(amount, wrong.to_bytes(8, "little", signed=True)))
    twice = spending(derived(ScriptType.P2WSH), derived(ScriptType.P2WSH, 1), version=2).serialize()
    first, second = (each.outpoint.txid for each in Psbt.parse(twice).transaction.inputs)
    with pytest.raises(PsbtError, match=r"same coin|not the one"):
        Psbt.parse(twice.replace(b"\x20" + second, b"\x20" + first))


def test_an_account_that_is_only_searched_is_not_ours_to_keep() -> None:
    ref, found = LEDGER.keychain.peek(0, CHANGE)
    psbt = spending(derived(ScriptType.P2WSH))
    outputs = (TxOut(60_000, found.script_pubkey),)
    paying = replace(psbt, transaction=replace(psbt.transaction, outputs=outputs))
    for accounts, own in ((None, True), ((0,), True), ((), False), ((1,), False)):
        (output,) = review_psbt(paying, LEDGER, accounts).outputs
        assert (output.own, output.change) == (own, own), (ref, accounts)
