"""From arguments to options: apart from the commands themselves, because the window starts through here too."""

import argparse
from collections.abc import Sequence

from wallet.cli.arguments import build_parser, wrong_use
from wallet.cli.arguments_keys import reads_only
from wallet.cli.arguments_memory import memory_reads_only
from wallet.engine import api

_READERS = frozenset(
    {
        *("status", "balance", "addresses", "coins", "history", "descriptors", "peers", "fees"),
        *("proof", "verify-proof", "psbt", "sign-message", "verify-message"),
    }
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments; prints and exits on wrong usage, as argparse does."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if (fault := wrong_use(options)) is not None:
        parser.error(fault)
    options.peer = [*options.peer, *getattr(options, "more_peers", [])]
    return options


def engine_options(options: argparse.Namespace) -> api.EngineOptions:
    """The engine's share of the global options."""
    command = options.command or "gui"
    reads = reads_only(options)
    if reads is None:
        reads = memory_reads_only(options)
    if reads is None:
        reads = command in _READERS or (command == "accounts" and options.action is None)
    return api.EngineOptions(
        network=options.network,
        data_dir=options.data_dir,
        peers=tuple(options.peer),
        proxy=options.proxy,
        offline=options.offline,
        discovery=options.discovery,
        read_only=reads,
    )
