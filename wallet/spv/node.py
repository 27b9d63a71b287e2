"""The asyncio shell around the protocol: carries out what sync, mempool and broadcast decide, answers the engine.

Everything runs on one loop and one thread. Decisions are taken in the parts that do no I/O; here they are carried out
one after the other, never nested: an action that causes others puts them at the end of the queue.
"""

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from wallet.bitcoin.block import Block
from wallet.bitcoin.bloom import BloomFilter
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import Transaction
from wallet.spv.addrman import Ban, PeerBook
from wallet.spv.broadcast import Broadcaster, BroadcastReport, Tell
from wallet.spv.chain import HeaderChain
from wallet.spv.connection import Proxy
from wallet.spv.courier import COURIERS, HANGING_UP_SECONDS, LEAST_SECONDS, Courier
from wallet.spv.links import Link, Links
from wallet.spv.mempool import Ask, Mempool
from wallet.spv.message import GetData, Inv, InvType, Message, NotFound, Pong, Tx
from wallet.spv.node_api import (
    ALONE,
    FilterBatch,
    FilteredBatch,
    NodeConfig,
    NodeListener,
    NodeStatus,
    NodeStopped,
    Package,
    PeerSnapshot,
    Superseded,
)
from wallet.spv.orders import Orders
from wallet.spv.peer import PeerInfo
from wallet.spv.sources import source_of
from wallet.spv.sync import Synchronizer
from wallet.spv.sync_types import (
    Action,
    Answer,
    BlockReady,
    ChainChanged,
    Drop,
    FilteredReady,
    FiltersReady,
    FiltersRevoked,
    Progressed,
    RequestFailed,
    Send,
    Token,
)
from wallet.spv.waiting_room import WaitingRoom

# A block takes ten minutes on average; after so long without one the tip may be out of date.
STALE_AFTER: Final = 90 * 60.0
# And after so long without one another peer is asked, to the third.
LONELY_AFTER: Final = 30 * 60.0
MAX_EXTRA_PEERS: Final = 3
Work: TypeAlias = Action | Ask | Tell


class Clock:
    """Unix time that never runs backwards: where the machine's clock is set back it goes on at the machine's pace."""

    def __init__(self) -> None:
        self._now = time.time()
        self._mark = time.monotonic()

    def __call__(self) -> float:
        """Seconds since the epoch."""
        mark = time.monotonic()
        self._now = max(time.time(), self._now + mark - self._mark)
        self._mark = mark
        return self._now


