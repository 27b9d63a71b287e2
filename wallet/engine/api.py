"""All that the window and the command line may see of the engine.

One seam: a *command* is a frozen dataclass that names its answer's type, `Engine.run` carries it out, and an *event*
says what kind of thing changed. Commands, answers and events are plain values, so the same seam works inside one
process (the command line) and over a pipe (the window; see `wallet.engine.remote`).

Units: amounts and fees are integers in satoshis, fee rates are sat/vB, heights are integers (None while pending), times
are aware datetimes in UTC. Hashes are hex in display order, raw transactions hex in wire order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Literal, Protocol, TypeVar, get_args

ErrorCode = Literal[
    "no_wallet",
    "wallet_exists",
    "in_use",
    "bad_password",
    "vault_unavailable",
    "bad_address",
    "wrong_network",
    "bad_amount",
    "bad_uri",
    "bad_phrase",
    "bad_descriptor",
    "bad_psbt",
    "insufficient_funds",
    "fee_too_high",
    "dust",
    "not_found",
    "not_synced",
    "no_peers",
    "timeout",
    "corrupt",
    "newer_version",
    "refused",
]
ERROR_CODES: frozenset[str] = frozenset(get_args(ErrorCode))


class WrenError(Exception):
    """A failure that the user can do something about: a stable `code` and one line that says what to do."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message

    def __str__(self) -> str:
        return self.message


# --- answers ---------------------------------------------------------------------------------------------------------

VaultKind = Literal["keyring", "file", "none"]
Phase = Literal["offline", "connecting", "headers", "filters", "blocks", "synced"]
TransactionStatus = Literal["local", "pending", "confirmed", "replaced", "abandoned", "immature"]


@dataclass(frozen=True, slots=True)
class WalletInfo:
    """A wallet in the data folder, open or not. `locked`: opening it asks for the password."""

    name: str
    network: str
    vault: VaultKind
    locked: bool
    watch_only: bool = False


@dataclass(frozen=True, slots=True)
class CreatedWallet:
    """What `create` and `restore` answer. `mnemonic` is set once, for a newly made phrase, to be written down."""

    wallet: str
    kind: str
    vault: VaultKind
    fingerprint: str | None
    birthday: date | None
    watch_only: bool = False
    mnemonic: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account: one script type, one pair of descriptors. `path` is its origin, such as m/84h/0h/0h."""

    id: int
    type: str
    account: int
    path: str
    label: str


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Where the chain, the filters and the scan stand; what the status strip shows.

    height: our best header; announced_height: the best that peers speak of; scan_height: the wallet is complete up to
    this block (None: no wallet or nothing scanned); percent: of the running phase, 0-100.
    """

    network: str
    phase: Phase
    percent: float
    height: int
    tip: str
    tip_time: datetime | None
    announced_height: int
    filter_height: int
    scan_height: int | None
    peers: int
    synced: bool
    stale: bool
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class WalletStatus:
    """The open wallet beside the chain: what `status` prints."""

    sync: SyncStatus
    wallet: str
    vault: VaultKind
    birthday: date | None
    pending: int
    accounts: tuple[AccountInfo, ...]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one `sync` did: counts since it began."""

    height: int
    tip: str
    headers: int
    filters: int
    blocks: int
    transactions: int
    peers: int
    seconds: float
    synced: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """Satoshis. `pending` may be negative: a payment that waits takes its whole coin away until the change is proven."""

    confirmed: int
    pending: int
    immature: int

    @property
    def total(self) -> int:
        return self.confirmed + self.pending + self.immature


@dataclass(frozen=True, slots=True)
class ReceiveAddress:
    address: str
    path: str
    uri: str
    type: str


@dataclass(frozen=True, slots=True)
class AddressRow:
    address: str
    path: str
    type: str
    change: bool
    used: bool
    balance: int
    label: str


@dataclass(frozen=True, slots=True)
class CoinRow:
    outpoint: str
    amount: int
    address: str
    height: int | None
    frozen: bool
    spendable: bool
    label: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """`amount` is net to the wallet: negative when paid out, fee included. `fee` is known for our own payments."""

    txid: str
    height: int | None
    time: datetime | None
    amount: int
    fee: int | None
    label: str
    status: TransactionStatus
    proven: bool
    replaced_by: str | None
    seen_by: int = 0


@dataclass(frozen=True, slots=True)
class TransactionEnd:
    """One input or output of a transaction: `address` is None where the script has none; `amount` where unknown."""

    address: str | None
    amount: int | None
    own: bool
    change: bool = False


@dataclass(frozen=True, slots=True)
class TransactionDetail:
    row: HistoryRow
    inputs: tuple[TransactionEnd, ...]
    outputs: tuple[TransactionEnd, ...]
    vsize: int
    hex: str
    block_hash: str | None
    confirmations: int


@dataclass(frozen=True, slots=True)
class PaymentWarning:
    """Something to look at before paying. `blocking` ones need the user's explicit word (`accept_fee`)."""

    code: str
    text: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class PaymentReview:
    """A prepared, unsigned payment exactly as it will be made. `amount` is what the recipients get together."""

    id: str
    recipients: tuple[TransactionEnd, ...]
    inputs: tuple[TransactionEnd, ...]
    amount: int
    fee: int
    fee_rate: float
    vsize: int
    change: int
    change_address: str | None
    warnings: tuple[PaymentWarning, ...]
    hex: str
    psbt: str


