"""Merkle roots, branches, proofs and partial trees."""

import dataclasses
import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitcoin.blocks import coinbase, make_block, payment
from tests.bitcoin.vectors import load
from wallet.bitcoin.block import Block, BlockHeader
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import Hash256, MerkleRoot, Txid, sha256d
from wallet.bitcoin.merkle import (
    MerkleError,
    MerkleProof,
    PartialMerkleTree,
    ProofError,
    _climb,
    build_proof,
    fold_branch,
    merkle_branch,
    merkle_root,
)

BLOCKS = [Block.parse(bytes.fromhex(entry["block"])) for entry in load("bip158/testnet-19.json")["blocks"]]

leaves = st.integers(1, 40).map(lambda count: [sha256d(bytes([position])) for position in range(count)])


def _root(hashes: list[bytes]) -> bytes:
    """By the definition, one node at a time."""
    if len(hashes) == 1:
        return hashes[0]
    if len(hashes) % 2:
        hashes = [*hashes, hashes[-1]]
    return _root([sha256d(hashes[at] + hashes[at + 1]) for at in range(0, len(hashes), 2)])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(block.hash)[-8:])
def test_real_blocks_have_the_root_of_their_header(block: Block) -> None:
    assert merkle_root(block.txids) == block.header.merkle_root


@given(leaves)
def test_every_branch_folds_to_the_root(hashes: list[bytes]) -> None:
    root = merkle_root(hashes)
    assert root == _root(hashes)
    for position, leaf in enumerate(hashes):
        assert fold_branch(leaf, position, merkle_branch(hashes, position)) == root


@pytest.mark.parametrize(("count", "repeated"), [(3, 1), (5, 1), (6, 2), (7, 1), (12, 4)])
def test_a_list_with_repeated_transactions_has_the_same_root_and_is_refused(count: int, repeated: int) -> None:
    honest = [sha256d(bytes([position])) for position in range(count)]
    mutated = honest + honest[-repeated:]
    assert _root(mutated) == merkle_root(honest)
    with pytest.raises(MerkleError, match="CVE-2012-2459"):
        merkle_root(mutated)
    with pytest.raises(MerkleError, match="CVE-2012-2459"):
        merkle_branch(mutated, 0)


def test_a_tree_without_leaves_and_a_leaf_that_is_not_there() -> None:
    with pytest.raises(MerkleError):
        merkle_root([])
    for position in (-1, 3):
        with pytest.raises(MerkleError):
            merkle_branch([bytes(32)] * 3, position)


# ---------------------------------------------------------------- proofs


@pytest.mark.parametrize("count", range(1, 18))
def test_every_transaction_of_a_block_is_proven(count: int) -> None:
    block = make_block(count)
    for position in range(count):
        proof = build_proof(block, position, 7)
        proof.verify()
        assert proof.txid == block.txids[position]
        assert fold_branch(proof.txid, position, proof.branch) == block.header.merkle_root


@pytest.mark.parametrize("block", [block for block in BLOCKS if len(block) > 1], ids=lambda block: str(block.hash)[-8:])
def test_transactions_of_real_blocks_are_proven_without_their_witnesses(block: Block) -> None:
    for position in range(len(block)):
        proof = build_proof(block, position, 1)
        proof.verify()
        assert sha256d(proof.tx) == block.txids[position]


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 17), st.randoms(use_true_random=False))
def test_a_proof_with_anything_changed_proves_nothing(count: int, rng: Random) -> None:
    block = make_block(count)
    proof = build_proof(block, rng.randrange(count), 7)
    position = rng.choice([at for at in range(-1, 34) if at != proof.position])
    flip = [lambda raw: bytes([raw[0] ^ 1]) + raw[1:], lambda raw: raw[:-1] + bytes([raw[-1] ^ 0x80])]
    bad: list[dict[str, object]] = [
        {"position": position},
        {"tx": rng.choice(flip)(proof.tx)},
        {"coinbase": rng.choice(flip)(proof.coinbase)},
        {"header": dataclasses.replace(block.header, merkle_root=MerkleRoot(rng.randbytes(32)))},
        {"branch": (*proof.branch, Hash256(rng.randbytes(32)))},
        {"coinbase_branch": (*proof.coinbase_branch, Hash256(rng.randbytes(32)))},
    ]
    if proof.branch:
        level = rng.randrange(len(proof.branch))
        other = list(proof.branch)
        other[level] = Hash256(rng.choice(flip)(other[level]))
        bad += [{"branch": tuple(other)}, {"branch": proof.branch[:-1]}, {"coinbase_branch": proof.branch[1:]}]
    for change in bad:
        with pytest.raises(ProofError):
            dataclasses.replace(proof, **change).verify()  # type: ignore[arg-type] # mypy sees no fields in a dict


