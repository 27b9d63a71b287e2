"""Connecting, and waiting until everything is found: the commands that use the network without paying."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.offering import offer
from wallet.engine.packages import oldest_first
from wallet.engine.parts import NetworkNode
from wallet.engine.queries import SessionOf
from wallet.engine.session import Session
from wallet.spv.node_api import PeerSnapshot

_POLL: Final = 0.05
_OFFER_SECONDS: Final = 3.0
_MOST_BLOCKS: Final = 144
_OFFERED_AT_ONCE: Final = 50
"""A peer that has a payment already never asks for it, and each would wait in vain for as long as one is waited for."""


class Syncing:
    """The network's commands."""

    def __init__(self, network: Network, session: SessionOf, settle: Callable[[], None]) -> None:
        """settle: called when everything was searched."""
        self._network = network
        self._settle = settle
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Callable[[Any], Awaitable[object]]]:
        """The handlers that the engine does not name one by one."""
        return {api.GetBans: self.bans, api.GetChain: self.chain, **self._network.use.table()}

    async def bans(self, _command: api.GetBans) -> tuple[api.BanRow, ...]:
        node = self._network.node
        rows = [] if node is None else node.bans()
        return tuple(api.BanRow(str(ban.endpoint), datetime.fromtimestamp(ban.until, UTC), ban.reason) for ban in rows)

    async def connect(self, _command: api.Connect) -> None:
        await self._network.connect()

    async def disconnect(self, _command: api.Disconnect) -> None:
        await self._network.disconnect()

    async def sync_status(self, _command: api.GetSyncStatus) -> api.SyncStatus:
        return self._network.status()

    async def synchronise(self, command: api.Synchronise) -> api.SyncReport:
        """Catch up, offer what is pending again, and report."""
        started = time.monotonic()
        before, headers = self._network.counts, self._network.headers_received
        filters, blocks, transactions = before.filters, before.blocks, before.transactions
        await self._network.connect()
        await self.catch_up(command.timeout)
        await self._offer_again()
        status, counts = self._network.status(), self._network.counts
        return api.SyncReport(
            height=status.height,
            tip=status.tip,
            headers=self._network.headers_received - headers,
            filters=counts.filters - filters,
            blocks=counts.blocks - blocks,
            transactions=counts.transactions - transactions,
            peers=status.peers,
            seconds=round(time.monotonic() - started, 3),
            synced=status.synced,
            stale=status.stale,
        )

    async def catch_up(self, seconds: float | None) -> None:
        """Wait until the announced tips and the scan agree. Raises WrenError timeout or no_peers."""
        met_peers = False
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._network.synced():
            if (failure := self._network.failure) is not None:
                raise failure
            if notice := self._network.notice():
                raise api.WrenError("refused", notice)
            met_peers = met_peers or self._network.status().peers > 0
            if deadline is not None and time.monotonic() >= deadline:
                raise self._late(met_peers, seconds or 0.0)
            await asyncio.sleep(_POLL)
        self._settle()

    def _late(self, met_peers: bool, seconds: float) -> api.WrenError:
        if not met_peers:
            message = f"no peer answered within {seconds:g} s: check the connection, and your own node if you named one"
            return api.WrenError("no_peers" if self._network.headers_received == 0 else "timeout", message)
        status = self._network.status()
        message = (
            f"not finished within {seconds:g} s (height {status.height} of {status.announced_height}, "
            f"scanned to {status.scan_height or 0}); what was done is kept: run it again to go on"
        )
        return api.WrenError("timeout", message)

    async def _offer_again(self) -> None:
        """Announce our own payments that are in no block yet, once more."""
        session, node = self._session(), self._network.node
        if node is None:
            return
        ours = [record.txid for record in session.ledger.unproven() if record.local]
        waiting = [session.ledger.transactions[txid].raw for txid in oldest_first(session.ledger, ours)]
        for first in range(0, len(waiting), _OFFERED_AT_ONCE):
            some = waiting[first : first + _OFFERED_AT_ONCE]
            await asyncio.gather(*(offer(session.ledger, node, raw, _OFFER_SECONDS) for raw in some))
        self._network.commit()

    async def chain(self, command: api.GetChain) -> api.ChainReport:
        """The newest of the headers that are held."""
        headers = self._network.files.headers
        lowest = max(headers.base_height, headers.tip_height - min(command.blocks, _MOST_BLOCKS) + 1)
        found = [(height, headers.header_at(height)) for height in range(headers.tip_height, lowest - 1, -1)]
        rows = (
            api.BlockRow(height, str(header.hash), datetime.fromtimestamp(header.time, UTC)) for height, header in found
        )
        return api.ChainReport(tuple(rows), headers.tip_work)

    async def peers(self, command: api.GetPeers) -> tuple[api.PeerRow, ...]:
        """The peers; when we just began to connect, the first ones are waited for."""
        node = self._network.node
        if node is None:
            return ()
        rows = await self._first_peers(node, command.timeout) if command.timeout > 0 else node.peers()
        return tuple(
            api.PeerRow(
                address=row.address,
                version=row.version,
                services=row.services,
                transport=row.transport,
                netgroup=row.netgroup,
                role=row.role,
                height=row.height,
                latency=row.latency,
                received=row.received,
                sent=row.sent,
                user_agent=row.user_agent,
            )
            for row in rows
        )

    async def broadcast(self, command: api.BroadcastTransaction) -> api.BroadcastResult:
        """Hand a signed transaction of anybody's to the network."""
        try:
            raw = bytes.fromhex(command.hex)
            transaction = Transaction.parse(raw)
        except ValueError as error:
            raise api.WrenError("refused", f"this is not a transaction in hex: {error}") from error
        if any(not spent.script_sig and not spent.witness for spent in transaction.inputs):
            raise api.WrenError("refused", "this transaction is not signed yet")
        return api.BroadcastResult(str(transaction.txid), await self.announce(raw, command.timeout))

    async def announce(self, raw: bytes, seconds: float) -> api.BroadcastReport:
        """Connect if need be, and announce a transaction. Raises WrenError no_peers."""
        await self._network.connect()
        node = self._network.node
        if node is None:
            raise api.WrenError("no_peers", "there is no connection")
        deadline = time.monotonic() + seconds
        await self._first_peers(node, seconds)
        seconds = max(0.1, deadline - time.monotonic())
        try:
            session: Session | None = self._session()
        except api.WrenError:
            session = None  # somebody's transaction, without any wallet
        if session is None:
            report = await node.broadcast(raw, seconds)
        else:
            report = await offer(session.ledger, node, raw, seconds)
            if report.sent_to:  # peers do not tell us again what we told them
                self._network.transaction_seen(Transaction.parse(raw), 0, raw)
            self._network.commit()
        return api.BroadcastReport(report.sent_to, report.requested_by, report.seen_from, report.propagated)

    @staticmethod
    async def _first_peers(node: NetworkNode, seconds: float) -> list[PeerSnapshot]:
        """The connected peers, once there are any. Raises WrenError no_peers."""
        deadline = time.monotonic() + seconds
        while True:
            if rows := node.peers():
                return rows
            if time.monotonic() >= deadline:
                message = "no peer answered: check the connection, and your own node if you named one"
                raise api.WrenError("no_peers", message)
            await asyncio.sleep(_POLL)
