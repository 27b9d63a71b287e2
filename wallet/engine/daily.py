"""The daily backup of the open wallet, in a thread beside the loop."""

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from wallet.engine.api import EngineFailed
from wallet.engine.errors import translate
from wallet.engine.parts import Parts
from wallet.engine.session import Session

log = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0
"""How often it is looked whether a new day has come."""
PATIENCE = 5.0
"""How long a backup that is under way holds up the end of the program, in seconds; then it is given up for today."""


class DailyBackup:
    """One backup at a time, of the wallet that was opened last. tell: hears of a backup that failed."""

    def __init__(self, parts: Parts, tell: Callable[[EngineFailed], None]) -> None:
        self._parts = parts
        self._tell = tell
        self._stop = threading.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None

    def begin(self, session: Session) -> None:
        """Back up a wallet that was just opened, and each day that it stays open."""
        self._stop.set()
        self._stop = threading.Event()
        if self._keeper is not None:
            self._keeper.cancel()
        if not self._parts.options.read_only:
            self._keeper = asyncio.create_task(self._keep(session, self._stop))

    async def _keep(self, session: Session, stop: threading.Event) -> None:
        while not stop.is_set():
            self._work = asyncio.create_task(self._back_up(session, stop))
            await asyncio.shield(self._work)
            await asyncio.sleep(LOOK_SECONDS)

    async def _back_up(self, session: Session, stop: threading.Event) -> None:
        today = datetime.fromtimestamp(self._parts.clock(), UTC).date()
        try:
            await asyncio.to_thread(session.store.back_up, today, stop)
        except Exception as error:
            known = translate(error, self._parts.storage_error)
            if known is None:
                log.exception("the daily backup met a fault of ours")
            else:
                self._tell(EngineFailed(known.code, f"today's backup of the wallet file failed: {known.message}"))

    async def end(self, patience: float = PATIENCE) -> None:
        """Let a backup come to its end, or stop it; afterwards nothing is written any more."""
        await asyncio.sleep(0)  # what was begun just now has its task
        if self._work is not None:
            await asyncio.wait({self._work}, timeout=patience)
        self._stop.set()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if self._work is not None:
            await asyncio.wait({self._work})
        self._keeper = self._work = None
