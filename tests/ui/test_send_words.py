"""What is said of a payment on its way claims no more than was seen."""

from dataclasses import replace

import pytest

from tests.ui.engine_double import history
from wallet.engine import api
from wallet.ui.models.payment import MAX_LABEL, Payee, Terms, Wish, note_room
from wallet.ui.models.sent import sent_words

WAITING = replace(history()[0], seen_by=0)
SENT = api.BroadcastReport(4, 4, 0, propagated=False)
PROPAGATED = api.BroadcastReport(4, 4, 2, propagated=True)


@pytest.mark.parametrize(
    ("report", "row", "begins", "kind"),
    [
        (None, None, "Signed and stored.", "warning"),
        (api.BroadcastReport(0, 0, 0, propagated=False), WAITING, "Signed and stored.", "warning"),
        (None, replace(WAITING, seen_by=1), "Announced by 1 peer.", "good"),
        (SENT, WAITING, "Sent to 4 peers, not seen back yet.", "info"),
        (SENT, replace(WAITING, seen_by=3), "Sent to 4 peers; announced by 3 peers since.", "good"),
        (PROPAGATED, WAITING, "Sent to 4 peers, seen back from 2: propagated.", "good"),
        (PROPAGATED, replace(WAITING, seen_by=5), "Sent to 4 peers, seen back from 5: propagated.", "good"),
        (PROPAGATED, replace(WAITING, status="replaced"), "Another payment took its place.", "warning"),
        (SENT, replace(WAITING, status="confirmed", proven=True), "A block has it", "good"),
        (SENT, replace(WAITING, status="confirmed", seen_by=1), "Sent to 4 peers; announced by 1 peer", "good"),
    ],
)
def test_a_payments_way_is_told_as_far_as_it_was_seen(
    report: api.BroadcastReport | None, row: api.HistoryRow | None, begins: str, kind: str
) -> None:
    text, shown_as = sent_words(report, row)
    assert text.startswith(begins)
    assert shown_as == kind
    assert "propagated" not in text or (report is not None and report.propagated)


def test_a_payments_label_is_what_its_recipients_are_called() -> None:
    rent, ana, twice = Payee("a", 1, "Rent"), Payee("b", 2, name="Ana"), Payee("c", 3, "Rent")
    assert Wish((rent, ana, twice, Payee("d", 4))).label == "Rent, Ana"
    assert len(Wish((Payee("a", 1, "x" * 255), Payee("b", 1, "y" * 255))).label) == MAX_LABEL
    assert Wish((rent,)).command().address_labels == ()
    assert Wish((rent, ana)).command().address_labels == (("a", "Rent"), ("b", "Ana"))


def test_chosen_coins_need_no_account_and_all_there_is_pays_the_fee_anyway() -> None:
    terms = Terms(coins=("x:0",), account=1, subtract_fee=True)
    command = Wish((Payee("a", None),), terms).command(500)
    assert (command.coins, command.account, command.subtract_fee, command.accept_fee) == (("x:0",), None, False, 500)


@pytest.mark.parametrize(("text", "room"), [("", 80), ("a" * 80, 0), ("é" * 41, -2), ("\ud800", 79)])
def test_a_note_is_measured_in_bytes(text: str, room: int) -> None:
    assert note_room(text) == room
