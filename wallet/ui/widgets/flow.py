"""Where the money of a transaction comes from and goes to, drawn as streams."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QSizePolicy, QToolTip

from wallet.bitcoin.amount import Sats
from wallet.engine import api
from wallet.override import override
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Space, Type, figure_font, text_font
from wallet.ui.preferences import Preferences
from wallet.ui.text import format_amount, in_fours, safe_text, spoken_amount
from wallet.ui.widgets.amount import HIDDEN
from wallet.ui.widgets.picture import Picture

Kind = Literal["own", "foreign", "change", "fee"]

MOST_STREAMS: Final = 8
"""More ends of one side than this are drawn as these less one, and one for all the rest."""
_SLOT: Final = 46
_THINNEST: Final = 3.0
_SHARE: Final = 0.85
"""Of the height that an end has for itself: no stream is thicker, so none runs into the text of another."""
_HUB_WIDTH: Final = 10.0
_COLOUR: Final = {"own": "accent", "change": "accent", "foreign": "text", "fee": "warning"}
_OPACITY: Final = {"own": 110, "change": 110, "foreign": 70, "fee": 150}


@dataclass(frozen=True, slots=True)
class Stream:
    """One end of the flow. amount: None where it is not known; address: shown whole beside the pointer."""

    name: str
    amount: Sats | None
    kind: Kind
    address: str = ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Flow", text)


def _named(ends: Sequence[api.TransactionEnd], foreign: str) -> list[Stream]:
    streams = []
    for end in ends:
        kind: Kind = "change" if end.change else "own" if end.own else "foreign"
        name = {"change": _tr("change, yours"), "own": _tr("yours"), "foreign": foreign}[kind]
        streams.append(Stream(name, end.amount, kind, end.address or ""))
    return streams


def streams_in(inputs: Sequence[api.TransactionEnd]) -> list[Stream]:
    """The coins that a transaction spends."""
    return _named(inputs, _tr("somebody's coin"))


def streams_out(outputs: Sequence[api.TransactionEnd], fee: Sats | None) -> list[Stream]:
    """What a transaction pays, and its fee where that is known."""
    streams = _named(outputs, _tr("recipient"))
    return streams if fee is None else [*streams, Stream(_tr("fee, to the miner"), fee, "fee")]


def review_streams(review: api.PaymentReview) -> tuple[list[Stream], list[Stream]]:
    """What a payment under review takes and makes."""
    outputs = list(review.recipients)
    if review.change:
        outputs.append(api.TransactionEnd(review.change_address, review.change, own=True, change=True))
    return streams_in(review.inputs), streams_out(outputs, review.fee)


def gather(streams: Sequence[Stream]) -> list[Stream]:
    """At most MOST_STREAMS: the largest by name, the rest together; the fee is always there by name."""
    if len(streams) <= MOST_STREAMS:
        return list(streams)
    kept = [stream for stream in streams if stream.kind == "fee"]
    others = sorted((stream for stream in streams if stream.kind != "fee"), key=lambda stream: -(stream.amount or 0))
    room = MOST_STREAMS - len(kept) - 1
    rest = others[room:]
    amounts = [stream.amount for stream in rest]
    total = None if None in amounts else sum(amount or 0 for amount in amounts)
    kind: Kind = "own" if all(stream.kind in {"own", "change"} for stream in rest) else "foreign"
    return [*others[:room], Stream(_tr("{n} more").format(n=len(rest)), total, kind), *kept]


class FlowDiagram(Picture):
    """Coins at the left, the transaction in the middle, recipients, change and fee at the right.

    A stream is as thick as its share. Meaning is said in words beside each; the accessible name tells it all.
    """

    def __init__(self, preferences: Preferences) -> None:
        super().__init__("flow")
        self._preferences = preferences
        self._left: list[Stream] = []
        self._right: list[Stream] = []
        self._places: list[tuple[QRectF, Stream]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        preferences.changed.connect(self._describe)

    def show_flow(self, inputs: Sequence[Stream], outputs: Sequence[Stream]) -> None:
        self._left, self._right = gather(inputs), gather(outputs)
        self._describe()
        self.updateGeometry()

    @property
    def streams(self) -> tuple[list[Stream], list[Stream]]:
        """What is drawn at the left and at the right."""
        return self._left, self._right

    def _describe(self) -> None:
        self.setAccessibleName(
            self.tr("From {inputs} to {outputs}").format(
                inputs=self._listed(self._left), outputs=self._listed(self._right)
            )
        )
        self.update()

    def _listed(self, streams: Iterable[Stream]) -> str:
        return ", ".join(f"{stream.name}: {self._spoken(stream.amount)}" for stream in streams)

    def _spoken(self, amount: Sats | None) -> str:
        if amount is None:
            return self.tr("amount not known")
        if self._preferences.hidden:
            return self.tr("amount hidden")
        return spoken_amount(amount, self._preferences.unit)

    def _written(self, amount: Sats | None) -> str:
        if amount is None:
            return self.tr("not known")
        if self._preferences.hidden:
            return HIDDEN
        return format_amount(amount, self._preferences.unit)

    @override
    def sizeHint(self) -> QSize:
        rows = max(len(self._left), len(self._right), 2)
        return QSize(480, round(rows * self._slot() + Space.SMALL))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def _slot(self) -> float:
        lines = QFontMetricsF(figure_font(Type.STRONG)).height() + QFontMetricsF(text_font(Type.CAPTION)).height()
        return max(_SLOT, lines + Space.MEDIUM)

    # --- painting ---

    @override
    def paint(self, painter: QPainter, area: QRectF) -> None:
        if not self._left or not self._right:
            return
        self._places = []
        text_width = min(self._text_width(), (area.width() - 80) / 2)
        hub = QRectF(area.center().x() - _HUB_WIDTH / 2, area.top(), _HUB_WIDTH, area.height())
        thickness = _SHARE * area.height() / max(len(self._left), len(self._right), 2)
        middle = area.center().y()
        ground = QRectF(hub.left(), middle - thickness / 2 - 4, _HUB_WIDTH, thickness + 8)
        self._paint_side(painter, area, _Side(self._left, text_width, thickness, hub.left(), is_left=True))
        self._paint_side(painter, area, _Side(self._right, text_width, thickness, hub.right(), is_left=False))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("text"))
        painter.drawRoundedRect(ground, 4, 4)

    def _text_width(self) -> float:
        strong, small = QFontMetricsF(figure_font(Type.STRONG)), QFontMetricsF(text_font(Type.CAPTION))
        streams = [*self._left, *self._right]
        amounts = (strong.horizontalAdvance(self._written(stream.amount)) for stream in streams)
        names = (small.horizontalAdvance(stream.name) for stream in streams)
        return max(*amounts, *names) + Space.SMALL

    def _paint_side(self, painter: QPainter, area: QRectF, side: "_Side") -> None:
        slot = area.height() / len(side.streams)
        widths = side.widths()
        at = area.center().y() - sum(widths) / 2
        for number, (stream, width) in enumerate(zip(side.streams, widths, strict=True)):
            middle = area.top() + slot * (number + 0.5)
            left = area.left() if side.is_left else area.right() - side.text_width
            place = QRectF(left, middle - slot / 2, side.text_width, slot)
            self._places.append((place, stream))
            self._paint_text(painter, place, stream, side.is_left)
            start = QPointF(place.right() if side.is_left else place.left(), middle)
            self._paint_stream(painter, start, QPointF(side.hub, at + width / 2), width, stream.kind)
            at += width

    def _paint_stream(self, painter: QPainter, start: QPointF, end: QPointF, width: float, kind: Kind) -> None:
        fill = QColor(colour(_COLOUR[kind]))
        fill.setAlpha(_OPACITY[kind])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        half, bend = QPointF(0, width / 2), QPointF((end.x() - start.x()) * 0.5, 0)
        path = QPainterPath(start - half)
        path.cubicTo(start - half + bend, end - half - bend, end - half)
        path.lineTo(end + half)
        path.cubicTo(end + half - bend, start + half + bend, start + half)
        path.closeSubpath()
        painter.drawPath(path)

    def _paint_text(self, painter: QPainter, place: QRectF, stream: Stream, is_left: bool) -> None:
        side = Qt.AlignmentFlag.AlignLeft if is_left else Qt.AlignmentFlag.AlignRight
        strong, small = figure_font(Type.STRONG), text_font(Type.CAPTION)
        height = QFontMetricsF(strong).height() + QFontMetricsF(small).height()
        top = QRectF(place.left(), place.center().y() - height / 2, place.width(), QFontMetricsF(strong).height())
        painter.setFont(strong)
        painter.setPen(colour("text"))
        painter.drawText(top, side | Qt.AlignmentFlag.AlignTop, self._written(stream.amount))
        below = QRectF(place.left(), top.bottom(), place.width(), QFontMetricsF(small).height())
        painter.setFont(small)
        painter.setPen(colour("warning" if stream.kind == "fee" else "muted"))
        painter.drawText(below, side | Qt.AlignmentFlag.AlignTop, stream.name)

    # --- pointing ---

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            stream = next((found for place, found in self._places if place.contains(event.pos().toPointF())), None)
            tip = "" if stream is None or not stream.address else in_fours(safe_text(stream.address))
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the hub. thickness: of all its streams together; hub: where they meet."""

    streams: list[Stream]
    text_width: float
    thickness: float
    hub: float
    is_left: bool

    def widths(self) -> list[float]:
        """How thick each stream is; those of unknown amounts share what an equal part would be."""
        known = sum(stream.amount or 0 for stream in self.streams)
        if any(stream.amount is None for stream in self.streams) or not known:
            return [self.thickness / len(self.streams)] * len(self.streams)
        return [max(_THINNEST, self.thickness * (stream.amount or 0) / known) for stream in self.streams]
