"""What has to go out together with a payment: the payments that it builds on and no peer has been seen to have.

A payment whose parent is unknown to the network is kept by nobody for long. So the parents go first, to the same peers,
and the fee of all of them together decides which peers would take it.
"""

from collections.abc import Callable

from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.ledger.ledger import Ledger
from wallet.spv.node_api import Package

SeenBy = Callable[[Txid], int]


def package_of(ledger: Ledger, transaction: Transaction, seen_by: SeenBy) -> Package:
    """The package of a payment. seen_by: how many peers announced a transaction to us."""
    parents = _unseen_parents(ledger, transaction, seen_by)
    fees = [_fee(ledger, each) for each in (*parents, transaction)]
    known = [fee for fee in fees if fee is not None]
    size = sum(each.vsize for each in (*parents, transaction))
    rate = sum(known) * 1000 // size if len(known) == len(fees) else None
    return Package(tuple(each.serialize() for each in parents), rate)


def oldest_first(ledger: Ledger, txids: list[Txid]) -> list[Txid]:
    """The same payments, each behind what it builds on."""
    found: list[Txid] = []

    def put(txid: Txid) -> None:
        record = ledger.transactions[txid]
        for outpoint in record.inputs:
            parent = Txid(outpoint[:32])
            if parent in txids and parent not in found:
                put(parent)
        if txid not in found:
            found.append(txid)

    for txid in txids:
        put(txid)
    return found


def _unseen_parents(ledger: Ledger, transaction: Transaction, seen_by: SeenBy) -> list[Transaction]:
    """Unconfirmed transactions that this one builds on, directly or not, the oldest first."""
    found: dict[Txid, Transaction] = {}
    for spent in transaction.inputs:
        txid = spent.outpoint.txid
        record = ledger.transactions.get(txid)
        if record is None or record.location is not None or txid in found or seen_by(txid):
            continue
        for parent in _unseen_parents(ledger, record.transaction, seen_by):
            found.setdefault(parent.txid, parent)
        found[txid] = record.transaction
    return list(found.values())


def _fee(ledger: Ledger, transaction: Transaction) -> int | None:
    """Satoshis; None where an amount that is spent is not known."""
    total = -sum(output.amount for output in transaction.outputs)
    for spent in transaction.inputs:
        output = ledger.output(OutPoint(spent.outpoint.txid, spent.outpoint.index))
        if output is None:
            return None
        total += output.amount
    return total
