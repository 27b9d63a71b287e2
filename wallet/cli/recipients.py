"""Whom `send` pays: from the arguments, from a payment link, or from a CSV file."""

import argparse
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.uri import UriError, parse_uri
from wallet.cli.commands import satoshis
from wallet.cli.output import safe_line
from wallet.engine.api import WrenError

MAX_RECIPIENTS = 1_000
MAX_BYTES = 1_000_000
MAX_LABEL = 255
_EVERYTHING = "max"

Pair = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Payees:
    """Addresses with their amounts (None: all that is left), the payment's label, and labels of single addresses.

    other_ways: what else a link offers, which is not used.
    """

    pairs: tuple[Pair, ...]
    label: str
    address_labels: tuple[tuple[str, str], ...] = ()
    other_ways: tuple[str, ...] = ()


def payees(options: argparse.Namespace) -> Payees:
    """Whom the options of `send` name. Raises WrenError for what cannot be paid."""
    if options.uri is not None:
        return _from_uri(options)
    if options.csv is not None:
        return _from_csv(options)
    texts = options.pairs
    pairs = tuple((address, _amount(amount)) for address, amount in zip(texts[::2], texts[1::2], strict=True))
    return Payees(pairs, options.label)


def _amount(text: str) -> int | None:
    return None if text == _EVERYTHING else satoshis(text)


def _from_uri(options: argparse.Namespace) -> Payees:
    try:
        link = parse_uri(options.uri, NETWORKS[options.network])
    except UriError as error:
        raise WrenError("bad_uri", str(error)) from error
    except AddressError as error:
        raise WrenError(error.code, str(error)) from error
    amount = _amount(options.pairs[0]) if options.pairs else link.amount
    if amount is None and not options.pairs:
        message = "the link names no amount: add one, as in `wren send --uri LINK 15000`"
        raise WrenError("bad_amount", message)
    said = safe_line(link.label or link.message or "")[:MAX_LABEL]
    return Payees(((link.address.text, amount),), options.label or said, other_ways=link.other_ways)


def _from_csv(options: argparse.Namespace) -> Payees:
    rows = _rows(options.csv)
    pairs: list[Pair] = []
    labels: list[tuple[str, str]] = []
    for number, row in rows:
        try:
            address, amount, label = _payee(row, options.network)
        except WrenError as error:
            raise WrenError(error.code, f"{options.csv}, line {number}: {error.message}") from error
        pairs.append((address, amount))
        if label:
            labels.append((address, label))
        if len(pairs) > MAX_RECIPIENTS:
            message = f"{options.csv}, line {number}: one payment has at most {MAX_RECIPIENTS} recipients: send two"
            raise WrenError("refused", message)
    if not pairs:
        message = f"{options.csv} names nobody: each line is address,amount or address,amount,label"
        raise WrenError("bad_address", message)
    return Payees(tuple(pairs), options.label, tuple(labels))


def _rows(path: str) -> list[tuple[int, list[str]]]:
    """The lines that say something, with their numbers; a line of headings at the top is passed over."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise WrenError("not_found", message) from error
    if len(raw) > MAX_BYTES:
        message = f"{path} is larger than {MAX_BYTES} bytes"
        raise WrenError("refused", message)
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        found = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"{path} is not a CSV file: {error}"
        raise WrenError("refused", message) from error
    filled = [(number, row) for number, row in found if any(row)]
    if filled and [cell.lower() for cell in filled[0][1]] in (["address", "amount"], ["address", "amount", "label"]):
        del filled[0]
    return filled


def _payee(row: list[str], network: str) -> tuple[str, int | None, str]:
    if not 2 <= len(row) <= 3:
        message = f"a line is address,amount or address,amount,label, this one has {len(row)} parts"
        raise WrenError("bad_amount" if len(row) == 1 else "refused", message)
    try:
        address = parse_address(row[0], NETWORKS[network]).text
    except AddressError as error:
        raise WrenError(error.code, str(error)) from error
    label = safe_line(row[2]) if len(row) == 3 else ""
    if len(label) > MAX_LABEL:
        message = f"a label has at most {MAX_LABEL} characters, this one has {len(label)}"
        raise WrenError("refused", message)
    return address, _amount(row[1]), label
