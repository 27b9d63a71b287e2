"""An engine whose every free text is hostile: whatever a page shows of it must appear literally and harmlessly."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar, cast

from wallet.engine import api

T = TypeVar("T")

MARK: Final = "<b>bold</b>"
LINES: Final = "one\ntwo"
HOSTILE: Final = (
    f'{MARK}<img src="wren:icons/lock.svg">&amp; &Y \u202egpj.exe\u202c\u2066\u200b\ufeff\x07\x1b[31m\x00{LINES}'
    + "W" * 150
)
FREE_TEXTS: Final = frozenset(
    (
        *(
            "about",
            "advice",
            "detail",
            "earlier",
            "error",
            "label",
            "message",
            "mine",
            "name",
            "note",
            "notice",
            "reason",
        ),
        *("text", "theirs", "user_agent", "warning"),
    )
)
"""The fields of answers that hold words of somebody's: a payer's, a peer's, a file's, or made of them."""
WORDS_OF_OURS: Final = frozenset(
    ((api.WalletInfo, "name"), (api.CoinRow, "warning"), (api.HistoryRow, "warning"), (api.PaymentWarning, "code"))
)
"""Names of files, and codes, by which the window decides."""


def spoil(value: T) -> T:
    """The same value with every free text in it hostile."""
    if isinstance(value, tuple):
        return cast("T", tuple(spoil(item) for item in value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed: dict[str, Any] = {}
    for field in fields(value):
        held = getattr(value, field.name)
        free = field.name in FREE_TEXTS and (type(value), field.name) not in WORDS_OF_OURS
        changed[field.name] = HOSTILE if free and isinstance(held, str) else spoil(held)
    return cast("T", replace(value, **changed))


class SpoiltEngine:
    """The real engine, but for its words."""

    def __init__(self, engine: api.Engine) -> None:
        self._engine = engine

    async def run(self, command: api.Command[T]) -> T:
        try:
            return spoil(await self._engine.run(command))
        except api.WrenError as error:
            raise api.WrenError(error.code, HOSTILE) from error

    def subscribe(self, listener: api.Listener) -> Callable[[], None]:
        return self._engine.subscribe(lambda event: listener(spoil(event)))

    async def close(self) -> None:
        await self._engine.close()
