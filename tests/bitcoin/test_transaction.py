"""Transactions: both forms, both hashes, sizes, and what consensus refuses without looking at a chain."""

import tracemalloc
from dataclasses import FrozenInstanceError, replace

import embit.transaction
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin import codec
from wallet.bitcoin.amount import MAX_MONEY
from wallet.bitcoin.codec import ParseError, Reader
from wallet.bitcoin.hashes import Txid, sha256d
from wallet.bitcoin.transaction import (
    MAX_WEIGHT,
    NULL_INDEX,
    OutPoint,
    Transaction,
    TxIn,
    TxOut,
    read_witness,
    serialize_witness,
)

VECTORS = load("transactions.json")
SEGWIT = bytes.fromhex(VECTORS["segwit"]["raw"])
PLAIN = bytes.fromhex(VECTORS["valid"][0][2])

SPENT = OutPoint(Txid(bytes(range(32))), 7)
PAID = TxOut(1000, b"\x51")
NOTHING = OutPoint(Txid(bytes(32)), NULL_INDEX)

outpoints = st.builds(OutPoint, st.binary(min_size=32, max_size=32).map(Txid), st.integers(0, NULL_INDEX - 1))
inputs = st.builds(
    TxIn,
    outpoints,
    st.binary(max_size=80),
    st.integers(0, 2**32 - 1),
    st.lists(st.binary(max_size=300), max_size=4).map(tuple),
)
outputs = st.builds(TxOut, st.integers(0, MAX_MONEY // 8), st.binary(max_size=80))
transactions = st.builds(
    Transaction,
    st.integers(0, 2**32 - 1),
    st.lists(inputs, min_size=1, max_size=4, unique_by=lambda spent: spent.outpoint).map(tuple),
    st.lists(outputs, min_size=1, max_size=4).map(tuple),
    st.integers(0, 2**32 - 1),
)


@pytest.mark.parametrize(("name", "txid", "raw"), VECTORS["valid"], ids=[name for name, *_ in VECTORS["valid"]])
def test_valid_transactions_of_the_reference(name: str, txid: str | None, raw: str) -> None:
    transaction = Transaction.parse(bytes.fromhex(raw))
    assert transaction.serialize().hex() == raw
    assert not transaction.has_witness
    assert transaction.is_coinbase == name.startswith("coinbase")
    assert transaction.wtxid == bytes(transaction.txid)
    assert transaction.weight == 4 * len(raw) // 2
    assert transaction.vsize == len(raw) // 2
    if txid is not None:
        assert str(transaction.txid) == txid


REASONS = {
    "no outputs": "inputs and outputs",
    "negative output": "an output pays",
    "MAX_MONEY + 1 output": "an output pays 2100000000000001",
    "MAX_MONEY output + 1 output": "the outputs pay more",
    "duplicate inputs": "same coin",
    "coinbase of size 1": "2 to 100 bytes",
    "coinbase of size 101": "2 to 100 bytes",
    "null input beside another": "spends nothing",
    "null input behind another": "spends nothing",
}


@pytest.mark.parametrize(("name", "raw"), VECTORS["invalid"], ids=[name for name, _ in VECTORS["invalid"]])
def test_invalid_transactions_of_the_reference_are_refused_for_their_reason(name: str, raw: str) -> None:
    with pytest.raises(ParseError, match=REASONS[name]):
        Transaction.parse(bytes.fromhex(raw))


def test_a_transaction_with_witness_field_by_field() -> None:
    """The example of BIP143, "Native P2WPKH", as the BIP splits it."""
    transaction = Transaction.parse(SEGWIT)
    assert (transaction.version, transaction.locktime) == (1, 17)
    first, second = transaction.inputs
    assert str(first.outpoint) == "9f96ade4b41d5433f4eda31e1738ec2b36f6e7d1420d94a6af99801a88f7f7ff:0"
    assert (first.sequence, len(first.script_sig), first.witness) == (0xFFFFFFEE, 73, ())
    assert str(second.outpoint) == "8ac60eb9575db5b2d987e29f301b5b819ea83a5c6579d282d189cc04b8e151ef:1"
    assert (second.sequence, second.script_sig, [len(item) for item in second.witness]) == (0xFFFFFFFF, b"", [71, 33])
    assert [output.amount for output in transaction.outputs] == [112340000, 223450000]
    assert transaction.outputs[0].script_pubkey.hex() == "76a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac"
    assert transaction.has_witness
    assert not transaction.is_coinbase


def test_the_two_forms_and_hashes_of_a_transaction_with_witness() -> None:
    transaction = Transaction.parse(SEGWIT)
    # Marker and flag (2), and the witness: an empty one (1) and two items (1 + 1 + 71 + 1 + 33).
    stripped = SEGWIT[:4] + SEGWIT[6 : -4 - 108] + SEGWIT[-4:]
    assert transaction.serialize() == SEGWIT
    assert transaction.serialize(include_witness=False) == stripped
    assert transaction.txid == sha256d(stripped)
    assert transaction.wtxid == sha256d(SEGWIT)
    assert transaction.weight == 3 * len(stripped) + len(SEGWIT)
    assert transaction.vsize == -(-transaction.weight // 4)
    bare = Transaction.parse(stripped)
    assert bare.txid == transaction.txid
    assert bare.wtxid != transaction.wtxid


@given(transactions)
def test_transactions_come_back_and_agree_with_another_implementation(transaction: Transaction) -> None:
    raw = transaction.serialize()
    again = Transaction.parse(raw)
    assert again == transaction
    assert again.serialize() == raw
    other = embit.transaction.Transaction.parse(raw)
    assert str(again.txid) == other.txid().hex()
    assert other.serialize() == raw
    assert again.has_witness == (raw[4] == 0)


@given(transactions)
def test_the_witness_never_changes_the_txid(transaction: Transaction) -> None:
    bare = replace(transaction, inputs=tuple(replace(spent, witness=()) for spent in transaction.inputs))
    assert bare.txid == transaction.txid
    assert bare.serialize() == transaction.serialize(include_witness=False)
    assert bare.weight == 4 * bare.vsize <= transaction.weight
    assert (bare.wtxid == transaction.wtxid) == (not transaction.has_witness)


def test_a_form_with_witness_that_has_none_is_refused() -> None:
    plain = Transaction.parse(PLAIN)
    superfluous = PLAIN[:4] + b"\x00\x01" + PLAIN[4:-4] + b"\x00" * len(plain.inputs) + PLAIN[-4:]
    with pytest.raises(ParseError, match="that has none"):
        Transaction.parse(superfluous)
    Transaction.parse(superfluous[:-5] + b"\x01\x00" + PLAIN[-4:])  # one empty item is a witness


@pytest.mark.parametrize("flag", [0, 2, 3, 0xFF])
def test_an_unknown_form_is_refused(flag: int) -> None:
    with pytest.raises(ParseError, match="unknown form"):
        Transaction.parse(SEGWIT[:5] + bytes((flag,)) + SEGWIT[6:])


def test_a_transaction_without_inputs_is_refused() -> None:
    for raw in (
        bytes(4) + b"\x00\x00" + bytes(4),
        bytes(4) + b"\x00\x01\x00" + b"\x01" + PAID.serialize() + b"\x00" + bytes(4),
    ):
        with pytest.raises(ParseError):
            Transaction.parse(raw)


def test_the_unsigned_form_may_be_empty_but_never_carries_a_witness() -> None:
    empty = Transaction.parse_unsigned(bytes(10))
    assert (empty.version, empty.inputs, empty.outputs, empty.locktime) == (0, (), (), 0)
    assert Transaction.parse_unsigned(PLAIN) == Transaction.parse(PLAIN)
    for raw in (SEGWIT, bytes(10) + b"\x00", bytes(MAX_WEIGHT // 4 + 1)):
        with pytest.raises(ParseError):
            Transaction.parse_unsigned(raw)


def test_counts_that_are_not_in_their_shortest_form_are_refused() -> None:
    with pytest.raises(ParseError, match="shortest"):
        Transaction.parse(PLAIN[:4] + b"\xfd\x01\x00" + PLAIN[5:])


@pytest.mark.parametrize(
    "raw",
    [
        bytes(4) + codec.compact_size(codec.MAX_SIZE) + bytes(300),  # inputs
        bytes(4) + b"\x01" + TxIn(SPENT).serialize() + codec.compact_size(codec.MAX_SIZE) + bytes(300),  # outputs
        bytes(4) + b"\x01" + SPENT.serialize() + codec.compact_size(codec.MAX_SIZE) + bytes(300),  # a script
        SEGWIT[: -4 - 107] + codec.compact_size(codec.MAX_SIZE) + bytes(300),  # a witness
        bytes(4) + b"\xff" + b"\xff" * 8 + bytes(300),
    ],
)
def test_a_lie_about_a_length_allocates_nothing(raw: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ParseError):
            Transaction.parse(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_a_transaction_is_never_heavier_than_a_block() -> None:
    def sized(script_size: int, witness_size: int) -> bytes:
        witness = (bytes(witness_size),) if witness_size else ()
        return Transaction(2, (TxIn(SPENT, witness=witness),), (TxOut(0, bytes(script_size)),)).serialize()

    overhead = len(sized(999_000, 0)) - 999_000
    assert Transaction.parse(sized(MAX_WEIGHT // 4 - overhead, 0)).weight == MAX_WEIGHT
    with pytest.raises(ParseError, match="weight"):
        Transaction.parse(sized(MAX_WEIGHT // 4 - overhead + 1, 0))
    with pytest.raises(ParseError, match="weight"):
        Transaction.parse(sized(500_000, 2_100_000))
    with pytest.raises(ParseError, match="bytes"):
        Transaction.parse(sized(0, MAX_WEIGHT))


def test_a_transaction_can_be_read_from_the_midst_of_others() -> None:
    reader = Reader(SEGWIT + PLAIN, 0)
    first = Transaction.read(reader)
    assert reader.position == len(SEGWIT)
    second = Transaction.read(reader)
    reader.finish()
    assert (first.serialize(), second.serialize()) == (SEGWIT, PLAIN)


def test_a_coinbase_is_one_input_that_spends_nothing() -> None:
    coinbase = TxIn(NOTHING, b"\x51\x51")
    assert Transaction(1, (coinbase,), (PAID,)).is_coinbase
    assert not Transaction(1, (TxIn(SPENT),), (PAID,)).is_coinbase
    assert not Transaction(1, (coinbase, TxIn(SPENT)), (PAID,)).is_coinbase
    assert not OutPoint(Txid(bytes(32)), 0).is_null
    assert not OutPoint(SPENT.txid, NULL_INDEX).is_null


def test_outpoints_are_written_as_txid_and_number() -> None:
    text = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b:4294967295"
    outpoint = OutPoint.parse_text(text)
    assert str(outpoint) == text
    assert outpoint.serialize()[:2].hex() == "3ba3"
    assert OutPoint.parse(outpoint.serialize()) == outpoint


@pytest.mark.parametrize("number", ["", "-1", "+1", "01", "4294967296", "1 ", "0x1", "\u0661", "1:1"])
def test_what_is_no_outpoint_is_refused(number: str) -> None:
    with pytest.raises(ParseError):
        OutPoint.parse_text(f"{'ab' * 32}:{number}")
    with pytest.raises(ParseError):
        OutPoint.parse_text(f"{'ab' * 31}:1")


@given(st.lists(st.binary(max_size=300), max_size=5).map(tuple))
def test_witnesses_come_back(items: tuple[bytes, ...]) -> None:
    reader = Reader(serialize_witness(items))
    assert read_witness(reader) == items
    reader.finish()


def test_a_transaction_never_changes() -> None:
    transaction = Transaction.parse(PLAIN)
    with pytest.raises(FrozenInstanceError):
        transaction.locktime = 1  # type: ignore[misc]
    assert replace(transaction, locktime=1).txid != transaction.txid
    assert hash(transaction) == hash(Transaction.parse(PLAIN))
