"""Whom the engine talks to: nodes of the command line, the user's own node, or peers that it finds."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.test_network import play
from tests.engine.world import World
from wallet import app
from wallet.engine import api
from wallet.engine.route import nodes_of


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
