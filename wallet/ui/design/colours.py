"""The colours, light and dark. Meaning is never carried by colour alone; texts keep a contrast of 4.5:1 and more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtGui import QColor, QGuiApplication, QPalette


@dataclass(frozen=True, slots=True)
class Colours:
    """One scheme; each colour is named by its part, as #rrggbb."""

    name: str
    window: str
    card: str
    field: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    on_accent: str
    accent_soft: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str


LIGHT = Colours(
    name="light",
    window="#f5f3ee",
    card="#ffffff",
    field="#ffffff",
    line="#e3ded4",
    edge="#8f887b",
    text="#22211d",
    muted="#645f56",
    accent="#17695b",
    accent_strong="#0f5347",
    on_accent="#ffffff",
    accent_soft="#dfeeea",
    warning="#7d5200",
    warning_soft="#faeed2",
    danger="#a8231b",
    danger_soft="#fae4e1",
)

DARK = Colours(
    name="dark",
    window="#171a19",
    card="#202423",
    field="#191c1b",
    line="#333937",
    edge="#737a76",
    text="#ece9e3",
    muted="#aba8a0",
    accent="#62c6ae",
    accent_strong="#86dbc6",
    on_accent="#06261f",
    accent_soft="#1d3932",
    warning="#eac066",
    warning_soft="#382d13",
    danger="#f48d83",
    danger_soft="#40211e",
)


_painted: list[Colours] = []


@contextmanager
def painting_in(colours: Colours) -> Iterator[None]:
    """Whatever is painted meanwhile is painted in these colours, as on paper."""
    _painted.append(colours)
    try:
        yield
    finally:
        _painted.pop()


def colours_now() -> Colours:
    """The scheme that is on.

    Asked of the application, not of a widget: a style sheet puts a widget's own ground into that widget's palette.
    """
    if _painted:
        return _painted[-1]
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def colour(role: str) -> QColor:
    """One colour of the scheme by its name."""
    return QColor(getattr(colours_now(), role))


def make_palette(colours: Colours) -> QPalette:
    """Qt's roles filled from a scheme, for everything that the style draws by itself."""
    role = QPalette.ColorRole
    palette = QPalette()
    filled = {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.field,
        role.AlternateBase: colours.window,
        role.Text: colours.text,
        role.Button: colours.card,
        role.ButtonText: colours.text,
        role.BrightText: colours.danger,
        role.ToolTipBase: colours.text,
        role.ToolTipText: colours.card,
        role.PlaceholderText: colours.muted,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Accent: colours.accent,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.Mid: colours.line,
        role.Light: colours.card,
        role.Midlight: colours.line,
        role.Dark: colours.edge,
        role.Shadow: colours.line,
    }
    for target, value in filled.items():
        palette.setColor(target, QColor(value))
    for target in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(colours.edge))
    return palette
