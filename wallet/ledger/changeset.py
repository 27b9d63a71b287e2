"""What a step of the ledger changed: the rows of one database transaction, and the kinds of things that views show.

A change set says "this key has this value now"; None means that it is gone. So a later one laid over an earlier one is
again a change set, and the whole state is one as well: the change from nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.merkle import MerkleProof
from wallet.ledger.contacts import Contact
from wallet.ledger.coverage import Coverage
from wallet.ledger.keychain import Account, AccountId, BranchId, ScriptRef
from wallet.ledger.labels import LabelKey, LineKey
from wallet.ledger.record import PaymentRequest, TransactionRecord

RECENT_BLOCKS: Final = 1_000
"""How many hashes of scanned blocks are remembered: how deep a reorganisation is undone block by block."""


class Kind(StrEnum):
    """What a view may have to ask for again."""

    HISTORY = "history"
    BALANCE = "balance"
    COINS = "coins"
    ADDRESSES = "addresses"
    ACCOUNTS = "accounts"
    LABELS = "labels"
    CONTACTS = "contacts"
    REQUESTS = "requests"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class AppliedBlock:
    """A block that was read for our transactions. stale: to be read again, because coins below it were found since."""

    hash: BlockHash
    stale: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One database transaction. Collections are not changed once it has left the ledger.

    outputs: outputs of ours, by outpoint (36 bytes); revealed: how many scripts of a branch were given out; coverage:
    all of a branch's coverage; scanned: hashes of recent scanned blocks by height; applied: blocks read, by height;
    contacts: by name; lines: imported label records that say more than a label (BIP329), as they were written.
    """

    accounts: dict[AccountId, Account | None] = field(default_factory=dict)
    scripts: dict[ScriptRef, bytes] = field(default_factory=dict)
    revealed: dict[BranchId, int] = field(default_factory=dict)
    coverage: dict[BranchId, tuple[Coverage, ...]] = field(default_factory=dict)
    transactions: dict[Txid, TransactionRecord | None] = field(default_factory=dict)
    proofs: dict[Txid, MerkleProof | None] = field(default_factory=dict)
    outputs: dict[bytes, ScriptRef | None] = field(default_factory=dict)
    frozen: dict[bytes, bool] = field(default_factory=dict)
    scanned: dict[int, BlockHash | None] = field(default_factory=dict)
    applied: dict[int, AppliedBlock | None] = field(default_factory=dict)
    labels: dict[LabelKey, str] = field(default_factory=dict)
    requests: dict[ScriptRef, PaymentRequest | None] = field(default_factory=dict)
    contacts: dict[str, Contact | None] = field(default_factory=dict)
    lines: dict[LineKey, str] = field(default_factory=dict)

    def update(self, later: "ChangeSet") -> None:
        """Lay a later change over this one, in place."""
        for name, values in later.parts():
            getattr(self, name).update(values)

    def parts(self) -> Iterable[tuple[str, Mapping[Any, Any]]]:
        """The collections by name."""
        return ((part.name, getattr(self, part.name)) for part in fields(self))

    def __bool__(self) -> bool:
        return any(values for _, values in self.parts())

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of things that changed."""
        return frozenset(kind for name, values in self.parts() if values for kind in _KINDS[name])


_MONEY = (Kind.HISTORY, Kind.BALANCE, Kind.COINS, Kind.ADDRESSES)
_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "accounts": (Kind.ACCOUNTS, Kind.ADDRESSES, Kind.SCAN),
    "scripts": (Kind.SCAN,),
    "revealed": (Kind.ADDRESSES,),
    "coverage": (Kind.SCAN,),
    "transactions": _MONEY,
    "proofs": (Kind.HISTORY,),
    "outputs": _MONEY,
    "frozen": (Kind.COINS,),
    "scanned": (Kind.SCAN,),
    "applied": (Kind.SCAN,),
    "labels": (Kind.LABELS, Kind.HISTORY),
    "requests": (Kind.REQUESTS,),
    "contacts": (Kind.CONTACTS,),
    "lines": (Kind.LABELS,),
}
