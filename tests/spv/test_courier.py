"""Behind a proxy a payment goes out over connections of its own, and the ordinary peers only listen."""

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import ScriptedPeer, until
from tests.peers.socks import SocksProxy
from tests.spv.chains import MemoryStore
from tests.spv.node_fixture import Listener
from wallet.bitcoin.network import REGTEST
from wallet.spv import courier
from wallet.spv.broadcast import BroadcastReport
from wallet.spv.chain import HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.message import Inv, Tx
from wallet.spv.node import Node
from wallet.spv.node_api import NodeConfig
from wallet.spv.sync import Synchronizer

SCRIPT = bytes([0, 20]) + bytes(20)


def node_behind(proxy: SocksProxy, *peers: str) -> Node:
    """Two peers by name, or those that are said; the proxy leads all to one scripted peer."""
    config = NodeConfig(REGTEST, peers=peers or ("one.example:1", "two.example:2"), proxy=proxy.address)
    headers = HeaderChain(REGTEST, config.checkpoints, MemoryStore())
    filters = FilterHeaderChain(REGTEST, (), MemoryStore(32), headers)
    return Node(config, headers, Synchronizer(REGTEST, headers, filters), Listener())


@pytest.fixture
def chain() -> ChainBuilder:
    builder = ChainBuilder()
    builder.mine(5)
    return builder


async def test_a_payment_travels_on_connections_that_are_made_for_it_and_closed(chain: ChainBuilder) -> None:
    payment = chain.pay((SCRIPT, 1_000))
    async with ScriptedPeer(chain) as peer, SocksProxy(("127.0.0.1", peer.port)) as proxy:
        node = node_behind(proxy)
        await node.start()
        try:
            await until(lambda: len(node.peers()) == 2)
            ordinary = list(peer.sessions)
            before = len(proxy.asked)
            report = await node.broadcast(payment.serialize(), 15.0)
            assert report == BroadcastReport(1, 1, 1, propagated=True)
            assert payment.txid in peer.mempool
            made = proxy.asked[before:]
            assert {asked.host for asked in made} == {"one.example"}
            assert len({asked.login for asked in proxy.asked}) == len(proxy.asked), "no login is used twice"
            assert not any(isinstance(message, Inv | Tx) for session in ordinary for message in session.received)
            await until(lambda: set(peer.sessions) <= set(ordinary), what="the end of the connections made for it")
        finally:
            await node.stop()


async def test_where_no_such_connection_serves_the_ordinary_peers_are_told(
    chain: ChainBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "CARRY_SECONDS", 0.5)
    payment = chain.pay((SCRIPT, 1_000))
    async with ScriptedPeer(chain) as peer, SocksProxy(("127.0.0.1", peer.port)) as proxy:
        node = node_behind(proxy)
        await node.start()
        try:
            await until(lambda: len(node.peers()) == 2)
            proxy.refusing = True
            report = await node.broadcast(payment.serialize(), 12.0)
            assert report.sent_to == 1
            assert payment.txid in peer.mempool
            assert report.propagated, "the other one announced it"
        finally:
            await node.stop()


async def test_a_single_peer_gets_it_over_a_second_connection_and_proves_nothing(chain: ChainBuilder) -> None:
    payment = chain.pay((SCRIPT, 1_000))
    async with ScriptedPeer(chain) as peer, SocksProxy(("127.0.0.1", peer.port)) as proxy:
        node = node_behind(proxy, "one.example:1")
        await node.start()
        try:
            await until(lambda: len(node.peers()) == 1)
            report = await node.broadcast(payment.serialize(), 15.0)
            assert report == BroadcastReport(1, 1, 0, propagated=False)
            assert len({asked.login for asked in proxy.asked}) == len(proxy.asked) >= 2
        finally:
            await node.stop()