def test_a_position_behind_the_last_transaction_is_refused() -> None:
    """The last of three is paired with itself: its place, and the one behind it, fold to the same root."""
    block = make_block(3)
    proof = build_proof(block, 2, 7)
    behind = dataclasses.replace(proof, position=3)
    assert fold_branch(behind.txid, 3, behind.branch) == block.header.merkle_root
    with pytest.raises(ProofError, match="CVE-2012-2459"):
        behind.verify()


def test_a_position_in_a_repeated_half_is_refused() -> None:
    """Six leaves: the pair of the last two is paired with itself one level up."""
    block = make_block(6)
    for position in (6, 7):
        behind = dataclasses.replace(build_proof(block, position - 2, 7), position=position)
        assert fold_branch(behind.txid, position, behind.branch) == block.header.merkle_root
        with pytest.raises(ProofError, match="CVE-2012-2459"):
            behind.verify()


def test_nothing_stands_right_of_a_levels_last_node() -> None:
    """A fifth leaf paired with itself is the last of its level, so its parent has no other right neighbour."""
    first, last = coinbase(1).serialize(include_witness=False), payment(1).serialize(include_witness=False)
    beside, above, stranger = (Hash256(sha256d(name)) for name in (b"beside", b"above", b"stranger"))
    left = fold_branch(sha256d(first), 0, (beside, above))
    for neighbour, honest in ((sha256d(sha256d(last) * 2), True), (stranger, False)):
        right = sha256d(sha256d(sha256d(last) * 2) + neighbour)
        header = dataclasses.replace(make_block(2).header, merkle_root=MerkleRoot(sha256d(left + right)))
        branch = (Hash256(sha256d(last)), Hash256(neighbour), left)
        proof = MerkleProof(last, 1, header, 4, branch, first, (beside, above, Hash256(right)))
        if honest:
            proof.verify()
        else:
            with pytest.raises(ProofError, match="right of the last"):
                proof.verify()


def test_a_coinbase_is_never_paired_with_itself() -> None:
    first = coinbase(1).serialize(include_witness=False)
    leaf = Hash256(sha256d(first))
    header = dataclasses.replace(make_block(1).header, merkle_root=MerkleRoot(sha256d(leaf + leaf)))
    with pytest.raises(ProofError, match="CVE-2012-2459"):
        MerkleProof(first, 1, header, 0, (leaf,), first, (leaf,)).verify()


def test_both_branches_end_on_one_level() -> None:
    proof = build_proof(make_block(5), 3, 7)
    for branch in (proof.coinbase_branch[:-1], (*proof.coinbase_branch, Hash256(bytes(32)))):
        with pytest.raises(ProofError, match="different levels"):
            dataclasses.replace(proof, coinbase_branch=branch).verify()
    deep = (Hash256(bytes(32)),) * 20
    with pytest.raises(ProofError, match="too deep"):
        dataclasses.replace(proof, branch=deep, coinbase_branch=deep).verify()


