"""The window on a network of play money: what the other tests of pages stand on."""

from tests.ui.play import Live
from wallet.engine import api


def test_a_payment_is_seen_waiting_and_then_proven(live: Live) -> None:
    window, shell = live.begin()
    assert window.shell is shell
    waiting = live.fund(40_000, mined=False)
    (row,) = live.ask(api.GetHistory())
    assert (row.txid, row.status, row.amount) == (waiting, "pending", 40_000)
    live.fund(60_000)
    assert [row.proven for row in live.ask(api.GetHistory())] == [True, True]
    assert live.ask(api.GetBalance()).confirmed == 100_000
