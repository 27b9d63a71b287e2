"""The recipients of a payment: one to begin with, more by a button."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.uri import PaymentUri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.models.payment import Payee
from wallet.ui.models.rate import Rate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.payee import PayeeEdit

MOST = 50
"""Recipients that the form takes; the command line reads longer lists."""


class PayeeList(QWidget):
    """`changed` when recipients come, go, or get another amount; `entered` when Return was pressed in one."""

    changed = Signal()
    entered = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._contacts: tuple[api.ContactRow, ...] = ()
        self._rate: Rate | None = None
        self.edits: list[PayeeEdit] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(Space.LARGE)
        self.add_button = Button(self.tr("Add a re&cipient"), "quiet", "plus")
        self.setLayout(column(self._rows, row(self.add_button, None), spacing=Space.MEDIUM))
        self.add_button.clicked.connect(self._add_another)
        self.add()

    @property
    def first(self) -> PayeeEdit:
        return self.edits[0]

    def add(self) -> PayeeEdit:
        """One more, at the end."""
        edit = PayeeEdit(self._context)
        edit.set_contacts(self._contacts)
        edit.set_rate(self._rate)
        edit.everything.connect(lambda: self._only_one_gets_all(edit))
        edit.remove.connect(lambda: self.remove(edit))
        edit.edited.connect(self.changed)
        edit.entered.connect(self.entered)
        self.edits.append(edit)
        self._rows.addWidget(edit)
        self._number()
        return edit

    def _add_another(self) -> None:
        self.add().recipient.setFocus()

    def remove(self, edit: PayeeEdit) -> None:
        """Take one away; the last one stays."""
        if edit not in self.edits or len(self.edits) == 1:
            return
        place = self.edits.index(edit)
        self.edits.remove(edit)
        self._rows.removeWidget(edit)
        edit.hide()
        edit.deleteLater()
        self._number()
        self.edits[min(place, len(self.edits) - 1)].recipient.setFocus()

    def _only_one_gets_all(self, edit: PayeeEdit) -> None:
        for other in self.edits:
            if other is not edit:
                other.max.setChecked(False)

    def _number(self) -> None:
        several = len(self.edits) > 1
        for number, edit in enumerate(self.edits, 1):
            edit.set_number(number, several)
        self.add_button.setEnabled(len(self.edits) < MOST)
        self._order_tab()
        self.changed.emit()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._order_tab()

    def _order_tab(self) -> None:
        """Tab goes from one recipient to the next, and then to the button: not to whatever was made last.

        Qt orders only what is in one window already.
        """
        stops = [stop for edit in self.edits for stop in edit.stops]
        for before, after in zip(stops, [*stops[1:], self.add_button], strict=True):
            QWidget.setTabOrder(before, after)

    # --- what is around them ---

    def set_contacts(self, contacts: tuple[api.ContactRow, ...]) -> None:
        self._contacts = contacts
        for edit in self.edits:
            edit.set_contacts(contacts)

    def set_rate(self, rate: Rate | None) -> None:
        self._rate = rate
        for edit in self.edits:
            edit.set_rate(rate)
        self._order_tab()

    # --- what they say ---

    def take(self, uri: PaymentUri) -> None:
        """A link, for the first recipient that is empty still, or for one more."""
        edit = next((each for each in self.edits if each.is_empty()), None)
        (edit or self.add()).fill(uri)

    def together(self) -> Sats:
        """What the amounts come to that are typed already."""
        return sum(edit.sats() or 0 for edit in self.edits)

    def read(self) -> tuple[Payee, ...] | None:
        """All of them, or None: then each field that is wrong says so, and the first of those has the focus."""
        payees = [edit.read() for edit in self.edits]
        wrong = [field for edit in self.edits for field in edit.fields if field.error]
        if wrong:
            wrong[0].control.setFocus()
            return None
        return tuple(payee for payee in payees if payee is not None)

    def blame_amount(self, text: str, sats: Sats | None = None) -> None:
        """Say beside an amount what is wrong: beside the one of `sats`, else the last, which came on top."""
        edit = next((each for each in self.edits if sats is not None and each.sats() == sats), self.edits[-1])
        edit.amount_field.show_error(text)
        edit.amount.setFocus()

    def clear(self) -> None:
        """One, and empty."""
        for edit in self.edits[1:]:
            self.remove(edit)
        self.first.clear()
