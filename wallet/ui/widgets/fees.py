"""The choice of a fee: three presets with what they cost and about how long they take, or a rate of one's own."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.bitcoin.amount import AmountError
from wallet.engine import api
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.text import format_rate, read_fee_rate, translate
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.label import Label, caption
from wallet.ui.widgets.segmented import Segmented

OWN = "own"
_MINUTES_A_BLOCK = 10
_TARGETS: dict[str, int] = {"slow": 24, "normal": 6, "fast": 2}


def preset_name(preset: str) -> str:
    """A preset in the user's language."""
    return {"slow": translate("Slow"), "normal": translate("Normal"), "fast": translate("Fast")}[preset]


def expected_time(target: int) -> str:
    """How long so many blocks take, about."""
    minutes = target * _MINUTES_A_BLOCK
    if minutes < 120:
        return translate("within about {n} min").format(n=minutes)
    return translate("within about {n} h").format(n=minutes // 60)


def source_words(report: api.FeeReport) -> str:
    """Where the estimate comes from, and how much it rests on."""
    match report.source:
        case "floor":
            return translate("The newest {n} blocks had room left: the least that peers pass on is enough.").format(
                n=report.blocks
            )
        case "blocks":
            return translate("From what the newest {n} blocks paid on average.").format(n=report.blocks)
        case "blocks+sample":
            return translate("From the newest {n} blocks, and a sample of their payments.").format(n=report.blocks)
        case "fixed":
            return translate("Nothing is known of the newest blocks yet: these are Wren's defaults.")


class FeeChoice(QWidget):
    """`changed` when another preset or rate is chosen. `show_report` fills in the figures."""

    changed = Signal()

    def __init__(self, preset: str = "normal") -> None:
        super().__init__()
        self._report: api.FeeReport | None = None
        options = [(each, preset_name(each)) for each in _TARGETS]
        self.speed = Segmented(self.tr("Fee"), [*options, (OWN, self.tr("Own rate"))], preset)
        self.rate = QLineEdit()
        self.rate.setMaximumWidth(160)
        self.rate_field = Field(self.tr("&Fee rate, sat/vB"), self.rate)
        self._own = box(column(self.rate_field))
        self.figure = Label()
        self.basis = caption()
        self.setLayout(
            column(
                caption(self.tr("Fee")),
                row(self.speed, None),
                self._own,
                self.figure,
                self.basis,
                spacing=Space.HAIR,
            )
        )
        self.speed.chosen.connect(self._chosen)
        self.rate.textChanged.connect(self._edited)
        self._show()

    @property
    def preset(self) -> api.Preset:
        """The preset that is chosen; "normal" where an own rate is."""
        match self.speed.value:
            case "slow":
                return "slow"
            case "fast":
                return "fast"
            case _:
                return "normal"

    @property
    def is_own(self) -> bool:
        return self.speed.value == OWN

    def read(self) -> float | None:
        """The own rate in sat/vB, None where a preset is chosen; what is wrong is said beside the field."""
        self.rate_field.clear_error()
        if not self.is_own:
            return None
        try:
            rate = read_fee_rate(self.rate.text())
        except AmountError as error:
            self.rate_field.show_error(str(error))
            return None
        if rate is None:
            self.rate_field.show_error(self.tr("Type a rate, or choose a preset."))
        return rate

    def show_report(self, report: api.FeeReport) -> None:
        self._report = report
        self._show()

    def clear(self) -> None:
        self.rate.clear()
        self.rate_field.clear_error()
        self.speed.choose("normal")

    def _edited(self, text: str) -> None:
        """A rate that is typed, or filled in, is meant."""
        self.rate_field.clear_error()
        if text and not self.is_own:
            self.speed.choose(OWN)
        self.changed.emit()

    def _chosen(self, value: str) -> None:
        self._show()
        if value == OWN:
            self.rate.setFocus()
        self.changed.emit()

    def _show(self) -> None:
        self._own.setVisible(self.is_own)
        self.figure.show_or_hide("" if self.is_own else self._figure())
        self.basis.show_or_hide("" if self._report is None else source_words(self._report))

    def _figure(self) -> str:
        target = _TARGETS[self.speed.value]
        found = None if self._report is None else {each.target: each for each in self._report.estimates}.get(target)
        words = expected_time(target)
        return words if found is None else f"{format_rate(found.sat_per_vb)}, {words}"
