"""The command line's grammar: every command, option and default, and nothing that acts."""

import argparse
from collections.abc import Callable
from datetime import date

from wallet.cli.arguments_keys import add_keys, add_wallets, wrong_use_of_keys
from wallet.cli.arguments_memory import add_history, add_memory, wrong_use_of_memory
from wallet.cli.arguments_messages import add_messages
from wallet.cli.arguments_payments import add_mending
from wallet.cli.arguments_psbt import add_payment, add_psbt
from wallet.cli.numbers import whole

NETWORKS = ("main", "testnet4", "testnet3", "signet", "regtest")
SCRIPT_TYPES = ("p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh")
LOG_LEVELS = ("debug", "info", "warning", "error")


def birthday(text: str) -> int | date:
    """A block height or an ISO date."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is neither a block height nor a date such as 2024-05-31"
        raise argparse.ArgumentTypeError(message) from None


def positive(text: str) -> int:
    """A whole number above zero."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 1 << 40:
        return int(text)
    message = f"{text!r} is not a whole number above zero"
    raise argparse.ArgumentTypeError(message)


def port(text: str) -> int:
    """A port to listen on."""
    if text.isascii() and text.isdigit() and int(text) < 65_536:
        return int(text)
    message = f"{text!r} is not a port: a number below 65,536"
    raise argparse.ArgumentTypeError(message)


def wrong_use(options: argparse.Namespace) -> str | None:
    """What is wrong with arguments that are each fine but do not fit together."""
    is_psbt = options.command == "psbt" and options.action == "create"
    if options.command != "send" and not is_psbt:
        return wrong_use_of_keys(options) or wrong_use_of_memory(options)
    if options.uri is not None and options.csv is not None:
        return "give either --uri or --csv, not both"
    if options.uri is not None:
        return "give either recipients or --uri, not both" if len(options.pairs) > 1 else None
    if options.csv is not None:
        return "give either recipients or --csv, not both" if options.pairs else None
    if not options.pairs or len(options.pairs) % 2:
        name = "psbt create" if is_psbt else "send"
        return f"{name} needs an ADDRESS and an AMOUNT for each recipient, or --uri, or --csv"
    return None


