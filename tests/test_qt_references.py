"""The installed Qt binding keeps its references to None and True, which a broken release loses until it aborts."""

import sys

from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

CALLS = 100_000
SLACK = 1_000  # other code may take or drop a few meanwhile


def test_a_hundred_thousand_calls_lose_no_reference(qtbot: QtBot) -> None:
    thing = QObject()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(CALLS):
        thing.setObjectName("x")
        thing.blockSignals(False)
        QCoreApplication.processEvents()
    after = sys.getrefcount(None), sys.getrefcount(True)
    for count_before, count_after in zip(before, after, strict=True):
        assert abs(count_after - count_before) < SLACK
