"""What few payments need, folded away until it is asked for."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.payment import note_room
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.label import caption


class PaymentOptions(QWidget):
    """Fee from the amount, coins that no block has, a note in the chain. What is set is said when folded too."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fold = Button("", "quiet", "forward")
        self.fold.setCheckable(True)
        self.subtract_fee = QCheckBox(self.tr("Take the fee &out of the amount"))
        self.spend_unconfirmed = QCheckBox(self.tr("Spend coins that no &block has yet"))
        self.note = QLineEdit()
        self.note_field = Field(self.tr("&Note in the chain"), self.note)
        self._inside = box(
            column(
                column(
                    self.subtract_fee,
                    caption(self.tr("The recipients get less, in equal parts. With Max it is so anyway.")),
                    spacing=Space.HAIR,
                ),
                column(
                    self.spend_unconfirmed,
                    caption(self.tr("Whoever paid you can still take such a coin back, and your payment with it.")),
                    spacing=Space.HAIR,
                ),
                self.note_field,
                spacing=Space.LARGE,
            )
        )
        self.setLayout(column(row(self.fold, None), self._inside, spacing=Space.SMALL))
        self.fold.toggled.connect(lambda _open: self._show())
        for check in (self.subtract_fee, self.spend_unconfirmed):
            check.toggled.connect(lambda _on: self._changed())
        self.note.textChanged.connect(lambda _text: self._changed())
        self._show()

    @property
    def used(self) -> int:
        """How many of them are set."""
        return self.subtract_fee.isChecked() + self.spend_unconfirmed.isChecked() + bool(self.note.text())

    def read_note(self) -> str:
        """The note; when it is too long the field says so."""
        text = self.note.text()
        if note_room(text) < 0:
            self.fold.setChecked(True)
            self.note_field.show_error(self._note_words())
            self.note.setFocus()
        return text

    def clear(self) -> None:
        self.subtract_fee.setChecked(False)
        self.spend_unconfirmed.setChecked(False)
        self.note.clear()
        self.note_field.clear_error()
        self.fold.setChecked(False)

    def _changed(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._inside.setVisible(self.fold.isChecked())
        self.fold.set_icon("down" if self.fold.isChecked() else "forward")
        used = self.used
        self.fold.setText(self.tr("Advanced: {n} set").format(n=used) if used else self.tr("Advanced"))
        self.note_field.set_hint(self._note_words())
        if note_room(self.note.text()) < 0:
            self.note_field.show_error(self._note_words())
        else:
            self.note_field.clear_error()

    def _note_words(self) -> str:
        room = note_room(self.note.text())
        if room < 0:
            return self.tr("{n} bytes too long: a note has at most 80.").format(n=-room)
        left = self.tr("{n} bytes are left.").format(n=room) if self.note.text() else self.tr("At most 80 bytes.")
        return self.tr("It stays in the chain for everybody to read, for ever. {left}").format(left=left)
