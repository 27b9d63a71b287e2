"""Amounts: always with their unit, in figures of equal width, hidden when the user wants them hidden."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from wallet.bitcoin.amount import Sats, format_btc
from wallet.override import override
from wallet.ui.design.layout import row
from wallet.ui.design.metrics import Space, Type, figure_font
from wallet.ui.models.rate import Rate, read_money, typed_money
from wallet.ui.preferences import Preferences
from wallet.ui.text import NO_BREAK, Unit, decimal_mark, format_amount, read_amount, spoken_amount
from wallet.ui.widgets.label import Label
from wallet.ui.widgets.segmented import Segmented

HIDDEN = "•••••"
MONEY = "money"
"""The unit beside sat and BTC: of the user's own rate."""


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
    """A box for an amount with the choice of its unit beside it. What was typed is converted when the unit changes.

    Where there is a rate (`offer_rate`) its money is one of the units; what was set or converted stays exact to the
    satoshi as long as nobody types over it.
    """

    edited = Signal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.box = QLineEdit()
        self.box.setFont(figure_font(Type.BODY))
        self.box.setMaxLength(32)
        self._unit: Unit | Rate = preferences.unit
        self._rate: Rate | None = None
        self._exact: tuple[str, Sats] | None = None
        self.units = Segmented(self.tr("Unit"), [(unit.value, unit.value) for unit in Unit], preferences.unit.value)
        layout: QHBoxLayout = row(self.box, self.units, spacing=Space.SMALL)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.box)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # else `setTabOrder` passes over it, with all that is inside
        self.box.textEdited.connect(self.edited)
        self.units.chosen.connect(self._choose)

    @property
    def in_money(self) -> bool:
        """Whether money of the user's rate is typed."""
        return isinstance(self._unit, Rate)

    def is_empty(self) -> bool:
        return not self.box.text().strip()

    def value(self) -> Sats:
        """What was typed. Raises `AmountError`."""
        return self._read(self._unit)

    def set_value(self, sats: Sats | None) -> None:
        text = "" if sats is None else _typed(sats, self._unit)
        self._exact = None if sats is None else (text, sats)
        self.box.setText(text)

    def offer_rate(self, rate: Rate | None) -> None:
        """Let money be typed too, at this rate; None: no longer. Money that was typed stays, at the new rate."""
        if rate == self._rate:
            return
        self._rate = rate
        if rate is None:
            if self.in_money:
                self.units.choose(Unit.SAT.value)
            self.units.withdraw(MONEY)
            return
        self.units.offer(MONEY, rate.currency)
        if self.in_money and self._is_exact():
            self._convert(rate)
        elif self.in_money:
            self._unit = rate
            self.edited.emit()

    @override
    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.box.setAccessibleName(name)

    def _read(self, unit: Unit | Rate) -> Sats:
        if self._exact is not None and self._is_exact():
            return self._exact[1]
        return read_money(self.box.text(), unit) if isinstance(unit, Rate) else read_amount(self.box.text(), unit)

    def _is_exact(self) -> bool:
        """Whether the text stands for satoshis that were set, and nobody typed over it."""
        return self._exact is not None and self._exact[0] == self.box.text()

    def _choose(self, unit: str) -> None:
        if unit == MONEY and self._rate is not None:
            self._convert(self._rate)
        else:
            self._convert(Unit(unit))

    def _convert(self, unit: Unit | Rate) -> None:
        try:
            sats = self.value()
        except ValueError:
            self._unit, self._exact = unit, None
            self.edited.emit()
            return
        self._unit = unit
        self.set_value(sats)
        self.edited.emit()


def _typed(sats: Sats, unit: Unit | Rate) -> str:
    """An amount as one would type it: no thousands marks, no idle zeros."""
    if isinstance(unit, Rate):
        return typed_money(unit.worth(sats))
    if unit is Unit.SAT:
        return str(sats)
    return format_btc(sats).rstrip("0").rstrip(".").replace(".", decimal_mark())
