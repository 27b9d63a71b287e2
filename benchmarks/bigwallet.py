"""A wallet of 100,000 transactions, written straight into its database; and what it costs to open and to use it.

python -m benchmarks.bigwallet FILE       opens it, and prints an Opened as JSON
"""

import json
import os
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.clients import peak_memory
from tests.ledger.world import account
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.hashes import BlockHash, Txid, sha256
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import p2wpkh
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.engine.bulk import without_rubbish
from wallet.engine.views import WalletView
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.keychain import CHANGE, EXTERNAL, ScriptRef
from wallet.ledger.ledger import Ledger, LedgerStore
from wallet.ledger.payment import PaymentIntent, Recipient, build
from wallet.ledger.record import Location, TransactionRecord
from wallet.store.ledger import SqliteLedgerStore

KEY = bytes(range(32))
TRANSACTIONS = 100_000
TIP = 200_000
_WITNESS = (bytes(71), bytes(33))
_AT_ONCE = 10_000
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """Seconds, and the most memory in MB."""

    load: float
    screen: float
    history: float
    history_again: float
    balance: float
    coins: float
    prepare: float
    memory: float
    transactions: int
    unspent: int


def write(path: Path, count: int = TRANSACTIONS, seed: int = 1) -> None:
    """Make the wallet: of five transactions three come in and two pay out, to a fresh address each, change too."""
    store = SqliteLedgerStore.create(path, KEY, REGTEST)
    fill(store, count, seed)
    Ledger(store).commit()
    store.close()


def fill(store: LedgerStore, count: int = TRANSACTIONS, seed: int = 1) -> None:
    """Have a store keep that life, on an account 0."""
    own = account()
    store.apply(ChangeSet(accounts={own.id: own}))
    change = ChangeSet()
    for number, (record, outputs) in enumerate(_life(count, random.Random(seed))):
        change.transactions[record.txid] = record
        for index, ref in outputs.items():
            change.outputs[record.outpoint(index)] = ref
            change.scripts[ref] = record.outputs[index].script_pubkey
        if number % _AT_ONCE == _AT_ONCE - 1:
            store.apply(change)
            change = ChangeSet()
    store.apply(change)


def _life(count: int, chance: random.Random) -> Iterator[tuple[TransactionRecord, dict[int, ScriptRef]]]:
    own = account()
    next_index = {EXTERNAL: 0, CHANGE: 0}
    unspent: deque[tuple[OutPoint, int]] = deque()

    def fresh(branch: int) -> tuple[ScriptRef, bytes]:
        ref = ScriptRef(own.id, branch, next_index[branch])
        next_index[branch] += 1
        return ref, own.branches()[branch].script_at(ref.index).script_pubkey

    for number in range(count):
        spent: list[OutPoint] = []
        if number % 5 in {2, 4}:
            ref, script = fresh(CHANGE)
            taken = [unspent.popleft() for _ in range(2 if number % 10 == 4 else 1)]
            spent = [outpoint for outpoint, _ in taken]
            held = sum(amount for _, amount in taken)
            outputs = [TxOut(held // 3, script), TxOut(held // 2, p2wpkh(chance.randbytes(20)))]
        else:
            ref, script = fresh(EXTERNAL)
            spent = [OutPoint(Txid(sha256(b"foreign %d" % number)), 0)]
            outputs = [TxOut(chance.randrange(20_000, 5_000_000), script), TxOut(7, p2wpkh(chance.randbytes(20)))]
        inputs = tuple([TxIn(outpoint, witness=_WITNESS) for outpoint in spent])
        transaction = Transaction(2, inputs, tuple(outputs), 0)
        unspent.append((OutPoint(transaction.txid, 0), outputs[0].amount))
        place = Location(number + 1, BlockHash(sha256(b"block %d" % number)), 1, 1_600_000_000 + 600 * number)
        yield TransactionRecord.of(transaction, place.time).at(place), {0: ref}


def _timed(task: Callable[[], T]) -> tuple[float, T]:
    begun = time.perf_counter()
    done = task()
    return time.perf_counter() - begun, done


def measure(path: Path) -> Opened:
    """Open the wallet, and ask of it what the window asks."""
    store = SqliteLedgerStore.open(path, KEY, REGTEST)
    with without_rubbish():
        load, ledger = _timed(lambda: Ledger(store))
    screen, _ = _timed(lambda: ledger.history(TIP, 200))
    history, entries = _timed(lambda: ledger.history(TIP))
    again, entries = _timed(lambda: ledger.history(TIP))
    count = len(entries)
    del entries
    balance, _ = _timed(lambda: ledger.balance(TIP))
    coins, found = _timed(lambda: ledger.coins(TIP))
    intent = PaymentIntent((Recipient(p2wpkh(bytes(20)), 12_345_678),), fee_rate=FeeRate(7_000))
    labels = WalletView(ledger, REGTEST)
    prepare, _ = _timed(lambda: build(intent, ledger, TIP, random.Random(1), labels.origins()))
    store.close()
    memory = peak_memory(os.getpid())
    return Opened(load, screen, history, again, balance, coins, prepare, memory, count, len(found))


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Path(sys.argv[1])))))
