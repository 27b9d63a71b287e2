"""Kill -9 at any moment, and a node that dies: nothing is lost, nothing is half done, and no process stays behind."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.realnode.node import RealNode, wait_until
from tests.realnode.wren import Wren
from wallet.bitcoin.network import REGTEST
from wallet.engine.signing import Vault, VaultRef
from wallet.ledger.ledger import Ledger
from wallet.store.folder import DataFolder
from wallet.store.ledger import SqliteLedgerStore

pytestmark = [
    pytest.mark.realnode,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
]

# Runs the command line, and ends it by SIGKILL at the nth of the moments below: before and after each of these calls.
KILLED = """
import asyncio, os, signal, sys
from wallet import app
from wallet.engine.scanner import Scanner
from wallet.engine.signing import Vault
from wallet.spv.node import Node
from wallet.store.filters import FilterCache
from wallet.store.headers import HeaderFile
from wallet.store.ledger import SqliteLedgerStore

CALLS = {
    "writes": ((HeaderFile, "apply"), (SqliteLedgerStore, "apply"), (FilterCache, "put")),
    "undo": ((Scanner, "follow_chain"),),
    "send": ((Vault, "sign"), (SqliteLedgerStore, "apply"), (Node, "broadcast")),
}
where, left = sys.argv.pop(1), int(sys.argv.pop(1))

armed = where != "send"  # the scan of newly derived scripts, which comes first, is none of a payment's moments

def moment():
    global left
    left -= armed
    if left == 0 and armed:
        os.kill(os.getpid(), signal.SIGKILL)

def watch(kind, name):
    real = getattr(kind, name)
    async def later(*arguments):
        global armed
        armed = armed or name == "sign"
        moment()
        answer = await real(*arguments)
        moment()
        return answer
    def now(*arguments):
        if name == "follow_chain" and not any(arguments[2:3]):
            return real(*arguments)  # only once blocks have left
        moment()
        answer = real(*arguments)
        moment()
        return answer
    setattr(kind, name, later if asyncio.iscoroutinefunction(real) else now)

for kind, name in CALLS[where]:
    watch(kind, name)
sys.exit(app.main(sys.argv[1:]))
"""


def session_of(pid: int) -> int:
    """The session that a process belongs to; 0 when it is gone, or dead and only waits to be looked after."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[3])


def left_behind(session: int) -> list[int]:
    """Every process of a session that still lives."""
    return [
        int(each.name)
        for each in Path("/proc").iterdir()
        if each.name.isdigit() and session_of(int(each.name)) == session
    ]


@contextlib.contextmanager
def running(wren: Wren, *arguments: str, killed_at: tuple[str, int] | None = None) -> "Iterator[subprocess.Popen[str]]":
    """A command in a session of its own; when it has ended no process of that session may be left."""
    line = wren.command(*arguments)
    if killed_at is not None:
        where, moment = killed_at
        line = [line[0], "-c", KILLED, where, str(moment), *line[3:]]
    process = subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
    wait_until(lambda: not left_behind(process.pid), what="the end of every child", seconds=20)


def kill_when(wren: Wren, *arguments: str, where: str, moment: int) -> bool:
    """Run a command that is killed at its nth moment; whether it got that far."""
    with running(wren, *arguments, killed_at=(where, moment)) as process:
        out, err = process.communicate(timeout=90)
        assert process.returncode in {0, -signal.SIGKILL}, out + err
        return process.returncode == -signal.SIGKILL


class Books:
    """Reads a wallet's file itself: sound on every page, and what its ledger says."""

    def __init__(self, wren: Wren) -> None:
        (self._folder,) = DataFolder(wren.folder).wallets()
        ref = VaultRef(self._folder.path, self._folder.load().uuid, "file", "regtest")
        self._key = asyncio.run(Vault().open_database(ref, None))

    def read(self) -> Ledger:
        store = SqliteLedgerStore.open(self._folder.database, self._key, REGTEST, read_only=True)
        try:
            store.database.check()
            return Ledger(store)
        finally:
            store.close()

    def statuses(self) -> dict[str, str]:
        """Transactions and where they stand."""
        ledger = self.read()
        return {str(entry.txid): entry.status.value for entry in ledger.history(1_000_000)}


