"""The proof that a transaction is in a block, as a picture: branch, header, target, work; verified anew on demand."""

import asyncio
import json
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QGridLayout, QWidget

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.merkle import MerkleProof, ProofError
from wallet.bitcoin.pow import block_work, target_from_bits
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import LEFT, TOP, column, fit_to_screen, row, scrolling
from wallet.ui.design.metrics import Space, Type
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.text import format_time_of, format_work, safe_text
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.frame import card, frame, line
from wallet.ui.widgets.label import Code, Label, caption, note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.picture import PictureButton
from wallet.ui.widgets.prooftree import Node, ProofTree

MAX_PROOF_BYTES = 4_000_000
"""A proof file is smaller: two transactions in hex and two branches."""


def breakable(value: str) -> str:
    """A long hash in groups, so that it can wrap."""
    return " ".join(value[start : start + 8] for start in range(0, len(value), 8))


def read_proof(path: Path) -> dict[str, object]:
    """The proof document in a file. Raises ProofError in words; OSError where it cannot be read."""
    if path.exists() and not path.is_file():
        raise ProofError("that is no file, but something that might never end")
    with path.open("rb") as file:
        raw = file.read(MAX_PROOF_BYTES + 1)
    if len(raw) > MAX_PROOF_BYTES:
        raise ProofError("the file is too large for a proof")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ProofError("the file is no proof: it does not hold JSON") from error
    if not isinstance(found, dict):
        raise ProofError("the file is no proof")
    return found


class ChosenNode(QWidget):
    """What the picture's mark is on: the whole hash, and what it is the hash of."""

    def __init__(self, context: Context, tree: ProofTree) -> None:
        super().__init__()
        self._tree = tree
        self._hash = ""
        self.name = caption()
        self.digest = Code(size=Type.CAPTION)
        self.made_of = caption()
        self.copy = CopyButton(context.clipboard, self.tr("Copy"), lambda: self._hash, "quiet")
        text = column(self.name, self.digest, self.made_of, spacing=Space.HAIR)
        layout = row(text, self.copy)
        layout.setStretch(0, 1)
        layout.setAlignment(self.copy, TOP)
        well = frame("well", layout)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.SMALL, Space.SMALL)
        self.setLayout(column(well))
        tree.chosen.connect(self.show_node)
        tree.copied.connect(self._copy)
        self.show_node(None)

    def show_node(self, node: Node | None) -> None:
        self.copy.setEnabled(node is not None)
        if node is None:
            self._hash = ""
            self.name.setText(self.tr("Point at a box, or use the arrow keys, to see what is hashed"))
            self.digest.setText(" ")
            self.made_of.setText(" ")
            return
        self._hash = str(node.hash)
        self.name.setText(self._tree.name_of(node))
        self.digest.setText(breakable(self._hash))
        self.digest.setAccessibleName(self._hash)
        if node.made_of is None:
            self.made_of.setText(self.tr("not made of others here"))
        else:
            left, right = (str(part) for part in node.made_of)
            self.made_of.setText(
                self.tr("SHA-256, twice, over {left}… and {right}…").format(left=left[:12], right=right[:12])
            )

    def _copy(self, digest: str) -> None:
        self._hash = digest
        self.copy.click()


