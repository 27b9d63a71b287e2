"""Long lists of the engine's, fetched piece by piece: none of them holds up the window for long."""

from collections.abc import Callable
from typing import Final, TypeVar

from wallet.engine import api
from wallet.ui.bridge import Bridge

T = TypeVar("T")

PIECE: Final = 1_000
"""Rows that are read from the pipe in some milliseconds."""


async def fetch_all(bridge: Bridge, piece: Callable[[int, int], api.Command[tuple[T, ...]]]) -> list[T]:
    """Everything that a command answers. piece: the command for so many rows from a number on.

    What changes meanwhile is announced, and then the list is fetched anew.
    """
    found: list[T] = []
    while True:
        rows = await bridge.run(piece(len(found), PIECE))
        found += rows
        if len(rows) < PIECE:
            return found
