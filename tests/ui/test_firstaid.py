"""First aid: words for every known problem, and a report that tells nothing private."""

import logging
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit

from tests.ui.engine_double import SYNCED
from tests.ui.play import Live
from tests.ui.stage import Stage
from tests.ui.walk import OUTSIDE, fill
from wallet import __version__, logs
from wallet.engine import api
from wallet.ui.advice import advice
from wallet.ui.pages.firstaid import HelpDialog, ReportDialog
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.report import Facts, compose

FACTS = Facts("main", SYNCED, wallets=2, own_nodes=1, proxy=True, practice=False, fault="ZeroDivisionError")


def test_every_code_of_the_engine_has_words_and_no_other_has() -> None:
    table = advice()
    assert set(table) == api.ERROR_CODES
    for code, (what, now) in table.items():
        assert what[0].isupper(), code
        assert not what.endswith("."), code
        assert len(now) > 40, code
        assert now.endswith("."), code
    assert len({what for what, _ in table.values()}) == len(table)


def test_a_report_says_what_runs_where_and_blots_out_the_rest(stage: Stage) -> None:
    text = f"peer 3 (10.1.2.3:8333) dropped\npaid {OUTSIDE} for Ana's rent under /data/wallets/savings"
    report = compose(FACTS, [("window", text), ("engine", "")], ("Ana's rent",), ("/data",))
    assert f"Wren {__version__}, Python 3." in report
    assert "Qt 6." in report
    assert "peers: own nodes only; proxy: yes; wallets: 2" in report
    assert "Phase: synced, 100 %; height 900 of 900" in report
    assert "Fault: ZeroDivisionError" in report
    assert "peer 3 ((peer)) dropped" in report
    assert not any(word in report for word in ("10.1.2.3", OUTSIDE, "Ana", "rent", "/data", "savings"))
    assert report.endswith("--- the end of the log of the engine ---\n(empty)\n")
    assert "The engine does not answer." in compose(Facts("main", None, 0, 0, False, False), [], (), ())


def test_the_report_of_a_used_wallet_can_be_read_copied_and_saved(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, shell = live.begin()
    fill(live, "Rent for Ana")
    home = Path(str(live.context.options.data_dir))
    (home / logs.FOLDER).mkdir(exist_ok=True)
    file = logs.LogFile(home / logs.FOLDER / "window.log")
    file.setFormatter(logging.Formatter())  # as if the log itself had kept everything
    txid = live.ask(api.GetHistory())[0].txid
    peer = live.context.options.peers[0]
    line = f"{txid} pays {OUTSIDE} (Rent for Ana) in {home}/wallets/play, says {peer}: yes"
    file.handle(logging.LogRecord("wallet.x", logging.INFO, "x.py", 1, line, None, None))
    file.close()
    shell.sidebar.choose("settings")
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    page.first_aid.report_button.click()
    dialog = page.first_aid.opened
    assert isinstance(dialog, ReportDialog)
    live.wait(dialog.text.toPlainText, "the report")
    report = dialog.text.toPlainText()
    assert "wallets: 1" in report
    assert "(id) pays (address) ((words)) in ~/wallets/(wallet) says (words): yes" in report
    assert not any(word in report for word in (txid, OUTSIDE, "Rent", "Ana", str(home), peer))
    assert dialog.text.isReadOnly()
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == report
    target = tmp_path / "report.txt"
    live.run(dialog.save_report(target))
    assert target.read_text(encoding="utf-8") == report
    live.run(dialog.save_report(tmp_path / "nowhere" / "report.txt"))
    assert "could not be written" in dialog.message.text
    dialog.close()
    assert window.shell is shell


def test_ones_own_node_is_counted_and_not_named(stage: Stage, options: api.EngineOptions) -> None:
    stage.engine.own_node = "ana-cellar:8333"
    folder = Path(str(options.data_dir)) / logs.FOLDER
    folder.mkdir()
    (folder / "engine.log").write_text("cannot reach ana-cellar, at all\n", encoding="utf-8")
    dialog = stage.window().aid.report()
    stage.until(dialog.text.toPlainText, "the report")
    assert "cannot reach (words), at all" in dialog.text.toPlainText()
    assert "peers: own nodes only" in dialog.text.toPlainText()
    dialog.close()


def test_the_report_is_there_when_the_engine_is_not(stage: Stage) -> None:
    stage.engine.refuse[api.GetSyncStatus] = api.WrenError("in_use", "another Wren uses this folder")
    dialog = stage.window().aid.report()
    stage.until(dialog.text.toPlainText, "the report")
    assert "The engine does not answer." in dialog.text.toPlainText()
    dialog.close()


def test_a_faults_banner_leads_to_the_report_and_no_other_does(stage: Stage) -> None:
    stage.engine.refuse[api.GetHistory] = api.WrenError("no_wallet", "no wallet is open")
    window = stage.window()
    window.banner.say("just a word", "info")
    assert not window.banner.report_button.isVisible()
    window.aid.show_fault(ZeroDivisionError("with a secret in it"))
    assert window.banner.report_button.isVisible()
    assert "secret" not in window.banner.text
    window.banner.report_button.click()
    (dialog,) = window.findChildren(ReportDialog)
    stage.until(dialog.text.toPlainText, "the report")
    assert "Fault: ZeroDivisionError" in dialog.text.toPlainText()
    dialog.close()
    window.banner.say("another word", "info")
    assert not window.banner.report_button.isVisible()


def test_f1_opens_the_help_from_anywhere(stage: Stage) -> None:
    window = stage.window()
    window.activateWindow()
    stage.press(window, Qt.Key.Key_F1)
    (dialog,) = window.findChildren(HelpDialog)
    assert dialog.isVisible()
    assert dialog.findChildren(QPlainTextEdit) == []
    dialog.close()
