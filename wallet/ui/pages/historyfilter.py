"""What of the history is shown: a text to look for, where the money went, and when."""

from datetime import date, datetime
from typing import cast

from PySide6.QtCore import QDate, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.filters import Days, Period, days_of, query_of
from wallet.ui.widgets.day import DayEdit
from wallet.ui.widgets.label import caption
from wallet.ui.widgets.segmented import Segmented

TYPING_MS = 250
"""So long after the last key the search begins."""


class HistoryFilters(QWidget):
    """`changed` is sent when something else is to be shown; typing is waited for."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search: label, address, id, amount, date"))
        self.search.setAccessibleName(self.tr("Search in the history"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(200)
        sides = (
            ("all", self.tr("All")),
            ("received", self.tr("Received")),
            ("sent", self.tr("Sent")),
            ("waiting", self.tr("Waiting")),
        )
        periods = (
            (Period.ALL.value, self.tr("Any time")),
            (Period.MONTH.value, self.tr("This month")),
            (Period.YEAR.value, self.tr("This year")),
            (Period.OWN.value, self.tr("Between …")),
        )
        self.side = Segmented(self.tr("Payments"), sides, "all")
        self.period = Segmented(self.tr("Time"), periods, Period.ALL.value)
        today = QDate.currentDate()
        self.first = DayEdit(QDate(today.year(), 1, 1), self.tr("First day"))
        self.last = DayEdit(today, self.tr("Last day"))
        self.wrong = caption(tone="danger")
        self._own = box(row(caption(self.tr("From")), self.first, caption(self.tr("to")), self.last, None))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TYPING_MS)
        choices = QWidget()
        choices.setLayout(Wrapping(self.side, self.period))
        self.setLayout(column(self.search, choices, self._own, self.wrong, spacing=Space.SMALL))
        self._connect()
        self._judge()

    def _connect(self) -> None:
        self._timer.timeout.connect(self.changed)
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self._at_once)
        self.side.chosen.connect(self._at_once)
        for signal in (self.period.chosen, self.first.dateChanged, self.last.dateChanged):
            signal.connect(self._judge)
            signal.connect(self._at_once)

    def _typed(self) -> None:
        self._timer.start()

    def _at_once(self) -> None:
        self._timer.stop()
        self.changed.emit()

    def _judge(self) -> None:
        """Say what is wrong with the days; while it is, they are left out."""
        own = self.period.value == Period.OWN
        wrong = own and self.first.value() > self.last.value()
        self._own.setVisible(own)
        self.wrong.show_or_hide(
            self.tr("The first day comes after the last one: choose an earlier one.") if wrong else ""
        )
        self.first.setAccessibleDescription(self.wrong.text())

    def days(self, today: date) -> Days:
        """The days that are chosen; all where they contradict each other."""
        first, last = self.first.value(), self.last.value()
        own = Days(first, last) if first <= last else Days()
        return days_of(Period(self.period.value), today, own)

    def value(self) -> api.HistoryFilter:
        since, until = self.days(datetime.now().astimezone().date()).moments()
        return api.HistoryFilter(cast("api.HistorySide", self.side.value), since, until, query_of(self.search.text()))

    def look_for(self, text: str) -> None:
        """Search all of the history for a text."""
        self.clear()
        self.search.setText(text)
        self._at_once()

    def clear(self) -> None:
        """Show everything."""
        self.search.clear()
        self.side.choose("all")
        self.period.choose(Period.ALL.value)
        self._at_once()
