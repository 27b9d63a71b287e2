"""The newest blocks as a chain, as many as there is room for, the newest at the end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from wallet.engine import api
from wallet.override import override
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Space, Type, figure_font
from wallet.ui.text import format_age
from wallet.ui.widgets.picture import Picture

_LINK: Final = 20.0
_SAID: Final = 3
"""So many blocks are told to a screen reader."""


class RecentBlocks(Picture):
    """Each box has a height and how long ago its miner says it was made."""

    def __init__(self) -> None:
        super().__init__("blocks")
        self._blocks: tuple[api.BlockRow, ...] = ()
        self._now = datetime.now().astimezone()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_blocks((), self._now)

    def show_blocks(self, blocks: Sequence[api.BlockRow], now: datetime) -> None:
        """blocks: newest first."""
        self._blocks, self._now = tuple(blocks), now
        told = [
            self.tr("{height}, {age}").format(height=block.height, age=self._age(block)) for block in blocks[:_SAID]
        ]
        self.setAccessibleName(self.tr("The newest blocks: {blocks}").format(blocks="; ".join(told)))
        self.setVisible(bool(blocks))
        self.update()

    def _age(self, block: api.BlockRow) -> str:
        return format_age((self._now - block.time).total_seconds())

    def _line(self) -> float:
        return QFontMetricsF(figure_font(Type.CAPTION)).height()

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, round(2 * self._line() + Space.LARGE + 4))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    @override
    def paint(self, painter: QPainter, area: QRectF) -> None:
        wide, narrow = QFontMetricsF(figure_font(Type.STRONG)), QFontMetricsF(figure_font(Type.CAPTION))
        texts = [(QLocale().toString(block.height), self._age(block)) for block in self._blocks]
        needed = [max(wide.horizontalAdvance(name), narrow.horizontalAdvance(age)) for name, age in texts]
        width = max(needed, default=0.0) + Space.WIDE
        count = min(len(texts), max(1, int((area.width() + _LINK) // (width + _LINK))))
        for number in range(count):
            left = area.left() + (count - 1 - number) * (width + _LINK)
            box = QRectF(left, area.top(), width, area.height()).adjusted(1, 2, -1, -2)
            if number + 1 < len(texts):
                middle = QPointF(box.left(), box.center().y())
                painter.setPen(QPen(colour("edge"), 1.6))
                painter.drawLine(middle, QPointF(max(area.left(), box.left() - _LINK), middle.y()))
            self._draw(painter, box, texts[number], newest=number == 0)

    def _draw(self, painter: QPainter, box: QRectF, texts: tuple[str, str], newest: bool) -> None:
        painter.setPen(QPen(colour("accent" if newest else "edge"), 1.6 if newest else 1.0))
        painter.setBrush(colour("accent_soft" if newest else "window"))
        painter.drawRoundedRect(box, 8, 8)
        half = box.height() / 2
        lines = (
            (texts[0], Type.STRONG, "text", box.adjusted(0, 2, 0, -half)),
            (texts[1], Type.CAPTION, "muted", box.adjusted(0, half, 0, -2)),
        )
        for text, size, role, place in lines:
            painter.setFont(figure_font(size))
            painter.setPen(colour(role))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
