"""Random payments that are bumped and cancelled in every way, under the real node's rules of replacement."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.realnode.payments import payees, stock
from tests.realnode.purse import KINDS, Purse, satoshis
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.ledger.history import Status
from wallet.ledger.mending import MendIntent, Repair
from wallet.ledger.payment import PaymentIntent, Recipient
from wallet.ledger.payment_errors import CannotMend, DustAmount, InsufficientFunds


def low(purse: Purse) -> FeeRate:
    return FeeRate(purse.chance.randrange(1_000, 8_000))


def higher(purse: Purse) -> FeeRate:
    return FeeRate(purse.chance.randrange(12_000, 90_000))


def pay(purse: Purse, share: float | None = 0.3, coins: tuple[OutPoint, ...] = ()) -> Transaction:
    """A payment of some of the wallet, of chosen coins, or of all that these hold."""
    chance = purse.chance
    free = [coin for coin in purse.ledger.coins(purse.height) if coin.spendable and coin.height is not None]
    if not coins:
        coins = tuple(coin.outpoint for coin in chance.sample(free, chance.randrange(1, 5)))
    found = [purse.ledger.coin(outpoint, purse.height) for outpoint in coins]
    held = sum(coin.amount for coin in found if coin is not None)
    if share is None:
        recipients = [Recipient(payees(chance), None)]
    else:
        parts = chance.randrange(1, 4)
        recipients = [Recipient(payees(chance), int(held * share / parts) + 700) for _ in range(parts)]
    order = PaymentIntent(tuple(recipients), fee_rate=low(purse), coins=coins, note=b"!" if share == 0.2 else b"")
    transaction = purse.sign(purse.draft(order))
    purse.broadcast(transaction)
    return transaction


def change_of(purse: Purse, transaction: Transaction) -> OutPoint | None:
    scripts = purse.ledger.keychain.scripts()
    own = [n for n, output in enumerate(transaction.outputs) if output.script_pubkey in scripts]
    return OutPoint(transaction.txid, own[0]) if own else None


def mend(purse: Purse, repair: Repair, rate: FeeRate) -> Transaction:
    """Sign and send it: the node must take it, and nothing of what it replaces may be left."""
    before = {Txid.from_hex(txid) for txid in purse.node.getrawmempool()}
    assert repair.replaces <= before
    transaction = purse.sign(repair.draft)
    assert transaction.vsize <= repair.draft.vsize
    purse.broadcast(transaction)
    after = {Txid.from_hex(txid) for txid in purse.node.getrawmempool()}
    assert after == (before - repair.replaces) | {transaction.txid}
    entry = purse.node.getmempoolentry(str(transaction.txid))
    assert satoshis(entry["fees"]["base"]) == repair.draft.fee
    assert satoshis(entry["fees"]["ancestor"]) >= rate.fee(entry["ancestorsize"])
    assert repair.draft.fee >= rate.fee(transaction.vsize)
    for txid in repair.replaces:
        entry_of_old = purse.ledger.entry(txid, purse.height)
        assert (entry_of_old.status, entry_of_old.replaced_by) == (Status.REPLACED, transaction.txid)
    return transaction


def check_same_payment(purse: Purse, old: Transaction, new: Transaction) -> None:
    """Only change may differ, and what was added in coins was confirmed."""
    scripts = purse.ledger.keychain.scripts()

    def foreign(transaction: Transaction) -> list[tuple[int, bytes]]:
        outputs = transaction.outputs
        return sorted((each.amount, each.script_pubkey) for each in outputs if each.script_pubkey not in scripts)

    assert foreign(old) == foreign(new)
    spent = {each.outpoint for each in new.inputs}
    assert {each.outpoint for each in old.inputs} <= spent
    for outpoint in spent - {each.outpoint for each in old.inputs}:
        assert purse.ledger.transactions[outpoint.txid].location is not None


def bump_own(purse: Purse) -> str:
    return bump_payment(purse, purse.chance.choice([0.2, 0.5, 0.8, 0.95]))


def bump_everything(purse: Purse) -> str:
    """Nothing came back that could shrink: other coins pay."""
    return bump_payment(purse, None)


def bump_payment(purse: Purse, share: float | None) -> str:
    old, rate = pay(purse, share), higher(purse)
    repair = purse.mender.bump(MendIntent(old.txid, rate))
    assert repair.method == "rbf"
    new = mend(purse, repair, rate)
    check_same_payment(purse, old, new)
    if purse.chance.random() < 0.3:
        again = FeeRate(rate.sat_per_kvb * 2)
        check_same_payment(purse, old, mend(purse, purse.mender.bump(MendIntent(new.txid, again)), again))
    return "rbf" if share is not None else "rbf with coins added"


def bump_incoming(purse: Purse) -> str:
    amount = purse.chance.choice([5_000, 50_000, 3_000_000])
    paid, rate = purse.fund([(purse.chance.choice(KINDS), amount)], mine=False), FeeRate(higher(purse).sat_per_kvb * 2)
    repair = purse.mender.bump(MendIntent(paid.txid, rate))
    assert (repair.method, repair.raises) == ("cpfp", (paid.txid,))
    child = mend(purse, repair, rate)
    assert any(each.outpoint.txid == paid.txid for each in child.inputs)
    if purse.chance.random() < 0.5:
        again = FeeRate(rate.sat_per_kvb * 2)
        second = purse.mender.bump(MendIntent(paid.txid, again))
        assert (second.method, second.replaces) == ("rbf", frozenset({child.txid}))
        mend(purse, second, again)
        return "cpfp, then more"
    return "cpfp"


def bump_with_dependant(purse: Purse) -> str:
    """What a payment to others builds on is not replaced: its change, or the payment's, pays for both."""
    old = pay(purse, 0.2)
    change = change_of(purse, old)
    if change is None:
        return ""
    child, rate = pay(purse, 0.4, coins=(change,)), higher(purse)
    if change_of(purse, child) is None:
        with pytest.raises(CannotMend):
            purse.mender.bump(MendIntent(old.txid, rate))
        return ""
    repair = purse.mender.bump(MendIntent(old.txid, rate))
    assert repair.method == "cpfp"
    assert set(repair.raises) == {old.txid, child.txid}
    mend(purse, repair, rate)
    return "cpfp through a payment"


