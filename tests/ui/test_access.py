"""Every page and dialog can be used without a mouse, with a screen reader, and with weak eyes, light and dark."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tests.ui.access import clashing, contrast, faint, hidden_focus, unnamed, unreached
from tests.ui.play import Live
from tests.ui.stage import Stage
from tests.ui.walk import Surface, Walk, before_a_wallet, fill, no_file_dialogs, practice
from wallet.ui.design.colours import colours_now
from wallet.ui.design.theme import Look
from wallet.ui.sidebar import Entry, Sidebar
from wallet.ui.widgets.label import Label
from wallet.ui.widgets.segmented import Segmented

CHECKS = (unnamed, unreached, hidden_focus, faint, clashing)
CROWDED = "settings"
"""The page with more controls than there are letters: there a mnemonic goes from one to the next."""
LOOKS = pytest.mark.parametrize("look", [Look.LIGHT, Look.DARK])


class TabTrap(QLineEdit):
    """Tab leads nowhere from here."""

    def event(self, event: QEvent) -> bool:
        return event.type() == QEvent.Type.KeyPress or super().event(event)


def troubles(surface: Surface) -> dict[str, list[str]]:
    """What stands in the way of somebody on a surface, by its name and the check's."""
    is_crowded = surface.name.startswith(CROWDED) and not isinstance(surface.window, QDialog)
    checks = [check for check in CHECKS if check is not clashing or not is_crowded]
    answers = {f"{surface.name}, {check.__name__}": check(surface.window) for check in checks}
    return {name: found for name, found in answers.items() if found}


@LOOKS
def test_everything_in_a_wallet_can_be_used_by_everybody(
    live: Live, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_file_dialogs(monkeypatch)
    window, _ = live.begin()
    fill(live)
    live.context.theme.choose(look)
    assert colours_now().name == look
    walk = Walk(live, window)
    found: dict[str, list[str]] = {}
    for key in walk.keys:
        for surface in walk.everything(key):
            found |= troubles(surface)
            assert colours_now().name == look
    found |= troubles(search := walk.search())
    search.window.close()
    found |= troubles(walk.review())
    found |= troubles(walk.locked())
    assert found == {}


@LOOKS
def test_a_newcomers_pages_can_be_used_by_everybody(live: Live, look: Look) -> None:
    live.context.theme.choose(look)
    found: dict[str, list[str]] = {}
    for surface in before_a_wallet(live):
        found |= troubles(surface)
    assert found == {}


@LOOKS
def test_practice_can_be_used_by_everybody(stage: Stage, look: Look) -> None:
    stage.context.theme.choose(look)
    found: dict[str, list[str]] = {}
    for surface in practice(stage):
        found |= troubles(surface)
    assert found == {}


def test_the_checks_see_what_is_wrong(stage: Stage) -> None:
    window = QWidget()
    layout = QVBoxLayout(window)
    faded = Label("hardly to be read")
    faded.setStyleSheet("color: #b0b0b0; background: #ffffff")
    nameless, hidden = TabTrap(), QPushButton("looks the same")
    hidden.setStyleSheet("border: 1px solid #000000; outline: none")
    for widget in (faded, nameless, hidden):
        layout.addWidget(widget)
    stage.show(window)
    assert [text[:7] for text in unnamed(window)] == ["TabTrap"]
    assert [text for text in hidden_focus(window) if "looks the same" in text]
    assert [text for text in faint(window) if "hardly" in text]
    hidden.setText("&looks the same")
    faded.setText("&Longer")
    faded.setBuddy(nameless)
    assert clashing(window) == ["Alt+l: ['&Longer', '&looks the same']"]
    hidden.setText("looks the same")
    nameless.setFocus()
    assert [text for text in unreached(window) if "looks the same" in text]
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)


def test_tab_comes_to_what_is_chosen_and_arrows_go_on(stage: Stage) -> None:
    window = QWidget()
    choice = Segmented("Speed", [("slow", "Slow"), ("normal", "Normal"), ("fast", "Fast")], "normal")
    before = QLineEdit()
    layout = QVBoxLayout(window)
    layout.addWidget(before)
    layout.addWidget(choice)
    stage.show(window)
    assert unreached(window) == []
    before.setFocus()
    stage.press(before, Qt.Key.Key_Tab)
    came_to = QApplication.focusWidget()
    assert isinstance(came_to, QPushButton)
    assert came_to.text() == "Normal"
    stage.press(came_to, Qt.Key.Key_Right)
    assert choice.value == "fast"


def test_arrows_go_from_page_to_page(stage: Stage) -> None:
    sidebar = Sidebar([Entry(key, key.title(), "lock") for key in ("one", "two", "three")])
    stage.show(sidebar)
    chosen: list[str] = []
    sidebar.chosen.connect(chosen.append)
    sidebar.choose("two")
    sidebar.buttons["two"].setFocus()
    stage.press(sidebar.buttons["two"], Qt.Key.Key_Down)
    assert sidebar.buttons["three"].hasFocus()
    assert chosen == ["two", "three"]
