"""Finding things by what a person remembers of them: part of an id, an address or a label, an amount, a date, a name.

Ids, labels, amounts and dates are looked through as they lie in memory. Addresses are not kept as text anywhere: they
are written out once, into one long text that grows with the wallet, in pieces between which the loop may turn.
"""

import asyncio
import re
from array import array
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from weakref import WeakKeyDictionary

from wallet.bitcoin.address import parse_address
from wallet.bitcoin.amount import AmountError, Sats, parse_amount, parse_btc
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import OutPoint
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.session import Session
from wallet.engine.views import address_text, moment
from wallet.ledger.contacts import Contact
from wallet.ledger.history import HistoryEntry
from wallet.ledger.labels import LabelKey, LabelKind
from wallet.ledger.ledger import Ledger

MOST: Final = 1_000
MAX_TEXT: Final = 200
_SHORTEST_ID: Final = 4
_CHUNK: Final = 500
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_HEX = re.compile(r"[0-9a-f]+")

Handler = Callable[[Any], Awaitable[object]]


class AddressIndex:
    """The addresses of every script that the kept transactions pay, as one text to look through."""

    def __init__(self) -> None:
        self._text = ""
        self._starts = array("Q")
        self._scripts: list[bytes] = []
        self._passed = 0

    async def renew(self, ledger: Ledger, text_of: Callable[[bytes], str | None]) -> None:
        """Take over the scripts that came since, some at a time."""
        while new := list(islice(ledger.known_scripts(), self._passed, self._passed + _CHUNK)):
            self._passed += len(new)
            parts, end = [], len(self._text)
            for script in new:
                address = text_of(script)
                if address is not None:
                    self._scripts.append(script)
                    self._starts.append(end)
                    parts.append(address.lower() + "\n")
                    end += len(address) + 1
            self._text += "".join(parts)
            await asyncio.sleep(0)

    def find(self, part: str) -> Iterator[bytes]:
        """The scripts whose address has `part` in it, whatever the case."""
        at = self._text.find(part)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            yield self._scripts[number]
            if number + 1 == len(self._starts):
                return
            at = self._text.find(part, self._starts[number + 1])


class Finding:
    """The search through the open wallet."""

    def __init__(self, network: Network, session: Callable[[], Session]) -> None:
        self._network = network
        self._session = session
        self._indexes: WeakKeyDictionary[Ledger, AddressIndex] = WeakKeyDictionary()

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {api.Search: self.search}

    async def search(self, command: api.Search) -> api.SearchAnswer:
        seeker = await self._seeker(command.text)
        if seeker is None:
            return api.SearchAnswer((), more=False)
        limit = max(1, min(command.limit, MOST))
        found = list(islice(seeker.hits(), limit + 1))
        return api.SearchAnswer(tuple(found[:limit]), more=len(found) > limit)

    async def transactions(self, text: str) -> frozenset[Txid]:
        """All that a text finds: by themselves, and by the labels of their addresses and coins and by whom they pay."""
        seeker = await self._seeker(text)
        return frozenset() if seeker is None else seeker.transactions()

    async def _seeker(self, text: str) -> "_Seeker | None":
        """A search that knows the addresses already; None for a text that finds nothing."""
        session = self._session()
        text = " ".join(text.split())
        if not text or len(text) > MAX_TEXT:
            return None
        seeker = _Seeker(session, self._network.tip_height, text.casefold())
        if seeker.may_be_address:
            index = self._indexes.setdefault(session.ledger, AddressIndex())
            await index.renew(session.ledger, lambda script: address_text(script, session.params))
            seeker.note_addresses(index)
        return seeker


