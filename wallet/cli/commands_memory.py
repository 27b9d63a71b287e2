"""The commands about requests, labels, people, search and the rate, and the history with its files."""

import argparse
import sys
from datetime import UTC

from wallet.cli.commands import Answer, open_wallet
from wallet.cli.output import pick, safe_line
from wallet.engine import api

_HISTORY = ("txid", "height", "time", "amount", "fee", "label", "status", "proven", "replaced_by")
_CONTACT = ("name", "address", "note", "paid", "advice")


async def history(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    if options.export is not None:
        await engine.run(api.ExportHistory(options.export, options.since, options.until, options.overwrite))
    rows = await engine.run(api.GetHistory())
    return [pick(row, *_HISTORY) for row in rows if _lies_within(row, options)]


def _lies_within(row: api.HistoryRow, options: argparse.Namespace) -> bool:
    if row.time is None:
        return True
    day = row.time.astimezone(UTC).date()
    return (options.since is None or day >= options.since) and (options.until is None or day <= options.until)


async def requests(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    if options.delete is not None:
        await engine.run(api.DeleteRequest(options.delete))
    elif options.archive is not None:
        await engine.run(api.ArchiveRequest(options.archive))
    elif options.unarchive is not None:
        await engine.run(api.ArchiveRequest(options.unarchive, archived=False))
    rows = await engine.run(api.GetRequests(archived=options.all))
    return [pick(row, "address", "amount", "label", "expires", "state") for row in rows]


async def labels(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    if options.action == "export":
        return await engine.run(api.ExportLabels(options.file, options.overwrite))
    report = await engine.run(api.ImportLabels(options.file, options.conflicts, options.skip_bad, options.dry_run))
    for conflict in report.conflicts if sys.stderr.isatty() else ():
        text = f"{conflict.type} {conflict.ref} is {conflict.mine!r} here, {conflict.theirs!r} there"
        sys.stderr.write(f"note: line {conflict.line}: {safe_line(text)}\n")
    return report


async def contacts(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    if options.action == "add":
        row = await engine.run(api.SetContact(options.name, options.address, options.note))
        if row.advice:
            sys.stderr.write(f"warning: {safe_line(row.advice)}\n")
        return pick(row, *_CONTACT)
    if options.action == "remove":
        await engine.run(api.RemoveContact(options.name))
    return [pick(row, *_CONTACT) for row in await engine.run(api.GetContacts())]


async def search(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    found = await engine.run(api.Search(options.text, options.limit))
    if found.more:
        sys.stderr.write(f"note: there is more than these {len(found.hits)}: --limit shows it\n")
    return found.hits


async def rate(engine: api.Engine, options: argparse.Namespace) -> Answer:
    if options.source is None:
        return await engine.run(api.GetRate())
    return await engine.run(api.SetRate(options.source, options.currency or "", tuple(options.detail)))
