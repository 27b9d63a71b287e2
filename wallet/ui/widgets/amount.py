"""Amounts: always with their unit, in figures of equal width, hidden when the user wants them hidden."""

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from wallet.bitcoin.amount import Sats, format_btc
from wallet.override import override
from wallet.ui.design.layout import row
from wallet.ui.design.metrics import Space, Type, figure_font
from wallet.ui.preferences import Preferences
from wallet.ui.text import NO_BREAK, Unit, format_amount, read_amount, spoken_amount
from wallet.ui.widgets.label import Label
from wallet.ui.widgets.segmented import Segmented

HIDDEN = "•••••"


class AmountLabel(Label):
    """One amount. It follows the unit that the user chose, and is spoken in full words."""

    def __init__(self, preferences: Preferences, size: Type = Type.BODY, tone: str = "", signed: bool = False) -> None:
        super().__init__("", size, tone)
        self._preferences = preferences
        self._signed = signed
        self._sats: Sats | None = None
        preferences.changed.connect(self._write)
        self._write()

    @override
    def chosen_font(self, size: Type) -> QFont:
        return figure_font(size)

    @property
    def sats(self) -> Sats | None:
        return self._sats

    def show_amount(self, sats: Sats | None) -> None:
        """None: not known yet."""
        self._sats = sats
        self._write()

    def _write(self) -> None:
        unit = self._preferences.unit
        if self._sats is None:
            self.setText(f"…{NO_BREAK}{unit}")
            self.setAccessibleName(self.tr("amount not known yet"))
        elif self._preferences.hidden:
            self.setText(f"{HIDDEN}{NO_BREAK}{unit}")
            self.setAccessibleName(self.tr("amount hidden"))
        else:
            self.setText(format_amount(self._sats, unit, self._signed))
            self.setAccessibleName(spoken_amount(self._sats, unit))


class AmountEdit(QWidget):
    """A box for an amount with the choice of its unit beside it. What was typed is converted when the unit changes."""

    edited = Signal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.box = QLineEdit()
        self.box.setFont(figure_font(Type.BODY))
        self.box.setMaxLength(32)
        self._unit = preferences.unit
        self.units = Segmented(self.tr("Unit"), [(unit.value, unit.value) for unit in Unit], self._unit.value)
        layout: QHBoxLayout = row(self.box, self.units, spacing=Space.SMALL)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.box)
        self.box.textEdited.connect(self.edited)
        self.units.chosen.connect(self._convert)

    @property
    def unit(self) -> Unit:
        return self._unit

    def is_empty(self) -> bool:
        return not self.box.text().strip()

    def value(self) -> Sats:
        """What was typed. Raises `AmountError`."""
        return read_amount(self.box.text(), self._unit)

    def set_value(self, sats: Sats | None) -> None:
        self.box.setText("" if sats is None else _typed(sats, self._unit))

    @override
    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.box.setAccessibleName(name)

    def _convert(self, unit: str) -> None:
        old, self._unit = self._unit, Unit(unit)
        try:
            sats = read_amount(self.box.text(), old)
        except ValueError:
            self.edited.emit()
            return
        self.set_value(sats)
        self.edited.emit()


def _typed(sats: Sats, unit: Unit) -> str:
    """An amount as one would type it: no thousands marks, no idle zeros."""
    if unit is Unit.SAT:
        return str(sats)
    return format_btc(sats).rstrip("0").rstrip(".").replace(".", QLocale().decimalPoint())
