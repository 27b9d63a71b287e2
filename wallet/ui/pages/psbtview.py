"""A partially signed transaction, shown: what it pays, what is worth a warning, who signed, where the money goes."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from wallet.bitcoin.amount import Sats
from wallet.engine import api
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models import psbt as words
from wallet.ui.pages.proof import breakable
from wallet.ui.pages.reviewparts import Figures
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_rate
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.flow import FlowDiagram
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.label import Code, caption, note, section
from wallet.ui.widgets.message import Message

MOST_ENDS: Final = 60
"""More inputs or outputs than these are counted, not shown one by one."""


class PsbtView(QWidget):
    """Empty until it is given a review."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        self._shown: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_review(self, review: api.PsbtReview) -> None:
        if self._shown is not None:
            self._layout.removeWidget(self._shown)
            self._shown.deleteLater()
        goes = self._ends(self.tr("Where it goes"), words.outputs_of(review))
        spends = self._ends(self.tr("What it spends"), words.inputs_of(review))
        parts = [*self._warnings(review), self._summary(review), goes, *self._flow(review), spends]
        self._shown = box(column(*parts, spacing=Space.LARGE))
        self._layout.addWidget(self._shown)

    def _warnings(self, review: api.PsbtReview) -> list[QWidget]:
        return [Message(warning.text, "error" if warning.blocking else "warning") for warning in review.warnings]

    def _summary(self, review: api.PsbtReview) -> QWidget:
        figures = Figures()
        if review.net is None:
            figures.add(self.tr("Pays together"), self._amount(review.amount))
        else:
            figures.add(self.tr("Others get"), self._amount(review.amount))
            name = self.tr("This wallet gets") if review.net > 0 else self.tr("This wallet pays, its fee included")
            figures.add(name, self._amount(abs(review.net)))
        rate = "" if review.fee_rate is None else f"{format_rate(review.fee_rate)} · {review.vsize} vB"
        figures.add(self.tr("Fee"), self._amount(review.fee), rate or self.tr("not known: an input is not described"))
        txid = Code(breakable(review.txid), Type.CAPTION)
        when = words.valid_from(review.locktime)
        return card(figures, line(), caption(self.tr("Transaction")), txid, *([caption(when)] if when else []))

    def _flow(self, review: api.PsbtReview) -> list[QWidget]:
        streams = words.flow_of(review)
        if streams is None:
            return []
        flow = FlowDiagram(self._preferences)
        flow.show_flow(*streams)
        return [card(section(self.tr("Flow")), flow)]

    def _ends(self, name: str, ends: Sequence[words.End]) -> QWidget:
        shown, rest = words.split(ends, MOST_ENDS)
        items: list[QWidget] = [section(name)]
        for end in shown:
            items.append(box(row(self._amount(end.amount), caption(end.note), None)))
            items.append(AddressLabel(end.address, Type.BODY) if end.address else note(self.tr("no address")))
        if rest:
            items.append(note(rest))
        return card(*items, spacing=Space.SMALL)

    def _amount(self, sats: Sats | None) -> AmountLabel:
        label = AmountLabel(self._preferences, Type.STRONG)
        label.show_amount(sats)
        return label
