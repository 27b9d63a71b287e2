"""The practice node behaves as the real node does: the same conversations with both, on the same chain, compared."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import pytest

from tests.realnode.node import LOOPBACK, RealNode, RpcError
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.bloom import BloomFilter, script_element
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.hashes import ZERO, BlockHash, sha256d
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import op_return, p2tr
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.practice.node import PracticeNode
from wallet.practice.verify import Rejected
from wallet.spv.message import (
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
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
    MerkleBlock,
    Message,
    NetworkAddress,
    NotFound,
    Ping,
    Pong,
    SendAddrV2,
    Tx,
    Verack,
    Version,
    WtxidRelay,
)
from wallet.spv.transport import V1Transport
from wallet.spv.transport_v2 import HandshakeSecrets, V2Transport

HEIGHT: Final = 2_105
UNKNOWN: Final = BlockHash(bytes(range(32)))
NOWHERE: Final = NetworkAddress.unspecified()
HELLO: Final = Version(70016, 0, 1_700_000_000, NOWHERE, NOWHERE, 77, b"/Talker:1/", 0, relay=False)
BARRIER: Final = Ping(0xB0A7)
ANSWERS: Final = (MerkleBlock, Headers, CFilter, CFHeaders, CFCheckpt, BlockMessage, Tx, NotFound, Pong)
"""What is compared; a node says other things of its own accord."""
HUNG_UP: Final = "hung up"


class Talker:
    """A bare connection: what is sent is sent, whatever it is."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, encrypted: bool) -> None:
        self._reader = reader
        self._writer = writer
        keys = HandshakeSecrets(bytearray(range(1, 33)), bytes(32))
        self._transport = V2Transport(REGTEST.magic, keys, initiating=True) if encrypted else V1Transport(REGTEST.magic)
        if isinstance(self._transport, V2Transport):
            writer.write(self._transport.take_handshake())

    def send(self, *messages: Message) -> None:
        for message in messages:
            self._writer.write(self._transport.encode(message))

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def read(self) -> list[Message]:
        """The next messages; EOFError when the node hangs up."""
        try:
            data = await self._reader.read(65_536)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        messages = self._transport.feed(data)
        if isinstance(self._transport, V2Transport):
            self._writer.write(self._transport.take_handshake())
        return messages

    async def until(self, reached: Callable[[Message], bool]) -> list[object]:
        """The answers up to a message; HUNG_UP instead of the end when the node hangs up."""
        heard: list[object] = []
        try:
            async with asyncio.timeout(20):
                while True:
                    for message in await self.read():
                        if reached(message):
                            return heard
                        if isinstance(message, ANSWERS):
                            heard.append(message)
        except EOFError:
            return [*heard, HUNG_UP]

    async def inventory(self) -> set[bytes]:
        """The hashes of the next inventory.

        The real node tells its inbound peers at random times, 5 s apart on average: of 55 waits one takes over 20 s.
        """
        async with asyncio.timeout(120):
            while True:
                for message in await self.read():
                    if isinstance(message, Inv):
                        return {digest for _, digest in message.pairs()}

    async def establish(self) -> None:
        if isinstance(self._transport, V2Transport):
            while not self._transport.established:
                await self.read()

    async def greet(self, hello: Version = HELLO) -> list[object]:
        """The handshake of a wallet."""
        await self.establish()
        self.send(hello)
        heard = await self.until(lambda message: isinstance(message, Verack))
        if not heard:
            self.send(WtxidRelay(), SendAddrV2(), Verack())
        return heard

    async def ask(self, *messages: Message) -> list[object]:
        """What the node answers to these, up to the end of its work on them."""
        self.send(*messages, BARRIER)
        return await self.until(lambda message: message == Pong(BARRIER.nonce))


@contextlib.asynccontextmanager
async def talking(port: int, encrypted: bool = False) -> AsyncIterator[Talker]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield Talker(reader, writer, encrypted)
    finally:
        writer.transport.abort()


