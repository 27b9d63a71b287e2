"""What the engine answers: plain, frozen values. Units as in `wallet.engine.api`."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

VaultKind = Literal["keyring", "file", "none"]
Phase = Literal["offline", "connecting", "headers", "filters", "blocks", "synced"]
FeeSource = Literal["blocks", "blocks+sample", "floor", "fixed"]
Preset = Literal["fast", "normal", "slow"]
Mending = Literal["rbf", "cpfp"]
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
    """An account: one script type, one pair of descriptors. `path` is its origin, such as m/84h/0h/0h.

    balance: all that lies on it, satoshis; used: whether it was ever paid; label: what is special about it.
    """

    id: int
    type: str
    account: int
    path: str
    label: str
    balance: int = 0
    used: bool = False


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Where the chain, the filters and the scan stand; what the status strip shows.

    height: our best header; announced_height: the best that peers speak of; scan_height: the wallet is complete up to
    this block (None: no wallet or nothing scanned), which is of scan_time; percent: of the running phase, 0-100;
    agreed_by: how many independent peers stand for the newest filters; completeness_verified: no peer can have hidden a
    payment from the scan, as a node can that filters blocks for us (BIP37); notice: why it does not go on, and what to
    do about that.
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
    bytes_left: int | None = None
    agreed_by: int = 0
    completeness_verified: bool = True
    notice: str = ""
    scan_time: datetime | None = None


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
    """Satoshis. `pending` may be negative: a payment that waits takes coins away until it is proven."""

    confirmed: int
    pending: int
    immature: int

    @property
    def total(self) -> int:
        return self.confirmed + self.pending + self.immature


@dataclass(frozen=True, slots=True)
class ReceiveAddress:
    """An address to be paid at. warning: in words, where other wallets might not find it from the seed words alone."""

    address: str
    path: str
    uri: str
    type: str
    warning: str = ""


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
    """A coin. warning: "dust_gift" where strangers seem to have strewn it."""

    outpoint: str
    amount: int
    address: str
    height: int | None
    frozen: bool
    spendable: bool
    label: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """`amount` is net to the wallet: negative when paid out, fee included. `fee` is known for our own payments.

    warning: "dust_gift" where it is next to nothing, from strangers, to an address that was used before. about: of what
    came in without a label of its own, what the addresses that it pays are called, as when they were asked for.
    """

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
    warning: str = ""
    about: str = ""


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
    """A prepared, unsigned payment exactly as it will be made. `amount` is what the recipients get together.

    method: how it mends another payment, None where it does not; replaces: the payments that it pushes out; raises:
    the unconfirmed ones whose fee it pays in part.
    """

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
    method: Mending | None = None
    replaces: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()


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
    """One branch of an account. The descriptor holds private keys where they were asked for."""

    descriptor: str = field(repr=False)
    type: str
    account: int
    change: bool


@dataclass(frozen=True, slots=True)
class SignedPsbt:
    psbt: str
    signed: int
    complete: bool


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """A preset: what to pay, in sat/vB, so that about `target` blocks suffice (2 fast, 6 normal, 24 slow)."""

    target: int
    sat_per_vb: float


@dataclass(frozen=True, slots=True)
class FeeReport:
    """The fee presets, the fastest first, and the number of newest blocks that they rest on.

    source: "blocks": what whole blocks paid on average; "blocks+sample": with single payments of them too, a sample
    that need not be like the rest; "floor": the blocks had room left, so `floor`, the least that peers relay, is
    enough; "fixed": nothing is known, and these are Wren's defaults.
    """

    source: FeeSource
    blocks: int
    floor: float
    estimates: tuple[FeeEstimate, ...]


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
    """A live judgement of what was typed into the restore box, in words. `kind` is None while it is nothing yet.

    unknown_words: positions, from 0, of words that are in no list. alternatives: kinds that the text could be read as,
    too: `electrum:` or `bip39:` before the words chooses.
    """

    kind: str | None
    message: str
    complete: bool
    unknown_words: tuple[int, ...] = ()
    alternatives: tuple[str, ...] = ()
    watch_only: bool = False
