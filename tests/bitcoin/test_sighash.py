"""The three signature hashes against published vectors, and what they must and must not depend on."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin import script
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.sighash import (
    SIGHASH_ALL,
    SIGHASH_ANYONECANPAY,
    SIGHASH_DEFAULT,
    SIGHASH_NONE,
    SIGHASH_SINGLE,
    SharedParts,
    SighashError,
    legacy_sighash,
    segwit_v0_sighash,
    taproot_sighash,
)
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut

TX = Transaction(
    2,
    tuple(TxIn(OutPoint(Txid(bytes([n]) * 32), n), sequence=n) for n in range(3)),
    (TxOut(1, b"a"), TxOut(2, b"b")),
    7,
)
SPENT = tuple(TxOut(1000 + n, script.p2tr(bytes([n]) * 32)) for n in range(3))
ALL_TYPES = [base | extra for base in (1, 2, 3) for extra in (0, SIGHASH_ANYONECANPAY)]


def test_legacy_hashes_of_the_reference_implementation() -> None:
    vectors = load("sighash_legacy.json")["vectors"]
    assert len(vectors) == 500
    for raw, code, index, hash_type, expected in vectors:
        transaction = Transaction.parse(bytes.fromhex(raw))
        digest = legacy_sighash(transaction, index, bytes.fromhex(code), hash_type)
        assert digest[::-1].hex() == expected


def test_segwit_hashes_of_bip143() -> None:
    vectors = load("bip143.json")["vectors"]
    assert {each["hash_type"] for each in vectors} == {1, 2, 3, 0x81, 0x82, 0x83}
    for each in vectors:
        transaction = Transaction.parse(bytes.fromhex(each["transaction"]))
        code = bytes.fromhex(each["script_code"])
        digest = segwit_v0_sighash(transaction, each["input"], code, each["amount"], each["hash_type"])
        assert digest.hex() == each["hash"], each["what"]


def test_taproot_hashes_of_bip341() -> None:
    for case in load("bip341.json")["keyPathSpending"]:
        given = case["given"]
        transaction = Transaction.parse_unsigned(bytes.fromhex(given["rawUnsignedTx"]))
        spent = [TxOut(each["amountSats"], bytes.fromhex(each["scriptPubKey"])) for each in given["utxosSpent"]]
        shared = SharedParts(transaction, spent)
        assert shared.amounts.hex() == case["intermediary"]["hashAmounts"]
        assert shared.script_pubkeys.hex() == case["intermediary"]["hashScriptPubkeys"]
        for each in case["inputSpending"]:
            index, hash_type = each["given"]["txinIndex"], each["given"]["hashType"]
            digest = taproot_sighash(transaction, index, spent, hash_type)
            assert digest.hex() == each["intermediary"]["sigHash"]
            assert taproot_sighash(transaction, index, spent, hash_type, shared) == digest


@pytest.mark.parametrize("hash_type", ALL_TYPES)
def test_only_segwit_signs_the_amount(hash_type: int) -> None:
    assert segwit_v0_sighash(TX, 0, b"c", 5, hash_type) != segwit_v0_sighash(TX, 0, b"c", 6, hash_type)
    more = (replace(SPENT[0], amount=1001), *SPENT[1:])
    assert taproot_sighash(TX, 0, SPENT, hash_type) != taproot_sighash(TX, 0, more, hash_type)


def test_taproot_signs_the_amounts_of_all_inputs_unless_anyone_can_pay() -> None:
    other = (*SPENT[:2], replace(SPENT[2], amount=5))
    for hash_type in (SIGHASH_DEFAULT, SIGHASH_ALL, SIGHASH_NONE, SIGHASH_SINGLE):
        assert taproot_sighash(TX, 0, SPENT, hash_type) != taproot_sighash(TX, 0, other, hash_type)
    lone = SIGHASH_ALL | SIGHASH_ANYONECANPAY
    assert taproot_sighash(TX, 0, SPENT, lone) == taproot_sighash(TX, 0, other, lone)


@pytest.mark.parametrize("hash_type", ALL_TYPES)
def test_which_outputs_are_signed(hash_type: int) -> None:
    first, second = TX.outputs
    base = hash_type & 0x1F
    for position, changed in enumerate(
        [
            replace(TX, outputs=(replace(first, amount=9), second)),
            replace(TX, outputs=(first, replace(second, amount=9))),
        ]
    ):
        is_signed = base == SIGHASH_ALL or (base == SIGHASH_SINGLE and position == 0)
        digests: tuple[Callable[[Transaction], bytes], ...] = (
            lambda tx: legacy_sighash(tx, 0, b"c", hash_type),
            lambda tx: segwit_v0_sighash(tx, 0, b"c", 5, hash_type),
            lambda tx: taproot_sighash(tx, 0, SPENT, hash_type),
        )
        for digest in digests:
            assert (digest(TX) != digest(changed)) is is_signed


def test_single_without_its_output() -> None:
    assert legacy_sighash(TX, 2, b"c", SIGHASH_SINGLE) == b"\x01" + bytes(31)
    assert segwit_v0_sighash(TX, 2, b"c", 5, SIGHASH_SINGLE) != segwit_v0_sighash(TX, 2, b"c", 5, SIGHASH_ALL)
    with pytest.raises(SighashError, match="no output 2"):
        taproot_sighash(TX, 2, SPENT, SIGHASH_SINGLE)


def test_code_separators_are_left_out_of_the_legacy_hash_alone() -> None:
    assert legacy_sighash(TX, 0, b"\xab\x51\xab", 1) == legacy_sighash(TX, 0, b"\x51", 1)
    pushed = b"\x01\xab"  # data, not an opcode
    assert legacy_sighash(TX, 0, pushed, 1) != legacy_sighash(TX, 0, b"\x01", 1)
    assert segwit_v0_sighash(TX, 0, b"\xab\x51", 5, 1) != segwit_v0_sighash(TX, 0, b"\x51", 5, 1)
    for truncated in (b"\x4c", b"\x4d\xff", b"\x4e\xff\xff\xff\xff", b"\x05\xab"):
        assert len(legacy_sighash(TX, 0, truncated, 1)) == 32


@pytest.mark.parametrize("hash_type", [0x04, 0x40, 0x80, 0x84, 0xFF, 0x100, -1])
def test_taproot_has_no_other_hash_types(hash_type: int) -> None:
    with pytest.raises(SighashError, match="no taproot hash type"):
        taproot_sighash(TX, 0, SPENT, hash_type)


@pytest.mark.parametrize("index", [-1, 3])
def test_an_input_that_is_not_there_is_refused(index: int) -> None:
    digests: tuple[Callable[[], bytes], ...] = (
        lambda: legacy_sighash(TX, index, b"", 1),
        lambda: segwit_v0_sighash(TX, index, b"", 5, 1),
        lambda: taproot_sighash(TX, index, SPENT),
    )
    for digest in digests:
        with pytest.raises(SighashError, match="no input"):
            digest()


def test_taproot_wants_every_spent_output() -> None:
    with pytest.raises(SighashError, match="3 inputs spend 2 outputs"):
        taproot_sighash(TX, 0, SPENT[:2])
