"""One open wallet: its ledger, its database, and what is being prepared in it."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import date

from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType
from wallet.engine.api import Mending, SendResult, WalletInfo, WrenError
from wallet.engine.birthday import Birthday
from wallet.engine.parts import WalletEntry, WalletStore
from wallet.engine.signing import VaultRef
from wallet.engine.views import WalletView
from wallet.ledger.keychain import Account, AccountId
from wallet.ledger.ledger import Ledger
from wallet.ledger.payment import PaymentDraft

DEFAULT_ORDER = (ScriptType.P2WPKH, ScriptType.P2TR, ScriptType.P2SH_P2WPKH, ScriptType.P2PKH)
BIRTHDAY = "birthday"
FLOOR = "floor"
KIND = "kind"
FINGERPRINT = "fingerprint"
KEPT = "kept"
SEARCH = "search"
BLOOM = "bloom"


def birthday_text(birthday: Birthday) -> str:
    """A birthday as the database keeps it."""
    return "" if birthday is None else str(birthday)


def parse_birthday(text: str | None) -> Birthday:
    """The birthday that `birthday_text` wrote."""
    if not text:
        return None
    return int(text) if text.isdigit() else date.fromisoformat(text)


@dataclass(slots=True)
class Prepared:
    """A payment under review: what was built, and its sending once that began.

    address_labels: (address, label) to be kept with it; method, replaces, raises: as in `api.PaymentReview`;
    mended: which of those that are replaced its labels come from.
    """

    draft: PaymentDraft
    label: str
    address_labels: tuple[tuple[str, str], ...] = ()
    method: Mending | None = None
    mended: Txid | None = None
    replaces: frozenset[Txid] = frozenset()
    raises: tuple[Txid, ...] = ()
    sending: "asyncio.Future[SendResult] | None" = None


@dataclass(slots=True)
class Session:
    """The open wallet. `prepared`: payments under review, by id."""

    entry: WalletEntry
    store: WalletStore
    ledger: Ledger
    params: ChainParams
    prepared: dict[str, Prepared] = field(default_factory=dict)

    @property
    def found_by_bloom(self) -> bool:
        """Whether some of what is scanned rests on a node's word alone that nothing was left out."""
        return bool(self.store.meta(BLOOM))

    def follow_discovery(self, *, bloom: bool) -> None:
        """Note durably, before anything is scanned that way, that a node is believed; or have all of it scanned anew.

        Where the scan goes back to filters, what was found stays, and every height is matched again. The note goes
        only after that is stored: a crash in between has it done once more.
        """
        if bloom:
            self.store.set_meta(BLOOM, "yes")
        elif self.found_by_bloom:
            self.ledger.rescan(0)
            self.ledger.commit()
            self.store.set_meta(BLOOM, "")

    @property
    def view(self) -> WalletView:
        return WalletView(self.ledger, self.params)

    @property
    def info(self) -> WalletInfo:
        return wallet_info(self.entry)

    @property
    def birthday(self) -> Birthday:
        """Where the scan begins; regtest's chains are short and made today, so there it is always the beginning."""
        stored = parse_birthday(self.store.meta(BIRTHDAY))
        return 0 if self.params.name == "regtest" and isinstance(stored, date) else stored

    @property
    def floor(self) -> int:
        """A height that a new wallet is surely younger than, whatever the clock said when it was made; else 0."""
        stored = self.store.meta(FLOOR)
        return int(stored) if stored and self.params.name != "regtest" else 0

    @property
    def birthday_date(self) -> date | None:
        stored = parse_birthday(self.store.meta(BIRTHDAY))
        return stored if isinstance(stored, date) else None

    @property
    def vault(self) -> VaultRef:
        """Where the secret is."""
        return vault_ref(self.entry)

    @property
    def searching(self) -> bool:
        """Whether accounts are looked at that may be dropped again (see `wallet.engine.search`)."""
        return bool(self.store.meta(SEARCH))

    def kept(self) -> frozenset[AccountId] | None:
        """The accounts that stay though nothing was paid to them; None: all, in wallets from before there was more."""
        stored = self.store.meta(KEPT)
        return None if stored is None else frozenset(json.loads(stored))

    def accounts(self) -> list[Account]:
        """The wallet's accounts, without those that are only being searched."""
        kept = self.kept()
        keychain = self.ledger.keychain
        return [
            account
            for account in keychain.accounts.values()
            if kept is None or account.id in kept or keychain.is_account_used(account.id)
        ]

    def account(self, kind: str | None, number: int | None = None) -> Account:
        """The account of a script type and number; the wallet's default where not said. Raises WrenError not_found."""
        own = [account for account in self.accounts() if number is None or account.account == number]
        if not own:
            raise WrenError("not_found", f"this wallet has no account {number}: see `wren accounts`")
        # Of several accounts of a type the first one is meant.
        accounts = {account.type: account for account in reversed(own)}
        order = DEFAULT_ORDER if kind is None else (ScriptType(kind),)
        for script_type in order:
            if script_type in accounts:
                return accounts[script_type]
        if kind is None:
            return own[0]
        message = f"this wallet has no {kind} account" + ("" if number is None else f" of number {number}")
        raise WrenError("not_found", message)

    def paying_accounts(self, number: int | None) -> frozenset[AccountId]:
        """Whose coins a payment may take: an account's of every script type, the first one's unless told.

        Raises WrenError not_found.
        """
        accounts = self.accounts()
        chosen = min((account.account for account in accounts), default=0) if number is None else number
        found = frozenset(account.id for account in accounts if account.account == chosen)
        if not found:
            raise WrenError("not_found", f"this wallet has no account {chosen}: see `wren accounts`")
        return found


def vault_ref(entry: WalletEntry) -> VaultRef:
    """Where a wallet's secret is."""
    return VaultRef(entry.folder, entry.uuid, entry.vault, entry.network)


def wallet_info(entry: WalletEntry) -> WalletInfo:
    """A wallet as the seam shows it. Only a wallet whose keys are in a file asks for the password to open."""
    return WalletInfo(entry.name, entry.network, entry.vault, locked=entry.vault == "file", watch_only=entry.watch_only)
