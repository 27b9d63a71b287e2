"""What few people need, behind a button that opens it in place."""

from PySide6.QtWidgets import QWidget

from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.widgets.button import Button


class Fold(QWidget):
    """Closed at first; the arrow shows which way it goes."""

    def __init__(self, name: str, inside: QWidget) -> None:
        super().__init__()
        self.inside = inside
        self.button = Button(name, "quiet", "unfold")
        self.button.setCheckable(True)
        self.button.toggled.connect(self._toggled)
        self.setLayout(column(row(self.button, None), inside, spacing=Space.SMALL))
        inside.hide()

    @property
    def is_open(self) -> bool:
        return self.button.isChecked()

    def _toggled(self, is_open: bool) -> None:
        self.button.set_icon("fold" if is_open else "unfold")
        self.inside.setVisible(is_open)
