"""Encrypted connections with a real node (BIP324), and version 1 with one that does not offer them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.peers.scripted import until
from tests.realnode.node import RealNode
from tests.realnode.test_spv_wire import Wire, wire
from tests.spv.node_fixture import running
from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import ZERO, BlockHash
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import BlockMessage, GetData, GetHeaders, Headers, InvType, Ping, Pong
from wallet.spv.transport_v2 import V2Transport


async def test_a_session_with_a_real_node_is_encrypted(node: RealNode) -> None:
    await asyncio.to_thread(node.mine, 110)
    tip = BlockHash.from_hex(await asyncio.to_thread(node.getbestblockhash))
    async with wire(node) as talk:
        (link,) = talk.links.links
        (told,) = await asyncio.to_thread(node.getpeerinfo)
        assert link.peer.info.transport == "v2"
        assert told["transport_protocol_type"] == "v2"
        assert isinstance(link.transport, V2Transport)
        # Both ends derived the same keys from the same bytes: nobody sits in between.
        assert told["session_id"] == link.transport.session_id.hex()

        talk.send(GetHeaders(70016, (REGTEST.genesis_hash,), BlockHash(ZERO)))
        headers = await talk.answer(Headers)
        assert (headers.count, headers.header(109).hash) == (110, tip)
        talk.send(GetData.of((InvType.WITNESS_BLOCK, tip)))
        block = Block.parse((await talk.answer(BlockMessage)).raw)
        block.check(segwit=True)
        assert block.header.hash == tip


async def test_keys_are_renewed_in_step_with_the_node(node: RealNode) -> None:
    async with wire(node) as talk:
        for nonce in range(1_000):
            talk.send(Ping(nonce))
        await until(_pongs(talk, 1_000), what="all pongs")
        (link,) = talk.links.links

    assert link.peer.info.transport == "v2"


def _pongs(talk: Wire, count: int) -> Callable[[], bool]:
    return lambda: [message.nonce for message in talk.seen.messages if isinstance(message, Pong)] == [*range(count)]


async def test_a_node_without_version_2_is_spoken_to_in_version_1(real_node_command: list[str]) -> None:
    with RealNode(real_node_command, "-v2transport=0") as node:
        async with wire(node) as talk:
            (told,) = await asyncio.to_thread(node.getpeerinfo)

    assert talk.seen.ready[0].transport == "v1"
    assert told["transport_protocol_type"] == "v1"


async def test_the_wallets_node_syncs_encrypted_and_says_so(node: RealNode, tmp_path: Path) -> None:
    await asyncio.to_thread(node.mine, 150)
    await asyncio.to_thread(node.wait_for_filters)
    async with running(tmp_path, node.address) as fixture:
        await until(lambda: fixture.node.filter_tip == 150, what="the sync")
        filters = await fixture.node.fetch_filters(1, 150)
        (peer,) = fixture.node.peers()

    assert peer.transport == "v2"
    assert len(filters.filters) == 150
