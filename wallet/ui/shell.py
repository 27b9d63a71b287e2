"""The open wallet: sidebar, pages and status strip."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from wallet.bitcoin.uri import PaymentUri
from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import NARROW
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.overview import OverviewPage
from wallet.ui.pages.page import Page
from wallet.ui.pages.receive import ReceivePage
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.pages.transaction import TransactionDialog
from wallet.ui.sidebar import Entry, Sidebar
from wallet.ui.statusstrip import StatusStrip

PAGES: dict[str, type[Page]] = {
    "overview": OverviewPage,
    "send": SendPage,
    "receive": ReceivePage,
    "history": HistoryPage,
    "settings": SettingsPage,
}


class Shell(QWidget):
    """Pages are made when they are first looked at, so that the window is there at once."""

    other_wallet = Signal()

    def __init__(self, context: Context, wallet: api.WalletInfo) -> None:
        super().__init__()
        self.context = context
        self.wallet = wallet
        self.status: api.SyncStatus | None = None
        self._pages: dict[str, Page] = {}
        self.sidebar = Sidebar(
            (
                Entry("overview", self.tr("Overview"), "overview"),
                Entry("send", self.tr("Send"), "send"),
                Entry("receive", self.tr("Receive"), "receive"),
                Entry("history", self.tr("History"), "history"),
                Entry("settings", self.tr("Settings"), "settings"),
            )
        )
        self.sidebar.show_wallet(wallet.name, "" if wallet.network == "main" else context.params.title)
        self.stack = QStackedWidget()
        self.strip = StatusStrip()
        right = column(self.stack, self.strip, spacing=0)
        layout = row(self.sidebar, spacing=0)
        layout.addLayout(right, 1)
        self.setLayout(layout)
        self.sidebar.chosen.connect(self.show_page)
        context.bridge.sync_changed.connect(self.show_sync)
        context.bridge.wallet_changed.connect(self._wallet_changed)
        hide = QShortcut(QKeySequence("Ctrl+Shift+H"), self)
        hide.activated.connect(lambda: context.preferences.set_hidden(not context.preferences.hidden))
        self.sidebar.choose("overview")

    def page(self, key: str) -> Page:
        """The page of that name, made now if it was not yet."""
        if key not in self._pages:
            page = PAGES[key](self.context)
            self._pages[key] = page
            self.stack.addWidget(page)
            self._join(page)
        return self._pages[key]

    def _join(self, page: Page) -> None:
        match page:
            case OverviewPage():
                page.send.connect(lambda: self.sidebar.choose("send"))
                page.receive.connect(lambda: self.sidebar.choose("receive"))
                page.all_history.connect(lambda: self.sidebar.choose("history"))
                page.opened.connect(self.open_transaction)
                if self.status is not None:
                    page.show_sync(self.status)
            case SendPage() | HistoryPage():
                page.opened.connect(self.open_transaction)
            case SettingsPage():
                page.other_wallet.connect(self.other_wallet)
            case _:
                pass

    def show_page(self, key: str) -> None:
        self.stack.setCurrentWidget(self.page(key))
        settings = self._pages.get("settings")
        if key != "settings" and isinstance(settings, SettingsPage):
            settings.lock_words()

    def open_transaction(self, txid: str) -> TransactionDialog:
        dialog = TransactionDialog(self.context, txid, self)
        dialog.show()
        return dialog

    def pay(self, uri: PaymentUri) -> None:
        """Begin the payment that a link asks for."""
        self.sidebar.choose("send")
        page = self.page("send")
        if isinstance(page, SendPage):
            page.fill(uri)

    def show_sync(self, status: api.SyncStatus) -> None:
        self.status = status
        self.strip.show_status(status)
        overview = self._pages.get("overview")
        if isinstance(overview, OverviewPage):
            overview.show_sync(status)

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        for page in self._pages.values():
            page.changed(kinds)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sidebar.set_compact(self.width() < NARROW)
