"""How far a payment got, in words that claim no more than was seen."""

from wallet.engine import api
from wallet.ui.text import translate
from wallet.ui.widgets.message import Kind


def sent_words(report: api.BroadcastReport | None, row: api.HistoryRow | None = None) -> tuple[str, Kind]:
    """report: what was seen while it was sent; row: how it stands since, where that is known.

    Only the report knows which peers had it from us: what `row` counts is no proof that it travelled.
    """
    if row is not None and row.status in {"replaced", "abandoned"}:
        return translate("Another payment took its place."), "warning"
    if row is not None and row.proven:
        return translate("A block has it, and Wren has checked the proof."), "good"
    since = 0 if row is None else row.seen_by
    if report is None or not report.sent_to:
        return _stored(since)
    sent = translate("Sent to {peers}").format(peers=_peers(report.sent_to))
    if report.propagated:
        text = translate("{sent}, seen back from {seen}: propagated. A block will prove it.")
        return text.format(sent=sent, seen=max(report.seen_from, since)), "good"
    if since:
        text = translate("{sent}; announced by {seen} since. A block will prove it.")
        return text.format(sent=sent, seen=_peers(since)), "good"
    return translate("{sent}, not seen back yet. Wren repeats it until a block has it.").format(sent=sent), "info"


def is_out(report: api.BroadcastReport | None, row: api.HistoryRow | None = None) -> bool:
    """Whether anybody has it: what is only stored was not sent."""
    known = row is not None and (row.seen_by > 0 or row.status != "local")
    return known or (report is not None and report.sent_to > 0)


def _peers(count: int) -> str:
    return translate("1 peer") if count == 1 else translate("{n} peers").format(n=count)


def _stored(since: int) -> tuple[str, Kind]:
    if since:
        text = translate("Announced by {seen}. A block will prove it.")
        return text.format(seen=_peers(since)), "good"
    text = translate("Signed and stored. It is sent as soon as a peer is there, and again until a block has it.")
    return text, "warning"