def sats_of(node: RealNode, wren: Wren) -> int:
    """What the node itself finds on the wallet's descriptors."""
    wanted = [{"desc": row["descriptor"], "range": 300} for row in wren("descriptors")]
    found = node.rpc("scantxoutset", "start", wanted)
    return round(float(found["total_amount"]) * 100_000_000)


@pytest.fixture
def wren(node: RealNode, tmp_path: Path) -> Wren:
    return Wren(tmp_path / "wren", peers=(node.address,), password=None)


@pytest.fixture
def quick_node(real_node_command: list[str]) -> Iterator[RealNode]:
    """A node that announces payments to us at once, rather than after some seconds by chance."""
    with RealNode(real_node_command, "-whitelist=noban@127.0.0.1") as running_node:
        yield running_node


def fill(node: RealNode, wren: Wren, payments: int) -> int:
    """A chain that pays the wallet here and there; the sum."""
    addresses = [wren("receive", "--type", kind)["address"] for kind in ("p2wpkh", "p2tr")]
    node.mine(110)
    for number in range(payments):
        node.fund(addresses[number % 2], 100_000 + number)
        node.mine(3)
    node.mine(20)
    node.wait_for_filters()
    return sum(100_000 + number for number in range(payments))


def synced(wren: Wren, node: RealNode) -> None:
    node.wait_for_filters()
    report = wren("sync", "--timeout", "60")
    assert (report["synced"], report["tip"]) == (True, node.rpc("getbestblockhash"))


def test_killed_between_the_header_write_and_the_undo(node: RealNode, wren: Wren) -> None:
    wren("create")
    address = wren("receive")["address"]
    node.mine(110)
    paid = node.fund(address, 250_000)
    node.mine(3)
    synced(wren, node)
    books = Books(wren)
    assert books.statuses() == {paid: "confirmed"}
    node.rpc("invalidateblock", node.rpc("getblockhash", 111))
    for _ in range(5):
        node.rpc("generateblock", node.own_address(), [])
    node.wait_for_filters()
    assert kill_when(wren, "sync", "--timeout", "60", where="undo", moment=1)
    assert wren("status")["height"] > 113  # the headers are there already …
    assert books.statuses() == {paid: "confirmed"}  # … and the wallet does not know yet
    synced(wren, node)
    assert books.statuses() == {paid: "pending"}
    assert wren("balance") == {"confirmed": 0, "pending": 250_000, "immature": 0, "total": 250_000}
    assert paid in node.rpc("getrawmempool")
    node.mine(1)
    synced(wren, node)
    (row,) = wren("history")
    assert (row["status"], row["proven"], row["height"]) == ("confirmed", True, 116)
    assert wren("balance")["confirmed"] == 250_000 == sats_of(node, wren)


def test_sync_killed_at_every_write_and_at_random(node: RealNode, wren: Wren, tmp_path: Path) -> None:
    created = wren("create")
    expected = fill(node, wren, payments=12)
    books = Books(wren)
    moment = 1
    while kill_when(wren, "sync", "--timeout", "60", where="writes", moment=moment):
        books.read()
        moment += 1
        assert moment < 30, "sync never gets to its end"
    assert moment > 4
    assert wren("balance")["confirmed"] == expected

    other = Wren(tmp_path / "other", peers=(node.address,), password=None)
    other("restore", stdin=created["mnemonic"])
    books, chance = Books(other), random.Random(7)
    for _ in range(8):
        with running(other, "sync", "--timeout", "60") as process, contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.2, 1.6))
        books.read()
    synced(other, node)
    assert other("balance") == {"confirmed": expected, "pending": 0, "immature": 0, "total": expected}
    assert other("history") == wren("history")
    assert sats_of(node, other) == expected


