"""PSBTs: the BIPs' vectors, unknown fields that stay, contradictions that are refused, and combining."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin import script
from wallet.bitcoin.codec import compact_size, var_bytes
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.psbt import MAX_SIZE, Psbt, PsbtError, PsbtInput, PsbtOutput, TapDerivation
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut

BIP174 = load("bip174.json")
BIP370 = load("bip370.json")
BIP371 = load("bip371.json")
G = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
PREVIOUS = Transaction(2, (TxIn(OutPoint(Txid(bytes(32)), 0)),), (TxOut(5_000, b"\x51"), TxOut(6_000, b"\x52")))
UNSIGNED = Transaction(2, (TxIn(OutPoint(PREVIOUS.txid, 1)),), (TxOut(1_000, script.p2wpkh(bytes(20))),))
EMPTY = Psbt.create(UNSIGNED)


def cases(name: str) -> pytest.MarkDecorator:
    rows = BIP174[name] + BIP370[name] + BIP371[name]
    return pytest.mark.parametrize("text", [row["psbt"] for row in rows], ids=[row["what"] for row in rows])


@cases("valid")
def test_valid_psbts_come_back_byte_for_byte(text: str) -> None:
    psbt = Psbt.from_base64(text)
    assert psbt.to_base64() == text
    assert psbt.combine(psbt) == psbt
    assert Psbt.parse(psbt.combine(psbt).serialize()) == psbt


@cases("invalid")
def test_invalid_psbts_are_refused_in_words(text: str) -> None:
    with pytest.raises(PsbtError) as caught:
        Psbt.from_base64(text)
    assert caught.value.code == "bad_psbt"
    assert " " in str(caught.value)


def test_creator_of_bip174() -> None:
    transaction = Psbt.from_base64(BIP174["created"]).transaction
    assert Psbt.create(transaction).to_base64() == BIP174["created"]


def test_combiner_of_bip174() -> None:
    for case in BIP174["combine"]:
        parts = [Psbt.from_base64(part) for part in case["parts"]]
        expected = Psbt.from_base64(case["combined"])
        assert parts[0].combine(*parts[1:]) == expected
        assert parts[1].combine(parts[0]) == expected


def test_combined_unknown_fields_stand_in_the_order_of_their_keys() -> None:
    case = BIP174["combine"][1]
    parts = [Psbt.from_base64(part) for part in case["parts"]]
    assert parts[1].combine(parts[0]).to_base64() == case["combined"]


def test_finalizer_of_bip174() -> None:
    finished = Psbt.from_base64(BIP174["finalize"]["before"]).finalize()
    assert finished.to_base64() == BIP174["finalize"]["after"]
    assert finished.is_complete


def test_finalizer_waits_for_enough_signatures_that_are_right() -> None:
    psbt = Psbt.from_base64(BIP174["finalize"]["before"])
    for index, known in enumerate(psbt.inputs):
        first, second = known.partial_sigs
        swapped = {first: known.partial_sigs[second], second: known.partial_sigs[first]}
        for signatures in ({first: known.partial_sigs[first]}, {second: known.partial_sigs[second]}, swapped):
            lacking = psbt.with_inputs({index: replace(known, partial_sigs=signatures)}).finalize()
            assert lacking.inputs[index] == replace(known, partial_sigs=signatures)
            assert lacking.inputs[1 - index].is_final


def test_extractor_of_bip174() -> None:
    psbt = Psbt.from_base64(BIP174["extract"]["psbt"])
    assert psbt.is_complete
    assert psbt.extract().serialize().hex() == BIP174["extract"]["transaction"]
    assert Psbt.from_base64(BIP174["finalize"]["after"]).extract() == psbt.extract()


def test_extracting_too_early_names_the_input() -> None:
    with pytest.raises(PsbtError, match="input 0 is not signed"):
        EMPTY.extract()


# ---- version 2


@pytest.mark.parametrize("case", BIP370["locktime"], ids=range(len(BIP370["locktime"])))
def test_locktimes_of_bip370(case: dict[str, Any]) -> None:
    if case["locktime"] is None:
        with pytest.raises(PsbtError, match="no locktime is both"):
            Psbt.from_base64(case["psbt"])
    else:
        psbt = Psbt.from_base64(case["psbt"])
        assert psbt.transaction.locktime == case["locktime"]
        assert psbt.to_base64() == case["psbt"]
        plain = psbt.to_version(0)
        assert Psbt.parse(plain.serialize()) == plain
        assert plain.transaction == psbt.transaction


def test_versions_convert_both_ways() -> None:
    for row in BIP174["valid"] + BIP371["valid"]:
        psbt = Psbt.from_base64(row["psbt"])
        converted = psbt.to_version(2)
        again = Psbt.parse(converted.serialize())
        assert again == converted
        assert again.transaction == psbt.transaction
        assert again.to_version(0) == replace(psbt, version=None)
        assert converted.to_version(2) is converted


def test_a_sequence_that_is_said_though_it_goes_without_saying_stays() -> None:
    raw = EMPTY.to_version(2).serialize()
    said = raw.replace(record(b"\x0f", b"\x01\0\0\0"), record(b"\x0f", b"\x01\0\0\0") + record(b"\x10", b"\xff" * 4))
    assert said != raw
    assert Psbt.parse(said).serialize() == said
    assert Psbt.parse(said) == Psbt.parse(raw)


def test_the_versions_combine_and_the_first_decides() -> None:
    first, second = EMPTY.to_version(2), EMPTY.with_inputs({0: PsbtInput(sighash_type=1)})
    assert first.combine(second).version == 2
    assert first.combine(second).inputs[0].sighash_type == 1
    assert second.combine(first).version is None


def test_combined_what_any_forbids_is_forbidden() -> None:
    first, second = (replace(EMPTY.to_version(2), modifiable=flags) for flags in (0b011, 0b110))
    assert first.combine(second).modifiable == 0b110
    assert first.combine(EMPTY.to_version(2)).modifiable == 0
    assert EMPTY.to_version(2).combine(EMPTY).modifiable is None
    assert first.closed().modifiable == 0
    assert second.closed().modifiable == 0b100


def test_a_locktime_that_the_inputs_do_not_ask_for_is_refused() -> None:
    with pytest.raises(PsbtError, match="not the one"):
        replace(EMPTY.to_version(2), fallback_locktime=7)


# ---- unknown fields


def test_unknown_fields_stay_where_they_were() -> None:
    unknown = b"\x02\xfa\x01" + b"\x01z"
    known = b"\x01\x03" + b"\x04" + b"\x01\x00\x00\x00"
    proprietary = var_bytes(b"\xfc\x04wren\x00key") + b"\x00"
    tx = var_bytes(b"\x00") + var_bytes(UNSIGNED.serialize())
    raw = b"psbt\xff" + proprietary + tx + b"\x00" + unknown + known + proprietary + b"\x00" + unknown + b"\x00"
    psbt = Psbt.parse(raw)
    assert psbt.serialize() == raw
    assert psbt.inputs[0].sighash_type == 1
    assert psbt.inputs[0].unknown == {b"\xfa\x01": b"z", b"\xfc\x04wren\x00key": b""}
    # A field that is added later goes behind, and moves nothing.
    with_script = psbt.with_inputs({0: replace(psbt.inputs[0], redeem_script=b"\x51")})
    head = raw[: -len(unknown) - 2]
    assert with_script.serialize() == head + record(b"\x04", b"\x51") + b"\x00" + unknown + b"\x00"
    assert Psbt.parse(with_script.serialize()) == with_script


def test_all_fields_come_back() -> None:
    origin = KeyOrigin(b"abcd", (1, 2))
    known = PsbtInput(
        non_witness_utxo=PREVIOUS,
        witness_utxo=PREVIOUS.outputs[1],
        partial_sigs={G: b"sig"},
        sighash_type=1,
        redeem_script=b"\x51",
        witness_script=b"\x52",
        derivations={G: origin},
        final_script_sig=b"\x01\x51",
        final_witness=(b"a", b""),
        tap_key_sig=bytes(64),
        tap_script_sigs={G[1:] + bytes(32): bytes(65)},
        tap_leaf_scripts={b"\xc0" + G[1:]: b"\x51\xc0"},
        tap_derivations={G[1:]: TapDerivation((bytes(32),), origin)},
        tap_internal_key=G[1:],
        tap_merkle_root=bytes(32),
        unknown={b"\xfa": b"?"},
    )
    output = PsbtOutput(
        redeem_script=b"\x51",
        witness_script=b"\x52",
        derivations={G: origin},
        tap_internal_key=G[1:],
        tap_tree=b"\x01\xc0\x01\x51\x01\xc0\x01\x52",
        tap_derivations={G[1:]: TapDerivation((), origin)},
        unknown={b"\xfa": b"?"},
    )
    psbt = Psbt(UNSIGNED, (known,), (output,), {bytes(45) + G: origin}, 0, {b"\xfa": b"?"})
    assert Psbt.parse(psbt.serialize()) == psbt
    assert Psbt.from_base64(psbt.to_base64()).serialize() == psbt.serialize()
    assert EMPTY.combine(psbt) == psbt


# ---- what is refused


def psbt_bytes(global_map: bytes = b"", input_map: bytes = b"", output_map: bytes = b"") -> bytes:
    tx = var_bytes(b"\x00") + var_bytes(UNSIGNED.serialize())
    return b"psbt\xff" + tx + global_map + b"\x00" + input_map + b"\x00" + output_map + b"\x00"


def record(key: bytes, value: bytes) -> bytes:
    return var_bytes(key) + var_bytes(value)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no PSBT"),
        (b"psbt\xff", "1 byte expected"),
        (psbt_bytes() + b"\x00", "trailing"),
        (psbt_bytes(global_map=record(b"\xfb", b"\x02\x00\x00\x00")), "another version"),
        (psbt_bytes(global_map=record(b"\x02", b"\x02\x00\x00\x00")), "another version"),
        (psbt_bytes(global_map=record(b"\x01" + bytes(45) + G, b"abcd") * 2), "twice"),
        (psbt_bytes(global_map=record(b"\x01" + bytes(78), b"abcd")), "no point"),
        (psbt_bytes(input_map=record(b"\x0e", bytes(32))), r"input 0: a field \(type 0x0e\)"),
        (psbt_bytes(output_map=record(b"\x04", b"")), r"output 0: a field \(type 0x04\)"),
        (psbt_bytes(input_map=record(b"\x03", b"\x01")), "sighash type: 4 bytes expected, not 1"),
        (psbt_bytes(input_map=record(b"\x06" + G, b"abc")), "key origin of 3 bytes"),
        (psbt_bytes(input_map=record(b"\x02" + b"\x02" + bytes(32), b"sig")), "no point"),
        (psbt_bytes(input_map=record(b"\x08", b"\x01\x01aX")), "trailing"),
        (psbt_bytes(input_map=record(b"\x15\xc0" + bytes(32), b"")), "leaf without"),
        (psbt_bytes(input_map=record(b"\xfd\x03\x00", b"\x01\x00\x00\x00")), "shortest form"),
        (psbt_bytes(output_map=record(b"\x06", b"")), "script tree"),
        (psbt_bytes(output_map=record(b"\x06", b"\x01\xc0\x00")), "not whole"),
        (psbt_bytes(output_map=record(b"\x06", b"\x00\xc0\x00\x00\xc0\x00")), "script tree"),
        (psbt_bytes(output_map=record(b"\x06", b"\x01\xc1\x00\x01\xc0\x00")), "script tree"),
        (psbt_bytes(input_map=record(b"\x00", replace(PREVIOUS, locktime=9).serialize())), "not the one it spends"),
        (psbt_bytes(input_map=b"\xfe\xff\xff\xff\xff"), "above"),
        (b"psbt\xff" + bytes(MAX_SIZE), "at most"),
    ],
    ids=range(22),
)
def test_damaged_psbts_are_refused(raw: bytes, why: str) -> None:
    with pytest.raises(PsbtError, match=why):
        Psbt.parse(raw)


def test_a_whole_script_tree_is_read() -> None:
    leaf = b"\xc0\x01\x51"
    for depths in ((0,), (1, 1), (1, 2, 2), (2, 2, 1), (3, 3, 2, 1), (2, 2, 2, 2)):
        tree = b"".join(bytes((depth,)) + leaf for depth in depths)
        raw = psbt_bytes(output_map=record(b"\x06", tree))
        assert Psbt.parse(raw).outputs[0].tap_tree == tree
    for depths in ((1,), (1, 1, 1), (2, 1), (2, 2), (1, 2), (2, 1, 2), (0, 0)):
        raw = psbt_bytes(output_map=record(b"\x06", b"".join(bytes((depth,)) + leaf for depth in depths)))
        with pytest.raises(PsbtError, match="script tree"):
            Psbt.parse(raw)


def test_text_that_is_no_base64_is_refused() -> None:
    for text in ("", "cHNidP8=!", "psbt", "é", "c" * (2 * MAX_SIZE + 1)):
        with pytest.raises(PsbtError):
            Psbt.from_base64(text)
    wrapped = "\n".join(EMPTY.to_base64()[start : start + 20] for start in range(0, 400, 20))
    assert Psbt.from_base64(f"\n {wrapped} \n") == EMPTY


def test_a_signed_transaction_inside_is_refused() -> None:
    for signed in (TxIn(OutPoint(PREVIOUS.txid, 1), b"\x51"), TxIn(OutPoint(PREVIOUS.txid, 1), witness=(b"a",))):
        with pytest.raises(PsbtError, match="not unsigned"):
            Psbt.create(replace(UNSIGNED, inputs=(signed,)))


def test_a_map_for_each_input_and_output_is_needed() -> None:
    with pytest.raises(PsbtError, match="as many maps"):
        Psbt(UNSIGNED, (), ())


def test_an_output_that_the_previous_transaction_lacks_is_refused() -> None:
    beyond = replace(UNSIGNED, inputs=(TxIn(OutPoint(PREVIOUS.txid, 2)),))
    with pytest.raises(PsbtError, match="does not have"):
        Psbt(beyond, (PsbtInput(non_witness_utxo=PREVIOUS),), (PsbtOutput(),))


def test_the_spent_output_is_known_by_either_field_and_both_must_agree() -> None:
    right = PREVIOUS.outputs[1]
    for known in (
        PsbtInput(non_witness_utxo=PREVIOUS),
        PsbtInput(witness_utxo=right),
        PsbtInput(non_witness_utxo=PREVIOUS, witness_utxo=right),
    ):
        assert EMPTY.with_inputs({0: known}).spent_output(0) == right
    assert EMPTY.spent_outputs() == (None,)
    liar = PsbtInput(non_witness_utxo=PREVIOUS, witness_utxo=replace(right, amount=right.amount + 1))
    with pytest.raises(PsbtError, match=r"input 0: .* disagree"):
        EMPTY.with_inputs({0: liar}).spent_outputs()


# ---- combining


def test_psbts_of_different_transactions_do_not_combine() -> None:
    with pytest.raises(PsbtError, match="different transactions"):
        EMPTY.combine(Psbt.create(replace(UNSIGNED, locktime=1)))


def test_where_two_psbts_differ_the_first_decides() -> None:
    first = EMPTY.with_inputs({0: PsbtInput(sighash_type=1, partial_sigs={G: b"first"}, unknown={b"\xfa": b"1"})})
    second = EMPTY.with_inputs({0: PsbtInput(sighash_type=2, partial_sigs={G: b"second"}, unknown={b"\xfa": b"2"})})
    assert first.combine(second) == first
    assert second.combine(first) == second


def test_a_long_psbt_is_read_up_to_the_limit() -> None:
    room = MAX_SIZE - len(psbt_bytes(input_map=b"\x01\xfa" + compact_size(MAX_SIZE - 100)))
    raw = psbt_bytes(input_map=record(b"\xfa", bytes(room)))
    assert len(raw) == MAX_SIZE
    assert base64.b64decode(Psbt.parse(raw).to_base64()) == raw
