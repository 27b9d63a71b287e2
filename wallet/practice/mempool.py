"""Transactions that wait for a block, taken in by the reference node's rules as far as one who practises meets them.

Structure, inputs, amounts, signatures, finality, the relay fee, dust, standard outputs, ancestors and descendants, and
replacement (BIP125's rules without its signal, as the reference node has them since version 28).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from wallet.bitcoin.amount import FeeRate, Sats
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.script import ScriptType, classify, dust_threshold
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.practice.chain import MATURITY, Chain, Coin, created_coins, fee_of, is_final
from wallet.practice.verify import InputVerifier, Rejected

RELAY_RATE: Final = FeeRate(100)
"""What the reference node relays at the least since version 29.1, and what a replacement adds at the least."""
INCREMENT: Final = FeeRate(100)
MAX_STANDARD_WEIGHT: Final = 400_000
MIN_SIZE: Final = 65
MAX_FAMILY: Final = 25
MAX_FAMILY_VSIZE: Final = 101_000
MAX_REPLACED: Final = 100
MAX_DATA: Final = 83
_SEQUENCE_DISABLED: Final = 1 << 31

Step: TypeAlias = Callable[[Transaction], Iterable[Txid]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction that waits; coins: what it spends, in order."""

    transaction: Transaction
    fee: Sats
    coins: tuple[Coin, ...]

    @property
    def vsize(self) -> int:
        return self.transaction.vsize

    @property
    def rate(self) -> float:
        """Satoshis per virtual byte."""
        return self.fee / self.vsize


