"""How far a payment got, in words that claim no more than was seen."""

from wallet.engine import api
from wallet.ui.text import translate
from wallet.ui.widgets.message import Kind


def sent_words(report: api.BroadcastReport | None, row: api.HistoryRow | None = None) -> tuple[str, Kind]:
    """report: what was seen while it was sent; row: how it stands since, where that is known."""
    if row is not None and row.status in {"replaced", "abandoned"}:
        return translate("Another payment took its place."), "warning"
    if row is not None and row.proven:
        return translate("A block has it, and Wren has checked the proof."), "good"
    since = 0 if row is None else row.seen_by
    if report is None or not report.sent_to:
        return _stored(since)
    if report.propagated:
        text = translate("Sent to {sent} peers, seen back from {seen}: propagated. A block will prove it.")
        return text.format(sent=report.sent_to, seen=max(report.seen_from, since)), "good"
    if since:
        text = translate("Sent to {sent} peers, and {seen} announced it since. A block will prove it.")
        return text.format(sent=report.sent_to, seen=since), "good"
    text = translate("Sent to {sent} peers, not seen back yet. Wren repeats it until a block has it.")
    return text.format(sent=report.sent_to), "info"


def _stored(since: int) -> tuple[str, Kind]:
    if since:
        return translate("{seen} peers announced it. A block will prove it.").format(seen=since), "good"
    text = translate("Signed and stored. It is sent as soon as a peer is there, and again until a block has it.")
    return text, "warning"
