"""The grammar of the commands that mend payments and freeze coins."""

import argparse
from collections.abc import Callable

from wallet.cli.numbers import whole


def add_mending(add: Callable[..., argparse.ArgumentParser], seconds: Callable[[str], float]) -> None:
    """bump, cancel, abandon, freeze, unfreeze. seconds: reads a number of seconds."""
    bump = add("bump", "raise the fee of a payment that waits: replace it, or spend it with a fee for both")
    cancel = add("cancel", "take back a payment that waits: its coins return to this wallet, less a fee")
    for command in (bump, cancel):
        command.add_argument("txid", metavar="TXID")
        command.add_argument("--fee-rate", metavar="R", help="sat/vB; else what is fast")
        command.add_argument("--accept-fee", type=whole, metavar="SATS", help="yes, pay this unusually high fee")
        command.add_argument("--timeout", type=seconds, default=30.0, metavar="S", help="wait for peers (30)")
    command = add("abandon", "give up a payment that never went out: its coins are free again")
    command.add_argument("txid", metavar="TXID")
    command.add_argument("--force", action="store_true", help="also one that peers were given, and may still have")
    for name, text in (("freeze", "keep a coin out of payments"), ("unfreeze", "let a frozen coin be spent again")):
        command = add(name, text)
        command.add_argument("coin", metavar="TXID:N")