def bump_child(purse: Purse) -> str:
    """A replacement pays for the unconfirmed that it builds on, too."""
    old = pay(purse, 0.2)
    change = change_of(purse, old)
    if change is None:
        return ""
    child, rate = pay(purse, 0.3, coins=(change,)), higher(purse)
    repair = purse.mender.bump(MendIntent(child.txid, rate))
    assert repair.method == "rbf"
    check_same_payment(purse, child, mend(purse, repair, rate))
    return "rbf on an unconfirmed coin"


def cancel(purse: Purse) -> str:
    share = purse.chance.choice([0.2, 0.6, None])
    old, rate = pay(purse, share), purse.chance.choice([low, higher])(purse)
    repair = purse.mender.cancel(MendIntent(old.txid, rate))
    new = mend(purse, repair, rate)
    assert all(output.script_pubkey in purse.ledger.keychain.scripts() for output in new.outputs)
    assert {each.outpoint for each in old.inputs} <= {each.outpoint for each in new.inputs}
    return "cancel"


def cancel_after_child(purse: Purse) -> str:
    """The child that was made to speed it up goes with it; its fee is paid once more, however low a rate is asked."""
    old = pay(purse, 0.2)
    change = change_of(purse, old)
    if change is None:
        return ""
    order = PaymentIntent((Recipient(purse.ledger.keychain.peek(1, 0)[1].script_pubkey, None),), fee_rate=higher(purse))
    child = purse.sign(purse.draft(replace(order, coins=(change,))))
    purse.broadcast(child)
    rate = low(purse)
    repair = purse.mender.cancel(MendIntent(old.txid, rate))
    assert repair.replaces == {old.txid, child.txid}
    mend(purse, repair, rate)
    return "cancel with what builds on it"


CASES: tuple[Callable[[Purse], str], ...] = (
    *(bump_own, bump_own, bump_everything, bump_incoming, bump_incoming, cancel),
    *(bump_with_dependant, bump_child, cancel_after_child),
)


def random_mends(purse: Purse, count: int) -> Counter[str]:
    """So many cases, and how many of each kind."""
    tally: Counter[str] = Counter()
    tries = 0
    while tally.total() < count:
        tries += 1
        assert tries < 4 * count, tally
        if len([coin for coin in purse.ledger.coins(purse.height) if coin.height is not None]) < 15:
            stock(purse, 40)
        try:
            done = purse.chance.choice(CASES)(purse)
        except (InsufficientFunds, DustAmount):
            done = ""
        tally += Counter([done] if done else [])
        if purse.chance.random() < 0.3:
            purse.mine()
    purse.mine()
    return tally
