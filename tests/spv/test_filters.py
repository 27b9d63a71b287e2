"""FilterHeaderChain over a header chain, and the judge of differing filters."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers.chain import ANYONE_SCRIPT, ChainBuilder
from tests.spv.chains import NOW, MemoryStore
from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import build_filter, filter_elements, filter_hash
from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS, FilterPin
from wallet.bitcoin.curve import taproot_output_key
from wallet.bitcoin.hashes import FilterHash, FilterHeader, Txid, hash160, sha256, tagged_hash
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import p2pkh, p2sh, p2tr, p2wpkh, p2wsh, push
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.spv.chain import HeaderChain
from wallet.spv.filters import NONE, FilterHeaderChain, MissingFilterHeaders, chain_filter_hashes
from wallet.spv.filters_judge import judge, spent_scripts

KEY = bytes.fromhex("02" + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
SIGNATURE = bytes.fromhex("3045") + bytes(69)
PAID = p2wpkh(bytes(range(20)))


@pytest.fixture(scope="module")
def built() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(130)
    builder.mine_payment(PAID, 100_000)
    builder.mine(3)
    return builder


def raw_headers(built: ChainBuilder, first: int, last: int) -> bytes:
    return b"".join(block.filter_header for block in built.blocks[first : last + 1])


def both(
    built: ChainBuilder, *pins: FilterPin, store: MemoryStore | None = None
) -> tuple[HeaderChain, FilterHeaderChain]:
    headers = HeaderChain(REGTEST, EMPTY_CHECKPOINTS, MemoryStore())
    headers.connect(built.raw_headers(1), NOW, 0)
    return headers, FilterHeaderChain(REGTEST, pins, store or MemoryStore(32), headers)


# --- the chain


def test_hashes_chain_to_the_headers_that_the_blocks_have(built: ChainBuilder) -> None:
    hashes = b"".join(block.filter_hash for block in built.blocks)
    assert chain_filter_hashes(NONE, hashes) == raw_headers(built, 0, built.height)


def test_begins_at_genesis_or_at_the_highest_pin_below(built: ChainBuilder) -> None:
    pins = (FilterPin(50, built.blocks[50].filter_header), FilterPin(100, built.blocks[100].filter_header))
    _, filters = both(built, *pins)
    assert (filters.base_height, filters.tip_height) == (-1, -1)
    with pytest.raises(MissingFilterHeaders):
        filters.header_at(0)
    filters.reach_down_to(120)
    assert (filters.base_height, filters.tip_height) == (100, 100)
    filters.extend(101, raw_headers(built, 101, 130))
    assert filters.covers(101, 130)
    assert not filters.covers(100, 130)
    assert not filters.covers(101, 131)
    filters.reach_down_to(110)
    assert filters.tip_height == 130
    filters.reach_down_to(100)
    assert (filters.base_height, filters.tip_height) == (50, 50)
    filters.reach_down_to(5)
    assert filters.header_at(0) == REGTEST.genesis_filter_header
    assert not filters.covers(0, 1)
    filters.extend(1, raw_headers(built, 1, 10))
    assert filters.covers(0, 10)


def test_only_extends_right_above_its_tip(built: ChainBuilder) -> None:
    _, filters = both(built)
    with pytest.raises(ValueError, match="above -1"):
        filters.extend(1, raw_headers(built, 1, 2))
    filters.reach_down_to(0)
    with pytest.raises(ValueError, match="above 0"):
        filters.extend(2, raw_headers(built, 2, 3))


def test_is_cut_before_the_headers_are(built: ChainBuilder) -> None:
    headers, filters = both(built)
    filters.reach_down_to(0)
    filters.extend(1, raw_headers(built, 1, built.height))
    filters.undecided = {20, 131}
    seen = []
    cut = headers.before_cut

    def watch(height: int) -> None:
        cut(height)
        seen.append((filters.tip_height, headers.tip_height))

    headers.before_cut = watch
    branch = built.fork(120)
    branch.mine(30)
    headers.connect(branch.raw_headers(121), NOW, 0)
    assert seen == [(120, built.height)]
    assert filters.undecided == {20}


def test_what_the_store_has_is_taken_up_again(built: ChainBuilder) -> None:
    store = MemoryStore(32)
    _, filters = both(built, store=store)
    filters.reach_down_to(0)
    filters.extend(1, raw_headers(built, 1, built.height))
    _, again = both(built, store=store)
    assert (again.base_height, again.tip_height) == (0, built.height)
    headers = HeaderChain(REGTEST, EMPTY_CHECKPOINTS, MemoryStore())
    headers.connect(built.raw_headers(1, 90), NOW, 0)
    shorter = FilterHeaderChain(REGTEST, (), store, headers)
    assert shorter.tip_height == 90
    store.drop(40, 40)
    holed = FilterHeaderChain(REGTEST, (), store, headers)
    assert (holed.base_height, holed.tip_height) == (0, 39)


def test_a_store_against_a_pin_is_dropped(built: ChainBuilder) -> None:
    store = MemoryStore(32)
    store.apply(0, raw_headers(built, 0, 60) + bytes(32 * 10))
    _, filters = both(built, FilterPin(65, built.blocks[65].filter_header), store=store)
    assert filters.tip_height == -1


def test_knows_what_contradicts_a_pin(built: ChainBuilder) -> None:
    _, filters = both(built, FilterPin(20, built.blocks[20].filter_header))
    assert not filters.contradicts_pin(10, raw_headers(built, 10, 30))
    assert filters.contradicts_pin(10, raw_headers(built, 11, 31))
    assert not filters.contradicts_pin(21, raw_headers(built, 1, 3))


# --- the judge


def block_of(built: ChainBuilder, *inputs: TxIn) -> Block:
    """A block with one transaction that spends `inputs`. Its header is not asked about here."""
    spending = Transaction(2, inputs, (TxOut(1_000, PAID),), 0)
    coinbase = built.blocks[5].transactions[0]
    return Block.build(built.blocks[5].header, [coinbase, spending])


def outpoint(number: int) -> OutPoint:
    return OutPoint(Txid(bytes([number]) * 32), number)


def filters_of(block: Block, *versions: set[bytes]) -> dict[FilterHash, bytes]:
    made = [build_filter(block.hash, version) for version in versions]
    return {filter_hash(raw): raw for raw in made}


def wrong(block: Block, *versions: set[bytes], known: dict[bytes, bytes] | None = None) -> list[bool]:
    """Which of the versions the judge calls wrong."""
    given = filters_of(block, *versions)
    assert len(given) == len(versions)
    found = judge(block, given, (known or {}).get).wrong
    return [each in found for each in given]


def outputs(block: Block) -> set[bytes]:
    return filter_elements(block.all_scripts, [])


UNKNOWN = TxIn(outpoint(1), b"", 0xFFFFFFFF, (bytes(64),))
SPENT = {
    "p2wpkh": (TxIn(outpoint(1), b"", 0, (SIGNATURE, KEY)), p2wpkh(hash160(KEY))),
    "p2pkh": (TxIn(outpoint(1), push(SIGNATURE) + push(KEY), 0, ()), p2pkh(hash160(KEY))),
    "p2sh-p2wpkh": (
        TxIn(outpoint(1), push(p2wpkh(hash160(KEY))), 0, (SIGNATURE, KEY)),
        p2sh(hash160(p2wpkh(hash160(KEY)))),
    ),
    "p2sh": (
        TxIn(outpoint(1), b"\x00" + push(SIGNATURE) + push(b"\x51" + push(KEY) + b"\x51\xae"), 0, ()),
        p2sh(hash160(b"\x51" + push(KEY) + b"\x51\xae")),
    ),
    "p2wsh": (TxIn(outpoint(1), b"", 0, (b"", SIGNATURE, b"\x51\xae")), p2wsh(sha256(b"\x51\xae"))),
}


@pytest.mark.parametrize("kind", SPENT)
def test_a_filter_that_omits_a_spent_script_is_wrong_where_another_has_it(built: ChainBuilder, kind: str) -> None:
    spender, script = SPENT[kind]
    block = block_of(built, spender)
    assert wrong(block, outputs(block) | {script}, outputs(block)) == [False, True]


def test_a_taproot_script_path_shows_its_output(built: ChainBuilder) -> None:
    leaf = tagged_hash("TapLeaf", b"\xc0\x01\x51")
    script = p2tr(taproot_output_key(KEY[1:], leaf)[0])
    spender = TxIn(outpoint(1), b"", 0, (b"\x51", b"\xc0" + KEY[1:]))
    block = block_of(built, spender)
    assert wrong(block, outputs(block) | {script}, outputs(block)) == [False, True]


def test_a_known_prevout_must_be_there(built: ChainBuilder) -> None:
    other = TxIn(outpoint(2), b"", 0, (bytes(64),))
    block = block_of(built, UNKNOWN, other)
    known = {outpoint(1).serialize(): PAID, outpoint(2).serialize(): ANYONE_SCRIPT}
    ours = {outpoint(1).serialize(): b"\x51" + push(KEY)}
    assert wrong(block, outputs(block) | {ours[outpoint(1).serialize()]}, outputs(block), known=ours) == [False, True]
    true = outputs(block) | set(known.values())
    assert wrong(block, true, true - {ANYONE_SCRIPT}, true | {KEY}, known=known) == [False, True, True]


def test_an_output_must_be_there_the_coinbases_too(built: ChainBuilder) -> None:
    block = block_of(built, UNKNOWN)
    for script in outputs(block):
        assert wrong(block, outputs(block), outputs(block) - {script}) == [False, True]


def test_more_elements_than_a_block_can_have_are_wrong(built: ChainBuilder) -> None:
    block = block_of(built, UNKNOWN)
    one, two = {b"\x51" * 5}, {b"\x51" * 5, b"\x52" * 5}
    assert wrong(block, outputs(block) | one, outputs(block) | two) == [False, True]


def test_a_taproot_key_path_decides_nothing(built: ChainBuilder) -> None:
    block = block_of(built, UNKNOWN)
    assert wrong(block, outputs(block), outputs(block) | {p2tr(KEY[1:])}) == [False, False]


def test_an_input_made_to_look_like_another_condemns_nobody(built: ChainBuilder) -> None:
    """A p2wsh whose script looks like a key: the liar adds the p2wpkh script that it is not."""
    block = block_of(built, TxIn(outpoint(1), b"", 0, (SIGNATURE, KEY)))
    true = outputs(block) | {p2wsh(sha256(KEY))}
    assert wrong(block, true, outputs(block) | {p2wpkh(hash160(KEY))}) == [False, False]


def test_what_both_omit_is_no_evidence(built: ChainBuilder) -> None:
    block = block_of(built, SPENT["p2wpkh"][0], TxIn(outpoint(2), b"", 0, (bytes(64),)))
    assert wrong(block, outputs(block), outputs(block) | {b"\x51" * 5}) == [False, False]


def test_what_is_no_filter_is_wrong(built: ChainBuilder) -> None:
    block = block_of(built, UNKNOWN)
    given = filters_of(block, outputs(block))
    given |= {filter_hash(raw): raw for raw in (b"", b"\xff" * 9, b"\x05\x00")}
    found = judge(block, given, lambda _: None).wrong
    assert len(found) == 3
    assert next(iter(given)) not in found


def test_every_real_block_is_judged_right(built: ChainBuilder) -> None:
    for block in built.blocks[1:]:
        raw = Block.parse(block.raw)
        verdict = judge(raw, {block.filter_hash: block.filter, FilterHash(bytes(32)): b"\x00"}, lambda _: None)
        assert set(verdict.wrong) == {FilterHash(bytes(32))}


@pytest.mark.parametrize(
    "spender",
    [
        TxIn(outpoint(1), push(SIGNATURE), 0, ()),
        TxIn(outpoint(1), b"\x00" + push(SIGNATURE) + push(SIGNATURE), 0, ()),
        TxIn(outpoint(1), b"\x76\xa9", 0, ()),
        TxIn(outpoint(1), b"\x4c", 0, ()),
        TxIn(outpoint(1), b"", 0, ()),
        TxIn(outpoint(1), b"", 0, (bytes(65),)),
        TxIn(outpoint(1), b"", 0, (bytes(64), b"\x50annex")),
    ],
)
def test_inputs_that_show_nothing(spender: TxIn) -> None:
    assert spent_scripts(spender) == ()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.lists(st.binary(max_size=70), max_size=4))
def test_any_input_can_be_read(script_sig: bytes, witness: list[bytes]) -> None:
    found = spent_scripts(replace(UNKNOWN, script_sig=script_sig, witness=tuple(witness)))
    assert all(isinstance(script, bytes) for script in found)


def test_filter_header_type() -> None:
    assert FilterHeader(bytes(32)) == NONE
