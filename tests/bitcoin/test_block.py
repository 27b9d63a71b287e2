"""Headers, and blocks read in one pass."""

import dataclasses
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitcoin.blocks import RESERVED, block_of, coinbase, commit, make_block, payment
from tests.bitcoin.vectors import load
from wallet.bitcoin.block import Block, BlockError, BlockHeader, height_push
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import ZERO, MerkleRoot, Txid, sha256d
from wallet.bitcoin.merkletree import merkle_root
from wallet.bitcoin.network import MAINNET, NETWORKS, ChainParams
from wallet.bitcoin.transaction import NULL_INDEX, OutPoint, Transaction, TxIn, TxOut

ENTRIES = load("bip158/testnet-19.json")["blocks"]
RAW_BLOCKS = [bytes.fromhex(entry["block"]) for entry in ENTRIES]

scripts = st.binary(max_size=300)
inputs = st.builds(
    TxIn,
    st.builds(OutPoint, st.binary(min_size=32, max_size=32).map(Txid), st.integers(0, NULL_INDEX - 1)),
    scripts,
    st.integers(0, NULL_INDEX),
    st.lists(st.binary(max_size=260), max_size=3).map(tuple),
)
transactions = st.builds(
    Transaction,
    st.integers(0, NULL_INDEX),
    st.lists(inputs, min_size=1, max_size=3, unique_by=lambda one: one.outpoint).map(tuple),
    st.lists(st.builds(TxOut, st.integers(0, 10**15), scripts), min_size=1, max_size=3).map(tuple),
    st.integers(0, NULL_INDEX),
)


@pytest.mark.parametrize("params", NETWORKS.values(), ids=NETWORKS.keys())
def test_genesis_headers_have_their_hashes(params: ChainParams) -> None:
    header = BlockHeader.parse(params.genesis_header)
    assert header.hash == params.genesis_hash
    assert header.serialize() == params.genesis_header
    assert header.hash is header.hash


def test_a_header_has_80_bytes_and_a_signed_version() -> None:
    raw = bytearray(MAINNET.genesis_header)
    raw[:4] = b"\xff\xff\xff\xff"
    assert BlockHeader.parse(bytes(raw)).version == -1
    for wrong in (raw[:79], raw + b"\0", b""):
        with pytest.raises(ParseError):
            BlockHeader.parse(bytes(wrong))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["height"]))
def test_real_blocks_pass_every_check(entry: dict[str, Any]) -> None:
    raw = bytes.fromhex(entry["block"])
    block = Block.parse(raw)
    assert str(block.hash) == entry["block_hash"]
    assert block.serialize() == raw
    block.check()
    assert block.txids == [transaction.txid for transaction in block.transactions]


def _agrees(block: Block, expected: list[Transaction]) -> None:
    assert list(block.transactions) == expected
    assert len(block) == len(block.transactions) == len(expected)
    for position, transaction in enumerate(expected):
        assert block.txids[position] == transaction.txid
        assert block.raw_transaction(position) == transaction.serialize()
        assert block.stripped_transaction(position) == transaction.serialize(include_witness=False)
        assert block.scripts(position) == [output.script_pubkey for output in transaction.outputs]
        assert block.spent(position) == [one.outpoint.serialize() for one in transaction.inputs]
    header_and_count = 4 * (80 + len(block.serialize()) - 80 - sum(len(one.serialize()) for one in expected))
    assert block.weight == header_and_count + sum(one.weight for one in expected)


@pytest.mark.parametrize("raw", RAW_BLOCKS, ids=[str(entry["height"]) for entry in ENTRIES])
def test_the_scan_sees_in_real_blocks_what_parsing_each_transaction_sees(raw: bytes) -> None:
    block = Block.parse(raw)
    _agrees(block, [Transaction.parse(block.raw_transaction(at)) for at in range(len(block))])


@settings(max_examples=60, deadline=None)
@given(st.lists(transactions, max_size=4))
def test_the_scan_sees_what_parsing_each_transaction_sees(drawn: list[Transaction]) -> None:
    listed = [coinbase(5), *drawn]
    _agrees(block_of(listed, merkle=bytes(32)), listed)


def test_long_counts_and_lengths_are_read() -> None:
    spends = tuple(TxIn(OutPoint(Txid(sha256d(b"%d" % at)), at), witness=(b"",) * (at % 300)) for at in range(300))
    pays = tuple(TxOut(at, bytes(at)) for at in range(400))
    listed = [coinbase(5), Transaction(2, spends, pays), *map(payment, range(260))]
    _agrees(block_of(listed), listed)


def test_transactions_are_a_sequence() -> None:
    block = make_block(5)
    assert block.transactions[-1] == block.transaction(4)
    assert block.transactions[1:3] == [block.transaction(1), block.transaction(2)]
    with pytest.raises(IndexError):
        block.transactions[5]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([raw for raw in RAW_BLOCKS if len(raw) < 3000]), st.randoms(use_true_random=False))
