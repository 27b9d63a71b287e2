"""Whether a window can be used without a mouse and without good eyes: names, Tab, focus, contrast."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from tests.ui.walk import called, place, shown

TEXT_CONTRAST: Final = 4.5
ICON_CONTRAST: Final = 3.0
SHARPNESS: Final = 3
"""Pixels in one: thin strokes reach their full colour."""
MOST_TABS: Final = 300
ROWS: Final = 10
_MNEMONIC: Final = re.compile(r"(?<!&)&(\w)")


def luminance(colour: QColor) -> float:
    """Relative luminance by WCAG 2."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    """The contrast of two colours by WCAG 2, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# --- names ------------------------------------------------------------------------------------------------------------


def focusable(window: QWidget) -> list[QWidget]:
    """Everything that Tab should come to. Of a choice of a few it comes to the chosen one; arrows go on from there."""
    found = [widget for widget in shown(window, QWidget) if widget.isEnabled() and widget.focusProxy() is None]
    return [widget for widget in found if _takes_tab(widget)]


def _takes_tab(widget: QWidget) -> bool:
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if isinstance(widget, QAbstractButton) and group is not None and group.exclusive() and group.checkedButton():
        return widget.isChecked()
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def unnamed(window: QWidget) -> list[str]:
    """What a screen reader could say no word about: controls, and pictures that are painted by hand."""
    painted = [widget for widget in shown(window, QWidget) if _is_picture(widget)]
    return sorted({_where(widget) for widget in (*focusable(window), *painted) if not spoken(widget)})


def spoken(widget: QWidget) -> str:
    """What a screen reader calls a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return "" if interface is None else str(interface.text(QAccessible.Text.Name)).strip()


def _is_picture(widget: QWidget) -> bool:
    ours = [base for base in type(widget).__mro__ if base.__module__.startswith("wallet.")]
    return any("paintEvent" in vars(base) for base in ours)


def _where(widget: QWidget) -> str:
    parents: list[str] = []
    parent = widget.parentWidget()
    while parent is not None and len(parents) < 3:
        parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    return " in ".join((called(widget), *parents))


def clashing(window: QWidget) -> list[str]:
    """Mnemonics that lead to more than one thing. Numbered rows of a form repeat theirs."""
    texts: dict[str, set[str]] = {}
    named = [button.text() for button in shown(window, QAbstractButton) if button.isEnabled()]
    named += [label.text() for label in shown(window, QLabel) if label.buddy() is not None and label.isEnabled()]
    for text in named:
        if (letter := _MNEMONIC.search(text)) is not None:
            texts.setdefault(letter[1].lower(), set()).add(text.rstrip(" 0123456789"))
    return sorted(f"Alt+{letter}: {sorted(names)}" for letter, names in texts.items() if len(names) > 1)


# --- Tab and focus ----------------------------------------------------------------------------------------------------


def activate(window: QWidget) -> None:
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window, 2_000)


def unreached(window: QWidget) -> list[str]:
    """What Tab does not come to, going around the window."""
    activate(window)
    missing = set(focusable(window))
    for _ in range(MOST_TABS):
        if not missing:
            break
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        missing = {widget for widget in missing if isValid(widget) and widget is not now}
    return sorted(_where(widget) for widget in missing if widget.isVisible())


def hidden_focus(window: QWidget) -> list[str]:
    """What looks the same with the focus and without."""
    activate(window)
    found = []
    for widget in focusable(window):
        _let_go()
        if not isValid(widget) or not widget.isVisible():
            continue
        before = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if widget.hasFocus() and widget.grab().toImage() == before:
            found.append(_where(widget))
    _let_go()
    return sorted(found)


def _let_go() -> None:
    if (now := QApplication.focusWidget()) is not None:
        now.clearFocus()


# --- contrast ---------------------------------------------------------------------------------------------------------


def faint(window: QWidget) -> list[str]:
    """Texts and icons that stand out too little from their ground, measured on what is painted."""
    found = set()
    for widget, inside, least in _to_be_read(window):
        ratio = _strongest(_sharp(widget, inside))
        if ratio is not None and ratio < least:
            found.add(f"{_where(widget)}: {ratio:.2f}:1, wants {least}:1")
    return sorted(found)


def _to_be_read(window: QWidget) -> Iterator[tuple[QWidget, QRect, float]]:
    """Widgets, the part of each that is to be read, and what contrast it needs. What is switched off may be faint."""
    for label in shown(window, QLabel):
        if label.text():
            yield label, label.rect(), TEXT_CONTRAST
        elif not label.pixmap().isNull():
            yield label, label.rect(), ICON_CONTRAST
    for button in shown(window, QAbstractButton):
        is_text = bool(button.text()) and not isinstance(button, QToolButton)
        if button.isEnabled() and (is_text or not button.icon().isNull()):
            yield button, button.rect().adjusted(4, 4, -4, -4), TEXT_CONTRAST if is_text else ICON_CONTRAST
    for box in _boxes(window):
        yield box, box.rect().adjusted(4, 4, -4, -4), TEXT_CONTRAST
    for view in shown(window, QAbstractItemView):
        yield from _cells(view)


def _boxes(window: QWidget) -> Iterator[QWidget]:
    """Boxes with something to read in them, be it the hint."""
    for line in shown(window, QLineEdit):
        if line.isEnabled() and (line.placeholderText() or line.text()):
            yield line
    for text in shown(window, QPlainTextEdit):
        if text.isEnabled() and (text.placeholderText() or text.toPlainText()):
            yield text


def _cells(view: QAbstractItemView) -> Iterator[tuple[QWidget, QRect, float]]:
    model, viewport = view.model(), view.viewport()
    for row in range(min(model.rowCount(), ROWS)):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            rect = view.visualRect(index)
            if index.data() and viewport.rect().contains(rect):
                yield viewport, rect, TEXT_CONTRAST


def _sharp(widget: QWidget, inside: QRect) -> QImage:
    """A part of a widget on its ground, in more pixels than the screen has, scrolled into sight or not."""
    root = widget
    while (parent := root.parentWidget()) is not None and not root.isWindow():
        if isinstance(parent.parentWidget(), QScrollArea):
            break
        root = parent
    rect = inside.translated(place(widget, root).topLeft())
    image = QImage(rect.size() * SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARPNESS)
    image.fill(QApplication.palette().window().color())
    painter = QPainter(image)
    root.render(painter, QPoint(0, 0), rect)
    painter.end()
    return image


def _strongest(image: QImage) -> float | None:
    """How far the strongest colour stands out from the commonest one; None where all is one colour."""
    pixels: Counter[int] = Counter(memoryview(image.constBits()).cast("I"))
    if len(pixels) < 2:
        return None
    ground = QColor(pixels.most_common(1)[0][0])
    return max((contrast(QColor(pixel), ground) for pixel, count in pixels.items() if count > 3), default=None)
