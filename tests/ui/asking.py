"""Made-up requests for payment."""

from datetime import timedelta
from typing import cast

from tests.ui.engine_double import ADDRESSES, NOW
from wallet.engine import api


def request_rows() -> tuple[api.RequestRow, ...]:
    """A request in each state."""
    states = ("waiting", "seen", "proven", "underpaid", "overpaid", "expired")
    received = (0, 150_000, 150_000, 90_000, 200_000, 0)
    labels = ("Invoice 12: new chairs for the office", "Rent", "", "Coffee with Ana", "Ticket", "Book")
    return tuple(
        api.RequestRow(
            address=f"bcrt1q{number}{'qwertyuplkjhgfdsazxcvnm234567890'[:37]}",
            amount=150_000 if number else None,
            label=labels[number],
            created=NOW - timedelta(days=number),
            expires=NOW + timedelta(days=1 - number) if number % 2 else None,
            state=cast("api.RequestStateName", state),
            received=received[number],
            proven=received[number] if state in ("proven", "overpaid") else 0,
            late=state == "overpaid",
            archived=False,
            uri=f"bitcoin:{ADDRESSES[0]}?amount=0.0015",
            transactions=(f"{number:064x}",) if received[number] else (),
        )
        for number, state in enumerate(states)
    )
