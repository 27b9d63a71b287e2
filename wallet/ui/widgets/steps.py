"""Steps of which one is seen at a time, and which are no taller than that one."""

from PySide6.QtWidgets import QWidget

from wallet.ui.design.layout import column


class Steps(QWidget):
    """Named as Qt's stack of widgets, which is as tall as its tallest part: a page would scroll on into nothing."""

    def __init__(self, *steps: QWidget) -> None:
        super().__init__()
        self._steps = steps
        self._current = steps[0]
        self.setLayout(column(*steps, spacing=0))
        self.setCurrentWidget(steps[0])

    def currentWidget(self) -> QWidget:
        return self._current

    def setCurrentWidget(self, step: QWidget) -> None:
        self._current = step
        for other in self._steps:
            if other is not step:
                other.hide()
        step.show()
