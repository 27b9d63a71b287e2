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
    """Stay in sync and report until a signal ends the command."""
    await open_wallet(engine, options)
    unsubscribe = engine.subscribe(_line)
    try:
        await engine.run(api.Synchronise(options.timeout))
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return None
    finally:
        unsubscribe()
    return None
