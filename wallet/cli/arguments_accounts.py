"""The grammar of the commands about accounts."""

import argparse
from collections.abc import Callable

from wallet.cli.arguments import SCRIPT_TYPES, birthday, positive


def account_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add `accounts` and `rescan`."""
    command = add("accounts", "the wallet's accounts; `accounts new` makes a further one")
    command.add_argument("action", nargs="?", choices=("new",), help="make a further account")
    command.add_argument("--type", choices=SCRIPT_TYPES, default="p2wpkh", help="script type of a new one (p2wpkh)")
    command = add("rescan", "look for payments again at the next sync, also where other wallets keep theirs")
    command.add_argument("--from", dest="start", type=birthday, metavar="HEIGHT|DATE", help="from here on")
    command.add_argument("--gap", type=positive, metavar="N", help="search deeper: N unused addresses end the search")
