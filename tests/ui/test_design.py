"""The design system: readable in both schemes, followed live, nothing missing."""

import ast
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.access import contrast
from tests.ui.conftest import ROOT
from tests.ui.stage import Stage
from wallet.ui.design import icons
from wallet.ui.design.colours import DARK, LIGHT, Colours, colours_now
from wallet.ui.design.theme import Look, Theme, fill_template
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.preferences import Preferences
from wallet.ui.text import Unit
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.password import PasswordBox

UI = ROOT / "wallet" / "ui"
SOURCES = sorted(UI.rglob("*.py"))
ICONS = sorted((ROOT / "resources" / "icons").glob("*.svg"))
SHEET = (ROOT / "resources" / "theme" / "wren.qss").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(scheme: Colours) -> None:
    grounds = ("window", "card", "field")
    pairs = [(text, ground) for text in ("text", "muted", "accent", "warning", "danger") for ground in grounds]
    pairs += [
        ("on_accent", "accent"),
        ("on_accent", "accent_strong"),
        ("text", "accent_soft"),
        ("accent", "accent_soft"),
    ]
    pairs += [("text", "warning_soft"), ("text", "danger_soft"), ("warning", "warning_soft"), ("danger", "danger_soft")]
    values = asdict(scheme)
    weak = {pair: contrast(QColor(values[pair[0]]), QColor(values[pair[1]])) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
    assert contrast(QColor(scheme.edge), QColor(scheme.card)) >= 3


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_style_sheet_names_no_colour_that_is_not_there(scheme: Colours) -> None:
    filled = fill_template(SHEET, scheme)
    assert "@" not in re.sub(r"/\*.*?\*/", "", filled)
    assert not re.findall(r"#[0-9a-f]{6}[a-z_]", filled)


def test_colours_follow_the_choice_at_once(stage: Stage) -> None:
    box = PasswordBox()
    icon = Icon("shield", "accent")
    stage.show(box)
    stage.show(icon)
    assert colours_now() is LIGHT
    before = icon.pixmap().toImage()
    stage.context.theme.choose(Look.DARK)
    stage.settle()
    assert colours_now() is DARK
    assert QGuiApplication.palette().color(QPalette.ColorRole.Accent) == QColor(DARK.accent)
    assert icon.pixmap().toImage() != before


def test_the_systems_scheme_is_followed(stage: Stage, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.context.theme.choose(Look.SYSTEM)
    hints = qapp.styleHints()
    for scheme, colours in ((Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT)):
        # Off screen there is no system that could change: its answer is given, its signal is real.
        monkeypatch.setattr(Theme, "system_scheme", lambda theme, scheme=scheme: scheme)
        hints.colorSchemeChanged.emit(scheme)
        assert colours_now() is colours


@pytest.mark.parametrize("file", ICONS, ids=lambda file: file.stem)
def test_every_icon_can_be_drawn(file: Path, stage: Stage) -> None:
    assert QSvgRenderer(str(file)).isValid()
    image = icons.pixmap(file.stem, QColor("#123456"), 24).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height()))


def test_every_icon_that_is_named_exists() -> None:
    there = {file.stem for file in ICONS}
    named = set()
    for source in SOURCES:
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in ("Icon", "icon_button")
            ):
                named |= {part.value for part in call.args[:1] if isinstance(part, ast.Constant)}
    assert named
    assert named <= there


def test_labels_are_made_in_one_place_and_nothing_asks_in_a_box_of_its_own() -> None:
    forbidden = {"QLabel": UI / "widgets" / "label.py", "QMessageBox": None, "QInputDialog": None, "setHtml": None}
    for source in SOURCES:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for name, allowed in forbidden.items():
            assert name not in names or source == allowed, f"{source.name} uses {name}"


def test_preferences_are_remembered(tmp_path: Path) -> None:
    first = Preferences(str(tmp_path))
    first.set_unit(Unit.BTC)
    first.set_hidden(True)
    first.set_look(Look.DARK)
    del first
    again = Preferences(str(tmp_path))
    assert (again.unit, again.hidden, again.look) == (Unit.BTC, True, Look.DARK)


def test_spoilt_preferences_are_left_aside(tmp_path: Path) -> None:
    (tmp_path / "window.ini").write_text("[General]\nunit=shells\nlook=loud\ngeometry=7\n", encoding="utf-8")
    found = Preferences(str(tmp_path))
    assert (found.unit, found.look, found.geometry.isEmpty()) == (Unit.SAT, Look.SYSTEM, True)


def test_a_copy_is_taken_back_unless_something_else_is_there(stage: Stage) -> None:
    board = QGuiApplication.clipboard()
    clipboard = stage.context.clipboard
    assert clipboard.copy("bcrt1qours")
    clipboard.clear()
    assert board.text() == ""
    clipboard.copy("bcrt1qours")
    board.setText("somebody else's")
    clipboard.clear()
    assert board.text() == "somebody else's"


def test_a_row_goes_on_in_the_next_line_where_it_does_not_fit(stage: Stage) -> None:
    buttons = [Button(f"choice number {number}") for number in range(4)]
    inside = QWidget()
    inside.setLayout(Wrapping(*buttons))
    stage.show(inside)
    assert len({button.y() for button in buttons}) == 1
    inside.resize(buttons[0].width() * 2 + 20, inside.heightForWidth(buttons[0].width() * 2 + 20))
    stage.settle()
    assert [button.x() for button in buttons[:2]] == [button.x() for button in buttons[2:]]
    assert buttons[0].y() < buttons[2].y() == buttons[3].y()
    assert buttons[3].geometry().bottom() < inside.height()
    inside.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    stage.settle()
    assert buttons[0].x() > buttons[1].x()
