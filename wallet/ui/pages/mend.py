"""A payment that waits is sped up, or taken back: the rate, a review as of any payment, and how far it got."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, fit_to_screen, row, scrolling
from wallet.ui.design.metrics import Space
from wallet.ui.models.table import with_amounts
from wallet.ui.pages.review import ReviewStep
from wallet.ui.pages.sent import SentStep
from wallet.ui.text import format_rate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.fees import FeeChoice
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.message import Message

Mending = Literal["speed-up", "cancel"]


class RateStep(QWidget):
    """What it is to come to."""

    review = Signal()

    def __init__(self, kind: Mending) -> None:
        super().__init__()
        self.fees = FeeChoice("fast")
        self.now = note("")
        self.now.hide()
        self.message = Message()
        self.next = BusyButton(self.tr("Re&view"), icon="forward")
        self.next.clicked.connect(self.review)
        self.fees.rate.returnPressed.connect(self.review)
        if kind == "speed-up":
            name = self.tr("Speed up")
            explained = self.tr(
                "Wren replaces the payment by one that pays more, or adds one that pays for both, whichever fits. "
                "The recipients get the same."
            )
        else:
            name = self.tr("Cancel the payment")
            explained = self.tr(
                "Its coins are sent back to you, at a fee that miners prefer. It works while no block has the payment, "
                "and is sure only once a block has this one."
            )
        self.setLayout(
            column(
                title(name),
                note(explained),
                card(self.now, self.fees),
                self.message,
                row(None, self.next),
                None,
                spacing=Space.LARGE,
            )
        )

    def show_rate(self, detail: api.TransactionDetail) -> None:
        """What the payment pays now, which the new one has to beat."""
        if detail.row.fee is not None:
            rate = format_rate(detail.row.fee / detail.vsize)
            self.now.show_or_hide(self.tr("It pays {rate} now; a replacement pays more than that.").format(rate=rate))


class MendDialog(QDialog):
    """Not modal. `mended` carries the new transaction's id."""

    mended = Signal(str)

    def __init__(self, context: Context, txid: str, kind: Mending, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Speed up") if kind == "speed-up" else self.tr("Cancel a payment"))
        self._context = context
        self._txid = txid
        self._kind: Mending = kind
        self._tasks: list[asyncio.Task[None] | None] = []
        self.rate = RateStep(kind)
        self.review = ReviewStep(context)
        self.sent = SentStep(context)
        self.sent.again.hide()
        self.steps = QStackedWidget()
        for step in (self.rate, self.review, self.sent):
            self.steps.addWidget(step)
        inside = box(column(self.steps, margin=Space.WIDE))
        inside.setObjectName("content")
        close = Button(self.tr("Clos&e"))
        close.clicked.connect(self.close)
        foot = row(None, close)
        foot.setContentsMargins(Space.WIDE, 0, Space.WIDE, Space.LARGE)
        self.setLayout(column(scrolling(inside), foot))
        fit_to_screen(self, 720, 700)
        self.rate.review.connect(self._prepare)
        self.review.back.connect(lambda: self.steps.setCurrentWidget(self.rate))
        self.review.accepted.connect(self._ask)
        self.review.again.connect(lambda: self._ask(None))
        self.review.send.connect(self._send)
        self.sent.show_payment.connect(self.mended)
        self._begin(self._fees(), lambda _error: None)

    def _begin(self, work: Coroutine[Any, Any, None], on_error: Callable[[api.WrenError], None]) -> None:
        """Work that ends with the dialog."""
        self._tasks.append(self._context.bridge.start(work, on_error))

    @override
    def done(self, result: int) -> None:
        for task in self._tasks:
            if task is not None:
                task.cancel()
        super().done(result)

    async def _fees(self) -> None:
        self.rate.fees.show_report(await self._context.bridge.run(api.GetFees()))
        self.rate.show_rate(await self._context.bridge.run(api.GetTransaction(self._txid)))

    def _prepare(self) -> None:
        self.rate.message.clear()
        self.rate.fees.read()  # says beside the field what is wrong with it
        if not self.rate.fees.rate_field.error and not self.rate.next.is_busy:
            self.rate.next.start(self.tr("Choosing coins…"))
            self._ask(None)

    def _ask(self, accepted: int | None) -> None:
        self._begin(self._show_review(self._command(accepted), accepted), self._refused)

    def _command(self, accepted: int | None) -> api.Command[api.PaymentReview]:
        fees = self.rate.fees
        make = api.PrepareBump if self._kind == "speed-up" else api.PrepareCancel
        return make(self._txid, fee_rate=fees.read(), accept_fee=accepted, preset=fees.preset)

    async def _show_review(self, command: api.Command[api.PaymentReview], accepted: int | None) -> None:
        review = await self._context.bridge.run(command)
        self.rate.next.stop()
        self.review.show_review(review, accepted)
        self.steps.setCurrentWidget(self.review)

    def _refused(self, error: api.WrenError) -> None:
        self.rate.next.stop()
        self.steps.setCurrentWidget(self.rate)
        self.rate.message.say(with_amounts(error.message, self._context.preferences), "error")

    def _send(self) -> None:
        review = self.review.shown
        if review is not None:
            command = api.SendPayment(review.id, self.review.password.text() or None)
            self._begin(self._carry_out(command), self.review.show_error)

    async def _carry_out(self, command: api.SendPayment) -> None:
        result = await self._context.bridge.run(command)
        self.review.forget()
        self.sent.show_result(result)
        self.steps.setCurrentWidget(self.sent)
