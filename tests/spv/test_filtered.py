"""Filtered blocks (BIP37) over real sockets: honest peers, and peers that lie in a merkleblock in each way there is."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.peers.chain import BuiltBlock, ChainBuilder
from tests.peers.scripted import FULL, ScriptedPeer, Session, until
from tests.spv.node_fixture import RunningNode, running
from wallet.bitcoin.bloom import BloomFilter, script_element
from wallet.bitcoin.hashes import Hash256, sha256d
from wallet.bitcoin.merkletree import PartialMerkleTree
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.spv.message import FilterLoad, GetData, InvType, MemPool, MerkleBlock, Message, Ping, Pong, Services, Tx
from wallet.spv.node_api import FilteredBatch, Superseded

SCRIPT = bytes([0, 20]) + bytes(range(20))
BLOOM = BloomFilter.of([script_element(SCRIPT) or b""], 1e-6, 5)
PAID_AT = 33
Lie = Callable[[MerkleBlock], list[Message]]


def partial(block: BuiltBlock, script: bytes = SCRIPT) -> tuple[PartialMerkleTree, list[Transaction]]:
    """The tree and the transactions that the reference node answers with."""
    flags = [any(output.script_pubkey == script for output in tx.outputs) for tx in block.transactions]
    tree = PartialMerkleTree.build([tx.txid for tx in block.transactions], flags)
    return tree, [tx for tx, flag in zip(block.transactions, flags, strict=True) if flag]


def nothing_matches(chain: ChainBuilder) -> list[MerkleBlock]:
    """What a peer says whose filter is another: trees that are honest in themselves."""
    return [
        MerkleBlock(block.header, PartialMerkleTree.build([tx.txid for tx in block.transactions], [False] * n))
        for block in chain.blocks[1:]
        if (n := len(block.transactions))
    ]


def stripped(transaction: Transaction) -> Transaction:
    inputs = tuple(replace(spent, witness=()) for spent in transaction.inputs)
    return replace(transaction, inputs=inputs)


class BloomPeer(ScriptedPeer):
    """Filters blocks as the reference node does: it looks for SCRIPT. `lie` answers in its place for the paying one."""

    def __init__(self, chain: ChainBuilder, *, services: int = FULL | Services.BLOOM) -> None:
        super().__init__(chain, services=services)
        self.lie: Lie | None = None
        self.withheld = False
        self.held: list[Message] | None = None
        self.asked_at = 0.0
        self.hooks["getdata"] = self._filtered

    async def _filtered(self, session: Session, message: Any) -> bool:
        items = [digest for kind, digest in message if kind == InvType.FILTERED_BLOCK]
        self.asked_at = asyncio.get_running_loop().time()
        if not session.got(FilterLoad):
            return bool(items)
        for digest in items:
            height = self.chain.height_of(digest)
            if height is None:
                continue
            tree, transactions = partial(self.chain.blocks[height])
            honest = MerkleBlock(self.chain.blocks[height].header, tree)
            answer: list[Message] = [honest]
            if transactions and self.lie is not None:
                answer = self.lie(honest)
            elif not self.withheld:
                answer += [Tx(stripped(tx).serialize()) for tx in transactions]
            if self.held is None:
                session.send(*answer)
            else:
                self.held += answer
        return bool(items)


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    chain = ChainBuilder()
    chain.mine(PAID_AT - 1)
    payments = [chain.pay((SCRIPT if n == 3 else bytes([0, 20]) + bytes([n]) * 20, 5_000)) for n in range(5)]
    chain.mine(transactions=payments)
    chain.mine(7)
    return chain


async def synced(fixture: RunningNode, chain: ChainBuilder, peers: int = 1) -> None:
    await until(
        lambda: fixture.headers.tip_hash == chain.tip.hash and fixture.node.status().peers == peers, what="the sync"
    )


def check(batch: FilteredBatch, chain: ChainBuilder) -> None:
    (match,) = batch.matches
    payment = chain.blocks[PAID_AT].transactions[4]
    assert list(batch.block_hashes) == [block.hash for block in chain.blocks[1:]]
    assert (match.height, match.txids) == (PAID_AT, (payment.txid,))
    assert [tx.txid for tx in match.transactions] == [payment.txid]


async def test_matches_come_with_their_transactions(tmp_path: Path, chain: ChainBuilder) -> None:
    async with BloomPeer(chain) as peer, running(tmp_path, peer.address, bloom=True) as fixture:
        await synced(fixture, chain)
        check(await fixture.node.fetch_filtered(1, chain.height, BLOOM), chain)
        (session,) = peer.sessions
        assert session.version is not None
        assert not session.version.relay
        assert session.got(FilterLoad) == [FilterLoad.of(BLOOM)]
        assert len(session.got(MemPool)) == 1
        kinds = {kind for message in session.received if isinstance(message, GetData) for kind, _ in message}
        assert kinds == {InvType.FILTERED_BLOCK}
        assert fixture.node.filter_tip == chain.height


async def test_peers_that_do_not_offer_it_hear_nothing_of_filters(tmp_path: Path, chain: ChainBuilder) -> None:
    async with (
        BloomPeer(chain, services=FULL) as plain,
        BloomPeer(chain) as peer,
        running(tmp_path, plain.address, peer.address, bloom=True) as fixture,
    ):
        await synced(fixture, chain, 2)
        check(await fixture.node.fetch_filtered(1, chain.height, BLOOM), chain)
        (session,) = plain.sessions
        assert not session.got(FilterLoad)
        assert not session.got(MemPool)
        assert not session.got(GetData)


def _other_root(honest: MerkleBlock) -> list[Message]:
    hashes = (Hash256(sha256d(b"")), *honest.tree.hashes[1:])
    return [MerkleBlock(honest.header, replace(honest.tree, hashes=hashes))]


def _equal_neighbours(honest: MerkleBlock) -> list[Message]:
    leaf = Hash256(bytes([7]) * 32)
    return [MerkleBlock(honest.header, PartialMerkleTree(2, (leaf, leaf), b"\x07"))]


def _too_many(honest: MerkleBlock) -> list[Message]:
    return [MerkleBlock(honest.header, replace(honest.tree, total=2 * honest.tree.total))]


def _too_few(honest: MerkleBlock) -> list[Message]:
    return [MerkleBlock(honest.header, replace(honest.tree, total=honest.tree.total - 2))]


def _flags_left(honest: MerkleBlock) -> list[Message]:
    return [MerkleBlock(honest.header, replace(honest.tree, bits=honest.tree.bits + b"\x00"))]


def _padding_set(honest: MerkleBlock) -> list[Message]:
    bits = honest.tree.bits[:-1] + bytes([honest.tree.bits[-1] | 0x80])
    return [MerkleBlock(honest.header, replace(honest.tree, bits=bits))]


def _hash_left(honest: MerkleBlock) -> list[Message]:
    more = (*honest.tree.hashes, Hash256(bytes(32)))
    return [MerkleBlock(honest.header, replace(honest.tree, hashes=more))]


def _inner_node(honest: MerkleBlock) -> list[Message]:
    """The root of a tree of one leaf: the pair of hashes below it would have to read as a transaction."""
    return [MerkleBlock(honest.header, PartialMerkleTree(1, (Hash256(honest.header.merkle_root),), b"\x01"))]


LIES = [_other_root, _equal_neighbours, _too_many, _too_few, _flags_left, _padding_set, _hash_left]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
async def test_a_tree_that_no_honest_node_sends_costs_the_connection_and_finds_nothing(
    tmp_path: Path, chain: ChainBuilder, lie: Lie
) -> None:
    async with (
        BloomPeer(chain) as liar,
        running(tmp_path, liar.address, bloom=True) as fixture,
    ):
        liar.lie = lie
        await synced(fixture, chain)
        order = asyncio.create_task(fixture.node.fetch_filtered(1, chain.height, BLOOM))
        await until(lambda: fixture.node.status().peers == 0, what="the liar's leave")
        assert not order.done()
        order.cancel()


async def test_an_honest_peer_is_asked_for_what_a_liar_was_asked(tmp_path: Path, chain: ChainBuilder) -> None:
    async with (
        BloomPeer(chain) as liar,
        BloomPeer(chain) as honest,
        running(tmp_path, liar.address, honest.address, bloom=True) as fixture,
    ):
        liar.lie = _other_root
        await synced(fixture, chain, 2)
        check(await fixture.node.fetch_filtered(1, chain.height, BLOOM), chain)


async def test_a_transaction_of_64_bytes_is_refused(tmp_path: Path, chain: ChainBuilder) -> None:
    # A miner can make one; as a leaf it could stand for two hashes of a deeper tree (CVE-2017-12842).
    crafty = chain.fork(5, tag=b"crafty")
    short = Transaction(
        2, (TxIn(OutPoint(crafty.blocks[1].transactions[0].txid, 0), b"", 0, ()),), (TxOut(0, b"abcd"),), 0
    )
    assert len(short.serialize()) == 64
    async with BloomPeer(crafty) as peer, running(tmp_path, peer.address, bloom=True) as fixture:
        crafty._append(crafty._build((short,), None))

        def matched(honest: MerkleBlock) -> list[Message]:
            tree = PartialMerkleTree.build([tx.txid for tx in crafty.tip.transactions], [False, True])
            return [MerkleBlock(honest.header, tree), Tx(short.serialize())]

        async def answer(session: Session, message: Any) -> bool:
            for kind, digest in message:
                if kind == InvType.FILTERED_BLOCK and digest == crafty.tip.hash:
                    session.send(*matched(MerkleBlock(crafty.tip.header, partial(crafty.tip)[0])))
            return True

        peer.hooks["getdata"] = answer
        await synced(fixture, crafty)
        order = asyncio.create_task(fixture.node.fetch_filtered(6, 6, BLOOM))
        await until(lambda: fixture.node.status().peers == 0, what="the liar's leave")
        assert not order.done()
        order.cancel()


async def test_what_matches_and_is_not_sent_is_told_as_unseen(tmp_path: Path, chain: ChainBuilder) -> None:
    for lie in (None, _inner_node):
        folder = tmp_path / str(lie is None)
        folder.mkdir()
        async with BloomPeer(chain) as peer, running(folder, peer.address, bloom=True) as fixture:
            peer.withheld, peer.lie = True, lie
            await synced(fixture, chain)
            with patch("wallet.spv.sync_filtered.TRAILING", 0.1):
                batch = await fixture.node.fetch_filtered(1, chain.height, BLOOM)
        (match,) = batch.matches
        assert (match.height, len(match.txids), match.transactions) == (PAID_AT, 1, ())


async def test_a_peer_that_keeps_still_is_replaced(tmp_path: Path, chain: ChainBuilder) -> None:
    async with (
        BloomPeer(chain) as silent,
        BloomPeer(chain) as honest,
        running(tmp_path, silent.address, honest.address, bloom=True) as fixture,
    ):
        silent.held, honest.held = [], []
        await synced(fixture, chain, 2)
        with patch("wallet.spv.sync_filtered.PATIENCE", 0.5):
            order = asyncio.create_task(fixture.node.fetch_filtered(1, chain.height, BLOOM))
            await until(lambda: silent.held and honest.held, what="both to be asked")
        first, second = sorted((silent, honest), key=lambda peer: peer.asked_at)
        # It comes late, and says that nothing matches, as its filter is no longer the one that counts.
        first.sessions[0].send(*nothing_matches(chain), Ping(99))
        await until(lambda: Pong(99) in first.sessions[0].received, what="the late answer to be read")
        assert second.held
        second.sessions[0].send(*second.held)
        check(await order, chain)


async def test_what_was_asked_with_an_older_filter_is_not_taken_for_the_newer_ones(
    tmp_path: Path, chain: ChainBuilder
) -> None:
    async with BloomPeer(chain) as peer, running(tmp_path, peer.address, bloom=True) as fixture:
        await synced(fixture, chain)
        peer.held = []
        first = asyncio.create_task(fixture.node.fetch_filtered(1, chain.height, BLOOM))
        await until(lambda: peer.held and len(peer.held) > chain.height, what="the first order")
        first.cancel()
        second = asyncio.create_task(fixture.node.fetch_filtered(1, chain.height, BLOOM))
        await until(lambda: peer.held and len(peer.held) > 2 * chain.height, what="the second order")
        (session,) = peer.sessions
        session.send(*nothing_matches(chain))
        session.send(*peer.held[chain.height + 1 :])
        check(await second, chain)


async def test_nothing_unasked_is_taken(tmp_path: Path, chain: ChainBuilder) -> None:
    async with BloomPeer(chain) as peer, running(tmp_path, peer.address, bloom=True) as fixture:
        await synced(fixture, chain)
        (session,) = peer.sessions
        for block in chain.blocks:
            session.send(*_other_root(MerkleBlock(block.header, partial(block)[0])))
        session.send(Ping(99))
        await until(lambda: Pong(99) in session.received, what="the node to have read them")
        check(await fixture.node.fetch_filtered(1, chain.height, BLOOM), chain)
        assert fixture.node.status().peers == 1


async def test_blocks_that_leave_the_chain_end_the_order(tmp_path: Path, chain: ChainBuilder) -> None:
    async with BloomPeer(chain) as peer, running(tmp_path, peer.address, bloom=True) as fixture:
        await synced(fixture, chain)
        peer.held = []
        order = asyncio.create_task(fixture.node.fetch_filtered(1, chain.height, BLOOM))
        await until(lambda: peer.held, what="the order")
        longer = chain.fork(20)
        longer.mine(40)
        peer.chain = longer
        peer.announce_tip()
        with pytest.raises(Superseded):
            await order


async def test_an_order_of_too_many_is_a_mistake(tmp_path: Path, chain: ChainBuilder) -> None:
    async with BloomPeer(chain) as peer, running(tmp_path, peer.address, bloom=True) as fixture:
        with pytest.raises(ValueError, match="blocks 0 to 1000"):
            await fixture.node.fetch_filtered(0, 1_000, BLOOM)
