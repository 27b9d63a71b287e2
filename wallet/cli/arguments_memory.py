"""The grammar of the commands about requests, labels, people, search and the rate, and what `history` can write."""

import argparse
from collections.abc import Callable
from datetime import date


def day(text: str) -> date:
    """An ISO date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date such as 2024-05-31"
        raise argparse.ArgumentTypeError(message) from None


def add_history(add: Callable[..., argparse.ArgumentParser]) -> None:
    """history, and its statement."""
    command = add("history", "all transactions, newest first")
    command.add_argument("--export", metavar="F.csv", help="write them to this CSV file, oldest first, with balances")
    command.add_argument("--since", type=day, metavar="DATE", help="a statement's first day (UTC)")
    command.add_argument("--until", type=day, metavar="DATE", help="a statement's last day (UTC)")
    command.add_argument("--overwrite", action="store_true", help="also over a file that is no such export")


def add_memory(add: Callable[..., argparse.ArgumentParser], positive: Callable[[str], int]) -> None:
    """requests, labels, contacts, search, rate. positive: reads a whole number above zero."""
    command = add("requests", "what was asked for with `receive`, and what became of it")
    command.add_argument("--all", action="store_true", help="also those that were put away")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--archive", metavar="ADDRESS", help="put this request away")
    which.add_argument("--unarchive", metavar="ADDRESS", help="bring this request back")
    which.add_argument("--delete", metavar="ADDRESS", help="forget this request; its address stays given out")
    command = add("labels", "all labels and frozen coins, to a file or from one (BIP329)")
    command.add_argument("action", choices=("export", "import"))
    command.add_argument("file", metavar="FILE")
    command.add_argument("--overwrite", action="store_true", help="export also over a file that is no such export")
    command.add_argument(
        "--conflicts",
        choices=("keep", "replace", "refuse"),
        default="keep",
        help="where the wallet says something else: keep that (the default), replace it, or refuse the file",
    )
    command.add_argument("--skip-bad", action="store_true", help="leave out lines that cannot be read")
    command.add_argument("--dry-run", action="store_true", help="only tell what an import would do")
    command = add("contacts", "people with their addresses")
    command.add_argument("action", choices=("add", "remove", "list"))
    command.add_argument("name", nargs="?", metavar="NAME")
    command.add_argument("address", nargs="?", metavar="ADDRESS", help="their newest address, or a bitcoin: link")
    command.add_argument("--note", metavar="TEXT", help="a word about them")
    command = add("search", "find by part of an id, an address, a label or a name, by an amount or a date")
    command.add_argument("text", metavar="TEXT")
    command.add_argument("--limit", type=positive, default=100, metavar="N", help="at most so many (100)")
    command = add("rate", "what a bitcoin is worth, by your own word; never asked of the network")
    command.add_argument("source", nargs="?", choices=("off", "hand", "file", "command"), help="where it comes from")
    command.add_argument("currency", nargs="?", metavar="CURRENCY", help="such as EUR")
    command.add_argument(
        "detail",
        nargs=argparse.REMAINDER,
        metavar="RATE | FILE | PROGRAM ARGUMENTS",
        help="the rate, the file that holds it, or the program that prints it",
    )


def wrong_use_of_memory(options: argparse.Namespace) -> str | None:
    """What is wrong with arguments that are each fine but do not fit together."""
    match options.command:
        case "contacts":
            wanted = {"add": 2, "remove": 1, "list": 0}[options.action]
            given = (options.name is not None) + (options.address is not None)
            return None if given == wanted else f"contacts {options.action} takes {_WANTED[wanted]}"
        case "rate" if options.source not in {None, "off"}:
            return None if options.currency and options.detail else f"rate {options.source} needs CURRENCY and more"
        case "rate":
            return "rate off takes nothing more" if options.currency or options.detail else None
        case "history":
            return "--overwrite belongs to --export" if options.overwrite and not options.export else None
        case _:
            return None


_WANTED = ("nothing more", "a NAME", "a NAME and an ADDRESS")


def memory_reads_only(options: argparse.Namespace) -> bool | None:
    """Whether one of these commands leaves the data folder as it is; None for other commands."""
    match options.command:
        case "requests":
            return not (options.archive or options.unarchive or options.delete)
        case "labels":
            return bool(options.action == "export" or options.dry_run)
        case "contacts":
            return bool(options.action == "list")
        case "search":
            return True
        case "rate":
            return options.source is None
        case _:
            return None
