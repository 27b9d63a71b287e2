"""Nothing that is written is cut off or elided, on any page: in a small window, the smallest, and with large fonts."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from tests.ui.fits import unfitting
from tests.ui.play import Live
from tests.ui.stage import Stage
from tests.ui.walk import NORMAL, Walk, before_a_wallet, fill, no_file_dialogs, practice
from wallet.ui.window import MINIMUM

LARGE = 1.4
ROOMS = pytest.mark.parametrize(
    ("font_scale", "size"),
    [(1.0, NORMAL), (1.0, MINIMUM), (LARGE, NORMAL)],
    ids=["1024x640", "smallest", "large-fonts"],
)


@pytest.fixture
def font_scale() -> float:
    return 1.0


@pytest.fixture(autouse=True)
def _fonts(qapp: QApplication, font_scale: float) -> Iterator[None]:
    """Before any widget is made, as fonts are given to widgets when they are."""
    before = QApplication.font()
    larger = QApplication.font()
    larger.setPointSizeF(before.pointSizeF() * font_scale)
    QApplication.setFont(larger)
    yield
    QApplication.setFont(before)


@ROOMS
def test_what_an_empty_wallet_shows_can_be_read_whole(live: Live, size: tuple[int, int]) -> None:
    window, _ = live.begin()
    window.resize(*size)
    walk = Walk(live, window)
    surfaces = [*walk.pages()]
    assert len(surfaces) == len(walk.keys) > 4
    assert {name: problems for name, shown in walk.pages() if (problems := unfitting(shown))} == {}
    assert unfitting(walk.locked().window) == []


@ROOMS
def test_what_a_used_wallet_shows_can_be_read_whole(
    live: Live, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_file_dialogs(monkeypatch)
    window, _ = live.begin()
    fill(live)
    window.resize(*size)
    walk = Walk(live, window)
    found: dict[str, list[str]] = {}
    for key in walk.keys:
        for name, shown in walk.everything(key):
            if problems := unfitting(shown):
                found[name] = problems
    search = walk.search()
    if problems := unfitting(search.window):
        found["search"] = problems
    search.window.close()
    if problems := unfitting(walk.review().window):
        found["review"] = problems
    assert found == {}


@ROOMS
def test_what_practice_shows_can_be_read_whole(stage: Stage, size: tuple[int, int]) -> None:
    found: dict[str, list[str]] = {}
    for name, window in practice(stage):
        window.resize(*size)
        stage.settle()
        if problems := unfitting(window):
            found[name] = problems
    assert found == {}


@ROOMS
def test_what_a_newcomer_sees_can_be_read_whole(live: Live, size: tuple[int, int]) -> None:
    found: dict[str, list[str]] = {}
    for name, window in before_a_wallet(live):
        window.resize(*size)
        live.settle()
        if problems := unfitting(window):
            found[name] = problems
    assert found == {}