class Node:
    """The wallet's end of the network. Start it on the running loop; every answer it gives is verified."""

    def __init__(
        self,
        config: NodeConfig,
        headers: HeaderChain,
        synchronizer: Synchronizer,
        listener: NodeListener,
        book: PeerBook | None = None,
    ) -> None:
        self.headers = headers
        self._config = config
        self._sync = synchronizer
        self._listener = listener
        synchronizer.before_revoke(listener.filters_revoked)
        self._clock = Clock()
        self._source = source_of(config, book, secrets.SystemRandom())
        self._mempool = Mempool()
        self._broadcaster = Broadcaster(secrets.SystemRandom(), self._fee_filter)
        self._waiting_room = WaitingRoom(self._broadcaster, self._clock, lambda: self._source.expected)
        proxy = Proxy.parse(config.proxy) if config.proxy else None
        magic, agent, chance = config.params.magic, config.user_agent, secrets.SystemRandom()
        self._links = Links(magic, self._source, self, self._clock, proxy=proxy, user_agent=agent)
        self._links.relay = not config.bloom
        self._courier = None if proxy is None else Courier(magic, proxy, self._clock, chance, agent)
        self._carrying: set[asyncio.Task[None]] = set()
        self._queue: deque[Work] = deque()
        self._working = False
        self._tokens = itertools.count(1)
        self._orders = Orders()
        self._failure: BaseException | None = None

    # ---- life

    async def start(self) -> None:
        """Begin to dial peers."""
        self._links.start()

    async def stop(self) -> None:
        """Close every connection; who still waits for something gets NodeStopped."""
        self._orders.refuse_all(NodeStopped("the node was stopped"))
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        await self._links.stop()

    # ---- what the engine asks

    @property
    def filter_tip(self) -> int:
        """The height up to which filter headers are verified."""
        return self._sync.progress().filter_height

    def want_from(self, height: int) -> None:
        """The lowest height whose header and filter header anybody needs: the birthday."""
        self._do(self._sync.want_from(height, self._clock()))

    async def fetch_filters(self, start: int, stop: int) -> FilterBatch:
        """The filters from a height to another (included; at most 1,000 of them). Waits for peers as long as it takes.

        Raises Superseded when a reorganisation removed one of the blocks, NodeStopped.
        """
        token = next(self._tokens)
        batch: FilterBatch = await self._wait(token, self._sync.request_filters(token, start, stop, self._clock()))
        return batch

    def load_bloom(self, bloom: BloomFilter) -> None:
        """Have peers announce the unconfirmed transactions that match a filter (BIP37)."""
        self._do(self._sync.load_bloom(bloom))

    async def fetch_filtered(self, start: int, stop: int, bloom: BloomFilter) -> FilteredBatch:
        """The blocks of these heights (at most 1,000) as a peer filters them. Waits and raises as `fetch_filters`."""
        token = next(self._tokens)
        actions = self._sync.request_filtered(token, start, stop, bloom, self._clock())
        batch: FilteredBatch = await self._wait(token, actions)
        return batch

    async def fetch_block(self, height: int) -> Block:
        """The block at a height, checked against its header. Waits for peers; raises Superseded, NodeStopped."""
        token = next(self._tokens)
        block: Block = await self._wait(token, self._sync.request_block(token, height, self._clock()))
        return block

    async def _wait(self, token: Token, actions: Iterable[Action]) -> Any:
        if self._failure is not None:
            raise self._failure
        answer = self._orders.begin(token)
        try:
            self._do(actions)
            return await answer
        except asyncio.CancelledError:
            self._do(self._sync.cancel(token))
            raise
        finally:
            self._orders.end(token)

    async def broadcast(self, raw_tx: bytes, seconds: float, package: Package = ALONE) -> BroadcastReport:
        """Announce a payment and wait until it is known to have travelled, at the most `seconds`.

        Raises ParseError for bytes that are no transaction.
        """
        transaction = Transaction.parse(raw_tx)
        parents = [Transaction.parse(raw) for raw in package.parents]
        for each in (*parents, transaction):
            self._mempool.note_own(each)
        if self._courier is None or seconds < LEAST_SECONDS:
            self._do(self._broadcaster.start(transaction, parents, package.fee_rate))
        else:
            self._broadcaster.hold(transaction, parents, package.fee_rate)
            self._carrying.add(task := asyncio.create_task(self._carry(self._courier, transaction, parents)))
            task.add_done_callback(self._carrying.discard)
        await self._waiting_room.wait_for(transaction.txid, seconds)
        if self._carrying and self._broadcaster.report(transaction.txid).propagated:
            await asyncio.wait(self._carrying, timeout=HANGING_UP_SECONDS)  # who announced it was quicker
        return self._broadcaster.finish(transaction.txid)

    async def _carry(self, courier: Courier, transaction: Transaction, parents: list[Transaction]) -> None:
        """Hand a payment out over connections of its own; where none of them serves, tell the ordinary peers."""
        endpoints = self._source.couriers(COURIERS, self._clock())
        self._broadcaster.bar(transaction.txid, [str(endpoint) for endpoint in endpoints])
        reports = await asyncio.gather(*(courier.carry(endpoint, transaction, parents) for endpoint in endpoints))
        for endpoint, report in zip(endpoints, reports, strict=True):
            self._broadcaster.carried(transaction.txid, str(endpoint), report)
        if not any(report.requested_by for report in reports):
            self._do(self._broadcaster.release(transaction.txid))
        self._waiting_room.tell()

    def _fee_filter(self, peer_id: int) -> int:
        return self._links.fee_filter(peer_id)

    def watch_transactions(self, watching: bool) -> None:
        """Whether to fetch every unconfirmed transaction that peers announce, and announced in the last minutes."""
        self._links.let_all_announce(watching)
        self._do(self._mempool.watch(watching, self._clock()))

    def seen_by(self, txid: Txid) -> int:
        """How many peers announced an unconfirmed transaction."""
        return self._mempool.seen_by(txid)

    def tips_reconciled(self) -> bool:
        """Whether the tips that all connected peers announced are in our chain, or were answered for."""
        return self._sync.tips_reconciled()

    def status(self) -> NodeStatus:
        """Where the node stands."""
        progress = self._sync.progress()
        return NodeStatus(
            peers=len(self._links.links),
            header_height=progress.header_height,
            announced_height=progress.announced_height,
            headers_synced=progress.headers_synced,
            stale=self._is_stale(),
            filter_header_height=progress.filter_height,
            bytes_received=self._links.received,
            transaction_bytes=self._mempool.fetched_bytes,
            agreed_by=progress.agreed_by,
        )

    def _is_stale(self) -> bool:
        """Whether the newest block is old. Without its header (before the first sync) nothing is known."""
        age = self._tip_age(self._clock())
        return age is None or age > STALE_AFTER

    def _tip_age(self, now: float) -> float | None:
        tip = self.headers.tip_height
        return None if tip < self.headers.base_height else now - self.headers.header_at(tip).time

    def _extra_peers(self, now: float) -> int:
        """How many peers to ask beyond the usual ones: all that there are may be of one mind, or of one master."""
        age = self._tip_age(now) if self._sync.progress().headers_synced else None
        return 0 if age is None else max(0, min(MAX_EXTRA_PEERS, int(age // LONELY_AFTER)))

    def peers(self) -> list[PeerSnapshot]:
        """The peers whose handshake is complete."""
        return [_snapshot(link) for link in self._links.links]

    def bans(self) -> list[Ban]:
        """Who is kept away from, until when and why."""
        return self._links.bans()

    # ---- what the connections report (LinkHandler)

    def peer_ready(self, info: PeerInfo) -> None:
        """A handshake is complete."""
        self._mempool.peer_ready(info.id)
        self._do(self._sync.peer_ready(info, self._clock()))
        self._do(self._broadcaster.peer_ready(info))
        self._changed()

    def peer_gone(self, peer_id: int) -> None:
        """A peer that was ready is gone."""
        now = self._clock()
        self._broadcaster.peer_gone(peer_id)
        self._do(self._mempool.peer_gone(peer_id, now))
        self._do(self._sync.peer_gone(peer_id, now))
        self._changed()

    def _changed(self) -> None:
        self._listener.peers_changed()
        self._waiting_room.tell()

    def message(self, peer_id: int, message: Message) -> None:
        """A peer says something. Raises PeerFault."""
        now = self._clock()
        match message:
            case Tx(raw):
                self._do(self._sync.receive(peer_id, message, now))
                self._on_transaction(peer_id, raw, now)
            case Inv():
                self._on_inventory(peer_id, message, now)
            case GetData():
                self._do(self._broadcaster.requested(peer_id, message))
                self._waiting_room.tell()
            case Pong(nonce):
                if self._broadcaster.ponged(peer_id, nonce):
                    self._waiting_room.tell()
            case NotFound():
                self._do(self._mempool.not_found(peer_id, [digest for _, digest in message.pairs()], now))
                self._do(self._sync.receive(peer_id, message, now))
            case _:
                self._do(self._sync.receive(peer_id, message, now))

    def _on_transaction(self, peer_id: int, raw: bytes, now: float) -> None:
        transaction, asks = self._mempool.received(peer_id, raw, now)
        self._do(asks)
        if transaction is not None:
            self._listener.transaction_seen(transaction, peer_id, raw)

    def _on_inventory(self, peer_id: int, inventory: Inv, now: float) -> None:
        if self._broadcaster.announced(peer_id, inventory):
            self._waiting_room.tell()
        self._do(self._mempool.announced(peer_id, inventory, now))
        blocks = [item for item in inventory.pairs() if item[0] == InvType.BLOCK]
        if blocks:
            self._do(self._sync.receive(peer_id, Inv.of(blocks[-1]), now))  # the newest, which leads to the others

    def tick(self, now: float) -> None:
        """About a second has passed."""
        self._source.widen(self._extra_peers(now))
        self._sync.note_received({link.peer.dialled.id: link.connection.received for link in self._links.links}, now)
        self._do(self._sync.tick(now))
        for peer_id in self._sync.served():
            self._links.proved(peer_id, now)
        self._do(self._mempool.tick(now))
        self._do(self._broadcaster.tick(now))
        self._waiting_room.tell()

    def failed(self, error: BaseException) -> None:
        """Something broke that is no peer's fault: a full disk, or a defect. Nobody waits in vain."""
        self._failure = error
        self._orders.refuse_all(error)
        self._listener.failed(error)

    # ---- actions

    def _do(self, work: Iterable[Work]) -> None:
        """Carry out actions in order. Called from within an action: after those that are queued already."""
        self._queue.extend(work)
        if self._working:
            return
        self._working = True
        try:
            while self._queue:
                self._carry_out(self._queue.popleft())
        finally:
            self._working = False

    def _carry_out(self, work: Work) -> None:
        match work:
            case Send(peer_id, message) | Tell(peer_id, message) | Ask(peer_id, message):
                self._links.send(peer_id, message)
            case Drop(peer_id, reason, ban):
                self._links.drop(peer_id, reason, ban=ban)
            case FiltersReady() | FilteredReady() | BlockReady() | RequestFailed():
                self._answer(work)
            case ChainChanged() | Progressed():
                self._report(work)
            case FiltersRevoked():
                pass  # the listener knows: it was told before they were forgotten

    def _answer(self, work: Answer) -> None:
        match work:
            case FiltersReady(token, start, block_hashes, filters):
                self._orders.resolve(token, FilterBatch(start, block_hashes, filters))
            case FilteredReady(token, start, block_hashes, matches):
                self._orders.resolve(token, FilteredBatch(start, block_hashes, matches))
            case BlockReady(token, block, _):
                self._orders.resolve(token, block)
            case RequestFailed(token, reason):
                self._orders.refuse(token, Superseded(reason))

    def _report(self, work: ChainChanged | Progressed) -> None:
        match work:
            case ChainChanged(update):
                self._listener.chain_changed(update)
            case Progressed():
                self._listener.progress_changed()


def _snapshot(link: Link) -> PeerSnapshot:
    peer, info = link.peer, link.peer.info
    return PeerSnapshot(
        id=info.id,
        address=info.address,
        version=info.version,
        services=info.services,
        user_agent=info.user_agent,
        transport=info.transport,
        netgroup=info.netgroup,
        role="manual" if info.manual else "outbound",
        height=info.start_height,
        latency=peer.latency,
        received=link.connection.received,
        sent=link.connection.sent,
        clock_offset=peer.clock_offset,
        fee_filter=peer.fee_filter,
    )
