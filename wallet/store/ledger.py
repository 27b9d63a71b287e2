"""The ledger in the encrypted wallet database."""

import threading
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.merkle import MerkleProof
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.transaction import TxOut
from wallet.ledger.changeset import AppliedBlock, ChangeSet
from wallet.ledger.keychain import Account, ScriptRef
from wallet.ledger.record import TransactionRecord
from wallet.store.backups import back_up
from wallet.store.database import Database
from wallet.store.ledger_rows import (
    WRITES,
    contact_of,
    coverage_of,
    label_of,
    line_of,
    proof_of,
    request_of,
    transaction_of,
)
from wallet.store.migrations import MIGRATIONS

_ACCOUNTS = "SELECT id, number, external, internal, gap_limit, label FROM accounts ORDER BY id"
_REVEALED = "SELECT account, branch, revealed FROM branches"
_SCRIPTS = "SELECT account, branch, position, script_pubkey FROM scripts"
_COVERAGE = """
SELECT account, branch, first, past, from_height, to_height FROM covered
ORDER BY account, branch, first, from_height
"""
_TRANSACTIONS = """
SELECT txid, raw, seen, height, block_hash, position, block_time, coinbase, local, announced, abandoned, genuine
FROM transactions
"""
_INPUTS = "SELECT txid, outpoint FROM inputs ORDER BY txid, position"
_OUTPUTS = "SELECT txid, amount, script_pubkey FROM outputs ORDER BY txid, position"
_OWN_OUTPUTS = "SELECT outpoint, account, branch, position FROM own_outputs"
_FROZEN = "SELECT outpoint FROM frozen"
_SCANNED = "SELECT height, hash FROM scanned_blocks"
_APPLIED = "SELECT height, hash, stale FROM applied_blocks"
_LABELS = "SELECT kind, reference, label FROM labels"
_REQUESTS = """
SELECT account, branch, position, script_pubkey, amount, label, created, expires, archived FROM requests
"""
_CONTACTS = "SELECT name, address, added, note FROM contacts ORDER BY name, position"
_LINES = "SELECT kind, reference, origin, line FROM label_lines"
_PROOF = "SELECT tx, height, header, position, branch, coinbase, coinbase_branch FROM proofs WHERE txid = ?"
_GET_META = "SELECT value FROM meta WHERE key = ?"
_PUT_META = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"


class SqliteLedgerStore:
    """Keeps a ledger (`wallet.ledger.view.LedgerStore`), and small facts about the wallet (`meta`), in one file."""

    def __init__(self, database: Database, params: ChainParams, key: bytes) -> None:
        self.database = database
        self._key = key
        self._params = params

    @classmethod
    def create(cls, path: Path, key: bytes, params: ChainParams) -> Self:
        """A new, empty wallet database. Raises StoreError."""
        store = cls(Database.create(path, key, MIGRATIONS), params, key)
        store.set_meta("network", params.name)
        return store

    @classmethod
    def open(cls, path: Path, key: bytes, params: ChainParams, read_only: bool = False) -> Self:
        """An existing wallet database. Raises DamagedDatabase, NewerDatabase, or StoreError."""
        return cls(Database.open(path, key, MIGRATIONS, read_only), params, key)

    def close(self) -> None:
        self.database.close()

    def back_up(self, today: date, stop: threading.Event) -> None:
        """Make today's backup if it is not there, on a connection of its own; to be called in a thread of its own."""
        back_up(self.database.path, self._key, today, stop)

    # --- small facts ---

    def meta(self, key: str) -> str | None:
        """A fact about the wallet, such as its network or birthday."""
        rows = self.database.execute(_GET_META, (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Keep a fact about the wallet."""
        self.database.execute(_PUT_META, (key, value))

    # --- the ledger ---

    def apply(self, change: ChangeSet) -> None:
        """Write a change set in one transaction: all of it is on the disk, or a StoreError and nothing of it."""
        with self.database.transaction():
            for write in WRITES:
                self.database.execute_many(write.statement, list(write.rows(change)))

    def load(self) -> ChangeSet:
        """Everything but the proofs, as one change from nothing, read at one moment."""
        query = self.database.execute
        with self.database.snapshot():
            state = ChangeSet(
                accounts={row[0]: self._account(row) for row in query(_ACCOUNTS)},
                scripts={ScriptRef(*row[:3]): row[3] for row in query(_SCRIPTS)},
                revealed={(row[0], row[1]): row[2] for row in query(_REVEALED)},
                transactions=self._transactions(),
                outputs={row[0]: ScriptRef(*row[1:]) for row in query(_OWN_OUTPUTS)},
                frozen={row[0]: True for row in query(_FROZEN)},
                scanned={row[0]: BlockHash(row[1]) for row in query(_SCANNED)},
                applied={row[0]: AppliedBlock(BlockHash(row[1]), bool(row[2])) for row in query(_APPLIED)},
                labels=dict(map(label_of, query(_LABELS))),
                requests={request.ref: request for request in map(request_of, query(_REQUESTS))},
                contacts={name: contact_of(list(rows)) for name, rows in groupby(query(_CONTACTS), itemgetter(0))},
                lines=dict(map(line_of, query(_LINES))),
            )
            for branch, rows in groupby(query(_COVERAGE), itemgetter(0, 1)):
                state.coverage[branch] = tuple([coverage_of(*part) for part in groupby(rows, itemgetter(0, 1, 2, 3))])
        return state

    def _account(self, row: tuple[Any, ...]) -> Account:
        number, account, external, internal, gap_limit, label = row
        descriptor = Descriptor.parse(external, self._params)
        change = None if internal is None else Descriptor.parse(internal, self._params)
        return Account(number, descriptor.type, account, descriptor, change, gap_limit, label)

    def _transactions(self) -> dict[Txid, TransactionRecord | None]:
        """All three tables side by side, in the order of txids: nothing but the records themselves is built of them.

        Transactions are read as they lie and put in order here: by their index each page of the file is deciphered
        again and again.
        """
        inputs, outputs = _Groups(self.database.execute(_INPUTS)), _Groups(self.database.execute(_OUTPUTS))
        found: dict[Txid, TransactionRecord | None] = {}
        for row in sorted(self.database.execute(_TRANSACTIONS), key=itemgetter(0)):
            spent = [outpoint for _, outpoint in inputs.of(row[0])]
            made = [TxOut(amount, script) for _, amount, script in outputs.of(row[0])]
            record = transaction_of(row, spent, made)
            found[record.txid] = record
        return found

    def proof(self, txid: Txid) -> MerkleProof | None:
        """The proof that is kept for a transaction."""
        rows = self.database.execute(_PROOF, (txid,))
        return proof_of(rows[0]) if rows else None


class _Groups:
    """Rows that begin with a txid and are sorted by it, handed out group by group to who asks in that order."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._groups = groupby(rows, itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, txid: bytes) -> list[tuple[Any, ...]]:
        """The rows of a txid, none where there are none."""
        if self._next is None or self._next[0] != txid:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows
