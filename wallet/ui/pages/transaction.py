"""One payment: what it moved, where it stands, and the figures that prove it."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import Item, box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.history import status_icon, status_words
from wallet.ui.pages.mend import Mending
from wallet.ui.pages.proof import ProofCard, breakable
from wallet.ui.pages.rawcard import RawCard
from wallet.ui.pages.reviewparts import Figures
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.text import NO_BREAK, format_rate, format_time, safe_text
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.flow import FlowDiagram, streams_in, streams_out
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Code, Label, caption, note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.picture import PictureButton


class TransactionDialog(ToolDialog):
    """Several can be open. It loads anew when the wallet changed.

    `another` asks for another payment to be shown.
    """

    another = Signal(str)

    def __init__(self, context: Context, txid: str, parent: QWidget) -> None:
        super().__init__(context, parent.tr("Payment"), parent)
        self._context = context
        self._txid = txid
        self.problem = Message()
        self.label = QLineEdit()
        self.label.setMaxLength(255)
        self.label_field = Field(self.tr("&Label"), self.label)
        self.label.editingFinished.connect(self._save_label)
        self.proof = ProofCard(context)
        self.proof.hide()
        self.raw = RawCard(context)
        self.raw.hide()
        self._shown: QWidget | None = None
        for part in (self.problem, self.proof, self.raw):
            self.body.addWidget(part)
        self.body.addStretch(1)
        context.bridge.wallet_changed.connect(self._wallet_changed)
        self.begin(self._load(), self._failed)

    async def _load(self) -> None:
        detail = await self._context.bridge.run(api.GetTransaction(self._txid))
        document = await self._context.bridge.run(api.GetProof(self._txid)) if detail.row.proven else None
        self._fill(detail)
        await self.raw.load(detail)
        self.proof.setVisible(document is not None)
        if document is not None and document != self.proof.document:
            self.proof.show_proof(document)

    def _fill(self, detail: api.TransactionDetail) -> None:
        """Everything but the proof, which keeps the place that somebody is looking at."""
        typed = self.label.text() if self.label.isModified() else detail.row.label
        if self._shown is not None:
            self.label_field.setParent(self)
            self._shown.deleteLater()
        parts = [self._summary(detail, typed), self._mending(detail.row), self._flow(detail)]
        parts += [self._ends(self.tr("From"), detail.inputs), self._ends(self.tr("To"), detail.outputs)]
        self._shown = box(column(*(part for part in parts if part is not None), spacing=Space.LARGE))
        self.body.insertWidget(1, self._shown)

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        if kinds & {"history", "balance"}:
            self.begin(self._load(), self._failed)

    def _mending(self, entry: api.HistoryRow) -> QWidget | None:
        """What can be done about a payment that waits for a block."""
        if entry.status not in {"pending", "local"}:
            return None
        self.speed_up = Button(self.tr("Speed &up…"), "plain", "send")
        self.speed_up.clicked.connect(lambda: self._mend("speed-up"))
        buttons: list[QWidget] = [self.speed_up]
        if entry.amount < 0:
            self.cancel = Button(self.tr("Cancel the &payment…"), "plain", "close")
            self.cancel.clicked.connect(lambda: self._mend("cancel"))
            buttons.append(self.cancel)
        if entry.status == "local":
            self.abandon = Button(self.tr("&Abandon"), "quiet")
            self.abandon.clicked.connect(lambda: self._context.bridge.start(self._abandon(), self._failed))
            buttons.append(self.abandon)
        return card(note(self.tr("No block has it yet.")), row(*buttons, None, spacing=Space.SMALL))

    def _mend(self, kind: Mending) -> None:
        from wallet.ui.pages.mend import MendDialog

        dialog = MendDialog(self._context, self._txid, kind, self)
        dialog.mended.connect(self.another)
        dialog.show()
        self.mending = dialog

    async def _abandon(self) -> None:
        await self._context.bridge.run(api.AbandonTransaction(self._txid))

    def _flow(self, detail: api.TransactionDetail) -> QWidget:
        flow = FlowDiagram(self._context.preferences)
        flow.show_flow(streams_in(detail.inputs), streams_out(detail.outputs, fee_of(detail)))
        flow.said.connect(self.problem.say)
        return card(section(self.tr("Flow")), flow, row(PictureButton(flow), None))

    def _failed(self, error: api.WrenError) -> None:
        self.problem.say(error.message, "error")

    def _summary(self, detail: api.TransactionDetail, label: str) -> QWidget:
        entry = detail.row
        amount = AmountLabel(self._context.preferences, Type.DISPLAY, "accent" if entry.amount > 0 else "", signed=True)
        amount.show_amount(entry.amount)
        self.label.setPlaceholderText(safe_text(entry.about))
        if self.label.text() != label:
            self.label.setText(label)
        words = status_words(entry)
        if detail.confirmations:
            words += self.tr(" · block {height}, {n} deep").format(height=entry.height, n=detail.confirmations)
        when = format_time(entry.time) if entry.time else self.tr("in no block yet")
        name, role = status_icon(entry)
        headline = row(Icon(name, role), Label(words, wrap=True))
        headline.setStretch(1, 1)
        figures = Figures()
        if entry.fee is not None:
            rate = f"{format_rate(entry.fee / detail.vsize)} · {detail.vsize}{NO_BREAK}vB"
            fee = AmountLabel(self._context.preferences, Type.STRONG)
            fee.show_amount(entry.fee)
            figures.add(self.tr("Fee"), fee, rate)
        block = detail.block_hash
        ids = self._hash(self.tr("Transaction"), entry.txid, self.tr("Copy &id"))
        ids += [] if block is None else self._hash(self.tr("In the block"), block, self.tr("Copy the bloc&k's hash"))
        return card(
            headline,
            amount,
            caption(when),
            figures,
            self.label_field,
            line(),
            *ids,
        )

    def _hash(self, name: str, value: str, copying: str) -> list[Item]:
        """A hash with its name, and a button that copies the whole of it."""
        code = Code(breakable(value), Type.CAPTION)
        code.setAccessibleName(value)
        return [caption(name), code, row(CopyButton(self._context.clipboard, copying, lambda: value, "quiet"), None)]

    def _ends(self, name: str, ends: Sequence[api.TransactionEnd]) -> QWidget:
        items: list[QWidget] = [section(name)]
        for end in ends:
            amount = AmountLabel(self._context.preferences, Type.STRONG)
            amount.show_amount(end.amount)
            whose = self.tr("change, yours") if end.change else self.tr("yours") if end.own else self.tr("not yours")
            line_of = QWidget()
            line_of.setLayout(row(amount, caption(whose), None))
            items += [line_of, AddressLabel(end.address, Type.BODY) if end.address else note(self.tr("no address"))]
        return card(*items, spacing=Space.SMALL)

    def _save_label(self) -> None:
        text = self.label.text().strip()
        command = api.SetLabel("tx", self._txid, text)
        self._context.bridge.start(self._run(command), lambda error: self.label_field.show_error(error.message))

    async def _run(self, command: api.SetLabel) -> None:
        await self._context.bridge.run(command)

    @override
    def done(self, result: int) -> None:
        self._context.bridge.wallet_changed.disconnect(self._wallet_changed)
        self.proof.leave()
        super().done(result)


def fee_of(detail: api.TransactionDetail) -> int | None:
    """Known where all inputs are, whoever made the transaction."""
    inputs = [end.amount for end in detail.inputs]
    outputs = [end.amount for end in detail.outputs]
    if not inputs or None in inputs or None in outputs:
        return detail.row.fee
    return sum(amount or 0 for amount in inputs) - sum(amount or 0 for amount in outputs)