class _Seeker:
    """One search. text: folded to small letters."""

    def __init__(self, session: Session, tip: int, text: str) -> None:
        self._session = session
        self._ledger: Ledger = session.ledger
        self._tip = tip
        self._text = text
        self._reasons: dict[Txid, api.HitReason] = {}
        self._addresses: dict[str, api.HitReason] = {}

    @property
    def may_be_address(self) -> bool:
        """Whether the text could be part of an address."""
        return len(self._text) >= _SHORTEST_ID and self._text.isascii() and self._text.isalnum()

    def note_addresses(self, index: AddressIndex) -> None:
        """Remember what concerns the addresses that the text is part of."""
        for script in islice(index.find(self._text), MOST):
            address = address_text(script, self._session.params)
            if address is not None and script in self._ledger.keychain.scripts():
                self._addresses[address] = "address"
            for txid in self._ledger.concerning(script):
                self._reasons[txid] = "address"

    def hits(self) -> Iterator[api.SearchHit]:
        """People first, then transactions, newest first, then addresses and coins."""
        yield from self._people()
        self._note_labels()
        self._note_transactions()
        for txid in sorted(self._reasons, key=self._order, reverse=True):
            yield self._transaction(self._ledger.entry(txid, self._tip))
        for address, reason in self._addresses.items():
            label = self._ledger.label(LabelKind.ADDRESS, address)
            yield api.SearchHit("addr", address, reason, label)
        yield from self._coins()

    def transactions(self) -> frozenset[Txid]:
        """Every transaction that has to do with what is found."""
        self._note_labels()
        self._note_transactions()
        found = set(self._reasons)
        found.update(OutPoint.parse_text(key.reference).txid for key in self._labelled(LabelKind.OUTPUT))
        for address in {*self._addresses, *self._addresses_of_people()}:
            found |= self._ledger.concerning(parse_address(address, self._session.params).script_pubkey)
        return frozenset(filter(self._is_shown, found))

    def _addresses_of_people(self) -> Iterator[str]:
        for contact in self._ledger.notes.contacts.values():
            if self._reason_of(contact) is not None:
                yield from (each.text for each in contact.addresses)

    def _order(self, txid: Txid) -> tuple[bool, int, Txid]:
        record = self._ledger.transactions[txid]
        return record.location is None, record.time, txid

    def _transaction(self, entry: HistoryEntry) -> api.SearchHit:
        reason = self._reasons[entry.txid]
        label = entry.label or self._session.view.about(entry)
        return api.SearchHit("tx", str(entry.txid), reason, label, entry.amount, moment(entry.time))

    def _people(self) -> Iterator[api.SearchHit]:
        for contact in self._ledger.notes.contacts.values():
            reason = self._reason_of(contact)
            if reason is not None:
                yield api.SearchHit("contact", contact.name, reason, contact.note)

    def _reason_of(self, contact: Contact) -> api.HitReason | None:
        if self._text in contact.name.casefold() or self._text in contact.note.casefold():
            return "name"
        texts = (each.text.lower() for each in contact.addresses)
        return "address" if self.may_be_address and any(self._text in each for each in texts) else None

    def _labelled(self, kind: LabelKind) -> Iterator[LabelKey]:
        text = self._text
        return (key for key, label in self._ledger.labels.items() if key.kind is kind and text in label.casefold())

    def _note_labels(self) -> None:
        for key in self._labelled(LabelKind.TRANSACTION):
            txid = Txid.from_hex(key.reference)
            if self._is_shown(txid):
                self._reasons.setdefault(txid, "label")
        for key in self._labelled(LabelKind.ADDRESS):
            self._addresses.setdefault(key.reference, "label")

    def _coins(self) -> Iterator[api.SearchHit]:
        for key in self._labelled(LabelKind.OUTPUT):
            label = self._ledger.labels[key]
            output = self._ledger.output(OutPoint.parse_text(key.reference))
            yield api.SearchHit("output", key.reference, "label", label, None if output is None else output.amount)

    def _is_shown(self, txid: Txid) -> bool:
        return txid in self._ledger.transactions and self._ledger.concerns_us(txid)

    def _note_transactions(self) -> None:
        self._note_ids()
        amounts, span = _amounts(self._text), _span(self._text)
        if not amounts and span is None:
            return
        for txid, record in self._ledger.transactions.items():
            if span is not None and span[0] <= record.time < span[1] and self._is_shown(txid):
                self._reasons.setdefault(txid, "date")
            elif amounts and self._has_amount(txid, amounts):
                self._reasons.setdefault(txid, "amount")

    def _note_ids(self) -> None:
        if len(self._text) < _SHORTEST_ID or _HEX.fullmatch(self._text.partition(":")[0]) is None:
            return
        part = self._text.partition(":")[0]
        for txid in self._ledger.transactions:
            if part in txid[::-1].hex() and self._is_shown(txid):
                self._reasons.setdefault(txid, "txid")

    def _has_amount(self, txid: Txid, amounts: frozenset[Sats]) -> bool:
        """Whether the whole amount is that, with or without the fee, or an output's."""
        record = self._ledger.transactions[txid]
        if any(output.amount in amounts for output in record.outputs):
            return self._is_shown(txid)
        if not self._is_shown(txid):
            return False
        amount, fee = self._ledger.totals(txid)
        return abs(amount) in amounts or abs(amount + (fee or 0)) in amounts


def _amounts(text: str) -> frozenset[Sats]:
    """The amounts that a text can mean: 1500 is satoshis, 0.015 and 2 are bitcoins as well."""
    found = set()
    for read in (parse_amount, parse_btc):
        try:
            found.add(read(text.lstrip("+-")))
        except AmountError:
            continue
    return frozenset(found - {0})


def _span(text: str) -> tuple[float, float] | None:
    """The Unix seconds of a year, a month or a day (UTC), as in 2025-03: from, and up to but not including."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        first = date(year, month, day)
        if match[3]:
            end = first + timedelta(days=1)
        else:
            end = date(year + 1, 1, 1) if not match[2] else (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    except (ValueError, OverflowError):
        return None
    return _seconds(first), _seconds(end)


def _seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
