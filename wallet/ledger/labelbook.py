"""A wallet's labels and frozen coins as records of BIP329, out and in.

A record of a type that the wallet knows becomes a label; where it says more than that, its line is kept beside it, and
leaves again with the label of the day. What the wallet does not know, or what speaks of another wallet's account, is
kept as it is. Nothing of the wallet's own is overwritten unless the rule says so.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from wallet.bitcoin.transaction import OutPoint
from wallet.ledger.bip329 import LabelRecord, abbreviate, renew_line, same_origin, write_record
from wallet.ledger.labels import LabelKey, LabelKind, LineKey
from wallet.ledger.ledger import Ledger

_KINDS = {kind: number for number, kind in enumerate(LabelKind)}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that differs from what the wallet says; line: its number."""

    line: int
    record: LabelRecord
    mine: str
    theirs: str


@dataclass(slots=True)
class Plan:
    """What an import comes to. Nothing is changed before `carry_out`."""

    read: int = 0
    unchanged: int = 0
    labels: dict[LabelKey, str] = field(default_factory=dict)
    frozen: dict[str, bool] = field(default_factory=dict)
    lines: dict[LineKey, str] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    twice: list[tuple[int, int]] = field(default_factory=list)
    """Lines that say something else about the same thing than a line before them, with the number of that one."""


def export_records(ledger: Ledger) -> list[str]:
    """All that the wallet can say, a line each, by type and reference."""
    frozen = {str(OutPoint.parse(outpoint)) for outpoint in ledger.frozen}
    lines = {key: line for key, line in ledger.notes.lines.items() if key.kind in set(LabelKind)}
    found: dict[tuple[int, str, str], str] = {}
    for key, label in ledger.labels.items():
        record = LabelRecord(key.kind, key.reference, label)
        found[_KINDS[key.kind], key.reference, ""] = write_record(record)
    for outpoint in frozen:
        label = ledger.label(LabelKind.OUTPUT, outpoint)
        found[_KINDS[LabelKind.OUTPUT], outpoint, ""] = write_record(
            LabelRecord(LabelKind.OUTPUT, outpoint, label, spendable=False)
        )
    for line_key, line in lines.items():
        place = _KINDS[LabelKind(line_key.kind)], line_key.reference, line_key.origin
        found[place] = _renewed(ledger, frozen, line_key, line) if not line_key.origin else line
    others = sorted((key, line) for key, line in ledger.notes.lines.items() if key.kind not in set(LabelKind))
    return [*(found[place] for place in sorted(found)), *(line for _, line in others)]


def _renewed(ledger: Ledger, frozen: set[str], key: LineKey, line: str) -> str:
    is_output = key.kind == LabelKind.OUTPUT
    label = ledger.label(LabelKind(key.kind), key.reference)
    return renew_line(line, label, key.reference not in frozen if is_output else None)


def plan_import(ledger: Ledger, records: Iterable[tuple[int, LabelRecord]], *, replace_mine: bool) -> Plan:
    """What the records would change. replace_mine: where they differ from the wallet, theirs counts."""
    return _Planner(ledger, replace_mine).plan(records)


def carry_out(ledger: Ledger, plan: Plan) -> None:
    """Take over a plan; the ledger's next commit stores all of it at once."""
    if plan.labels:
        ledger.notes.put_labels(plan.labels)
    for outpoint, is_frozen in plan.frozen.items():
        ledger.freeze(OutPoint.parse_text(outpoint), is_frozen, unseen=True)
    if plan.lines:
        ledger.notes.put_lines(plan.lines)


class _Planner:
    def __init__(self, ledger: Ledger, replace_mine: bool) -> None:
        self._ledger = ledger
        self._replace_mine = replace_mine
        self._frozen = {str(OutPoint.parse(outpoint)) for outpoint in ledger.frozen}
        self._origins = [abbreviate(str(account.external)) for account in ledger.keychain.accounts.values()]
        self._seen: dict[LineKey, tuple[int, LabelRecord]] = {}
        self._plan = Plan()

    def plan(self, records: Iterable[tuple[int, LabelRecord]]) -> Plan:
        for number, record in records:
            self._plan.read += 1
            key = self._place(record)
            before = self._seen.get(key)
            if before is None:
                self._seen[key] = number, record
                self._take(number, key, record)
            elif _content(before[1]) != _content(record):
                self._plan.twice.append((number, before[0]))
        return self._plan

    def _place(self, record: LabelRecord) -> LineKey:
        """Where a record belongs: with the wallet's own label, or by itself under its origin."""
        key = record.key
        own = LineKey(record.kind, record.reference)
        if record.label_kind is None or not record.origin:
            return key
        is_ours = any(same_origin(record.origin, origin) for origin in self._origins)
        taken = own in self._seen and self._seen[own][1].origin != record.origin
        return own if is_ours and not taken else key

    def _take(self, number: int, key: LineKey, record: LabelRecord) -> None:
        if record.label_kind is None or key.origin:
            if self._ledger.notes.lines.get(key) != record.line:
                self._plan.lines[key] = record.line
            return
        self._take_label(number, record)
        self._take_mark(number, record)
        plain = replace(record, label=record.label or None)
        if plain.says_more and self._ledger.notes.lines.get(key) != record.line:
            self._plan.lines[key] = record.line

    def _take_label(self, number: int, record: LabelRecord) -> None:
        if record.label is None:
            return
        key = LabelKey(LabelKind(record.kind), record.reference)
        mine = self._ledger.label(key.kind, key.reference)
        if mine == record.label:
            self._plan.unchanged += 1
            return
        if mine:
            self._plan.conflicts.append(Conflict(number, record, mine, record.label))
        if not mine or self._replace_mine:
            self._plan.labels[key] = record.label

    def _take_mark(self, number: int, record: LabelRecord) -> None:
        if record.spendable is None or record.spendable == (record.reference not in self._frozen):
            return
        if record.spendable:
            self._plan.conflicts.append(Conflict(number, record, "frozen", "spendable"))
        if not record.spendable or self._replace_mine:
            self._plan.frozen[record.reference] = not record.spendable


def _content(record: LabelRecord) -> object:
    return json.loads(record.line)
