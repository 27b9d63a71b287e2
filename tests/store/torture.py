"""Kill -9 in the middle of writing, in a process of its own that forks its victims: `python -m tests.store.torture`.

Prints one JSON list: for every victim how it ended, and what was found in its file afterwards.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.ledger.world import FOREIGN, Chain, account, pay
from wallet.bitcoin.network import REGTEST
from wallet.ledger.ledger import Ledger
from wallet.store.database import Database
from wallet.store.ledger import SqliteLedgerStore

KEY = bytes(range(32))
FIRST = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"
SECOND = "ALTER TABLE notes ADD COLUMN author TEXT NOT NULL DEFAULT ''; CREATE INDEX by_author ON notes (author)"
THIRD = "CREATE TABLE more (x BLOB) STRICT"
NOTES = 200
BLOCKS = 150


def payments(count: int) -> Chain:
    """A chain that pays the wallet in every block, three times to each address."""
    chain = Chain()
    external = account().external
    for number in range(count):
        script = external.script_at(number // 3).script_pubkey
        chain.add(pay([(FOREIGN, 1), (script, 1_000 + number)], salt=number))
    return chain


def new_wallet(path: Path) -> None:
    store = SqliteLedgerStore.create(path, KEY, REGTEST)
    ledger = Ledger(store, 20)
    ledger.add_account(account())
    ledger.commit()
    store.close()


def new_notes(path: Path) -> None:
    with Database.create(path, KEY, [FIRST]) as database:
        database.execute_many("INSERT INTO notes (text) VALUES (?)", [("x" * 900,)] * NOTES)


def arm(number: int) -> None:
    """Kill this process with -9 before its n-th statement from here on."""
    left = number

    def deadly(true: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return true(*arguments)

        return run

    for name in ("execute", "execute_many"):
        setattr(Database, name, deadly(getattr(Database, name)))


def victim(work: Callable[[], None]) -> int:
    """Fork, do the work in the child; how it ended."""
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


# --- killed before every single statement ---


def migrate(path: Path, number: int) -> None:
    arm(number)
    Database.open(path, KEY, [FIRST, SECOND, THIRD]).close()


def notes_afterwards(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    copy = path.with_name("wallet.db.version-1")
    found["copy"] = copy.exists()
    if found["copy"]:
        with Database.open(copy, KEY, [FIRST]) as database:
            database.check()
            found["in_copy"] = database.execute("SELECT count(*) FROM notes")[0][0]
    with Database.open(path, KEY, [FIRST, SECOND, THIRD]) as database:
        database.check()
        found["notes"] = database.execute("SELECT count(*) FROM notes WHERE author = ''")[0][0]
        found["more"] = database.execute("SELECT count(*) FROM more")[0][0]
    return found


def commit_two_blocks(path: Path, number: int) -> None:
    store = SqliteLedgerStore.open(path, KEY, REGTEST)
    ledger, chain = Ledger(store, 20), payments(2)
    task = ledger.next_scan(0, chain.tip)
    if task is None:
        raise AssertionError
    for height in (1, 2):
        ledger.apply_block(chain.blocks[height], height)
    ledger.scanned(task, [block.hash for block in chain.blocks])
    arm(number)
    ledger.commit()
    store.close()


def wallet_afterwards(path: Path) -> dict[str, Any]:
    store = SqliteLedgerStore.open(path, KEY, REGTEST)
    store.database.check()
    ledger = Ledger(store, 20)
    proofs = [ledger.proof(record.txid) for record in ledger.transactions.values() if record.location is not None]
    for proof in proofs:
        if proof is None:
            raise AssertionError("a confirmed transaction without its proof")
        proof.verify()
    found = {
        "transactions": len(ledger.transactions),
        "coins": len(ledger.coins(BLOCKS)),
        "confirmed": ledger.balance(BLOCKS).confirmed,
        "blocks": len(ledger.block_hashes()),
        "scripts": len(ledger.keychain.scripts()),
        "covered": len([part for branch in ((0, 0), (0, 1)) for part in ledger.coverage(*branch)]),
    }
    store.close()
    return found


def every_statement(path: Path, make: Any, step: Any, look: Any) -> Iterator[dict[str, Any]]:
    make(path)
    content = path.read_bytes()
    for number in range(1, 200):
        status = victim(lambda number=number: step(path, number))  # type: ignore[misc]
        yield {"killed": os.WIFSIGNALED(status), "status": status, **look(path)}
        if not os.WIFSIGNALED(status):
            return
        for leftover in path.parent.glob("wallet.db*"):
            leftover.unlink()
        path.write_bytes(content)


# --- killed at any moment ---


def write_for_ever(path: Path, chain: Chain, said: int) -> None:
    """Read the chain, one commit a block, telling after each how many transactions are stored."""
    ledger = Ledger(SqliteLedgerStore.open(path, KEY, REGTEST), 20)
    while (task := ledger.next_scan(0, chain.tip, limit=1)) is not None:
        ledger.apply_block(chain.blocks[task.start], task.start)
        ledger.scanned(task, [chain.blocks[task.start].hash])
        ledger.commit()
        os.write(said, bytes([len(ledger.transactions)]))


def any_moment(path: Path, kills: int) -> Iterator[dict[str, Any]]:
    new_wallet(path)
    chain = payments(BLOCKS)
    chance = random.Random(7)
    for _ in range(kills):
        listen, said = os.pipe()
        pid = os.fork()
        if pid == 0:
            write_for_ever(path, chain, said)
            os._exit(0)
        os.close(said)
        promised = 0
        for _ in range(chance.randrange(12)):
            promised = max(os.read(listen, 1) or b"\0")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        promised = max(os.read(listen, 1 << 12) or b"\0", default=0) or promised
        os.close(listen)
        yield {"promised": promised, **wallet_afterwards(path)}
    store = SqliteLedgerStore.open(path, KEY, REGTEST)
    chain.scan(Ledger(store, 20))
    store.close()
    yield {"promised": BLOCKS, **wallet_afterwards(path)}


if __name__ == "__main__":
    file = Path(sys.argv[2])
    ways = {
        "migration": lambda: every_statement(file, new_notes, migrate, notes_afterwards),
        "commit": lambda: every_statement(file, new_wallet, commit_two_blocks, wallet_afterwards),
        "writer": lambda: any_moment(file, 30),
    }
    sys.stdout.write(json.dumps(list(ways[sys.argv[1]]())))