@dataclass
class Pair:
    """Both nodes on one chain. `ask` holds the same conversation with both, and they must answer alike."""

    real: RealNode
    practice: PracticeNode

    def hash_at(self, height: int) -> BlockHash:
        return self.practice.state.chain.blocks[height].hash

    async def ask(self, *messages: Message, encrypted: bool = False, relay: bool = True) -> list[object]:
        said = []
        for port in (self.real.port, self.practice.port):
            async with talking(port, encrypted) as talker:
                assert await talker.greet(replace(HELLO, relay=relay)) == []
                said.append(await talker.ask(*messages))
        real, practice = said
        assert practice == real
        return real

    def copy_chain(self, first: int = 1) -> None:
        """Give the real node every block of the practice chain: it takes each for valid."""
        for stored in self.practice.state.chain.blocks[first:]:
            refused = self.real.submitblock(stored.block.serialize().hex())
            assert refused in (None, "inconclusive"), (stored.height, refused)
        self.real.wait_for_filters()
        assert self.real.getbestblockhash() == str(self.practice.state.chain.tip.hash)


T = TypeVar("T")


class Loop:
    """One loop for all tests of the module: the practice node lives on it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.loop.close()


@pytest.fixture(scope="module")
def pair(real_node_command: list[str], loop: Loop) -> Iterator[Pair]:
    yield from on_one_chain(real_node_command, loop, HEIGHT, bloom=False)


@pytest.fixture(scope="module")
def filtering(real_node_command: list[str], loop: Loop) -> Iterator[Pair]:
    """The same with bloom filters, on a shorter chain."""
    yield from on_one_chain(real_node_command, loop, 140, bloom=True)


def on_one_chain(command: list[str], loop: Loop, height: int, *, bloom: bool) -> Iterator[Pair]:
    practice = PracticeNode(b"conformance", bloom=bloom)
    loop.loop.run_until_complete(practice.start())
    practice.mine(10)
    for _ in range(height - practice.state.chain.height - 10):
        practice.state.mine(practice.economy.faucet.script, 0, [])
    practice.mine(10)
    with RealNode(command, f"-peerbloomfilters={int(bloom)}") as real:
        found = Pair(real, practice)
        found.copy_chain()
        yield found
    loop.loop.run_until_complete(practice.stop())


def headers(*locator: BlockHash, stop: BlockHash = BlockHash(ZERO)) -> GetHeaders:  # noqa: B008 - frozen
    return GetHeaders(70016, locator, stop)


Question = Callable[[Pair], list[Message]]
GENESIS = REGTEST.genesis_hash

# Each: a name, what is asked, and whether the node hangs up on it.
QUESTIONS: dict[str, tuple[Question, bool]] = {
    "headers from genesis": (lambda p: [headers(GENESIS)], False),
    "headers from the tip": (lambda p: [headers(p.hash_at(HEIGHT))], False),
    "headers from an unknown block": (lambda p: [headers(UNKNOWN)], False),
    "headers, first known of several": (lambda p: [headers(UNKNOWN, p.hash_at(900), p.hash_at(3))], False),
    "headers up to a stop": (lambda p: [headers(p.hash_at(500), stop=p.hash_at(503))], False),
    "headers up to an unknown stop": (lambda p: [headers(p.hash_at(2_000), stop=UNKNOWN)], False),
    "headers up to a stop below": (lambda p: [headers(p.hash_at(2_000), stop=p.hash_at(3))], False),
    "one header by its hash": (lambda p: [headers(stop=p.hash_at(77))], False),
    "one header by an unknown hash": (lambda p: [headers(stop=UNKNOWN)], False),
    "one filter": (lambda p: [GetCFilters(100, p.hash_at(100))], False),
    "filters from genesis": (lambda p: [GetCFilters(0, p.hash_at(40))], False),
    "filters, a thousand": (lambda p: [GetCFilters(1_101, p.hash_at(2_100))], False),
    "filters, one too many": (lambda p: [GetCFilters(1_100, p.hash_at(2_100))], True),
    "filters to an unknown block": (lambda p: [GetCFilters(100, UNKNOWN)], True),
    "filters that end before they begin": (lambda p: [GetCFilters(101, p.hash_at(100))], True),
    "filters from beyond the tip": (lambda p: [GetCFilters(9_999, p.hash_at(HEIGHT))], True),
    "filters of another type": (lambda p: [GetCFilters(1, p.hash_at(100), 1)], True),
    "one filter header": (lambda p: [GetCFHeaders(1, p.hash_at(1))], False),
    "filter headers from genesis": (lambda p: [GetCFHeaders(0, p.hash_at(1_000))], False),
    "filter headers, two thousand": (lambda p: [GetCFHeaders(101, p.hash_at(2_100))], False),
    "filter headers, one too many": (lambda p: [GetCFHeaders(100, p.hash_at(2_100))], True),
    "filter headers to an unknown block": (lambda p: [GetCFHeaders(1, UNKNOWN)], True),
    "filter headers that end early": (lambda p: [GetCFHeaders(200, p.hash_at(100))], True),
    "filter headers of another type": (lambda p: [GetCFHeaders(1, p.hash_at(100), 7)], True),
    "checkpoints to the tip": (lambda p: [GetCFCheckpt(p.hash_at(HEIGHT))], False),
    "checkpoints to the middle": (lambda p: [GetCFCheckpt(p.hash_at(1_500))], False),
    "checkpoints to a thousand": (lambda p: [GetCFCheckpt(p.hash_at(1_000))], False),
    "checkpoints of a short chain": (lambda p: [GetCFCheckpt(p.hash_at(999))], False),
    "checkpoints to an unknown block": (lambda p: [GetCFCheckpt(UNKNOWN)], True),
    "checkpoints of another type": (lambda p: [GetCFCheckpt(p.hash_at(1_000), 2)], True),
    "a block with witnesses": (lambda p: [GetData.of((InvType.WITNESS_BLOCK, p.hash_at(112)))], False),
    "a block without witnesses": (lambda p: [GetData.of((InvType.BLOCK, p.hash_at(112)))], False),
    "the genesis block": (lambda p: [GetData.of((InvType.WITNESS_BLOCK, GENESIS))], False),
    "an unknown block": (lambda p: [GetData.of((InvType.WITNESS_BLOCK, UNKNOWN))], False),
    "two blocks": (
        lambda p: [GetData.of((InvType.WITNESS_BLOCK, p.hash_at(200))), GetData.of((InvType.BLOCK, p.hash_at(201)))],
        False,
    ),
    "an unknown transaction": (lambda p: [GetData.of((InvType.WITNESS_TX, UNKNOWN))], False),
    "an unknown transaction by wtxid": (lambda p: [GetData.of((InvType.WTX, UNKNOWN))], False),
    "two unknown transactions": (
        lambda p: [GetData.of((InvType.TX, bytes(31) + b"\1"), (InvType.TX, bytes(31) + b"\2"))],
        False,
    ),
    "a ping": (lambda p: [Ping(7)], False),
    "a pong that nobody asked for": (lambda p: [Pong(7)], False),
    "a second version": (lambda p: [HELLO], False),
    "a second verack": (lambda p: [Verack()], False),
    "wtxidrelay too late": (lambda p: [WtxidRelay()], True),
    "sendaddrv2 too late": (lambda p: [SendAddrV2()], True),
    "several questions at once": (
        lambda p: [headers(p.hash_at(2_100)), GetCFilters(7, p.hash_at(9)), GetCFHeaders(7, p.hash_at(9)), Ping(1)],
        False,
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_both_answer_alike(pair: Pair, loop: Loop, name: str) -> None:
    question, hangs_up = QUESTIONS[name]
    for relay in (True, False):
        said = loop.run(pair.ask(*question(pair), relay=relay))
        assert (said[-1:] == [HUNG_UP]) is hangs_up


def test_both_answer_alike_over_the_encrypted_transport(pair: Pair, loop: Loop) -> None:
    questions = (headers(pair.hash_at(2_000)), GetCFilters(5, pair.hash_at(30)), GetCFCheckpt(pair.hash_at(2_000)))
    said = loop.run(pair.ask(*questions, encrypted=True))
    assert len(said) == 1 + 26 + 1


def frame(command: bytes, payload: bytes = b"", magic: bytes = REGTEST.magic, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    return magic + command.ljust(12, b"\0") + size.to_bytes(4, "little") + sha256d(payload)[:4] + payload


# What no message class of ours would say, and whether the node hangs up on it.
ODDITIES: dict[str, tuple[bytes, bool]] = {
    "another network's magic": (frame(b"ping", bytes(8), magic=b"\xf9\xbe\xb4\xd9"), True),
    "a length beyond all bounds": (frame(b"inv", length=5_000_000), True),
    "an unknown command": (frame(b"nonsense", b"\1\2\3"), False),
    "mempool where bloom filters are off": (frame(b"mempool"), True),
    "filterload where bloom filters are off": (frame(b"filterload", b"\1\0" + bytes(9)), True),
    "filterclear where bloom filters are off": (frame(b"filterclear"), True),
    "an inventory that is too long": (frame(b"inv", compact_size(50_001) + bytes(36 * 50_001)), True),
}


@pytest.mark.parametrize("name", ODDITIES)
def test_both_treat_nonsense_alike(pair: Pair, loop: Loop, name: str) -> None:
    raw, hangs_up = ODDITIES[name]

    async def talk(port: int) -> list[object]:
        async with talking(port) as talker:
            await talker.greet()
            talker.send_raw(raw)
            return await talker.ask()

    for port in (pair.real.port, pair.practice.port):
        assert (loop.run(talk(port)) == [HUNG_UP]) is hangs_up


@pytest.mark.parametrize(
    ("hello", "hangs_up"),
    [(HELLO, False), (replace(HELLO, protocol=31_799), True), (replace(HELLO, relay=True), False)],
)
def test_both_greet_alike(pair: Pair, loop: Loop, hello: Version, hangs_up: bool) -> None:
    async def talk(port: int) -> list[object]:
        async with talking(port) as talker:
            return await talker.greet(hello)

    for port in (pair.real.port, pair.practice.port):
        assert (loop.run(talk(port)) == [HUNG_UP]) is hangs_up


def test_both_pass_over_what_comes_before_the_handshake(pair: Pair, loop: Loop) -> None:
    async def talk(port: int) -> list[object]:
        async with talking(port) as talker:
            talker.send(HELLO, headers(GENESIS), Ping(3))
            heard = await talker.until(lambda message: isinstance(message, Verack))
            talker.send(Ping(4), Verack())
            return [*heard, *await talker.ask(Ping(5))]

    for port in (pair.real.port, pair.practice.port):
        assert loop.run(talk(port)) == [Pong(5)]


def test_both_follow_a_reorganisation_alike(pair: Pair, loop: Loop) -> None:
    """The branch that was left is still served, and headers start from where it left the chain."""
    left = [pair.hash_at(height) for height in range(HEIGHT - 4, HEIGHT + 1)]
    pair.practice.invalidate(HEIGHT - 4)
    pair.copy_chain(HEIGHT - 4)
    for question in (
        [headers(left[-1], pair.hash_at(HEIGHT - 10))],
        [headers(left[-1])],
        [GetCFHeaders(HEIGHT - 20, left[-1])],
        [GetCFilters(HEIGHT - 6, left[-1])],
        [GetCFCheckpt(left[-1])],
        [GetData.of((InvType.WITNESS_BLOCK, left[0]))],
        [headers(stop=left[0])],
    ):
        loop.run(pair.ask(*question))
    assert set(pair.real.getrawmempool()) == waiting(pair)


def waiting(pair: Pair) -> set[str]:
    return set(map(str, pair.practice.state.mempool.entries))


# --- transactions: both take and refuse the same, for the same reason


@dataclass(frozen=True)
class Story:
    """A transaction made from the practice node's faucet, changed so that it breaks a rule."""

    change: Callable[[Pair, Transaction], Transaction]
    reason: str | None


