"""Keeps a model of the history filled from the engine: filtered, by pages, no old answer over a newer one."""

import asyncio

from PySide6.QtCore import QObject, Signal

from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.models.history import HistoryModel
from wallet.ui.models.paged import PAGE


class HistoryFeed(QObject):
    """`listed` tells how many payments there are now, `summed` their sum, which takes longer; `failed` an error."""

    listed = Signal(int)
    summed = Signal(object)
    failed = Signal(str)

    def __init__(self, bridge: Bridge, model: HistoryModel) -> None:
        super().__init__(model)
        self._bridge = bridge
        self._model = model
        self._wanted = api.HistoryFilter()
        self._shown: api.HistoryFilter | None = None
        self._revision: int | None = None
        self._again = False
        self._reading: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None
        model.missing.connect(self._fetch)

    @property
    def wanted(self) -> api.HistoryFilter:
        """The filter whose payments are shown, or will be in a moment."""
        return self._wanted

    def show(self, wanted: api.HistoryFilter) -> None:
        """Show what this filter leaves; what was asked for another one is not waited for."""
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self.leave()
        self._read()

    def renew(self) -> None:
        """Something changed: ask anew, at once or after what is being asked for."""
        self._again = True
        if self._reading is None or self._reading.done():
            self._read()

    def leave(self) -> None:
        """End what was begun."""
        for task in (self._reading, self._fetching):
            if task is not None:
                task.cancel()

    def _read(self) -> None:
        self._reading = self._bridge.start(self._read_all(), self._not_answered)

    async def _read_all(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            await self._list()
        self.summed.emit(await self._bridge.run(api.GetHistorySum(self._wanted)))

    async def _list(self) -> None:
        wanted = self._wanted
        is_new = wanted != self._shown
        pages: dict[int, tuple[api.HistoryRow, ...]] = {}
        revisions: set[int] = set()
        rows = 0
        for number in (0,) if is_new else sorted({0, *self._model.recent()}):
            found = await self._ask(wanted, number)
            pages[number], rows = found.rows, found.count
            revisions.add(found.revision)
        if len(revisions) > 1:
            self._again = True  # it changed in between: pages that do not belong together are not shown
            return
        self._shown, self._revision = wanted, revisions.pop()
        (self._model.show if is_new else self._model.renew)(rows, pages)
        self.listed.emit(rows)

    async def _ask(self, wanted: api.HistoryFilter, number: int) -> api.HistorySlice:
        return await self._bridge.run(api.ListHistory(wanted, number * PAGE, PAGE))

    def _fetch(self) -> None:
        if self._fetching is None or self._fetching.done():
            self._fetching = self._bridge.start(self._fetch_all(), self._not_answered)

    def _not_answered(self, error: api.WrenError) -> None:
        self._model.give_up()
        self.failed.emit(error.message)

    async def _fetch_all(self) -> None:
        while (number := self._model.next_missing()) is not None:
            found = await self._ask(self._wanted, number)
            if self._wanted != self._shown:
                return
            if found.revision != self._revision:
                self.renew()
                return
            self._model.put(number, found.rows)
