"""The storm: seven peers, six of them hostile in six ways and of one mind, and the wallet still finds its payments.

Through the real engine, over real sockets: wallet.app joins the parts, the seven are named with --peer.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import CHEAP
from tests.peers.chain import ChainBuilder
from tests.peers.scripted import ScriptedPeer, Session, until
from tests.spv.test_security import Hands
from wallet import app
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.blockfilter import build_filter, filter_elements, filter_hash, next_filter_header
from wallet.bitcoin.hashes import FilterHeader, Txid
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.engine import api
from wallet.spv.message import BlockMessage, CFCheckpt, GetCFCheckpt, GetData, Headers, Inv, InvType, Message

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
pytestmark = pytest.mark.timeout(120)


class Liar(ScriptedPeer):
    """Leaves the wallet's scripts out of every filter, and says so in filter headers that hang together."""

    def __init__(self, chain: ChainBuilder, hidden: set[bytes]) -> None:
        super().__init__(chain)
        self.hidden = hidden
        self.false_headers: list[FilterHeader] = []
        self.lie()

    def lie(self) -> None:
        """Make the false filters of the chain as it is now."""
        previous = FilterHeader(bytes(32))
        self.false_headers = []
        for height, block in enumerate(self.chain.blocks):
            paid = {output.script_pubkey for tx in block.transactions for output in tx.outputs}
            if paid & self.hidden:
                spent = [output.script_pubkey for output in block.spent]
                self.filters[height] = build_filter(block.hash, filter_elements(paid - self.hidden, spent))
                self.filter_hashes[height] = filter_hash(self.filters[height])
            self.previous_filter_headers[height] = previous
            previous = next_filter_header(self.filter_hashes.get(height, block.filter_hash), previous)
            self.false_headers.append(previous)

    def _send_checkpoints(self, session: Session, request: GetCFCheckpt) -> None:
        last = self.chain.height_of(request.stop)
        if last is not None:
            session.send(CFCheckpt(request.stop, b"".join(self.false_headers[1_000 : last + 1 : 1_000])))


async def forge(session: Session, message: Message) -> bool:
    """A block without its payments under the true header."""
    assert isinstance(message, GetData)
    for _, digest in message:
        height = session.peer.chain.height_of(digest)
        if height is not None:
            raw = session.peer.chain.blocks[height].raw
            other = session.peer.chain.blocks[1].raw
            session.send(BlockMessage(raw[:80] + other[80:]))
    return True


async def vanish(session: Session, _message: Message) -> bool:
    session.close()
    return True


async def flood(session: Session, _message: Message) -> None:
    """Announces what does not exist before every answer."""
    stray = [(InvType.WTX, number.to_bytes(32, "big")) for number in range(1, 2_000)]
    session.send(Inv.of(*stray, (InvType.BLOCK, b"\7" * 32)), Headers(session.peer.chain.raw_headers(1, 2_000)))


def hostile(chain: ChainBuilder, hidden: set[bytes]) -> list[Liar]:
    """Six that lie about the same filters, and each in a way of its own about the rest."""
    plain, mute, hoarder, forger, deserter, flooder = liars = [Liar(chain, hidden) for _ in range(6)]
    assert plain.silent == set()
    mute.silent |= {"getcfilters", "ping"}
    hoarder.silent |= {"getdata"}
    forger.hooks["getdata"] = forge
    deserter.hooks["getcfilters"] = deserter.hooks["getdata"] = vanish
    for command in ("getheaders", "getcfheaders", "getcfilters", "getdata"):
        flooder.hooks[command] = flood
    return liars


