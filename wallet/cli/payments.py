"""The commands that hand out and prove: broadcast, proof, verify-proof."""

import argparse
import json
import sys
from pathlib import Path

from wallet.bitcoin.psbt import PsbtError
from wallet.bitcoin.psbt_files import find_psbt
from wallet.cli.commands import Answer, open_wallet
from wallet.cli.output import pick
from wallet.engine import api

_FILE_LIMIT = 9_000_000


def read_file(path: str, limit: int) -> bytes:
    """What is in a file, or comes from stdin for -. Raises WrenError not_found or refused."""
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
        text = _transaction_hex(read_file(text, _FILE_LIMIT))
    return await engine.run(api.BroadcastTransaction(text, options.timeout))


def _transaction_hex(raw: bytes) -> str:
    """A transaction file: hex, the bytes themselves, or a finished PSBT in either of its forms."""
    text = raw.decode("ascii", "replace").strip()
    if _is_hex(text):
        return text
    try:
        if (psbt := find_psbt(raw)) is not None:
            return psbt.finalize().extract().serialize().hex()
    except PsbtError as error:
        raise api.WrenError("bad_psbt", str(error)) from error
    return raw.hex()


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
        document = json.loads(read_file(options.file, _FILE_LIMIT))
    except (ValueError, RecursionError) as error:
        message = f"{options.file} is not a proof file: it is not JSON"
        raise api.WrenError("corrupt", message) from error
    if not isinstance(document, dict):
        message = f"{options.file} is not a proof file: it holds no JSON object"
        raise api.WrenError("corrupt", message)
    verdict = await engine.run(api.VerifyProof(document))
    return pick(verdict, "valid", "known", "txid", "height", "confirmations")
