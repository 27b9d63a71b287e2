"""Messages: signed by an address of the wallet, and verified for any address."""

import argparse

from wallet.cli import secrets_input
from wallet.cli.commands import Answer, open_wallet
from wallet.engine import api


async def sign_message(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    command = api.SignMessage(options.address, options.text, secrets_input.password(options))
    return {"signature": await engine.run(command)}


async def verify_message(engine: api.Engine, options: argparse.Namespace) -> Answer:
    return {"valid": await engine.run(api.VerifyMessage(options.address, options.signature, options.text))}
