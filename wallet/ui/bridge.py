"""Between the engine and the widgets: events become signals, slots start tasks, and no error is swallowed."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, Signal

from wallet.engine import api

log = logging.getLogger(__name__)

T = TypeVar("T")
OnError = Callable[[api.WrenError], None]
_GONE: Final = "Internal C++ object"
"""How PySide's error begins where a widget was used that Qt has deleted already."""


class Bridge(QObject):
    """The window's one way to the engine.

    Errors that the user can mend (`WrenError`) go to the task's own `on_error`, else they are announced by `failed`;
    anything else is a fault of ours and is announced by `broken` with its exception.
    """

    sync_changed = Signal(object)
    wallet_changed = Signal(object)
    failed = Signal(str)
    broken = Signal(object)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._engine: api.Engine | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def attach(self, engine: api.Engine) -> None:
        """From now on `run` reaches this engine."""
        self._engine = engine
        self._unsubscribe = engine.subscribe(self._receive)

    def _receive(self, event: api.Event) -> None:
        match event:
            case api.SyncChanged(status=status):
                self.sync_changed.emit(status)
            case api.WalletChanged(kinds=kinds):
                self.wallet_changed.emit(kinds)
            case api.EngineFailed(message=message):
                self.failed.emit(message)

    async def run(self, command: api.Command[T]) -> T:
        """Have the engine carry out a command. Raises WrenError."""
        if self._engine is None:
            raise api.WrenError("refused", self.tr("Wren is still starting: try again in a moment."))
        return await self._engine.run(command)

    @property
    def tasks(self) -> int:
        """How much of what was begun goes on."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], on_error: OnError | None = None) -> asyncio.Task[None] | None:
        """Begin work from a slot; None when the window is closing and nothing may begin any more."""
        if self._closing:
            work.close()
            return None
        task = self._loop.create_task(self._guard(work, on_error))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finish(done, work))
        return task

    async def _guard(self, work: Coroutine[Any, Any, None], on_error: OnError | None) -> None:
        try:
            await work
        except api.WrenError as error:
            if on_error is None:
                self.failed.emit(error.message)
            else:
                on_error(error)

    def _finish(self, task: asyncio.Task[None], work: Coroutine[Any, Any, None]) -> None:
        self._tasks.discard(task)
        work.close()  # a task that is cancelled before its first step has never begun it
        if task.cancelled() or (fault := task.exception()) is None:
            return
        if isinstance(fault, RuntimeError) and _GONE in str(fault):
            # The lock, or another wallet, came in between: the engine has done its part, and there is nobody to tell.
            log.info("what was begun ended after its part of the window was gone")
        else:
            self.broken.emit(fault)

    async def close(self) -> None:
        """End everything that was begun, then the engine."""
        self._closing = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._engine is not None:
            await self._engine.close()