def signed(pair: Pair, outputs: list[TxOut], rate: int = 2_000) -> Transaction:
    return pair.practice.economy.faucet.pay(
        pair.practice.state, [(output.script_pubkey, output.amount) for output in outputs], FeeRate(rate)
    )


def _inputs(transaction: Transaction, **changes: Any) -> Transaction:
    first, *rest = transaction.inputs
    return replace(transaction, inputs=(replace(first, **changes), *rest))


def _wrong_signature(_pair: Pair, payment: Transaction) -> Transaction:
    signature, key = payment.inputs[0].witness
    broken = signature[:20] + bytes([signature[20] ^ 1]) + signature[21:]
    return _inputs(payment, witness=(broken, key))


def _missing(_pair: Pair, payment: Transaction) -> Transaction:
    return _inputs(payment, outpoint=replace(payment.inputs[0].outpoint, index=99))


def _resigned(pair: Pair, payment: Transaction, **changes: Any) -> Transaction:
    purse = pair.practice.economy.faucet
    coins = [(spent.outpoint, pair.practice.state.chain.coins[spent.outpoint]) for spent in payment.inputs]
    return purse._sign(replace(payment, **changes), coins)


def _young_coinbase(pair: Pair, payment: Transaction) -> Transaction:
    chain = pair.practice.state.chain
    young = chain.tip.block.transaction(0)
    return _inputs(payment, outpoint=OutPoint(young.txid, 0))


