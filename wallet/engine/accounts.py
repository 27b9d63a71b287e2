"""The commands about accounts: which there are, a new one, and looking for payments again."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from wallet.bitcoin.script import ScriptType
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.search import RESTORED, AccountSearch, account_of, next_id
from wallet.engine.session import BIRTHDAY, FLOOR, KEPT, Session, birthday_text
from wallet.ledger.keychain import GAP_LIMIT, Account

MAX_GAP: Final = 10_000


class Accounts:
    """The accounts of the open wallet."""

    def __init__(self, parts: Parts, network: Network, search: AccountSearch, session: Callable[[], Session]) -> None:
        self._parts = parts
        self._network = network
        self._search = search
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Callable[[Any], Awaitable[object]]]:
        """Who carries out which command."""
        return {
            api.GetAccounts: self.accounts,
            api.NewAccount: self.new_account,
            api.Rescan: self.rescan,
            api.GetSearch: self.search,
        }

    async def accounts(self, _command: api.GetAccounts) -> tuple[api.AccountInfo, ...]:
        session = self._session()
        return session.view.accounts(session.accounts(), self._network.tip_height)

    async def new_account(self, command: api.NewAccount) -> api.AccountInfo:
        """The next account of a type. One after an account that was never used would not be found from the words."""
        session = self._session()
        kind = ScriptType(command.type)
        own = [account for account in session.accounts() if account.type is kind and not account.label]
        last = max(own, key=lambda account: account.account, default=None)
        number = 0 if last is None else last.account + 1
        if number > 1 and last is not None and not session.ledger.keychain.is_account_used(last.id):
            message = (
                f"account {last.account} was never used: use it first, or a payment to the one after it would not be "
                "found when the wallet is restored from its words"
            )
            raise api.WrenError("refused", message)
        keys = await self._parts.vault.account_keys(session.vault, command.password, command.type, number)
        if self._session() is not session:
            raise api.WrenError("refused", "the wallet was closed before the account was made")
        account = self._keep(session, replace(account_of(next_id(session.ledger), keys, self._parts.params), label=""))
        return session.view.accounts([account], self._network.tip_height)[0]

    def _keep(self, session: Session, account: Account) -> Account:
        """Store an account that stays; where it is being searched already, that one stays."""
        accounts = session.ledger.keychain.accounts.values()
        known = next((each for each in accounts if each.external == account.external), None)
        chosen = known or account
        kept = session.kept()
        if kept is not None:
            session.store.set_meta(KEPT, json.dumps(sorted({*kept, chosen.id})))
        if known is None:
            session.ledger.add_account(account)
        self._network.commit()
        return chosen

    # --- looking again ---

    async def rescan(self, command: api.Rescan) -> api.RescanReport:
        session = self._session()
        gap = self._checked_gap(command.gap)
        if isinstance(command.start, date) and command.start > datetime.fromtimestamp(self._parts.clock(), UTC).date():
            raise api.WrenError("refused", f"{command.start} is still to come: name a day from which to look again")
        if gap is not None:
            for account in tuple(session.ledger.keychain.accounts.values()):
                session.ledger.add_account(replace(account, gap_limit=gap))
        start = self._start(session, command)
        if start is not None:
            session.ledger.rescan(start)
        self._search.widen(session)
        self._network.commit()
        self._network.attach(session)
        accounts = session.ledger.keychain.accounts.values()
        return api.RescanReport(
            from_height=self._network.first_height(session.birthday) if start is None else start,
            gap=max((account.gap_limit for account in accounts), default=GAP_LIMIT),
            accounts=len(accounts),
        )

    @staticmethod
    def _checked_gap(gap: int | None) -> int | None:
        if gap is not None and not 1 <= gap <= MAX_GAP:
            raise api.WrenError("refused", f"a gap of {gap} addresses: it is 1 to {MAX_GAP}")
        return gap

    def _start(self, session: Session, command: api.Rescan) -> int | None:
        """The height to look again from; None where only new scripts are to be looked for."""
        if command.start is None:
            return None if command.gap is not None else 0
        wanted = self._network.first_height(command.start)
        now = self._network.first_height(session.birthday)
        if wanted is None or now is None or wanted < max(now, session.floor):
            session.store.set_meta(BIRTHDAY, birthday_text(command.start))
            session.store.set_meta(FLOOR, "0")
        return wanted or 0

    async def search(self, _command: api.GetSearch) -> api.SearchReport:
        session = self._session()
        keychain = session.ledger.keychain
        used = [account for account in session.accounts() if keychain.is_account_used(account.id)]
        found = session.view.accounts(used, self._network.tip_height)
        restored = bool(session.store.meta(RESTORED))
        return api.SearchReport(
            restored=restored,
            searching=session.searching,
            found=tuple(account for account in found if account.used),
            nothing_found=restored and not session.searching and not session.ledger.transactions,
        )