def positive_seconds(text: str) -> float:
    """A number of seconds above zero."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        message = f"{text!r} is not a number of seconds above zero"
        raise argparse.ArgumentTypeError(message)
    return seconds


def _add_global_options(parser: argparse.ArgumentParser, *, again: bool) -> None:
    """The options of every command; `again` lets them stand behind the command too without undoing the first place."""

    def add(*names: str, **keywords: object) -> None:
        if again:
            keywords["default"] = argparse.SUPPRESS
        group.add_argument(*names, **keywords)  # type: ignore[arg-type]  # typeshed spells each keyword out

    group = parser.add_argument_group("options of every command")
    add("--network", choices=NETWORKS, default="main", help="which Bitcoin network (main)")
    add("--data-dir", metavar="DIR", help="where Wren keeps its files")
    add("--wallet", metavar="NAME", help="which wallet; not needed where there is only one")
    # Lists before and behind the command are kept apart, or the second would drop the first.
    peers = "more_peers" if again else "peer"
    add("--peer", dest=peers, metavar="HOST:PORT", action="append", default=[], help="only connect to this node")
    add("--proxy", metavar="HOST:PORT", help="SOCKS5 proxy, such as Tor's")
    add("--offline", action="store_true", default=False, help="never connect")
    discovery = "bloom: the node named with --peer finds your payments, and is believed that it leaves none out"
    add("--discovery", choices=("filters", "bloom"), default="filters", help=discovery)
    add("--vault", choices=("auto", "keyring", "file"), default="auto", help="where a new wallet's keys are kept")
    add("--password-file", metavar="F", help="read the wallet's password from the first line of this file")
    add("--no-password", action="store_true", default=False, help="the wallet has no password (not advised)")
    add("--passphrase-file", metavar="F", help="read the BIP39 passphrase from the first line of this file")
    add("--account", metavar="N", type=whole, help="which account of the wallet")
    add("--json", action="store_true", default=False, help="answer with one JSON value")
    add("--log-level", choices=LOG_LEVELS, default="warning", help="how much to report on stderr")


def _wallet_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    add_wallets(add)
    command = add("create", "make a new wallet and show its seed words")
    command.add_argument("--words", type=int, choices=(12, 15, 18, 21, 24), default=12, help="how many words (12)")
    command = add("restore", "restore a wallet; reads a phrase, key, descriptor or backup from stdin")
    command.add_argument("--birthday", type=birthday, metavar="HEIGHT|DATE", help="scan from here; else from genesis")
    command.add_argument("--type", action="append", choices=SCRIPT_TYPES, default=[], help="only this script type")
    command = add("sync", "connect and wait until everything is found and proven")
    command.add_argument("--timeout", type=positive_seconds, metavar="S", help="give up after this many seconds")
    command.add_argument("--follow", action="store_true", help="go on, with a JSON line per change, until ended")
    add("status", "the wallet and the chain, as stored")
    add("balance", "what the wallet holds")
    command = add("receive", "a fresh address")
    command.add_argument("--type", choices=SCRIPT_TYPES, help="script type; the wallet's default otherwise")
    command.add_argument("--label", default="", metavar="L")
    command.add_argument("--amount", metavar="SATS", help="ask for this much, in satoshis or as 0.001btc")
    command.add_argument("--expires", type=positive, metavar="S", help="the request ends after this many seconds")
    add("addresses", "all addresses given out or used")
    add("coins", "all unspent coins")
    add_history(add)
    command = add("descriptors", "the public descriptors; --private shows the private ones")
    command.add_argument("--private", action="store_true", help="with private keys: anyone who sees them can spend")


def _payment_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    command = add("send", "pay: prepare, sign, store and broadcast")
    add_payment(command)
    command.add_argument("--dry-run", action="store_true", help="prepare and show, do not sign or send")
    command.add_argument("--timeout", type=positive_seconds, default=30.0, metavar="S", help="wait for peers (30)")
    command = add("broadcast", "hand a signed transaction to the network")
    command.add_argument("transaction", metavar="FILE|HEX")
    command.add_argument("--timeout", type=positive_seconds, default=30.0, metavar="S")
    command = add("proof", "the Merkle proof of a confirmed transaction")
    command.add_argument("txid", metavar="TXID")
    command.add_argument("--out", metavar="FILE", help="write it to this file")
    command = add("verify-proof", "check a proof file against the headers that we hold")
    command.add_argument("file", metavar="FILE")
    add("peers", "the nodes that we are connected to")
    add("fees", "what to pay for a place in the next blocks, reckoned from the newest ones")
    psbt = add("psbt", "partially signed transactions")
    add_psbt(psbt, lambda action: _add_global_options(action, again=True))
    add_messages(add)


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar; usage errors exit with 2, as argparse does."""
    from wallet.cli.arguments_accounts import account_commands

    parser = argparse.ArgumentParser(prog="wren", description="A Bitcoin wallet that verifies for itself.")
    _add_global_options(parser, again=False)
    parser.add_argument("--version", action="store_true", help="print the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        _add_global_options(command, again=True)
        return command

    command = add("practice", "a network of play money for tests and scripts; reads orders on stdin")
    command.add_argument("--port", type=port, default=0, metavar="P", help="listen here; a free port otherwise")
    window = add("gui", "open the window (the default)")
    window.add_argument("uri", nargs="?", metavar="URI", help="a bitcoin: link to pay")
    _wallet_commands(add)
    _payment_commands(add)
    add_keys(add)
    account_commands(add)
    add_memory(add, positive)
    add_mending(add, positive_seconds)
    return parser
