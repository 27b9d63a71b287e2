"""The practice node as a program: orders come in line by line, each is answered by a line of JSON.

Two ways in: standard input, for scripts (`wren practice`), and a pipe from the window, whose child it is then. Either
way it ends when the other side is gone.
"""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from wallet.practice.node import PracticeNode
from wallet.practice.orders import Answer, carry_out

_END_SECONDS: Final = 5.0
Say = Callable[[Answer], None]


async def _serve(node: PracticeNode, lines: "asyncio.Queue[str | None]", say: Say) -> None:
    """Carry out orders until there are no more, or one says quit."""
    while (line := await lines.get()) is not None:
        answer = carry_out(node, line)
        say(answer)
        if "quit" in answer:
            return


def _start_reader(source: Iterable[str], lines: "asyncio.Queue[str | None]") -> None:
    """Lines from a blocking source to a queue of this loop; None at their end. The thread dies with the process."""
    loop = asyncio.get_running_loop()

    def put(line: str | None) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        for line in source:
            put(line)
        put(None)

    threading.Thread(target=read, name="wren-practice", daemon=True).start()


async def _run(source: Iterable[str], say: Say, port: int) -> None:
    node = PracticeNode()
    await node.start(port)
    try:
        say({"host": node.host, "port": node.port})
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        _start_reader(source, lines)
        await _serve(node, lines, say)
    finally:
        await node.stop()


def run_on_stdin(port: int = 0) -> int:
    """`wren practice`: orders on standard input, answers on standard output. Answers the exit code."""

    def say(answer: Answer) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    try:
        asyncio.run(_run(sys.stdin, say, port))
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 0
    except OSError as error:
        sys.stderr.write(f"error: the practice node cannot listen on port {port}: {error.strerror}\n")
        return 1
    return 0


def serve_pipe(connection: "Connection[Any, Any]") -> None:
    """The window's child: orders and answers through a pipe."""

    def orders() -> Iterable[str]:
        with suppress(EOFError, OSError):
            while True:
                yield connection.recv_bytes().decode()

    def say(answer: Answer) -> None:
        with suppress(OSError):
            connection.send_bytes(json.dumps(answer).encode())

    asyncio.run(_run(orders(), say, 0))


class PracticeClient:
    """The window's end of the pipe. One order is carried out at a time."""

    def __init__(self, connection: "Connection[Any, Any]", process: SpawnProcess, address: str) -> None:
        self._connection = connection
        self._process = process
        self._lock = asyncio.Lock()
        self.address = address

    @classmethod
    async def start(cls, target: Callable[..., None]) -> "PracticeClient":
        """Spawn `target(connection)`, which must end up in `serve_pipe`. OSError where it does not start."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=target, args=(theirs,), name="wren-practice")
        process.start()
        theirs.close()
        try:
            first = json.loads(await asyncio.to_thread(ours.recv_bytes))
        except EOFError as error:
            raise OSError("the practice node did not start") from error
        return cls(ours, process, f"{first['host']}:{first['port']}")

    async def order(self, line: str) -> Answer:
        """The answer to one order; {"error": …} also when the node is gone."""
        async with self._lock:
            try:
                return await asyncio.to_thread(self._ask, line)
            except (EOFError, OSError):
                return {"error": "the practice network has ended"}

    def _ask(self, line: str) -> Answer:
        self._connection.send_bytes(line.encode())
        answer: Answer = json.loads(self._connection.recv_bytes())
        return answer

    async def close(self) -> None:
        """End the node; nothing stays behind."""
        await self.order("quit")
        await asyncio.to_thread(self._process.join, _END_SECONDS)
        self._process.kill()
        self._connection.close()
