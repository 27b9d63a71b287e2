"""What the engine is built from: storage as protocols, and everything else that `wallet.app` hands in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from threading import Event
from typing import Protocol

from wallet.bitcoin.block import Block
from wallet.bitcoin.bloom import BloomFilter
from wallet.bitcoin.checkpoints import Checkpoints
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.network import ChainParams
from wallet.engine.api import EngineOptions, WrenError
from wallet.engine.datause import SettingsStore
from wallet.engine.scanner import MatcherFactory
from wallet.engine.signing import Vault, VaultHome
from wallet.ledger.view import LedgerStore
from wallet.spv.addrman import Ban
from wallet.spv.broadcast import BroadcastReport
from wallet.spv.chain import HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.node_api import (
    ALONE,
    FilterBatch,
    FilteredBatch,
    NodeListener,
    NodeStatus,
    Package,
    PeerSnapshot,
)


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """A wallet in the data folder, as its small plain file says.

    leftover: a second home where something of the wallet's secrets may lie that is of no use: it is to be cleared.
    """

    name: str
    folder: Path
    uuid: str
    network: str
    vault: VaultHome
    watch_only: bool = False
    leftover: VaultHome | None = None


class WalletFolder(Protocol):
    """The data folder's wallets."""

    def wallets(self) -> Sequence[WalletEntry]: ...

    def check_name(self, name: str) -> None:
        """Raise an error with code 'wallet_exists' or 'refused' unless a wallet of this name can be made."""
        ...

    def prepare(self, name: str, network: str, vault: VaultHome) -> WalletEntry:
        """A new wallet's folder, marked as staged; no one lists it before `publish`."""
        ...

    def publish(self, entry: WalletEntry) -> WalletEntry:
        """List a prepared wallet, with the vault that it really got; durable."""
        ...

    def update(self, entry: WalletEntry) -> None:
        """Note where a wallet's secrets are, and where there are leftovers; durable, all of it or nothing."""
        ...

    def unpublish(self, entry: WalletEntry) -> None:
        """Make a wallet a staged folder again: it is not listed any more, and what is left of it may go."""
        ...

    def staged(self) -> Sequence[WalletEntry]:
        """What was prepared or unpublished in this data folder and is no wallet: left over by a crash.

        Markers that mean nothing any more, and empty folders, go.
        """
        ...

    def discard(self, entry: WalletEntry, keep_marker: bool = False) -> None:
        """Erase a staged folder. keep_marker: but for its name and the marker, since its keyring items are there."""
        ...

    def write_new(self, path: str, data: bytes) -> None:
        """Write a file for its owner's eyes only, whole or not at all. Raises an error where one is there already."""
        ...


class WalletStore(LedgerStore, Protocol):
    """One wallet's encrypted database: the ledger, and small facts by name."""

    def meta(self, key: str) -> str | None: ...
    def set_meta(self, key: str, value: str) -> None: ...
    def back_up(self, today: date, stop: Event) -> None:
        """Make today's backup if it is not there; for a thread of its own. stop: set when it cannot be waited for."""
        ...

    def close(self) -> None: ...


class FilterCache(Protocol):
    """Recent filters on disk, within a bound."""

    def get(self, start: int, stop: int, block_hashes: Sequence[BlockHash]) -> list[bytes] | None: ...
    def put(self, start: int, block_hashes: Sequence[BlockHash], filters: Sequence[bytes]) -> None: ...
    def truncate(self, height: int) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ChainFiles:
    """The chain as it is stored, for one network."""

    headers: HeaderChain
    filters: FilterHeaderChain
    cache: FilterCache | None
    close: Callable[[], None]


KnownScript = Callable[[bytes], bytes | None]
"""The script of an outpoint (36 serialized bytes), where the wallet knows it: differing filters are judged by it."""


class NetworkNode(Protocol):
    """What the engine asks of `wallet.spv.node.Node`."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def fetch_filters(self, start: int, stop: int) -> FilterBatch: ...
    def load_bloom(self, bloom: BloomFilter) -> None: ...
    async def fetch_filtered(self, start: int, stop: int, bloom: BloomFilter) -> FilteredBatch: ...
    async def fetch_block(self, height: int) -> Block: ...
    async def broadcast(self, raw_tx: bytes, seconds: float, package: Package = ALONE) -> BroadcastReport: ...
    def status(self) -> NodeStatus: ...
    def peers(self) -> list[PeerSnapshot]: ...
    def bans(self) -> list[Ban]: ...
    def tips_reconciled(self) -> bool: ...
    def want_from(self, height: int) -> None: ...
    def seen_by(self, txid: Txid) -> int: ...
    def watch_transactions(self, watch: bool) -> None: ...

    @property
    def filter_tip(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The engine's parts. clock: Unix seconds; chance: for what is random but not secret."""

    params: ChainParams
    checkpoints: Checkpoints
    options: EngineOptions
    folder: WalletFolder
    open_chain: Callable[[], ChainFiles]
    make_node: Callable[[ChainFiles, NodeListener, KnownScript], NetworkNode]
    open_store: Callable[[Path, bytes], WalletStore]
    create_store: Callable[[Path, bytes], WalletStore]
    recover_store: Callable[[Path, bytes], Path]
    matcher: MatcherFactory
    vault: Vault
    storage_error: Callable[[BaseException], WrenError | None]
    clock: Callable[[], float]
    chance: Random
    settings: SettingsStore
    close: Callable[[], None]
