"""From the ledger's values to the seam's: hashes to hex, scripts to addresses, Unix seconds to times."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from wallet.bitcoin.address import AddressError, address_from_script, parse_address
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.hdkey import format_path
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.engine import api
from wallet.ledger.guards import DUST_GIFT
from wallet.ledger.history import HistoryEntry
from wallet.ledger.keychain import Account, AccountId, ScriptRef
from wallet.ledger.labels import LabelKey, LabelKind
from wallet.ledger.ledger import Ledger
from wallet.ledger.record import Coin

EVERYTHING: Final = slice(None)


def moment(seconds: int | None) -> datetime | None:
    """Unix seconds as an aware time in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def address_text(script_pubkey: bytes, params: ChainParams) -> str | None:
    """The address of a script, where it has one."""
    found = address_from_script(script_pubkey, params)
    return None if found is None else found.text


def account_path(account: Account) -> str:
    """The origin path of an account's key, such as m/84h/0h/0h; m where it has none."""
    origin = account.external.key.origin
    return "m" if origin is None else format_path(origin.path)


def history_row(entry: HistoryEntry, about: str = "", seen_by: int = 0) -> api.HistoryRow:
    return api.HistoryRow(
        txid=str(entry.txid),
        height=entry.height,
        time=moment(entry.time),
        amount=entry.amount,
        fee=entry.fee,
        label=entry.label,
        status=entry.status.value,
        proven=entry.proven,
        replaced_by=None if entry.replaced_by is None else str(entry.replaced_by),
        seen_by=seen_by,
        warning="dust_gift" if entry.dust_gift else "",
        about=about,
    )


class WalletView:
    """Rows about one open wallet."""

    def __init__(self, ledger: Ledger, params: ChainParams) -> None:
        self._ledger = ledger
        self._params = params

    def accounts(self, accounts: Iterable[Account], tip: int) -> tuple[api.AccountInfo, ...]:
        """Accounts with what lies on each."""
        balances: dict[AccountId, int] = {}
        for coin in self._ledger.coins(tip):
            balances[coin.ref.account] = balances.get(coin.ref.account, 0) + coin.amount
        paid = {ref.account for ref in self._ledger.keychain.used()}
        return tuple(
            api.AccountInfo(
                id=account.id,
                type=str(account.type),
                account=account.account,
                path=account_path(account),
                label=account.label,
                balance=balances.get(account.id, 0),
                used=account.id in paid,
            )
            for account in accounts
        )

    def path(self, ref: ScriptRef) -> str:
        """The full derivation path of a script, such as m/84h/0h/0h/0/5."""
        return format_path(self._ledger.keychain.derived(ref).origin.path)

    def type_of(self, ref: ScriptRef) -> str:
        return str(self._ledger.keychain.accounts[ref.account].type)

    def label_of(self, address: str | None) -> str:
        return "" if address is None else self._ledger.label(LabelKind.ADDRESS, address)

    def about(self, entry: HistoryEntry) -> str:
        """What the addresses of ours are called that a payment came to; empty where it has a label of its own."""
        if entry.label or entry.outgoing:
            return ""
        own, outputs = self._ledger.keychain.scripts(), self._ledger.transactions[entry.txid].transaction.outputs
        scripts = (output.script_pubkey for output in outputs if output.script_pubkey in own)
        labels = dict.fromkeys(self.label_of(address_text(script, self._params)) for script in scripts)
        return ", ".join(filter(None, labels))

    def addresses(self, tip: int, piece: slice = EVERYTHING) -> tuple[api.AddressRow, ...]:
        rows = []
        for entry in self._ledger.addresses(tip)[piece]:
            address = address_text(entry.script_pubkey, self._params) or entry.script_pubkey.hex()
            rows.append(
                api.AddressRow(
                    address=address,
                    path=self.path(entry.ref),
                    type=self.type_of(entry.ref),
                    change=entry.ref.is_change,
                    used=entry.used,
                    balance=entry.balance,
                    label=self.label_of(address),
                )
            )
        return tuple(rows)

    def coin(self, coin: Coin) -> api.CoinRow:
        address = address_text(coin.script_pubkey, self._params) or coin.script_pubkey.hex()
        label = self._ledger.label(LabelKind.OUTPUT, str(coin.outpoint))
        return api.CoinRow(
            outpoint=str(coin.outpoint),
            amount=coin.amount,
            address=address,
            height=coin.height,
            frozen=coin.frozen,
            spendable=coin.spendable,
            label=label or self.label_of(address),
            warning="dust_gift" if coin.amount < DUST_GIFT and self._ledger.is_dust_gift(coin.outpoint) else "",
        )

    def origins(self) -> Callable[[Coin], str]:
        """The user's word for where each coin comes from: its own label, its address's, or the incoming payment's.

        Change has no origin of its own: the label of a payment tells where money went. What is labelled is read once:
        to write the address of each of many coins takes longer than all else about a payment.
        """
        named: dict[LabelKind, dict[object, str]] = {kind: {} for kind in LabelKind}
        for key, label in self._ledger.labels.items():
            if (thing := self._labelled(key)) is not None:
                named[key.kind][thing] = label
        coins, scripts, payments = named[LabelKind.OUTPUT], named[LabelKind.ADDRESS], named[LabelKind.TRANSACTION]

        def origin(coin: Coin) -> str:
            label = coins.get(coin.outpoint) or scripts.get(coin.script_pubkey, "")
            return label if label or coin.ref.is_change else payments.get(coin.outpoint.txid, "")

        return origin

    def _labelled(self, key: LabelKey) -> object:
        """What a label names, as coins hold it; None for what no coin has, and for what cannot be read."""
        try:
            match key.kind:
                case LabelKind.OUTPUT:
                    return OutPoint.parse_text(key.reference)
                case LabelKind.ADDRESS:
                    return parse_address(key.reference, self._params).script_pubkey
                case LabelKind.TRANSACTION:
                    return Txid.from_hex(key.reference)
                case _:
                    return None
        except (ParseError, AddressError):
            return None

    def inputs(self, transaction: Transaction) -> tuple[api.TransactionEnd, ...]:
        """What a transaction spends, as far as it is known."""
        if transaction.is_coinbase:
            return ()
        return tuple(self._input(spent.outpoint) for spent in transaction.inputs)

    def _input(self, outpoint: OutPoint) -> api.TransactionEnd:
        output = self._ledger.output(outpoint)
        if output is None:
            return api.TransactionEnd(None, None, own=False)
        address = address_text(output.script_pubkey, self._params)
        return api.TransactionEnd(address, output.amount, own=self._ledger.owner(outpoint) is not None)

    def outputs(self, transaction: Transaction) -> tuple[api.TransactionEnd, ...]:
        """Whom a transaction pays."""
        scripts = self._ledger.keychain.scripts()
        return tuple(
            api.TransactionEnd(
                address=address_text(output.script_pubkey, self._params),
                amount=output.amount,
                own=(ref := scripts.get(output.script_pubkey)) is not None,
                change=ref is not None and ref.is_change,
            )
            for output in transaction.outputs
        )
