"""The real engine with its real storage, vault and chain; only the network is scripted by the test."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.peers.chain import ChainBuilder
from wallet import app
from wallet.bitcoin.block import Block
from wallet.bitcoin.bloom import BloomFilter
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.engine.engine import WrenEngine
from wallet.engine.parts import ChainFiles, Parts
from wallet.spv.addrman import Ban
from wallet.spv.broadcast import BroadcastReport
from wallet.spv.node_api import ALONE, FilterBatch, FilteredBatch, NodeListener, NodeStatus, Package, PeerSnapshot

CHEAP = (19 * 1024, 1, 1)
FOREIGN = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"


@dataclass
class ScriptedNode:
    """What the engine sees of the network, as the fields say; blocks and filters are those of `chain`."""

    chain: ChainBuilder
    files: ChainFiles
    listener: NodeListener
    peer_count: int = 1
    headers_synced: bool = True
    stopped: bool = False
    received: int = 0
    fetched: int = 0
    watching: list[bool] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    on_block: Callable[[int], None] = lambda _: None
    on_broadcast: Callable[[bytes], None] = lambda _: None

    headers_after: float = 0.0

    async def start(self) -> None:
        if self.headers_after:
            asyncio.get_running_loop().call_later(self.headers_after, self.feed)
        else:
            self.feed()

    async def stop(self) -> None:
        self.stopped = True

    def feed(self) -> None:
        """Let the engine have the chain's headers."""
        headers = self.files.headers
        if headers.tip_height < self.chain.height:
            raw = self.chain.raw_headers(headers.tip_height + 1)
            self.listener.chain_changed(headers.connect(raw, self.chain.tip.header.time, 1))

    async def fetch_filters(self, start: int, stop: int) -> FilterBatch:
        blocks = self.chain.blocks[start : stop + 1]
        return FilterBatch(start, tuple(block.hash for block in blocks), [block.filter for block in blocks])

    def load_bloom(self, bloom: BloomFilter) -> None:
        pass

    async def fetch_filtered(self, start: int, stop: int, bloom: BloomFilter) -> FilteredBatch:
        raise NotImplementedError

    async def fetch_block(self, height: int) -> Block:
        self.files.headers.hash_at(height)  # the real node looks it up: LookupError where there is none
        self.on_block(height)
        return Block.parse(self.chain.blocks[height].raw)

    async def broadcast(self, raw_tx: bytes, seconds: float, package: Package = ALONE) -> BroadcastReport:
        await asyncio.sleep(0)
        self.on_broadcast(raw_tx)
        if self.peer_count:
            self.sent.append(raw_tx)
        return BroadcastReport(self.peer_count, self.peer_count, 0, propagated=False)

    def status(self) -> NodeStatus:
        tip = self.files.headers.tip_height
        return NodeStatus(
            self.peer_count, tip, tip, self.headers_synced, False, self.filter_tip, self.received, self.fetched
        )

    def peers(self) -> list[PeerSnapshot]:
        return [PEER] * self.peer_count

    def bans(self) -> list[Ban]:
        return []

    def tips_reconciled(self) -> bool:
        return self.headers_synced

    def want_from(self, height: int) -> None:
        self.wanted.append(height)

    def seen_by(self, txid: Txid) -> int:
        return 0

    def watch_transactions(self, watch: bool) -> None:
        self.watching.append(watch)

    @property
    def filter_tip(self) -> int:
        return min(self.chain.height, self.files.headers.tip_height)


PEER: Any = SimpleNamespace(fee_filter=1_000)  # satoshis per 1,000 vB


class World:
    """An engine on a data folder of the test's own, and the nodes that it has made so far."""

    def __init__(self, folder: Path, chain: ChainBuilder | None = None, network: str = "regtest") -> None:
        self.folder = folder
        self.chain = chain or ChainBuilder()
        self.nodes: list[ScriptedNode] = []
        self.headers_after = 0.0
        self.events: list[api.Event] = []
        self.options = api.EngineOptions(network=network, data_dir=str(folder), kdf=CHEAP)
        self.parts = replace(app._parts(self.options), make_node=self._make_node)
        self.engine = self.start(self.parts)

    def start(self, parts: Parts) -> WrenEngine:
        """An engine of other parts in the place of the first."""
        self.engine = WrenEngine(parts)
        self.engine.subscribe(self.events.append)
        return self.engine

    @property
    def node(self) -> ScriptedNode:
        return self.nodes[-1]

    def _make_node(self, files: ChainFiles, listener: NodeListener, _known: object) -> ScriptedNode:
        self.nodes.append(ScriptedNode(self.chain, files, listener, headers_after=self.headers_after))
        return self.nodes[-1]

    async def create(self, name: str = "default") -> None:
        await self.engine.run(api.CreateWallet(name, None, vault="file"))

    async def fund(self, *amounts: int) -> None:
        """Have each amount paid to an address of its own, in a block of its own, and found."""
        for amount in amounts:
            await self.engine.run(api.GetReceiveAddress(fresh=True))
            row = (await self.engine.run(api.GetAddresses()))[-1]
            script = next(script for script, ref in self._scripts() if not row.change and self._is(row, ref))
            self.chain.mine_payment(script, amount)
        await self.sync()

    def _scripts(self) -> Any:
        return self.session.ledger.keychain.scripts().items()

    def _is(self, row: api.AddressRow, ref: Any) -> bool:
        return bool(self.session.view.path(ref) == row.path)

    @property
    def session(self) -> Any:
        return self.engine._session

    async def sync(self) -> api.SyncReport:
        if self.nodes:
            self.node.feed()
        return await self.engine.run(api.Synchronise(10.0))

    async def prepare(self, amount: int, address: str = FOREIGN) -> api.PaymentReview:
        return await self.engine.run(api.PreparePayment(((address, amount),), fee_rate=2.0))

    async def send(self, review: api.PaymentReview) -> api.SendResult:
        return await self.engine.run(api.SendPayment(review.id, None, timeout=0.2))

    def stored(self, name: str = "default") -> dict[Txid, bytes]:
        """The transactions that stand in the wallet's database: what a kill -9 would leave."""
        session = self.session
        assert session.entry.name == name
        return {record.txid: record.raw for record in session.store.load().transactions.values() if record is not None}


def txid_of(raw: bytes) -> Txid:
    return Transaction.parse(raw).txid
