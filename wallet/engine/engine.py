"""The engine: carries out every command of the seam, and tells who listens what changed.

It joins the parts and holds no rules of its own: wallets (`onboarding`), the network and the scan (`network`,
`syncing`), questions (`queries`), payments (`spending`) and PSBTs (`psbts`). One loop, one thread, no locks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from wallet.engine import api
from wallet.engine.accounts import Accounts
from wallet.engine.daily import DailyBackup
from wallet.engine.errors import translate
from wallet.engine.fees import Fees
from wallet.engine.keeping import Keeping
from wallet.engine.locking import Lock
from wallet.engine.memory import memory_table
from wallet.engine.mending import Mending
from wallet.engine.messages import Messages
from wallet.engine.network import Network
from wallet.engine.onboarding import Onboarding
from wallet.engine.parts import Parts
from wallet.engine.psbts import Psbts
from wallet.engine.queries import Queries
from wallet.engine.route import Routing
from wallet.engine.search import AccountSearch
from wallet.engine.session import Session
from wallet.engine.spending import Spending
from wallet.engine.staging import Staging
from wallet.engine.sweeping import Sweeping
from wallet.engine.syncing import Syncing

T = TypeVar("T")
log = logging.getLogger(__name__)
Handler = Callable[[Any], Awaitable[object]]


class WrenEngine:
    """`api.Engine` in this process. Make it on the loop that will run it; `close` it there."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._listeners: list[api.Listener] = []
        self._session: Session | None = None
        self._following = False
        self._network = Network(parts, self._emit)
        self._fees = Fees(parts.params, self._network, lambda: self._following and self._session is not None)
        self._search = AccountSearch(parts.params, self._network, lambda: self._session, self._emit)
        self._listeners += [self._fees.heard, self._search.heard]
        self._syncing = Syncing(self._network, self._open_session, self._search.settle)
        self._staging = Staging(parts)
        self._lock = Lock(parts, lambda: self._session)
        self._daily = DailyBackup(parts, self._emit)
        self._tidying: asyncio.Task[None] | None = None
        self._handlers = self._table()

    def _table(self) -> Mapping[type[api.Command[Any]], Handler]:
        onboarding = Onboarding(self._parts, self._staging, self._adopt, self._network.floor, self._lock.open)
        keeping = Keeping(self._parts, self._staging, lambda: self._session, self._adopt, self._leave)
        syncing = self._syncing
        queries = Queries(self._parts, self._network, self._open_session)
        spending = Spending(self._parts, self._network, syncing, self._fees, self._open_session)
        messages = Messages(self._parts, self._open_session)
        psbts = Psbts(self._parts, self._open_session, lambda: self._session)
        accounts = Accounts(self._parts, self._network, self._search, self._open_session)
        return {
            api.ListWallets: onboarding.list_wallets,
            api.NewPhrase: onboarding.new_phrase,
            api.CheckPhrase: onboarding.check_phrase,
            api.GetWordList: onboarding.word_list,
            api.CreateWallet: onboarding.create,
            api.RestoreWallet: onboarding.restore,
            api.OpenWallet: onboarding.open,
            api.CloseWallet: self._close_wallet,
            api.Connect: self._follow,
            api.Disconnect: syncing.disconnect,
            api.Synchronise: syncing.synchronise,
            api.GetSyncStatus: syncing.sync_status,
            api.GetPeers: syncing.peers,
            api.GetFees: self._fees.get,
            api.BroadcastTransaction: syncing.broadcast,
            api.GetStatus: queries.status,
            api.GetBalance: queries.balance,
            api.GetAddresses: queries.addresses,
            api.GetCoins: queries.coins,
            api.GetHistory: queries.history,
            api.GetTransaction: queries.transaction,
            api.SetLabel: queries.set_label,
            api.GetDescriptors: queries.descriptors,
            api.GetWords: queries.words,
            api.GetProof: queries.proof,
            api.VerifyProof: queries.verify_proof,
            **spending.table(),
            api.ReviewPsbt: psbts.review,
            api.SignPsbt: psbts.sign,
            api.SignMessage: messages.sign,
            api.VerifyMessage: messages.verify,
            **keeping.table(),
            **self._lock.table(),
            **accounts.table(),
            **Sweeping(self._parts, self._network, spending, self._open_session).table(),
            **Mending(self._parts, self._network, self._fees, spending, self._open_session).table(),
            **syncing.table(),
            **Routing(self._parts, self._network).table(),
            **memory_table(self._parts, self._network, self._open_session),
        }

    async def run(self, command: api.Command[T]) -> T:
        """Carry out a command. Raises WrenError for what the user can mend; anything else is a fault of ours."""
        if self._tidying is None and not self._parts.options.read_only:
            self._tidying = asyncio.create_task(self._tidy())
        try:
            self._lock.check(command)
            return cast("T", await self._handlers[type(command)](command))
        except Exception as error:
            known = translate(error, self._parts.storage_error)
            if known is None or known is error:
                raise
            raise known from error

    async def _tidy(self) -> None:
        """Beside the first command: what a crash left behind goes. It is no part of what was asked for."""
        try:
            await self._staging.tidy()
        except Exception as error:
            if translate(error, self._parts.storage_error) is None:
                log.exception("tidying up met a fault of ours")
            else:
                log.warning("what a crash left behind is still there: %s", error)

    def subscribe(self, listener: api.Listener) -> Callable[[], None]:
        """Call `listener` for every event, on this loop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _emit(self, event: api.Event) -> None:
        """Tell everyone. A listener's fault stays its own: it must not end the scan that has something to tell."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("whoever listens to events met a fault")

    # --- the open wallet ---

    def _open_session(self) -> Session:
        if self._session is None:
            raise api.WrenError("no_wallet", "no wallet is open")
        return self._session

    def _adopt(self, session: Session | None) -> None:
        """Take over a wallet that was just opened; the one before is closed."""
        self._network.attach(None)
        if self._session is not None:
            self._session.store.close()
        self._session = session
        if session is not None:
            self._network.attach(session)
            self._daily.begin(session)
            self._emit(api.WalletChanged(frozenset({"history", "balance", "coins", "addresses", "accounts", "labels"})))

    async def _leave(self, uuid: str) -> None:
        """Close a wallet, if it is the open one, and leave its files alone from then on."""
        if self._session is not None and self._session.entry.uuid == uuid:
            await self._daily.end(patience=0)
            self._adopt(None)

    async def _close_wallet(self, _command: api.CloseWallet) -> None:
        self._adopt(None)

    async def _follow(self, command: api.Connect) -> None:
        """Connect, and from now on keep at hand what a payment will ask for."""
        await self._syncing.connect(command)
        self._following = True

    async def close(self) -> None:
        """End the network and the open wallet, and release the data folder."""
        try:
            await self._daily.end()
            if self._tidying is not None:
                self._tidying.cancel()
                await asyncio.gather(self._tidying, return_exceptions=True)
            await self._fees.close()
            await self._network.close()
        finally:
            self._adopt(None)
            self._parts.close()
