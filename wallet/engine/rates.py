"""What a bitcoin is worth in other money, by the user's own word: typed in, in a file, or from a command of theirs.

Off unless it is asked for, and never from the network by Wren. Amounts stay satoshis; this is for showing only. A
command is run without a shell, for a few seconds, and little of what it says is read.
"""

import asyncio
import json
import os
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Final, cast, get_args

from wallet.bitcoin.amount import COIN, Sats
from wallet.engine import api
from wallet.engine.parts import Parts
from wallet.engine.views import moment

SECONDS: Final = 10.0
MAX_BYTES: Final = 1_024
_MAX_DETAIL: Final = 50
_GRACE: Final = 1.0

_CURRENCY = re.compile(r"[A-Z]{3,5}")
_RATE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,8})?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")

Handler = Callable[[Any], Awaitable[object]]


class RateError(ValueError):
    """Why there is no rate, in words for the user."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one bitcoin is worth; time: in UTC."""

    value: Decimal
    currency: str
    time: datetime

    def worth(self, sats: Sats) -> Decimal:
        """What an amount is worth, to the hundredth."""
        return (self.value * sats / COIN).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def parse_rate(text: str, currency: str, otherwise: datetime) -> Rate:
    """A rate as a file or a command says it: `62000.50`, then perhaps the currency, then perhaps a date or time in UTC.

    Raises `RateError` for anything that is not plainly that. otherwise: the time where the text has none.
    """
    words = text.split()
    if not 1 <= len(words) <= 3 or _RATE.fullmatch(words[0]) is None:
        raise RateError("a rate is written like 62000.50, or 62000.50 EUR 2025-01-31T12:00:00Z")
    value = Decimal(words[0])
    if not value:
        raise RateError("a rate is above zero")
    rest = words[1:]
    if rest and _CURRENCY.fullmatch(rest[0]):
        if rest[0] != currency:
            raise RateError(f"the rate is in {rest[0]}, not in {currency}")
        rest = rest[1:]
    if len(rest) > 1 or (rest and _TIME.fullmatch(rest[0]) is None):
        raise RateError("what follows the rate is neither its currency nor its time")
    return Rate(value, currency, _time(rest[0]) if rest else otherwise)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=UTC)
    except ValueError:
        raise RateError("the rate's time is no time that there is") from None


class Rates:
    """The commands about the rate, and the rate itself for those that write it down."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {api.GetRate: self.get, api.SetRate: self.set}

    async def current(self) -> Rate | None:
        """The rate, None while it is off. Raises `RateError`."""
        settings = self._parts.settings
        source, currency = settings.text("rate_source", "off"), settings.text("rate_currency")
        detail = _detail(settings.text("rate_detail"))
        if source == "off" or source not in get_args(api.RateSource):
            return None
        if _CURRENCY.fullmatch(currency) is None or not detail:
            raise RateError("the settings of the rate are damaged: set it again")
        if source == "hand":
            when = moment(int(settings.number("rate_time")))
            return parse_rate(detail[0], currency, when or self._now())
        if source == "file":
            return _from_file(detail[0], currency)
        return parse_rate(await _ask(detail), currency, self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(int(self._parts.clock()), UTC)

    async def get(self, _command: api.GetRate) -> api.RateReport:
        settings = self._parts.settings
        source = settings.text("rate_source", "off")
        known = cast("api.RateSource", source if source in get_args(api.RateSource) else "off")
        facts = known, settings.text("rate_currency")
        detail = _detail(settings.text("rate_detail"))
        try:
            rate = await self.current()
        except RateError as error:
            return api.RateReport(*facts, None, None, detail, str(error))
        if rate is None:
            return api.RateReport("off", "", None, None, ())
        return api.RateReport(*facts, format(rate.value, "f"), rate.time, detail)

    async def set(self, command: api.SetRate) -> api.RateReport:
        settings = self._parts.settings
        if command.source == "off":
            settings.set(rate_source=None, rate_currency=None, rate_detail=None, rate_time=None)
            return await self.get(api.GetRate())
        try:
            await self._check(command)
        except RateError as error:
            raise api.WrenError("refused", str(error)) from error
        settings.set(
            rate_source=command.source,
            rate_currency=command.currency,
            rate_detail=json.dumps(command.detail),
            rate_time=int(self._parts.clock()),
        )
        return await self.get(api.GetRate())

    async def _check(self, command: api.SetRate) -> None:
        """Raise `RateError` unless the source could be one; it need not answer yet."""
        if _CURRENCY.fullmatch(command.currency) is None:
            raise RateError("a currency is three to five capital letters, like EUR")
        detail = command.detail
        if not 1 <= len(detail) <= _MAX_DETAIL or (command.source != "command" and len(detail) != 1):
            raise RateError("say the rate, or one file, or a command with its arguments")
        if command.source == "hand":
            parse_rate(detail[0], command.currency, self._now())
        elif not Path(detail[0]).is_absolute():
            raise RateError(f"the {command.source}'s path begins at the root of the file system, as /home/me/rate does")


def _detail(text: str) -> tuple[str, ...]:
    """The stored words of a source; none where they make no sense."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return ()
    return tuple(found) if isinstance(found, list) and all(isinstance(each, str) for each in found) else ()


def _from_file(path: str, currency: str) -> Rate:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
            written = datetime.fromtimestamp(int(os.fstat(file.fileno()).st_mtime), UTC)
    except (OSError, ValueError) as error:
        raise RateError(f"the file of the rate cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return parse_rate(_text(raw), currency, written)


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise RateError(f"a rate has at most {MAX_BYTES} bytes")
    if not raw.isascii():
        raise RateError("a rate is plain ASCII text")
    return raw.decode("ascii")


async def _ask(words: tuple[str, ...]) -> str:
    """What the user's command says, within `SECONDS`; it and what it started is ended then. Raises `RateError`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RateError(f"the command of the rate cannot be run: {reason}") from error
    if process.stdout is None:
        raise AssertionError("a pipe was asked for")
    try:
        async with asyncio.timeout(SECONDS):
            raw = await process.stdout.read(MAX_BYTES + 1)
            while len(raw) <= MAX_BYTES and (more := await process.stdout.read(MAX_BYTES + 1)):
                raw += more
            if len(raw) <= MAX_BYTES and await process.wait():
                raise RateError(f"the command of the rate failed with code {process.returncode}")
    except TimeoutError:
        raise RateError(f"the command of the rate did not end within {SECONDS:.0f} seconds") from None
    finally:
        await _end(process)
    return _text(raw)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it and all that it started; what left its group and holds on to the pipe is not waited for."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            while process.stdout is not None and await process.stdout.read(MAX_BYTES):
                pass
            await process.wait()
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  # asyncio has no other way to let go of the pipe
