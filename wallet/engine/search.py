"""The search of a restored wallet: which accounts are looked at, which stay, and what was found.

A restored wallet begins with the four usual accounts, the next one of each type, and the places where other wallets
keep theirs; all are matched in one pass over the filters. While the last account of a type turns out to be used, the
next one joins, from public keys that the vault derived beforehand. When everything is searched, accounts that were
never used are dropped again, but for the usual ones and those that the user made. `Rescan` begins anew.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Final

from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.parts import WalletStore
from wallet.engine.session import KEPT, SEARCH, Session
from wallet.engine.signing import AccountKeys
from wallet.ledger.keychain import Account, AccountId
from wallet.ledger.ledger import Ledger

RESERVE: Final = "reserve"
RESTORED: Final = "restored"
_MONEY: Final = frozenset({"balance", "accounts"})


def account_of(number: AccountId, keys: AccountKeys, params: ChainParams) -> Account:
    """An account of the ledger from its descriptors."""
    return Account(
        id=number,
        type=ScriptType(keys.type),
        account=keys.account,
        external=Descriptor.parse(keys.external, params),
        internal=None if keys.internal is None else Descriptor.parse(keys.internal, params),
        label=keys.label,
    )


def next_id(ledger: Ledger) -> AccountId:
    """An id that no account has."""
    return max(ledger.keychain.accounts, default=-1) + 1


def remember(store: WalletStore, kept: Iterable[AccountId], reserve: Iterable[AccountKeys], restored: bool) -> None:
    """Note what a new wallet's search will need."""
    store.set_meta(KEPT, json.dumps([*kept]))
    store.set_meta(RESERVE, json.dumps([asdict(keys) for keys in reserve]))
    store.set_meta(RESTORED, "1" if restored else "")
    store.set_meta(SEARCH, "1" if restored else "")


class AccountSearch:
    """Keeps the accounts of the open wallet in step with what is found."""

    def __init__(
        self,
        params: ChainParams,
        network: Network,
        session: Callable[[], Session | None],
        emit: Callable[[api.Event], None],
    ) -> None:
        self._params = params
        self._emit = emit
        self._network = network
        self._session = session
        self._reserve: tuple[Session, tuple[AccountKeys, ...]] | None = None
        self._settling = False

    def heard(self, event: api.Event) -> None:
        """An event of the engine: an account that turns out to be used brings in the next one."""
        session = self._session()
        if session is None or self._settling or not session.searching:
            return
        if isinstance(event, api.WalletChanged) and event.kinds & _MONEY:
            self._grow(session)
        elif isinstance(event, api.SyncChanged) and event.status.synced:
            self.settle()

    def _grow(self, session: Session) -> None:
        wanted = {
            (str(account.type), account.account + 1)
            for account in session.ledger.keychain.accounts.values()
            if session.ledger.keychain.is_account_used(account.id)
        }
        if self._add(session, [keys for keys in self.reserve(session) if _place(keys) in wanted]):
            self._network.commit()

    def widen(self, session: Session) -> None:
        """Search every place once more where accounts may lie: the first two of each type, and the unusual ones."""
        session.store.set_meta(SEARCH, "1")
        self._add(session, [keys for keys in self.reserve(session) if keys.label or keys.account <= 1])
        self._grow(session)

    def _add(self, session: Session, found: Iterable[AccountKeys]) -> bool:
        ledger = session.ledger
        present = {str(account.external) for account in ledger.keychain.accounts.values()}
        missing = [keys for keys in found if keys.external not in present]
        gap = max((account.gap_limit for account in ledger.keychain.accounts.values()), default=0)
        for keys in missing:
            account = account_of(next_id(ledger), keys, self._params)
            ledger.add_account(replace(account, gap_limit=max(gap, account.gap_limit)))
        return bool(missing)

    def reserve(self, session: Session) -> tuple[AccountKeys, ...]:
        """The accounts whose public keys are at hand."""
        if self._reserve is None or self._reserve[0] is not session:
            rows = json.loads(session.store.meta(RESERVE) or "[]")
            self._reserve = (session, tuple([AccountKeys(**row) for row in rows]))
        return self._reserve[1]

    def settle(self) -> None:
        """Drop what was searched in vain, once all is searched."""
        session = self._session()
        if session is None or not session.searching or not self._network.synced():
            return
        shown = {account.id for account in session.accounts()}
        self._settling = True  # what is stored here is told to everybody, this object included
        try:
            for account in [each for each in session.ledger.keychain.accounts if each not in shown]:
                session.ledger.remove_account(account)
            self._network.commit()
            session.store.set_meta(SEARCH, "")
        finally:
            self._settling = False
        self._emit(api.WalletChanged(frozenset({"accounts"})))


def _place(keys: AccountKeys) -> tuple[str, int] | None:
    """Type and number of an account on the usual path; None of one elsewhere."""
    return None if keys.label else (keys.type, keys.account)
