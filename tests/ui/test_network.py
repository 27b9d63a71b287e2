"""The network page, with the real engine on a network of play money; what is rare is scripted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.engine_double import NOW, SYNCED, some_peers
from tests.ui.play import PASSWORD, Live
from tests.ui.stage import Stage
from wallet import logs
from wallet.engine import api
from wallet.ui.models.peers import delay_words, program_of, service_words, way_words
from wallet.ui.pages.network import NetworkPage
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.shell import Shell
from wallet.ui.text import format_age, format_data
from wallet.ui.widgets.recentblocks import RecentBlocks
from wallet.ui.window import Window


def network(stage: Stage, shell: Shell) -> NetworkPage:
    shell.sidebar.choose("network")
    stage.settle()
    page = shell.page("network")
    assert isinstance(page, NetworkPage)
    return page


def test_the_chain_and_the_peers_are_shown_and_follow_by_themselves(live: Live) -> None:
    _, shell = live.begin()
    page = network(live, shell)
    before = live.ask(api.GetSyncStatus())
    assert page.chain.said("hash").replace(" ", "") == before.tip
    assert page.chain.said("block").startswith(f"{before.height}, made ")
    assert page.chain.said("wallet") == f"Complete up to block {before.height}."
    assert page.phase.text().startswith("Synced to ")
    (peer,) = page.peers.rows
    assert peer.address == live.world.address
    assert f"no other nodes than the ones you named: {peer.address}" in page.way.text()
    page.timer.setInterval(50)
    live.mine(2)
    newest = f"{before.height + 2}, made "
    live.wait(lambda: page.chain.said("block").startswith(newest), "the new tip")
    after = live.ask(api.GetChain(1)).blocks[0]
    assert page.chain.said("hash").replace(" ", "") == after.hash
    assert page.chain.said("work") == f"{live.ask(api.GetChain(1)).work} hashes"
    page.copy_hash.click()
    assert QGuiApplication.clipboard().text() == after.hash


def test_a_chosen_peer_tells_all_and_stays_chosen(live: Live) -> None:
    _, shell = live.begin()
    page = network(live, shell)
    assert not page.peer.isVisible()
    page.table.setFocus()
    live.press(page.table, Qt.Key.Key_Return)
    (peer,) = live.ask(api.GetPeers())
    assert page.peer.isVisible()
    assert page.peer.facts.said("program") == peer.user_agent
    assert page.peer.facts.said("address") == peer.address
    assert page.peer.facts.said("group") == peer.netgroup
    live.mine()  # traffic goes on
    page.refresh()
    live.settle()
    assert [row.address for row in page.table.selected()] == [peer.address]
    page.peer.copy.click()
    assert QGuiApplication.clipboard().text() == peer.address


def test_it_asks_only_while_it_is_seen(live: Live) -> None:
    window, shell = live.begin()
    page = network(live, shell)
    assert page.timer.isActive()
    shell.sidebar.choose("overview")
    assert not page.timer.isActive()
    shell.sidebar.choose("network")
    assert page.timer.isActive()
    window.hide()
    assert not page.timer.isActive()
    window.show()
    assert page.timer.isActive()
    page.leave()
    assert not page.timer.isActive()


def test_what_one_looks_at_does_not_jump_when_peers_come_and_go(stage: Stage) -> None:
    first = some_peers()[0]
    stage.engine.peers = tuple(replace(first, address=f"198.51.100.{number}:8333") for number in range(40))
    page = network(stage, stage.shell())
    page.table.selectRow(20)
    page.table.verticalScrollBar().setValue(2)
    stage.engine.peers = stage.engine.peers[:12] + stage.engine.peers[13:]
    page.refresh()
    stage.settle()
    assert [row.address for row in page.table.selected()] == ["198.51.100.20:8333"]
    assert page.table.currentIndex().row() == 19
    assert page.table.verticalScrollBar().value() == 2
    assert page.peer.isVisible()
    stage.engine.peers = stage.engine.peers[:3]
    page.refresh()
    stage.settle()
    assert not page.peer.isVisible()  # the one that was chosen is gone


def test_without_peers_it_says_why(stage: Stage) -> None:
    page = network(stage, stage.shell())
    assert not page.table.isVisible()
    assert page.no_peers.text().startswith("No peers yet: Wren is looking")
    stage.engine.announce(api.SyncChanged(replace(SYNCED, phase="offline", synced=False)))
    assert page.no_peers.text() == "Not connected. Wren tries again by itself."
    stage.engine.peers = some_peers()
    page.refresh()
    stage.settle()
    assert page.table.isVisible()
    assert not page.no_peers.isVisible()


def test_what_peers_say_of_themselves_is_shown_literally(stage: Stage) -> None:
    stage.engine.peers = some_peers()
    why = "bits of\u202e <b>901</b>\x07"
    stage.engine.bans = (api.BanRow("192.0.2.55:8333", NOW + timedelta(days=1), why),)
    page = network(stage, stage.shell())
    page.table.selectRow(3)
    assert page.peer.facts.said("program") == "/⟨U+202E⟩evil <b>:1/"
    assert page.peers.index(3, 1).data() == "⟨U+202E⟩evil <b>:1"
    assert page.bans.index(0, 1).data() == "Bits of⟨U+202E⟩ <b>901</b>⟨U+0007⟩."
    assert page.bans.index(0, 2).data().startswith("5 May 2026")
    assert not page.no_bans.isVisible()


def test_the_words_for_what_peers_are() -> None:
    assert service_words(0xC49) == ["Filters", "All blocks"]
    assert service_words(0xC49, every=True) == ["Filters", "All blocks", "Segwit", "Encrypted transport"]
    assert service_words(0x404) == ["Newest blocks", "Bloom filters"]
    assert service_words(0) == ["Nothing"]
    assert (delay_words(None), delay_words(0.0004), delay_words(1.5)) == ("…", "1\u00a0ms", "1,500\u00a0ms")
    assert len(program_of(replace(some_peers()[0], user_agent="/" + "x" * 256 + "/"))) == 41


def test_the_words_for_the_way_to_the_network() -> None:
    plain = way_words(api.Route((), "", "", bloom=False, offline=False))
    assert ["finds peers by itself" in plain[0], "No proxy" in plain[1], "no peer learns" in plain[2]] == [True] * 3
    named = way_words(api.Route(("a\u202e:1",), "", "127.0.0.1:9050", bloom=True, offline=False))
    assert "the ones you named: a⟨U+202E⟩:1" in named[0]
    assert "127.0.0.1:9050" in named[1]
    assert "learns which are yours" in named[2]
    assert "your own node and to nobody else: b:2" in way_words(api.Route(("b:2",), "b:2", "", False, False))[0]
    assert len(way_words(api.Route((), "", "", bloom=False, offline=True))) == 1
    assert "talks to nobody" in way_words(api.Route((), "", "", bloom=False, offline=False, lost=True))[0]


def test_data_and_ages_are_short() -> None:
    sizes = (999, 1_000, 12_345, 3_456_789, 2_500_000_000)
    assert [format_data(size) for size in sizes] == [
        "999\u00a0B",
        "1.0\u00a0kB",
        "12\u00a0kB",
        "3.5\u00a0MB",
        "2.5\u00a0GB",
    ]
    ages = (-7_000, 20, 90, 3_600, 200_000)
    assert [format_age(age) for age in ages] == ["now", "now", "2 min", "1 h", "2 d"]


def test_a_screen_reader_is_told_the_newest_blocks(stage: Stage) -> None:
    blocks = RecentBlocks()
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    blocks.show_blocks(tuple(api.BlockRow(9 - n, "00" * 32, now - timedelta(minutes=7 * n)) for n in range(5)), now)
    assert blocks.accessibleName() == "The newest blocks: 9, now; 8, 7 min; 7, 14 min"
    stage.show(blocks)
    wide = blocks.grab().toImage()
    blocks.resize(90, blocks.height())
    assert not blocks.grab().isNull()
    assert wide.width() > 90


class Unnamed(Live):
    """The engine is not told of the play network."""

    IS_NAMED = False


@pytest.fixture
def unnamed(
    loop: qasync.QEventLoop,
    qapp: QApplication,
    qtbot: QtBot,
    options: api.EngineOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Live]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    live = Unnamed(loop, qapp, options, qtbot)
    yield live
    live.end()


def test_the_own_node_is_used_at_once_and_nobody_else(unnamed: Live) -> None:
    live = unnamed
    window = Window(live.context)
    live.show(window)
    live.run(window.enter(live.ask(api.CreateWallet("play", PASSWORD, vault="file")).wallet))
    shell = window.shell
    assert shell is not None
    page = network(live, shell)
    assert page.peers.rows == ()
    assert "finds peers by itself" in page.way.text()
    shell.sidebar.choose("settings")
    live.settle()
    settings = shell.page("settings")
    assert isinstance(settings, SettingsPage)
    card = settings.own_node
    assert not card.forget.isVisible()
    live.type(card.address, "two words:8333")
    live.press(card.address, Qt.Key.Key_Return)
    live.settle()
    assert card.field.error.startswith("Write the node's address like")
    card.address.clear()
    live.type(card.address, live.world.address)
    card.use.click()
    live.settle()
    assert card.message.text.startswith(f"Kept: Wren talks to {live.world.address} and to nobody else")
    live.wait(lambda: shell.status is not None and shell.status.synced, "the own node")
    page = network(live, shell)
    assert [(peer.address, peer.role) for peer in page.peers.rows] == [(live.world.address, "manual")]
    assert f"your own node and to nobody else: {live.world.address}" in page.way.text()
    shell.sidebar.choose("settings")
    card.forget.click()
    live.settle()
    assert live.ask(api.GetPeers(timeout=0)) == ()
    assert live.ask(api.GetRoute()).own_node == ""
    assert card.message.text == "Kept: Wren finds peers by itself."


def test_after_damage_to_the_settings_the_window_asks_anew_and_connects_to_nobody(
    loop: qasync.QEventLoop,
    qapp: QApplication,
    options: api.EngineOptions,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    home = Path(str(options.data_dir))
    home.mkdir(exist_ok=True)
    (home / "settings.json").write_text('{"own_node_regtest": "mynode.lo')
    live = Unnamed(loop, qapp, options, qtbot)
    try:
        window = Window(live.context)
        live.show(window)
        live.run(window.enter(live.ask(api.CreateWallet("play", PASSWORD, vault="file")).wallet))
        shell = window.shell
        assert shell is not None
        page = network(live, shell)
        live.settle()
        assert "talks to nobody until you choose again" in page.way.text()
        assert not page.no_peers.isVisible()
        assert "damaged" in window.banner.text
        assert "damaged" in shell.strip.detail.text()
        shell.sidebar.choose("settings")
        live.settle()
        settings = shell.page("settings")
        assert isinstance(settings, SettingsPage)
        card = settings.own_node
        assert card.forget.isVisible()
        assert "damaged" in card.message.text
        live.type(card.address, live.world.address)
        card.use.click()
        live.wait(lambda: shell.status is not None and shell.status.synced, "the own node")
        assert "damaged" not in shell.strip.detail.text()
        assert [peer.address for peer in live.ask(api.GetPeers())] == [live.world.address]
    finally:
        live.end()


def test_nodes_named_at_the_start_come_before_the_own_one(live: Live) -> None:
    _, shell = live.begin()
    live.ask(api.SetOwnNode("192.0.2.1"))
    shell.sidebar.choose("settings")
    live.settle()
    settings = shell.page("settings")
    assert isinstance(settings, SettingsPage)
    assert settings.own_node.address.text() == "192.0.2.1:18444"
    assert f"talks to {live.world.address} instead" in settings.own_node.message.text
    assert [peer.address for peer in live.ask(api.GetPeers())] == [live.world.address]


def test_the_own_node_is_left_out_of_a_report(stage: Stage) -> None:
    stage.engine.own_node = "mynode.local:18444"
    home = Path(str(stage.context.options.data_dir))
    (home / logs.FOLDER).mkdir(exist_ok=True)
    (home / logs.FOLDER / "engine.log").write_text("peer 1 (mynode.local:18444) dropped: mynode.local is gone\n")
    dialog = stage.window().aid.report()
    stage.until(dialog.text.toPlainText, "the report")
    report = dialog.text.toPlainText()
    assert "peers: own nodes only" in report
    assert "dropped" in report
    assert "mynode" not in report
    dialog.close()
