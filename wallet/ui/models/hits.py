"""What a search found, as a table."""

from PySide6.QtCore import QObject

from wallet.engine import api
from wallet.ui.models import table
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_day, in_fours, safe_text, translate

ICONS = {"tx": "history", "addr": "receive", "output": "wallet", "contact": "peers"}


def title_of(hit: api.SearchHit) -> str:
    """What somebody would call it."""
    if hit.kind == "contact":
        return safe_text(hit.reference)
    if hit.label:
        return safe_text(hit.label)
    if hit.kind == "tx":
        return translate("Received") if (hit.amount or 0) >= 0 else translate("Sent")
    return in_fours(safe_text(hit.reference)) if hit.kind == "addr" else safe_text(hit.reference)


def kind_of(hit: api.SearchHit) -> str:
    """What it is."""
    match hit.kind:
        case "tx":
            return translate("Payment")
        case "addr":
            return translate("Address")
        case "output":
            return translate("Coin")
        case "contact":
            return translate("Contact")


def reason_of(hit: api.SearchHit) -> str:
    """Why it was found, with its day where it has one."""
    reasons = {
        "txid": translate("by its id"),
        "address": translate("by its address"),
        "label": translate("by its label"),
        "amount": translate("by its amount"),
        "date": translate("by its date"),
        "name": translate("by name or note"),
    }
    day = "" if hit.time is None else f"{format_day(hit.time)}, "
    return f"{day}{reasons[hit.reason]}"


class HitModel(table.TableModel[api.SearchHit]):
    """Hits in the engine's order."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        self._preferences = preferences
        columns: tuple[table.Column[api.SearchHit], ...] = (
            table.Column(translate("What"), title_of, icon=lambda hit: (ICONS[hit.kind], "muted")),
            table.Column(translate("Kind"), kind_of, 90, 90, tone=lambda _: "muted"),
            table.Column(translate("Found"), reason_of, 210, tone=lambda _: "muted"),
            table.Column(
                translate("Amount"),
                lambda hit: table.shown_amount(hit.amount, preferences, signed=hit.kind == "tx"),
                150,
                130,
                spoken=lambda hit: table.said_amount(hit.amount, preferences),
                right=True,
                figures=True,
            ),
        )
        super().__init__(columns, lambda hit: f"{hit.kind} {hit.reference}", preferences, parent)
