"""What practice mode is handed from outside, importable before any of it is needed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wallet.engine import api


@dataclass(frozen=True, slots=True)
class PracticeParts:
    """What `wallet.app` hands in: how the play network starts, and an engine for it."""

    start_world: Callable[[], Awaitable[api.Practice]]
    make_engine: Callable[[api.EngineOptions], api.Engine]