def test_an_inner_node_is_no_transaction() -> None:
    """CVE-2017-12842: 64 bytes that read as a transaction paying the victim are also two hashes of a real tree."""
    fake = _transaction_of_64_bytes()
    leaf = coinbase(1).serialize(include_witness=False)
    root = sha256d(sha256d(leaf) + sha256d(fake))
    header = dataclasses.replace(make_block(2).header, merkle_root=MerkleRoot(root))
    short = MerkleProof(fake, 1, header, 1, (Hash256(sha256d(leaf)),), leaf, (Hash256(sha256d(fake)),))
    with pytest.raises(ProofError, match="64 bytes"):
        short.verify()


def test_a_pair_of_hashes_that_reads_as_a_transaction_is_refused() -> None:
    fake = _transaction_of_64_bytes()
    leaf = coinbase(1).serialize(include_witness=False)
    first = sha256d(leaf)
    victim = payment(9).serialize(include_witness=False)
    # A tree of four: the pair below is what the miner ground into the shape of a transaction.
    with pytest.raises(ProofError, match="CVE-2017-12842"):
        _climb(fake[32:], 3, (Hash256(fake[:32]), Hash256(first)))
    assert _climb(sha256d(victim), 1, (Hash256(first),)) == sha256d(first + sha256d(victim))


def _transaction_of_64_bytes() -> bytes:
    raw = payment(3, script=b"\x51\x52\x53\x54").serialize(include_witness=False)
    assert len(raw) == 64
    return raw


def test_the_first_transaction_must_be_a_coinbase_and_nothing_else_may() -> None:
    block = make_block(4)
    proof = build_proof(block, 2, 7)
    with pytest.raises(ProofError, match="not a coinbase"):
        dataclasses.replace(proof, coinbase=proof.tx, coinbase_branch=proof.branch).verify()
    first = build_proof(block, 0, 7)
    with pytest.raises(ProofError, match="first, and nothing else"):
        dataclasses.replace(proof, position=0).verify()
    with pytest.raises(ProofError, match="first, and nothing else"):
        dataclasses.replace(first, position=1).verify()


def test_a_proof_holds_no_witness() -> None:
    block = BLOCKS[-2]
    proof = build_proof(block, 1, 7)
    assert block.transaction(1).has_witness
    with pytest.raises(ProofError, match="witness"):
        dataclasses.replace(proof, tx=block.raw_transaction(1)).verify()


# ---------------------------------------------------------------- JSON


def test_a_proof_travels_as_json() -> None:
    proof = build_proof(make_block(7), 6, 1234)
    text = json.dumps(proof.to_json())
    value = json.loads(text)
    assert list(value) == [
        "txid", "tx", "height", "block_hash", "header", "position", "branch", "coinbase", "coinbase_branch",
    ]  # fmt: skip
    assert value["txid"] == proof.txid[::-1].hex()
    assert value["branch"] == [sibling[::-1].hex() for sibling in proof.branch]
    assert MerkleProof.from_json(value) == proof


@pytest.mark.parametrize(
    "change",
    [
        {"txid": "00" * 32},
        {"block_hash": "00" * 32},
        {"tx": "zz"},
        {"tx": "01 02"},
        {"tx": None},
        {"height": -1},
        {"height": "1"},
        {"height": True},
        {"position": 1.5},
        {"header": "00" * 79},
        {"branch": "00"},
        {"branch": [1]},
        {"branch": ["00" * 31]},
        {"branch": ["00" * 32] * 99},
        {"coinbase_branch": None},
        {"extra": 1},
    ],
    ids=str,
)
def test_json_that_is_no_proof_is_refused(change: dict[str, object]) -> None:
    value = build_proof(make_block(7), 6, 1234).to_json()
    with pytest.raises(ProofError):
        MerkleProof.from_json(value | change)


