"""Whether everything that is written can be read whole: no text cut off, elided, or lying under another."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTableView,
    QToolButton,
    QWidget,
)

from tests.ui.walk import called, place, shown

SLACK: Final = 2
"""Pixels by which rounding may differ."""
CELL_MARGIN: Final = 6
ROWS: Final = 20
_PIECES: Final = re.compile(r"[\s\u200b]+")


def unfitting(window: QWidget) -> list[str]:
    """What cannot be read whole, in words."""
    found = [*_small_labels(window), *_small_controls(window), *_cut(window), *_covered(window)]
    for table in shown(window, QTableView):
        found += [*_headers(table), *_cells(table)]
    return sorted(set(found))


def _buttons(window: QWidget) -> list[QAbstractButton]:
    """Buttons with words on them; tool buttons show icons."""
    return [
        button for button in shown(window, QAbstractButton) if button.text() and not isinstance(button, QToolButton)
    ]


def _texts(window: QWidget) -> list[QWidget]:
    """Everything that shows a text of its own."""
    labels = [label for label in shown(window, QLabel) if label.text()]
    return [*labels, *_buttons(window), *shown(window, QLineEdit)]


def _small_labels(window: QWidget) -> Iterator[str]:
    for label in shown(window, QLabel):
        if label.text() and label.wordWrap():
            wanted, width = label.heightForWidth(label.width()), label.contentsRect().width()
            words = _PIECES.split(QLabel.text(label)) or [""]
            word = max(map(label.fontMetrics().horizontalAdvance, words))
            if wanted > label.height() + SLACK:
                yield f"{called(label)} is {label.height()} high, wants {wanted} at width {width}"
            if word > width + SLACK:
                yield f"{called(label)} is {width} wide, its longest word wants {word}"
        elif label.text():
            yield from _smaller_than_it_wants(label)


def _small_controls(window: QWidget) -> Iterator[str]:
    for button in _buttons(window):
        yield from _smaller_than_it_wants(button)
    for box in shown(window, QLineEdit):
        wanted, width = box.fontMetrics().horizontalAdvance(box.placeholderText()), box.contentsRect().width()
        if not box.text() and wanted > width:
            yield f"the hint “{box.placeholderText()}” wants {wanted}, has {width}"


def _smaller_than_it_wants(widget: QWidget) -> Iterator[str]:
    hint = widget.sizeHint()
    if hint.width() > widget.width() + SLACK or hint.height() > widget.height() + SLACK:
        yield f"{called(widget)} is {widget.width()}x{widget.height()}, wants {hint.width()}x{hint.height()}"


def _cut(window: QWidget) -> Iterator[str]:
    """Texts that reach out of what they lie in. A scroll area may be scrolled up and down, but not sideways."""
    for widget in _texts(window):
        scrolls = False
        parent = widget.parentWidget()
        while parent is not None:
            inside = place(widget, parent)
            over = max(-inside.left(), inside.right() + 1 - parent.width())
            scrolls = scrolls or isinstance(parent.parentWidget(), QScrollArea)
            under = 0 if scrolls else max(-inside.top(), inside.bottom() + 1 - parent.height())
            if max(over, under) > SLACK:
                yield f"{called(widget)} reaches {max(over, under)} out of {called(parent)}"
                break
            parent = None if parent is window else parent.parentWidget()


def _covered(window: QWidget) -> Iterator[str]:
    """Texts that lie over one another."""
    placed = [(widget, place(widget, window), _areas(widget)) for widget in _texts(window)]
    for (one, at, areas), (other, there, others) in combinations(placed, 2):
        if areas != others or one.isAncestorOf(other) or other.isAncestorOf(one):
            continue  # what scrolls beneath something else is cut off there
        shared = at.intersected(there)
        if min(shared.width(), shared.height()) > SLACK:
            yield f"{called(one)} lies over {called(other)}"


def _areas(widget: QWidget) -> list[QWidget]:
    """The scroll areas that a widget is in."""
    found: list[QWidget] = []
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            found.append(parent)
        parent = parent.parentWidget()
    return found


def _headers(table: QTableView) -> Iterator[str]:
    header = table.horizontalHeader()
    for section in range(header.count()):
        text = str(table.model().headerData(section, Qt.Orientation.Horizontal) or "")
        wanted = header.fontMetrics().horizontalAdvance(text) + CELL_MARGIN
        if not header.isSectionHidden(section) and wanted > header.sectionSize(section):
            yield f"the column “{text}” is {header.sectionSize(section)} wide, wants {wanted}"


def _cells(table: QTableView) -> Iterator[str]:
    """Cells that are cut; the column that takes what is left holds free texts, too long for any column."""
    header, model = table.horizontalHeader(), table.model()
    for section in range(header.count()):
        if header.isSectionHidden(section) or header.sectionResizeMode(section) is QHeaderView.ResizeMode.Stretch:
            continue
        for row in range(min(model.rowCount(), ROWS)):
            index = model.index(row, section)
            font = index.data(Qt.ItemDataRole.FontRole)
            icon = table.iconSize().width() + CELL_MARGIN if index.data(Qt.ItemDataRole.DecorationRole) else 0
            room = QRect(0, 0, header.sectionSize(section) - 2 * CELL_MARGIN - icon, 1 << 16)
            metrics = QFontMetrics(font if isinstance(font, QFont) else table.font())
            text = str(index.data() or "")
            wanted = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), text)
            if wanted.width() > room.width() + SLACK or wanted.height() > table.rowHeight(row):
                yield f"the cell “{text}” wants {wanted.width()}x{wanted.height()}, has {room.width()}"
