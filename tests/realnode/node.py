"""A real Bitcoin node on regtest, for tests: started, asked, killed and restarted by them alone."""

import base64
import contextlib
import http.client
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
OPTIONS = (
    "-regtest",
    "-server",
    "-listen=1",
    "-dnsseed=0",
    "-fixedseeds=0",
    "-listenonion=0",
    "-natpmp=0",
    "-discover=0",
    "-blockfilterindex=1",
    "-peerblockfilters=1",
    "-peerbloomfilters=1",
    "-v2transport=1",
    "-txindex=1",
    "-corepolicy",
    "-fallbackfee=0.0001",
    "-keypool=20",
    "-dbcache=16",
    "-maxmempool=20",
    "-par=1",
    "-rpcthreads=4",
    "-printtoconsole=0",
    # On regtest the node checks all of its block index after every block: it is not the node that is tested here.
    "-checkblockindex=0",
    "-checkmempool=0",
)


class RpcError(Exception):
    """The node refused a call: its own code and message."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code
        self.message = message


class NodeDied(Exception):
    """The node ended by itself, or never answered; the message ends with the tail of its log."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that were free a moment ago, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def wait_until(reached: Callable[[], object], *, what: str, seconds: float = 60.0) -> None:
    """Ask every 20 ms until `reached()` is true; `TimeoutError` names `what` did not come."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


class RealNode:
    """One bitcoind process with a data folder and ports of its own. A context manager.

    Calls of the node's own interface are attributes: ``node.getblockcount()``, ``node.rpc("stop")``.
    `port` is where peers connect; `host` is always the loopback.
    """

    host = LOOPBACK

    def __init__(self, command: Sequence[str], *options: str) -> None:
        self._command = [*command]
        self._options = options
        self._ids = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._wallet_address: str | None = None
        self.datadir = Path(tempfile.mkdtemp(prefix="wren-node-"))
        self.port, self.rpc_port, self._onion_port = free_ports(3)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- life

    @property
    def pid(self) -> int:
        """Process id of the running node."""
        if self._process is None:
            raise NodeDied("the node is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *options: str) -> None:
        """Start the process (`options` come after those given at construction); return when it answers."""
        places = (
            f"-datadir={self.datadir}",
            f"-bind={LOOPBACK}:{self.port}",
            # The onion listener would take a fixed port: give it one of ours.
            f"-bind={LOOPBACK}:{self._onion_port}=onion",
            f"-rpcport={self.rpc_port}",
            f"-rpcbind={LOOPBACK}",
            f"-rpcallowip={LOOPBACK}",
        )
        self._cookie_file.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [*self._command, *OPTIONS, *places, *self._options, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        wait_until(self._answers, what="the node's start", seconds=START_SECONDS)

    def stop(self) -> None:
        """End the node in order, so that everything is on its disk."""
        if self.running:
            self.rpc("stop")
        self._wait()

    def kill(self) -> None:
        """End the node at once, as a power failure of its machine would."""
        if self._process is not None:
            self._process.kill()
        self._wait()

    def restart(self, *options: str) -> None:
        """Stop in order, then start again on the same data and ports."""
        self.stop()
        self.start(*options)

    def close(self) -> None:
        """Kill the node and delete its data."""
        self.kill()
        shutil.rmtree(self.datadir, ignore_errors=True)

    def _wait(self) -> None:
        if self._process is None:
            return
        try:
            self._process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._process = None

    def _answers(self) -> bool:
        if not self.running:
            process, self._process = self._process, None
            complaint = process.communicate()[1].decode(errors="replace") if process else ""
            raise NodeDied(f"the node did not start: {complaint.strip()}\n{self.log_tail()}")
        try:
            return bool(self.rpc("getrpcinfo"))
        except (OSError, RpcError):  # not listening yet, or still loading
            return False

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the node's log."""
        log = self.datadir / "regtest" / "debug.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    # ---- calls

    @property
    def _cookie_file(self) -> Path:
        return self.datadir / "regtest" / ".cookie"

    def rpc(self, method: str, *params: object, wallet: str | None = None, timeout: float = 60.0) -> Any:
        """Call `method`; return its result; raise `RpcError` when the node refuses."""
        body = json.dumps({"id": next(self._ids), "method": method, "params": params})
        authority = base64.b64encode(self._cookie_file.read_bytes()).decode()
        connection = http.client.HTTPConnection(LOOPBACK, self.rpc_port, timeout=timeout)
        with contextlib.closing(connection):
            path = "/" if wallet is None else f"/wallet/{wallet}"
            connection.request("POST", path, body, {"Authorization": f"Basic {authority}"})
            answer = json.loads(connection.getresponse().read())
        if error := answer["error"]:
            raise RpcError(method, error["code"], error["message"])
        return answer["result"]

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *params, **options: self.rpc(method, *params, **options)

    # ---- the chain

    def mine(self, count: int = 1, address: str | None = None) -> list[str]:
        """Mine `count` blocks to `address`, or to the node's own wallet; return their hashes, oldest first."""
        hashes: list[str] = self.rpc("generatetoaddress", count, address or self.own_address(), timeout=300.0)
        return hashes

    def own_address(self) -> str:
        """An address of the node's own wallet, which is made when first needed."""
        if self._wallet_address is None:
            self.rpc("createwallet", "test")
            self._wallet_address = self.rpc("getnewaddress", "", "bech32")
        return self._wallet_address

    def fund(self, address: str, sats: int) -> str:
        """Pay `sats` from the node's own wallet (which needs a mature coin: mine 101 first); return the txid."""
        txid: str = self.rpc("sendtoaddress", address, f"{sats // 10**8}.{sats % 10**8:08}")
        return txid

    def wait_for_filters(self, seconds: float = 60.0) -> None:
        """Return when the block filter index has reached the tip."""

        def reached() -> bool:
            index = self.rpc("getindexinfo", "basic block filter index")["basic block filter index"]
            return bool(index["synced"] and index["best_block_height"] == self.rpc("getblockcount"))

        wait_until(reached, what="the filter index", seconds=seconds)

    # ---- peers

    @property
    def address(self) -> str:
        """Where peers connect, as host:port."""
        return f"{LOOPBACK}:{self.port}"

    def connect(self, other: Self) -> None:
        """Connect to `other` and return when the handshake is done."""
        self.rpc("addnode", other.address, "onetry")

        def connected() -> bool:
            return any(peer["addr"] == other.address and peer["version"] for peer in self.rpc("getpeerinfo"))

        wait_until(connected, what=f"the connection to {other.address}")

    def sync_with(self, other: Self, seconds: float = 60.0) -> None:
        """Return when both nodes have the same tip."""
        wait_until(
            lambda: self.rpc("getbestblockhash") == other.rpc("getbestblockhash"), what="equal tips", seconds=seconds
        )
