"""The grammar of the commands about keys."""

import argparse
from collections.abc import Callable


def add_keys(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add `password`, `words`, `backup`, `repair` and `vault`."""
    command = add("password", "change the wallet's password")
    command.add_argument("--new-password-file", metavar="F", help="the new one is the first line of F; - is stdin")
    command.add_argument("--new-no-password", action="store_true", help="give up the password (not advised)")
    add("words", "show the seed words; asks for the password")
    command = add(
        "backup", "write an encrypted backup that opens anywhere with the password; `restore < FILE` reads it"
    )
    command.add_argument("file", metavar="FILE", help="a new file")
    command = add("repair", "make a lost vault anew; reads the wallet's words or xprv from stdin, with a new password")
    command.add_argument("--database", action="store_true", help="instead: bring a damaged wallet.db's backup back")
    command = add("vault", "where the wallet's keys are; with a place, move them there")
    command.add_argument("to", nargs="?", choices=("keyring", "file"), help="move the keys there")


def add_wallets(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add `wallets` with its one action."""
    command = add("wallets", "list the wallets in the data folder; `wallets delete NAME` deletes one")
    command.add_argument("action", nargs="?", choices=("delete",), help="delete: keys, database and files")
    command.add_argument("name", nargs="?", metavar="NAME", help="which wallet to delete")
    command.add_argument("--confirm", metavar="NAME", help="its name once more; asked for at a terminal otherwise")


def wrong_use_of_keys(options: argparse.Namespace) -> str | None:
    """What is wrong with arguments that are each fine but do not fit together."""
    if options.command == "wallets" and options.action is not None and options.name is None:
        return "wallets delete needs the NAME of a wallet"
    if options.command == "password" and options.new_no_password and options.new_password_file:
        return "give either --new-password-file or --new-no-password"
    return None


def reads_only(options: argparse.Namespace) -> bool | None:
    """Whether a command about keys writes nothing to the data folder; None for other commands."""
    match options.command:
        case "words" | "backup":
            return True
        case "wallets":
            return options.action is None
        case "vault":
            return options.to is None
        case "password" | "repair":
            return False
        case _:
            return None
