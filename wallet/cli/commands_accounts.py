"""The commands about accounts, and about looking for payments again."""

import argparse

from wallet.cli import secrets_input
from wallet.cli.commands import Answer, open_wallet
from wallet.engine import api


async def accounts(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    if options.action == "new":
        return await engine.run(api.NewAccount(secrets_input.password(options), options.type))
    return await engine.run(api.GetAccounts())


async def rescan(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    return await engine.run(api.Rescan(options.start, options.gap))
