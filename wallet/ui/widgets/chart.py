"""The balance over time, as steps."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from wallet.bitcoin.amount import Sats
from wallet.override import override
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Type, figure_font
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_amount, format_day, spoken_amount
from wallet.ui.widgets.picture import Picture

Point = tuple[datetime, Sats]
_FOOT = 20


class BalanceChart(Picture):
    """Points are (time, balance from then on), oldest first."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__("balance")
        self._preferences = preferences
        self._points: tuple[Point, ...] = ()
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        preferences.changed.connect(self._describe)

    def set_points(self, points: Sequence[Point]) -> None:
        self._points = tuple(points)
        self._describe()

    def _describe(self) -> None:
        if self._preferences.hidden or len(self._points) < 2:
            self.setAccessibleName(self.tr("balance over time"))
        else:
            low, high = min(value for _, value in self._points), max(value for _, value in self._points)
            self.setAccessibleName(
                self.tr("balance over time: from {low} to {high} since {day}").format(
                    low=spoken_amount(low, self._preferences.unit),
                    high=spoken_amount(high, self._preferences.unit),
                    day=format_day(self._points[0][0]),
                )
            )
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 130)

    @override
    def paint(self, painter: QPainter, area: QRectF) -> None:
        if len(self._points) < 2:
            return
        area = area.adjusted(1, 4, -1, -_FOOT - 2)
        steps = self._steps(area)
        fill = QColor(colour("accent"))
        fill.setAlpha(34)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([area.bottomLeft(), *steps, area.bottomRight()]))
        painter.setPen(QPen(colour("accent"), 2))
        painter.drawPolyline(QPolygonF(steps))
        self._draw_ends(painter, area)

    def _steps(self, area: QRectF) -> list[QPointF]:
        first, last = self._points[0][0].timestamp(), self._points[-1][0].timestamp()
        span = max(last - first, 1.0)
        top = max(1, *(value for _, value in self._points))
        steps: list[QPointF] = []
        for moment, value in self._points:
            x = area.left() + area.width() * (moment.timestamp() - first) / span
            y = area.bottom() - (area.height() - 2) * value / top
            if steps:
                steps.append(QPointF(x, steps[-1].y()))
            steps.append(QPointF(x, y))
        return steps

    def _draw_ends(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(colour("line"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(colour("muted"))
        painter.setFont(figure_font(Type.CAPTION))
        foot = QRectF(area.left(), area.bottom() + 3, area.width(), _FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, format_day(self._points[0][0]))
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, self.tr("now"))
        if not self._preferences.hidden:
            peak = max(value for _, value in self._points)
            text = self.tr("highest {amount}").format(amount=format_amount(peak, self._preferences.unit))
            painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, text)
