"""The engine in a process of its own: a real one, spawned, asked, cancelled, killed and closed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from tests.realnode.node import wait_until
from wallet.engine import api, remote
from wallet.engine.remote import RemoteEngine

T = TypeVar("T")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="looks at processes and signals")


class Scripted:
    """An engine that does what a name tells it; it runs in the spawned process."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        self._listeners: list[api.Listener] = []

    async def run(self, command: api.Command[T]) -> T:
        match command:
            case api.OpenWallet(name):
                return cast("T", await self._open(name))
            case api.GetBalance():
                return cast("T", api.Balance(1, -2, 3))
            case api.VerifyProof(document):
                return cast("T", dict(document))
            case _:
                raise api.WrenError("refused", "not scripted")

    async def _open(self, name: str) -> object:
        match name:
            case "hang":
                await self._hang()
            case "bug":
                raise RuntimeError("secret detail")
            case "foreign":
                return object()
            case "events":
                for number in range(3):
                    self._emit(api.WalletChanged(frozenset({f"kind{number}"})))
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case _:
                pass
        return api.WalletInfo(name, "regtest", "none", locked=False)

    async def _hang(self) -> None:
        self._note("hanging")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self._note("cancelled")
            raise

    def _note(self, text: str) -> None:
        with self._notes.open("a") as file:
            file.write(text + "\n")

    def _emit(self, event: api.Event) -> None:
        for listener in self._listeners:
            listener(event)

    def subscribe(self, listener: api.Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        self._note("closed")


def engine_main(connection: Any, notes: str) -> None:
    """The spawned process."""
    asyncio.run(remote.serve(cast("api.Engine", Scripted(Path(notes))), connection))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes"
    file.touch()
    return file


@pytest.fixture
async def engine(notes: Path) -> AsyncIterator[RemoteEngine]:
    running = RemoteEngine.start(engine_main, str(notes))
    yield running
    await running.close()


async def until(reached: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, reached, what="the engine", seconds=20)


def said(notes: Path) -> list[str]:
    return notes.read_text().splitlines()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_conversation_from_the_first_command_to_the_end_of_the_process(
    engine: RemoteEngine, notes: Path
) -> None:
    assert await engine.run(api.GetBalance()) == api.Balance(1, -2, 3)
    document = {"txid": "ab", "branch": ["cd", {"$": "Path"}], "height": 3, "none": None}
    assert cast("object", await engine.run(api.VerifyProof(document))) == document

    with pytest.raises(api.WrenError) as refused:
        await engine.run(api.ListWallets())
    assert (refused.value.code, refused.value.message) == ("refused", "not scripted")

    # A fault of the engine's own: answered, without its inside, and nothing stops.
    for name in ("bug", "foreign"):
        with pytest.raises(api.WrenError) as fault:
            await engine.run(api.OpenWallet(name))
        assert fault.value.code == "refused"
        assert "secret detail" not in fault.value.message
    with pytest.raises(TypeError):
        await engine.run(cast("api.Command[object]", object()))

    heard: list[api.Event] = []
    unsubscribe = engine.subscribe(heard.append)
    await engine.run(api.OpenWallet("events"))
    await until(lambda: len(heard) == 3)
    assert heard == [api.WalletChanged(frozenset({f"kind{number}"})) for number in range(3)]
    unsubscribe()
    await engine.run(api.OpenWallet("events"))
    assert len(heard) == 3

    # A long command holds up no other, and ends where it runs when nobody waits for it any more.
    hanging = asyncio.ensure_future(engine.run(api.OpenWallet("hang")))
    await until(lambda: "hanging" in notes.read_text())
    many = await asyncio.gather(*(engine.run(api.GetBalance()) for _ in range(50)))
    assert many == [api.Balance(1, -2, 3)] * 50
    hanging.cancel()
    await until(lambda: "cancelled" in notes.read_text())
    with pytest.raises(asyncio.CancelledError):
        await hanging

    pid = engine.pid
    assert pid is not None
    assert alive(pid)
    await engine.close()
    assert said(notes)[-1] == "closed"
    assert not alive(pid)
    with pytest.raises(api.WrenError):
        await engine.run(api.GetBalance())
    await engine.close()  # once more is no harm


async def test_an_engine_that_dies_is_reported_to_everybody(engine: RemoteEngine) -> None:
    heard: list[api.Event] = []
    engine.subscribe(heard.append)
    waiting = asyncio.ensure_future(engine.run(api.OpenWallet("hang")))
    with pytest.raises(api.WrenError, match="ended unexpectedly"):
        await engine.run(api.OpenWallet("die"))
    with pytest.raises(api.WrenError, match="ended unexpectedly"):
        await waiting
    await until(lambda: heard)
    (event,) = heard
    assert isinstance(event, api.EngineFailed)
    with pytest.raises(api.WrenError, match="ended unexpectedly"):
        await engine.run(api.GetBalance())
    await engine.close()


async def test_closing_while_something_runs_lets_it_end(engine: RemoteEngine, notes: Path) -> None:
    waiting = asyncio.ensure_future(engine.run(api.OpenWallet("hang")))
    await until(lambda: "hanging" in notes.read_text())
    await engine.close()
    assert said(notes) == ["hanging", "cancelled", "closed"]
    with pytest.raises(api.WrenError):
        await waiting


async def test_closing_right_after_its_death_is_no_error(engine: RemoteEngine) -> None:
    assert engine.pid is not None
    await engine.run(api.GetBalance())
    os.kill(engine.pid, signal.SIGKILL)
    await engine.close()


# A window that starts an engine, says which, and stays until it is killed.
WINDOW = """
import asyncio, sys
from tests.engine.test_remote import engine_main
from wallet.engine import api
from wallet.engine.remote import RemoteEngine

async def main():
    engine = RemoteEngine.start(engine_main, sys.argv[1])
    await engine.run(api.GetBalance())
    print(engine.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_an_engine_whose_window_was_killed_closes_itself(notes: Path) -> None:
    root = Path(__file__).parents[2]
    line = [sys.executable, "-c", WINDOW, str(notes)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=root) as window:
        assert window.stdout is not None
        pid = int(window.stdout.readline())
        assert alive(pid)
        window.kill()
        window.wait(20)
        wait_until(lambda: not alive(pid), what="the end of the engine", seconds=20)
    assert notes.read_text() == "closed\n"
