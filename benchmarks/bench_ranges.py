"""900,000 headers below checkpoints, from eight peers that are 100 ms away: ranges in parallel."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chains import QUIET, Chain, quiet_chain
from benchmarks.feeder import LOOPBACK, Feeder
from benchmarks.row import Row
from tests.spv.node_fixture import Listener
from wallet.bitcoin.checkpoints import Checkpoint, Checkpoints
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import REGTEST
from wallet.engine.kernels import check_headers
from wallet.spv.chain import HeaderChain
from wallet.spv.filters import FilterHeaderChain
from wallet.spv.node import Node
from wallet.spv.node_api import NodeConfig
from wallet.spv.sync import Synchronizer
from wallet.store.headers import FilterHeaderFile, HeaderFile

PEERS = 8
ROUND_TRIP = 0.1
EVERY = 10 * 2016
GOAL = 8.0
LIMIT = 120.0


def rows() -> Iterator[Row]:
    """Seconds until every header from genesis is held and checked."""
    chain = quiet_chain()
    with Feeder(chain, QUIET) as feeder, _distant(feeder.port) as ports, tempfile.TemporaryDirectory() as folder:
        seconds = asyncio.run(_fill(chain, Path(folder), ports))
    name = f"{QUIET:,} headers below checkpoints, {PEERS} peers {ROUND_TRIP * 1000:.0f} ms away"
    note = f"one peer would take {QUIET // 2_000} round trips: {QUIET / 2_000 * ROUND_TRIP:.0f} s"
    yield Row(name, f"<= {GOAL:g} s", f"{seconds:.1f} s", seconds <= GOAL, note)


@contextmanager
def _distant(port: int) -> Iterator[list[int]]:
    command = [sys.executable, "-m", "benchmarks.delay", str(port), str(PEERS), str(ROUND_TRIP / 2)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield [int(text) for text in process.stdout.readline().split()]
        process.terminate()


def _checkpoints(chain: Chain) -> Checkpoints:
    hashes, headers = (chain.folder / "hashes").read_bytes(), (chain.folder / "headers").read_bytes()
    points = []
    for height in range(EVERY - 1, QUIET - 1, EVERY):
        following = headers[(height + 1) * 81 :][:80]
        bits = int.from_bytes(headers[height * 81 + 72 :][:4], "little")
        next_time = int.from_bytes(following[68:72], "little")
        points.append(Checkpoint(height, BlockHash(hashes[height * 32 :][:32]), bits, next_time))
    return Checkpoints(headers=tuple(points), filters=())


async def _fill(chain: Chain, folder: Path, ports: list[int]) -> float:
    points = _checkpoints(chain)
    stored, filters = HeaderFile(folder / "headers.dat"), FilterHeaderFile(folder / "filterheaders.dat")
    headers = HeaderChain(REGTEST, points, stored, check_headers)
    sync = Synchronizer(REGTEST, headers, FilterHeaderChain(REGTEST, (), filters, headers))
    config = NodeConfig(REGTEST, points, peers=tuple(f"{LOOPBACK}:{port}" for port in ports))
    node = Node(config, headers, sync, Listener())
    begun = time.perf_counter()
    await node.start()
    node.want_from(0)
    try:
        async with asyncio.timeout(LIMIT):
            while headers.base_height > 0 or headers.tip_height < QUIET:  # noqa: ASYNC110 - a benchmark looks on
                await asyncio.sleep(0.01)
        return time.perf_counter() - begun
    finally:
        await node.stop()
        stored.close()
        filters.close()
