"""A lie about filters that was found out while another wallet was open."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import CHEAP
from tests.peers.scripted import ScriptedPeer, until
from tests.spv.test_security import Hands
from tests.spv.test_storm import Liar, Storm
from wallet import app
from wallet.engine import api

OTHER = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"


async def balance_of(engine: Any, due: int) -> int:
    """The confirmed balance, once it is what is due and all is scanned; else what it is in the end."""
    held = -1
    for _ in range(200):
        status = await engine.run(api.GetSyncStatus())
        held = (await engine.run(api.GetBalance())).confirmed
        if status.synced and held == due:
            break
        await asyncio.sleep(0.05)
    return held


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> None:
    Hands(monkeypatch).pace = 3.0


@contextlib.asynccontextmanager
async def opened(folder: Path, peer: ScriptedPeer, name: str, *, phrase: str = "") -> AsyncIterator[Any]:
    engine = app.make_engine(api.EngineOptions("regtest", str(folder), peers=(peer.address,), kdf=CHEAP))
    try:
        if phrase:
            restore = api.RestoreWallet(name, phrase, "password", vault="file", birthday=0, types=("p2wpkh",))
            await engine.run(restore)
        await engine.run(api.OpenWallet(name, "password"))
        await engine.run(api.Connect())
        yield engine
    finally:
        await engine.close()


@pytest.mark.usefixtures("pace")
async def test_the_lie_is_found_out_by_the_wallet_that_was_closed(tmp_path: Path) -> None:
    storm = Storm(tmp_path)
    await storm.prepare()
    async with Liar(storm.chain, {storm.script}) as liar, ScriptedPeer(storm.chain) as honest:
        async with opened(tmp_path, liar, "w") as engine:
            assert await balance_of(engine, 0) == 0, "the liar is believed: there is nobody else"
            await until(lambda: storm.chain.height == engine._network.scan_height())
        async with opened(tmp_path, honest, "other", phrase=OTHER) as engine:
            filters = engine._network.files.filters
            await until(lambda: filters.tip_height < storm.chain.height, what="the comparison")
            await until(lambda: filters.tip_height == storm.chain.height)
            assert filters.header_at(storm.chain.height) == storm.chain.tip.filter_header
        async with opened(tmp_path, honest, "w") as engine:
            assert await balance_of(engine, storm.paid) == storm.paid
