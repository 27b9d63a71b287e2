"""Between the ledger's values and the database's rows; the statements that write a change set."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.hashes import BlockHash, Hash256, Txid
from wallet.bitcoin.merkle import MerkleProof
from wallet.ledger.changeset import AppliedBlock, ChangeSet
from wallet.ledger.contacts import Contact, ContactAddress
from wallet.ledger.coverage import Coverage
from wallet.ledger.keychain import ScriptRange, ScriptRef
from wallet.ledger.labels import LabelKey, LabelKind, LineKey
from wallet.ledger.record import Location, PaymentRequest, TransactionRecord

Row: TypeAlias = tuple[Any, ...]


class Write(NamedTuple):
    """One statement, and the rows of a change set that it is run for."""

    statement: str
    rows: Callable[[ChangeSet], Iterable[Row]]


# Only the state of a transaction ever changes, never what it is: so its inputs and outputs are written once.
PUT_TRANSACTION = """
INSERT INTO transactions
    (txid, raw, seen, height, block_hash, position, block_time, coinbase, local, announced, abandoned, genuine)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (txid) DO UPDATE SET
    raw = excluded.raw, seen = excluded.seen, height = excluded.height, block_hash = excluded.block_hash,
    position = excluded.position, block_time = excluded.block_time, local = excluded.local,
    announced = excluded.announced, abandoned = excluded.abandoned, genuine = excluded.genuine
