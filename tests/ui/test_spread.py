"""What a page shows stands together at its top: where there is little to show, the room is at the foot."""

from PySide6.QtWidgets import QLayoutItem

from tests.ui.play import Live
from tests.ui.walk import NORMAL, Walk
from wallet.ui.pages.page import Page

LOOSE = 40
"""Pixels that a part may be higher than it asks to be, or lie below the one before it."""


def shown_parts(page: Page) -> list[tuple[int, QLayoutItem]]:
    """The parts of a page that are on, with their stretch factors, from the top."""
    items = [(page.body.stretch(place), page.body.itemAt(place)) for place in range(page.body.count())]
    return [(stretch, item) for stretch, item in items if item and not item.isEmpty() and not item.spacerItem()]


def spread(page: Page) -> list[str]:
    """Where the parts of a page are torn apart."""
    found, end = [], 0
    for number, (stretch, item) in enumerate(shown_parts(page)):
        place = item.geometry()
        if place.top() - end > LOOSE:
            found.append(f"{place.top() - end} px of nothing before part {number}")
        wanted = item.heightForWidth(place.width()) if item.hasHeightForWidth() else item.sizeHint().height()
        if not stretch and place.height() - wanted > LOOSE:
            found.append(f"part {number} is {place.height()} px high and asks for {wanted}")
        end = place.bottom()
    return found


def test_the_pages_of_an_empty_wallet_are_not_torn_apart(live: Live) -> None:
    window, shell = live.begin()
    window.resize(*NORMAL)
    walk = Walk(live, window)
    found = {key: problems for key, _ in walk.pages() if (problems := spread(shell.page(key)))}
    assert found == {}
