"""The commands that pay and prove: send, broadcast, proof, verify-proof, psbt."""

import argparse
import base64
import json
import sys
from pathlib import Path

from wallet.bitcoin.address import AddressError
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.uri import UriError, parse_uri
from wallet.cli import secrets_input
from wallet.cli.commands import Answer, open_wallet, satoshis
from wallet.cli.output import pick
from wallet.cli.psbt_view import describe
from wallet.engine import api

_FILE_LIMIT = 9_000_000
_PSBT_LIMIT = 2_000_000


def _recipients(options: argparse.Namespace) -> tuple[tuple[tuple[str, int | None], ...], str]:
    """The payees and a label, from pairs or from a link. Raises WrenError for what cannot be paid."""
    if options.uri is not None:
        return _from_uri(options)
    pairs = options.pairs
    found = tuple(
        (address, None if amount == "max" else satoshis(amount))
        for address, amount in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return found, options.label


def _from_uri(options: argparse.Namespace) -> tuple[tuple[tuple[str, int | None], ...], str]:
    try:
        link = parse_uri(options.uri, NETWORKS[options.network])
    except UriError as error:
        raise api.WrenError("bad_uri", str(error)) from error
    except AddressError as error:
        code: api.ErrorCode = "wrong_network" if error.code == "wrong_network" else "bad_address"
        raise api.WrenError(code, str(error)) from error
    amount = satoshis(options.pairs[0]) if options.pairs else link.amount
    if amount is None:
        message = "the link names no amount: add one, as in `wren send --uri LINK 15000`"
        raise api.WrenError("bad_amount", message)
    return ((link.address.text, amount),), options.label or link.label or ""


def _fee_rate(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1_000_000:
        message = f"{text!r} is not a fee rate in sat/vB"
        raise api.WrenError("bad_amount", message)
    return rate


async def send(engine: api.Engine, options: argparse.Namespace) -> Answer:
    recipients, label = _recipients(options)
    rate = _fee_rate(options.fee_rate)
    await open_wallet(engine, options)
    order = api.PreparePayment(
        recipients=recipients,
        fee_rate=rate,
        fee=options.fee,
        subtract_fee=options.subtract_fee,
        coins=tuple(options.coin),
        spend_unconfirmed=options.spend_unconfirmed,
        accept_fee=options.accept_fee,
        label=label,
        offline=options.offline or options.dry_run,
        timeout=options.timeout,
    )
    review = await engine.run(order)
    if options.dry_run:
        return _dry_run(review)
    command = api.SendPayment(
        review.id, secrets_input.password(options), timeout=options.timeout, broadcast=not options.offline
    )
    return await engine.run(command)


def _dry_run(review: api.PaymentReview) -> Answer:
    """The same shape as a payment that was sent, but without a transaction id: signatures would change it."""
    facts = pick(review, "fee", "fee_rate", "vsize", "amount", "change", "hex")
    return {"txid": None, **facts, "broadcast": None}


def _read(path: str, limit: int) -> bytes:
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                raw = file.read(limit + 1)
    except OSError as error:
        message = f"cannot read {path[:200]}: {error.strerror}"
        raise api.WrenError("not_found", message) from error
    if len(raw) > limit:
        message = f"{path} is larger than {limit} bytes"
        raise api.WrenError("refused", message)
    return raw


async def broadcast(engine: api.Engine, options: argparse.Namespace) -> Answer:
    text = options.transaction
    if _names_a_file(text) or not _is_hex(text):
        text = _read(text, _FILE_LIMIT).decode("ascii", "replace").strip()
    return await engine.run(api.BroadcastTransaction(text, options.timeout))


def _names_a_file(text: str) -> bool:
    """A transaction is longer than any name may be, which is an error to ask for."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)


async def proof(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    document = await engine.run(api.GetProof(options.txid))
    if options.out:
        try:
            Path(options.out).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            message = f"cannot write {options.out}: {error.strerror}"
            raise api.WrenError("refused", message) from error
    return document


async def verify_proof(engine: api.Engine, options: argparse.Namespace) -> Answer:
    try:
        document = json.loads(_read(options.file, _FILE_LIMIT))
    except (ValueError, RecursionError) as error:
        message = f"{options.file} is not a proof file: it is not JSON"
        raise api.WrenError("corrupt", message) from error
    if not isinstance(document, dict):
        message = f"{options.file} is not a proof file: it holds no JSON object"
        raise api.WrenError("corrupt", message)
    verdict = await engine.run(api.VerifyProof(document))
    return pick(verdict, "valid", "known", "txid", "height", "confirmations")


def _psbt_text(path: str) -> str:
    raw = _read(path, 2 * _PSBT_LIMIT)
    if raw.startswith(b"psbt\xff"):
        return base64.b64encode(raw).decode()
    text = raw.decode("ascii", "replace").strip()
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        message = f"{path} is neither a binary PSBT nor base64"
        raise api.WrenError("bad_psbt", message) from None
    return text


async def psbt(engine: api.Engine, options: argparse.Namespace) -> Answer:
    text = _psbt_text(options.file)
    if options.action == "show":
        return describe(text, NETWORKS[options.network])
    await open_wallet(engine, options)
    return await engine.run(api.SignPsbt(text, secrets_input.password(options)))
