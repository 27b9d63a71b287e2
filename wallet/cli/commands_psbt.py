"""`psbt`: create, sign, combine, finalize, show, extract."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.bitcoin.psbt_files import FILE_LIMIT, read_psbt
from wallet.cli import secrets_input
from wallet.cli.commands import Answer, open_wallet
from wallet.cli.commands_payments import prepare
from wallet.cli.output import pick
from wallet.cli.payments import read_file
from wallet.engine import api


def _load(path: str) -> Psbt:
    return read_psbt(read_file(path, FILE_LIMIT))


def _write(options: argparse.Namespace, content: bytes) -> None:
    if options.out is None:
        return
    try:
        Path(options.out).write_bytes(content)
    except OSError as error:
        message = f"cannot write {options.out}: {error.strerror}"
        raise api.WrenError("refused", message) from error


async def psbt(engine: api.Engine, options: argparse.Namespace) -> Answer:
    try:
        return await _ACTIONS[options.action](engine, options)
    except PsbtError as error:
        raise api.WrenError("bad_psbt", str(error)) from error


async def _create(engine: api.Engine, options: argparse.Namespace) -> Answer:
    """Prepare from what is stored; nothing is reserved, so a PSBT that is never signed costs nothing."""
    review = await prepare(engine, options, offline=True, seconds=0.0)
    made = Psbt.from_base64(review.psbt).to_version(options.psbt_version)
    _write(options, made.serialize())
    return {"psbt": made.to_base64(), **pick(review, "fee", "fee_rate", "vsize", "amount", "change")}


async def _sign(engine: api.Engine, options: argparse.Namespace) -> Answer:
    text = _load(options.files[0]).to_base64()
    await open_wallet(engine, options)
    review = await engine.run(api.ReviewPsbt(text))
    if sys.stderr.isatty():
        sys.stderr.write(f"pays {review.amount} satoshis to others, fee {review.fee} ({review.fee_rate} sat/vB)\n")
    signed = await engine.run(api.SignPsbt(text, secrets_input.password(options), options.accept_fee))
    _write(options, Psbt.from_base64(signed.psbt).serialize())
    return signed


async def _show(engine: api.Engine, options: argparse.Namespace) -> Answer:
    text = _load(options.files[0]).to_base64()
    await _open_if_possible(engine, options)
    return await engine.run(api.ReviewPsbt(text))


async def _open_if_possible(engine: api.Engine, options: argparse.Namespace) -> None:
    """Open the wallet so that it is said what is its own; without one, or its password, the rest is shown."""
    if options.wallet is not None:
        await open_wallet(engine, options)
        return
    wallets = [each for each in await engine.run(api.ListWallets()) if each.network == options.network]
    if len(wallets) == 1 and (not wallets[0].locked or options.password_file or options.no_password):
        await open_wallet(engine, options)


async def _combine(_engine: api.Engine, options: argparse.Namespace) -> Answer:
    first, *others = map(_load, options.files)
    return _answer(options, first.combine(*others))


async def _finalize(_engine: api.Engine, options: argparse.Namespace) -> Answer:
    return _answer(options, _load(options.files[0]).finalize())


def _answer(options: argparse.Namespace, made: Psbt) -> Answer:
    _write(options, made.serialize())
    return {"psbt": made.to_base64(), "complete": made.finalize().is_complete}


async def _extract(_engine: api.Engine, options: argparse.Namespace) -> Answer:
    transaction = _load(options.files[0]).finalize().extract()
    raw = transaction.serialize().hex()
    _write(options, f"{raw}\n".encode())
    return {"txid": str(transaction.txid), "hex": raw}


_ACTIONS: dict[str, Callable[[api.Engine, argparse.Namespace], Awaitable[Answer]]] = {
    "create": _create,
    "sign": _sign,
    "combine": _combine,
    "finalize": _finalize,
    "show": _show,
    "extract": _extract,
}
