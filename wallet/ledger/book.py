"""The wallet's transactions and how they hang together: who spends what, what is ours, what stands."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import OutPoint, TxOut
from wallet.ledger.keychain import ScriptRef
from wallet.ledger.record import Coin, TransactionRecord, is_immature
from wallet.ledger.standing import Fallen, settle


def outpoint_index(outpoint: bytes) -> int:
    """The output's number, from the 36 bytes that name it."""
    return int.from_bytes(outpoint[32:], "little")


class Book:
    """Records with their indexes. Nothing here depends on the order in which they were entered.

    `watched` are the outpoints whose spending concerns us: our own outputs, and whatever the unconfirmed spend.
    """

    def __init__(self) -> None:
        self.records: dict[Txid, TransactionRecord] = {}
        self.waiting: dict[Txid, TransactionRecord] = {}
        self.own: dict[bytes, ScriptRef] = {}
        self.frozen: set[bytes] = set()
        self.watched: set[bytes] = set()
        self._open: set[bytes] = set()
        self._spenders: dict[bytes, tuple[Txid, ...]] = {}
        self._by_script: dict[bytes, list[bytes]] = {}
        self._by_height: dict[int, tuple[Txid, ...]] = {}
        self._fallen: Fallen | None = {}
        self._totals: dict[Txid, tuple[Sats, Sats | None]] = {}

    # --- entering ---

    def load(self, records: Iterable[TransactionRecord], own: Mapping[bytes, ScriptRef]) -> None:
        """Fill an empty book at once, with what entering each record and claiming each output would come to."""
        spent: set[bytes] = set()
        for record in records:
            self.records[record.txid] = record
            self._link(record)
            if record.location is None:
                self.waiting[record.txid] = record
                self.watched.update(record.inputs)
            else:
                spent.update(record.inputs)
                self._place(record.location.height, record.txid)
        self.own.update(own)
        self.watched.update(own)
        self._open.update(own.keys() - spent)
        self._fallen = None

    def put(self, record: TransactionRecord) -> None:
        """Enter a record, or a newer state of one."""
        old = self.records.get(record.txid)
        self.records[record.txid] = record
        if old is None:
            self._link(record)
        elif old.location is not None:
            there = self._by_height[old.location.height]
            self._by_height[old.location.height] = tuple(txid for txid in there if txid != old.txid)
        if record.location is None:
            self.waiting[record.txid] = record
            self.watched.update(record.inputs)
        else:
            self.waiting.pop(record.txid, None)
            self._place(record.location.height, record.txid)
        self._fallen = None
        self._refresh(record)

    def _place(self, height: int, txid: Txid) -> None:
        # Most blocks hold one transaction of ours: a tuple of one is a quarter of a set.
        self._by_height[height] = (*self._by_height.get(height, ()), txid)

    def _link(self, record: TransactionRecord) -> None:
        for outpoint in record.inputs:
            self._spenders[outpoint] = (*self._spenders.get(outpoint, ()), record.txid)
        for index, output in enumerate(record.outputs):
            outpoint = record.outpoint(index)
            if (known := self._by_script.get(output.script_pubkey)) is not None:
                known.append(outpoint)
            else:
                self._by_script[output.script_pubkey] = [outpoint]
            if self._totals:
                for spender in self._spenders.get(outpoint, ()):
                    self._totals.pop(spender, None)

    def remove(self, txid: Txid) -> None:
        """Take out a record that proved false, with everything that was linked to it."""
        record = self.records.pop(txid)
        self.waiting.pop(txid, None)
        for outpoint in record.inputs:
            self._spenders[outpoint] = tuple(other for other in self._spenders[outpoint] if other != txid)
        for index, output in enumerate(record.outputs):
            outpoint = record.outpoint(index)
            self._by_script[output.script_pubkey].remove(outpoint)
            self.own.pop(outpoint, None)
            self._open.discard(outpoint)
        self._totals.clear()
        self._fallen = None
        self._refresh(record)

    def claim(self, outpoint: bytes, ref: ScriptRef) -> None:
        """Note that an output is ours."""
        self.own[outpoint] = ref
        self.watched.add(outpoint)
        self._refresh_coin(outpoint)
        for txid in (Txid(outpoint[:32]), *self.spenders(outpoint)):
            self._totals.pop(txid, None)

    def _refresh(self, record: TransactionRecord) -> None:
        for outpoint in record.inputs:
            self._refresh_coin(outpoint)

    def _refresh_coin(self, outpoint: bytes) -> None:
        spent = any(self.records[txid].location is not None for txid in self.spenders(outpoint))
        if outpoint in self.own and not spent:
            self._open.add(outpoint)
        else:
            self._open.discard(outpoint)

    # --- asking ---

    def spenders(self, outpoint: bytes) -> Collection[Txid]:
        """The recorded transactions that spend an outpoint."""
        return self._spenders.get(outpoint, ())

    def paying(self, script: bytes) -> Collection[bytes]:
        """The recorded outputs (36 bytes each) that pay a script, ours or not."""
        return self._by_script.get(script, ())

    def scripts(self) -> Collection[bytes]:
        """Every script that was ever paid in a recorded transaction: a live view, in the order in which they came."""
        return self._by_script.keys()

    def at_height(self, height: int) -> list[TransactionRecord]:
        """The records of one block."""
        return [self.records[txid] for txid in self._by_height.get(height, ())]

    def output(self, outpoint: bytes) -> TxOut | None:
        """A recorded output, ours or not."""
        record = self.records.get(Txid(outpoint[:32]))
        index = outpoint_index(outpoint)
        return None if record is None or index >= len(record.outputs) else record.outputs[index]

    def own_outputs(self, record: TransactionRecord) -> Iterator[tuple[int, ScriptRef]]:
        """Which of its outputs are ours."""
        for index in range(len(record.outputs)):
            ref = self.own.get(record.outpoint(index))
            if ref is not None:
                yield index, ref

    def concerns_us(self, record: TransactionRecord) -> bool:
        """Whether it pays us or spends from us; else it is kept only for what it conflicts with."""
        return not self.own.keys().isdisjoint(record.inputs) or any(self.own_outputs(record))

    @property
    def fallen(self) -> Fallen:
        """The unconfirmed transactions that are out, and in whose favour."""
        if self._fallen is None:
            self._fallen = settle(self.waiting, self.spenders)
        return self._fallen

    def stands(self, record: TransactionRecord) -> bool:
        """Whether it is in a block, or waiting and not out."""
        return record.location is not None or record.txid not in self.fallen

    def totals(self, record: TransactionRecord) -> tuple[Sats, Sats | None]:
        """What it adds to the wallet (negative: takes), and its fee where the amounts of all inputs are known."""
        known = self._totals.get(record.txid)
        if known is None:
            known = self._totals[record.txid] = self._reckon(record)
        return known

    def _reckon(self, record: TransactionRecord) -> tuple[Sats, Sats | None]:
        received = sum(record.outputs[index].amount for index, _ in self.own_outputs(record))
        spent = fee = 0
        complete = not record.coinbase
        for outpoint in record.inputs:
            output = self.output(outpoint)
            if output is None:
                complete = False
                continue
            fee += output.amount
            spent += output.amount if outpoint in self.own else 0
        fee -= sum(output.amount for output in record.outputs)
        return received - spent, fee if complete else None

    # --- coins ---

    def spendable_outpoints(self) -> set[bytes]:
        """Our outputs that no block spends, and everything that waiting transactions spend."""
        return self._open.union(*(record.inputs for record in self.waiting.values()))

    def coins(self, tip_height: int, outpoints: Iterable[bytes] | None = None) -> Iterator[Coin]:
        """Our outputs that no block spends, of transactions that stand; those that are reserved included."""
        trusted: dict[Txid, bool] = {}
        for outpoint in self._open if outpoints is None else self._open.intersection(outpoints):
            record = self.records[Txid(outpoint[:32])]
            if self.stands(record):
                yield self._coin(outpoint, record, tip_height, trusted)

    def _coin(self, outpoint: bytes, record: TransactionRecord, tip_height: int, trusted: dict[Txid, bool]) -> Coin:
        index = outpoint_index(outpoint)
        output = record.outputs[index]
        spenders = self._spenders.get(outpoint)
        return Coin(
            outpoint=OutPoint(record.txid, index),
            amount=output.amount,
            script_pubkey=output.script_pubkey,
            ref=self.own[outpoint],
            height=record.height,
            time=record.time,
            immature=is_immature(record, tip_height),
            frozen=outpoint in self.frozen,
            reserved_by=next((txid for txid in spenders if txid not in self.fallen), None) if spenders else None,
            trusted=record.location is not None or self._is_trusted(record, trusted),
        )

    def _is_trusted(self, record: TransactionRecord, known: dict[Txid, bool]) -> bool:
        """Confirmed, or made out of our own coins that are trusted. Without recursion: chains can be long."""
        queue = [record]
        seen: set[Txid] = set()
        while queue:
            found = queue.pop()
            if found.location is not None or found.txid in seen or known.get(found.txid) is True:
                continue
            seen.add(found.txid)
            if known.get(found.txid) is False or not all(outpoint in self.own for outpoint in found.inputs):
                known[record.txid] = False
                return False
            queue += (self.records[Txid(outpoint[:32])] for outpoint in found.inputs)
        known.update(dict.fromkeys(seen, True))
        return True
