"""How much is received a day, and what is left out so that it stays within a limit.

Bytes are counted by the day (UTC) and kept over restarts. Once a day's limit is reached, downloads in bulk (filters and
blocks of a scan, but for the newest) wait for the next day, or for a higher limit; headers, announcements and payments
go on: they are little, and money hangs on them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeAlias

from wallet.engine import api

Handler = Callable[[Any], Awaitable[object]]
Setting: TypeAlias = str | int | float | bool | None

LEAST_LIMIT: Final = 1_000_000
STORE_BYTES: Final = 5_000_000
"""After so much more the count is written down: a crash forgets no more than this."""
POLL_SECONDS: Final = 1.0
MEASURED_SECONDS: Final = 600.0
"""So long the cost of announced transactions is measured before it is told."""
USUAL_A_DAY: Final = 500_000 * 400
DAY: Final = 86_400
_DAY, _RECEIVED, _LIMIT, _UNCONFIRMED = "data_day", "data_received", "data_limit", "fetch_unconfirmed"


class SettingsStore(Protocol):
    """Small settings that outlive the program. lost: whether some were lost, to this day."""

    @property
    def lost(self) -> bool: ...
    def text(self, name: str, default: str = "") -> str: ...
    def flag(self, name: str, default: bool = False) -> bool: ...
    def number(self, name: str, default: float = 0) -> float: ...
    def set(self, **values: Setting) -> None: ...


class DataUse:
    """clock: Unix seconds; writable: False where the engine only reads."""

    def __init__(self, settings: SettingsStore, clock: Callable[[], float], writable: bool = True) -> None:
        self._settings = settings
        self._clock = clock
        self._writable = writable
        self._day = settings.text(_DAY)
        self._today = int(settings.number(_RECEIVED)) if self._day == self._date() else 0
        self._stored = self._today
        self._seen = 0
        self._fetched: tuple[float, int] | None = None
        self._last_fetched = 0
        self._waiting = 0
        self.changed: Callable[[bool], None] = lambda _: None

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """The handlers by command."""
        return {api.GetDataUse: self.get, api.SetDataUse: self.set}

    def _date(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()

    # --- settings

    @property
    def unconfirmed(self) -> bool:
        """Whether what peers announce is fetched before it is in a block."""
        return self._settings.flag(_UNCONFIRMED, default=True)

    @property
    def limit(self) -> int | None:
        """Bytes a day, None without a limit."""
        return int(self._settings.number(_LIMIT)) or None

    async def get(self, _command: api.GetDataUse) -> api.DataUse:
        measured = self._measured()
        return api.DataUse(
            today=self._today,
            limit=self.limit,
            paused=self.paused,
            unconfirmed=self.unconfirmed,
            a_day=USUAL_A_DAY if measured is None else measured,
            basis="usual" if measured is None else "measured",
        )

    async def set(self, command: api.SetDataUse) -> api.DataUse:
        if command.limit is not None and command.limit < LEAST_LIMIT:
            message = (
                f"a limit below {LEAST_LIMIT // 1_000_000} MB a day would keep Wren from working: choose a higher one"
            )
            raise api.WrenError("refused", message)
        values: dict[str, Setting] = {_LIMIT: command.limit, _UNCONFIRMED: command.unconfirmed}
        self._settings.set(**values)
        self.changed(command.unconfirmed)
        return await self.get(api.GetDataUse())

    # --- counting

    def note(self, received: int, fetched: int = 0) -> None:
        """Take in the node's counters: bytes received in all, and of those as announced transactions.

        A new node counts from 0 again.
        """
        if received < self._seen:
            self._seen, self._fetched = 0, None
        if self._day != self._date():
            self._day, self._today, self._stored = self._date(), 0, -STORE_BYTES
        self._today += received - self._seen
        self._seen = received
        if self._fetched is None:
            self._fetched = (self._clock(), fetched)
        self._last_fetched = fetched
        if self._today - self._stored >= STORE_BYTES:
            self.store()

    def store(self) -> None:
        """Write the count down."""
        if self._writable and self._today != self._stored:
            values: dict[str, Setting] = {_DAY: self._day or self._date(), _RECEIVED: self._today}
            self._settings.set(**values)
            self._stored = self._today

    def _measured(self) -> int | None:
        if self._fetched is None:
            return None
        begun, first = self._fetched
        elapsed = self._clock() - begun
        return None if elapsed < MEASURED_SECONDS else int((self._last_fetched - first) * DAY / elapsed)

    # --- the limit

    @property
    def paused(self) -> bool:
        """Whether the day's limit is reached."""
        return self.limit is not None and self._day == self._date() and self._today >= self.limit

    async def allowed(self) -> None:
        """Return when something large may be downloaded: at once, tomorrow, or once the limit is raised."""
        self._waiting += 1
        try:
            while self.paused:  # noqa: ASYNC110 - the day ends without telling anybody
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._waiting -= 1

    def notice(self) -> str:
        """Why a search does not go on, while it does not."""
        if not (self.paused and self._waiting):
            return ""
        return (
            f"today's data limit of {(self.limit or 0) / 1_000_000:g} MB is reached: the search goes on tomorrow (UTC) "
            "or when the limit is raised; payments and new headers go on"
        )
