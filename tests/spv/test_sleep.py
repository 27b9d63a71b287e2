"""The machine sleeps, or changes its network: connections are dead, and nobody says so."""

import asyncio
from pathlib import Path

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import ScriptedPeer, until
from tests.spv.node_fixture import running
from tests.spv.test_security import Hands
from wallet.spv.message import Ping


def pings(peer: ScriptedPeer) -> int:
    return sum(isinstance(message, Ping) for message in peer.log)


async def test_after_a_sleep_dead_connections_are_left_soon_and_dialled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(monkeypatch)
    chain = ChainBuilder()
    chain.mine(5)
    async with (
        ScriptedPeer(chain) as dead,
        ScriptedPeer(chain) as alive,
        running(tmp_path, dead.address, alive.address) as fixture,
    ):
        await until(lambda: len(fixture.node.peers()) == 2 and fixture.node.filter_tip == 5)
        before = {row.address: row.id for row in fixture.node.peers()}
        dead.silent = {"ping"}
        chain.mine(1)
        asked = [pings(peer) for peer in (dead, alive)]
        hands.ahead += 8 * 3_600
        await until(lambda: pings(dead) > asked[0] and pings(alive) > asked[1], what="a ping after the sleep")
        await asyncio.sleep(0.1)
        hands.ahead += 11
        dead.silent = set()
        await until(lambda: {row.address: row.id for row in fixture.node.peers()}.get(dead.address, 0) > 2)
        after = {row.address: row.id for row in fixture.node.peers()}
        assert after[alive.address] == before[alive.address], "who answers stays"
        assert fixture.node.bans() == []
        dead.announce_tip()
        await until(lambda: fixture.node.filter_tip == 6)
