"""The sidebar's eight pages in windows of every size: in sight, or at least to be scrolled to."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QScrollArea

from tests.ui.stage import Stage
from wallet.ui.shell import PAGES, Shell
from wallet.ui.sidebar import COMPACT, WIDE
from wallet.ui.window import MINIMUM


def in_sight(shell: Shell, key: str) -> bool:
    """Whether a page's button is seen whole."""
    button = shell.sidebar.buttons[key]
    area = shell.sidebar.findChild(QScrollArea)
    assert area is not None
    place = QRect(button.mapTo(area.viewport(), QPoint(0, 0)), button.size())
    return bool(area.viewport().rect().contains(place)) and button.width() >= button.minimumSizeHint().width()


@pytest.mark.parametrize("size", [(1080, 720), (1024, 640), (585, 366), MINIMUM, (1024, 360)])
def test_all_pages_are_in_sight(stage: Stage, size: tuple[int, int]) -> None:
    shell = stage.shell()
    shell.window().resize(*size)
    stage.settle()
    assert (shell.width(), shell.height()) == size
    assert [key for key in PAGES if not in_sight(shell, key)] == []
    assert shell.sidebar.width() == (WIDE if size[0] > 900 else COMPACT)
    assert shell.sidebar.lock_button.geometry().bottom() < shell.sidebar.height()


def test_with_very_large_fonts_the_chosen_page_is_scrolled_to(stage: Stage) -> None:
    before = QApplication.font()
    larger = QApplication.font()
    larger.setPointSizeF(before.pointSizeF() * 1.7)
    QApplication.setFont(larger)
    try:
        shell = stage.shell()
        shell.window().resize(1024, 360)
        stage.settle()
        assert not in_sight(shell, "settings")
        stage.press(shell.window(), Qt.Key.Key_8, Qt.KeyboardModifier.AltModifier)
        stage.settle()
        assert in_sight(shell, "settings")
    finally:
        QApplication.setFont(before)