def test_damaged_blocks_are_refused_by_parsing_or_checking(raw: bytes, rng: Random) -> None:
    damaged = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        damaged[rng.randrange(80, len(damaged))] = rng.choice((0, 1, 252, 253, 254, 255, rng.randrange(256)))
    damaged = damaged[: rng.choice((len(damaged), rng.randrange(len(damaged))))]
    try:
        block = Block.parse(bytes(damaged))
        block.check(segwit=True)
    except (ParseError, BlockError):
        return
    assert block.serialize() == raw, "a damaged block passed"


@pytest.mark.parametrize("raw", [RAW_BLOCKS[0], RAW_BLOCKS[8]], ids=["legacy", "segwit"])
def test_every_truncation_is_refused(raw: bytes) -> None:
    for length in range(len(raw)):
        with pytest.raises(ParseError):
            Block.parse(raw[:length])
    with pytest.raises(ParseError):
        Block.parse(raw + b"\0")


HEADER = MAINNET.genesis_header
SPEND = bytes(36) + b"\x00" + b"\xff" * 4
PAY = bytes(8) + b"\x01\x51"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x00", "transactions"),
        (b"\xff" * 9, "inside"),
        (b"\xfe\xff\xff\xff\xff", "inside"),
        (b"\xfd\x01\x00" + RAW_BLOCKS[0][81:], "shortest"),
        (b"\x01" + bytes(4) + b"\x00\x00" + bytes(4), "without inputs"),
        (b"\x01" + bytes(4) + b"\x00\x02" + bytes(60), "flag"),
        (b"\x01" + bytes(4) + b"\x00\x01\x00" + bytes(60), "without inputs"),
        (b"\x01" + bytes(4) + b"\x01" + SPEND + b"\x00" + bytes(4), "without outputs"),
        (b"\x01" + bytes(4) + b"\x00\x01\x01" + SPEND + b"\x01" + PAY + b"\x00" + bytes(4), "without witnesses"),
        (b"\x01" + bytes(4) + b"\xff" + b"\xff" * 8 + SPEND * 100, "inside"),
        (b"\x01" + bytes(4) + b"\x01" + bytes(36) + b"\xff" * 9, "inside"),
    ],
)
def test_lies_about_lengths_are_refused(body: bytes, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        Block.parse(HEADER + body)


# ---------------------------------------------------------------- checks


def test_made_blocks_pass() -> None:
    for witnesses in (False, True):
        block = make_block(6, witnesses)
        block.check(segwit=True)
        block.check_height(300)


def test_transactions_of_another_root_are_refused() -> None:
    block = make_block(4)
    header = dataclasses.replace(block.header, merkle_root=MerkleRoot(ZERO))
    with pytest.raises(BlockError, match="Merkle root"):
        Block.build(header, block.transactions).check()
    with pytest.raises(BlockError, match="Merkle root"):
        Block.build(block.header, list(block.transactions)[:-1]).check_merkle_root()


def test_a_block_with_repeated_transactions_is_refused_though_its_root_is_right() -> None:
    honest = make_block(3)
    listed = list(honest.transactions)
    mutated = Block.build(honest.header, [*listed, listed[-1]])
    assert mutated.hash == honest.hash
    with pytest.raises(BlockError, match="CVE-2012-2459"):
        mutated.check_merkle_root()


def test_the_first_transaction_is_a_coinbase_and_only_the_first() -> None:
    pay, other = payment(1), payment(2)
    with pytest.raises(BlockError, match="not a coinbase"):
        block_of([pay, other]).check_merkle_root()
    with pytest.raises(BlockError, match="second"):
        block_of([coinbase(1), coinbase(2)]).check_merkle_root()


def test_a_coinbase_has_one_input() -> None:
    first = coinbase(1)
    two = dataclasses.replace(first, inputs=(*first.inputs, payment(1).inputs[0]))
    with pytest.raises(BlockError, match="not a coinbase"):
        block_of([two]).check_merkle_root()


def test_inner_nodes_offered_as_transactions_of_64_bytes_are_refused() -> None:
    """CVE-2017-12842: a list of the level above the leaves has the header's root too, but no coinbase."""
    pairs = []
    for number in range(2):
        raw = payment(number, script=b"\x51\x52\x53\x54").serialize(include_witness=False)
        assert len(raw) == 64
        pairs.append(Transaction.parse(raw))
    forged = block_of(pairs)
    assert merkle_root(forged.txid_bytes) == forged.header.merkle_root
    with pytest.raises(BlockError, match="not a coinbase"):
        forged.check_merkle_root()


def test_an_honest_block_may_hold_a_transaction_of_64_bytes() -> None:
    block_of([coinbase(1), payment(1, script=b"\x51\x52\x53\x54")]).check(segwit=True)


def test_a_block_above_four_million_weight_is_refused() -> None:
    def weighing(size: int) -> Block:
        return block_of([coinbase(1), payment(1, script=bytes(size))])

    size = (4_000_000 - weighing(999_000).weight) // 4 + 999_000
    assert weighing(size).weight == 4_000_000
    weighing(size).check()
    with pytest.raises(BlockError, match="weight"):
        weighing(size + 1).check()


def test_witnesses_weigh_a_quarter() -> None:
    bare, full = make_block(2), make_block(2, witnesses=True)
    commitment_output, coinbase_witness, flags, witness = 8 + 1 + 38, 1 + 1 + 32, 2 * 2, 1 + 1 + 71 + 1 + 33
    assert full.weight - bare.weight == 4 * commitment_output + coinbase_witness + flags + witness


# ---------------------------------------------------------------- witness commitment (BIP141)


WITNESSED = [payment(number, witness=(b"\x01",)) for number in range(1, 4)]


def _with_outputs(base: Transaction, *scripts: bytes) -> Transaction:
    return dataclasses.replace(base, outputs=base.outputs[:1] + tuple(TxOut(0, script) for script in scripts))


def _magic(commitment: bytes) -> bytes:
    return bytes.fromhex("6a24aa21a9ed") + commitment


def test_witnesses_must_be_committed_to() -> None:
    block_of([coinbase(1, commit(WITNESSED)), *WITNESSED]).check(segwit=True)
    with pytest.raises(BlockError, match="without a commitment"):
        block_of([coinbase(1), *WITNESSED]).check()
    with pytest.raises(BlockError, match="not those"):
        block_of([coinbase(1, bytes(32)), *WITNESSED]).check()


def test_a_changed_witness_is_noticed() -> None:
    changed = [*WITNESSED[:-1], payment(3, witness=(b"\x02",))]
    block = block_of([coinbase(1, commit(WITNESSED)), *changed])
    block.check_merkle_root()
    with pytest.raises(BlockError, match="not those"):
        block.check_witness_commitment()


def test_the_last_of_several_commitments_counts_and_may_be_longer() -> None:
    first = coinbase(1, commit(WITNESSED))
    right, wrong = _magic(commit(WITNESSED)), _magic(bytes(32))
    block_of([_with_outputs(first, wrong, right + b"more"), *WITNESSED]).check()
    block_of([_with_outputs(first, right, wrong[:-1]), *WITNESSED]).check()
    with pytest.raises(BlockError, match="not those"):
        block_of([_with_outputs(first, right, wrong), *WITNESSED]).check()


@pytest.mark.parametrize("witness", [(), (bytes(31),), (RESERVED, RESERVED)], ids=["none", "short", "two"])
def test_the_reserved_value_is_one_of_32_bytes(witness: tuple[bytes, ...]) -> None:
    first = coinbase(1, commit(WITNESSED))
    first = dataclasses.replace(first, inputs=(dataclasses.replace(first.inputs[0], witness=witness),))
    with pytest.raises(BlockError, match="32 bytes"):
        block_of([first, *WITNESSED]).check()


def test_witnesses_taken_away_are_noticed_once_segwit_is_in_force() -> None:
    first = coinbase(1, commit(WITNESSED))
    bare = [Transaction.parse(one.serialize(include_witness=False)) for one in (first, *WITNESSED)]
    block = block_of(bare)
    block.check(segwit=False)
    with pytest.raises(BlockError, match="32 bytes"):
        block.check(segwit=True)


def test_a_block_without_witnesses_needs_no_commitment() -> None:
    block_of([coinbase(1), payment(1)]).check(segwit=True)


# ---------------------------------------------------------------- looking into it


def test_touching_finds_payments_and_spends() -> None:
    block = make_block(9)
    paid = block_of([coinbase(1), *(payment(at, script=b"\x51" * (at % 3 + 1)) for at in range(1, 9))])
    assert paid.touching({b"\x51\x51"}, set()) == [1, 4, 7]
    assert block.touching(set(), {payment(4).inputs[0].outpoint.serialize()}) == [4]
    assert paid.touching({b"\x51\x51\x51"}, {payment(1).inputs[0].outpoint.serialize()}) == [1, 2, 5, 8]
    assert block.touching(set(), set()) == []
    assert block.touching({b"\x51"}, set()) == [0]


@given(st.integers(0, 5_000_000))
def test_a_coinbase_states_its_height(height: int) -> None:
    push = height_push(height)
    if height > 16:
        assert push[0] == len(push) - 1
        assert int.from_bytes(push[1:], "little", signed=True) == height
        assert push[-1] or push[-2] & 0x80, "not the shortest form"
    else:
        assert push == (bytes([0x50 + height]) if height else b"\0")


def test_a_real_coinbase_states_its_height() -> None:
    for entry in ENTRIES[6:]:
        block = Block.parse(bytes.fromhex(entry["block"]))
        block.check_height(entry["height"])
        with pytest.raises(BlockError, match="height"):
            block.check_height(entry["height"] + 1)


def test_blocks_are_equal_by_their_bytes() -> None:
    raw = RAW_BLOCKS[0]
    assert Block.parse(raw) == Block.parse(raw)
    assert len({Block.parse(raw), Block.parse(raw), make_block(2)}) == 2
    assert Block.parse(raw) != raw
