"""Labels, out to a file and in from one (BIP329)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from wallet.engine import api
from wallet.engine.files import read_import, write_export
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.session import Session
from wallet.ledger.bip329 import MAX_BYTES, LabelRecord, RecordError, parse_record, read_lines
from wallet.ledger.labelbook import Plan, carry_out, export_records, plan_import

_CHUNK: Final = 500
"""So many lines are read between two turns of the loop."""
_NAMED: Final = 5
"""How many lines an error names."""

Handler = Callable[[Any], Awaitable[object]]


class Labelling:
    """The commands about files of labels."""

    def __init__(self, parts: Parts, network: Network, session: Callable[[], Session]) -> None:
        self._parts = parts
        self._network = network
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {api.ExportLabels: self.export, api.ImportLabels: self.take}

    async def export(self, command: api.ExportLabels) -> api.FileWritten:
        lines = export_records(self._session().ledger)
        data = "".join(line + "\n" for line in lines).encode()
        write_export(command.path, data, _is_export, overwrite=command.overwrite)
        return api.FileWritten(command.path, len(lines))

    async def take(self, command: api.ImportLabels) -> api.LabelImport:
        session = self._session()
        data = read_import(command.path, MAX_BYTES)
        records, bad = await self._records(data)
        if self._session() is not session:
            raise api.WrenError("refused", "the wallet was closed before its labels were imported")
        # Nothing waits from here on: what the plan finds is what it changes.
        plan = plan_import(session.ledger, records, replace_mine=command.conflicts == "replace")
        bad += [api.BadLine(number, f"it says something else than line {other}") for number, other in plan.twice]
        bad.sort(key=lambda each: each.line)
        if not command.dry_run:
            _refuse(command, plan, bad)
            carry_out(session.ledger, plan)
            self._network.commit()
        return _report(plan, bad, changed=not command.dry_run)

    async def _records(self, data: bytes) -> tuple[list[tuple[int, LabelRecord]], list[api.BadLine]]:
        records: list[tuple[int, LabelRecord]] = []
        bad: list[api.BadLine] = []
        try:
            for number, line in read_lines(data):
                if number % _CHUNK == 0:
                    await asyncio.sleep(0)
                try:
                    records.append((number, parse_record(line, self._parts.params)))
                except RecordError as error:
                    bad.append(api.BadLine(number, str(error)))
        except RecordError as error:
            raise api.WrenError("refused", str(error)) from error
        return records, bad


def _is_export(head: bytes) -> bool:
    """Whether a file begins as a file of labels does."""
    first = head.lstrip().partition(b"\n")[0]
    return first.startswith(b"{") and b'"type"' in first and b'"ref"' in first


def _refuse(command: api.ImportLabels, plan: Plan, bad: list[api.BadLine]) -> None:
    if bad and not command.skip_bad:
        named = "; ".join(f"line {each.line}: {each.reason}" for each in bad[:_NAMED])
        more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise api.WrenError("refused", f"nothing was imported: {named}{more} (--skip-bad takes the other lines)")
    if plan.conflicts and command.conflicts == "refuse":
        lines = ", ".join(str(each.line) for each in plan.conflicts[:_NAMED])
        more = ", …" if len(plan.conflicts) > _NAMED else ""
        message = f"nothing was imported: {len(plan.conflicts)} differ from this wallet (lines {lines}{more})"
        raise api.WrenError("refused", message)


def _report(plan: Plan, bad: list[api.BadLine], *, changed: bool) -> api.LabelImport:
    return api.LabelImport(
        changed=changed,
        read=plan.read,
        added=len(plan.labels),
        unchanged=plan.unchanged,
        frozen=sum(plan.frozen.values()),
        unfrozen=len(plan.frozen) - sum(plan.frozen.values()),
        kept=len(plan.lines),
        conflicts=tuple(
            api.LabelConflict(each.line, each.record.kind, each.record.reference, each.mine, each.theirs)
            for each in plan.conflicts
        ),
        bad=tuple(bad),
    )