class Storm:
    """The chain, the seven peers, and the wallet whose payments are hidden."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = ChainBuilder()
        self.honest = ScriptedPeer(self.chain)
        self.liars: list[Liar] = []
        self.script = b""
        self.paid = 0

    def options(self, *, offline: bool = False) -> api.EngineOptions:
        peers = tuple(peer.address for peer in [*self.liars, self.honest]) if self.liars else ()
        return api.EngineOptions("regtest", str(self.folder), peers=peers, offline=offline, kdf=CHEAP)

    async def prepare(self) -> None:
        """A wallet, and a chain that has paid it twice: below the peers' first claim and above it."""
        engine = app.make_engine(self.options(offline=True))
        await engine.run(api.RestoreWallet("w", PHRASE, "password", vault="file", birthday=0, types=("p2wpkh",)))
        await engine.run(api.OpenWallet("w", "password"))
        address = (await engine.run(api.GetReceiveAddress())).address
        await engine.close()
        self.script = parse_address(address, REGTEST).script_pubkey
        self.chain.mine(700)
        self.pay(1_000_000)
        self.chain.mine(400)
        self.pay(20_000)
        self.chain.mine(5)
        self.liars = hostile(self.chain, {self.script})

    def pay(self, amount: int) -> None:
        self.chain.mine_payment(self.script, amount)
        self.paid += amount

    def follow(self, chain: ChainBuilder) -> None:
        """All peers, the liars with new lies, go on with another chain and announce its tip."""
        self.chain = chain
        for peer in [*self.liars, self.honest]:
            peer.chain = chain
            if isinstance(peer, Liar):
                peer.lie()
            for session in peer.sessions:
                if session.ready:
                    session.send(Inv.of((InvType.BLOCK, chain.tip.hash)))

    async def found(self, engine: Any) -> None:
        """Wait until the balance is what was paid and the tip the honest one, and see that all of it is proven."""
        await self.settled(engine)
        assert all(row.proven for row in await engine.run(api.GetHistory()))

    async def settled(self, engine: Any) -> None:
        """Wait until the balance is what was paid, and the tip the honest one."""
        due = (self.paid, self.chain.height, True)
        held = (-1, -1, False)
        for _ in range(600):
            status = await engine.run(api.GetSyncStatus())
            held = ((await engine.run(api.GetBalance())).confirmed, status.height, status.synced)
            if held == due:
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail(f"{held} instead of {due}")


@contextlib.asynccontextmanager
async def opened(storm: Storm) -> AsyncIterator[Any]:
    engine = app.make_engine(storm.options())
    try:
        await engine.run(api.OpenWallet("w", "password"))
        await engine.run(api.Connect())
        yield engine
    finally:
        await engine.close()


@pytest.fixture
async def storm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Storm]:
    Hands(monkeypatch).pace = 3.0  # patience with the silent ends sooner
    made = Storm(tmp_path)
    await made.prepare()
    for peer in [*made.liars, made.honest]:
        await peer.start()
    yield made
    for peer in [*made.liars, made.honest]:
        await peer.stop()


async def test_six_liars_of_one_mind_against_one_honest_peer(storm: Storm) -> None:
    async with opened(storm) as engine:
        await storm.found(engine)
        answering = [liar for liar in storm.liars if not liar.silent and not liar.hooks]
        assert [liar.sessions for liar in answering] == [[]], "who showed its lie is banned"
        bans = {ban.address: ban.reason for ban in await engine.run(api.GetBans())}
        assert "filter-lie" in bans[answering[0].address]
        assert storm.honest.address not in bans


async def test_a_payment_that_is_only_announced_is_never_proven(storm: Storm) -> None:
    """It spends what does not exist: whoever looks at it is told that nothing vouches for it."""
    false = Transaction(2, (TxIn(OutPoint(Txid(b"\7" * 32), 0), b"", 0, (b"",)),), (TxOut(50_000, storm.script),), 0)
    async with opened(storm) as engine:
        await storm.found(engine)
        storm.honest.announce(false)
        rows: list[api.HistoryRow] = []
        for _ in range(200):
            rows = [row for row in await engine.run(api.GetHistory()) if row.txid == str(false.txid)]
            if rows:
                break
            await asyncio.sleep(0.05)
        balance = await engine.run(api.GetBalance())

    assert [(row.status, row.proven, row.height) for row in rows] == [("pending", False, None)]
    assert balance.confirmed == storm.paid


async def test_liars_that_were_believed_first_are_unmasked_by_one_that_comes_later(storm: Storm) -> None:
    await storm.honest.stop()
    async with opened(storm) as engine:
        await until(lambda: storm.liars[0].log and storm.liars[0].sessions)
        for _ in range(300):
            if (await engine.run(api.GetSyncStatus())).synced:
                break
            await asyncio.sleep(0.1)
        assert (await engine.run(api.GetBalance())).total == 0
        await storm.honest.start()
        await storm.found(engine)


async def test_reorganisations_restarts_and_vanishing_peers_among_liars(storm: Storm) -> None:
    async with opened(storm) as engine:
        await storm.found(engine)
        branch = storm.chain.fork(storm.chain.height - 8)  # the second payment leaves the chain …
        storm.paid -= 20_000
        branch.mine(4)
        storm.script, kept = storm.script, storm.script
        payment = branch.pay((kept, 20_000))
        branch.mine(8, [payment])  # … and comes back in another block
        storm.paid += 20_000
        storm.follow(branch)
        await storm.found(engine)
        await storm.honest.stop()
        await asyncio.sleep(0.2)
        storm.pay(3_000)
        storm.follow(storm.chain)
        await storm.honest.start()
        await storm.found(engine)
    storm.pay(400)
    storm.chain.mine(3)
    storm.follow(storm.chain)
    async with opened(storm) as engine:  # the bans are forgotten: all seven again
        await storm.found(engine)
