"""Pictures: the streams of a payment and the branch of a proof, what they say, and that they can be kept."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage, QMouseEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.bitcoin.blocks import make_block
from tests.ui.engine_double import ADDRESSES
from tests.ui.stage import NO_KEYS, Stage
from wallet.bitcoin.hashes import sha256d
from wallet.bitcoin.merkle import MerkleProof, build_proof
from wallet.engine import api
from wallet.ui.pages.proof import MAX_PROOF_BYTES, ProofFileDialog
from wallet.ui.pages.transaction import fee_of
from wallet.ui.text import format_work
from wallet.ui.widgets.flow import MOST_STREAMS, FlowDiagram, Stream, gather, review_streams, streams_out
from wallet.ui.widgets.picture import PictureError
from wallet.ui.widgets.prooftree import ProofTree, nodes_of


def proof_of(count: int, position: int) -> MerkleProof:
    return build_proof(make_block(count), position, 500)


@pytest.mark.parametrize(("count", "position"), [(1, 0), (2, 1), (7, 6), (7, 3), (3_000, 1_203)])
def test_the_picture_shows_each_hash_on_the_way_to_the_root(count: int, position: int) -> None:
    proof = proof_of(count, position)
    nodes = nodes_of(proof)
    assert len(nodes) == 2 * len(proof.branch) + 1
    assert nodes[0].hash == proof.txid
    assert nodes[-1].hash == proof.header.merkle_root
    for node in nodes:
        if node.made_of is not None:
            assert node.hash == sha256d(b"".join(node.made_of))
    for ours, sibling in zip(nodes[:-1:2], nodes[1::2], strict=True):
        assert (ours.ours, sibling.ours) == (True, False)
        assert {ours.column, sibling.column} == {0, 1}


def test_the_last_of_an_odd_level_is_shown_beside_itself() -> None:
    nodes = nodes_of(proof_of(7, 6))
    assert nodes[1].is_copy
    assert not nodes[3].is_copy


def test_arrow_keys_walk_the_branch_and_return_copies(stage: Stage) -> None:
    tree = ProofTree()
    tree.show_proof(proof_of(7, 3))
    stage.show(tree)
    copied: list[str] = []
    tree.copied.connect(copied.append)
    tree.choose(0)
    ways = (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down)
    walked = []
    for key in ways:
        stage.press(tree, key)
        assert tree.current is not None
        walked.append(tree.nodes.index(tree.current))
        assert str(tree.current.hash) in tree.accessibleDescription()
    assert walked == [1, 2, 4, 6, 6, 4]
    stage.press(tree, Qt.Key.Key_Return)
    assert copied == [str(tree.nodes[4].hash)]


def test_pointing_at_a_box_says_what_it_hashes(stage: Stage) -> None:
    shell = stage.shell()
    dialog = shell.open_transaction(stage.engine.rows[3].txid)
    stage.settle()
    card = dialog.proof
    assert card.message.kind == "good"
    point = QPointF(card.tree.width() / 2, 10)
    no_button = Qt.MouseButton.NoButton
    QApplication.sendEvent(
        card.tree,
        QMouseEvent(QEvent.Type.MouseMove, point, card.tree.mapToGlobal(point), no_button, no_button, NO_KEYS),
    )
    root = card.tree.nodes[-1]
    assert card.tree.current is root
    assert card.node.digest.accessibleName() == str(root.hash)
    assert root.made_of is not None
    assert str(root.made_of[0])[:12] in card.node.made_of.text()
    QTest.mouseClick(card.tree, Qt.MouseButton.LeftButton, pos=QPoint(card.tree.width() // 2, 10))
    assert QGuiApplication.clipboard().text() == str(root.hash)
    dialog.close()


def test_a_header_that_nobody_worked_for_is_not_praised(stage: Stage) -> None:
    shell = stage.shell()
    dialog = shell.open_transaction(stage.engine.rows[3].txid)
    stage.settle()
    assert "below its target" in dialog.proof.header.summary.text()
    lazy = next(proof for n in range(2, 40) if (proof := proof_of(n, 1)).header.hash[-1] >= 0x80)
    dialog.proof.show_proof(lazy.to_json())
    assert "above its target" in dialog.proof.header.summary.text()
    dialog.close()


def test_a_document_that_proves_nothing_is_told_and_not_drawn(stage: Stage) -> None:
    shell = stage.shell()
    dialog = shell.open_transaction(stage.engine.rows[3].txid)
    stage.settle()
    dialog.proof.show_proof({**proof_of(7, 3).to_json(), "txid": "00" * 32})
    assert dialog.proof.message.kind == "error"
    assert not dialog.proof.tree.isVisible()
    dialog.close()


def test_a_proof_file_dropped_on_the_window_is_verified(stage: Stage, tmp_path: Path) -> None:
    window = stage.window()
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof_of(7, 3).to_json()))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    stage.settle()
    assert [command.document["height"] for command in stage.engine.commands(api.VerifyProof)] == [500]
    dialog = window.findChild(ProofFileDialog)
    assert dialog is not None
    assert dialog.card.message.kind == "good"
    dialog.close()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no json", "JSON"), (b"[1]", "no proof"), (b'{"txid": 1}', "fields"), (b" " * (MAX_PROOF_BYTES + 1), "large")],
)
def test_a_file_that_holds_no_proof_says_why(stage: Stage, tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(content)
    dialog = stage.window().look_at(path)
    assert isinstance(dialog, ProofFileDialog)
    stage.settle()
    assert reason in dialog.problem.text + dialog.card.message.text
    assert not dialog.card.tree.isVisible()
    dialog.close()


def test_a_proof_is_exported_as_the_command_line_reads_it(stage: Stage, tmp_path: Path) -> None:
    shell = stage.shell()
    dialog = shell.open_transaction(stage.engine.rows[3].txid)
    stage.settle()
    path = tmp_path / "kept.json"
    stage.run(dialog.proof.save_proof(path))
    MerkleProof.from_json(json.loads(path.read_text())).verify()
    stage.run(dialog.proof.save_proof(tmp_path / "nowhere" / "kept.json"))
    assert dialog.proof.message.kind == "error"
    dialog.close()


# --- streams


def test_streams_say_all_that_they_show(stage: Stage) -> None:
    flow = FlowDiagram(stage.context.preferences)
    ends = (api.TransactionEnd(ADDRESSES[0], 50_000, own=False), api.TransactionEnd(ADDRESSES[1], None, own=True))
    flow.show_flow([Stream("yours", 90_000, "own")], streams_out(ends, 141))
    said = flow.accessibleName()
    for part in ("90,000 satoshis", "50,000 satoshis", "amount not known", "141 satoshis", "yours", "recipient", "fee"):
        assert part in said
    stage.context.preferences.set_hidden(True)
    assert "50,000" not in flow.accessibleName()
    stage.context.preferences.set_hidden(False)


def test_a_payments_streams_add_up(stage: Stage) -> None:
    review = stage.run(stage.engine.run(api.PreparePayment(((ADDRESSES[0], 50_000),))))
    inputs, outputs = review_streams(review)
    assert sum(stream.amount or 0 for stream in inputs) == sum(stream.amount or 0 for stream in outputs)
    assert [stream.kind for stream in outputs] == ["foreign", "change", "fee"]


def test_many_ends_are_drawn_as_a_few_and_nothing_is_lost() -> None:
    streams = [Stream("recipient", 1_000 + number, "foreign") for number in range(40)]
    drawn = gather([*streams, Stream("fee", 7, "fee")])
    assert len(drawn) == MOST_STREAMS
    assert drawn[-1].kind == "fee"
    assert sum(stream.amount or 0 for stream in drawn) == sum(stream.amount or 0 for stream in streams) + 7
    assert gather([*streams, Stream("x", None, "foreign")])[-1].amount is None


def test_a_fee_is_known_where_all_amounts_are(stage: Stage) -> None:
    detail = stage.run(stage.engine.run(api.GetTransaction(stage.engine.rows[3].txid)))
    assert fee_of(detail) == 412


@pytest.mark.parametrize("name", ["flow.png", "flow.svg"])
def test_pictures_are_kept_as_png_and_svg(stage: Stage, tmp_path: Path, name: str) -> None:
    tree = ProofTree()
    tree.show_proof(proof_of(7, 3))
    stage.show(tree)
    path = tmp_path / name
    tree.save(path)
    if path.suffix == ".png":
        image = QImage(str(path))
        assert image.width() > 2 * tree.width()
        grid = ((x, y) for x in range(0, image.width(), 40) for y in range(0, image.height(), 10))
        assert len({image.pixelColor(x, y).name() for x, y in grid}) > 2
    else:
        assert QSvgRenderer(str(path)).isValid()
        assert "Merkle branch" in path.read_text()
    with pytest.raises(PictureError, match="nowhere"):
        tree.save(tmp_path / "nowhere" / name)


def test_work_is_told_as_a_power_of_ten() -> None:
    assert format_work(82) == "82"
    assert format_work(3_400_000_000_000_000_000_000_000) == "3.4 × 10²⁴"  # noqa: RUF001 - as it is shown
