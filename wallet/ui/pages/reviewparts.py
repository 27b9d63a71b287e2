"""What a review is made of: recipients in full, figures, and what to do with a payment that is signed elsewhere."""

from binascii import a2b_base64

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from wallet.bitcoin.amount import Sats
from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import RIGHT, TOP, Item, column
from wallet.ui.design.metrics import Space, Type
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.payment import Means
from wallet.ui.models.rate import Rate, format_worth
from wallet.ui.preferences import Preferences
from wallet.ui.text import NO_BREAK, Unit, format_amount, format_rate, format_share, safe_text, translate
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import HIDDEN, AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.label import Label, caption, note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.psbtfile import ask_where, write_psbt


class Figures(QWidget):
    """Names at the left, amounts at the right, aligned."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(Space.SMALL)
        self._grid.setColumnStretch(0, 1)

    def add(self, name: str, amount: Label, detail: str = "") -> None:
        at = self._grid.rowCount()
        left = column(Label(name, wrap=True), *([caption(detail)] if detail else []), spacing=2)
        self._grid.addLayout(left, at, 0)
        self._grid.addWidget(amount, at, 1, RIGHT | TOP)


def other_units(sats: Sats, preferences: Preferences, rate: Rate | None) -> str:
    """An amount in the unit that it is not shown in, and in money where there is a rate."""
    other = Unit.BTC if preferences.unit is Unit.SAT else Unit.SAT
    if preferences.hidden:
        return f"{HIDDEN}{NO_BREAK}{other}"
    words = format_amount(sats, other)
    return words if rate is None else f"{words} · {format_worth(sats, rate)}"


def amount_label(sats: Sats, preferences: Preferences, size: Type = Type.STRONG) -> AmountLabel:
    label = AmountLabel(preferences, size)
    label.show_amount(sats)
    return label


def recipient_view(end: api.TransactionEnd, means: Means, preferences: Preferences, rate: Rate | None) -> QWidget:
    """Who is paid how much, the address whole."""
    name = means.names.get(end.address or "", "")
    if end.own:
        whose = translate("To an address of your own")
    elif name:
        whose = translate("To {name}").format(name=safe_text(name))
    else:
        whose = translate("To")
    items: list[Item] = [
        amount_label(end.amount or 0, preferences, Type.TITLE),
        caption(other_units(end.amount or 0, preferences, rate)),
        Space.SMALL,
        caption(whose),
        AddressLabel(end.address) if end.address else note(translate("no address")),
    ]
    widget = QWidget()
    widget.setLayout(column(*items, spacing=Space.HAIR))
    return widget


def coins_words(count: int, *, chosen: bool) -> str:
    """How many coins pay, and who chose them."""
    if chosen:
        return (
            translate("From 1 coin of yours, as chosen")
            if count == 1
            else translate("From {n} coins of yours, as chosen").format(n=count)
        )
    return translate("From 1 coin of yours") if count == 1 else translate("From {n} coins of yours").format(n=count)


def fee_words(review: api.PaymentReview, preferences: Preferences, rate: Rate | None) -> str:
    """The fee in every way that people compare it."""
    size = translate("{n} vB").format(n=review.vsize)
    parts = [format_rate(review.fee_rate), size]
    if not preferences.hidden:
        if preferences.unit is not Unit.SAT:
            parts.insert(0, format_amount(review.fee, Unit.SAT))
        if rate is not None:
            parts.append(format_worth(review.fee, rate))
    if review.amount and not preferences.hidden:
        share = translate("{share} of the amount").format(share=format_share(review.fee, review.amount))
        parts.append(share)
    return " · ".join(parts)


def review_figures(review: api.PaymentReview, means: Means, preferences: Preferences, rate: Rate | None) -> Figures:
    """Everything about a payment that is a number."""
    figures = Figures()
    figures.add(translate("Fee"), amount_label(review.fee, preferences), fee_words(review, preferences, rate))
    together = review.amount + review.fee
    detail = "" if rate is None or preferences.hidden else format_worth(together, rate)
    figures.add(translate("You pay together"), amount_label(together, preferences), detail)
    if review.change:
        figures.add(translate("Comes back to you as change"), amount_label(review.change, preferences))
    coins = sum(end.amount or 0 for end in review.inputs)
    words = coins_words(len(review.inputs), chosen=means.coins_chosen)
    figures.add(words, amount_label(coins, preferences), means.account)
    return figures


class PsbtHandout(QWidget):
    """A wallet without keys: the payment is saved or copied, and signed where the keys are. `open` shows it as such."""

    open = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._psbt = ""
        self.save_button = Button(self.tr("&Save the PSBT…"), "primary")
        self.copy_button = CopyButton(context.clipboard, self.tr("Co&py its text"), lambda: self._psbt)
        self.open_button = Button(self.tr("&Already signed…"), "quiet", "forward")
        self.message = Message()
        explained = self.tr(
            "This wallet has no keys: it cannot sign. Save the payment, sign it where the keys are, and open what "
            "comes back to send it."
        )
        buttons = Wrapping(self.save_button, self.copy_button, self.open_button)
        self.setLayout(column(section(self.tr("To be signed elsewhere")), note(explained), buttons, self.message))
        self.save_button.clicked.connect(self._ask_where)
        self.open_button.clicked.connect(lambda: self.open.emit(self._psbt))

    def show_psbt(self, psbt: str) -> None:
        """psbt: in base64."""
        self._psbt = psbt
        self.message.clear()

    def _ask_where(self) -> None:
        if (path := ask_where(self, "payment.psbt")) is not None:
            self._context.bridge.start(write_psbt(a2b_base64(self._psbt), self._psbt, path, self.message))
