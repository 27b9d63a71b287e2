"""`sync --follow`: a JSON line for every change, until the command is ended."""

import argparse
import asyncio
import json
import sys

from wallet.cli.commands import Answer, open_wallet
from wallet.cli.output import plain
from wallet.engine import api


def _line(event: api.Event) -> None:
    facts = {"event": type(event).__name__, **_facts(event)}
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _facts(event: api.Event) -> dict[str, object]:
    match event:
        case api.SyncChanged(status):
            shaped = plain(status)
            return dict(shaped) if isinstance(shaped, dict) else {}
        case api.WalletChanged(kinds):
            return {"kinds": sorted(kinds)}
        case api.EngineFailed(code, message):
            return {"code": code, "message": message}


async def follow(engine: api.Engine, options: argparse.Namespace) -> Answer:
    """Stay in sync and report until a signal ends the command, or nobody reads any more (BrokenPipeError)."""
    await open_wallet(engine, options)
    reader_left: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def report(event: api.Event) -> None:
        try:
            _line(event)
        except BrokenPipeError as error:
            if not reader_left.done():
                reader_left.set_exception(error)

    unsubscribe = engine.subscribe(report)
    syncing = asyncio.ensure_future(engine.run(api.Synchronise(options.timeout)))
    try:
        await asyncio.wait((syncing, reader_left), return_when=asyncio.FIRST_COMPLETED)
        if syncing.done():
            await syncing
        await reader_left
    except asyncio.CancelledError:
        return None
    finally:
        unsubscribe()
        syncing.cancel()
        reader_left.cancel()
    return None
