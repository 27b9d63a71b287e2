"""What a process that holds keys owes to its user: no core dump, no onlooker, and no life after its parent's.

Each measure is taken where the platform has it. On Windows and macOS the parent's end is noticed by a thread alone.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4


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


def _prctl(option: int, value: int) -> None:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")
