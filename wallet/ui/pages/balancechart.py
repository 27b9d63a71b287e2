"""The balance over time, and how far back one looks."""

from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.balance import Range, chart_points
from wallet.ui.widgets.chart import BalanceChart
from wallet.ui.widgets.picture import PictureButton
from wallet.ui.widgets.segmented import Segmented


class ChartBox(QWidget):
    """Takes no room where there is nothing to draw. `turned` when another range was chosen: `load` shows it."""

    turned = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.chart = BalanceChart(context.preferences)
        ranges = (
            (Range.MONTH.value, self.tr("30 days")),
            (Range.YEAR.value, self.tr("A year")),
            (Range.ALL.value, self.tr("All")),
        )
        self.range = Segmented(self.tr("The chart shows"), ranges, Range.ALL.value)
        self.picture = PictureButton(self.chart)
        tools = QWidget()
        tools.setLayout(Wrapping(self.range, self.picture))
        self.setLayout(column(self.chart, tools))
        self.range.chosen.connect(self.turned)
        self.hide()

    async def load(self) -> None:
        shown, now = Range(self.range.value), datetime.now().astimezone()
        points = chart_points(await self._context.bridge.run(api.GetBalanceHistory(shown.since(now))), now)
        self.chart.set_points(points)
        is_part = shown is not Range.ALL
        is_worth_it = len(points) > 2 or (bool(points) and is_part)
        self.chart.setVisible(is_worth_it)
        self.picture.setVisible(is_worth_it)
        self.setVisible(is_worth_it or is_part)
