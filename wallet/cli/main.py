"""Runs one command: carries the parsed command out, prints the answer, and decides the exit code.

Exit 0: done. Exit 1: one line on stderr that says what to do. Exit 2: wrong usage (argparse). No traceback reaches a
user: an exception that is nobody's fault but ours ends here, in one line, with its details in the log at level debug.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

from wallet.cli import (
    commands,
    commands_accounts,
    commands_keys,
    commands_memory,
    commands_messages,
    commands_payments,
    commands_psbt,
    commands_sweep,
    follow,
    payments,
)
from wallet.cli.options import engine_options
from wallet.cli.output import show, show_error
from wallet.engine import api

EngineFactory = Callable[[api.EngineOptions], api.Engine]

_COMMANDS: dict[str, commands.Runner] = {
    "wallets": commands_keys.wallets,
    "password": commands_keys.password,
    "words": commands_keys.words,
    "backup": commands_keys.backup,
    "repair": commands_keys.repair,
    "vault": commands_keys.vault,
    "create": commands.create,
    "restore": commands.restore,
    "sync": commands.sync,
    "status": commands.status,
    "balance": commands.balance,
    "receive": commands.receive,
    "addresses": commands.addresses,
    "coins": commands.coins,
    "history": commands_memory.history,
    "descriptors": commands.descriptors,
    "peers": commands.peers,
    "fees": commands.fees,
    "send": commands_payments.send,
    "bump": commands_payments.bump,
    "cancel": commands_payments.cancel,
    "abandon": commands_payments.abandon,
    "freeze": commands_payments.freeze,
    "unfreeze": commands_payments.unfreeze,
    "broadcast": payments.broadcast,
    "proof": payments.proof,
    "verify-proof": payments.verify_proof,
    "psbt": commands_psbt.psbt,
    "sign-message": commands_messages.sign_message,
    "verify-message": commands_messages.verify_message,
    "accounts": commands_accounts.accounts,
    "rescan": commands_accounts.rescan,
    "requests": commands_memory.requests,
    "labels": commands_memory.labels,
    "contacts": commands_memory.contacts,
    "search": commands_memory.search,
    "rate": commands_memory.rate,
    "sweep": commands_sweep.sweep,
}
log = logging.getLogger(__name__)


async def _carry_out(options: argparse.Namespace, make_engine: EngineFactory) -> commands.Answer:
    engine = make_engine(engine_options(options))
    runner = follow.follow if options.command == "sync" and options.follow else _COMMANDS[options.command]
    task = asyncio.ensure_future(runner(engine, options))
    _stop_on_signals(task)
    try:
        return await task
    except asyncio.CancelledError:
        message = "stopped; nothing was lost"
        raise api.WrenError("timeout", message) from None
    finally:
        await engine.close()


def _stop_on_signals(task: "asyncio.Future[commands.Answer]") -> None:
    """Ctrl+C and a polite kill end the command in good order: the engine closes its files first."""
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)


_HOW: Final = {"wallet_exists": " (--wallet)"}
"""How the command line does what a message asks for, where the window does it otherwise."""


def run(options: argparse.Namespace, make_engine: EngineFactory) -> int:
    """Carry out the parsed command. Answers the exit code."""
    try:
        # asyncio's debug mode logs what tasks return: the seed words of a new wallet, for one.
        answer = asyncio.run(_carry_out(options, make_engine), debug=False)
        if answer is not None:
            show(answer, as_json=options.json)
    except api.WrenError as error:
        show_error(error.code, error.message + _HOW.get(error.code, ""), as_json=options.json)
        return 1
    except KeyboardInterrupt:
        show_error("timeout", "stopped; nothing was lost", as_json=options.json)
        return 1
    except BrokenPipeError:
        # Whoever read our answer has left; Python would complain once more when it flushes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as bug:
        log.debug("a fault of ours", exc_info=bug)
        show_error("refused", f"Wren met a fault of its own: {type(bug).__name__}: {bug}", as_json=options.json)
        return 1
    return 0
