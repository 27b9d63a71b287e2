"""What a request for payment is in words: where it stands, what it asks for, until when."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QObject

from wallet.engine import api
from wallet.ui.models.table import Column, TableModel, said_amount, shown_amount
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_time, safe_text, translate

HOUR = 60 * 60
DAY = 24 * HOUR
EXPIRIES = (0, HOUR, DAY, 7 * DAY)
"""Seconds that a request may last; 0: without an end."""

_TYPES = ("p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh")


def state_words(row: api.RequestRow) -> str:
    """Where it stands, in words that promise no more than is proven."""
    match row.state:
        case "waiting":
            return translate("Waiting")
        case "seen":
            return translate("Seen, not proven yet")
        case "proven":
            return translate("Paid, proven")
        case "expired":
            return translate("Expired, not paid")
        case "overpaid":
            return translate("Paid too much, proven")
        case "underpaid":
            return translate("Paid too little")


def state_icon(row: api.RequestRow) -> tuple[str, str]:
    """Icon and colour of a state; the words stand beside it."""
    match row.state:
        case "proven":
            return "shield", "accent"
        case "overpaid":
            return "shield", "warning"
        case "underpaid":
            return "warning", "warning"
        case "expired":
            return "close", "muted"
        case "seen":
            return "clock", "warning"
        case "waiting":
            return "clock", "muted"


def explanation(row: api.RequestRow, preferences: Preferences) -> str:
    """What that means for whoever waits for the money."""
    text = _explained(row, preferences)
    return f"{text} {translate('Some of it came after the request had ended.')}" if row.late else text


def _explained(row: api.RequestRow, preferences: Preferences) -> str:
    match row.state:
        case "waiting":
            return translate("Nothing has come yet.")
        case "seen":
            return translate("It is on its way and in no block yet: do not hand out anything of value for it.")
        case "proven":
            return translate("It is in a block, with its proof.")
        case "expired":
            return translate("Nothing came in time. What comes later is still yours.")
        case "overpaid":
            more = shown_amount(row.proven - (row.amount or 0), preferences)
            return translate("{amount} more than asked for came.").format(amount=more)
        case "underpaid":
            missing = shown_amount((row.amount or 0) - row.received, preferences)
            return translate("{amount} is still missing.").format(amount=missing)


def asked_words(row: api.RequestRow, preferences: Preferences) -> str:
    """How much it asks for."""
    return translate("any amount") if row.amount is None else shown_amount(row.amount, preferences)


def until_words(row: api.RequestRow) -> str:
    """Until when it asks."""
    return translate("no end") if row.expires is None else format_time(row.expires)


def name_words(row: api.RequestRow) -> str:
    """What it is for; where nothing was said, when it was made."""
    made = translate("Made on {time}").format(time=format_time(row.created))
    return safe_text(row.label) or made


def next_expiry(rows: Sequence[api.RequestRow]) -> datetime | None:
    """When the next of them that waits comes to its end."""
    return min((row.expires for row in rows if row.state == "waiting" and row.expires is not None), default=None)


def expiry_words(seconds: int) -> str:
    """A choice of how long a request lasts."""
    match seconds:
        case 0:
            return translate("No end")
        case 3600:
            return translate("1 hour")
        case 86_400:
            return translate("1 day")
        case _:
            return translate("1 week")


def type_words(kind: str) -> str:
    """A kind of address by the name that people know it by."""
    names = {
        "p2wpkh": translate("Native SegWit"),
        "p2tr": translate("Taproot"),
        "p2sh-p2wpkh": translate("Nested SegWit"),
        "p2pkh": translate("Legacy"),
    }
    return names.get(kind, safe_text(kind))


def type_advice(kind: str) -> str:
    """What speaks for a kind of address."""
    advice = {
        "p2wpkh": translate("Understood by nearly every wallet and exchange, with low fees."),
        "p2tr": translate("The newest kind; a few exchanges cannot pay to it yet."),
        "p2sh-p2wpkh": translate("For those who cannot pay to addresses that begin with bc1."),
        "p2pkh": translate("The oldest kind: understood everywhere, but spending from it costs the most."),
    }
    return advice.get(kind, "")


def types_of(accounts: Sequence[api.AccountInfo]) -> list[str]:
    """The kinds of address that a wallet has, the usual ones first."""
    found = {account.type for account in accounts}
    return [kind for kind in _TYPES if kind in found] + sorted(found - set(_TYPES))


def numbers_of(accounts: Sequence[api.AccountInfo], kind: str) -> list[int]:
    """The numbers of the accounts of a kind."""
    return sorted({account.account for account in accounts if account.type == kind})


def request_model(preferences: Preferences, parent: QObject) -> TableModel[api.RequestRow]:
    """The requests as a table."""
    columns: tuple[Column[api.RequestRow], ...] = (
        Column(translate("Request"), name_words),
        Column(translate("State"), state_words, 210, 180, icon=state_icon),
        Column(
            translate("Asked for"),
            lambda row: asked_words(row, preferences),
            180,
            125,
            spoken=lambda row: (
                asked_words(row, preferences) if row.amount is None else said_amount(row.amount, preferences)
            ),
            right=True,
            figures=True,
        ),
        Column(translate("Until"), until_words, 170),
    )
    return TableModel(columns, lambda row: row.address, preferences, parent)
