"""A node on a folder of its own, for tests: real files, real sockets, and a listener that remembers."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.transaction import Transaction
from wallet.spv.chain import ChainUpdate, HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.node import Node
from wallet.spv.node_api import NodeConfig
from wallet.spv.sync import Synchronizer
from wallet.store.headers import FilterHeaderFile, HeaderFile


class Listener:
    """Everything that a node reported."""

    def __init__(self) -> None:
        self.updates: list[ChainUpdate] = []
        self.transactions: list[tuple[Transaction, int]] = []
        self.revoked: list[int] = []
        self.errors: list[BaseException] = []
        self.peer_changes = 0
        self.progress_changes = 0

    def chain_changed(self, update: ChainUpdate) -> None:
        self.updates.append(update)

    def transaction_seen(self, tx: Transaction, peer_id: int, raw: bytes) -> None:
        assert tx.serialize() == raw
        self.transactions.append((tx, peer_id))

    def filters_revoked(self, from_height: int) -> None:
        self.revoked.append(from_height)

    def peers_changed(self) -> None:
        self.peer_changes += 1

    def progress_changed(self) -> None:
        self.progress_changes += 1

    def failed(self, error: BaseException) -> None:
        self.errors.append(error)


class RunningNode:
    """A node, its listener and its chains."""

    def __init__(self, folder: Path, *peers: str, listener: Listener | None = None, bloom: bool = False) -> None:
        config = NodeConfig(REGTEST, peers=peers, bloom=bloom)
        self.header_file = HeaderFile(folder / "headers.dat")
        self.filter_file = FilterHeaderFile(folder / "filterheaders.dat")
        self.headers = HeaderChain(REGTEST, config.checkpoints, self.header_file)
        self.filters = FilterHeaderChain(REGTEST, (), self.filter_file, self.headers)
        self.listener = listener or Listener()
        self.synchronizer = Synchronizer(REGTEST, self.headers, self.filters, bloom=bloom)
        self.node = Node(config, self.headers, self.synchronizer, self.listener)

    def close(self) -> None:
        self.header_file.close()
        self.filter_file.close()


@contextlib.asynccontextmanager
async def running(folder: Path, *peers: str, bloom: bool = False) -> AsyncIterator[RunningNode]:
    """A started node; at the end it must have found no defect."""
    fixture = RunningNode(folder, *peers, bloom=bloom)
    await fixture.node.start()
    try:
        yield fixture
    finally:
        await fixture.node.stop()
        fixture.close()
    assert fixture.listener.errors == []
