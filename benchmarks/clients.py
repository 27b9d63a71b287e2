"""The clients that are measured: Wren's engine as the window runs it, and bdkpython's, each in a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmarks.chains import PHRASE, branches
from benchmarks.feeder import Feeder
from wallet.app import engine_main
from wallet.engine.api import Connect, EngineOptions, GetBalance, GetSyncStatus, RestoreWallet, Synchronise
from wallet.engine.remote import RemoteEngine

T = TypeVar("T")
POLL: Final = 0.02
CHEAP: Final = (19 * 1024, 1, 1)
"""Cost of sealing: it is not what is measured."""
KYOTO_SECONDS: Final = 7_200


@dataclass(frozen=True, slots=True)
class HeaderRun:
    """Seconds until all headers, and until all filter headers too; the peak memory in MB; seconds of the processor."""

    headers: float
    filter_headers: float
    memory: float
    processor: float


@dataclass(frozen=True, slots=True)
class RestoreRun:
    """One restored wallet: seconds by the clock and of the processor, peak memory in MB, what was found."""

    seconds: float
    processor: float
    memory: float
    balance: int
    transactions: int
    blocks: int = 0


def peak_memory(pid: int | None) -> float:
    """The most memory that a process had at once, in MB; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def processor_seconds(pid: int | None) -> float:
    """The processor time that a process has used; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/stat")
    fields = status.read_text().rpartition(")")[2].split() if status.exists() else ["0"] * 13
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def with_engine(feeder: Feeder, work: Callable[[RemoteEngine], Coroutine[Any, Any, T]]) -> T:
    """Do something with an engine in a process of its own, with an empty data folder and one peer."""

    async def run(folder: str) -> T:
        options = EngineOptions(network="regtest", data_dir=folder, peers=(feeder.address,), kdf=CHEAP)
        engine = RemoteEngine.start(engine_main, options)
        try:
            await engine.run(GetSyncStatus())  # started, with all its imports
            return await work(engine)
        finally:
            await engine.close()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(folder))


def sync_headers(feeder: Feeder, tip: int) -> HeaderRun:
    """Headers and filter headers from genesis, without a wallet."""

    async def work(engine: RemoteEngine) -> HeaderRun:
        start, used = time.perf_counter(), processor_seconds(engine.pid)
        await engine.run(Connect())
        headers = 0.0
        while True:
            status = await engine.run(GetSyncStatus())
            if not headers and status.height == tip:
                headers = time.perf_counter() - start
            if status.filter_height == tip:
                seconds = time.perf_counter() - start
                used = processor_seconds(engine.pid) - used
                return HeaderRun(headers, seconds, peak_memory(engine.pid), used)
            await asyncio.sleep(POLL)

    return with_engine(feeder, work)


def restore(feeder: Feeder, types: tuple[str, ...] = ()) -> RestoreRun:
    """A wallet restored from its words and nothing else; timed from its first connection on."""

    async def work(engine: RemoteEngine) -> RestoreRun:
        await engine.run(RestoreWallet("bench", PHRASE, "bench", vault="file", types=types))
        start, used = time.perf_counter(), processor_seconds(engine.pid)
        report = await engine.run(Synchronise())
        seconds, used = time.perf_counter() - start, processor_seconds(engine.pid) - used
        balance = await engine.run(GetBalance())
        memory = peak_memory(engine.pid)
        return RestoreRun(seconds, used, memory, balance.confirmed, report.transactions, report.blocks)

    return with_engine(feeder, work)


# ---------------------------------------------------------------- bdkpython


def has_kyoto() -> bool:
    """Whether bdkpython is installed."""
    return find_spec("bdkpython") is not None


def restore_with_kyoto(feeder: Feeder, tip: int, look_ahead: int) -> RestoreRun:
    """The same wallet restored by bdkpython's compact filter client, told how many addresses to look out for."""
    external, internal = (str(branch) for branch in branches())
    arguments = (str(feeder.port), str(tip), external, internal, str(look_ahead))
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "benchmarks.kyoto", *arguments, folder)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=KYOTO_SECONDS)
    return RestoreRun(**json.loads(done.stdout))


def kyoto_headers(feeder: Feeder, tip: int) -> float:
    """Seconds until the same client has all headers."""
    return restore_with_kyoto(feeder, tip, 0).seconds
