"""The open wallet: sidebar, pages and status strip."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.uri import PaymentUri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import NARROW
from wallet.ui.pages.page import Page
from wallet.ui.sidebar import Entry, Sidebar
from wallet.ui.statusstrip import StatusStrip

if TYPE_CHECKING:
    from wallet.ui.pages.transaction import TransactionDialog

PAGES = ("overview", "send", "receive", "history", "coins", "addresses", "network", "settings")


class Shell(QWidget):
    """Pages are made when they are first looked at, so that the window is there at once."""

    other_wallet = Signal()
    lock = Signal()
    restore = Signal()
    """Another wallet is to be restored: this one turned out to be empty."""
    practise = Signal()
    turned = Signal(str)
    """Another page is looked at: its name."""
    link = Signal(object)
    proof_seen = Signal()
    looked_for = Signal(str)
    """Payments that a text finds are to be listed."""

    def __init__(self, context: Context, wallet: api.WalletInfo) -> None:
        super().__init__()
        self.context = context
        self.wallet = wallet
        self.status: api.SyncStatus | None = None
        self._pages: dict[str, Page] = {}
        self._makers: dict[str, Callable[[], Page]] = {
            "overview": self._make_overview,
            "send": self._make_send,
            "receive": self._make_receive,
            "history": self._make_history,
            "coins": self._make_coins,
            "addresses": self._make_addresses,
            "network": self._make_network,
            "settings": self._make_settings,
        }
        self.sidebar = Sidebar(
            (
                Entry("overview", self.tr("Overview"), "overview"),
                Entry("send", self.tr("Send"), "send"),
                Entry("receive", self.tr("Receive"), "receive"),
                Entry("history", self.tr("History"), "history"),
                Entry("coins", self.tr("Coins"), "coins"),
                Entry("addresses", self.tr("Addresses"), "addresses"),
                Entry("network", self.tr("Network"), "network"),
                Entry("settings", self.tr("Settings"), "settings"),
            )
        )
        self.sidebar.show_wallet(wallet.name, context.money_note)
        self.stack = QStackedWidget()
        self.strip = StatusStrip()
        right = column(self.stack, self.strip, spacing=0)
        layout = row(self.sidebar, spacing=0)
        layout.addLayout(right, 1)
        self.setLayout(layout)
        self.sidebar.chosen.connect(self.show_page)
        self.sidebar.lock.connect(self.lock)
        self.sidebar.wallets.connect(self.other_wallet)
        context.bridge.sync_changed.connect(self.show_sync)
        context.bridge.wallet_changed.connect(self._wallet_changed)
        everywhere = Qt.ShortcutContext.ApplicationShortcut  # in the dialogs too, where money is shown as well
        hide = QShortcut(QKeySequence("Ctrl+Shift+H"), self, context=everywhere)
        hide.activated.connect(lambda: context.preferences.set_hidden(not context.preferences.hidden))
        QShortcut(QKeySequence("Ctrl+L"), self, context=everywhere).activated.connect(self.lock)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self.search)
        self.sidebar.choose("overview")

    def page(self, key: str) -> Page:
        """The page of that name, made now if it was not yet."""
        if key not in self._pages:
            page = self._makers[key]()
            self._pages[key] = page
            self.stack.addWidget(page)
            if self.status is not None:
                page.show_sync(self.status)
        return self._pages[key]

    def _make_overview(self) -> Page:
        from wallet.ui.pages.overview import OverviewPage

        page = OverviewPage(self.context)
        page.send.connect(lambda: self.sidebar.choose("send"))
        page.receive.connect(lambda: self.sidebar.choose("receive"))
        page.restore.connect(self.restore)
        page.all_history.connect(lambda: self.sidebar.choose("history"))
        page.opened.connect(self.open_transaction)
        return page

    def _make_send(self) -> Page:
        from wallet.ui.pages.send import SendPage

        page = SendPage(self.context)
        page.opened.connect(self.open_transaction)
        self.link.connect(page.fill)
        return page

    def _make_receive(self) -> Page:
        from wallet.ui.pages.receive import ReceivePage

        return ReceivePage(self.context)

    def _make_history(self) -> Page:
        from wallet.ui.pages.history import HistoryPage

        page = HistoryPage(self.context)
        page.opened.connect(self.open_transaction)
        page.people.connect(self.open_contacts)
        self.looked_for.connect(page.look_for)
        return page

    def _make_coins(self) -> Page:
        from wallet.ui.pages.coins import CoinsPage

        page = CoinsPage(self.context)
        page.pay.connect(self.pay_with)
        page.opened.connect(self.open_transaction)
        return page

    def _make_addresses(self) -> Page:
        from wallet.ui.pages.addresses import AddressesPage

        page = AddressesPage(self.context)
        page.receive.connect(lambda: self.sidebar.choose("receive"))
        return page

    def _make_network(self) -> Page:
        from wallet.ui.pages.network import NetworkPage

        return NetworkPage(self.context)

    def _make_settings(self) -> Page:
        from wallet.ui.pages.settings import SettingsPage

        page = SettingsPage(self.context)
        page.other_wallet.connect(self.other_wallet)
        page.practise.connect(self.practise)
        self.turned.connect(page.turned_to)
        return page

    def show_page(self, key: str) -> None:
        self.stack.setCurrentWidget(self.page(key))
        self.turned.emit(key)

    def open_transaction(self, txid: str) -> "TransactionDialog":
        from wallet.ui.pages.transaction import TransactionDialog

        dialog = TransactionDialog(self.context, txid, self)
        dialog.proof.shown.connect(self.proof_seen)
        dialog.another.connect(self.open_transaction)
        dialog.show()
        return dialog

    def search(self) -> None:
        """Search everything; on the history, where one can type already, go there."""
        page = self.stack.currentWidget()
        if page is not None and page is self._pages.get("history"):
            self.find_payments("")
            return
        from wallet.ui.pages.search import SearchDialog

        dialog = SearchDialog(self.context, self)
        dialog.chosen.connect(self._open_hit)
        dialog.listed.connect(self.find_payments)
        dialog.show()

    def _open_hit(self, hit: api.SearchHit) -> None:
        if hit.kind in {"tx", "output"}:
            self.open_transaction(hit.reference.partition(":")[0])
        elif hit.kind == "contact":
            self.open_contacts(hit.reference)
        else:
            self.find_payments(hit.reference)

    def open_contacts(self, name: str = "") -> None:
        """The people that one pays; name: who is to be chosen."""
        from wallet.ui.pages.contacts import ContactsDialog

        dialog = ContactsDialog(self.context, self, name)
        dialog.pay.connect(self.pay)
        dialog.show()

    def find_payments(self, text: str) -> None:
        """Show the payments that a text finds: all that has to do with a label, an address, a person."""
        self.sidebar.choose("history")
        self.looked_for.emit(text)

    def pay(self, uri: PaymentUri) -> None:
        """Begin the payment that a link asks for."""
        self.sidebar.choose("send")
        self.link.emit(uri)

    def pay_with(self, outpoints: tuple[str, ...], total: Sats) -> None:
        """Begin a payment with these coins and no others."""
        from wallet.ui.pages.send import SendPage

        self.sidebar.choose("send")
        page = self.page("send")
        if isinstance(page, SendPage):
            page.use_coins(outpoints, total)

    def show_sync(self, status: api.SyncStatus) -> None:
        self.status = status
        self.strip.show_status(status)
        for page in self._pages.values():
            page.show_sync(status)

    def leave(self) -> None:
        """The wallet is closed: nothing that was begun for its pages goes on."""
        for page in self._pages.values():
            page.leave()

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        for page in self._pages.values():
            page.changed(kinds)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sidebar.set_compact(self.width() < NARROW)
