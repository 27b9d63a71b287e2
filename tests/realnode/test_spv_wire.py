"""The wire and the generated chain, judged by a real node."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TypeVar

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import until
from tests.realnode.node import RealNode, wait_until
from tests.spv.test_connection import Recorder
from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import ZERO, BlockHash, FilterHeader, Txid
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.transaction import Transaction
from wallet.spv.addrman import Endpoint, ManualPeers
from wallet.spv.links import Links
from wallet.spv.message import (
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
    GetCFCheckpt,
    GetCFHeaders,
    GetCFilters,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvType,
    Message,
    NotFound,
    Services,
    Tx,
)

M = TypeVar("M", bound=Message)
# A p2wpkh address of regtest that belongs to nobody: the hash of all zeros.
NOBODY = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"


class Wire:
    """A connection to a node, and everything that it said."""

    def __init__(self, links: Links, seen: Recorder) -> None:
        self.links = links
        self.seen = seen

    def send(self, message: Message) -> None:
        self.links.send(self.seen.ready[-1].id, message)

    async def answer(self, kind: type[M]) -> M:
        await until(lambda: any(isinstance(message, kind) for message in self.seen.messages), what=kind.__name__)
        found = next(message for message in self.seen.messages if isinstance(message, kind))
        self.seen.messages.remove(found)
        return found


@contextlib.asynccontextmanager
async def wire(node: RealNode) -> AsyncIterator[Wire]:
    seen = Recorder()
    links = Links(REGTEST.magic, ManualPeers([Endpoint.parse(node.address, 1)]), seen, time.time)
    links.start()
    try:
        await until(lambda: seen.ready, what="the node's handshake")
        yield Wire(links, seen)
    finally:
        await links.stop()
        assert seen.errors == []


async def test_the_node_takes_our_handshake_and_answers_our_pings(node: RealNode) -> None:
    async with wire(node) as talk:
        (info,) = talk.seen.ready
        assert info.version >= 70016
        assert info.serves_filters
        assert info.serves_history
        assert info.services & Services.P2P_V2
        assert info.wtxid_relay
        (link,) = talk.links.links
        await until(lambda: link.peer.latency is not None, what="a pong")

        (ours,) = await asyncio.to_thread(node.getpeerinfo)
        assert (ours["subver"], ours["version"], ours["services"]) == ("/Wren:0.1/", 70016, "0000000000000000")
        assert ours["relaytxes"]
        assert ours["transport_protocol_type"] == "v2"


async def test_the_node_answers_every_question_of_a_wallet(node: RealNode) -> None:
    node.mine(1_005)
    node.wait_for_filters()
    tip = BlockHash.from_hex(node.getbestblockhash())
    async with wire(node) as talk:
        talk.send(GetHeaders(70016, (REGTEST.genesis_hash,), BlockHash(ZERO)))
        headers = await talk.answer(Headers)
        assert headers.count == 1_005
        assert headers.header(1_004).hash == tip

        talk.send(GetCFCheckpt(tip))
        checkpoints = await talk.answer(CFCheckpt)
        talk.send(GetCFHeaders(1, tip))
        hashes = await talk.answer(CFHeaders)
        assert checkpoints.count == 1
        assert hashes.count == 1_005
        assert hashes.previous == REGTEST.genesis_filter_header

        talk.send(GetCFilters(1_005, tip))
        last = await talk.answer(CFilter)
        told = node.getblockfilter(str(tip))
        assert (last.block_hash, last.filter.hex()) == (tip, told["filter"])
        checkpoint = node.getblockfilter(node.getblockhash(1_000))["header"]
        assert checkpoints.filter_headers == [FilterHeader.from_hex(checkpoint)]

        talk.send(GetData.of((InvType.WITNESS_BLOCK, tip), (InvType.WITNESS_TX, bytes(32))))
        block = Block.parse((await talk.answer(BlockMessage)).raw)
        block.check(segwit=True)
        assert block.header.hash == tip
        assert [item.hash for item in await talk.answer(NotFound)] == [bytes(32)]


async def test_an_unconfirmed_payment_is_announced_and_fetched(node: RealNode) -> None:
    node.mine(101)
    async with wire(node) as talk:
        txid = Txid.from_hex(await asyncio.to_thread(node.fund, NOBODY, 123_456))
        wtxids: list[bytes] = []
        while not wtxids:
            # The first may be about the node's tip.
            wtxids = [item.hash for item in await talk.answer(Inv) if item.type == InvType.WTX]
        talk.send(GetData.of(*((InvType.WTX, wtxid) for wtxid in wtxids)))
        payment = Transaction.parse((await talk.answer(Tx)).raw)

    assert payment.txid == txid
    assert wtxids == [payment.wtxid]
    assert 123_456 in [output.amount for output in payment.outputs]


async def test_the_node_takes_the_generated_chain_for_valid_and_builds_the_same_filters(node: RealNode) -> None:
    chain = ChainBuilder()
    chain.mine(105)
    chain.mine_payment(bytes([0, 20]) + bytes(20), 123_456)
    chain.mine(50)
    for block in chain.blocks[1:]:
        assert node.submitblock(block.raw.hex()) is None
    node.wait_for_filters()

    assert node.getbestblockhash() == str(chain.tip.hash)
    for height in (0, 1, 106, chain.height):
        told = node.getblockfilter(node.getblockhash(height))
        assert told["filter"] == chain.blocks[height].filter.hex()
        assert told["header"] == str(chain.blocks[height].filter_header)


async def test_the_node_takes_a_payment_that_we_send(node: RealNode) -> None:
    chain = ChainBuilder()
    chain.mine(120)
    for block in chain.blocks[1:]:
        node.submitblock(block.raw.hex())
    payment = chain.pay((bytes([0, 20]) + bytes(20), 500_000))
    async with wire(node) as talk:
        # A fresh chain is old: the node takes no transactions until it believes itself up to date.
        await asyncio.to_thread(node.mine, 1)
        talk.send(Inv.of((InvType.WTX, payment.wtxid)))
        asked = await talk.answer(GetData)
        assert [item.hash for item in asked] == [payment.wtxid]
        talk.send(Tx(payment.serialize()))
        await asyncio.to_thread(
            wait_until, lambda: str(payment.txid) in node.getrawmempool(), what="the payment in the node's mempool"
        )
