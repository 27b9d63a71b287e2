"""The history as somebody looks at it: filtered, in order, a part at a time.

Putting a history of 100,000 payments in order takes a part of a second, so order and what a filter leaves are kept
until the ledger changes. Long looks give the loop its turn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Any, Final
from weakref import WeakKeyDictionary

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import Txid
from wallet.engine import api
from wallet.engine.finding import Finding
from wallet.engine.network import Network
from wallet.engine.queries import parse_txid, row_of
from wallet.engine.session import Session
from wallet.ledger.draft_psbt import finished_psbt
from wallet.ledger.history import Status
from wallet.ledger.ledger import Ledger

MOST: Final = 1_000
_CHUNK: Final = 2_000
_TRIES: Final = 3
_WAITING: Final = frozenset({Status.LOCAL, Status.PENDING})
_VOID: Final = frozenset({Status.REPLACED, Status.ABANDONED})

Handler = Callable[[Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a filter leaves of the history. revision: of the ledger when it was begun to be looked through."""

    filter: api.HistoryFilter
    revision: int
    txids: Sequence[Txid]


class Browsing:
    """The commands about a filtered history."""

    def __init__(self, network: Network, finding: Finding, session: Callable[[], Session]) -> None:
        self._network = network
        self._finding = finding
        self._session = session
        self._whole: WeakKeyDictionary[Ledger, _Found] = WeakKeyDictionary()
        self._last: WeakKeyDictionary[Ledger, _Found] = WeakKeyDictionary()

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {
            api.ListHistory: self.list,
            api.GetHistorySum: self.sum,
            api.GetBalanceHistory: self.balances,
            api.GetTransactionPsbt: self.psbt,
        }

    async def list(self, command: api.ListHistory) -> api.HistorySlice:
        session, tip = self._session(), self._network.tip_height
        ledger = session.ledger
        found = await self._found(ledger, command.filter)
        start = max(0, command.offset)
        wanted = islice(found.txids, start, start + max(0, min(command.limit, MOST)))
        entries = (ledger.entry(txid, tip) for txid in wanted if txid in ledger.transactions)
        rows = [row_of(self._network, session, entry) for entry in entries]
        return api.HistorySlice(found.revision, len(found.txids), tuple(rows))

    async def sum(self, command: api.GetHistorySum) -> api.HistorySum:
        ledger, tip = self._session().ledger, self._network.tip_height
        found = await self._found(ledger, command.filter)
        received = sent = void = 0
        async for txid in _slowly(found.txids):
            if txid not in ledger.transactions or ledger.status(txid, tip) in _VOID:
                void += 1
                continue
            amount, _ = ledger.totals(txid)
            received += max(0, amount)
            sent -= min(0, amount)
        return api.HistorySum(len(found.txids), received, sent, void)

    async def balances(self, command: api.GetBalanceHistory) -> tuple[api.BalancePoint, ...]:
        ledger = self._session().ledger
        moves: list[tuple[int, Sats]] = []
        async for txid in _slowly(self._ordered(ledger).txids[::-1]):
            record = ledger.transactions.get(txid)
            if record is not None and record.location is not None:
                moves.append((record.time, ledger.totals(txid)[0]))
        moves.sort(key=lambda move: move[0])  # what is of one time stays in the chain's order
        points = _steps(moves, None if command.since is None else int(command.since.timestamp()))
        return tuple(
            api.BalancePoint(datetime.fromtimestamp(time, UTC), balance)
            for time, balance in _thinned(points, max(2, command.most))
        )

    async def psbt(self, command: api.GetTransactionPsbt) -> str:
        ledger, txid = self._session().ledger, parse_txid(command.txid)
        record = ledger.transactions.get(txid)
        if record is None:
            raise api.WrenError("not_found", f"this wallet has no transaction {txid}")
        return finished_psbt(record.transaction, ledger).to_base64()

    async def _found(self, ledger: Ledger, wanted: api.HistoryFilter) -> _Found:
        """What a filter leaves of the ledger as it is now; of a ledger that changes all the time, as it just was."""
        for _ in range(_TRIES):
            known = self._last.get(ledger)
            if known is None or (known.filter, known.revision) != (wanted, ledger.revision):
                known = self._last[ledger] = await self._look(ledger, wanted)
            if known.revision == ledger.revision and known.filter == wanted:
                return known
        return await self._look(ledger, wanted)

    async def _look(self, ledger: Ledger, wanted: api.HistoryFilter) -> _Found:
        whole = self._ordered(ledger)
        if wanted == whole.filter:
            return whole
        candidates = self._candidates(ledger, wanted, whole.txids)
        named = await self._finding.transactions(wanted.text) if wanted.text.strip() else None
        sieve = _Sieve(ledger, wanted, self._network.tip_height)
        txids = [
            txid
            async for txid in _slowly(candidates)
            if (named is None or txid in named) and txid in ledger.transactions and sieve.passes(txid)
        ]
        return _Found(wanted, whole.revision, txids)

    @staticmethod
    def _candidates(ledger: Ledger, wanted: api.HistoryFilter, txids: Sequence[Txid]) -> Sequence[Txid]:
        """All that may pass: those that no block has are the first."""
        if wanted.side != "waiting":
            return txids
        return list(takewhile(lambda txid: ledger.transactions[txid].location is None, txids))

    def _ordered(self, ledger: Ledger) -> _Found:
        whole = self._whole.get(ledger)
        if whole is None or whole.revision != ledger.revision:
            whole = self._whole[ledger] = _Found(api.HistoryFilter(), ledger.revision, ledger.ordered())
        return whole


def _steps(moves: Sequence[tuple[int, Sats]], since: int | None) -> list[tuple[int, Sats]]:
    """The balance after each move, the oldest first; what was before `since` as one point at that moment."""
    points: list[tuple[int, Sats]] = []
    balance = 0
    for time, amount in moves:
        balance += amount
        if since is not None and time < since:
            points = [(since, balance)]
        else:
            points.append((time, balance))
    return points


def _thinned(points: Sequence[tuple[int, Sats]], most: int) -> list[tuple[int, Sats]]:
    """Of many points the first, and the last of each of `most` equal times."""
    if len(points) <= most:
        return list(points)
    first, span = points[0][0], max(1, points[-1][0] - points[0][0])
    last_of = {(time - first) * most // span: (time, balance) for time, balance in points}
    return [points[0], *last_of.values()]


class _Sieve:
    """Whether single transactions are meant by a filter; its text is judged elsewhere."""

    def __init__(self, ledger: Ledger, wanted: api.HistoryFilter, tip: int) -> None:
        self._ledger = ledger
        self._side = wanted.side
        self._tip = tip
        self._since = None if wanted.since is None else wanted.since.timestamp()
        self._until = None if wanted.until is None else wanted.until.timestamp()

    def passes(self, txid: Txid) -> bool:
        time = self._ledger.transactions[txid].time
        if self._since is not None and time < self._since:
            return False
        if self._until is not None and time >= self._until:
            return False
        return self._is_on_side(txid)

    def _is_on_side(self, txid: Txid) -> bool:
        match self._side:
            case "all":
                return True
            case "waiting":
                return self._ledger.status(txid, self._tip) in _WAITING
            case "received":
                return self._ledger.totals(txid)[0] >= 0
            case "sent":
                return self._ledger.totals(txid)[0] < 0


async def _slowly(txids: Sequence[Txid]) -> AsyncIterator[Txid]:
    """One after another, with a turn for the loop now and then."""
    for number, txid in enumerate(txids, 1):
        yield txid
        if number % _CHUNK == 0:
            await asyncio.sleep(0)
