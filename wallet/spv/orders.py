"""Who waits for an answer of the network: one future for each order."""

import asyncio
from typing import Any

from wallet.spv.sync_types import Token


class Orders:
    """The orders that somebody waits for, by token. What an order's answer is, its token's owner knows."""

    def __init__(self) -> None:
        self._answers: dict[Token, asyncio.Future[Any]] = {}

    def begin(self, token: Token) -> asyncio.Future[Any]:
        """Wait for an order's answer."""
        answer = self._answers[token] = asyncio.get_running_loop().create_future()
        return answer

    def end(self, token: Token) -> None:
        """Nobody waits for it any more."""
        self._answers.pop(token, None)

    def resolve(self, token: Token, value: object) -> None:
        """The answer to an order is there."""
        answer = self._answers.get(token)
        if answer is not None and not answer.done():
            answer.set_result(value)

    def refuse(self, token: Token, error: BaseException) -> None:
        """An order will not be answered."""
        answer = self._answers.get(token)
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def refuse_all(self, error: BaseException) -> None:
        """No order will be answered."""
        for token in [*self._answers]:
            self.refuse(token, error)