"""
PUT_INPUT = "INSERT OR IGNORE INTO inputs (txid, position, outpoint) VALUES (?, ?, ?)"
PUT_OUTPUT = "INSERT OR IGNORE INTO outputs (txid, position, amount, script_pubkey) VALUES (?, ?, ?, ?)"
DELETE_TRANSACTION = "DELETE FROM transactions WHERE txid = ?"
PUT_PROOF = """
INSERT OR REPLACE INTO proofs (txid, tx, height, header, position, branch, coinbase, coinbase_branch)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
DELETE_PROOF = "DELETE FROM proofs WHERE txid = ?"
PUT_OWN_OUTPUT = """
INSERT OR REPLACE INTO own_outputs (outpoint, txid, account, branch, position) VALUES (?, ?, ?, ?, ?)
"""
DELETE_OWN_OUTPUT = "DELETE FROM own_outputs WHERE outpoint = ?"
PUT_ACCOUNT = """
INSERT INTO accounts (id, number, external, internal, gap_limit, label) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET gap_limit = excluded.gap_limit, label = excluded.label
"""
DELETE_SCRIPTS = "DELETE FROM scripts WHERE account = ?"
DELETE_BRANCHES = "DELETE FROM branches WHERE account = ?"
DELETE_ACCOUNT = "DELETE FROM accounts WHERE id = ?"
PUT_REVEALED = "INSERT OR REPLACE INTO branches (account, branch, revealed) VALUES (?, ?, ?)"
PUT_SCRIPT = "INSERT OR REPLACE INTO scripts (account, branch, position, script_pubkey) VALUES (?, ?, ?, ?)"
DELETE_COVERAGE = "DELETE FROM covered WHERE account = ? AND branch = ?"
PUT_COVERAGE = """
INSERT INTO covered (account, branch, first, past, from_height, to_height) VALUES (?, ?, ?, ?, ?, ?)
"""
FREEZE = "INSERT OR IGNORE INTO frozen (outpoint) VALUES (?)"
THAW = "DELETE FROM frozen WHERE outpoint = ?"
PUT_SCANNED = "INSERT OR REPLACE INTO scanned_blocks (height, hash) VALUES (?, ?)"
DELETE_SCANNED = "DELETE FROM scanned_blocks WHERE height = ?"
PUT_APPLIED = "INSERT OR REPLACE INTO applied_blocks (height, hash, stale) VALUES (?, ?, ?)"
DELETE_APPLIED = "DELETE FROM applied_blocks WHERE height = ?"
PUT_LABEL = "INSERT OR REPLACE INTO labels (kind, reference, label) VALUES (?, ?, ?)"
DELETE_LABEL = "DELETE FROM labels WHERE kind = ? AND reference = ?"
PUT_REQUEST = """
INSERT OR REPLACE INTO requests (account, branch, position, script_pubkey, amount, label, created, expires, archived)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
DELETE_CONTACT = "DELETE FROM contacts WHERE name = ?"
PUT_CONTACT = "INSERT INTO contacts (name, position, address, added, note) VALUES (?, ?, ?, ?, ?)"
PUT_LINE = "INSERT OR REPLACE INTO label_lines (kind, reference, origin, line) VALUES (?, ?, ?, ?)"
DELETE_REQUEST = "DELETE FROM requests WHERE account = ? AND branch = ? AND position = ?"


def _gone(values: Mapping[Any, object]) -> list[Row]:
    return [(key,) for key, value in values.items() if value is None]


def _records(change: ChangeSet) -> list[TransactionRecord]:
    return [record for record in change.transactions.values() if record is not None]


def _transaction_row(record: TransactionRecord) -> Row:
    place = record.location
    where = (None, None, None, None) if place is None else (place.height, place.block_hash, place.position, place.time)
    marks = (record.coinbase, record.local, record.announced, record.abandoned, record.genuine)
    return record.txid, record.raw, record.seen, *where, *marks


def transaction_of(row: Row, inputs: Sequence[bytes], outputs: Sequence[Any]) -> TransactionRecord:
    """A record from its row, the outpoints it spends, and its outputs, in order."""
    txid, raw, seen, height, block_hash, position, time, coinbase, local, announced, abandoned, genuine = row
    return TransactionRecord(
        txid=Txid(txid),
        raw=raw,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        seen=seen,
        location=None if height is None else Location(height, BlockHash(block_hash), position, time),
        coinbase=bool(coinbase),
        local=bool(local),
        announced=bool(announced),
        abandoned=bool(abandoned),
        genuine=bool(genuine),
    )


def _proof_row(txid: Txid, proof: MerkleProof) -> Row:
    branches = (b"".join(proof.branch), b"".join(proof.coinbase_branch))
    header = proof.header.serialize()
    return txid, proof.tx, proof.height, header, proof.position, branches[0], proof.coinbase, branches[1]


def proof_of(row: Row) -> MerkleProof:
    """A proof from its row without the txid."""
    tx, height, header, position, branch, coinbase, coinbase_branch = row
    return MerkleProof(
        tx, height, BlockHeader.parse(header), position, _hashes(branch), coinbase, _hashes(coinbase_branch)
    )


def _hashes(joined: bytes) -> tuple[Hash256, ...]:
    return tuple(Hash256(joined[at : at + 32]) for at in range(0, len(joined), 32))


def coverage_of(scripts: Row, rows: Iterable[Row]) -> Coverage:
    """Coverage of a range from its rows, one for each span of heights; an empty span stands for none."""
    return Coverage(ScriptRange(*scripts), tuple([row[4:] for row in rows if row[4] <= row[5]]))


def request_of(row: Row) -> PaymentRequest:
    """A request from its row."""
    account, branch, index, script_pubkey, amount, label, created, expires, archived = row
    ref = ScriptRef(account, branch, index)
    return PaymentRequest(ref, script_pubkey, amount, label, created, expires, bool(archived))


def contact_of(rows: Sequence[Row]) -> Contact:
    """A contact from its rows, the oldest address first."""
    addresses = tuple(ContactAddress(address, added) for _, address, added, _ in rows)
    return Contact(rows[-1][0], addresses, rows[-1][3])


def line_of(row: Row) -> tuple[LineKey, str]:
    """A kept label record from its row."""
    return LineKey(*row[:3]), row[3]


def label_of(row: Row) -> tuple[LabelKey, str]:
    """What is labelled, and how, from its row."""
    return LabelKey(LabelKind(row[0]), row[1]), row[2]


def _ref(ref: ScriptRef) -> Row:
    return ref.account, ref.branch, ref.index


def _request_row(request: PaymentRequest) -> Row:
    return (
        *_ref(request.ref),
        request.script_pubkey,
        request.amount,
        request.label,
        request.created,
        request.expires,
        request.archived,
    )


def _contact_rows(change: ChangeSet) -> list[Row]:
    return [
        (contact.name, position, address.text, address.added, contact.note)
        for contact in change.contacts.values()
        if contact is not None
        for position, address in enumerate(contact.addresses)
    ]


def _line_rows(change: ChangeSet) -> list[Row]:
    return [(key.kind, key.reference, key.origin, line) for key, line in change.lines.items()]


def _account_rows(change: ChangeSet) -> list[Row]:
    return [
        (
            account.id,
            account.account,
            str(account.external),
            None if account.internal is None else str(account.internal),
            account.gap_limit,
            account.label,
        )
        for account in filter(None, change.accounts.values())
    ]


_NONE = (0, -1)


def _coverage_rows(change: ChangeSet) -> list[Row]:
    return [
        (*branch, part.scripts.first, part.scripts.end, *span)
        for branch, parts in change.coverage.items()
        for part in parts
        for span in part.spans or (_NONE,)
    ]


def _applied_row(height: int, block: AppliedBlock) -> Row:
    return height, block.hash, block.stale


# In the order in which foreign keys ask for them.
WRITES: tuple[Write, ...] = (
    Write(PUT_ACCOUNT, _account_rows),
    Write(PUT_REVEALED, lambda c: [(*branch, count) for branch, count in c.revealed.items()]),
    Write(PUT_SCRIPT, lambda c: [(*_ref(ref), script) for ref, script in c.scripts.items()]),
    Write(DELETE_COVERAGE, lambda c: list(c.coverage)),
    Write(PUT_COVERAGE, _coverage_rows),
    Write(DELETE_TRANSACTION, lambda c: _gone(c.transactions)),
    Write(PUT_TRANSACTION, lambda c: map(_transaction_row, _records(c))),
    Write(PUT_INPUT, lambda c: [(r.txid, at, spent) for r in _records(c) for at, spent in enumerate(r.inputs)]),
    Write(
        PUT_OUTPUT,
        lambda c: [
            (r.txid, at, paid.amount, paid.script_pubkey) for r in _records(c) for at, paid in enumerate(r.outputs)
        ],
    ),
    Write(DELETE_OWN_OUTPUT, lambda c: _gone(c.outputs)),
    Write(PUT_OWN_OUTPUT, lambda c: [(at, at[:32], *_ref(ref)) for at, ref in c.outputs.items() if ref is not None]),
    Write(DELETE_PROOF, lambda c: _gone(c.proofs)),
    Write(PUT_PROOF, lambda c: [_proof_row(txid, proof) for txid, proof in c.proofs.items() if proof is not None]),
    Write(FREEZE, lambda c: [(outpoint,) for outpoint, frozen in c.frozen.items() if frozen]),
    Write(THAW, lambda c: [(outpoint,) for outpoint, frozen in c.frozen.items() if not frozen]),
    Write(DELETE_SCANNED, lambda c: _gone(c.scanned)),
    Write(PUT_SCANNED, lambda c: [(height, found) for height, found in c.scanned.items() if found is not None]),
    Write(DELETE_APPLIED, lambda c: _gone(c.applied)),
    Write(PUT_APPLIED, lambda c: [_applied_row(at, block) for at, block in c.applied.items() if block is not None]),
    Write(DELETE_LABEL, lambda c: [(key.kind, key.reference) for key, label in c.labels.items() if not label]),
    Write(PUT_LABEL, lambda c: [(key.kind, key.reference, label) for key, label in c.labels.items() if label]),
    Write(DELETE_REQUEST, lambda c: [_ref(ref) for ref, request in c.requests.items() if request is None]),
    Write(PUT_REQUEST, lambda c: [_request_row(request) for request in c.requests.values() if request is not None]),
    Write(DELETE_CONTACT, lambda c: [(name,) for name in c.contacts]),
    Write(PUT_CONTACT, _contact_rows),
    Write(PUT_LINE, _line_rows),
    Write(DELETE_SCRIPTS, lambda c: _gone(c.accounts)),
    Write(DELETE_BRANCHES, lambda c: _gone(c.accounts)),
    Write(DELETE_ACCOUNT, lambda c: _gone(c.accounts)),
)
