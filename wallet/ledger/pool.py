"""Transactions on their way that do not concern us yet: one may spend a coin that we are only about to learn of."""

from collections import OrderedDict
from collections.abc import Iterator

from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import Transaction

POOL_SIZE = 1_000
POOL_BYTES = 4_000_000
"""Serialized; ten of the largest that peers relay. As objects they take several times as much."""


class RecentPool:
    """The last transactions that were announced and not ours, in memory only, oldest dropped first."""

    def __init__(self, size: int = POOL_SIZE, most_bytes: int = POOL_BYTES) -> None:
        self._size = size
        self._most_bytes = most_bytes
        self._bytes = 0
        self._found: OrderedDict[Txid, tuple[Transaction, int]] = OrderedDict()
        self._spenders: dict[bytes, set[Txid]] = {}

    def add(self, transaction: Transaction, seen: int) -> None:
        """Remember one; what is known already keeps its time."""
        if transaction.txid in self._found:
            return
        self._found[transaction.txid] = (transaction, seen)
        self._bytes += len(transaction.serialize())
        for spent in transaction.inputs:
            self._spenders.setdefault(spent.outpoint.serialize(), set()).add(transaction.txid)
        while len(self._found) > self._size or self._bytes > self._most_bytes:
            self.take(next(iter(self._found)))

    def take(self, txid: Txid) -> tuple[Transaction, int] | None:
        """Remove one, with the time it was seen."""
        found = self._found.pop(txid, None)
        if found is None:
            return None
        self._bytes -= len(found[0].serialize())
        for spent in found[0].inputs:
            outpoint = spent.outpoint.serialize()
            self._spenders[outpoint].discard(txid)
            if not self._spenders[outpoint]:
                del self._spenders[outpoint]
        return found

    def take_spending(self, outpoint: bytes) -> Iterator[tuple[Transaction, int]]:
        """Remove all that spend an outpoint (36 bytes)."""
        return self._take_all(sorted(self._spenders.get(outpoint, ())))

    def take_paying(self, scripts: set[bytes]) -> Iterator[tuple[Transaction, int]]:
        """Remove all that pay one of `scripts`."""
        paying = [
            txid
            for txid, (transaction, _) in self._found.items()
            if any(output.script_pubkey in scripts for output in transaction.outputs)
        ]
        return self._take_all(paying)

    def _take_all(self, txids: list[Txid]) -> Iterator[tuple[Transaction, int]]:
        for txid in txids:
            found = self.take(txid)
            if found is not None:
                yield found
