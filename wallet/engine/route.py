"""The way to the network as the user is told it, and may set it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.nodes import is_lost, key_of, nodes_of, own_node
from wallet.engine.parts import Parts
from wallet.spv.addrman import ONION, Endpoint

Handler = Callable[[Any], Awaitable[object]]

_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
"""A name, an IPv4 address or an IPv6 address; whether there is such a one, connecting tells."""


class Routing:
    """The commands about the way to the network."""

    def __init__(self, parts: Parts, network: Network) -> None:
        self._parts = parts
        self._network = network

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """The handlers by command."""
        return {api.GetRoute: self.get, api.SetOwnNode: self.set_own_node}

    async def get(self, _command: api.GetRoute) -> api.Route:
        options, settings, params = self._parts.options, self._parts.settings, self._parts.params
        lost = is_lost(options, settings, params)
        return api.Route(
            named=() if lost else nodes_of(options, settings, params),
            own_node=own_node(settings, params),
            proxy=options.proxy or "",
            bloom=options.bloom,
            offline=options.offline,
            lost=lost,
        )

    async def set_own_node(self, command: api.SetOwnNode) -> api.Route:
        """Kept for the next start too; the connections are made anew where that changes whom Wren talks to."""
        address = self._parse(command.address) if command.address.strip() else ""
        settings, before = self._parts.settings, await self.get(api.GetRoute())
        if address != before.own_node or before.lost:
            found = "" if settings.lost else None  # "none" is to be told from what was lost
            settings.set(**{key_of(self._parts.params): address or found})
        after = await self.get(api.GetRoute())
        has_waited = before.lost and not self._parts.options.offline
        if has_waited or (after.named != before.named and self._network.node is not None):
            await self._network.disconnect()
            await self._network.connect()
        return after

    def _parse(self, text: str) -> str:
        try:
            endpoint = Endpoint.parse(text, self._parts.params.port)
        except ValueError:
            endpoint = None
        if endpoint is None or not _HOST.fullmatch(endpoint.host):
            port = self._parts.params.port
            message = f"write the node's address like 192.168.1.5:{port}, or a name like mynode.local:{port}"
            raise api.WrenError("refused", message)
        if endpoint.host.rstrip(".").endswith(ONION) and not self._parts.options.proxy:
            raise api.WrenError("refused", "an onion address is reached through a proxy: start Wren with --proxy")
        return str(endpoint)