class HeaderCard(QWidget):
    """A block's header: its fields, its hash under its target, and the work on top."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(Space.LARGE)
        self._grid.setVerticalSpacing(Space.SMALL)
        self._grid.setColumnStretch(1, 1)
        self.summary = Label(wrap=True)
        self.setLayout(column(self.summary, self._grid))

    def show_header(self, header: BlockHeader, height: int, confirmations: int, peers: int) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        target = target_from_bits(header.bits)
        self._add(self.tr("Hash"), f"{header.hash}")
        self._add(self.tr("Target"), f"{target:064x}")
        self._add(self.tr("Merkle root"), f"{header.merkle_root}")
        self._add(self.tr("Block before"), f"{header.previous}")
        rest = self.tr("time {time} · version {version:#x} · bits {bits:08x} · nonce {nonce}")
        small = caption(
            rest.format(time=format_time_of(header.time), version=header.version, bits=header.bits, nonce=header.nonce)
        )
        self._grid.addWidget(small, self._grid.rowCount(), 0, 1, 2)
        self.summary.setText(self._summary(header, height, confirmations, peers))

    def _summary(self, header: BlockHeader, height: int, confirmations: int, peers: int) -> str:
        if int.from_bytes(header.hash, "little") > target_from_bits(header.bits):
            return self.tr("The header's hash is above its target: nobody has worked for this block.")
        work = format_work(block_work(header.bits) * max(1, confirmations))
        lines = [
            self.tr("The hash of block {height} is below its target: finding one took work.").format(height=height)
        ]
        if confirmations:
            lines.append(
                self.tr("It is {n} deep: undoing it would take about {work} hashes anew.").format(
                    n=confirmations, work=work
                )
            )
        if peers:
            lines.append(self.tr("Connected peers that have this chain: {n}.").format(n=peers))
        return " ".join(lines)

    def _add(self, name: str, value: str) -> None:
        at = self._grid.rowCount()
        code = Code(breakable(value), Type.CAPTION)
        code.setAccessibleName(value)
        self._grid.addWidget(caption(name), at, 0, LEFT | TOP)
        self._grid.addWidget(code, at, 1)


class ProofCard(QWidget):
    """The whole proof. `show_proof` takes the document of `GetProof`, or of a file that somebody sent."""

    shown = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.document: dict[str, object] = {}
        self._proof: MerkleProof | None = None
        self._verifying: asyncio.Task[None] | None = None
        self.message = Message()
        self.tree = ProofTree()
        self.node = ChosenNode(context, self.tree)
        self.header = HeaderCard()
        self.again = BusyButton(self.tr("&Verify again"), "plain", "shield")
        self.export = Button(self.tr("E&xport the proof…"), "quiet")
        self.picture = PictureButton(self.tree)
        self.again.clicked.connect(self.verify)
        self.export.clicked.connect(self._ask_export)
        self.tree.said.connect(self.message.say)
        self._inside = QWidget()
        self._lay_out()

    def _lay_out(self) -> None:
        explained = note(
            self.tr(
                "Each box is the hash of the two below it. Your transaction leads up to the Merkle root, which stands "
                "in the block's header: changing one digit of it would change every box on the way."
            )
        )
        parts = column(
            explained,
            self.tree,
            self.node,
            line(),
            section(self.tr("The block's header")),
            self.header,
        )
        parts.setContentsMargins(0, 0, 0, 0)
        self._inside.setLayout(parts)
        buttons = QWidget()
        buttons.setLayout(Wrapping(self.again, self.export, self.picture))
        self.setLayout(column(card(section(self.tr("Proof")), self.message, self._inside, buttons)))

    def show_proof(self, document: dict[str, object]) -> None:
        """Draw a proof and verify it."""
        self.document = document
        try:
            self._proof = MerkleProof.from_json(document)
        except ProofError as error:
            self._proof = None
            self._inside.hide()
            self.message.say(self.tr("This is no proof that could be checked: {reason}").format(reason=error), "error")
            return
        self._inside.show()
        self.tree.show_proof(self._proof)
        self.header.show_header(self._proof.header, self._proof.height, 0, 0)
        self.verify()

    def verify(self) -> None:
        """Have the engine judge the proof against the chain that we hold."""
        if self._proof is not None and not self.again.is_busy:
            self.again.start(self.tr("Verifying…"))
            self._verifying = self._context.bridge.start(self._verify(), self._failed)

    def leave(self) -> None:
        """The card goes: nothing that was begun for it goes on."""
        if self._verifying is not None:
            self._verifying.cancel()

    async def _verify(self) -> None:
        verdict = await self._context.bridge.run(api.VerifyProof(self.document))
        peers = await self._context.bridge.run(api.GetSyncStatus())
        self.again.stop()
        if self._proof is not None:
            known = verdict.valid and verdict.known
            agreeing = peers.peers if known and peers.height <= peers.announced_height else 0
            self.header.show_header(self._proof.header, verdict.height, verdict.confirmations, agreeing)
        self._say(verdict)
        self.shown.emit()

    def _say(self, verdict: api.ProofVerdict) -> None:
        if verdict.valid and verdict.known:
            text = self.tr(
                "The figures lead to the header of block {height}, which is in the chain with the most work."
            )
            self.message.say(text.format(height=verdict.height), "good")
        elif verdict.valid:
            text = self.tr("The figures lead to a header, but it is not in the chain that we hold.")
            self.message.say(text, "warning")
        else:
            self.message.say(self.tr("The proof does not hold: {reason}").format(reason=verdict.reason), "error")

    def _failed(self, error: api.WrenError) -> None:
        self.again.stop()
        self.message.say(error.message, "error")

    # --- keeping it ---

    def _ask_export(self) -> None:
        name = f"proof-{str(self.document.get('txid', ''))[:12]}.json"
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export the proof"), name, self.tr("Proofs (*.json)"))
        if path:
            self._context.bridge.start(self.save_proof(Path(path)))

    async def save_proof(self, path: Path) -> None:
        """Write the document, as `wren verify-proof` and every other Wren reads it."""
        text = json.dumps(self.document, indent=2) + "\n"
        try:
            await asyncio.to_thread(path.write_text, text, encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            self.message.say(self.tr("The proof could not be written: {reason}").format(reason=reason), "error")
        else:
            self.message.say(self.tr("The proof is in {path}.").format(path=path), "good")


class ProofFileDialog(QDialog):
    """A proof that somebody sent as a file. Not modal; it needs no wallet."""

    def __init__(self, context: Context, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Proof"))
        self._context = context
        self.problem = Message()
        self.txid = Code(size=Type.CAPTION)
        self.card = ProofCard(context)
        self.card.hide()
        inside = QWidget()
        inside.setObjectName("content")
        name = caption(safe_text(path.name))
        inside.setLayout(column(name, self.problem, self.txid, self.card, None, spacing=Space.LARGE, margin=Space.WIDE))
        close = Button(self.tr("&Close"), "primary")
        close.clicked.connect(self.close)
        foot = row(None, close)
        foot.setContentsMargins(Space.WIDE, 0, Space.WIDE, Space.LARGE)
        self.setLayout(column(scrolling(inside), foot))
        fit_to_screen(self, 720, 760)
        self._loading = context.bridge.start(self._load(path))

    @override
    def done(self, result: int) -> None:
        self.card.leave()
        if self._loading is not None:
            self._loading.cancel()
        super().done(result)

    async def _load(self, path: Path) -> None:
        try:
            document = await asyncio.to_thread(read_proof, path)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem.say(self.tr("The file could not be read: {reason}").format(reason=reason), "error")
        except ProofError as error:
            self.problem.say(str(error), "error")
        else:
            self.txid.setText(breakable(str(document.get("txid", ""))))
            self.card.show()
            self.card.show_proof(document)
