"""The ledger: what blocks, announced transactions and the user make of the wallet.

Its state depends on what it was given, not on the order: blocks may come in any order, a spend before its funding.
Every step changes the state in memory and returns what changed; `commit` writes all steps since the last one in one
transaction. When writing fails nothing is forgotten, and the next `commit` tries again.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from wallet.bitcoin.block import Block
from wallet.bitcoin.descriptor import DerivedScript
from wallet.bitcoin.hashes import BlockHash, Txid
from wallet.bitcoin.merkle import MerkleProof, ProofError, build_proof
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.ledger.changeset import RECENT_BLOCKS, AppliedBlock, ChangeSet
from wallet.ledger.coverage import ScanTask
from wallet.ledger.forgery import Verdict, judge
from wallet.ledger.keychain import LOOK_AHEAD, Account, AccountId, BranchId, ScriptRange, ScriptRef
from wallet.ledger.labels import LabelKey, LabelKind, clean_label
from wallet.ledger.pool import RecentPool
from wallet.ledger.record import Location, PaymentRequest, TransactionRecord
from wallet.ledger.view import LedgerStore, LedgerView

__all__ = ["MAX_STRANGERS", "Ledger", "LedgerStore", "LedgerView"]

MAX_STRANGERS = 1_000
STRANGERS_BYTES = 4_000_000
"""Unconfirmed transactions of others that are kept at most: anyone can make them up, and large ones, too."""


class Ledger(LedgerView):
    """The wallet's books. Methods that change something return the change; nothing is stored before `commit`."""

    def __init__(self, store: LedgerStore, look_ahead: int = LOOK_AHEAD) -> None:
        super().__init__(store, look_ahead)
        self._pool = RecentPool()
        self._highest_applied = -1
        self._load(store.load())

    def _load(self, state: ChangeSet) -> None:
        scripts: dict[AccountId, dict[int, list[bytes]]] = {}
        for ref in sorted(state.scripts):
            scripts.setdefault(ref.account, {}).setdefault(ref.branch, []).append(state.scripts[ref])
        for account in filter(None, state.accounts.values()):
            self.keychain.add_account(account, scripts.get(account.id))
        for branch, count in state.revealed.items():
            self.keychain.set_revealed(*branch, count)
        for parts in state.coverage.values():
            self._coverage.load(parts)
        own = {outpoint: ref for outpoint, ref in state.outputs.items() if ref is not None}
        self._book.load(filter(None, state.transactions.values()), own)
        self._book.frozen.update(outpoint for outpoint, frozen in state.frozen.items() if frozen)
        self._scanned.update((height, found) for height, found in state.scanned.items() if found is not None)
        self._applied.update((height, found) for height, found in state.applied.items() if found is not None)
        self._highest_applied = max(self._applied, default=-1)
        self._labels.update(state.labels)
        self._requests.update((ref, found) for ref, found in state.requests.items() if found is not None)
        self.notes.load(state)
        self.keychain.load_used(own.values())
        change = ChangeSet()
        self._claim(change, self._adopt(change, self.keychain.extend()))
        self._note(change)

    def commit(self) -> ChangeSet:
        """Store every change since the last commit in one transaction; returns them. Raises what the store raises."""
        change = self._unsaved
        if change:
            self._store.apply(change)
            self._unsaved = ChangeSet()
        return change

    # --- accounts and addresses ---

    def add_account(self, account: Account) -> ChangeSet:
        """Add an account, or change its label or gap limit; its scripts are to be scanned from the birthday."""
        change = ChangeSet(accounts={account.id: account})
        self.keychain.add_account(account)
        self._claim(change, self._adopt(change, self.keychain.extend()))
        return self._note(change)

    def remove_account(self, account: AccountId) -> ChangeSet:
        """Forget an account that was never used. Raises LookupError; ValueError where it was, by us or by a payer."""
        if self.keychain.is_account_used(account):
            raise ValueError(f"account {account} was used")
        change = ChangeSet(accounts={account: None})
        for number in self.keychain.accounts[account].branches():
            self._coverage.remove((account, number))
            change.coverage[account, number] = ()
        self.keychain.remove_account(account)
        for ref in [ref for ref in self._unsaved.scripts if ref.account == account]:
            del self._unsaved.scripts[ref]
        return self._note(change)

    def reveal(self, account: AccountId, branch: int = 0) -> tuple[ScriptRef, DerivedScript, ChangeSet]:
        """An address that was never used nor given out."""
        ref, derived = self.keychain.reveal(account, branch)
        change = ChangeSet(revealed={(account, branch): ref.index + 1})
        self._claim(change, self._adopt(change, self.keychain.extend()))
        return ref, derived, self._note(change)

    def request(self, request: PaymentRequest) -> ChangeSet:
        """Keep a request for payment to an address that was revealed."""
        clean = replace(request, label=clean_label(request.label))
        self._requests[clean.ref] = clean
        return self._note(ChangeSet(requests={clean.ref: clean}))

    # --- blocks ---

    def apply_block(self, block: Block, height: int) -> ChangeSet:
        """Enter what concerns us from a checked block of the chain; applying one again is harmless.

        Raises ValueError while another block of that height has not been undone.
        """
        self._refuse_other(height, block.hash)
        change = ChangeSet()
        done: set[int] = set()
        while found := set(block.touching(self.keychain.scripts(), self._book.watched)) - done:
            for position in sorted(found):
                self._confirm(change, block, position, height)
            done |= found
        self._applied[height] = change.applied[height] = AppliedBlock(block.hash)
        self._highest_applied = max(self._highest_applied, height)
        return self._note(change)

    def _refuse_other(self, height: int, block_hash: BlockHash) -> None:
        applied = self._applied.get(height)
        known = self._scanned.get(height) if applied is None else applied.hash
        if known is not None and known != block_hash:
            raise ValueError(f"block {known} at height {height} was not undone before {block_hash}")

    def _confirm(self, change: ChangeSet, block: Block, position: int, height: int) -> None:
        known = self._book.records.get(Txid(block.txid_bytes[position]))
        if known is not None and known.location is not None and known.location.height <= height:
            return
        location = Location(height, block.hash, position, block.header.time)
        record = TransactionRecord.of(block.transaction(position), location.time) if known is None else known
        record = replace(record.at(location), raw=block.raw_transaction(position))
        change.proofs[record.txid] = _proof(block, position, height)
        self._pool.take(record.txid)
        self._enter(change, record)
        if any(self._book.own_outputs(record)):
            self._unsettle(change, height)

    def undo_block(self, height: int, block_hash: BlockHash) -> ChangeSet:
        """Take back a block that left the chain, the highest first: its transactions wait for another block.

        Raises ValueError when another block of that height was applied.
        """
        self._refuse_other(height, block_hash)
        change = ChangeSet()
        for record in self._book.at_height(height):
            waiting = record.at(None)
            self._book.put(waiting)
            change.transactions[record.txid] = waiting
            change.proofs[record.txid] = None
        if self._applied.pop(height, None) is not None:
            change.applied[height] = None
            self._highest_applied = max(self._applied, default=-1)
        if self._scanned.pop(height, None) is not None:
            change.scanned[height] = None
        self._note_coverage(change, self._coverage.truncate(height - 1))
        return self._note(change)

    def scanned(self, task: ScanTask, block_hashes: Sequence[BlockHash]) -> ChangeSet:
        """Note a task as done: its blocks were matched, and every hit was applied. One hash for each height."""
        if len(block_hashes) != task.stop - task.start + 1:
            raise ValueError(f"{len(block_hashes)} hashes for the heights {task.start} to {task.stop}")
        for offset, block_hash in enumerate(block_hashes):
            self._refuse_other(task.start + offset, block_hash)
        change = ChangeSet()
        lowest = max(task.stop, max(self._scanned, default=0)) - RECENT_BLOCKS
        for offset, block_hash in enumerate(block_hashes):
            height = task.start + offset
            if height > lowest and height not in self._scanned:
                self._scanned[height] = change.scanned[height] = block_hash
        for height in [height for height in self._scanned if height <= lowest]:
            del self._scanned[height]
            change.scanned[height] = None
        self._note_coverage(change, self._coverage.extend(task))
        return self._note(change)

    def rescan(self, from_height: int = 0) -> ChangeSet:
        """Have every script matched again against every block from a height on; what is known stays."""
        change = ChangeSet()
        self._note_coverage(change, self._coverage.truncate(from_height - 1))
        return self._note(change)

    def _note_coverage(self, change: ChangeSet, branches: Iterable[BranchId]) -> None:
        for branch in branches:
            change.coverage[branch] = self._coverage.of(branch)

    # --- unconfirmed transactions ---

    def apply_unconfirmed(self, transaction: Transaction, now: int) -> ChangeSet:
        """Enter a transaction that a peer showed us, if it concerns us; the empty change otherwise."""
        known = self._book.records.get(transaction.txid)
        change = ChangeSet()
        if known is not None:
            if not known.announced or known.abandoned:
                self._enter(change, replace(known, announced=True, abandoned=False))
        elif transaction.is_coinbase:
            return change
        elif not self._concerns(transaction):
            self._pool.add(transaction, now)
        elif self._is_welcome(transaction):
            self._enter_stranger(change, transaction, now)
        return self._note(change)

    def _enter_stranger(self, change: ChangeSet, transaction: Transaction, seen: int) -> None:
        """Enter a transaction that others showed us, unless it only pretends to spend our coins."""
        verdict = self._judge(transaction)
        if verdict is Verdict.GENUINE:
            self._enter(change, TransactionRecord.of(transaction, seen))
        elif verdict is Verdict.UNKNOWN:
            self._pool.add(transaction, seen)  # what else it spends may turn out to be ours, too

    def _judge(self, transaction: Transaction) -> Verdict:
        outpoints = [spent.outpoint.serialize() for spent in transaction.inputs]
        own = [outpoint in self._book.own for outpoint in outpoints]
        if not any(own):
            return Verdict.GENUINE
        return judge(transaction, [self._book.output(outpoint) for outpoint in outpoints], own)

    def _concerns(self, transaction: Transaction) -> bool:
        scripts = self.keychain.scripts()
        return any(output.script_pubkey in scripts for output in transaction.outputs) or any(
            spent.outpoint.serialize() in self._book.watched for spent in transaction.inputs
        )

    def _is_welcome(self, transaction: Transaction) -> bool:
        """Room is left for it, or it spends from us."""
        strangers = [len(record.raw) for record in self._book.waiting.values() if not record.local]
        return (len(strangers) < MAX_STRANGERS and sum(strangers) < STRANGERS_BYTES) or any(
            spent.outpoint.serialize() in self._book.own for spent in transaction.inputs
        )

    def add_local(self, transaction: Transaction, now: int, label: str = "") -> ChangeSet:
        """Enter a payment of our own before it is sent; from now on its coins are reserved. Harmless when repeated."""
        known = self._book.records.get(transaction.txid)
        change = ChangeSet()
        if known is None:
            self._pool.take(transaction.txid)
            rivals = (rival for spent in transaction.inputs for rival in self._waiting_spenders(spent.outpoint))
            seen = max((now, *(rival.seen + 1 for rival in rivals)))
            record = TransactionRecord.of(transaction, seen)
            self._enter(change, replace(record, local=True, announced=False, genuine=True))
        elif known.abandoned:
            self._enter(change, replace(known, abandoned=False))
        if label:
            change.update(self.set_label(LabelKind.TRANSACTION, str(transaction.txid), label))
        return self._note(change)

    def _waiting_spenders(self, outpoint: OutPoint) -> list[TransactionRecord]:
        spenders = self._book.spenders(outpoint.serialize())
        return [self._book.waiting[txid] for txid in spenders if txid in self._book.waiting]

    def mark_announced(self, txid: Txid) -> ChangeSet:
        """A payment of our own went out to peers. Raises LookupError."""
        return self._replace(replace(self._book.records[txid], announced=True))

    def abandon(self, txid: Txid) -> ChangeSet:
        """Give up an unconfirmed transaction: its coins are free again. Raises LookupError; ValueError in a block."""
        record = self._book.records[txid]
        if record.location is not None:
            raise ValueError(f"{txid} is in a block")
        return self._replace(replace(record, abandoned=True))

    def _replace(self, record: TransactionRecord) -> ChangeSet:
        change = ChangeSet()
        if record != self._book.records[record.txid]:
            self._enter(change, record)
        return self._note(change)

    # --- what the user notes ---

    def freeze(self, outpoint: OutPoint, frozen: bool, unseen: bool = False) -> ChangeSet:
        """Keep a coin out of payments, or let it back in. Raises LookupError when it is not ours.

        unseen: it may be one that is yet to be found.
        """
        key = outpoint.serialize()
        if key not in self._book.own and not unseen:
            raise LookupError(f"{outpoint} is not a coin of this wallet")
        (self._book.frozen.add if frozen else self._book.frozen.discard)(key)
        return self._note(ChangeSet(frozen={key: frozen}))

    def set_label(self, kind: LabelKind, reference: str, text: str) -> ChangeSet:
        """Label something; an empty text removes the label. Raises LabelError."""
        key, label = LabelKey(kind, reference), clean_label(text)
        if label:
            self._labels[key] = label
        else:
            self._labels.pop(key, None)
        return self._note(ChangeSet(labels={key: label}))

    # --- how one thing leads to another ---

    def _enter(self, change: ChangeSet, record: TransactionRecord) -> None:
        """Enter a record, claim its outputs to us, and take from the pool whoever conflicts with it."""
        self._book.put(record)
        change.transactions[record.txid] = record
        scripts = self.keychain.scripts()
        paid = ((index, scripts.get(output.script_pubkey)) for index, output in enumerate(record.outputs))
        self._claim(change, [(record.outpoint(index), ref) for index, ref in paid if ref is not None])
        if record.location is None:
            for outpoint in record.inputs:
                for rival, seen in self._pool.take_spending(outpoint):
                    self._enter_stranger(change, rival, seen)

    def _claim(self, change: ChangeSet, outputs: Iterable[tuple[bytes, ScriptRef]]) -> None:
        """Note outputs as ours, with all that follows: scripts to derive, coins that turn out to be spent."""
        queue = deque(outputs)
        while queue:
            outpoint, ref = queue.popleft()
            record = self._book.records.get(Txid(outpoint[:32]))
            if outpoint in self._book.own or record is None:
                continue
            self._book.claim(outpoint, ref)
            change.outputs[outpoint] = ref
            if record.location is not None:
                self._unsettle(change, record.location.height)
            queue += self._adopt(change, self.keychain.note_used(ref))
            self._expose(change, outpoint)
            for spender, seen in self._pool.take_spending(outpoint):
                self._enter_stranger(change, spender, seen)

    def _expose(self, change: ChangeSet, outpoint: bytes) -> None:
        """A coin turned out to be ours: drop waiting transactions that cannot show that they spend it."""
        for txid in tuple(self._book.spenders(outpoint)):
            record = self._book.waiting.get(txid)
            if record is None or record.genuine:
                continue
            verdict = self._judge(record.transaction)
            if verdict is Verdict.GENUINE:
                continue
            if verdict is Verdict.UNKNOWN:
                self._pool.add(record.transaction, record.seen)
            paid = dict(self._book.own_outputs(record))
            change.outputs.update((record.outpoint(index), None) for index in paid)
            self._book.remove(txid)
            change.transactions[txid] = None
            for ref in paid.values():
                if not self._book.paying(self.keychain.script(ref)):
                    self.keychain.forget_use(ref)

    def _adopt(self, change: ChangeSet, ranges: Iterable[ScriptRange]) -> list[tuple[bytes, ScriptRef]]:
        """Take over newly derived scripts; the outputs known already that pay them."""
        found: list[tuple[bytes, ScriptRef]] = []
        for part in ranges:
            scripts = dict(zip(part.refs(), self.keychain.scripts_of((part,)), strict=True))
            change.scripts.update(scripts)
            self._note_coverage(change, (self._coverage.add(part),))
            found += ((outpoint, ref) for ref, script in scripts.items() for outpoint in self._book.paying(script))
            for transaction, seen in self._pool.take_paying(set(scripts.values())):
                self._enter_stranger(change, transaction, seen)
        return found

    def _unsettle(self, change: ChangeSet, height: int) -> None:
        """A coin of this height was found: blocks of this height and above that were read before may spend it."""
        if height > self._highest_applied:
            return
        for above in [above for above, block in self._applied.items() if above >= height and not block.stale]:
            self._applied[above] = change.applied[above] = replace(self._applied[above], stale=True)


def _proof(block: Block, position: int, height: int) -> MerkleProof | None:
    """The proof, or None where there can be none: that must not keep the rest of the block from being read.

    A miner can put a transaction of 64 bytes, or a pair of hashes that reads as one, beside a payment to us. The block
    was checked as a whole, so that the payment is as good as any; only a branch alone would not show it.
    """
    proof = build_proof(block, position, height)
    try:
        proof.verify()
    except ProofError:
        return None
    return proof
