"""Tells what happens to payments: by the system's notifications where there are any, else in the window."""

from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QObject

from wallet.engine import api
from wallet.ui.news import News, Seen, details, headline, seen, what_is_new
from wallet.ui.tray import Teller
from wallet.ui.window import Window

_ROWS: Final = 200
"""The newest payments: what is older than these has long been told."""


class Notices(QObject):
    """Looks at the history whenever it changed. While nothing of the wallet is to be seen, nothing is told."""

    def __init__(self, window: Window, teller: Teller | None) -> None:
        super().__init__(window)
        self._window = window
        self._context = window.context
        self._teller = teller
        self._wallet = ""
        self._before: Seen | None = None
        self._looking = False
        self._again = False
        window.entered.connect(self._entered)
        self._context.bridge.wallet_changed.connect(self._wallet_changed)
        self._context.bridge.sync_changed.connect(self._sync_changed)

    def _entered(self, wallet: str) -> None:
        if wallet != self._wallet:
            self._wallet, self._before = wallet, None
        self._look()

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        if "history" in kinds:
            self._look()

    def _sync_changed(self, status: api.SyncStatus) -> None:
        if status.synced and self._before is None:
            self._look()

    def _look(self) -> None:
        """One look at a time; what changes meanwhile is looked at afterwards."""
        self._again = self._looking
        if not self._looking and self._window.shell is not None:
            self._looking = True
            self._context.bridge.start(self._compare(), lambda _error: None)

    async def _compare(self) -> None:
        """Where the history cannot be read, the pages say so."""
        wallet = self._wallet
        try:
            status = await self._context.bridge.run(api.GetSyncStatus())
            rows = await self._context.bridge.run(api.GetHistory(_ROWS))
        finally:
            self._looking = False
        if self._window.shell is None:
            return
        if wallet != self._wallet:  # these rows are another wallet's, which was left meanwhile
            self._look()
            return
        if self._before is not None:
            self._tell(what_is_new(self._before, rows, datetime.now(UTC)))
        if self._before is not None or rows or status.synced:  # else a restored wallet is still being searched for
            self._before = seen(rows)
        if self._again:
            self._look()

    def _tell(self, news: tuple[News, ...]) -> None:
        preferences = self._context.preferences
        if not news or not preferences.notices:
            return
        title = headline(news, preferences.unit, preferences.hidden)
        text = details(news, preferences.unit, preferences.hidden)
        if self._teller is None or not self._teller.tell(title, text):
            self._window.banner.say(": ".join((title, *text.splitlines())), "info")
