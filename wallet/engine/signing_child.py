"""The vault child: a process spawned for one task that touches secrets, and ended with it.

It reads one request from its pipe, carries it out, and writes one answer. Before and after each call into the keyring
it says so, so that the other side can tell a keyring that hangs from a key derivation that takes its time. JSON, not
pickle: what comes out of this process is text and numbers. Errors cross as a code and one line; what an unexpected
exception says is dropped, since it could quote a secret.

This module imports little, since the spawning process imports it too; what knows secrets is imported by the child.
"""

import json
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, Final

from wallet.engine import hygiene

Message = dict[str, Any]
BUG: Final = "bug"


def main(connection: "Connection[Any, Any]") -> None:
    """Carry out the one request that comes through `connection`; the target of the spawned process."""
    hygiene.end_with_parent()
    hygiene.keep_secrets_in()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to judge

    def announce(in_keyring: bool) -> None:
        _send(connection, {"keyring": in_keyring})

    request = json.loads(connection.recv_bytes())
    _send(connection, _carry_out(request, announce))
    connection.close()


def _carry_out(request: Message, announce: Callable[[bool], None]) -> Message:
    module = _module_of(request["task"])
    try:
        return {"answer": module.TASKS[request["task"]](request, announce)}
    except module.ERRORS as error:
        return {"error": [error.code, str(error)]}
    # The one place where everything ends: a traceback would go to the terminal, and its message may quote a secret.
    except Exception as error:  # noqa: BLE001
        return {"error": [BUG, _where(error)]}


def _module_of(task: str) -> ModuleType:
    """The module that knows a task; the one with the curve and the word lists only where it is needed."""
    from wallet.engine import signing_home

    if task in signing_home.TASKS:
        return signing_home
    from wallet.engine import signing_backup, signing_sweep, signing_tasks

    for module in (signing_backup, signing_sweep):
        if task in module.TASKS:
            return module
    return signing_tasks


def _where(error: BaseException) -> str:
    """The type of an exception and the line that raised it, without a word of its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} in {place}"


def _send(connection: "Connection[Any, Any]", message: Message) -> None:
    connection.send_bytes(json.dumps(message).encode())
