"""One payment's window with the real engine: its ids, its raw forms, its pictures; kept, copied and printed."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE
from wallet.bitcoin.psbt import Psbt
from wallet.engine import api
from wallet.ui.design.colours import DARK, LIGHT, colours_now, painting_in
from wallet.ui.design.theme import Look
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.proof import ProofFileDialog
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.widgets.flow import FlowDiagram
from wallet.ui.widgets.picture import PictureButton


def opened(live: Live, mined: bool = True) -> TransactionDialog:
    _, shell = live.begin()
    dialog = shell.open_transaction(live.fund(60_000, mined=mined))
    live.wait(lambda: dialog.raw.isVisible() and not dialog.proof.again.is_busy, "the payment")
    return dialog


def copied(button: QPushButton) -> str:
    button.click()
    return QApplication.clipboard().text()


def test_everything_can_be_copied_whole_and_saved(live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dialog = opened(live)
    detail = live.ask(api.GetTransaction(dialog._txid))
    texts = {copied(button) for button in dialog.findChildren(QPushButton) if button.text().startswith("Copy")}
    assert texts >= {detail.row.txid, detail.block_hash, detail.hex}
    psbt = Psbt.from_base64(copied(dialog.raw.copy_psbt))
    assert psbt.extract().serialize().hex() == detail.hex
    names: list[str] = []

    def choose(*asked: object) -> tuple[str, str]:
        names.append(str(asked[2]))
        return str(tmp_path / names[-1]), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(choose))
    for button in (dialog.raw.save_hex, dialog.raw.save_psbt):
        dialog.raw.message.clear()
        button.click()
        live.wait(lambda: dialog.raw.message.kind == "good" and dialog.raw.message.text, "the file")
    assert [Path(name).suffix for name in names] == [".txn", ".psbt"]
    assert (tmp_path / names[0]).read_text() == detail.hex + "\n"
    assert Psbt.parse((tmp_path / names[1]).read_bytes()) == psbt
    live.run(dialog.raw.write(tmp_path / "nowhere" / "x", b""))
    assert dialog.raw.message.kind == "error"


def test_a_payment_that_waits_is_there_in_all_its_forms_too(live: Live) -> None:
    _, shell = live.begin()
    live.fund(60_000)
    sent = live.ask(api.SendPayment(live.ask(api.PreparePayment(((OUTSIDE, 10_000),))).id, PASSWORD))
    dialog = shell.open_transaction(sent.txid)
    live.wait(dialog.raw.isVisible, "the payment")
    assert Psbt.from_base64(copied(dialog.raw.copy_psbt)).extract().serialize().hex() == sent.hex
    assert not [button for button in dialog.findChildren(QPushButton) if "block" in button.text()]


def test_pictures_are_saved_and_printed_by_menu_and_key(
    live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dialog = opened(live)
    flow = dialog.findChild(FlowDiagram)
    assert flow is not None
    assert "60,000 satoshis" in flow.accessibleName()
    assert flow.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert flow.contextMenuPolicy() is Qt.ContextMenuPolicy.ActionsContextMenu
    menus = [button.menu().actions() for button in dialog.findChildren(PictureButton)]
    assert [flow.save_action, flow.print_action] in menus
    assert [dialog.proof.tree.save_action, dialog.proof.tree.print_action] in menus
    path = tmp_path / "flow.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    flow.save_action.trigger()
    assert str(path) in dialog.problem.text
    assert "60,000" in path.read_text()
    path = tmp_path / "nowhere" / "proof.png"
    dialog.proof.tree.save_action.trigger()
    assert dialog.proof.message.kind == "error"
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFileName(str(tmp_path / "proof.pdf"))
    dialog.proof.tree.print_on(printer)
    assert (tmp_path / "proof.pdf").read_bytes().startswith(b"%PDF")
    assert "printed" in dialog.proof.message.text


def test_paper_is_light_also_when_the_window_is_dark(stage: Stage) -> None:
    stage.context.theme.choose(Look.DARK)
    assert colours_now() is DARK
    with painting_in(LIGHT):
        assert colours_now() is LIGHT
        flow = FlowDiagram(stage.context.preferences)
        stage.show(flow)
        image: QImage = flow.image()
    assert image.pixelColor(0, 0).name() == LIGHT.card
    assert flow.image().pixelColor(0, 0).name() == DARK.card
    assert colours_now() is DARK


def test_a_proof_file_is_verified_from_the_history(live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, shell = live.begin()
    txid = live.fund(60_000)
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(live.ask(api.GetProof(txid))))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(path), "")))
    shell.sidebar.choose("history")
    live.settle()
    page = shell.page("history")
    assert isinstance(page, HistoryPage)
    page.verify.click()
    live.settle()
    dialog = page.findChild(ProofFileDialog)
    assert dialog is not None
    live.wait(lambda: dialog.card.message.kind == "good", "the verdict")
