"""An icon that is not a button; the words beside it say what it means."""

from PySide6.QtCore import QEvent

from wallet.override import override
from wallet.ui.design import icons
from wallet.ui.design.colours import colour
from wallet.ui.widgets.label import Label


class Icon(Label):
    """Drawn in a colour role of the palette, and again when the palette changes."""

    def __init__(self, name: str, role: str, size: int = 20) -> None:
        super().__init__()
        self._size = size
        self.setFixedSize(size, size)
        self._name, self._role = name, role
        self._paint()

    def draw(self, name: str, role: str) -> None:
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self._paint()

    def _paint(self) -> None:
        ratio = self.devicePixelRatioF()
        self.setPixmap(icons.pixmap(self._name, colour(self._role), self._size, ratio))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()
