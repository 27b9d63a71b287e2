"""The engine as its users hold it: commands in, answers and events out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from wallet.engine.api.answers import SyncStatus
from wallet.engine.api.commands import Command

T = TypeVar("T")

ChangeKind = Literal["history", "balance", "coins", "addresses", "accounts", "labels", "contacts", "requests"]


@dataclass(frozen=True, slots=True)
class SyncChanged:
    """The chain, the peers or the scan moved on; sent at most a few times a second."""

    status: SyncStatus


@dataclass(frozen=True, slots=True)
class WalletChanged:
    """Something in the open wallet changed; views whose kind is named ask again."""

    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """The engine met an error outside a command, such as a full disk; it goes on where it can."""

    code: str
    message: str


Event = SyncChanged | WalletChanged | EngineFailed
Listener = Callable[[Event], None]


class Engine(Protocol):
    """What `wallet.app` hands to the window and to the command line."""

    async def run(self, command: Command[T]) -> T:
        """Carry out a command. Raises WrenError for what the user can mend."""
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on the caller's loop for every event; the answer ends the subscription."""
        ...

    async def close(self) -> None:
        """End the network, the open wallet and everything that runs for them."""
        ...


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the engine is started with (the command line's global options).

    read_only: see the last commit and never write, so that a writer may run beside; kdf: the cost of sealing new
    wallets as (KiB, iterations, lanes), None for the strong default.
    """

    network: str = "main"
    data_dir: str | None = None
    peers: tuple[str, ...] = ()
    proxy: str | None = None
    offline: bool = False
    discovery: str = "filters"
    read_only: bool = False
    kdf: tuple[int, int, int] | None = None

    @property
    def bloom(self) -> bool:
        """Whether a node of the user's own finds the payments (BIP37), and is believed that it leaves none out."""
        return self.discovery == "bloom"
