"""The tables of a wallet database, as the migrations that make them. What was released is never edited, only added to.

Hashes and outpoints (36 bytes: txid, index) are blobs in wire order, amounts are satoshis, times are Unix seconds.
"""

_FIRST = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    external TEXT NOT NULL,
    internal TEXT,
    gap_limit INTEGER NOT NULL,
    label TEXT NOT NULL
) STRICT;

CREATE TABLE branches (
    account INTEGER NOT NULL REFERENCES accounts (id),
    branch INTEGER NOT NULL,
    revealed INTEGER NOT NULL,
    PRIMARY KEY (account, branch)
) STRICT, WITHOUT ROWID;

CREATE TABLE scripts (
    account INTEGER NOT NULL REFERENCES accounts (id),
    branch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    script_pubkey BLOB NOT NULL,
    PRIMARY KEY (account, branch, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE coverage (
    account INTEGER NOT NULL REFERENCES accounts (id),
    branch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    past INTEGER NOT NULL CHECK (past > first),
    from_height INTEGER NOT NULL,
    to_height INTEGER NOT NULL,
    PRIMARY KEY (account, branch, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE transactions (
    txid BLOB PRIMARY KEY CHECK (length(txid) = 32),
    raw BLOB NOT NULL,
    seen INTEGER NOT NULL,
    height INTEGER,
    block_hash BLOB,
    position INTEGER,
    block_time INTEGER,
    coinbase INTEGER NOT NULL,
    local INTEGER NOT NULL,
    announced INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    genuine INTEGER NOT NULL,
    CHECK ((height IS NULL) = (block_hash IS NULL)
        AND (height IS NULL) = (position IS NULL)
        AND (height IS NULL) = (block_time IS NULL))
) STRICT;

CREATE TABLE inputs (
    txid BLOB NOT NULL REFERENCES transactions (txid) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    outpoint BLOB NOT NULL CHECK (length(outpoint) = 36),
    PRIMARY KEY (txid, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
    txid BLOB NOT NULL REFERENCES transactions (txid) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    script_pubkey BLOB NOT NULL,
    PRIMARY KEY (txid, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE own_outputs (
    outpoint BLOB PRIMARY KEY CHECK (length(outpoint) = 36),
    txid BLOB NOT NULL REFERENCES transactions (txid) ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts (id),
    branch INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE proofs (
    txid BLOB PRIMARY KEY REFERENCES transactions (txid) ON DELETE CASCADE,
    tx BLOB NOT NULL,
    height INTEGER NOT NULL,
    header BLOB NOT NULL CHECK (length(header) = 80),
    position INTEGER NOT NULL,
    branch BLOB NOT NULL,
    coinbase BLOB NOT NULL,
    coinbase_branch BLOB NOT NULL
) STRICT;

CREATE TABLE frozen (
    outpoint BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE scanned_blocks (
    height INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE applied_blocks (
    height INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    stale INTEGER NOT NULL
) STRICT;

CREATE TABLE labels (
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (kind, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    account INTEGER NOT NULL REFERENCES accounts (id),
    branch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    script_pubkey BLOB NOT NULL,
    amount INTEGER,
    label TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    PRIMARY KEY (account, branch, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX transactions_by_height ON transactions (height) WHERE height IS NOT NULL;
CREATE INDEX own_outputs_by_txid ON own_outputs (txid)
"""

_COVERED = """
CREATE TABLE covered (
    account INTEGER NOT NULL REFERENCES accounts (id),
    branch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    past INTEGER NOT NULL CHECK (past > first),
    from_height INTEGER NOT NULL,
    to_height INTEGER NOT NULL,
    PRIMARY KEY (account, branch, first, from_height)
) STRICT, WITHOUT ROWID;

INSERT INTO covered SELECT account, branch, first, past, from_height, to_height FROM coverage;
DROP TABLE coverage
"""

# Contacts, requests that are put out of sight, and label records of other wallets (BIP329) as they were written.
_MEMORY = """
CREATE TABLE contacts (
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    address TEXT NOT NULL,
    added INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (name, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE label_lines (
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    origin TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (kind, reference, origin)
) STRICT, WITHOUT ROWID;

ALTER TABLE requests ADD COLUMN archived INTEGER NOT NULL DEFAULT 0
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _COVERED, _MEMORY)
