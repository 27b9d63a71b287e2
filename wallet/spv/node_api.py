"""What the network half of the wallet is asked and what it answers: values and protocols, no behaviour."""

from dataclasses import dataclass
from typing import Final, Protocol

from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS, Checkpoints
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.transaction import Transaction
from wallet.spv.chain import ChainUpdate
from wallet.spv.sync_types import FilteredBlock


class Superseded(Exception):
    """A reorganisation removed blocks that were asked for: ask again for the new ones."""


class NodeStopped(Exception):
    """The node was stopped while something was being fetched."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """How to reach the network. `peers` ("host:port") mean these and no others; `proxy` is a SOCKS5 "host:port".

    bloom: peers announce no transactions until they are given a filter (BIP37).
    """

    params: ChainParams
    checkpoints: Checkpoints = EMPTY_CHECKPOINTS
    peers: tuple[str, ...] = ()
    proxy: str | None = None
    user_agent: str = "/Wren:0.1/"
    max_outbound: int = 8
    fixed_seeds: tuple[str, ...] = ()
    bloom: bool = False


class NodeListener(Protocol):
    """What the node reports. Each call must be quick: the network waits for it."""

    def chain_changed(self, update: ChainUpdate) -> None:
        """Blocks were connected or disconnected; the headers are stored already."""

    def transaction_seen(self, tx: Transaction, peer_id: int, raw: bytes) -> None:
        """A transaction was announced and fetched; once for each transaction that is remembered."""

    def filters_revoked(self, from_height: int) -> None:
        """Filters given out from this height on were a peer's lies: note durably to match those heights again.

        Called before the filter headers are forgotten: after a crash nobody else would know.
        """

    def peers_changed(self) -> None:
        """A peer is ready or gone."""

    def progress_changed(self) -> None:
        """`Node.status()` has news."""

    def failed(self, error: BaseException) -> None:
        """The node cannot go on: the disk (StoreError), or a defect of ours. It should be stopped."""


@dataclass(frozen=True, slots=True)
class Package:
    """What goes with a payment.

    parents: raw transactions that it builds on and peers may lack, the oldest first; fee_rate: of all of it together,
    satoshis per 1,000 virtual bytes, None when it is not known.
    """

    parents: tuple[bytes, ...] = ()
    fee_rate: int | None = None


ALONE: Final = Package()


@dataclass(frozen=True, slots=True)
class FilterBatch:
    """Filters of consecutive blocks, each verified against its filter header.

    An empty filter (no bytes) could not be judged or had: treat the block as a hit.
    """

    start_height: int
    block_hashes: tuple[BlockHash, ...]
    filters: list[bytes]


@dataclass(frozen=True, slots=True)
class FilteredBatch:
    """Consecutive blocks as a peer filtered them (BIP37): those in which something matched, what was left out unseen.

    Of a match, `txids` are proven to be in the block; `transactions` are those of them that came, without witnesses.
    """

    start_height: int
    block_hashes: tuple[BlockHash, ...]
    matches: list[FilteredBlock]


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """Where the node stands. Heights of -1 mean nothing yet; agreed_by: how many voices stand for the filters."""

    peers: int
    header_height: int
    announced_height: int
    headers_synced: bool
    stale: bool
    filter_header_height: int
    bytes_received: int
    transaction_bytes: int
    agreed_by: int = 0


@dataclass(frozen=True, slots=True)
class PeerSnapshot:
    """One connected peer. `latency` in seconds; `received` and `sent` in bytes."""

    id: int
    address: str
    version: int
    services: int
    user_agent: str
    transport: str
    netgroup: str
    role: str
    height: int
    latency: float | None
    received: int
    sent: int
    clock_offset: float
    fee_filter: int
