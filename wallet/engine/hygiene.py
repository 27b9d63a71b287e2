"""What a process that holds keys owes to its user: no core dump, no onlooker, and no life after its parent's.

Each measure is taken where the platform has it. On Windows and macOS the parent's end is noticed by a thread alone.
"""

import ctypes
import logging
import multiprocessing
import os
import re
import signal
import sys
import threading
from multiprocessing.connection import wait
from typing import Final

from wallet.override import override

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4

# Extended private keys, WIF keys, and runs of twelve and more words that look like a seed phrase: 3-9 small letters
# each (prose seldom goes so far without a shorter word), or words of another script.
_SECRETS: Final = re.compile(
    r"\b[a-z]prv[1-9A-HJ-NP-Za-km-z]{100,}"
    r"|\b[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}\b"
    r"|\b(?:[a-z\u00e0-\u017f]{3,9} +){11,}[a-z\u00e0-\u017f]{3,9}\b"
    r"|(?:[^\x00-\x7f]+[ \u3000]+){11,}[^\x00-\x7f]+"
)

_FORMATTER: Final = logging.Formatter()


def forbid_core_dumps() -> None:
    """Write no core dump, whatever happens; children inherit it."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep_secrets_in() -> None:
    """Write no core dump and let no other process of the same user read this one's memory."""
    forbid_core_dumps()
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """End this process, a child that `multiprocessing` spawned, when its parent is gone, however it went.

    On Linux the kernel does it as well: SIGKILL when the *thread* that spawned this process ends.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="wren-parent", daemon=True).start()


class SecretFilter(logging.Filter):
    """Blots private keys and seed phrases out of log lines: a second line of defence, none should ever get there."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        clean = _SECRETS.sub("(secret)", text)
        if clean != text:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_text is None:
            # An exception's message can quote what it was given; the handlers print this text instead.
            record.exc_text = _SECRETS.sub("(secret)", _FORMATTER.formatException(record.exc_info))
        return True


def _prctl(option: int, value: int) -> None:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")
