"""Whatever comes in whatever order, with reorganisations in between: the result is that of a fresh rescan."""

import random
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.ledger.world import FOREIGN, Chain, account, new_ledger, pay, sign
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.history import Status
from wallet.ledger.ledger import Ledger

KINDS = (ScriptType.P2WPKH, ScriptType.P2TR)
NEAR = st.integers(0, 24)
FAR = st.integers(30, 49)


def facts(ledger: Ledger, tip: int, without: set[Txid]) -> dict[str, object]:
    """What the user sees of a ledger, and what it keeps."""
    return {
        "history": [replace(entry, label="") for entry in ledger.history(tip) if entry.txid not in without],
        "balance": ledger.balance(tip),
        "coins": ledger.coins(tip, reserved=True),
        "proofs": {
            txid: ledger.proof(txid) for txid, record in ledger.transactions.items() if record.location is not None
        },
        "used": {ref for ref in ledger.keychain.scripts().values() if ledger.keychain.is_used(ref) and ref.index},
    }


class Orders(RuleBasedStateMachine):
    """A wallet that follows a chain with all its whims; `fresh` wallets must come to the same result."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts = [account(number, kind) for number, kind in enumerate(KINDS)]
        self.ledger = new_ledger(*self.accounts)
        self.chain = Chain()
        self.made: dict[Txid, Transaction] = {}
        self.now = 0
        self.branch = 0

    # --- what happens in the world ---

    def script(self, number: int, index: int, branch: int = 0) -> bytes:
        return self.accounts[number].branches()[branch].script_at(index).script_pubkey

    @rule(number=st.integers(0, 1), index=NEAR, far=FAR | st.none(), amount=st.integers(1_000, 9_000))
    def somebody_pays_us(self, number: int, index: int, far: int | None, amount: int) -> None:
        outputs = [(FOREIGN, 5), (self.script(number, index), amount)]
        if far is not None:
            outputs.append((self.script(number, far), amount + 1))
        self.add(pay(outputs, salt=self.now))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), back=st.none() | NEAR, number=st.integers(0, 1))
    def we_pay(self, data: st.DataObject, back: int | None, number: int) -> None:
        outpoints = [
            OutPoint(transaction.txid, index)
            for transaction in self.made.values()
            for index, output in enumerate(transaction.outputs)
            if output.script_pubkey != FOREIGN and self.ledger.keychain.scripts().get(output.script_pubkey)
        ]
        if not outpoints:
            return
        chosen = data.draw(st.lists(st.sampled_from(outpoints), min_size=1, max_size=2, unique=True))
        to = FOREIGN if back is None else self.script(number, back, branch=1)
        self.add(sign(pay([(to, 700 + self.now)], chosen), self.ledger, list(self.made.values())))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), index=NEAR)
    def the_sender_pays_more(self, data: st.DataObject, index: int) -> None:
        """Another transaction out of the same foreign coin, which pays us, too."""
        gifts = [found for found in self.made.values() if found.outputs[0].amount == 5]
        if gifts:
            gift = data.draw(st.sampled_from(gifts))
            self.add(pay([(FOREIGN, 5), (self.script(0, index), 600 + self.now)], [gift.inputs[0].outpoint]))

    def add(self, transaction: Transaction) -> None:
        self.now += 1
        self.made[transaction.txid] = transaction

    @precondition(lambda self: self.made)
    @rule(data=st.data(), late=st.integers(0, 5))
    def a_peer_announces(self, data: st.DataObject, late: int) -> None:
        self.now += 1
        txid = data.draw(st.sampled_from(list(self.made)))
        self.ledger.apply_unconfirmed(self.made[txid], self.now - late)

    @rule(data=st.data(), ours=st.booleans())
    def a_block_is_mined(self, data: st.DataObject, ours: bool) -> None:
        spent = {outpoint for block in self.chain.blocks for outpoint in block.all_spent}
        there = {txid for block in self.chain.blocks for txid in block.txids}
        wanted = data.draw(st.lists(st.sampled_from(list(self.made)), unique=True)) if self.made else []
        taken: list[Transaction] = []
        for txid in sorted(wanted, key=list(self.made).index):
            transaction = self.made[txid]
            inputs = {each.outpoint.serialize() for each in transaction.inputs}
            known = all(
                each.outpoint.txid not in self.made or each.outpoint.txid in there for each in transaction.inputs
            )
            if txid not in there and known and not inputs & spent:
                taken.append(transaction)
                there.add(txid)
                spent |= inputs
        self.branch += 1
        self.chain.add(*taken, branch=self.branch, reward=self.script(0, 0) if ours else FOREIGN)

    @precondition(lambda self: self.chain.tip > 0)
    @rule(depth=st.integers(1, 4))
    def the_chain_is_reorganised(self, depth: int) -> None:
        self.chain.undo(self.ledger, min(depth, self.chain.tip))

    # --- what we do ---

    @rule(seed=st.integers(0, 1_000), limit=st.integers(1, 10))
    def we_scan(self, seed: int, limit: int) -> None:
        order = list(range(self.chain.tip + 1))
        random.Random(seed).shuffle(order)
        self.chain.scan(self.ledger, order=order, limit=limit)

    @precondition(lambda self: self.chain.tip > 0)
    @rule(data=st.data())
    def we_read_any_block(self, data: st.DataObject) -> None:
        height = data.draw(st.integers(0, self.chain.tip))
        self.ledger.apply_block(self.chain.blocks[height], height)

    @rule()
    def we_start_again(self) -> None:
        self.ledger.commit()
        self.ledger = Ledger(self.ledger._store, 30)

    @rule(number=st.integers(0, 1))
    def we_show_an_address(self, number: int) -> None:
        self.ledger.reveal(number)

    # --- what must hold ---

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        tip = self.chain.tip
        balance = self.ledger.balance(tip)
        assert balance.total == sum(coin.amount for coin in self.ledger.coins(tip))
        standing = {Status.LOCAL, Status.PENDING, Status.CONFIRMED, Status.IMMATURE}
        if not self.ledger.repeats() and self.ledger.next_scan(0, tip) is None:
            assert balance.total == sum(entry.amount for entry in self.ledger.history(tip) if entry.status in standing)

    @precondition(lambda self: self.made)
    @rule(seed=st.integers(0, 1_000), chain_first=st.booleans(), limit=st.integers(1, 10))
    def the_result_is_that_of_a_fresh_wallet(self, seed: int, chain_first: bool, limit: int) -> None:
        self.we_scan(seed, limit)
        fresh = new_ledger(*reversed(self.accounts))
        for number in (0, 1):  # what was given out is stored, too, and looked out for
            for _ in range(self.ledger.keychain.revealed(number, 0)):
                fresh.reveal(number)
        waiting = [record for record in self.ledger.transactions.values() if record.location is None]
        gone = {record.txid for record in waiting if record.coinbase}
        random.Random(seed).shuffle(waiting)
        if chain_first:
            self.chain.scan(fresh)
        for record in waiting:
            if (
                record.genuine
            ):  # it was in a block, which a fresh wallet never sees: its signatures are known to be good
                change = ChangeSet()
                fresh._enter(change, record)
                fresh._note(change)
            fresh.apply_unconfirmed(record.transaction, record.seen)
        self.chain.scan(fresh)
        assert facts(fresh, self.chain.tip, gone) == facts(self.ledger, self.chain.tip, gone)


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
