"""Steps of which one is seen at a time, and which are no taller than that one."""

from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget


class Steps(QStackedWidget):
    """A stack is as tall as its tallest part; a page would scroll on into nothing."""

    def __init__(self, *steps: QWidget) -> None:
        super().__init__()
        self._steps = steps
        for step in steps:
            self.addWidget(step)
        self.currentChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        for step in self._steps:
            kind = QSizePolicy.Policy.Preferred if step is self.currentWidget() else QSizePolicy.Policy.Ignored
            step.setSizePolicy(QSizePolicy.Policy.Preferred, kind)