def test_send_killed_at_every_step_is_stored_whole_or_not_at_all(node: RealNode, wren: Wren) -> None:
    wren("create")
    fill(node, wren, payments=8)
    synced(wren, node)
    books, target = Books(wren), node.own_address()
    known, moment, died = books.statuses(), 1, True
    while died:
        line = ("send", target, str(20_000 + moment), "--fee-rate", "2", "--timeout", "10")
        died = kill_when(wren, *line, where="send", moment=moment)
        now = books.statuses()
        new = [txid for txid in now if txid not in known]
        assert len(new) == (0 if moment <= 3 else 1), f"killed at moment {moment}"
        # What the network has was stored first.
        assert set(node.rpc("getrawmempool")) <= set(now)
        known, moment = now, moment + 1
    assert moment > 6
    synced(wren, node)
    waiting = {txid for txid, status in books.statuses().items() if status == "pending"}
    assert waiting == set(node.rpc("getrawmempool"))
    assert len(waiting) == moment - 4
    node.mine(1)
    synced(wren, node)
    assert set(books.statuses().values()) == {"confirmed"}
    balance = wren("balance")
    assert balance["total"] == balance["confirmed"] == sats_of(node, wren)


def test_a_node_that_dies_in_the_middle_of_a_sync_is_picked_up_again(node: RealNode, wren: Wren) -> None:
    wren("create")
    address = wren("receive")["address"]
    node.mine(105)
    node.fund(address, 70_000)
    node.mine(300)
    node.wait_for_filters()
    node.restart()  # in order: what a node has not flushed it would lose with the kill
    with running(wren, "sync", "--timeout", "80") as process:
        wait_until(lambda: node.rpc("getconnectioncount"), what="the wallet's connection")
        node.kill()
        assert process.poll() is None, process.communicate()
        node.start()
        out, err = process.communicate(timeout=90)
    assert (process.returncode, err) == (0, ""), err
    report = json.loads(out)
    assert (report["synced"], report["height"]) == (True, 405)
    assert wren("balance")["confirmed"] == 70_000


def events(process: "subprocess.Popen[str]", until: Callable[[dict[str, object]], object]) -> dict[str, object]:
    """Read the lines of `sync --follow` until one is as wanted."""
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, object] = json.loads(line)
        if until(event):
            return event
    raise AssertionError("the command ended")


def test_readers_go_on_beside_a_writer_and_a_second_writer_is_told(quick_node: RealNode, tmp_path: Path) -> None:
    node = quick_node
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    wren("create")
    address = wren("receive")["address"]
    node.mine(105)
    node.wait_for_filters()
    with running(wren, "sync", "--follow") as process:
        events(process, lambda event: event.get("synced"))
        for command in ("sync", "receive", "create"):
            done = wren.complete(command)
            assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "in_use")
        assert wren("balance")["total"] == 0
        paid = node.fund(address, 91_000)
        events(process, lambda event: "balance" in str(event.get("kinds")))
        assert wren("balance") == {"confirmed": 0, "pending": 91_000, "immature": 0, "total": 91_000}
        assert [(row["txid"], row["status"], row["proven"]) for row in wren("history")] == [(paid, "pending", False)]
        node.mine(2)
        events(process, lambda event: event.get("height") == 107 and event.get("synced"))
        status = wren("status")
        assert (status["height"], status["scan_height"], status["pending"]) == (107, 107, 0)
        assert wren("balance")["confirmed"] == 91_000
        (coin,) = wren("coins")
        assert (coin["height"], coin["spendable"]) == (106, True)
        assert wren("proof", paid)["height"] == 106
        for reader in ("addresses", "wallets", "descriptors", "peers"):
            assert wren(reader)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert wren("receive")["address"] != address


def test_killing_the_writer_frees_the_folder_at_once(node: RealNode, wren: Wren) -> None:
    wren("create")
    node.mine(5)
    node.wait_for_filters()
    with running(wren, "sync", "--follow") as process:
        events(process, lambda event: event.get("synced"))
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
        assert wren("sync", "--timeout", "60")["synced"] is True