class Mempool:
    """What waits, by txid, over the coins of a chain."""

    def __init__(self, chain: Chain, relay_rate: FeeRate = RELAY_RATE) -> None:
        self._chain = chain
        self.relay_rate = relay_rate
        self.entries: dict[Txid, Entry] = {}
        self._by_wtxid: dict[bytes, Txid] = {}
        self._spenders: dict[OutPoint, Txid] = {}

    # --- looking

    def find(self, digest: bytes) -> Transaction | None:
        """A waiting transaction by its txid or wtxid."""
        entry = self.entries.get(Txid(digest)) or self.entries.get(self._by_wtxid.get(digest, Txid(bytes(32))))
        return None if entry is None else entry.transaction

    def coin(self, outpoint: OutPoint) -> Coin | None:
        """A coin of the chain or of a waiting transaction, spent by a waiting one or not."""
        entry = self.entries.get(outpoint.txid)
        if entry is None:
            return self._chain.coins.get(outpoint)
        return created_coins(entry.transaction, self._chain.height + 1, coinbase=False).get(outpoint)

    def spender(self, outpoint: OutPoint) -> Txid | None:
        """The waiting transaction that spends a coin."""
        return self._spenders.get(outpoint)

    def ancestors(self, transaction: Transaction) -> set[Txid]:
        """The waiting transactions that it builds on, directly or not."""
        return self._reach([transaction], lambda each: (spent.outpoint.txid for spent in each.inputs))

    def descendants(self, txid: Txid) -> set[Txid]:
        """The waiting transactions that build on one, directly or not."""
        return self._reach([self.entries[txid].transaction], self._children)

    def _children(self, transaction: Transaction) -> Iterable[Txid]:
        outpoints = (OutPoint(transaction.txid, index) for index in range(len(transaction.outputs)))
        return [self._spenders[outpoint] for outpoint in outpoints if outpoint in self._spenders]

    def _reach(self, start: list[Transaction], step: Step) -> set[Txid]:
        found: set[Txid] = set()
        while start:
            for txid in step(start.pop()):
                if txid in self.entries and txid not in found:
                    found.add(txid)
                    start.append(self.entries[txid].transaction)
        return found

    # --- taking in

    def accept(self, transaction: Transaction) -> list[Txid]:
        """Take a transaction in; the txids that it replaced. Rejected, with nothing changed, when it breaks a rule."""
        self._check_alone(transaction)
        coins = self._find_coins(transaction)
        fee = fee_of(transaction, coins)
        entry = Entry(transaction, fee, coins)
        if fee < self.relay_rate.fee(entry.vsize):
            raise Rejected("min relay fee not met", f"{fee} < {self.relay_rate.fee(entry.vsize)}")
        replaced = self._replaced_by(entry)
        self._check_family(entry, replaced)
        InputVerifier(transaction, [coin.output for coin in coins]).verify()
        for txid in replaced:
            self._remove(txid)
        self._add(entry)
        return sorted(replaced)

    def _check_alone(self, transaction: Transaction) -> None:
        if transaction.is_coinbase:
            raise Rejected("coinbase")
        if not 1 <= transaction.version <= 3:
            raise Rejected("version")
        if transaction.weight > MAX_STANDARD_WEIGHT:
            raise Rejected("tx-size")
        if len(transaction.serialize(include_witness=False)) < MIN_SIZE:
            raise Rejected("tx-size-small")
        self._check_outputs(transaction)
        if not is_final(transaction, self._chain.height + 1, self._chain.median_time()):
            raise Rejected("non-final")
        if transaction.txid in self.entries:
            raise Rejected("txn-already-in-mempool")
        made = (OutPoint(transaction.txid, index) for index in range(len(transaction.outputs)))
        if any(outpoint in self._chain.coins for outpoint in made):
            raise Rejected("txn-already-known")

    def _check_outputs(self, transaction: Transaction) -> None:
        for output in transaction.outputs:
            kind = classify(output.script_pubkey)
            if kind is ScriptType.UNKNOWN or (kind is ScriptType.OP_RETURN and len(output.script_pubkey) > MAX_DATA):
                raise Rejected("scriptpubkey")
            if output.amount < dust_threshold(output.script_pubkey):
                raise Rejected("dust")
        if sum(classify(output.script_pubkey) is ScriptType.OP_RETURN for output in transaction.outputs) > 1:
            raise Rejected("multi-op-return")

    def _find_coins(self, transaction: Transaction) -> tuple[Coin, ...]:
        coins = []
        for spent in transaction.inputs:
            coin = self.coin(spent.outpoint)
            if coin is None:
                raise Rejected("bad-txns-inputs-missingorspent")
            if coin.coinbase and self._chain.height + 1 - coin.height < MATURITY:
                raise Rejected("bad-txns-premature-spend-of-coinbase")
            if self._too_young(transaction.version, spent.sequence, coin):
                raise Rejected("non-BIP68-final")
            coins.append(coin)
        return tuple(coins)

    def _too_young(self, version: int, sequence: int, coin: Coin) -> bool:
        """BIP68's lock in blocks; one in time counts from the times of blocks and is refused while any is left."""
        if version < 2 or sequence & _SEQUENCE_DISABLED:
            return False
        if sequence & (1 << 22):
            before = self._chain.blocks[max(0, coin.height - 1)].header.time if coin.height <= self._chain.height else 0
            return self._chain.median_time() < before + ((sequence & 0xFFFF) << 9)
        return self._chain.height + 1 - coin.height < sequence & 0xFFFF

    def _replaced_by(self, entry: Entry) -> set[Txid]:
        """What has to go for a transaction, by the rules 2 to 5 of BIP125 as the reference node has them."""
        direct = {self._spenders[each.outpoint] for each in entry.transaction.inputs if each.outpoint in self._spenders}
        if not direct:
            return set()
        replaced = set(direct)
        for txid in direct:
            replaced |= self.descendants(txid)
        if self.ancestors(entry.transaction) & replaced:
            raise Rejected("bad-txns-spends-conflicting-tx")
        if len(replaced) > MAX_REPLACED:
            raise Rejected("too many potential replacements")
        self._check_price(entry, direct, replaced)
        known = {spent.outpoint.txid for txid in direct for spent in self.entries[txid].transaction.inputs}
        added = {spent.outpoint.txid for spent in entry.transaction.inputs} & set(self.entries)
        if added - known:
            raise Rejected("replacement-adds-unconfirmed")
        return replaced

    def _check_price(self, entry: Entry, direct: set[Txid], replaced: set[Txid]) -> None:
        if any(entry.rate <= self.entries[txid].rate for txid in direct):
            raise Rejected("insufficient fee", "the fee rate is not above that of what it replaces")
        paid = sum(self.entries[txid].fee for txid in replaced)
        if entry.fee < paid:
            raise Rejected("insufficient fee", f"{entry.fee} < {paid}")
        if entry.fee - paid < INCREMENT.fee(entry.vsize):
            raise Rejected("insufficient fee", f"not enough additional fees: {entry.fee - paid}")

    def _check_family(self, entry: Entry, replaced: set[Txid]) -> None:
        ancestors = self.ancestors(entry.transaction) - replaced
        self._check_size(ancestors, entry)
        for txid in ancestors:
            self._check_size(self.descendants(txid) - replaced | {txid}, entry)

    def _check_size(self, family: Iterable[Txid], entry: Entry) -> None:
        members = [self.entries[txid] for txid in family]
        size = sum(member.vsize for member in members) + entry.vsize
        if len(members) + 1 > MAX_FAMILY or size > MAX_FAMILY_VSIZE:
            raise Rejected("too-long-mempool-chain")

    def _add(self, entry: Entry) -> None:
        txid = entry.transaction.txid
        self.entries[txid] = entry
        self._by_wtxid[entry.transaction.wtxid] = txid
        self._spenders.update((spent.outpoint, txid) for spent in entry.transaction.inputs)

    def _remove(self, txid: Txid) -> None:
        entry = self.entries.pop(txid)
        del self._by_wtxid[entry.transaction.wtxid]
        for spent in entry.transaction.inputs:
            if self._spenders.get(spent.outpoint) == txid:
                del self._spenders[spent.outpoint]

    # --- blocks

    def drop(self, txid: Txid) -> None:
        """Forget a transaction and whatever builds on it."""
        for each in [*self.descendants(txid), txid]:
            self._remove(each)

    def mined(self, transactions: Sequence[Transaction]) -> None:
        """A block was connected: what it holds waits no longer, and what conflicts with it never will again."""
        for transaction in transactions:
            if transaction.txid in self.entries:
                self._remove(transaction.txid)
            for spent in transaction.inputs:
                rival = self._spenders.get(spent.outpoint)
                if rival is not None:
                    self.drop(rival)

    def returned(self, transactions: Sequence[Transaction]) -> None:
        """A block was disconnected: take back what it held, where that is still possible, and look at the rest anew."""
        waiting = [entry.transaction for entry in self.entries.values()]
        self.entries.clear()
        self._by_wtxid.clear()
        self._spenders.clear()
        for transaction in [*transactions, *waiting]:
            try:
                self.accept(transaction)
            except Rejected:
                continue

    def choose(self, max_weight: int, least_rate: float = 0.0) -> list[Transaction]:
        """What the next block takes: by the fee rate of each with its ancestors, parents first."""
        chosen: list[Transaction] = []
        taken: set[Txid] = set()
        weight = 0
        while (best := self._best_package(taken)) is not None:
            package, rate = best
            size = sum(self.entries[txid].transaction.weight for txid in package)
            if rate < least_rate:
                break
            taken.update(package)
            if weight + size <= max_weight:
                weight += size
                chosen += [self.entries[txid].transaction for txid in package]
        return chosen

    def _best_package(self, taken: set[Txid]) -> tuple[list[Txid], float] | None:
        best: tuple[list[Txid], float] | None = None
        for txid, entry in self.entries.items():
            if txid in taken:
                continue
            package = [*(self.ancestors(entry.transaction) - taken), txid]
            members = [self.entries[each] for each in package]
            rate = sum(member.fee for member in members) / sum(member.vsize for member in members)
            if best is None or rate > best[1]:
                best = package, rate
        return None if best is None else (self._parents_first(best[0]), best[1])

    def _parents_first(self, package: Sequence[Txid]) -> list[Txid]:
        return sorted(package, key=lambda txid: (len(self.ancestors(self.entries[txid].transaction)), txid))
