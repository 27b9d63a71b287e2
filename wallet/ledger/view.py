"""What can be asked of a ledger. Nothing here changes anything."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.merkle import MerkleProof
from wallet.bitcoin.transaction import OutPoint, TxOut
from wallet.ledger.book import Book
from wallet.ledger.changeset import AppliedBlock, ChangeSet, Kind
from wallet.ledger.coverage import SCAN_LIMIT, Coverage, CoverageBook, ScanTask
from wallet.ledger.family import offspring, parentage
from wallet.ledger.guards import is_dust_gift
from wallet.ledger.history import HistoryEntry, Status, entry_of, history, in_order, status_of
from wallet.ledger.keychain import LOOK_AHEAD, AccountId, Keychain, ScriptRef
from wallet.ledger.labels import LabelKey, LabelKind
from wallet.ledger.notes import Notes
from wallet.ledger.record import Balance, Coin, PaymentRequest, TransactionRecord
from wallet.ledger.requests import RequestState, state_of

_LISTED = frozenset({Kind.HISTORY, Kind.CONTACTS})


class LedgerStore(Protocol):
    """Where a ledger is kept."""

    def load(self) -> ChangeSet:
        """Everything, as one change from nothing; the proofs are left out."""
        ...

    def apply(self, change: ChangeSet) -> None:
        """Keep all of a change, or nothing of it."""
        ...

    def proof(self, txid: Txid) -> MerkleProof | None:
        """The proof of one transaction."""
        ...


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """A script that was given out or used, and what lies on it."""

    ref: ScriptRef
    script_pubkey: bytes
    used: bool
    balance: Sats


class LedgerView:
    """A ledger's state and the questions to it. Heights of the tip are arguments: the chain is not the ledger's."""

    def __init__(self, store: LedgerStore, look_ahead: int = LOOK_AHEAD) -> None:
        self.keychain = Keychain(look_ahead)
        self._store = store
        self._book = Book()
        self._coverage = CoverageBook()
        self._scanned: dict[int, BlockHash] = {}
        self._applied: dict[int, AppliedBlock] = {}
        self._labels: dict[LabelKey, str] = {}
        self._requests: dict[ScriptRef, PaymentRequest] = {}
        self._unsaved = ChangeSet()
        self._revision = 0
        self.notes = Notes(self._note, self._requests, self._labels)

    def _note(self, change: ChangeSet) -> ChangeSet:
        """Have the next commit store a change."""
        self._unsaved.update(change)
        self._revision += not _LISTED.isdisjoint(change.kinds)
        return change

    @property
    def revision(self) -> int:
        """Another number whenever history, labels or contacts changed: what was found in them is to be found anew."""
        return self._revision

    # --- transactions ---

    @property
    def transactions(self) -> Mapping[Txid, TransactionRecord]:
        """Every transaction that is kept, those that only conflict with ours included."""
        return MappingProxyType(self._book.records)

    def history(self, tip_height: int, limit: int | None = None) -> list[HistoryEntry]:
        """One entry for each transaction that pays us or spends from us, newest first; only the newest, or all."""
        if not any(key.kind is LabelKind.TRANSACTION for key in self._labels):
            return history(self._book, tip_height, lambda _: "", limit)
        return history(self._book, tip_height, lambda txid: self.label(LabelKind.TRANSACTION, str(txid)), limit)

    def ordered(self) -> list[Txid]:
        """The transactions of the whole history, newest first."""
        return [record.txid for record in in_order(self._book)]

    def entry(self, txid: Txid, tip_height: int) -> HistoryEntry:
        """One transaction's entry; raises LookupError."""
        label = self.label(LabelKind.TRANSACTION, str(txid))
        return entry_of(self._book, self._book.records[txid], tip_height, label)

    def status(self, txid: Txid, tip_height: int) -> Status:
        """Where one transaction stands; raises LookupError."""
        return status_of(self._book, self._book.records[txid], tip_height)

    def unproven(self) -> list[TransactionRecord]:
        """Ours that wait for a block and are not out: what is offered to peers again."""
        return [
            record
            for record in self._book.waiting.values()
            if self._book.stands(record) and self._book.concerns_us(record)
        ]

    def offspring(self, txid: Txid) -> list[TransactionRecord]:
        """The unconfirmed that stand and build on it, directly or not; raises LookupError."""
        return offspring(self._book, self._book.records[txid])

    def parentage(self, txid: Txid) -> list[TransactionRecord]:
        """The unconfirmed that it builds on, directly or not, as far as they are known; raises LookupError."""
        return parentage(self._book, self._book.records[txid])

    def proof(self, txid: Txid) -> MerkleProof | None:
        """The proof of a transaction in the chain; None while it is in no block."""
        record = self._book.records.get(txid)
        if record is None or record.location is None:
            return None
        return self._unsaved.proofs.get(txid) or self._store.proof(txid)

    def output(self, outpoint: OutPoint) -> TxOut | None:
        """An output of a transaction that is kept."""
        return self._book.output(outpoint.serialize())

    def owner(self, outpoint: OutPoint) -> ScriptRef | None:
        """Which of our scripts an output pays."""
        return self._book.own.get(outpoint.serialize())

    def concerns_us(self, txid: Txid) -> bool:
        """Whether a transaction that is kept pays us or spends from us; raises LookupError."""
        return self._book.concerns_us(self._book.records[txid])

    def concerning(self, script_pubkey: bytes) -> set[Txid]:
        """Our transactions that pay a script or spend an output that paid it."""
        found = set[Txid]()
        for outpoint in self._book.paying(script_pubkey):
            found.add(Txid(outpoint[:32]))
            found.update(self._book.spenders(outpoint))
        return {txid for txid in found if self.concerns_us(txid)}

    def totals(self, txid: Txid) -> tuple[Sats, Sats | None]:
        """What a transaction adds to the wallet (negative: takes), and its fee if known; raises LookupError."""
        return self._book.totals(self._book.records[txid])

    def is_dust_gift(self, outpoint: OutPoint) -> bool:
        """Whether one of our outputs looks strewn by strangers, to see what it is spent with."""
        key = outpoint.serialize()
        record, output = self._book.records.get(outpoint.txid), self._book.output(key)
        if record is None or output is None or key not in self._book.own:
            return False
        return is_dust_gift(self._book, record, output.amount, output.script_pubkey)

    def was_paid(self, script_pubkey: bytes) -> bool:
        """Whether a transaction that is kept pays this script, ours or not."""
        return bool(self._book.paying(script_pubkey))

    # --- money ---

    def coins(self, tip_height: int, reserved: bool = False) -> list[Coin]:
        """Our coins, oldest first; `reserved`: also those that an unconfirmed transaction is about to spend."""
        found = [coin for coin in self._book.coins(tip_height) if reserved or coin.reserved_by is None]
        return sorted(found, key=lambda coin: (coin.height is None, coin.height, coin.outpoint.serialize()))

    def coin(self, outpoint: OutPoint, tip_height: int) -> Coin | None:
        """One coin of ours, while no block spends it."""
        return next(self._book.coins(tip_height, (outpoint.serialize(),)), None)

    def coins_on(self, scripts: Iterable[bytes], tip_height: int) -> list[Coin]:
        """Our coins on these scripts that nothing is about to spend."""
        outpoints = [outpoint for script in scripts for outpoint in self._book.paying(script)]
        return [coin for coin in self._book.coins(tip_height, outpoints) if coin.reserved_by is None]

    def balance(self, tip_height: int) -> Balance:
        """What the wallet owns."""
        confirmed = pending = immature = 0
        for coin in self._book.coins(tip_height):
            if coin.immature:
                immature += coin.amount
            elif coin.height is not None:
                confirmed += coin.amount
                pending -= coin.amount if coin.reserved_by else 0
            elif coin.reserved_by is None:
                pending += coin.amount
        return Balance(confirmed, pending, immature)

    def addresses(self, tip_height: int) -> list[AddressEntry]:
        """Every script that was given out or used, by account, branch and index."""
        balances: dict[ScriptRef, Sats] = {}
        for coin in self.coins(tip_height):
            balances[coin.ref] = balances.get(coin.ref, 0) + coin.amount
        return [
            AddressEntry(ref, self.keychain.script(ref), self.keychain.is_used(ref), balances.get(ref, 0))
            for branch in sorted(self.keychain.branches())
            for ref in self.keychain.known_refs(*branch)
        ]

    # --- what the user noted ---

    def label(self, kind: LabelKind, reference: str) -> str:
        """The label of something, empty without one."""
        return self._labels.get(LabelKey(kind, reference), "")

    @property
    def labels(self) -> Mapping[LabelKey, str]:
        """All labels."""
        return MappingProxyType(self._labels)

    def requests(self) -> list[PaymentRequest]:
        """All requests for payment, oldest first."""
        return sorted(self._requests.values(), key=lambda request: (request.created, request.ref))

    def request_to(self, ref: ScriptRef) -> PaymentRequest | None:
        """The request to an address, where there is one."""
        return self._requests.get(ref)

    def receipts(self, script_pubkey: bytes) -> list[tuple[TransactionRecord, Sats]]:
        """The standing transactions that pay a script, with how much, the earliest first."""
        paid = {Txid(outpoint[:32]) for outpoint in self._book.paying(script_pubkey)}
        standing = [record for record in map(self._book.records.__getitem__, paid) if self._book.stands(record)]
        return [
            (record, sum(output.amount for output in record.outputs if output.script_pubkey == script_pubkey))
            for record in sorted(standing, key=lambda record: (record.time, record.txid))
        ]

    def request_state(self, request: PaymentRequest, now: int) -> RequestState:
        """What became of a request by now (see `wallet.ledger.requests`)."""
        return state_of(request, self.receipts(request.script_pubkey), now)

    @property
    def frozen(self) -> Collection[bytes]:
        """The outpoints (36 bytes each) that are kept out of payments, also of coins that are spent or yet to come."""
        return frozenset(self._book.frozen)

    def known_scripts(self) -> Collection[bytes]:
        """Every script that an output of a kept transaction pays, ours or not, in the order in which they came."""
        return self._book.scripts()

    # --- scanning ---

    def spendable_outpoints(self) -> set[bytes]:
        """The outpoints (36 bytes each) whose spending would be news: our coins, and what waiting transactions spend.

        Blocks tell of a spending by the outpoint alone, where nothing else than they tell of it.
        """
        return self._book.spendable_outpoints()

    def next_scan(self, birthday: int, tip: int, limit: int = SCAN_LIMIT) -> ScanTask | None:
        """The next heights to match, and the scripts that lack them; None when all is matched up to `tip`."""
        return self._coverage.next_task(birthday, tip, self.keychain.due, limit)

    def widened(self, task: ScanTask) -> ScanTask:
        """The same heights, with scripts that may be matched beside those that must be."""
        return self._coverage.widened(task)

    def scan_share(self, birthday: int, tip: int) -> float:
        """How much of what must be matched up to `tip` was, 0 to 1."""
        return self._coverage.share(birthday, tip, self.keychain.due)

    def beyond_reach(self, ref: ScriptRef) -> bool:
        """Whether even this wallet would not be sure to find a payment to this script, restored from the seed.

        Reckoned from what blocks hold: an unconfirmed payment may never come, and then a restored wallet has not seen
        it.
        """
        last = self.last_proven(ref.account, ref.branch)
        return ref.index > last + self.keychain.reach(last)

    def within_reach(self, ref: ScriptRef) -> ScriptRef:
        """The same, or the furthest of its branch that a wallet restored from the seed is sure to find."""
        if not self.beyond_reach(ref):
            return ref
        last = self.last_proven(ref.account, ref.branch)
        return replace(ref, index=last + self.keychain.reach(last))

    def last_proven(self, account: AccountId, branch: int) -> int:
        """The highest index of a branch that a transaction in a block pays, -1 for none."""
        for index in range(self.keychain.last_used(account, branch), -1, -1):
            paying = self._book.paying(self.keychain.script(ScriptRef(account, branch, index)))
            if any(self._book.records[Txid(outpoint[:32])].location is not None for outpoint in paying):
                return index
        return -1

    def repeats(self) -> list[int]:
        """Heights of blocks to fetch and apply once more: a coin found below them may be spent in them."""
        return sorted(height for height, block in self._applied.items() if block.stale)

    def coverage(self, account: AccountId, branch: int) -> tuple[Coverage, ...]:
        """Which scripts of a branch were matched against which heights."""
        return self._coverage.of((account, branch))

    def scan_height(self, birthday: int) -> int:
        """The wallet is complete from `birthday` up to this height (birthday-1: not at all)."""
        return min([self._coverage.scanned_to(birthday, self.keychain.due), *(height - 1 for height in self.repeats())])

    def block_hashes(self) -> Mapping[int, BlockHash]:
        """What the ledger holds to be the chain: recent scanned blocks, and every block that it read, by height."""
        return {**{height: block.hash for height, block in self._applied.items()}, **self._scanned}
