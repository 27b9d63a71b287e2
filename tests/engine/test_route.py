"""Whom the engine talks to: nodes of the command line, the user's own node, or peers that it finds."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.test_network import play
from tests.engine.world import World
from wallet import app
from wallet.bitcoin.network import NETWORKS
from wallet.engine import api
from wallet.engine.nodes import CHOOSE, nodes_of
from wallet.store.settings import Settings


def test_an_own_node_is_kept_and_the_connections_are_made_anew(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        await world.sync()
        first = world.node
        route = await run(api.SetOwnNode(" MyNode.local "))
        assert (route.own_node, route.named, route.is_given) == ("mynode.local:18444", ("mynode.local:18444",), False)
        assert first.stopped
        assert world.node is not first
        second = world.node
        assert await run(api.SetOwnNode("mynode.local:18444")) == route
        assert world.node is second  # nothing changed
        await world.sync()
        for wrong in ("a b", "node:0", "node:x", "http://node", "<b>", "x" * 300, ":8333", "[::1]:99999"):
            with pytest.raises(api.WrenError, match="write the node's address"):
                await run(api.SetOwnNode(wrong))
        with pytest.raises(api.WrenError, match="proxy"):
            await run(api.SetOwnNode("expyuzz4wqqyqhjn.ONION:18444"))
        assert (await run(api.GetRoute())).own_node == "mynode.local:18444"
        assert (await run(api.SetOwnNode("[2001:db8::1]:8333"))).own_node == "[2001:db8::1]:8333"
        await world.engine.close()
        again = app._parts(world.options)
        assert nodes_of(world.options, again.settings, again.params) == ("[2001:db8::1]:8333",)
        named = replace(world.options, peers=("192.0.2.9:1",))
        assert nodes_of(named, again.settings, again.params) == ("192.0.2.9:1",)
        again.settings.set(own_node_regtest=None)
        assert nodes_of(world.options, again.settings, again.params) == ()
        again.close()

    play(tmp_path, story)


def test_offline_an_own_node_is_only_kept(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert (await world.engine.run(api.SetOwnNode("192.0.2.7:18444"))).named == ("192.0.2.7:18444",)
        assert world.nodes == []
        assert (await world.engine.run(api.SetOwnNode(""))).named == ()

    play(tmp_path, story)


DAMAGED = {"empty": b"", "truncated": b'{"own_node_regtest": "192.0.2.7:18', "garbage": bytes(range(128, 256))}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_after_damage_to_the_settings_nobody_is_talked_to_before_the_user_chose(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(content)

    async def story(world: World) -> None:
        run, parts = world.engine.run, world.parts
        for command in (api.Connect(), api.Synchronise(5.0), api.GetFees(5.0)):
            with pytest.raises(api.WrenError, match="damaged") as refused:
                await run(command)
            assert refused.value.code == "refused"
        await run(api.SetDataUse(50_000_000, unconfirmed=True))  # another setting is no choice
        with pytest.raises(api.WrenError, match="damaged"):
            nodes_of(world.options, Settings(tmp_path / "settings.json"), parts.params)
        assert (await run(api.GetSyncStatus())).notice == CHOOSE
        assert (await run(api.GetRoute())).lost
        assert world.nodes == []
        assert (tmp_path / "settings.json.damaged").read_bytes() == content
        named = replace(world.options, peers=("192.0.2.9:1",))
        assert nodes_of(named, parts.settings, parts.params) == ("192.0.2.9:1",)
        assert (await run(api.SetOwnNode("192.0.2.7"))).named == ("192.0.2.7:18444",)
        assert len(world.nodes) == 1
        assert (await run(api.GetSyncStatus())).notice == ""

    play(tmp_path, story)


def test_to_find_peers_is_a_choice_too_and_holds_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_bytes(b"{")

    async def story(world: World) -> None:
        run, parts = world.engine.run, world.parts
        assert not (await run(api.SetOwnNode(""))).lost
        await world.sync()
        await run(api.SetOwnNode("192.0.2.7"))
        assert not (await run(api.SetOwnNode(""))).lost
        await world.engine.close()
        again = app._parts(world.options)
        assert nodes_of(world.options, again.settings, again.params) == ()
        with pytest.raises(api.WrenError, match="damaged"):
            nodes_of(world.options, again.settings, NETWORKS["main"])
        again.close()
        assert parts.settings.lost

    play(tmp_path, story)
