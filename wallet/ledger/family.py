"""Who builds on whom among the unconfirmed."""

from wallet.bitcoin.hashes import Txid
from wallet.ledger.book import Book
from wallet.ledger.record import TransactionRecord


def offspring(book: Book, record: TransactionRecord) -> list[TransactionRecord]:
    """The waiting transactions that stand and spend from it, directly or not."""
    found: dict[Txid, TransactionRecord] = {}
    queue = [record]
    while queue:
        parent = queue.pop()
        for index in range(len(parent.outputs)):
            for txid in book.spenders(parent.outpoint(index)):
                child = book.waiting.get(txid)
                if child is not None and txid not in found and book.stands(child):
                    found[txid] = child
                    queue.append(child)
    return list(found.values())


def parentage(book: Book, record: TransactionRecord) -> list[TransactionRecord]:
    """The waiting transactions that it spends from, directly or not, as far as they are known."""
    found: dict[Txid, TransactionRecord] = {}
    queue = [record]
    while queue:
        for outpoint in queue.pop().inputs:
            parent = book.waiting.get(Txid(outpoint[:32]))
            if parent is not None and parent.txid not in found:
                found[parent.txid] = parent
                queue.append(parent)
    return list(found.values())