@dataclass(frozen=True, slots=True)
class BroadcastReport:
    """How far a transaction got. `propagated`: a peer that did not get it from us announced it."""

    sent_to: int
    requested_by: int
    seen_from: int
    propagated: bool


@dataclass(frozen=True, slots=True)
class SendResult:
    txid: str
    fee: int
    fee_rate: float
    vsize: int
    amount: int
    change: int
    hex: str
    broadcast: BroadcastReport | None


@dataclass(frozen=True, slots=True)
class BroadcastResult:
    txid: str
    broadcast: BroadcastReport


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    """`valid`: the figures fold to the header's root and the header has its work; `known`: we hold that header."""

    valid: bool
    known: bool
    txid: str
    height: int
    confirmations: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DescriptorRow:
    descriptor: str
    type: str
    account: int
    change: bool


@dataclass(frozen=True, slots=True)
class SignedPsbt:
    psbt: str
    signed: int
    complete: bool


@dataclass(frozen=True, slots=True)
class PeerRow:
    address: str
    version: int
    services: int
    transport: str
    netgroup: str
    role: str
    height: int
    latency: float | None
    received: int
    sent: int
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class PhraseCheck:
    """A live judgement of what was typed into the restore box, in words. `kind` is None while it is nothing yet."""

    kind: str | None
    message: str
    complete: bool
    unknown_words: tuple[int, ...] = ()


# --- commands --------------------------------------------------------------------------------------------------------

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Command(Generic[T_co]):
    """Something to ask of the engine; the type parameter is the answer's type."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ListWallets(Command[tuple[WalletInfo, ...]]):
    pass


@dataclass(frozen=True, slots=True)
class NewPhrase(Command[str]):
    """A fresh seed phrase, made in the vault child, to be shown once. words: 12, 15, 18, 21 or 24."""

    words: int = 12


@dataclass(frozen=True, slots=True)
class CheckPhrase(Command[PhraseCheck]):
    """Judge the text of the restore box without keeping it."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CreateWallet(Command[CreatedWallet]):
    """Make a wallet from a new phrase; `phrase` is one of `NewPhrase`, or None to make it on the way.

    password None is the explicit choice of no password.
    """

    name: str
    password: str | None = field(repr=False)
    phrase: str | None = field(default=None, repr=False)
    words: int = 12
    passphrase: str = field(default="", repr=False)
    vault: str = "auto"


@dataclass(frozen=True, slots=True)
class RestoreWallet(Command[CreatedWallet]):
    """Restore from a seed phrase, xprv, xpub, descriptor or WIF. birthday: height, date, or None for the beginning."""

    name: str
    secret: str = field(repr=False)
    password: str | None = field(repr=False)
    passphrase: str = field(default="", repr=False)
    vault: str = "auto"
    birthday: int | date | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenWallet(Command[WalletInfo]):
    name: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CloseWallet(Command[None]):
    pass


