"""The engine in a process of its own: the same `api.Engine` over a pipe.

The window's side is `RemoteEngine`; the child's side is `serve`. Each request is a number and a command, each answer
the same number with a value or an error's code and line; events carry number 0, and -1 asks the child to end. A reader
thread on each side only waits for bytes and hands whole messages to its loop, which works with every event loop
(qasync's too) and every platform's pipes. The child ends when its pipe closes, so it never outlives the window.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar, cast

from wallet.engine import wire
from wallet.engine.api import Command, Engine, EngineFailed, ErrorCode, Event, Listener, WrenError

T = TypeVar("T")
log = logging.getLogger(__name__)

_EVENT = 0
_STOP = -1
_GRACE_SECONDS = 8.0

EngineMain = Callable[..., None]


def _read_messages(connection: "Connection[Any, Any]", deliver: Callable[[bytes | None], None]) -> None:
    """Hand over each message as it comes, and None once the other side is gone."""
    while True:
        try:
            raw = connection.recv_bytes()
        except (EOFError, OSError):
            deliver(None)
            return
        deliver(raw)


def _start_reader(connection: "Connection[Any, Any]", deliver: Callable[[bytes | None], None]) -> None:
    loop = asyncio.get_running_loop()

    def hand_over(raw: bytes | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, raw)

    threading.Thread(target=_read_messages, args=(connection, hand_over), name="wren-pipe", daemon=True).start()


class RemoteEngine:
    """The window's end of the pipe. Make it with `RemoteEngine.start`, on the loop that will use it."""

    def __init__(self, connection: "Connection[Any, Any]", process: SpawnProcess) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._process = process
        self._next = _EVENT
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._listeners: list[Listener] = []
        self._gone = asyncio.Event()
        _start_reader(connection, self._receive)

    @classmethod
    def start(cls, target: EngineMain, *arguments: object) -> "RemoteEngine":
        """Spawn `target(connection, *arguments)`, which must end up in `serve`."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=target, args=(theirs, *arguments), name="wren-engine")
        process.start()
        theirs.close()
        return cls(ours, process)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    async def run(self, command: Command[T]) -> T:
        """Carry out a command in the engine's process. Raises WrenError as the engine did."""
        if self._gone.is_set():
            raise _engine_gone()
        self._next += 1
        number = self._next
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting[number] = future
        try:
            self._connection.send_bytes(wire.dumps((number, command)))
            return cast("T", await future)
        except asyncio.CancelledError:
            self._cancel(number)
            raise
        except OSError as error:
            raise _engine_gone() from error
        finally:
            self._waiting.pop(number, None)

    def _cancel(self, number: int) -> None:
        if not self._gone.is_set():
            self._tell(number)

    def _tell(self, number: int) -> None:
        """Send a bare number. An engine that is gone needs to be told nothing; the reader notices that it is."""
        with suppress(OSError):
            self._connection.send_bytes(wire.dumps((number, None)))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on this loop for every event of the engine."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _receive(self, raw: bytes | None) -> None:
        if raw is None:
            self._lost()
            return
        number, code, value = wire.loads(raw)
        if number == _EVENT:
            self._announce(value)
            return
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if code is None:
            future.set_result(value)
        else:
            future.set_exception(WrenError(code, value))

    def _announce(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _lost(self) -> None:
        closing = self._gone.is_set()
        self._gone.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_engine_gone())
        if not closing:
            self._announce(EngineFailed("corrupt", str(_engine_gone())))

    async def close(self) -> None:
        """Ask the engine to end; end the process itself if it does not within a few seconds."""
        if not self._gone.is_set():
            self._gone.set()
            self._tell(_STOP)
        for _ in range(int(_GRACE_SECONDS / 0.05)):
            if not self._process.is_alive():
                break
            await asyncio.sleep(0.05)
        else:
            self._process.kill()
        self._process.join()
        self._connection.close()


def _engine_gone() -> WrenError:
    return WrenError("corrupt", "the engine ended unexpectedly: close the window and start Wren again; nothing is lost")


class _Server:
    """The child's end: runs each command as a task of its own, so that a long one holds up nothing."""

    def __init__(self, engine: Engine, connection: "Connection[Any, Any]") -> None:
        self._engine = engine
        self._connection = connection
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.ended = asyncio.Event()

    def receive(self, raw: bytes | None) -> None:
        if raw is None:
            self.ended.set()
            return
        number, command = wire.loads(raw)
        if number == _STOP:
            self.ended.set()
        elif command is not None:
            task = asyncio.create_task(self._carry_out(number, command))
            self._tasks[number] = task
            task.add_done_callback(lambda done: self._finish(number, done))
        elif number in self._tasks:
            self._tasks[number].cancel()

    async def _carry_out(self, number: int, command: Command[Any]) -> None:
        code: ErrorCode | None = None
        try:
            value: object = await self._engine.run(command)
        except WrenError as error:
            code, value = error.code, error.message
        self.send(number, code, value)

    def _finish(self, number: int, task: asyncio.Task[None]) -> None:
        """Forget a task; an exception that is nobody's fault but ours is logged and answered, never dropped."""
        del self._tasks[number]
        if task.cancelled() or (bug := task.exception()) is None:
            return
        log.error("a command failed by a bug of ours", exc_info=bug)
        self.send(number, "refused", f"Wren met a fault of its own ({type(bug).__name__}); nothing was lost")

    def send(self, number: int, code: str | None, value: object) -> None:
        try:
            self._connection.send_bytes(wire.dumps((number, code, value)))
        except OSError:
            self.ended.set()

    async def stop(self) -> None:
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._engine.close()


class RefusedEngine:
    """In the place of an engine that could not be made: every command is answered with the reason."""

    def __init__(self, reason: WrenError) -> None:
        self._reason = reason

    async def run(self, command: Command[T]) -> T:
        """Raises the reason."""
        del command
        raise WrenError(self._reason.code, self._reason.message)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """There is nothing to tell."""
        del listener
        return lambda: None

    async def close(self) -> None:
        """There is nothing to close."""


async def serve(engine: Engine, connection: "Connection[Any, Any]") -> None:
    """Answer the commands that come through `connection` until it closes; then close the engine."""
    server = _Server(engine, connection)
    engine.subscribe(lambda event: server.send(_EVENT, None, event))
    _start_reader(connection, server.receive)
    await server.ended.wait()
    await server.stop()
