"""What the tests of Send have in common: somebody to pay on the play network, and a payment carried through."""

import asyncio
from typing import Final

import pytest

from tests.ui.play import PASSWORD, Live
from wallet.engine import api
from wallet.ui.pages.send import SendPage
from wallet.ui.widgets.message import Message

LOOKS: Final = 3_000


def address_of(live: Live, name: str = "Bakery") -> str:
    """The address of somebody on the play network."""
    people = live.order("people")["people"]
    assert isinstance(people, list)
    return next(str(each["address"]) for each in people if each["name"] == name)


def open_send(live: Live, *sats: int) -> SendPage:
    """The page, in a wallet that holds these coins."""
    _, shell = live.begin()
    for each in sats:
        live.fund(each)
    shell.sidebar.choose("send")
    live.settle()
    page = shell.page("send")
    assert isinstance(page, SendPage)
    return page


def review(live: Live, page: SendPage) -> api.PaymentReview:
    page.form.review_button.click()
    live.wait(lambda: page.steps.currentWidget() is page.review, "the review")
    assert page.review.shown is not None
    return page.review.shown


def send(live: Live, page: SendPage) -> str:
    """Send what is under review; answers its txid."""
    live.wait(page.review.send_button.isEnabled, "Send to arm")
    page.review.password.setText(PASSWORD)
    page.review.send_button.click()
    live.wait(lambda: page.steps.currentWidget() is page.sent, "the payment to be sent")
    return page.sent.txid.text()


def mined(live: Live, txid: str) -> api.TransactionDetail:
    """The payment as a block of the play network has it, with what its figures prove."""
    live.mine()
    for _ in range(LOOKS):
        detail = live.ask(api.GetTransaction(txid))
        if detail.row.proven:
            return detail
        live.run(asyncio.sleep(0.02))
    pytest.fail("no block took the payment")


def pay(live: Live, page: SendPage) -> api.TransactionDetail:
    """Review, send, and have a block take it."""
    review(live, page)
    return mined(live, send(live, page))


def warned(page: SendPage) -> list[str]:
    """The warnings that the review shows."""
    return [each.text for each in page.review.findChildren(Message) if each.isVisible() and each.kind == "warning"]
