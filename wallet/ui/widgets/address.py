"""An address as people can compare it: whole, monospace, in groups of four."""

from PySide6.QtWidgets import QFrame

from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space, Type
from wallet.ui.text import in_fours, safe_text
from wallet.ui.widgets.label import Code


class AddressLabel(QFrame):
    """Never elided: it wraps between its groups."""

    def __init__(self, address: str = "", size: Type = Type.SECTION) -> None:
        super().__init__()
        self.setProperty("part", "well")
        self._address = ""
        self._text = Code(size=size)
        self.setLayout(column(self._text, margin=Space.MEDIUM))
        self.show_address(address)

    @property
    def address(self) -> str:
        return self._address

    @property
    def shown(self) -> str:
        return self._text.text()

    def show_address(self, address: str) -> None:
        self._address = safe_text(address)
        self._text.setText(in_fours(self._address))
        self._text.setAccessibleName(self._address)
