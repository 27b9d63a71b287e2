"""Which unconfirmed transactions stand, where several spend the same coin.

The verdict depends on the set of transactions alone, not on the order in which they came: what is in a block stands;
then the latest seen has the first word, together with everything it builds on; what conflicts with it is out, and so is
whatever builds on that.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from wallet.bitcoin.hashes import Txid
from wallet.ledger.record import TransactionRecord

Spenders = Callable[[bytes], Collection[Txid]]
Fallen = Mapping[Txid, Txid | None]
"""Who is out, and in whose favour; None: abandoned, or a coinbase whose block is gone."""


def settle(waiting: Mapping[Txid, TransactionRecord], spenders: Spenders) -> Fallen:
    """Who of the unconfirmed is out. spenders: the recorded transactions that spend an outpoint, in a block or not."""
    if not _is_disputed(waiting.values(), spenders):
        return {}
    court = _Court(waiting, spenders)
    for record in waiting.values():
        court.dismiss_hopeless(record)
    for record in sorted(waiting.values(), key=lambda found: (found.seen, found.txid), reverse=True):
        court.hear(record)
    return court.fallen


def _is_disputed(waiting: Iterable[TransactionRecord], spenders: Spenders) -> bool:
    return any(
        record.abandoned or record.coinbase or any(len(spenders(outpoint)) > 1 for outpoint in record.inputs)
        for record in waiting
    )


class _Court:
    def __init__(self, waiting: Mapping[Txid, TransactionRecord], spenders: Spenders) -> None:
        self._waiting = waiting
        self._spenders = spenders
        self._standing: set[Txid] = set()
        self.fallen: dict[Txid, Txid | None] = {}

    def dismiss_hopeless(self, record: TransactionRecord) -> None:
        """Out whatever the others say: abandoned, a coinbase without its block, or a coin spent in a block."""
        if record.abandoned or record.coinbase:
            self._dismiss(record, None)
            return
        for outpoint in record.inputs:
            for rival in self._spenders(outpoint):
                if rival not in self._waiting:
                    self._dismiss(record, rival)
                    return

    def hear(self, record: TransactionRecord) -> None:
        """Let a transaction stand with all its unconfirmed ancestors, against whoever conflicts with them."""
        if record.txid in self.fallen or record.txid in self._standing:
            return
        group = {member.txid: member for member in self._ancestry(record)}
        for member in group.values():
            for rival in self._rivals(member):
                if rival in group:  # it conflicts with what it builds on: no block can ever hold it
                    self._dismiss(record, rival)
                    return
        self._standing.update(group)
        for member in group.values():
            for rival in self._rivals(member):
                self._dismiss(self._waiting[rival], member.txid)

    def _rivals(self, record: TransactionRecord) -> Iterator[Txid]:
        """Who else among the unconfirmed, and not out, spends what it spends."""
        for outpoint in record.inputs:
            for rival in self._spenders(outpoint):
                if rival != record.txid and rival in self._waiting and rival not in self.fallen:
                    yield rival

    def _ancestry(self, record: TransactionRecord) -> list[TransactionRecord]:
        """The transaction and all unconfirmed ones it builds on, directly or not, that do not stand already."""
        found = {record.txid: record}
        queue = [record]
        while queue:
            for outpoint in queue.pop().inputs:
                parent = self._waiting.get(Txid(outpoint[:32]))
                if parent is not None and parent.txid not in found and parent.txid not in self._standing:
                    found[parent.txid] = parent
                    queue.append(parent)
        return list(found.values())

    def _dismiss(self, record: TransactionRecord, favour: Txid | None) -> None:
        """Put a transaction out, and whatever builds on it."""
        queue = [record]
        while queue:
            out = queue.pop()
            if out.txid in self.fallen:
                continue
            self.fallen[out.txid] = favour
            for index in range(len(out.outputs)):
                queue += (
                    self._waiting[child] for child in self._spenders(out.outpoint(index)) if child in self._waiting
                )
