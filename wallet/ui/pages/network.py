"""What Wren knows of the network: the chain, who is connected and by which way, and who is kept away from."""

from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.models.peers import (
    BansModel,
    PeersModel,
    delay_words,
    role_words,
    service_words,
    transport_words,
    way_words,
)
from wallet.ui.pages.page import Page
from wallet.ui.pages.proof import breakable
from wallet.ui.statusstrip import phase_words
from wallet.ui.text import format_data, format_time, format_work, safe_text, sentence
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.facts import Facts
from wallet.ui.widgets.frame import card, line
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, note, section, title
from wallet.ui.widgets.recentblocks import RecentBlocks
from wallet.ui.widgets.table import Table

REFRESH_MS: Final = 2_500


class NetworkPage(Page):
    """Asks anew every few seconds while it is seen. What is chosen and where one looks stays as it is."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, 1200)
        self.timer = QTimer(self)
        self.timer.setInterval(REFRESH_MS)
        self.timer.timeout.connect(self.refresh)
        self._tip = ""
        self._status: api.SyncStatus | None = None
        self._is_named = self._is_lost = False
        self._icon = Icon("clock", "muted")
        self.phase = Label(size=Type.STRONG, wrap=True)
        self.blocks = RecentBlocks()
        self.chain = Facts(
            (
                ("block", self.tr("Newest block")),
                ("hash", self.tr("Its hash")),
                ("work", self.tr("Work in the chain")),
                ("filters", self.tr("Filters")),
                ("wallet", self.tr("This wallet")),
            ),
            codes=("hash",),
        )
        self.copy_hash = CopyButton(context.clipboard, self.tr("&Copy the block's hash"), lambda: self._tip, "quiet")
        self.way = note()
        self.traffic = note()
        self.peers = PeersModel(context.preferences, self)
        self.table = Table(self.peers, self.tr("Peers"))
        self.no_peers = note()
        self.peer = PeerDetail(context)
        self.bans = BansModel(context.preferences, self)
        self.ban_table = Table(self.bans, self.tr("Kept away from"))
        self.no_bans = note(self.tr("Nobody. Who breaks a rule of the network is kept away from for a day."))
        self._lay_out()
        self.table.selectionModel().selectionChanged.connect(self._chosen)
        self.table.opened.connect(lambda peer: self.table.choose(self.peers.key_of(peer)))

    def _lay_out(self) -> None:
        self.peer.hide()
        self.table.hide()
        self.ban_table.hide()
        self.ban_table.setMinimumHeight(140)
        self.ban_table.setMaximumHeight(200)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the port is at the end; all of it is told below
        self.body.addWidget(title(self.tr("Network")))
        headline = row(self._icon, self.phase, spacing=Space.SMALL)
        headline.setStretch(1, 1)
        self.body.addWidget(
            card(section(self.tr("Chain")), headline, self.blocks, self.chain, row(self.copy_hash, None))
        )
        self.body.addWidget(
            card(section(self.tr("Peers")), self.way, self.traffic, self.no_peers, self.table, self.peer)
        )
        self.body.addWidget(card(section(self.tr("Kept away from")), self.no_bans, self.ban_table))
        self.body.addStretch(1)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self.timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.timer.stop()

    @override
    def leave(self) -> None:
        super().leave()
        self.timer.stop()

    @override
    async def load(self) -> None:
        run = self.context.bridge.run
        route = await run(api.GetRoute())
        self._is_named, self._is_lost = bool(route.named), route.lost
        self.way.setText("\n".join(way_words(route)))
        self._show_chain(await run(api.GetChain()))
        self._show_peers(await run(api.GetPeers(timeout=0)))
        self._show_bans(await run(api.GetBans()))
        use = await run(api.GetDataUse())
        today = self.tr("Received from peers today: {amount}.").format(amount=format_data(use.today))
        if use.limit is not None:
            today += " " + self.tr("Your limit a day: {amount}.").format(amount=format_data(use.limit))
        self.traffic.setText(today)

    # --- the chain ---

    @override
    def show_sync(self, status: api.SyncStatus) -> None:
        self._status = status
        icon = ("warning", "warning") if status.stale else ("good", "accent") if status.synced else ("clock", "muted")
        self._icon.draw(*icon)
        self.phase.setText(" · ".join(part for part in (phase_words(status), sentence(status.notice)) if part))
        self.chain.say("filters", self._filter_words(status))
        self.chain.say("wallet", self._wallet_words(status))
        if not self.peers.rows:
            self._say_no_peers(status)

    def _filter_words(self, status: api.SyncStatus) -> str:
        if self.context.options.bloom:
            return ""
        if status.filter_height < 0:
            return self.tr("None yet.")
        words = self.tr("Checked up to block {height}").format(height=status.filter_height)
        if status.filter_height < status.height:
            words += self.tr(" of {all}").format(all=status.height)
        if status.agreed_by == 1:
            return words + self.tr("; 1 peer stands for the newest.")
        if status.agreed_by:
            return words + self.tr("; {n} peers agree on the newest.").format(n=status.agreed_by)
        return words + "."

    def _wallet_words(self, status: api.SyncStatus) -> str:
        if status.scan_height is None:
            return self.tr("Nothing was looked at yet.")
        words = self.tr("Complete up to block {height}.").format(height=status.scan_height)
        if not status.completeness_verified:
            words += " " + self.tr("Not verified: your node is believed that it left nothing out.")
        return words

    def _show_chain(self, report: api.ChainReport) -> None:
        now = datetime.now().astimezone()
        self.blocks.show_blocks(report.blocks, now)
        self._tip = report.blocks[0].hash if report.blocks else ""
        self.copy_hash.setVisible(bool(self._tip))
        if report.blocks:
            newest = report.blocks[0]
            words = self.tr("{height}, made {time}").format(height=newest.height, time=format_time(newest.time))
            self.chain.say("block", words)
            self.chain.say("hash", breakable(newest.hash))
        self.chain.say("work", self.tr("{work} hashes").format(work=format_work(report.work)))

    # --- peers ---

    def _show_peers(self, rows: tuple[api.PeerRow, ...]) -> None:
        self.table.show_rows(rows)
        self.table.setVisible(bool(rows))
        if rows:
            self.no_peers.show_or_hide("")
        else:
            self._say_no_peers(self._status)
        self._chosen()

    def _say_no_peers(self, status: api.SyncStatus | None) -> None:
        if self.context.options.offline or self._is_lost:
            text = ""  # the line above has said it
        elif self._is_named:
            text = self.tr("Not connected yet. Does the node run, and is its address right?")
        elif status is not None and status.phase == "offline":
            text = self.tr("Not connected. Wren tries again by itself.")
        else:
            text = self.tr("No peers yet: Wren is looking for some. It usually takes a few seconds.")
        self.no_peers.show_or_hide(text)

    def _chosen(self) -> None:
        chosen = self.table.selected()
        self.peer.setVisible(bool(chosen))
        if chosen:
            self.peer.show_peer(chosen[0])

    def _show_bans(self, rows: tuple[api.BanRow, ...]) -> None:
        self.ban_table.show_rows(rows)
        self.ban_table.setVisible(bool(rows))
        self.no_bans.setVisible(not rows)


class PeerDetail(QFrame):
    """All that is known of the peer that was chosen."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._address = ""
        self.facts = Facts(
            (
                ("address", self.tr("Address")),
                ("program", self.tr("Program")),
                ("serves", self.tr("Serves")),
                ("connection", self.tr("Connection")),
                ("group", self.tr("Network group")),
                ("height", self.tr("Its chain")),
                ("delay", self.tr("Delay")),
                ("data", self.tr("Data")),
            ),
        )
        self.copy = CopyButton(context.clipboard, self.tr("Copy the &address"), lambda: self._address, "quiet")
        self.setLayout(column(line(), self.facts, row(self.copy, None)))

    def show_peer(self, peer: api.PeerRow) -> None:
        self._address = peer.address
        say = self.facts.say
        say("address", safe_text(peer.address))
        say("program", safe_text(peer.user_agent))
        services = " · ".join(service_words(peer.services, every=True))
        say("serves", self.tr("{services} (bits {bits})").format(services=services, bits=f"0x{peer.services:x}"))
        connection = self.tr("{transport} · Protocol {version} · {role}").format(
            transport=transport_words(peer.transport), version=peer.version, role=role_words(peer.role)
        )
        say("connection", connection)
        say("group", safe_text(peer.netgroup))
        say("height", self.tr("{height} blocks when it was met").format(height=peer.height))
        say("delay", delay_words(peer.latency))
        data = self.tr("{received} received, {sent} sent")
        say("data", data.format(received=format_data(peer.received), sent=format_data(peer.sent)))
