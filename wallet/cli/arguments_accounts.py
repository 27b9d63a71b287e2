"""The grammar of the commands about accounts."""

import argparse
from collections.abc import Callable

from wallet.cli.arguments import SCRIPT_TYPES, birthday, positive, positive_seconds
from wallet.cli.numbers import whole


def account_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add `accounts`, `rescan` and `sweep`."""
    command = add("accounts", "the wallet's accounts; `accounts new` makes a further one")
    command.add_argument("action", nargs="?", choices=("new",), help="make a further account")
    command.add_argument("--type", choices=SCRIPT_TYPES, default="p2wpkh", help="script type of a new one (p2wpkh)")
    command = add("rescan", "look for payments again at the next sync, also where other wallets keep theirs")
    command.add_argument("--from", dest="start", type=birthday, metavar="HEIGHT|DATE", help="from here on")
    command.add_argument("--gap", type=positive, metavar="N", help="search deeper: N unused addresses end the search")
    command = add("sweep", "send all coins of a private key (WIF), of every script type, to this wallet")
    command.add_argument("file", metavar="WIF-FILE", help="its first line is the key")
    command.add_argument("--from", dest="start", type=birthday, metavar="HEIGHT|DATE", help="look from here on only")
    command.add_argument("--fee-rate", metavar="R", help="sat/vB")
    command.add_argument("--accept-fee", type=whole, metavar="SATS", help="yes, pay this unusually high fee")
    command.add_argument("--label", default="", metavar="L")
    command.add_argument("--dry-run", action="store_true", help="find and show, do not sign or send")
    command.add_argument("--timeout", type=positive_seconds, default=30.0, metavar="S", help="wait for peers (30)")
    command.add_argument(
        "--search-timeout", type=positive_seconds, default=86_400.0, metavar="S", help="end the search after this"
    )
