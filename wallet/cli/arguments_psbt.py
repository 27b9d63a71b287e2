"""The grammar of a payment, and of `psbt`: one action each, with its files."""

import argparse
from collections.abc import Callable

from wallet.cli.numbers import whole

Add = Callable[[argparse.ArgumentParser], None]
FILE = "a PSBT file, binary or base64; - is stdin"


def add_psbt(command: argparse.ArgumentParser, add_global_options: Add) -> None:
    """Give the command `psbt` its actions; `add_global_options` adds the options of every command to each."""
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        action: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
        add_global_options(action)
        action.add_argument("--out", metavar="FILE", help="write the result to this file, too")
        return action

    create = add("create", "prepare a payment for others, or another device, to sign")
    add_payment(create)
    create.add_argument("--psbt-version", type=int, choices=(0, 2), default=0, help="of the PSBT (0)")
    sign = add("sign", "sign what is this wallet's")
    sign.add_argument("files", nargs=1, metavar="FILE", help=FILE)
    sign.add_argument("--accept-fee", type=whole, metavar="SATS", help="yes, pay this unusually high fee")
    combine = add("combine", "make one PSBT of several copies with different signatures")
    combine.add_argument("files", nargs="+", metavar="FILE", help=FILE)
    finalize = add("finalize", "finish every input that has the signatures it needs")
    finalize.add_argument("files", nargs=1, metavar="FILE", help=FILE)
    show = add("show", "what it would do: inputs, outputs, fee, signatures, and what to look at")
    show.add_argument("files", nargs=1, metavar="FILE", help=FILE)
    extract = add("extract", "the finished transaction, in hex")
    extract.add_argument("files", nargs=1, metavar="FILE", help=FILE)


def add_payment(command: argparse.ArgumentParser) -> None:
    """Whom to pay, from what, and for which fee."""
    command.add_argument("pairs", nargs="*", metavar="ADDRESS AMOUNT", help="satoshis, 0.001btc, or max")
    command.add_argument("--uri", help="a bitcoin: payment link")
    command.add_argument("--csv", metavar="F", help="a file of lines address,amount or address,amount,label")
    command.add_argument("--fee-rate", metavar="R", help="sat/vB, or slow, normal, fast")
    command.add_argument("--fee", type=whole, metavar="SATS", help="the whole fee in satoshis")
    command.add_argument("--subtract-fee", action="store_true", help="take the fee from the amount")
    command.add_argument("--coin", action="append", default=[], metavar="TXID:N", help="spend this coin")
    command.add_argument("--spend-unconfirmed", action="store_true", help="also spend unproven coins of others")
    command.add_argument("--accept-fee", type=whole, metavar="SATS", help="yes, pay this unusually high fee")
    command.add_argument("--label", default="", metavar="L")
    command.add_argument("--note", default="", metavar="TEXT", help="advanced: text in the chain for all to read")
