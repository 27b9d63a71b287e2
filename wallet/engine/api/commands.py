"""What the engine can be asked: each command names the type of its answer."""

from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from wallet.engine.api.answers import (
    AddressRow,
    Balance,
    BroadcastResult,
    CoinRow,
    CreatedWallet,
    DescriptorRow,
    FeeReport,
    HistoryRow,
    PaymentReview,
    PeerRow,
    PhraseCheck,
    Preset,
    ProofVerdict,
    ReceiveAddress,
    SendResult,
    SyncReport,
    SyncStatus,
    TransactionDetail,
    WalletInfo,
    WalletStatus,
)

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
class GetWordList(Command[tuple[str, ...]]):
    """The seed words of the language that a text is most likely in, to complete words from; English for no text."""

    text: str = field(default="", repr=False)


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
    """An address that was never used. fresh: one that was never given out by this command either.

    type, account: of an account of this script type and number; the wallet's default where not said.
    """

    type: str | None = None
    fresh: bool = False
    label: str = ""
    amount: int | None = None
    expires: int | None = None
    account: int | None = None


@dataclass(frozen=True, slots=True)
class GetAddresses(Command[tuple[AddressRow, ...]]):
    """Addresses that were given out or used, by account, branch and index. first, count: some of them (None: all)."""

    first: int = 0
    count: int | None = None


@dataclass(frozen=True, slots=True)
class GetCoins(Command[tuple[CoinRow, ...]]):
    """Unspent coins, oldest first. account: of accounts with this number alone.

    first, count: some of them (None: all); long lists are asked for in pieces.
    """

    account: int | None = None
    first: int = 0
    count: int | None = None


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
    one of them, and without either a preset of `GetFees`; accept_fee: the fee that the user has seen and accepts
    although it is unusually high; label: the payment's, address_labels: (address, label); account: the number of the
    account that pays, None for the first one; note: at most 80 bytes of UTF-8 that stay in the chain for everybody to
    read; timeout: seconds to wait until the wallet has caught up with the chain.
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
    timeout: float = 30.0
    preset: Preset = "normal"
    account: int | None = None
    address_labels: tuple[tuple[str, str], ...] = ()
    note: str = ""


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
class GetPeers(Command[tuple[PeerRow, ...]]):
    """The connected peers. timeout: seconds to wait for a first one, who must come; 0: those that are there, if any."""

    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class GetFees(Command[FeeReport]):
    """The fee presets. timeout: connect, and wait so many seconds for peers and blocks; 0: what is known now."""

    timeout: float = 0.0