def test_json_without_a_field_or_of_another_kind_is_refused() -> None:
    value = build_proof(make_block(2), 1, 1).to_json()
    for key in value:
        with pytest.raises(ProofError):
            MerkleProof.from_json({other: value[other] for other in value if other != key})
    not_objects: tuple[object, ...] = (None, [], "proof", 5)
    for wrong in not_objects:
        with pytest.raises(ProofError):
            MerkleProof.from_json(wrong)


# ---------------------------------------------------------------- partial trees (BIP37)


@given(leaves, st.randoms(use_true_random=False))
def test_a_partial_tree_gives_back_root_and_matches(hashes: list[bytes], rng: Random) -> None:
    matched = [rng.random() < 0.3 for _ in hashes]
    tree = PartialMerkleTree.build(hashes, matched)
    assert PartialMerkleTree.parse(tree.serialize()) == tree
    root, found = tree.extract()
    assert root == merkle_root(hashes)
    assert found == tuple((position, leaf) for position, leaf in enumerate(hashes) if matched[position])


def test_the_partial_tree_of_a_known_block() -> None:
    """Seven transactions, the first and the last matched: the flags by hand, in depth-first order."""
    block = make_block(7)
    tree = PartialMerkleTree.build(block.txids, [True, *[False] * 5, True])
    assert (tree.total, tree.bits) == (7, bytes([0b01001111, 0b11]))
    first, second, last = block.txids[0], block.txids[1], block.txids[6]
    inner = [sha256d(block.txids[at] + block.txids[at + 1]) for at in (2, 4)]
    assert tree.hashes == (first, second, *inner, last)


def _tree(count: int = 7) -> PartialMerkleTree:
    block = make_block(count)
    return PartialMerkleTree.build(block.txids, [position == 2 for position in range(count)])


def test_hashes_or_flags_too_few_or_too_many_are_refused() -> None:
    tree = _tree()
    for bad in (
        dataclasses.replace(tree, hashes=tree.hashes[:-1]),
        dataclasses.replace(tree, hashes=(*tree.hashes, Hash256(bytes(32)))),
        dataclasses.replace(tree, bits=b""),
        dataclasses.replace(tree, bits=tree.bits + b"\0"),
        dataclasses.replace(tree, bits=b"\xff" * len(tree.bits)),
    ):
        with pytest.raises(MerkleError):
            bad.extract()


def test_padding_of_the_flags_is_zero() -> None:
    tree = _tree()
    padded = dataclasses.replace(tree, bits=tree.bits[:-1] + bytes([tree.bits[-1] | 0x80]))
    assert tree.bits[-1] < 0x80
    with pytest.raises(MerkleError):
        padded.extract()


def test_equal_neighbours_are_refused() -> None:
    leaf = Hash256(sha256d(b"leaf"))
    with pytest.raises(MerkleError, match="CVE-2012-2459"):
        PartialMerkleTree(2, (leaf, leaf), b"\x07").extract()


@pytest.mark.parametrize("total", [0, 16667, 1 << 31])
def test_a_count_that_no_block_has_is_refused(total: int) -> None:
    raw = total.to_bytes(4, "little") + b"\x01" + bytes(32) + b"\x01\x01"
    with pytest.raises(ParseError):
        PartialMerkleTree.parse(raw)


@given(st.binary(max_size=200), st.integers(1, 20))
def test_a_partial_tree_of_random_bytes_is_refused_or_folds(noise: bytes, total: int) -> None:
    raw = total.to_bytes(4, "little") + noise
    try:
        PartialMerkleTree.parse(raw).extract()
    except (ParseError, MerkleError):
        return


def test_a_header_is_compared_not_trusted() -> None:
    proof = build_proof(make_block(3), 1, 7)
    other = BlockHeader(1, proof.header.previous, MerkleRoot(bytes(32)), 1, 1, 1)
    with pytest.raises(ProofError, match="does not lead"):
        dataclasses.replace(proof, header=other).verify()
    assert isinstance(proof.txid, Txid)
