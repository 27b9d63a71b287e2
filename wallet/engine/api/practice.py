"""The practice network as the window holds it: `wallet.app` starts it, outside the engine."""

from collections.abc import Mapping
from typing import Protocol


class Practice(Protocol):
    """A running practice node of our own, with play money.

    address: "host:port", for `EngineOptions.peers`.
    """

    @property
    def address(self) -> str: ...

    async def order(self, line: str) -> Mapping[str, object]:
        """Carry out an order (`wallet.practice.orders`); a refusal is an answer with the key "error"."""
        ...

    async def close(self) -> None:
        """End it; nothing of it stays."""
        ...
