"""The commands that pay."""

import argparse
import sys

from wallet.cli import secrets_input
from wallet.cli.commands import Answer, open_wallet
from wallet.cli.numbers import decimal
from wallet.cli.output import pick, safe_line
from wallet.cli.recipients import payees
from wallet.engine import api

PRESETS: dict[str, api.Preset] = {"fast": "fast", "normal": "normal", "slow": "slow"}


def fee_rate(text: str | None) -> float | None:
    """A rate in sat/vB; None for a preset, or where nothing is said."""
    if text is None or text in PRESETS:
        return None
    rate = decimal(text)
    if rate is None or not 0 < rate < 1_000_000:
        message = f"{text!r} is not a fee rate in sat/vB, nor one of {', '.join(PRESETS)}"
        raise api.WrenError("bad_amount", message)
    return rate


async def send(engine: api.Engine, options: argparse.Namespace) -> Answer:
    review = await prepare(engine, options, offline=options.offline or options.dry_run, seconds=options.timeout)
    if options.dry_run:
        return _dry_run(review)
    return await engine.run(_order_to_send(review, options))


async def prepare(
    engine: api.Engine, options: argparse.Namespace, *, offline: bool, seconds: float
) -> api.PaymentReview:
    """Open the wallet and prepare the payment that the options ask for. Raises WrenError for what cannot be paid."""
    whom = payees(options)
    rate = fee_rate(options.fee_rate)
    await open_wallet(engine, options)
    order = api.PreparePayment(
        recipients=whom.pairs,
        fee_rate=rate,
        fee=options.fee,
        subtract_fee=options.subtract_fee,
        coins=tuple(options.coin),
        spend_unconfirmed=options.spend_unconfirmed,
        accept_fee=options.accept_fee,
        label=whom.label,
        offline=offline,
        timeout=seconds,
        preset=PRESETS.get(options.fee_rate or "", "normal"),
        account=options.account,
        address_labels=whom.address_labels,
        note=options.note,
    )
    review = await engine.run(order)
    look_at(review)
    if whom.other_ways:
        sys.stderr.write(f"note: the link's other ways to pay are not used: {', '.join(whom.other_ways)}\n")
    return review


def _order_to_send(review: api.PaymentReview, options: argparse.Namespace) -> api.SendPayment:
    return api.SendPayment(
        review.id, secrets_input.password(options), timeout=options.timeout, broadcast=not options.offline
    )


def look_at(review: api.PaymentReview) -> None:
    """Say what is worth a look, on stderr. Raises WrenError fee_too_high for a fee that nobody has accepted."""
    for warning in review.warnings:
        if warning.blocking:
            message = f"{warning.text}; to pay it all the same, add --accept-fee {review.fee}"
            raise api.WrenError("fee_too_high", message)
    for warning in review.warnings:
        sys.stderr.write(f"warning: {safe_line(warning.text)}\n")


def _dry_run(review: api.PaymentReview) -> Answer:
    """The same shape as a payment that was sent, but without a transaction id: signatures would change it."""
    facts = pick(review, "fee", "fee_rate", "vsize", "amount", "change", "hex")
    return {"txid": None, **facts, "broadcast": None}


async def bump(engine: api.Engine, options: argparse.Namespace) -> Answer:
    return await _mend(engine, api.PrepareBump, options)


async def cancel(engine: api.Engine, options: argparse.Namespace) -> Answer:
    return await _mend(engine, api.PrepareCancel, options)


async def _mend(
    engine: api.Engine, kind: type[api.PrepareBump] | type[api.PrepareCancel], options: argparse.Namespace
) -> Answer:
    rate = fee_rate(options.fee_rate)
    await open_wallet(engine, options)
    order = kind(
        options.txid,
        fee_rate=rate,
        accept_fee=options.accept_fee,
        offline=options.offline,
        timeout=options.timeout,
        preset=PRESETS.get(options.fee_rate or "", "fast"),
    )
    review = await engine.run(order)
    look_at(review)
    sent = await engine.run(_order_to_send(review, options))
    # What builds on a replaced payment falls with it; the one that was asked for is named.
    replaced = options.txid.lower() if options.txid.lower() in review.replaces else next(iter(review.replaces), None)
    facts = pick(sent, "fee", "fee_rate", "broadcast")
    return {"method": review.method, "txid": sent.txid, "replaces": replaced, **facts}


async def abandon(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    given_up = await engine.run(api.AbandonTransaction(options.txid, options.force))
    return {"txid": given_up[0], "abandoned": list(given_up)}


async def freeze(engine: api.Engine, options: argparse.Namespace) -> Answer:
    return await _set_frozen(engine, options, frozen=True)


async def unfreeze(engine: api.Engine, options: argparse.Namespace) -> Answer:
    return await _set_frozen(engine, options, frozen=False)


async def _set_frozen(engine: api.Engine, options: argparse.Namespace, *, frozen: bool) -> Answer:
    await open_wallet(engine, options)
    await engine.run(api.SetFrozen(options.coin, frozen))
    return {"outpoint": options.coin, "frozen": frozen}
