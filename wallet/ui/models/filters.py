"""What a person types and chooses to look through the history, as the engine understands it."""

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from PySide6.QtCore import QLocale

from wallet.ui.text import MINUS, NO_BREAK, Unit

_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]+")  # India groups by two
_ANY_SPACE = dict.fromkeys(map(ord, f"{NO_BREAK}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"), " ")


class Period(StrEnum):
    """A choice of days."""

    ALL = "all"
    MONTH = "month"
    YEAR = "year"
    OWN = "own"


class Days(NamedTuple):
    """From the first to the last day, both included; None: no end on that side."""

    first: date | None = None
    last: date | None = None

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The first moment of the first day and the first one after the last, as this computer's clock has days."""
        after = None if self.last is None else self.last + timedelta(days=1)
        return _midnight(self.first), _midnight(after)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min).astimezone()


def days_of(period: Period, today: date, own: Days) -> Days:
    """The days that a choice means today. own: what was typed for `Period.OWN`."""
    match period:
        case Period.ALL:
            return Days()
        case Period.MONTH:
            return Days(today.replace(day=1), None)
        case Period.YEAR:
            return Days(today.replace(month=1, day=1), None)
        case Period.OWN:
            return own


def query_of(text: str) -> str:
    """What was typed, with an amount or a day as the table writes them in the form that the engine reads.

    1,250 sat, in the user's digits, becomes 1250; 4 May 2026 becomes 2026-05-04. All else stays as it is.
    """
    text = " ".join(text.translate(_ANY_SPACE).split())
    day = QLocale().toDate(text, "d MMM yyyy")
    if day.isValid():
        return f"{day.year():04}-{day.month():02}-{day.day():02}"
    return _amount_of(text) or text


def _amount_of(text: str) -> str:
    """An amount as digits and a point, "" for what is none."""
    bare = text.removeprefix("+").removeprefix("-").removeprefix(MINUS).strip()
    for unit in Unit:
        if bare.lower().endswith(unit.lower()):
            bare = bare[: -len(unit)].strip()
    locale = QLocale()
    whole, point, rest = bare.partition(locale.decimalPoint())
    group = locale.groupSeparator().translate(_ANY_SPACE)
    if _GROUPED.fullmatch(whole.replace(group, ",")) is None or (point and not rest.isdecimal()):
        return ""
    whole = whole.replace(group, "")
    return f"{whole}.{rest}" if point else whole
