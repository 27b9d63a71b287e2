"""The command that sweeps a private key's coins into the wallet."""

import argparse

from wallet.cli import secrets_input
from wallet.cli.commands import Answer, open_wallet
from wallet.cli.commands_payments import fee_rate
from wallet.cli.output import pick
from wallet.engine import api


async def sweep(engine: api.Engine, options: argparse.Namespace) -> Answer:
    """The answer has the shape of `send`'s."""
    key = secrets_input.first_line(options.file, "key")
    rate = fee_rate(options.fee_rate)
    await open_wallet(engine, options)
    review = await engine.run(
        api.PrepareSweep(key, rate, options.start, options.label, options.search_timeout, accept_fee=options.accept_fee)
    )
    if options.dry_run:
        facts = pick(review, "fee", "fee_rate", "vsize", "amount", "hex")
        hex_text = facts.pop("hex")
        return {"txid": None, **facts, "change": 0, "hex": hex_text, "broadcast": None}
    return await engine.run(api.SendSweep(review.id, key, options.timeout, broadcast=not options.offline))
