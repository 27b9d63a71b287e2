"""A day, typed part by part or chosen with the arrow keys; the month by its name, so that no order is mistaken."""

from datetime import date
from typing import Final

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QDateEdit

from wallet.ui.design.metrics import Space

FIRST_DAY: Final = QDate(2009, 1, 3)
"""Of the first block."""


class DayEdit(QDateEdit):
    """Never before the first block, never after today."""

    def __init__(self, day: QDate, name: str) -> None:
        super().__init__(day)
        self.setMinimumDate(FIRST_DAY)
        self.setMaximumDate(QDate.currentDate())
        self.setAccessibleName(name)
        self.setDisplayFormat("d MMM yyyy")
        self.setMinimumWidth(150)
        self.lineEdit().setTextMargins(Space.SMALL, 0, Space.SMALL, 0)

    def value(self) -> date:
        chosen = self.date()
        return date(chosen.year(), chosen.month(), chosen.day())
