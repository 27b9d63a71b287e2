"""People as a table, and what stands in the way of keeping one."""

from collections.abc import Sequence

from PySide6.QtCore import QObject

from wallet.engine import api
from wallet.ui.models import table
from wallet.ui.preferences import Preferences
from wallet.ui.text import in_fours, safe_text, translate


class ContactModel(table.TableModel[api.ContactRow]):
    """By name, as the engine sorts them."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        columns: tuple[table.Column[api.ContactRow], ...] = (
            table.Column(translate("Name"), lambda row: safe_text(row.name)),
            table.Column(
                translate("Newest address"),
                lambda row: in_fours(safe_text(row.address)),
                380,
                260,
                spoken=lambda row: row.address,
                code=True,
            ),
        )
        super().__init__(columns, lambda row: row.name, preferences, parent)


def name_error(name: str, chosen: str, known: Sequence[api.ContactRow]) -> str:
    """Why somebody cannot be called so; nothing where they can. chosen: who is being changed, "" for somebody new."""
    folded = " ".join(name.split()).casefold()
    if not folded:
        return translate("Say what to call them.")
    if any(row.name.casefold() == folded and row.name != chosen for row in known):
        return translate("There is somebody of this name: choose them in the list to change them.")
    return ""


def about(row: api.ContactRow) -> str:
    """How often they were paid there, and what they gave before."""
    paid = translate("paid once") if row.paid == 1 else translate("paid {n} times").format(n=row.paid)
    parts = [translate("Newest address: {paid}.").format(paid=paid)] if row.paid else []
    if row.earlier:
        parts.append(translate("Earlier addresses: {list}").format(list=", ".join(map(safe_text, row.earlier))))
    return " ".join(parts)