NOBODY = bytes([0, 20]) + bytes(20)
STORIES: dict[str, Story] = {
    "a plain payment": Story(lambda p, tx: tx, None),
    "a wrong signature": Story(_wrong_signature, "mempool-script-verify-flag-failed"),
    "no signature": Story(lambda p, tx: _inputs(tx, witness=()), "mempool-script-verify-flag-failed"),
    "a coin that is not there": Story(_missing, "missing-inputs"),
    "more paid than taken": Story(
        lambda p, tx: _resigned(p, tx, outputs=(TxOut(99 * 10**8, NOBODY),)), "bad-txns-in-belowout"
    ),
    "dust": Story(lambda p, tx: _resigned(p, tx, outputs=(*tx.outputs, TxOut(100, NOBODY))), "dust"),
    "a fee below the floor": Story(lambda p, tx: signed(p, [TxOut(50_000, NOBODY)], rate=50), "min relay fee not met"),
    "a script of no standard": Story(
        lambda p, tx: _resigned(p, tx, outputs=(tx.outputs[0], TxOut(1_000, b"\x6b\x6b"))), "scriptpubkey"
    ),
    "a locktime to come": Story(
        lambda p, tx: _resigned(p, replace(tx, inputs=tx.inputs), locktime=999_999), "non-final"
    ),
    "a version of no standard": Story(lambda p, tx: _resigned(p, tx, version=9), "version"),
    "a coinbase's coin that is young": Story(_young_coinbase, "bad-txns-premature-spend-of-coinbase"),
    "to taproot, with a note": Story(
        lambda p, tx: signed(p, [TxOut(30_000, p2tr(bytes(31) + b"\1")), TxOut(0, op_return(b"note"))]), None
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_both_judge_a_transaction_alike(pair: Pair, name: str) -> None:
    story = STORIES[name]
    payment = story.change(pair, signed(pair, [TxOut(50_000, NOBODY)]))
    (verdict,) = pair.real.testmempoolaccept([payment.serialize().hex()], 0)
    state = pair.practice.state
    try:
        state.mempool.accept(payment)
    except Rejected as refused:
        ours = refused.reason
    else:
        ours = "accepted"
        state.mempool.drop(payment.txid)
    theirs = "accepted" if verdict["allowed"] else verdict["reject-reason"].split(" (")[0]
    assert theirs == (story.reason or "accepted")
    assert {"bad-txns-inputs-missingorspent": "missing-inputs"}.get(ours, ours) == theirs


def test_both_fetch_a_payment_from_one_who_hears_of_none(pair: Pair, loop: Loop) -> None:
    """The version message asked for no announcements: payments of ours are taken all the same."""
    payment = signed(pair, [TxOut(50_000, NOBODY)])

    async def talk(port: int) -> bool:
        async with talking(port) as talker:
            await talker.greet()
            talker.send(Inv.of((InvType.WTX, payment.wtxid)))
            async with asyncio.timeout(60):
                asked = False
                while not asked:
                    asked = any(isinstance(message, GetData) for message in await talker.read())
            await talker.ask(Tx(payment.serialize()))
            return True

    for port in (pair.real.port, pair.practice.port):
        assert loop.run(talk(port))
    assert str(payment.txid) in pair.real.getrawmempool()
    assert set(pair.real.getrawmempool()) == waiting(pair)


def test_both_judge_replacements_alike(pair: Pair) -> None:
    """A payment, and others for the same coin at many fees: what replaces and what does not, step by step."""
    state, purse = pair.practice.state, pair.practice.economy.faucet
    first = signed(pair, [TxOut(50_000, NOBODY)])
    coins = [(spent.outpoint, state.chain.coins[spent.outpoint]) for spent in first.inputs]
    change = first.outputs[-1].amount
    bare = Transaction(2, tuple(TxIn(at, sequence=0xFFFFFFFD) for at, _ in coins), ())
    taken: list[tuple[bool, bool]] = []
    for more in (0, 1, 60, 140, 141, 142, 150, 300, 441, 450, 20_000):
        outputs = (first.outputs[0], replace(first.outputs[-1], amount=change - more))
        rival = purse._sign(replace(bare, outputs=outputs), coins)
        try:
            pair.real.sendrawtransaction(rival.serialize().hex(), 0)
            real = True
        except RpcError:
            real = False
        taken.append((real, state.offer(rival)))
    assert [ours for _, ours in taken] == [theirs for theirs, _ in taken]
    assert {True, False} == {ours for _, ours in taken}
    assert set(pair.real.getrawmempool()) == waiting(pair)


# --- bloom filters


def watching(pair: Pair) -> BloomFilter:
    """A filter for the faucet's script, which every coinbase pays."""
    return BloomFilter.of([script_element(pair.practice.economy.faucet.script) or b""], 1e-6, 7, room=300)


FILTERED: dict[str, Callable[[Pair], list[Message]]] = {
    "a filtered block without a filter": lambda p: [GetData.of((InvType.FILTERED_BLOCK, p.hash_at(130)))],
    "a filtered block": lambda p: [FilterLoad.of(watching(p)), GetData.of((InvType.FILTERED_BLOCK, p.hash_at(112)))],
    "many filtered blocks, the filter growing": lambda p: [
        FilterLoad.of(watching(p)),
        GetData.of(*((InvType.FILTERED_BLOCK, p.hash_at(height)) for height in range(1, 141))),
    ],
    "a filter that does not grow": lambda p: [
        replace(FilterLoad.of(watching(p)), flags=0),
        GetData.of(*((InvType.FILTERED_BLOCK, p.hash_at(height)) for height in range(1, 141))),
    ],
    "a filter that matches nothing": lambda p: [
        FilterLoad(bytes(8), 3, 0, 0),
        GetData.of((InvType.FILTERED_BLOCK, p.hash_at(112))),
    ],
    "a filter that matches everything": lambda p: [
        FilterLoad(b"\xff" * 8, 3, 0, 0),
        GetData.of((InvType.FILTERED_BLOCK, p.hash_at(112))),
    ],
    "a filter without bits": lambda p: [
        FilterLoad(b"", 1, 0, 0),
        GetData.of((InvType.FILTERED_BLOCK, p.hash_at(112))),
    ],
    "an element added later": lambda p: [
        FilterLoad(bytes(500), 5, 3, 1),
        FilterAdd(script_element(p.practice.economy.faucet.script) or b""),
        GetData.of((InvType.FILTERED_BLOCK, p.hash_at(20))),
    ],
    "a filter that is cleared": lambda p: [
        FilterLoad.of(watching(p)),
        FilterClear(),
        GetData.of((InvType.FILTERED_BLOCK, p.hash_at(112))),
    ],
    "an element without a filter": lambda p: [FilterAdd(b"x")],
    "an unknown block, filtered": lambda p: [
        FilterLoad.of(watching(p)),
        GetData.of((InvType.FILTERED_BLOCK, UNKNOWN)),
    ],
}


@pytest.mark.parametrize("name", FILTERED)
def test_both_filter_blocks_alike(filtering: Pair, loop: Loop, name: str) -> None:
    said = loop.run(filtering.ask(*FILTERED[name](filtering), relay=False))
    assert (said == [HUNG_UP]) is (name == "an element without a filter")


def bakery_filter(pair: Pair, flags: int) -> FilterLoad:
    element = script_element(pair.practice.economy.people["Bakery"].script) or b""
    return replace(FilterLoad.of(BloomFilter.of([element], 1e-9, 7, room=300)), flags=flags)


def spent_whole(pair: Pair) -> Transaction:
    """All that the bakery has, in one coin, spent to nobody: only the coin's outpoint ties it to the bakery."""
    state, purse = pair.practice.state, pair.practice.economy.people["Bakery"]
    ((outpoint, coin),) = purse.coins(state)
    inputs = (TxIn(outpoint, sequence=0xFFFFFFFD),)
    outputs = (TxOut(coin.output.amount - 1_000, NOBODY),)
    return purse._sign(Transaction(2, inputs, outputs), [(outpoint, coin)])


def test_both_match_by_outpoint_and_txid_alike(filtering: Pair, loop: Loop) -> None:
    """A filter that grows finds what spends the coins that it found; one that does not, does not."""
    state = filtering.practice.state
    ((outpoint, coin),) = filtering.practice.economy.people["Bakery"].coins(state)
    received, before = coin.height, state.chain.height
    spending = spent_whole(filtering)
    filtering.practice.submit(spending)
    filtering.practice.mine(1)
    filtering.copy_chain(before + 1)
    wanted = GetData.of(
        (InvType.FILTERED_BLOCK, filtering.hash_at(received)), (InvType.FILTERED_BLOCK, filtering.hash_at(before + 1))
    )
    spending_tx = Tx(spending.serialize(include_witness=False))
    for flags, found in ((0, False), (1, True)):
        said = loop.run(filtering.ask(bakery_filter(filtering, flags), wanted, relay=False))
        assert (spending_tx in said) is found
    for element in (bytes(spending.txid), outpoint.serialize()):
        exact = FilterLoad.of(BloomFilter.of([element], 1e-9, 7, room=300))
        said = loop.run(filtering.ask(exact, wanted, relay=False))
        assert spending_tx in said


def test_both_tell_the_waiting_transactions_that_match_alike(filtering: Pair, loop: Loop) -> None:
    """`mempool` is answered with what matches, as often as it is asked."""
    mine = filtering.practice.give(filtering.practice.economy.people["Bakery"].script, 60_000)
    other = filtering.practice.pay("Landlord", NOBODY, 50_000)
    for transaction in (mine, other):
        filtering.real.sendrawtransaction(transaction.serialize().hex(), 0)

    async def talk(port: int) -> list[set[bytes]]:
        async with talking(port) as talker:
            await talker.greet()
            talker.send(bakery_filter(filtering, 0))
            told: list[set[bytes]] = []
            for _ in range(2):
                talker.send(MemPool())
                told.append(await talker.inventory())
            return told

    for port in (filtering.real.port, filtering.practice.port):
        assert loop.run(talk(port)) == [{mine.wtxid}, {mine.wtxid}]
