"""A Merkle branch as a picture: from the transaction at the foot up to the root in the block's header."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from wallet.bitcoin.hashes import Hash256, sha256d
from wallet.bitcoin.merkle import MerkleProof
from wallet.override import override
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Space, Type, code_font, text_font
from wallet.ui.widgets.picture import Picture

_GAP: Final = 30.0
"""Between two levels: where the lines run."""
_SHOWN: Final = 16
"""So many digits of a hash are written in its box; all of it is beside the picture when the box is chosen."""


@dataclass(frozen=True, slots=True)
class Node:
    """One box. level: 0 for the transaction; ours: on the way from it to the root; column: 0 left, 1 right, -1 alone.

    made_of: the two hashes, left and right, that it is the hash of; None for a leaf and for what the block tells.
    """

    hash: Hash256
    level: int
    column: int
    ours: bool
    made_of: tuple[Hash256, Hash256] | None = None
    is_copy: bool = False


def nodes_of(proof: MerkleProof) -> list[Node]:
    """Every box, from the transaction up: ours and its sibling on each level, and the root alone at the top."""
    nodes: list[Node] = []
    node, made_of, position = Hash256(proof.txid), None, proof.position
    for level, sibling in enumerate(proof.branch):
        right = position & 1
        nodes.append(Node(node, level, right, ours=True, made_of=made_of))
        nodes.append(Node(sibling, level, 1 - right, ours=False, is_copy=sibling == node))
        made_of = (sibling, node) if right else (node, sibling)
        node = Hash256(sha256d(made_of[0] + made_of[1]))
        position >>= 1
    nodes.append(Node(node, len(proof.branch), -1, ours=True, made_of=made_of))
    return nodes


class ProofTree(Picture):
    """`chosen` tells which box the pointer or the arrow keys are on; `copied` its hash on a click or Return."""

    chosen = Signal(object)
    copied = Signal(str)

    def __init__(self) -> None:
        super().__init__("proof")
        self._nodes: list[Node] = []
        self._at: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_proof(self, proof: MerkleProof) -> None:
        self._nodes = nodes_of(proof)
        self._at = None
        self.setAccessibleName(
            self.tr("Merkle branch of {n} steps, from the transaction to the root in the header").format(
                n=len(proof.branch)
            )
        )
        self.updateGeometry()
        self.update()

    @property
    def nodes(self) -> list[Node]:
        return self._nodes

    @property
    def current(self) -> Node | None:
        """The box that is chosen."""
        return None if self._at is None else self._nodes[self._at]

    def name_of(self, node: Node) -> str:
        """What a box is, in words."""
        top = self._nodes[-1].level
        if node.level == top:
            return self.tr("Merkle root, in the block's header")
        if node.level == 0 and node.ours:
            return self.tr("Your transaction")
        if node.is_copy:
            return self.tr("The same hash once more: it is the last of its level")
        if node.ours:
            return self.tr("Level {n}: hash of the two below").format(n=node.level)
        return self.tr("Level {n}: given by the block").format(n=node.level)

    # --- sizes ---

    def _box_height(self) -> float:
        lines = QFontMetricsF(code_font(Type.CAPTION)).height() + QFontMetricsF(text_font(Type.CAPTION)).height()
        return lines + Space.MEDIUM

    @override
    def sizeHint(self) -> QSize:
        levels = self._nodes[-1].level + 1 if self._nodes else 1
        return QSize(480, round(levels * self._box_height() + (levels - 1) * _GAP) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(260, self.sizeHint().height())

    def _place(self, node: Node, area: QRectF) -> QRectF:
        height, top = self._box_height(), self._nodes[-1].level
        gap = Space.LARGE
        width = (area.width() - gap) / 2
        y = area.top() + 1 + (top - node.level) * (height + _GAP)
        if node.column < 0:
            return QRectF(area.center().x() - width / 2, y, width, height)
        return QRectF(area.left() + 1 + node.column * (width + gap - 2), y, width - 1, height)

    # --- painting ---

    @override
    def paint(self, painter: QPainter, area: QRectF) -> None:
        boxes = [self._place(node, area) for node in self._nodes]
        for number, node in enumerate(self._nodes):
            if node.made_of is not None:
                self._paint_lines(painter, boxes, number)
        for number, (node, box) in enumerate(zip(self._nodes, boxes, strict=True)):
            self._paint_box(painter, box, node, number == self._at)

    def _paint_lines(self, painter: QPainter, boxes: Sequence[QRectF], number: int) -> None:
        """From the two boxes below up to this one."""
        parent = boxes[number]
        end = QPointF(parent.center().x(), parent.bottom())
        for below in (number - 1, number - 2):  # ours last: where both run, ours is seen
            box = boxes[below]
            painter.setPen(QPen(colour("accent" if self._nodes[below].ours else "edge"), 2))
            start = QPointF(box.center().x(), box.top())
            middle = end.y() + _GAP / 2
            painter.drawPolyline([start, QPointF(start.x(), middle), QPointF(end.x(), middle), end])

    def _paint_box(self, painter: QPainter, box: QRectF, node: Node, chosen: bool) -> None:
        pen = QPen(colour("accent" if node.ours else "edge"), 2.5 if chosen else 1.2)
        if node.is_copy:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(colour("accent_soft" if node.ours else "card")))
        painter.drawRoundedRect(box, 8, 8)
        inside = box.adjusted(Space.SMALL, Space.HAIR, -Space.SMALL, -Space.HAIR)
        painter.setPen(colour("accent" if node.ours else "muted"))
        painter.setFont(text_font(Type.CAPTION))
        painter.drawText(inside, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self._title(node))
        painter.setPen(colour("text"))
        painter.setFont(code_font(Type.CAPTION))
        shown = self._digits(str(node.hash), inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, shown)

    def _title(self, node: Node) -> str:
        if node.level == self._nodes[-1].level:
            return self.tr("Merkle root")
        if node.level == 0 and node.ours:
            return self.tr("your transaction")
        if node.is_copy:
            return self.tr("itself once more")
        return self.tr("hash of both") if node.ours else self.tr("sibling")

    @staticmethod
    def _digits(digest: str, width: float) -> str:
        """As many of the first digits as there is room for, in groups."""
        metrics = QFontMetricsF(code_font(Type.CAPTION))
        for digits in range(_SHOWN, 0, -4):
            text = " ".join(digest[at : at + 4] for at in range(0, digits, 4)) + " …"
            if metrics.horizontalAdvance(text) <= width:
                return text
        return "…"

    # --- choosing ---

    def choose(self, number: int | None) -> None:
        """Put the mark on a box."""
        if number == self._at:
            return
        self._at = number
        node = self.current
        self.setAccessibleDescription("" if node is None else f"{self.name_of(node)}: {node.hash}")
        self.update()
        self.chosen.emit(node)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = QRectF(self.rect())
        places = (self._place(node, area) for node in self._nodes)
        found = next((number for number, box in enumerate(places) if box.contains(event.position())), None)
        if found is not None:
            self.choose(found)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and (node := self.current) is not None:
            self.copied.emit(str(node.hash))

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._at is None and self._nodes and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.choose(0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        last, at = len(self._nodes) - 1, self._at or 0
        match event.key():
            case Qt.Key.Key_Up:
                self.choose(min(last, at + 2 - (at % 2)))
            case Qt.Key.Key_Down:
                self.choose(max(0, at - 2 if at % 2 == 0 else at - 3))
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                self.choose(at if at == last else at ^ 1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space if self.current is not None:
                self.copied.emit(str(self.current.hash))
            case _:
                super().keyPressEvent(event)
