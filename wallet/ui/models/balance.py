"""How old a balance is, and how far back its chart looks, in words and days."""

from datetime import datetime, timedelta
from enum import StrEnum

from wallet.engine import api
from wallet.ui.text import format_time, translate


class Range(StrEnum):
    """How far back the chart looks."""

    MONTH = "month"
    YEAR = "year"
    ALL = "all"

    def since(self, now: datetime) -> datetime | None:
        """Where it begins; None for all that there is."""
        days = {Range.MONTH: 30, Range.YEAR: 365}.get(self)
        return None if days is None else now - timedelta(days=days)


def chart_points(found: tuple[api.BalancePoint, ...], now: datetime) -> list[tuple[datetime, int]]:
    """The engine's points, and the last of them up to now."""
    points = [(point.time, point.balance) for point in found]
    return [*points, (now, points[-1][1])] if points else []


def as_of_words(status: api.SyncStatus) -> str:
    """From when a balance is; nothing where it is as new as it can be."""
    is_offline = status.phase in {"offline", "connecting"}
    if status.synced and not status.stale and not is_offline:
        return ""
    if status.scan_height is None or status.scan_time is None:
        if is_offline:
            return translate("Not connected: what was paid is looked for once Wren is.")
        return translate("Looking for payments; the balance may still change.")
    when = translate("As of {time}, block {height}.").format(
        time=format_time(status.scan_time), height=status.scan_height
    )
    if is_offline:
        return f"{when} {translate('Not connected: what came since is not seen yet.')}"
    if status.synced:
        return f"{when} {translate('No newer block is known: it may be out of date.')}"
    return f"{when} {translate('Newer blocks are still being looked at.')}"
