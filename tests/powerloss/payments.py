"""A wallet's first payments under the shim, and what must be left of them whenever the power fails."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.engine.kills import CHEAP, WORDS, VaultHere
from wallet import app
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.engine.engine import WrenEngine
from wallet.practice.node import PracticeNode

FUNDED, PAID = 100_000, 40_000
BAKERY = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
LABEL = "the first rent"
PASSWORD = "old"


def engine_on(folder: Path, peers: tuple[str, ...] = ()) -> WrenEngine:
    options = api.EngineOptions("regtest", str(folder / "data"), peers=peers, offline=not peers)
    return WrenEngine(replace(app._parts(options), vault=VaultHere(CHEAP)))


async def pay(folder: Path, mark: Callable[[str], None]) -> None:
    """Make a wallet, be paid, label it, pay; marks say what must be so from then on."""
    node = await PracticeNode(b"power").start()
    take = node.state.submit

    def submit(transaction: Transaction) -> None:
        take(transaction)
        if PAID in {output.amount for output in transaction.outputs}:
            mark("handed")

    vars(node.state).update(submit=submit)  # called in the moment in which a peer has it
    engine = engine_on(folder, (f"{node.host}:{node.port}",))
    try:
        await engine.run(api.CreateWallet("main", PASSWORD, WORDS, vault="file"))
        mark("made")
        address = (await engine.run(api.GetReceiveAddress())).address
        await engine.run(api.SetLabel("addr", address, LABEL))
        mark("labelled")
        await engine.run(api.Synchronise(60))
        node.give(parse_address(address, REGTEST).script_pubkey, FUNDED)
        node.mine(1)
        await _proven(engine, 1)
        mark("funded")
        review = await engine.run(api.PreparePayment(((BAKERY, PAID),), fee_rate=2.0))
        await engine.run(api.SendPayment(review.id, PASSWORD))
        mark("sent")
        node.mine(1)
        await _proven(engine, 2)
        mark("proven")
    finally:
        await engine.close()
        await node.stop()


async def _proven(engine: WrenEngine, count: int) -> None:
    async with asyncio.timeout(60):
        while sum(row.proven for row in await engine.run(api.GetHistory())) < count:
            await engine.run(api.Synchronise(60))
            await asyncio.sleep(0.02)


def look(folder: Path, marks: Sequence[str]) -> list[str]:
    """What is wrong with what is left, though these marks had been made."""
    return asyncio.run(_look(folder, set(marks)))


async def _look(folder: Path, marks: set[str]) -> list[str]:
    engine = engine_on(folder)
    try:
        await engine._staging.tidy()
        if not await engine.run(api.ListWallets()):
            return ["the wallet is gone"] if "made" in marks else []
        await engine.run(api.OpenWallet("main", PASSWORD))
        faults = [] if await engine.run(api.GetWords(PASSWORD)) == WORDS else ["other words"]
        if "labelled" in marks and LABEL not in _ledger(engine).labels.values():
            faults.append("the label is lost")
        return [*faults, *await _money(engine, marks)]
    finally:
        await engine.close()


def _ledger(engine: WrenEngine) -> Any:
    assert engine._session is not None
    return engine._session.ledger


async def _money(engine: WrenEngine, marks: set[str]) -> list[str]:
    rows = await engine.run(api.GetHistory())
    balance = await engine.run(api.GetBalance())
    faults = []
    received, paid = [row for row in rows if row.amount > 0], [row for row in rows if row.amount < 0]
    if len(received) > 1 or len(paid) > 1 or any(row.amount != FUNDED for row in received):
        faults.append(f"a history that never was: {rows}")
    if "funded" in marks and not (received and received[0].proven):
        faults.append("what was received and proven is lost")
    if marks & {"handed", "sent"} and not paid:
        faults.append("a payment that a peer has is lost")
    if "proven" in marks and not paid[0].proven:
        faults.append("a payment's proof is lost")
    if balance.total != sum(row.amount for row in rows):
        faults.append(f"{balance} with {rows}")
    for row in rows:
        if row.proven:
            await engine.run(api.GetProof(row.txid))
    return faults
