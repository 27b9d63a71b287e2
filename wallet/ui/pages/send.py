"""Paying: a form, then a review with the password, then how far the payment got."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from wallet.bitcoin.address import AddressError
from wallet.bitcoin.amount import Sats
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.uri import PaymentUri, UriError, parse_uri
from wallet.engine import api
from wallet.override import override
from wallet.ui.bridge import OnError
from wallet.ui.context import Context
from wallet.ui.models.payment import Means, Payee, Wish, spendables
from wallet.ui.models.rate import Rate, rate_of
from wallet.ui.pages.page import Page
from wallet.ui.pages.review import ReviewStep
from wallet.ui.pages.sendform import SendForm
from wallet.ui.pages.sent import SentStep
from wallet.ui.watching import only_watches
from wallet.ui.widgets.payee import SCHEME, is_link
from wallet.ui.widgets.steps import Steps


class SendPage(Page):
    """Form, review and result, one after the other."""

    KINDS = frozenset(("balance", "coins", "accounts", "contacts"))
    opened = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.form = SendForm(context)
        self.review = ReviewStep(context)
        self.sent = SentStep(context)
        self.steps = Steps(self.form, self.review, self.sent)
        self.body.addWidget(self.steps)
        self._wish: Wish | None = None
        self._asked: object = None
        self._next: PaymentUri | None = None
        self._contacts: tuple[api.ContactRow, ...] = ()
        self._rate: Rate | None = None
        self._watch_only = False
        self._tasks: list[asyncio.Task[None]] = []
        self.setAcceptDrops(True)
        self.form.review.connect(self._prepare)
        self.form.contacts_button.clicked.connect(self._show_contacts)
        self.review.back.connect(self._change_something)
        self.review.accepted.connect(self._accept)
        self.review.send.connect(self._send)
        self.review.again.connect(self._review_again)
        self.review.open_psbt.connect(self._open_psbt)
        self.sent.another.connect(self._again)
        self.sent.show_payment.connect(self.opened)

    def _begin(self, work: Coroutine[Any, Any, None], on_error: OnError) -> None:
        """Work that ends with the page. A payment that is being sent goes on in the engine all the same."""
        self._tasks = [task for task in self._tasks if not task.done()]
        task = self.context.bridge.start(work, on_error)
        if task is not None:
            self._tasks.append(task)

    @override
    def leave(self) -> None:
        super().leave()
        for task in self._tasks:
            task.cancel()

    # --- what is around the form ---

    @override
    async def load(self) -> None:
        bridge = self.context.bridge
        accounts = await bridge.run(api.GetAccounts())
        self.form.show_spendable(spendables(accounts, await bridge.run(api.GetSpendable())))
        self._contacts = await bridge.run(api.GetContacts())
        self.form.payees.set_contacts(self._contacts)
        self._watch_only = await only_watches(bridge)
        self.form.fees.show_report(await bridge.run(api.GetFees()))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._begin(self._load_rate(), lambda _error: None)

    async def _load_rate(self) -> None:
        """Once each time that the page is come to: a rate may be a command of the user's own, which takes its time."""
        self._rate = rate_of(await self.context.bridge.run(api.GetRate()))
        self.form.payees.set_rate(self._rate)

    @override
    def changed(self, kinds: frozenset[str]) -> None:
        super().changed(kinds)
        review = self.review.shown
        if review is not None and not self.review.send_button.is_busy and kinds & {"balance", "coins", "history"}:
            self._begin(self._check(review), lambda error: self._outdated(review, error))

    async def _check(self, review: api.PaymentReview) -> None:
        await self.context.bridge.run(api.CheckReview(review.id))

    def _outdated(self, review: api.PaymentReview, error: api.WrenError) -> None:
        if self.review.shown is review and not self.review.send_button.is_busy:
            self.review.outdate(error.message)

    # --- beginning ---

    def fill(self, uri: PaymentUri) -> None:
        """Begin a payment that a link asks for; while one is being sent, after that one's result was looked at."""
        self._next = uri
        if not self.review.send_button.is_busy:
            self._again()

    def use_coins(self, outpoints: tuple[str, ...], total: Sats) -> None:
        """Pay with these coins ("txid:n") and no others, this time. What is typed already stays.

        total: their sum in satoshis.
        """
        self._asked = None
        self.form.review_button.stop()
        self.review.forget()
        self.form.coins.choose(outpoints, total)
        self._go(self.form)
        self.form.recipient.setFocus()

    def _show_contacts(self) -> None:
        """Who is chosen there is paid: the first recipient that is empty still, or one more."""
        from wallet.ui.pages.contacts import ContactsDialog

        dialog = ContactsDialog(self.context, self)
        dialog.pay.connect(self.form.payees.take)
        dialog.show()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.steps.currentWidget() is self.form and not event.mimeData().hasUrls() and event.mimeData().hasText():
            event.acceptProposedAction()
        else:
            event.ignore()  # files are the window's

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.take_text(event.mimeData().text())

    def take_text(self, text: str) -> None:
        """An address or a link that was dropped: for the first recipient that is empty still, or for one more."""
        self.form.message.clear()
        text = text.strip()
        try:
            self.form.payees.take(parse_uri(text if is_link(text) else SCHEME + text, self.context.params))
        except (UriError, AddressError) as error:
            words = self.tr("What was dropped cannot be paid: {reason}").format(reason=str(error))
            self.form.message.say(words, "error")

    def _go(self, step: QWidget) -> None:
        self.steps.setCurrentWidget(step)
        self.verticalScrollBar().setValue(0)

    def _again(self) -> None:
        self._asked = None
        self.form.clear()
        self.form.review_button.stop()
        self.review.forget()
        self.sent.leave()
        self._go(self.form)
        self.form.recipient.setFocus()
        uri, self._next = self._next, None
        if uri is not None:
            self.form.payees.first.fill(uri)

    def _change_something(self) -> None:
        self._asked = None
        self.review.forget()
        self._go(self.form)

    # --- preparing ---

    def _prepare(self) -> None:
        if self.form.review_button.is_busy:
            return
        self._wish = self.form.read()
        if self._wish is not None:
            self.form.review_button.start(self.tr("Choosing coins…"))
            self._ask(self._wish, self.form.accepted_fee())

    def _review_again(self) -> None:
        """The same payment, as the wallet stands now."""
        if self._wish is not None:
            self._ask(self._wish, None)

    def _accept(self, fee: int) -> None:
        """The user typed an unusual fee to accept it: prepare once more with that word."""
        if self._wish is not None:
            self._ask(self._wish, fee)

    def _ask(self, wish: Wish, accept_fee: Sats | None) -> None:
        """Only what was asked for last is shown: a link, or other coins, may have come meanwhile."""
        asked = self._asked = object()

        def refused(error: api.WrenError) -> None:
            if self._asked is asked:
                self._go(self.form)
                self.form.show_error(error)

        self._begin(self._show_review(wish, accept_fee, asked), refused)

    async def _show_review(self, wish: Wish, accepted: Sats | None, asked: object) -> None:
        account = self.form.account_words
        review = await self.context.bridge.run(wish.command(accepted))
        if self._asked is not asked:
            return
        self.form.review_button.stop()
        means = Means(
            coins_chosen=bool(wish.terms.coins),
            account=account,
            note=wish.terms.note,
            names={contact.address: contact.name for contact in self._contacts},
            watch_only=self._watch_only,
        )
        self.review.show_review(review, accepted, means, self._rate)
        self._go(self.review)

    # --- paying ---

    def _send(self) -> None:
        review = self.review.shown
        if review is not None:
            password = self.review.password.text() or None
            command = api.SendPayment(review.id, password)
            own = {end.address for end in review.recipients if end.own}
            self._begin(self._carry_out(command, self._strangers(own)), self._not_sent)

    def _not_sent(self, error: api.WrenError) -> None:
        """Said where it is seen: other coins may have been chosen meanwhile."""
        (self.form if self.review.shown is None else self.review).show_error(error)

    def _strangers(self, own: set[str | None]) -> tuple[Payee, ...]:
        """Who is paid and in no contact yet."""
        known = own | {each for contact in self._contacts for each in (contact.address, *contact.earlier)}
        payees = {} if self._wish is None else {payee.address: payee for payee in self._wish.payees}
        return tuple(payee for address, payee in payees.items() if address not in known)

    async def _carry_out(self, command: api.SendPayment, strangers: tuple[Payee, ...]) -> None:
        result = await self.context.bridge.run(command)
        self.review.forget()
        self.form.clear()
        self.sent.show_result(result, strangers)
        self._go(self.sent)

    def _open_psbt(self, psbt: str) -> None:
        """Show the payment as a PSBT, which others' signatures are put together with."""
        from wallet.ui.pages.psbt import PsbtDialog

        dialog = PsbtDialog(self.context, self)
        dialog.show_psbt(Psbt.from_base64(psbt))
        dialog.show()
