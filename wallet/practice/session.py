"""One connection to the practice node, seen from the node: what it answers to each message. No I/O.

It behaves as the reference node does on the wire, silences and disconnects included (BIPs 37, 130, 133, 155, 157, 339).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from wallet.bitcoin.codec import ParseError, compact_size
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.transaction import Transaction
from wallet.practice.bloom import PeerFilter
from wallet.practice.chain import StoredBlock
from wallet.practice.state import NodeState
from wallet.spv.message import (
    BASIC_FILTER,
    MAX_CFHEADERS,
    MAX_CFILTERS,
    MAX_HEADERS,
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
    FeeFilter,
    FilterAdd,
    FilterClear,
    FilterLoad,
    GetCFCheckpt,
    GetCFHeaders,
    GetCFilters,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvType,
    MemPool,
    Message,
    NetworkAddress,
    NotFound,
    Ping,
    Pong,
    SendAddrV2,
    SendHeaders,
    Services,
    Tx,
    Verack,
    Version,
    WtxidRelay,
)

PROTOCOL: Final = 70016
MINIMUM: Final = 31800
SERVICES: Final = Services.NETWORK | Services.WITNESS | Services.COMPACT_FILTERS | Services.P2P_V2
INTERVAL: Final = 1_000
"""Blocks between two filter headers of a getcfcheckpt."""
_BLOCKS: Final = frozenset({InvType.BLOCK, InvType.WITNESS_BLOCK})
_BLOOM: Final = frozenset({"mempool", "filterload", "filteradd", "filterclear"})
_TRANSACTIONS: Final = frozenset({InvType.TX, InvType.WTX, InvType.WITNESS_TX})


class Disconnect(Exception):
    """The node hangs up; the reason is for the log."""


class Session:
    """The node's end of one connection. `receive` answers what to send; `Disconnect` ends it."""

    def __init__(self, state: NodeState, nonce: int, agent: bytes = b"/WrenPractice:1/") -> None:
        self._state = state
        self._nonce = nonce
        self._agent = agent
        self.version: Version | None = None
        self.ready = False
        self._by_wtxid = False
        self._by_headers = False
        self._known: set[bytes] = set()
        self._filter: PeerFilter | None = None
        self._asked_for_relay = False
        self.accepted: list[Transaction] = []

    # --- what the peer says

    def receive(self, message: Message, now: int) -> Iterator[Message]:
        """The answers to a message, in order. Raises Disconnect. now: Unix seconds."""
        if self.version is None:
            if isinstance(message, Version):
                yield from self._greet(message, now)
            return
        if not self.ready:
            yield from self._shake_hands(message)
            return
        yield from self._answer(message)

    def _greet(self, message: Version, now: int) -> Iterator[Message]:
        if message.protocol < MINIMUM:
            raise Disconnect(f"version {message.protocol} is too old")
        if message.nonce == self._nonce:
            raise Disconnect("connected to itself")
        self.version = message
        nowhere = NetworkAddress.unspecified()
        height = self._state.chain.height
        services = SERVICES | Services.BLOOM if self._state.bloom else SERVICES
        yield Version(PROTOCOL, services, now, nowhere, nowhere, self._nonce, self._agent, height, relay=True)
        if message.protocol >= PROTOCOL:
            yield WtxidRelay()
            yield SendAddrV2()
        yield Verack()

    def _shake_hands(self, message: Message) -> Iterator[Message]:
        match message:
            case WtxidRelay():
                self._by_wtxid = True
            case Verack():
                self.ready = True
                if self.relays:
                    yield FeeFilter(self._state.mempool.relay_rate.sat_per_kvb)
            case _:
                pass

    @property
    def relays(self) -> bool:
        """Whether the peer wants transactions."""
        return self._asked_for_relay or (self.version is not None and self.version.relay)

    def _answer(self, message: Message) -> Iterator[Message]:
        match message:
            case WtxidRelay() | SendAddrV2():
                raise Disconnect(f"{message.command} after verack")
            case SendHeaders():
                self._by_headers = True
            case Ping(nonce):
                yield Pong(nonce)
            case Inv():
                yield from self._wanted(message)
            case Tx(raw):
                self._take(raw)
            case _:
                yield from self._serve(message)

    def _serve(self, message: Message) -> Iterator[Message]:
        match message:
            case GetHeaders() if message.locator or self._state.known_block(message.stop) is not None:
                yield Headers(self._headers_after(message))
            case GetData():
                yield from self._give(message)
            case GetCFilters():
                for block in self._range(message, MAX_CFILTERS):
                    yield CFilter(block.hash, block.filter)
            case GetCFHeaders():
                yield self._filter_hashes(message)
            case GetCFCheckpt():
                yield self._checkpoints(message)
            case _ if message.command in _BLOOM and not self._state.bloom:
                raise Disconnect(f"{message.command}, and bloom filters are not served")
            case _:
                yield from self._filtering(message)

    def _filtering(self, message: Message) -> Iterator[Message]:
        match message:
            case FilterLoad():
                self._filter, self._asked_for_relay = PeerFilter(message), True
            case FilterAdd(element):
                if self._filter is None:
                    raise Disconnect("filteradd without a filter")
                self._filter.add(element)
            case FilterClear():
                self._filter, self._asked_for_relay = None, True
            case MemPool():
                waiting = [entry.transaction for entry in self._state.mempool.entries.values()]
                self._known.clear()
                yield from self.announce_transactions(waiting)
            case _:
                pass

    # --- headers and filters

    def _headers_after(self, request: GetHeaders) -> bytes:
        chain = self._state.chain
        if not request.locator and (found := self._state.known_block(request.stop)) is not None:
            return found.header.serialize()
        known = (height for height in map(chain.height_of, request.locator) if height is not None)
        first = next(known, 0) + 1
        stop = chain.height_of(request.stop)
        last = chain.height if stop is None or stop < first else stop
        return chain.raw_headers(first, min(MAX_HEADERS, max(0, last - first + 1)))

    def _stop(self, stop: BlockHash, filter_type: int) -> StoredBlock:
        found = self._state.known_block(stop)
        if filter_type != BASIC_FILTER:
            raise Disconnect(f"unknown filter type {filter_type}")
        if found is None:
            raise Disconnect("an unknown block as the end of a range of filters")
        return found

    def _range(self, request: GetCFilters | GetCFHeaders, most: int) -> list[StoredBlock]:
        last = self._stop(request.stop, request.filter_type)
        if request.start_height > last.height:
            raise Disconnect("a range of filters that ends before it begins")
        if last.height - request.start_height >= most:
            raise Disconnect(f"a range of more than {most}")
        return self._state.branch(last, request.start_height)

    def _filter_hashes(self, request: GetCFHeaders) -> CFHeaders:
        blocks = self._range(request, MAX_CFHEADERS)
        previous = self._state.filter_header_before(blocks[0])
        return CFHeaders(request.stop, previous, b"".join(block.filter_hash for block in blocks))

    def _checkpoints(self, request: GetCFCheckpt) -> CFCheckpt:
        last = self._stop(request.stop, request.filter_type)
        blocks = self._state.branch(last, 0)
        return CFCheckpt(request.stop, b"".join(block.filter_header for block in blocks[INTERVAL::INTERVAL]))

    # --- blocks and transactions

    def _give(self, request: GetData) -> Iterator[Message]:
        missing: list[tuple[int, bytes]] = []
        for kind, digest in request.pairs():
            if kind in _BLOCKS:
                # Blocks that are not there are passed over in silence, as the reference node does.
                found = self._state.known_block(digest)
                if found is not None:
                    yield BlockMessage(_block_bytes(found, witness=kind == InvType.WITNESS_BLOCK))
            elif kind == InvType.FILTERED_BLOCK:
                yield from self._filtered(digest)
            elif not self.relays:
                continue  # who wants no transactions announced gets none
            elif kind in _TRANSACTIONS and (transaction := self._state.mempool.find(digest)) is not None:
                yield Tx(transaction.serialize(include_witness=kind != InvType.TX))
            else:
                missing.append((kind, digest))
        if missing:
            yield NotFound.of(*missing)

    def _filtered(self, digest: bytes) -> Iterator[Message]:
        """Without a filter, or the block, there is no answer."""
        found = self._state.known_block(digest)
        if found is None or self._filter is None:
            return
        block, matched = self._filter.block(found)
        yield block
        for transaction in matched:
            yield Tx(transaction.serialize(include_witness=False))

    def _wanted(self, inventory: Inv) -> Iterator[Message]:
        asked: list[tuple[int, bytes]] = []
        for kind, digest in inventory.pairs():
            self._known.add(digest)
            if kind in {InvType.TX, InvType.WTX} and self._state.mempool.find(digest) is None:
                asked.append((InvType.WTX if kind == InvType.WTX else InvType.WITNESS_TX, digest))
        if asked:
            yield GetData.of(*asked)

    def _take(self, raw: bytes) -> None:
        try:
            transaction = Transaction.parse(raw)
        except ParseError:
            return  # the reference node says nothing either
        self._known.update((transaction.txid, transaction.wtxid))
        if self._state.offer(transaction):
            self.accepted.append(transaction)

    # --- what the node tells

    def announce_blocks(self, blocks: Iterable[StoredBlock]) -> list[Message]:
        """How new blocks are told to this peer: by headers where it asked for them, else by the newest one's hash."""
        news = list(blocks)
        if not self.ready or not news:
            return []
        if self._by_headers and len(news) <= 8:
            return [Headers(b"".join(block.header.serialize() for block in news))]
        return [Inv.of((InvType.BLOCK, news[-1].hash))]

    def announce_transactions(self, transactions: Iterable[Transaction]) -> list[Message]:
        """How transactions that were taken in are told to this peer; nothing that it told or was told before."""
        if not self.ready or not self.relays:
            return []
        items: list[tuple[int, bytes]] = []
        for transaction in transactions:
            kind, digest = (InvType.WTX, transaction.wtxid) if self._by_wtxid else (InvType.TX, bytes(transaction.txid))
            if self._filter is not None and not self._filter.matches(transaction):
                continue
            if not self._known.intersection((transaction.txid, transaction.wtxid)):
                self._known.add(digest)
                items.append((kind, digest))
        return [Inv.of(*items)] if items else []


def _block_bytes(stored: StoredBlock, witness: bool) -> bytes:
    if witness:
        return stored.block.serialize()
    block = stored.block
    body = b"".join(block.stripped_transaction(position) for position in range(len(block)))
    return stored.header.serialize() + compact_size(len(block)) + body