@dataclass(frozen=True, slots=True)
class Connect(Command[None]):
    """Start talking to peers, and follow the chain until `Disconnect`."""


@dataclass(frozen=True, slots=True)
class Disconnect(Command[None]):
    pass


@dataclass(frozen=True, slots=True)
class Synchronise(Command[SyncReport]):
    """Connect and wait until the announced tips and the scan agree. timeout: seconds, or None to wait for ever."""

    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class GetSyncStatus(Command[SyncStatus]):
    pass


@dataclass(frozen=True, slots=True)
class GetStatus(Command[WalletStatus]):
    pass


@dataclass(frozen=True, slots=True)
class GetBalance(Command[Balance]):
    pass


@dataclass(frozen=True, slots=True)
class GetReceiveAddress(Command[ReceiveAddress]):
    """An address that was never used. fresh: one that was never given out by this command either."""

    type: str | None = None
    fresh: bool = False
    label: str = ""
    amount: int | None = None
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class GetAddresses(Command[tuple[AddressRow, ...]]):
    pass


@dataclass(frozen=True, slots=True)
class GetCoins(Command[tuple[CoinRow, ...]]):
    pass


@dataclass(frozen=True, slots=True)
class GetHistory(Command[tuple[HistoryRow, ...]]):
    """Newest first; limit None is all."""

    limit: int | None = None


@dataclass(frozen=True, slots=True)
class GetTransaction(Command[TransactionDetail]):
    txid: str


@dataclass(frozen=True, slots=True)
class SetLabel(Command[None]):
    """Label a transaction, an address or a coin. kind: 'tx', 'addr' or 'output' (BIP329's names)."""

    kind: str
    reference: str
    label: str


@dataclass(frozen=True, slots=True)
class PreparePayment(Command[PaymentReview]):
    """Choose coins and build, without signing.

    recipients: (address, satoshis), satoshis None for all that is left; fee_rate in sat/vB or fee in satoshis, at most
    one of them; accept_fee: the fee that the user has seen and accepts although it is unusually high.
    """

    recipients: tuple[tuple[str, int | None], ...]
    fee_rate: float | None = None
    fee: int | None = None
    subtract_fee: bool = False
    coins: tuple[str, ...] = ()
    spend_unconfirmed: bool = False
    accept_fee: int | None = None
    label: str = ""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class SendPayment(Command[SendResult]):
    """Sign, store and broadcast a review. Sending the same review twice answers the same result once more."""

    review: str
    password: str | None = field(repr=False)
    timeout: float = 30.0
    broadcast: bool = True


@dataclass(frozen=True, slots=True)
class BroadcastTransaction(Command[BroadcastResult]):
    hex: str
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class GetProof(Command[dict[str, object]]):
    """The proof document of DESIGN.md §6 (`proof`), ready to be written as JSON."""

    txid: str


@dataclass(frozen=True, slots=True)
class VerifyProof(Command[ProofVerdict]):
    """Judge a proof document against the headers that we hold; needs no wallet."""

    document: dict[str, object]


@dataclass(frozen=True, slots=True)
class GetDescriptors(Command[tuple[DescriptorRow, ...]]):
    private: bool = False
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GetWords(Command[str]):
    """The seed words, behind the password, to be shown and never stored."""

    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignPsbt(Command[SignedPsbt]):
    psbt: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class GetPeers(Command[tuple[PeerRow, ...]]):
    pass


# --- events ----------------------------------------------------------------------------------------------------------

ChangeKind = Literal["history", "balance", "coins", "addresses", "accounts", "labels"]


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

    read_only: see the last commit and never write, so that a writer may run beside; kdf: the cost of sealing new wallets
    as (KiB, iterations, lanes), None for the strong default.
    """

    network: str = "main"
    data_dir: str | None = None
    peers: tuple[str, ...] = ()
    proxy: str | None = None
    offline: bool = False
    discovery: str = "filters"
    read_only: bool = False
    kdf: tuple[int, int, int] | None = None
